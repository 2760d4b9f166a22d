
/* The answer to a batch, of one answer after the other. */

#include "api/batch/ngx_http_secops_api_batch.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_BATCH_ID        "{\"batch_request_id\":\""
#define NGX_HTTP_SECOPS_BATCH_SERVED    "\",\"serviced_requests\":["
#define NGX_HTTP_SECOPS_BATCH_UNSERVED  "],\"unserviced_requests\":["
#define NGX_HTTP_SECOPS_BATCH_END       "]}"

#define NGX_HTTP_SECOPS_BATCH_ITEM      ",{\"id\":\""
#define NGX_HTTP_SECOPS_BATCH_STATUS    "\",\"status_code\":"
#define NGX_HTTP_SECOPS_BATCH_TEXT      ",\"status_text\":\""
#define NGX_HTTP_SECOPS_BATCH_ITEM_TIME  "\",\"execution_time\":"
#define NGX_HTTP_SECOPS_BATCH_HEADERS   ",\"headers\":["
#define NGX_HTTP_SECOPS_BATCH_BODY      "],\"body\":\""
#define NGX_HTTP_SECOPS_BATCH_ITEM_END  "\"}"

#define NGX_HTTP_SECOPS_BATCH_NAME      ",{\"name\":\""
#define NGX_HTTP_SECOPS_BATCH_VALUE     "\",\"value\":\""
#define NGX_HTTP_SECOPS_BATCH_HEADER_END  "\"}"

/* bytes that are encoded in one go: a multiple of three has no padding */

#define NGX_HTTP_SECOPS_BATCH_PIECE     (3 * 64 * 1024)


static size_t ngx_http_secops_batch_item_size(ngx_http_secops_batch_t *b);
static size_t ngx_http_secops_batch_headers(ngx_http_secops_batch_t *b,
    u_char **p);
static size_t ngx_http_secops_batch_one_header(u_char **p, ngx_str_t *name,
    ngx_str_t *value);
static ngx_buf_t *ngx_http_secops_batch_buf(ngx_http_secops_batch_t *b,
    size_t size);
static ngx_int_t ngx_http_secops_batch_begin(ngx_http_secops_batch_t *b);
static ngx_int_t ngx_http_secops_batch_unserved(ngx_http_secops_batch_t *b);


/* appends a constant */

#define ngx_http_secops_batch_put(p, text)                                    \
    ngx_cpymem(p, text, sizeof(text) - 1)


ngx_int_t
ngx_http_secops_batch_add(ngx_http_secops_batch_t *b)
{
    u_char          *p;
    ngx_buf_t       *buf;
    ngx_str_t        text;
    secops_slice_t   id;

    buf = ngx_http_secops_batch_buf(b, ngx_http_secops_batch_item_size(b));
    if (buf == NULL) {
        return NGX_ERROR;
    }

    id = secops_json_raw(&b->json, b->item.id);
    text = ngx_secops_str(secops_batch_status_text(
                                          (unsigned) b->inner->kept.status));

    p = ngx_http_secops_batch_put(buf->pos, NGX_HTTP_SECOPS_BATCH_ITEM);
    p = ngx_cpymem(p, id.data, id.len);
    p = ngx_sprintf(p, NGX_HTTP_SECOPS_BATCH_STATUS "%ui"
                    NGX_HTTP_SECOPS_BATCH_TEXT "%V"
                    NGX_HTTP_SECOPS_BATCH_ITEM_TIME "%M"
                    NGX_HTTP_SECOPS_BATCH_HEADERS, b->inner->kept.status,
                    &text, b->inner->time);

    if (!b->item.bare) {
        (void) ngx_http_secops_batch_headers(b, &p);
    }

    p = ngx_http_secops_batch_put(p, NGX_HTTP_SECOPS_BATCH_BODY);

    if (b->answers++ == 0) {
        buf->pos++;                         /* no comma before the first */
    }

    buf->last = p;

    b->encoded = p;
    b->plain = b->inner->kept.body;
    b->bytes += b->plain.len;

    return NGX_OK;
}


/* as much as it takes at most, the body encoded */

static size_t
ngx_http_secops_batch_item_size(ngx_http_secops_batch_t *b)
{
    size_t  size;

    size = sizeof(NGX_HTTP_SECOPS_BATCH_ITEM NGX_HTTP_SECOPS_BATCH_STATUS
                  NGX_HTTP_SECOPS_BATCH_TEXT NGX_HTTP_SECOPS_BATCH_ITEM_TIME
                  NGX_HTTP_SECOPS_BATCH_HEADERS NGX_HTTP_SECOPS_BATCH_BODY
                  NGX_HTTP_SECOPS_BATCH_ITEM_END)
           + 2 * NGX_INT_T_LEN;

    size += secops_json_raw(&b->json, b->item.id).len;
    size += secops_batch_status_text((unsigned) b->inner->kept.status).len;
    size += ngx_base64_encoded_length(b->inner->kept.body.len);

    return b->item.bare ? size
                        : size + ngx_http_secops_batch_headers(b, NULL);
}


/* writes the headers, or without p says how many bytes they take at most */

static size_t
ngx_http_secops_batch_headers(ngx_http_secops_batch_t *b, u_char **p)
{
    size_t            size;
    u_char           *start;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  name = ngx_string("Content-Type");
    static ngx_str_t  type = ngx_string("application/json");

    size = 0;
    start = p ? *p : NULL;

    if (b->inner->kept.body.len) {
        size += ngx_http_secops_batch_one_header(p, &name, &type);
    }

    part = &b->inner->headers->part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            part = part->next;

            if (part == NULL) {
                break;
            }

            h = part->elts;
            i = 0;
        }

        if (h[i].hash) {
            size += ngx_http_secops_batch_one_header(p, &h[i].key,
                                                     &h[i].value);
        }
    }

    if (p && *p != start) {

        /* no comma before the first */

        ngx_memmove(start, start + 1, *p - start - 1);
        (*p)--;
    }

    return size;
}


static size_t
ngx_http_secops_batch_one_header(u_char **p, ngx_str_t *name, ngx_str_t *value)
{
    if (p) {
        *p = ngx_http_secops_batch_put(*p, NGX_HTTP_SECOPS_BATCH_NAME);
        *p = secops_text_escape(*p, ngx_secops_slice(name));
        *p = ngx_http_secops_batch_put(*p, NGX_HTTP_SECOPS_BATCH_VALUE);
        *p = secops_text_escape(*p, ngx_secops_slice(value));
        *p = ngx_http_secops_batch_put(*p, NGX_HTTP_SECOPS_BATCH_HEADER_END);
    }

    return sizeof(NGX_HTTP_SECOPS_BATCH_NAME NGX_HTTP_SECOPS_BATCH_VALUE
                  NGX_HTTP_SECOPS_BATCH_HEADER_END)
           + secops_text_escape_max(name->len + value->len);
}


/* a buffer of its own at the end of the chain */

static ngx_buf_t *
ngx_http_secops_batch_buf(ngx_http_secops_batch_t *b, size_t size)
{
    ngx_buf_t    *buf;
    ngx_chain_t  *cl;

    buf = ngx_create_temp_buf(b->request->pool, size);
    cl = ngx_alloc_chain_link(b->request->pool);

    if (buf == NULL || cl == NULL) {
        return NULL;
    }

    cl->buf = buf;
    cl->next = NULL;

    *b->last = cl;
    b->last = &cl->next;

    return buf;
}


ngx_uint_t
ngx_http_secops_batch_encode(ngx_http_secops_batch_t *b)
{
    ngx_str_t     piece, dst;
    ngx_chain_t  *cl;

    piece.data = b->plain.data;
    piece.len = ngx_min(b->plain.len, NGX_HTTP_SECOPS_BATCH_PIECE);

    dst.data = b->encoded;
    ngx_encode_base64(&dst, &piece);

    b->encoded += dst.len;
    b->plain.data += piece.len;
    b->plain.len -= piece.len;
    b->work += piece.len;

    if (b->plain.len) {
        return 0;
    }

    b->encoded = ngx_http_secops_batch_put(b->encoded,
                                           NGX_HTTP_SECOPS_BATCH_ITEM_END);

    cl = (ngx_chain_t *) ((u_char *) b->last - offsetof(ngx_chain_t, next));
    cl->buf->last = b->encoded;

    return 1;
}


ngx_int_t
ngx_http_secops_batch_reply(ngx_http_secops_batch_t *b)
{
    if (ngx_http_secops_batch_begin(b) != NGX_OK
        || ngx_http_secops_batch_unserved(b) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply_chain(b->request, NGX_HTTP_OK, b->out);
}


/* what stands before the first answer */

static ngx_int_t
ngx_http_secops_batch_begin(ngx_http_secops_batch_t *b)
{
    u_char           *p;
    ngx_buf_t        *buf;
    ngx_chain_t      *answers, **last;
    secops_slice_t    id;

    answers = b->out;
    last = b->last;

    b->out = NULL;
    b->last = &b->out;

    id = secops_batch_id(&b->json);

    buf = ngx_http_secops_batch_buf(b, sizeof(NGX_HTTP_SECOPS_BATCH_ID
                                              NGX_HTTP_SECOPS_BATCH_SERVED)
                                       + id.len);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_secops_batch_put(buf->last, NGX_HTTP_SECOPS_BATCH_ID);
    p = id.len ? ngx_cpymem(p, id.data, id.len) : p;
    buf->last = ngx_http_secops_batch_put(p, NGX_HTTP_SECOPS_BATCH_SERVED);

    if (answers) {
        *b->last = answers;
        b->last = last;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_batch_unserved(ngx_http_secops_batch_t *b)
{
    size_t                size;
    u_char               *p;
    uint32_t              i;
    ngx_buf_t            *buf;
    secops_slice_t        id;
    secops_batch_item_t   item;

    size = sizeof(NGX_HTTP_SECOPS_BATCH_UNSERVED NGX_HTTP_SECOPS_BATCH_END);

    for (i = b->next; i < b->end; i = b->json.tokens[i].next) {
        secops_batch_item(&item, &b->json, i);
        size += secops_json_raw(&b->json, item.id).len + sizeof("\"\",") - 1;
    }

    buf = ngx_http_secops_batch_buf(b, size);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_secops_batch_put(buf->last, NGX_HTTP_SECOPS_BATCH_UNSERVED);

    for (i = b->next; i < b->end; i = b->json.tokens[i].next) {
        secops_batch_item(&item, &b->json, i);
        id = secops_json_raw(&b->json, item.id);

        if (i != b->next) {
            *p++ = ',';
        }

        *p++ = '"';
        p = ngx_cpymem(p, id.data, id.len);
        *p++ = '"';
    }

    buf->last = ngx_http_secops_batch_put(p, NGX_HTTP_SECOPS_BATCH_END);

    return NGX_OK;
}

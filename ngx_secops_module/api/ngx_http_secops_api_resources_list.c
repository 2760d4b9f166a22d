
/*
 * GET /api/v2/resources: what there is in the caller's domain, by type and
 * title.
 *
 * There may be thousands.  Each is turned into text at once, so that no more
 * than one of them is there as a tree; and after every few of them the worker
 * looks after its other requests.
 */

#include "api/ngx_http_secops_api_resources.h"
#include "model/secops_resource_render.h"
#include "util/ngx_http_secops_reply.h"
#include "util/secops_text.h"


/* how many are turned into text at a time, which takes a millisecond or two;
   and how long others have the worker in between, in milliseconds */

#define NGX_HTTP_SECOPS_LIST_SLICE  100
#define NGX_HTTP_SECOPS_LIST_PAUSE  1


/* of the text, until all of it is there */

typedef struct {
    secops_resource_type_e             type;
    ngx_str_t                          title;
    size_t                             offset;
    size_t                             len;
} ngx_http_secops_listed_t;


/* in the request's pool; the cleanup frees the text */

typedef struct {
    ngx_http_secops_resources_t       *op;
    ngx_secops_store_found_t          *found;       /* copies */
    ngx_uint_t                         nfound;
    ngx_uint_t                         next;        /* to be turned into text */
    ngx_http_secops_listed_t          *listed;
    ngx_uint_t                         n;
    secops_text_t                      text;
} ngx_http_secops_list_t;


static ngx_int_t ngx_http_secops_resources_list_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_listed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static void ngx_http_secops_list_cleanup(void *data);
static ngx_int_t ngx_http_secops_list_keep(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result);
static u_char *ngx_http_secops_list_move(u_char *p, ngx_str_t *text);
static ngx_int_t ngx_http_secops_list_continue(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_list_slice(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static json_t *ngx_http_secops_list_describe(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static const char *ngx_http_secops_list_title(json_t *resource);
static int ngx_http_secops_list_dump(const char *data, size_t len, void *text);
static int ngx_libc_cdecl ngx_http_secops_list_compare(const void *one,
    const void *two);
static ngx_int_t ngx_http_secops_list_reply(ngx_http_secops_list_t *list);


ngx_int_t
ngx_http_secops_resources_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    op->prepare = ngx_http_secops_resources_list_prepare;
    op->decide = ngx_http_secops_resources_listed;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_resources_list_prepare(ngx_http_secops_resources_t *op)
{
    return ngx_http_secops_resources_lookups(op);
}


/* nothing found is an empty list, and no error */

static ngx_int_t
ngx_http_secops_resources_listed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_secops_list_t  *list;

    cln = ngx_pool_cleanup_add(op->request->pool,
                               sizeof(ngx_http_secops_list_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list = cln->data;
    ngx_memzero(list, sizeof(ngx_http_secops_list_t));

    cln->handler = ngx_http_secops_list_cleanup;

    list->op = op;

    if (ngx_http_secops_list_keep(list, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->ctx->data = list;
    op->then = ngx_http_secops_list_continue;

    return ngx_http_secops_list_slice(list);
}


static void
ngx_http_secops_list_cleanup(void *data)
{
    ngx_http_secops_list_t  *list = data;

    secops_text_free(&list->text);
}


/* the result ends with its handler */

static ngx_int_t
ngx_http_secops_list_keep(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result)
{
    u_char                    *p;
    size_t                     size;
    ngx_uint_t                 i, n;
    ngx_pool_t                *pool;
    ngx_secops_store_found_t  *found;

    n = result->nfound;
    pool = list->op->request->pool;

    size = 1;

    for (i = 0; i < n; i++) {
        found = &result->found[i];
        size += found->id.len + found->document.len + found->last_used.len;
    }

    p = ngx_pnalloc(pool, size);
    found = ngx_palloc(pool, (n + 1) * sizeof(ngx_secops_store_found_t));
    list->listed = ngx_palloc(pool,
                              (n + 1) * sizeof(ngx_http_secops_listed_t));

    if (p == NULL || found == NULL || list->listed == NULL) {
        return NGX_ERROR;
    }

    if (n) {
        ngx_memcpy(found, result->found, n * sizeof(ngx_secops_store_found_t));
    }

    list->found = found;
    list->nfound = n;

    for (i = 0; i < n; i++, found++) {
        p = ngx_http_secops_list_move(p, &found->id);
        p = ngx_http_secops_list_move(p, &found->document);
        p = ngx_http_secops_list_move(p, &found->last_used);
    }

    return NGX_OK;
}


static u_char *
ngx_http_secops_list_move(u_char *p, ngx_str_t *text)
{
    u_char  *data;

    data = p;

    /* what is not there is NULL, which memcpy() does not take */

    if (text->len) {
        p = ngx_cpymem(p, text->data, text->len);
    }

    text->data = data;

    return p;
}


static ngx_int_t
ngx_http_secops_list_continue(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_list_slice(op->ctx->data);
}


/*
 * A timer, and not a posted event: a worker that is told to quit waits for
 * timers.  One of no time at all would expire in the same round, and nobody
 * else would come in.
 */

static ngx_int_t
ngx_http_secops_list_slice(ngx_http_secops_list_t *list)
{
    ngx_uint_t  last;

    last = ngx_min(list->next + NGX_HTTP_SECOPS_LIST_SLICE, list->nfound);

    while (list->next < last) {
        if (ngx_http_secops_list_add(list, &list->found[list->next++])
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (list->next == list->nfound) {
        return ngx_http_secops_list_reply(list);
    }

    ngx_add_timer(&list->op->timer, NGX_HTTP_SECOPS_LIST_PAUSE);

    return NGX_DONE;
}


/* one that can not be read is told to the operator: the others are of use */

static ngx_int_t
ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    int                        rc;
    json_t                    *resource;
    const char                *title;
    ngx_http_secops_listed_t  *listed;

    resource = ngx_http_secops_list_describe(list, found);

    if (resource == NULL) {
        ngx_http_secops_resources_unreadable(list->op, found);
        return NGX_OK;
    }

    listed = &list->listed[list->n++];

    title = ngx_http_secops_list_title(resource);

    listed->type = list->op->find.lookups[found->lookup].type;
    listed->offset = list->text.len;

    rc = json_dump_callback(resource, ngx_http_secops_list_dump, &list->text,
                            JSON_COMPACT);

    if (ngx_http_secops_resources_copy(list->op, &listed->title, title,
                                       ngx_strlen(title))
        != NGX_OK)
    {
        rc = -1;
    }

    json_decref(resource);

    listed->len = list->text.len - listed->offset;

    return rc == 0 && !list->text.failed ? NGX_OK : NGX_ERROR;
}


/* of a job everything only if it was asked for */

static json_t *
ngx_http_secops_list_describe(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    json_t                       *document, *resource;
    secops_slice_t                id, text;
    secops_resource_type_e        type;
    ngx_http_secops_resources_t  *op;
    ngx_http_secops_main_conf_t  *mcf;

    op = list->op;
    type = op->find.lookups[found->lookup].type;

    id = ngx_http_secops_resources_slice(&found->id);
    text = ngx_http_secops_resources_slice(&found->document);

    if (type != SECOPS_RESOURCE_API_KEY) {
        mcf = ngx_http_get_module_main_conf(op->request,
                                            ngx_http_secops_module);

        return secops_resource_render(&mcf->resources, type, id, text,
                                      op->query.title.len || op->query.id.len);
    }

    document = json_loadb((char *) text.data, text.len, 0, NULL);

    resource = secops_apikey_describe(id, document,
                           ngx_http_secops_resources_slice(&found->last_used));
    json_decref(document);

    return resource;
}


/* a job is {"title": …} */

static const char *
ngx_http_secops_list_title(json_t *resource)
{
    const char  *title;

    title = json_string_value(json_object_get(resource, "title"));

    if (title == NULL) {
        title = json_object_iter_key(json_object_iter(resource));
    }

    return title ? title : "";
}


static int
ngx_http_secops_list_dump(const char *data, size_t len, void *text)
{
    secops_slice_t  part;

    part.len = len;
    part.data = (u_char *) data;

    secops_text_append(text, part);

    return 0;
}


static int ngx_libc_cdecl
ngx_http_secops_list_compare(const void *one, const void *two)
{
    const ngx_http_secops_listed_t  *first = one;
    const ngx_http_secops_listed_t  *second = two;

    if (first->type != second->type) {
        return (int) first->type - (int) second->type;
    }

    return (int) ngx_memn2cmp(first->title.data, second->title.data,
                              first->title.len, second->title.len);
}


static ngx_int_t
ngx_http_secops_list_reply(ngx_http_secops_list_t *list)
{
    u_char                    *p;
    ngx_str_t                 *body;
    ngx_uint_t                 i;
    ngx_pool_t                *pool;
    ngx_http_secops_listed_t  *listed;

    pool = list->op->request->pool;

    ngx_qsort(list->listed, list->n, sizeof(ngx_http_secops_listed_t),
              ngx_http_secops_list_compare);

    body = ngx_palloc(pool, sizeof(ngx_str_t));
    p = ngx_pnalloc(pool, list->text.len + list->n + sizeof("[]"));

    if (body == NULL || p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->data = p;

    *p++ = '[';

    for (i = 0; i < list->n; i++) {
        listed = &list->listed[i];

        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, list->text.data + listed->offset, listed->len);
    }

    *p++ = ']';

    body->len = p - body->data;

    secops_text_free(&list->text);

    return ngx_http_secops_reply(list->op->request, NGX_HTTP_OK, body);
}

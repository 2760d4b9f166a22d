
/*
 * GET /api/v2/resources: what there is in the caller's domain, by type and
 * title.
 *
 * There may be thousands, megabytes of them.  They are read in parts, one after
 * the other as fast as Redis gives them, so that it is likely that nobody
 * changes something meanwhile: then the list is begun again.  Then each is
 * turned into text, so that no more than one of them is there as a tree.  After
 * some milliseconds of that the worker looks after its other requests, and for
 * longer if these want more of it.
 *
 *     read a part ─> … ─> text of some ─> … ─> sorted, answered
 *
 * Memory: the documents, which are freed as they become text, the text, and in
 * the end the answer.  So no more than a few lists of more than one part are
 * there for one domain at a time; others wait for their turn.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "http/ngx_http_secops_reply.h"
#include "http/share/ngx_http_secops_turn.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


/* how long the worker is at it, in microseconds of its processor; how long
   others have it then: so many milliseconds, or so many times as long as it
   took, if they use more than a part of it */

#define NGX_HTTP_SECOPS_LIST_SLICE  4000
#define NGX_HTTP_SECOPS_LIST_STEP   8192    /* bytes, between two looks */
#define NGX_HTTP_SECOPS_LIST_PAUSE  1
#define NGX_HTTP_SECOPS_LIST_SHARE  15
#define NGX_HTTP_SECOPS_LIST_BUSY   16

/* others may change something so often while one list is read */

#define NGX_HTTP_SECOPS_LIST_TRIES  10

/* lists of more than one part, for each domain in each worker, until they are
   sent */

#define NGX_HTTP_SECOPS_LISTS       2


/* of the text, until all of it is there; without text: it can not be read */

typedef struct {
    secops_resource_type_e             type;
    ngx_str_t                          id;
    ngx_str_t                          title;
    size_t                             offset;
    size_t                             len;
} ngx_http_secops_listed_t;


/* what was read at once, in memory of its own: these, and then their bytes */

typedef struct ngx_http_secops_part_s  ngx_http_secops_part_t;

struct ngx_http_secops_part_s {
    ngx_http_secops_part_t            *next;
    ngx_secops_store_found_t          *found;
    ngx_uint_t                         n;
};


/* in the request's pool; the cleanup frees what is not there, and ends its
   turn */

typedef struct {
    ngx_http_secops_turn_t             turn;
    ngx_uint_t                         waits;

    ngx_http_secops_resources_t       *op;

    ngx_http_secops_part_t            *parts;       /* the first, and */
    ngx_http_secops_part_t           **last;        /* where the next belongs */
    ngx_uint_t                         nfound;
    ngx_uint_t                         total;       /* that there must be */
    ngx_uint_t                         next;        /* of the first part */

    ngx_http_secops_listed_t          *listed;
    ngx_uint_t                         n;
    secops_text_t                      text;

    /* when the last slice ended, by the clock (0: this is the first) and by the
       worker's processor time; microseconds */

    int64_t                            ended;
    int64_t                            used;
} ngx_http_secops_list_t;


static ngx_int_t ngx_http_secops_resources_list_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_listed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_http_secops_list_t *ngx_http_secops_list_create(
    ngx_http_secops_resources_t *op);
static void ngx_http_secops_list_cleanup(void *data);
static void ngx_http_secops_list_reset(ngx_http_secops_list_t *list);
static void ngx_http_secops_list_free_part(ngx_http_secops_list_t *list);
static ngx_uint_t ngx_http_secops_list_turn(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_list_wait(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_list_retry(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_list_keep(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result);
static u_char *ngx_http_secops_list_move(u_char *p, ngx_str_t *text);
static ngx_int_t ngx_http_secops_list_begin(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_list_continue(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_list_slice(ngx_http_secops_list_t *list);
static ngx_msec_t ngx_http_secops_list_pause(ngx_http_secops_list_t *list,
    int64_t began, int64_t used);
static int64_t ngx_http_secops_list_clock(clockid_t id);
static ngx_int_t ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_list_unreadable(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_list_dump(ngx_http_secops_list_t *list,
    ngx_http_secops_listed_t *listed, json_t *resource);
static json_t *ngx_http_secops_list_describe(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static const char *ngx_http_secops_list_title(json_t *resource);
static int ngx_libc_cdecl ngx_http_secops_list_compare(const void *one,
    const void *two);
static ngx_int_t ngx_http_secops_list_end(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_list_reply(ngx_http_secops_list_t *list);


/* the worker's */

static ngx_http_secops_turns_t  ngx_http_secops_lists;


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
    op->max_tries = NGX_HTTP_SECOPS_LIST_TRIES;
    op->late = SECOPS_ERROR_LATER;

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
    ngx_http_secops_list_t  *list;

    list = op->ctx->data;

    if (list == NULL) {
        list = ngx_http_secops_list_create(op);

        if (list == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (op->part == 0) {
        ngx_http_secops_list_reset(list);
    }

    if (result->more && !ngx_http_secops_list_turn(list)) {
        return ngx_http_secops_list_wait(list);
    }

    if (ngx_http_secops_list_keep(list, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->more) {
        return ngx_http_secops_resources_more(op);
    }

    return ngx_http_secops_list_begin(list);
}


static ngx_http_secops_list_t *
ngx_http_secops_list_create(ngx_http_secops_resources_t *op)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_secops_list_t  *list;

    cln = ngx_pool_cleanup_add(op->request->pool,
                               sizeof(ngx_http_secops_list_t));
    if (cln == NULL) {
        return NULL;
    }

    list = cln->data;
    ngx_memzero(list, sizeof(ngx_http_secops_list_t));

    cln->handler = ngx_http_secops_list_cleanup;

    list->op = op;
    list->last = &list->parts;

    op->ctx->data = list;

    return list;
}


static void
ngx_http_secops_list_cleanup(void *data)
{
    ngx_http_secops_list_t  *list = data;

    ngx_http_secops_turn_end(&list->turn);
    ngx_http_secops_list_reset(list);
}


/* as before the first part */

static void
ngx_http_secops_list_reset(ngx_http_secops_list_t *list)
{
    while (list->parts) {
        ngx_http_secops_list_free_part(list);
    }

    list->nfound = 0;
    list->next = 0;
    list->n = 0;

    secops_text_free(&list->text);
}


static void
ngx_http_secops_list_free_part(ngx_http_secops_list_t *list)
{
    ngx_http_secops_part_t  *part;

    part = list->parts;
    list->parts = part->next;

    if (list->parts == NULL) {
        list->last = &list->parts;
    }

    ngx_free(part);
}


static ngx_uint_t
ngx_http_secops_list_turn(ngx_http_secops_list_t *list)
{
    return ngx_http_secops_turn_take(&ngx_http_secops_lists, &list->turn,
                                     &list->op->space, NGX_HTTP_SECOPS_LISTS);
}


static ngx_int_t
ngx_http_secops_list_wait(ngx_http_secops_list_t *list)
{
    if (list->waits++ == NGX_HTTP_SECOPS_TURN_WAITS) {
        ngx_str_set(&list->op->reason, "too many lists of this domain");
        return ngx_http_secops_resources_end(list->op, SECOPS_ERROR_LATER);
    }

    return ngx_http_secops_resources_pause(list->op, NGX_HTTP_SECOPS_TURN_WAIT,
                                           ngx_http_secops_list_retry);
}


static ngx_int_t
ngx_http_secops_list_retry(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_list_t  *list;

    list = op->ctx->data;

    if (!ngx_http_secops_list_turn(list)) {
        return ngx_http_secops_list_wait(list);
    }

    return ngx_http_secops_resources_first(op);
}


/* the result ends with its handler */

static ngx_int_t
ngx_http_secops_list_keep(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result)
{
    u_char                    *p;
    size_t                     size;
    ngx_uint_t                 i, n;
    ngx_http_secops_part_t    *part;
    ngx_secops_store_found_t  *found;

    n = result->nfound;
    size = sizeof(ngx_http_secops_part_t)
           + n * sizeof(ngx_secops_store_found_t);

    for (i = 0; i < n; i++) {
        found = &result->found[i];
        size += found->id.len + found->document.len + found->last_used.len;
    }

    part = ngx_alloc(size, list->op->request->connection->log);
    if (part == NULL) {
        return NGX_ERROR;
    }

    found = (ngx_secops_store_found_t *) (part + 1);
    p = (u_char *) (found + n);

    part->next = NULL;
    part->found = found;
    part->n = n;

    *list->last = part;
    list->last = &part->next;
    list->nfound += n;
    list->total = result->listed;

    for (i = 0; i < n; i++, found++) {
        *found = result->found[i];

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
    p = ngx_cpymem(p, text->data, text->len);

    text->data = data;

    return p;
}


static ngx_int_t
ngx_http_secops_list_begin(ngx_http_secops_list_t *list)
{
    list->listed = ngx_palloc(list->op->request->pool, (list->nfound + 1)
                                        * sizeof(ngx_http_secops_listed_t));
    if (list->listed == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->ended = 0;

    return ngx_http_secops_list_slice(list);
}


static ngx_int_t
ngx_http_secops_list_continue(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_list_slice(op->ctx->data);
}


static ngx_int_t
ngx_http_secops_list_slice(ngx_http_secops_list_t *list)
{
    size_t                     bytes;
    int64_t                    began, used, now;
    ngx_http_secops_part_t    *part;
    ngx_secops_store_found_t  *found;

    began = ngx_http_secops_list_clock(CLOCK_MONOTONIC);
    used = ngx_http_secops_list_clock(CLOCK_PROCESS_CPUTIME_ID);

    bytes = 0;

    while (list->parts) {
        part = list->parts;

        if (list->next == part->n) {
            list->next = 0;
            ngx_http_secops_list_free_part(list);
            continue;
        }

        found = &part->found[list->next++];

        if (ngx_http_secops_list_add(list, found) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        bytes += found->document.len;

        if (bytes < NGX_HTTP_SECOPS_LIST_STEP) {
            continue;
        }

        bytes = 0;

        now = ngx_http_secops_list_clock(CLOCK_PROCESS_CPUTIME_ID);

        if (now - used >= NGX_HTTP_SECOPS_LIST_SLICE) {
            return ngx_http_secops_resources_pause(list->op,
                               ngx_http_secops_list_pause(list, began, used),
                               ngx_http_secops_list_continue);
        }
    }

    return ngx_http_secops_list_end(list);
}


/*
 * began and used are of the beginning of the slice that ends now.  Others want
 * the worker if they had it for some of the time between the last slice and
 * this one.  Somebody else on the machine wants the processor if the slice took
 * much longer by the clock than by its own time: then those others may have had
 * to wait for it, and could not show what they want.
 */

static ngx_msec_t
ngx_http_secops_list_pause(ngx_http_secops_list_t *list, int64_t began,
    int64_t used)
{
    int64_t     others, between, took;
    ngx_uint_t  wanted;

    others = used - list->used;
    between = began - list->ended;

    wanted = list->ended && others * NGX_HTTP_SECOPS_LIST_BUSY > between;

    list->ended = ngx_http_secops_list_clock(CLOCK_MONOTONIC);
    list->used = ngx_http_secops_list_clock(CLOCK_PROCESS_CPUTIME_ID);

    took = list->used - used;

    if (wanted || list->ended - began > 2 * took) {
        return (ngx_msec_t) (took * NGX_HTTP_SECOPS_LIST_SHARE / 1000);
    }

    return NGX_HTTP_SECOPS_LIST_PAUSE;
}


/* microseconds */

static int64_t
ngx_http_secops_list_clock(clockid_t id)
{
    struct timespec  ts;

    (void) clock_gettime(id, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* one that can not be read is told to the operator: the others are of use */

static ngx_int_t
ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    json_t                    *resource;
    ngx_int_t                  rc;
    ngx_http_secops_listed_t  *listed;

    resource = ngx_http_secops_list_describe(list, found);

    listed = &list->listed[list->n++];

    ngx_memzero(listed, sizeof(ngx_http_secops_listed_t));

    listed->type = list->op->find.lookups[found->lookup].type;
    ngx_str_set(&listed->title, "");

    if (ngx_http_secops_resources_copy(list->op, &listed->id, found->id.data,
                                       found->id.len)
        != NGX_OK)
    {
        json_decref(resource);
        return NGX_ERROR;
    }

    if (resource == NULL) {
        return ngx_http_secops_list_unreadable(list, found);
    }

    rc = ngx_http_secops_list_dump(list, listed, resource);

    json_decref(resource);

    return rc;
}


/* NGX_ERROR: there was no memory to read it with.  A list that is shorter for
   that would be taken for the whole one */

static ngx_int_t
ngx_http_secops_list_unreadable(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    json_t                  *document;
    ngx_uint_t               readable;
    const char              *reason;
    secops_apikey_t          key;
    secops_resource_type_e   type;

    type = list->op->find.lookups[found->lookup].type;

    document = secops_json_tree_of(ngx_secops_slice(&found->document), &reason);

    if (document == NULL) {
        readable = (reason == NULL);

    } else if (type == SECOPS_RESOURCE_API_KEY) {
        readable = (secops_apikey_read(&key, document) == 0);

    } else {
        readable = (secops_resource_stored_title(type, document).len != 0);
    }

    json_decref(document);

    if (readable) {
        return NGX_ERROR;
    }

    ngx_http_secops_resources_unreadable(list->op, found);

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_list_dump(ngx_http_secops_list_t *list,
    ngx_http_secops_listed_t *listed, json_t *resource)
{
    const char  *title;

    title = ngx_http_secops_list_title(resource);

    listed->offset = list->text.len;

    secops_json_dump(&list->text, resource);

    if (list->text.failed) {
        return NGX_ERROR;
    }

    listed->len = list->text.len - listed->offset;

    return ngx_http_secops_resources_copy(list->op, &listed->title, title,
                                          ngx_strlen(title));
}


/* of a job everything only if it was asked for */

static json_t *
ngx_http_secops_list_describe(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    u_char                        now[SECOPS_TIME_LEN];
    json_t                       *document, *resource;
    const char                   *reason;
    secops_slice_t                id, text;
    secops_resource_type_e        type;
    ngx_http_secops_resources_t  *op;
    ngx_http_secops_main_conf_t  *mcf;

    op = list->op;
    type = op->find.lookups[found->lookup].type;

    id = ngx_secops_slice(&found->id);
    text = ngx_secops_slice(&found->document);

    if (type != SECOPS_RESOURCE_API_KEY) {
        mcf = ngx_http_get_module_main_conf(op->request,
                                            ngx_http_secops_module);

        return secops_resource_render(&mcf->resources, type, id, text,
                                      op->query.title.len || op->query.id.len);
    }

    document = secops_json_tree_of(text, &reason);

    secops_time_format(now, ngx_time());

    resource = secops_apikey_describe(id, document,
                                      ngx_secops_slice(&found->last_used),
                                      secops_slice_bytes(now,
                                                         SECOPS_TIME_LEN));
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


/* the same one may be there twice: those come to stand side by side */

static int ngx_libc_cdecl
ngx_http_secops_list_compare(const void *one, const void *two)
{
    const ngx_http_secops_listed_t  *first = one;
    const ngx_http_secops_listed_t  *second = two;

    ngx_int_t  rc;

    if (first->type != second->type) {
        return (int) first->type - (int) second->type;
    }

    rc = ngx_memn2cmp(first->title.data, second->title.data,
                      first->title.len, second->title.len);

    if (rc == 0) {
        rc = ngx_memn2cmp(first->id.data, second->id.data, first->id.len,
                          second->id.len);
    }

    return (int) rc;
}


/* each is there once, and all of them are */

static ngx_int_t
ngx_http_secops_list_end(ngx_http_secops_list_t *list)
{
    ngx_uint_t                    i, n;
    ngx_http_secops_listed_t     *listed;
    ngx_http_secops_resources_t  *op;

    op = list->op;
    listed = list->listed;

    ngx_qsort(listed, list->n, sizeof(ngx_http_secops_listed_t),
              ngx_http_secops_list_compare);

    for (i = 0, n = 0; i < list->n; i++) {

        if (n == 0
            || ngx_http_secops_list_compare(&listed[i], &listed[n - 1]) != 0)
        {
            listed[n++] = listed[i];
        }
    }

    list->n = n;

    if (op->query.title.len == 0 && op->query.id.len == 0
        && list->n != list->total)
    {
        ngx_str_set(&op->reason, "not all resources were found");
        return ngx_http_secops_resources_again(op);
    }

    return ngx_http_secops_list_reply(list);
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

    body = ngx_palloc(pool, sizeof(ngx_str_t));
    p = ngx_pnalloc(pool, list->text.len + list->n + sizeof("[]"));

    if (body == NULL || p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->data = p;

    *p++ = '[';

    for (i = 0; i < list->n; i++) {
        listed = &list->listed[i];

        if (listed->len == 0) {
            continue;
        }

        if (p != body->data + 1) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, list->text.data + listed->offset, listed->len);
    }

    *p++ = ']';

    body->len = p - body->data;

    secops_text_free(&list->text);

    return ngx_http_secops_reply(list->op->request, NGX_HTTP_OK, body);
}

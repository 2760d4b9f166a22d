
/* Lists of resources; see ngx_http_secops_api_list.h. */

#include "api/resources/ngx_http_secops_api_list.h"


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


/* what was read at once, in memory of its own: these, and then their bytes */

struct ngx_http_secops_part_s {
    ngx_http_secops_part_t            *next;
    ngx_secops_store_found_t          *found;
    ngx_uint_t                         n;
};


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
static ngx_int_t ngx_http_secops_list_continue(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_list_slice(ngx_http_secops_list_t *list);
static ngx_msec_t ngx_http_secops_list_pause(ngx_http_secops_list_t *list,
    int64_t began, int64_t used);
static int64_t ngx_http_secops_list_clock(clockid_t id);
static ngx_int_t ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found);
static int ngx_libc_cdecl ngx_http_secops_list_compare(const void *one,
    const void *two);
static ngx_int_t ngx_http_secops_list_end(ngx_http_secops_list_t *list);


/* the worker's */

static ngx_http_secops_turns_t  ngx_http_secops_lists;


ngx_http_secops_list_t *
ngx_http_secops_list_create(ngx_http_secops_resources_t *op,
    ngx_http_secops_list_write_pt write, ngx_http_secops_list_done_pt done)
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
    list->write = write;
    list->done = done;
    list->last = &list->parts;

    op->max_tries = NGX_HTTP_SECOPS_LIST_TRIES;
    op->late = SECOPS_ERROR_LATER;
    op->list = list;

    return list;
}


ngx_int_t
ngx_http_secops_list_take(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result)
{
    if (list->op->part == 0) {
        ngx_http_secops_list_reset(list);
    }

    if (result->more && !ngx_http_secops_list_turn(list)) {
        return ngx_http_secops_list_wait(list);
    }

    if (ngx_http_secops_list_keep(list, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->more) {
        return ngx_http_secops_resources_more(list->op);
    }

    return ngx_http_secops_list_begin(list);
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

    list = op->list;

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
    return ngx_http_secops_list_slice(op->list);
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


/* what is not shown has a place all the same: so many there are */

static ngx_int_t
ngx_http_secops_list_add(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    ngx_int_t                  rc;
    ngx_http_secops_listed_t  *listed;

    listed = &list->listed[list->n++];

    ngx_memzero(listed, sizeof(ngx_http_secops_listed_t));

    listed->type = list->op->find.lookups[found->lookup].type;
    ngx_str_set(&listed->title, "");

    if (ngx_http_secops_resources_copy(list->op, &listed->id, found->id.data,
                                       found->id.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    listed->offset = list->text.len;

    rc = list->write(list, found, &listed->title);

    if (rc == NGX_DECLINED) {
        return NGX_OK;
    }

    if (rc != NGX_OK || list->text.failed) {
        return NGX_ERROR;
    }

    listed->len = list->text.len - listed->offset;

    return NGX_OK;
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

    if (list->whole && list->n != list->total) {
        ngx_str_set(&op->reason, "not all resources were found");
        return ngx_http_secops_resources_again(op);
    }

    return list->done(list);
}

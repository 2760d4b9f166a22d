
/*
 * Which records of a source meet the query, and which of them the page has.
 *
 *     find ──> step ──> find ──> … ──> sort ──> page
 *        └─ pause ─^                     └─ pause ─^
 *
 * How many meet the query is known only when all records of the source were
 * read: so there is a budget (secops_query_scan), beyond which the request is
 * refused.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"
#include "util/secops_time.h"


/* work between two looks at the clock: of the evaluation, about 0.1 ms; records
   that are sorted */

#define NGX_HTTP_SECOPS_FIND_WORK  65536
#define NGX_HTTP_SECOPS_FIND_SORT  32

/* milliseconds that the ids of a list may be out of order */

#define NGX_HTTP_SECOPS_FIND_DISORDER  60000

/* bytes of the detail of a refusal, but for names of columns */

#define NGX_HTTP_SECOPS_FIND_DETAIL  512


static ngx_int_t ngx_http_secops_tables_find_slice(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_find_next(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_find_begin(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_find_match(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_find_more(
    ngx_http_secops_tables_list_t *list, ngx_int_t rc);
static ngx_uint_t ngx_http_secops_tables_find_enough(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_find_sort(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_found(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_broad(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_unsortable(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_refuse(
    ngx_http_secops_tables_list_t *list, u_char *detail, u_char *last);
static u_char *ngx_http_secops_tables_narrow(
    ngx_http_secops_tables_list_t *list, u_char *p);


ngx_int_t
ngx_http_secops_tables_find(ngx_http_secops_tables_list_t *list)
{
    list->began = ngx_current_msec;
    list->goes_on = ngx_http_secops_tables_find_slice;

    return ngx_http_secops_tables_find_slice(list, NULL);
}


static ngx_int_t
ngx_http_secops_tables_find_slice(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_list_t *list = data;

    ngx_int_t                rc;
    ngx_http_secops_slice_t  slice;

    if (!ngx_http_secops_slice_begin(&slice)) {
        return ngx_http_secops_slice_pause(&slice, list->ctx, list->goes_on,
                                           list);
    }

    do {
        rc = ngx_http_secops_tables_find_next(list);

        if (rc != NGX_DECLINED) {
            return rc;
        }

    } while (!ngx_http_secops_slice_over(&slice));

    return ngx_http_secops_slice_pause(&slice, list->ctx, list->goes_on, list);
}


/* goes on with the record at hand, or else with the next one.  NGX_DECLINED:
   there may be more; otherwise it is to be returned */

static ngx_int_t
ngx_http_secops_tables_find_next(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t  rc;

    if (list->record == NULL) {
        rc = list->source->next(list, &list->record);

        if (rc == NGX_AGAIN || rc == NGX_DONE) {
            return ngx_http_secops_tables_find_more(list, rc);
        }

        if (list->record->document.data == NULL) {
            list->record = NULL;
            return NGX_DECLINED;
        }

        rc = ngx_http_secops_tables_find_begin(list);

        if (rc == NGX_DECLINED) {
            list->record = NULL;
            return NGX_DECLINED;
        }

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_secops_tables_find_match(list);
}


/* a document is looked into only if that is needed */

static ngx_int_t
ngx_http_secops_tables_find_begin(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t  rc;

    if (!list->plan.filter && list->plan.sequence != SECOPS_QUERY_SORTED) {
        return NGX_OK;
    }

    rc = ngx_http_secops_tables_open(list);

    if (rc == NGX_OK && list->plan.filter) {
        secops_query_match_begin(&list->match, &list->query, list->table->name,
                                 &list->json);
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_tables_find_match(ngx_http_secops_tables_list_t *list)
{
    int     rc;
    size_t  work;

    if (list->plan.filter) {
        work = NGX_HTTP_SECOPS_FIND_WORK;

        rc = secops_query_match_run(&list->match, &work);

        if (rc == SECOPS_QUERY_AGAIN) {
            return NGX_DECLINED;
        }

    } else {
        rc = 1;
    }

    if (rc) {
        list->page.origin = list->record->space;

        rc = secops_query_page_add(&list->page, list->record->id, &list->json);

        if (rc == SECOPS_QUERY_PAGE_MANY) {
            return ngx_http_secops_tables_unsortable(list);
        }

        if (rc != 0) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_http_secops_tables_close(list);
    list->record = NULL;

    return NGX_DECLINED;
}


/* what was read was looked at: another step, as rc is NGX_AGAIN, or that was
   all.  Whether a query is too broad does not depend on how large a step is */

static ngx_int_t
ngx_http_secops_tables_find_more(ngx_http_secops_tables_list_t *list,
    ngx_int_t rc)
{
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(list->request, ngx_http_secops_module);

    if (rc == NGX_AGAIN && ngx_http_secops_tables_find_enough(list)) {
        rc = NGX_DONE;

    } else if (list->lists.read > slcf->scan_records
               || (rc == NGX_AGAIN
                   && ngx_current_msec - list->began > slcf->scan_time))
    {
        return ngx_http_secops_tables_broad(list);
    }

    if (rc == NGX_AGAIN) {
        return ngx_http_secops_tables_step(list);
    }

    list->goes_on = ngx_http_secops_tables_find_sort;

    return ngx_http_secops_tables_find_sort(list, NULL);
}


/* 1: nobody counts, and the page has all that it can have: what was not read
   yet is older than what is on it */

static ngx_uint_t
ngx_http_secops_tables_find_enough(ngx_http_secops_tables_list_t *list)
{
    uint64_t              reached;
    const unsigned char  *last;

    if (!list->options.no_count
        || list->plan.sequence != SECOPS_QUERY_NEWEST_FIRST)
    {
        return 0;
    }

    last = secops_query_page_last(&list->page);
    reached = ngx_http_secops_tables_lists_reached(list);

    if (last == NULL || reached == 0
        || reached + NGX_HTTP_SECOPS_FIND_DISORDER >= secops_id_msec(last))
    {
        return 0;
    }

    secops_query_page_cut(&list->page);

    return 1;
}


static ngx_int_t
ngx_http_secops_tables_find_sort(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_list_t *list = data;

    ngx_http_secops_slice_t  slice;

    if (!ngx_http_secops_slice_begin(&slice)) {
        return ngx_http_secops_slice_pause(&slice, list->ctx, list->goes_on,
                                           list);
    }

    do {
        if (secops_query_page_end(&list->page, NGX_HTTP_SECOPS_FIND_SORT)
            == 0)
        {
            return ngx_http_secops_tables_found(list);
        }

    } while (!ngx_http_secops_slice_over(&slice));

    return ngx_http_secops_slice_pause(&slice, list->ctx, list->goes_on, list);
}


static ngx_int_t
ngx_http_secops_tables_found(ngx_http_secops_tables_list_t *list)
{
    secops_query_page_t  *page;

    page = &list->page;

    list->found = page->ids;
    list->origins = page->origins;
    list->nfound = page->nids;
    list->total = page->total;
    list->previous = page->has_previous ? page->previous : NULL;
    list->more = page->more;

    return ngx_http_secops_tables_page(list);
}


/* never a part of a list that looks like all of it */

static ngx_int_t
ngx_http_secops_tables_broad(ngx_http_secops_tables_list_t *list)
{
    u_char                       *p, detail[NGX_HTTP_SECOPS_FIND_DETAIL];
    u_char                        time[SECOPS_TIME_LEN];
    uint64_t                      reached;
    ngx_http_secops_loc_conf_t   *slcf;

    slcf = ngx_http_get_module_loc_conf(list->request, ngx_http_secops_module);

    p = ngx_sprintf(detail, "%ui records were read in %M ms",
                    list->lists.read, ngx_current_msec - list->began);

    reached = ngx_http_secops_tables_lists_reached(list);

    if (reached) {
        secops_time_format(time, (int64_t) (reached / 1000));
        p = ngx_sprintf(p, ", back to %*s", (size_t) SECOPS_TIME_LEN, time);
    }

    p = ngx_sprintf(p, "; a query may read %ui records, for %M ms",
                    slcf->scan_records, slcf->scan_time);

    return ngx_http_secops_tables_refuse(list, detail, p);
}


static ngx_int_t
ngx_http_secops_tables_unsortable(ngx_http_secops_tables_list_t *list)
{
    u_char  *p, detail[NGX_HTTP_SECOPS_FIND_DETAIL];

    p = ngx_sprintf(detail, "more than %d records meet the query, which are too"
                    " many to be sorted by another column than sys_id and "
                    "sys_created_on", SECOPS_QUERY_PAGE_SORTED);

    return ngx_http_secops_tables_refuse(list, detail, p);
}


/* and what to do about it */

static ngx_int_t
ngx_http_secops_tables_refuse(ngx_http_secops_tables_list_t *list,
    u_char *detail, u_char *last)
{
    ngx_str_t         text;

    static ngx_str_t  none = ngx_null_string;

    text.data = ngx_pnalloc(list->request->pool, (last - detail)
                            + NGX_HTTP_SECOPS_FIND_DETAIL
                            + list->table->subject.len);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    last = ngx_cpymem(text.data, detail, last - detail);
    text.len = ngx_http_secops_tables_narrow(list, last) - text.data;

    return ngx_http_secops_fail(list->request, list->ctx,
                                SECOPS_ERROR_QUERY_BROAD, &none, &text);
}


static u_char *
ngx_http_secops_tables_narrow(ngx_http_secops_tables_list_t *list, u_char *p)
{
    static ngx_str_t  by = ngx_string("; it becomes narrower by a condition on "
                                      "sys_id, sys_created_on");

    ngx_str_t  subject;

    p = ngx_cpymem(p, by.data, by.len);

    if (list->table->subject.len) {
        subject = ngx_secops_str(list->table->subject);
        p = ngx_sprintf(p, " or %V", &subject);
    }

    return p;
}


/*
 * GET /api/now/table/…: what is asked for, and how it is found.  See
 * docs/tables.md.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"


static ngx_http_secops_tables_list_t *ngx_http_secops_tables_list_create(
    ngx_http_secops_ctx_t *ctx, secops_table_t *table);
static void ngx_http_secops_tables_list_cleanup(void *data);
static ngx_int_t ngx_http_secops_tables_list_read(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_list_query(
    ngx_http_secops_tables_list_t *list);
static int ngx_http_secops_tables_has_column(void *data,
    secops_slice_t column);
static ngx_int_t ngx_http_secops_tables_list_cursor(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_list_start(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_list_ids(
    ngx_http_secops_tables_list_t *list);


ngx_int_t
ngx_http_secops_tables_list(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                       rc;
    secops_table_t                 *table;
    ngx_http_secops_main_conf_t    *mcf;
    ngx_http_secops_tables_list_t  *list;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    table = ngx_http_secops_table_by_name(mcf, &ctx->params[0]);

    if (table == NULL) {
        return ngx_http_secops_no_table(r, ctx, &ctx->params[0]);
    }

    list = ngx_http_secops_tables_list_create(ctx, table);

    if (list == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_tables_list_read(list);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_tables_list_start(list);
    }

    return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
}


static ngx_http_secops_tables_list_t *
ngx_http_secops_tables_list_create(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_secops_tables_list_t  *list;

    cln = ngx_pool_cleanup_add(ctx->request->pool,
                               sizeof(ngx_http_secops_tables_list_t));
    if (cln == NULL) {
        return NULL;
    }

    list = cln->data;
    ngx_memzero(list, sizeof(ngx_http_secops_tables_list_t));

    cln->handler = ngx_http_secops_tables_list_cleanup;

    list->ctx = ctx;
    list->request = ctx->request;
    list->table = table;

    list->spaces = ngx_http_secops_keyspaces(ctx, &list->nspaces);

    return list->spaces ? list : NULL;
}


static void
ngx_http_secops_tables_list_cleanup(void *data)
{
    ngx_http_secops_tables_list_t *list = data;

    ngx_http_secops_turn_end(&list->turn);
    ngx_http_secops_tables_merge_free(list);
    ngx_http_secops_tables_lists_free(list);
    ngx_http_secops_tables_documents_free(list);
    ngx_http_secops_tables_close(list);

    secops_query_page_free(&list->page);
    secops_query_plan_free(&list->plan);
    secops_encoded_query_free(&list->query);
    secops_text_free(&list->text);
}


/* NGX_DECLINED: there is no reason to refuse.  Anything else was answered, and
   is to be returned */

static ngx_int_t
ngx_http_secops_tables_list_read(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_tables_options(list->ctx, list->table, &list->options,
                                        &list->view);
    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_tables_list_query(list);
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_tables_list_cursor(list);
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_tables_list_query(ngx_http_secops_tables_list_t *list)
{
    switch (secops_encoded_query_read(&list->query, list->options.query,
                                      ngx_http_secops_tables_has_column,
                                      list->table))
    {

    case SECOPS_ENCODED_QUERY_OK:
        break;

    case SECOPS_ENCODED_QUERY_MANY_CONDITIONS:
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_query has more than 256 conditions");

    case SECOPS_ENCODED_QUERY_MANY_ORDERS:
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_query has more than 8 columns to sort by");

    case SECOPS_ENCODED_QUERY_MANY_VALUES:
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_query has more than 5000 values of IN and NOT IN");

    default: /* -1 */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (secops_query_plan(&list->plan, &list->query, list->table) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->page.query = &list->query;
    list->page.sequence = list->plan.sequence;
    list->page.offset = list->options.offset;
    list->page.limit = list->options.limit;

    return NGX_DECLINED;
}


static int
ngx_http_secops_tables_has_column(void *data, secops_slice_t column)
{
    return secops_table_has_column(data, column);
}


static ngx_int_t
ngx_http_secops_tables_list_cursor(ngx_http_secops_tables_list_t *list)
{
    if (list->options.cursor.len == 0) {
        return NGX_DECLINED;
    }

    if (secops_id_shard(list->options.cursor) < 0) {
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_cursor must be the sys_id of a record");
    }

    if (list->plan.sequence == SECOPS_QUERY_SORTED) {
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_cursor goes with the order of sys_id or "
                   "sys_created_on only");
    }

    list->page.cursor = list->options.cursor.data;

    return NGX_DECLINED;
}


/* NGX_DONE: it goes on later */

static ngx_int_t
ngx_http_secops_tables_list_start(ngx_http_secops_tables_list_t *list)
{
    secops_query_plan_t  *plan;

    plan = &list->plan;

    if (plan->kind == SECOPS_QUERY_PLAN_WALK && !plan->filter
        && plan->sequence != SECOPS_QUERY_SORTED)
    {
        return (list->nspaces > 1) ? ngx_http_secops_tables_merge(list)
                                   : ngx_http_secops_tables_range(list);
    }

    if (secops_query_page_begin(&list->page) != 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (plan->kind == SECOPS_QUERY_PLAN_IDS) {
        list->source = &ngx_http_secops_tables_documents;

        if (ngx_http_secops_tables_list_ids(list) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {
        list->source = &ngx_http_secops_tables_lists;

        if (ngx_http_secops_tables_lists_begin(list) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_secops_tables_find(list);
}


/* of a record that has one of these ids nobody knows whose it is */

static ngx_int_t
ngx_http_secops_tables_list_ids(ngx_http_secops_tables_list_t *list)
{
    u_char      *ids, *origins;
    ngx_uint_t   i, n;

    n = list->plan.nvalues * list->nspaces;

    ids = ngx_pnalloc(list->request->pool, n * SECOPS_ID_LEN + 1);
    origins = ngx_pnalloc(list->request->pool, n + 1);

    if (ids == NULL || origins == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        ngx_memcpy(ids + i * SECOPS_ID_LEN,
                   list->plan.values[i / list->nspaces].data, SECOPS_ID_LEN);
        origins[i] = (u_char) (i % list->nspaces);
    }

    return ngx_http_secops_tables_documents_begin(list, ids, origins, n);
}

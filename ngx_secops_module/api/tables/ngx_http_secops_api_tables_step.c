
/*
 * Steps of lists: what one of them reads and holds is bounded, and so is how
 * many of them are at it for one domain.  Those that end with their first step,
 * as most do, do not wait.
 *
 * Each call of a step brings one record at least, however large that is.  So
 * after a step that has brought too much the next one makes fewer calls.
 */

#include "api/tables/ngx_http_secops_api_tables.h"


/* lists of more than one step, for each domain in each worker, until they are
   sent */

#define NGX_HTTP_SECOPS_TABLES_TURNS  4


static ngx_uint_t ngx_http_secops_tables_step_calls(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_step_retry(void *data,
    ngx_secops_store_result_t *result);


static ngx_http_secops_turns_t  ngx_http_secops_tables_turns;


ngx_int_t
ngx_http_secops_tables_step(ngx_http_secops_tables_list_t *list)
{
    static ngx_str_t  many = ngx_string("too many lists of this domain");

    if (list->steps == 0
        || ngx_http_secops_turn_take(&ngx_http_secops_tables_turns,
                                     &list->turn, list->spaces,
                                     NGX_HTTP_SECOPS_TABLES_TURNS))
    {
        list->calls = ngx_http_secops_tables_step_calls(list);
        list->bytes = 0;
        list->steps++;

        return list->source->step(list);
    }

    if (list->waits++ == NGX_HTTP_SECOPS_TURN_WAITS) {
        return ngx_http_secops_fail_server(list->request, list->ctx,
                                           SECOPS_ERROR_READ_LATER, &many);
    }

    return ngx_http_secops_pause(list->ctx, NGX_HTTP_SECOPS_TURN_WAIT,
                                 ngx_http_secops_tables_step_retry, list);
}


static ngx_uint_t
ngx_http_secops_tables_step_calls(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t  calls;

    if (list->steps == 0) {
        return NGX_HTTP_SECOPS_TABLES_LISTS;
    }

    if (list->bytes > 2 * NGX_HTTP_SECOPS_TABLES_BYTES) {
        calls = list->calls * NGX_HTTP_SECOPS_TABLES_BYTES / list->bytes;
        return ngx_max(calls, 1);
    }

    return ngx_min(2 * list->calls, NGX_HTTP_SECOPS_TABLES_LISTS);
}


/* the time that it has waited is not its own */

static ngx_int_t
ngx_http_secops_tables_step_retry(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_list_t *list = data;

    list->began += NGX_HTTP_SECOPS_TURN_WAIT;

    return ngx_http_secops_tables_step(list);
}


/*
 * A page of records as text: {"result":[…]}.  A record that was deleted since
 * its id was found is left out.
 */

#include "api/tables/ngx_http_secops_api_tables.h"


static ngx_int_t ngx_http_secops_tables_page_slice(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_page_record(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_page_large(
    ngx_http_secops_tables_list_t *list);


ngx_int_t
ngx_http_secops_tables_page(ngx_http_secops_tables_list_t *list)
{
    if (ngx_http_secops_tables_documents_begin(list, list->found,
                                               list->origins, list->nfound)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->source = &ngx_http_secops_tables_documents;
    list->goes_on = ngx_http_secops_tables_page_slice;

    secops_text_append_string(&list->text, "{\"result\":[");

    list->head = list->text.len;

    return ngx_http_secops_tables_page_slice(list, NULL);
}


static ngx_int_t
ngx_http_secops_tables_page_slice(void *data,
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
        switch (list->source->next(list, &list->record)) {

        case NGX_AGAIN:
            return ngx_http_secops_tables_step(list);

        case NGX_DONE:
            secops_text_append_string(&list->text, "]}");
            return ngx_http_secops_tables_answer(list);

        default: /* NGX_OK */
            rc = ngx_http_secops_tables_page_record(list);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }

    } while (!ngx_http_secops_slice_over(&slice));

    return ngx_http_secops_slice_pause(&slice, list->ctx, list->goes_on, list);
}


/* NGX_DECLINED: it goes on; otherwise it is to be returned */

static ngx_int_t
ngx_http_secops_tables_page_record(ngx_http_secops_tables_list_t *list)
{
    if (list->record->document.data == NULL) {
        return NGX_DECLINED;
    }

    switch (ngx_http_secops_tables_open(list)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return NGX_DECLINED;

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (list->text.len > list->head) {
        secops_text_append_string(&list->text, ",");
    }

    secops_record_view(&list->text, &list->view, &list->json);

    ngx_http_secops_tables_close(list);

    if (list->text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return (list->text.len > NGX_HTTP_SECOPS_TABLES_PAGE)
           ? ngx_http_secops_tables_page_large(list) : NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_tables_page_large(ngx_http_secops_tables_list_t *list)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("the records of this page are more "
                                          "than 16777216 bytes; ask for fewer "
                                          "of them with sysparm_limit, or for "
                                          "fewer columns with sysparm_fields");

    return ngx_http_secops_fail(list->request, list->ctx,
                                SECOPS_ERROR_PAGE, &none, &detail);
}


/* The sysparm_* parameters of a request, and what of them the view is told. */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "http/ngx_http_secops_url.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_view(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table, const secops_table_options_t *options,
    secops_record_view_t *view);


ngx_int_t
ngx_http_secops_tables_options(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table, secops_table_options_t *options,
    secops_record_view_t *view)
{
    u_char              *buffer;
    const char          *fault;
    ngx_http_request_t  *r;

    r = ctx->request;

    buffer = ngx_pnalloc(r->pool, r->args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fault = secops_table_options_read(options, ngx_secops_slice(&r->args),
                                      buffer);
    if (fault) {
        return ngx_http_secops_tables_invalid(ctx, fault);
    }

    return ngx_http_secops_tables_view(ctx, table, options, view);
}


static ngx_int_t
ngx_http_secops_tables_view(ngx_http_secops_ctx_t *ctx, secops_table_t *table,
    const secops_table_options_t *options, secops_record_view_t *view)
{
    ngx_str_t       base;
    secops_slice_t  rest, name;

    view->table = table;
    view->all = (options->display == SECOPS_TABLE_DISPLAY_ALL);
    view->display = (options->display == SECOPS_TABLE_DISPLAY_TRUE);

    rest = options->fields;

    while (secops_table_options_field_next(&rest, &name)) {

        if (secops_record_view_add(view, name) != 0) {
            return ngx_http_secops_tables_invalid(ctx,
                       "sysparm_fields has more than 256 columns");
        }
    }

    if (table->nreferences && !options->exclude_reference_link) {

        if (ngx_http_secops_public_url(ctx->request, &base) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        view->base = ngx_secops_slice(&base);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_secops_tables_invalid(ngx_http_secops_ctx_t *ctx, const char *detail)
{
    ngx_str_t         text;

    static ngx_str_t  none = ngx_null_string;

    text.data = (u_char *) detail;
    text.len = ngx_strlen(detail);

    return ngx_http_secops_fail(ctx->request, ctx, SECOPS_ERROR_QUERY, &none,
                                &text);
}

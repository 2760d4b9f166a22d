
/* Tables by their names; see ngx_http_secops_tables.h. */

#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


secops_table_t *
ngx_http_secops_table_by_endpoint(ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *endpoint)
{
    ngx_uint_t       i;
    secops_slice_t   slice;
    secops_table_t  *table;

    slice = ngx_secops_slice(endpoint);

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {
        if (secops_slice_equal(table[i].endpoint, slice)) {
            return &table[i];
        }
    }

    return NULL;
}


secops_table_t *
ngx_http_secops_table_by_name(ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *name)
{
    ngx_uint_t       i;
    secops_slice_t   slice;
    secops_table_t  *table;

    slice = ngx_secops_slice(name);

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {
        if (secops_slice_equal(table[i].name, slice)) {
            return &table[i];
        }
    }

    return NULL;
}


/* a name that is no text is not repeated: the answer must be UTF-8 */

ngx_int_t
ngx_http_secops_no_table(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_str_t *name)
{
    static ngx_str_t  none = ngx_null_string;

    if (!secops_text_is_name(ngx_secops_slice(name))) {
        name = &none;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NO_TABLE, name, &none);
}

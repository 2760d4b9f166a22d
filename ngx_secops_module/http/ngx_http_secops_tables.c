
/* Tables by their names; see ngx_http_secops_tables.h. */

#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"


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

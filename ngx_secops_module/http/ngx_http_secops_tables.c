
/* Tables by their names; see ngx_http_secops_tables.h. */

#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static secops_table_t *ngx_http_secops_table(ngx_http_secops_main_conf_t *mcf,
    size_t offset, ngx_str_t *text);


secops_table_t *
ngx_http_secops_table_by_endpoint(ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *endpoint)
{
    return ngx_http_secops_table(mcf, offsetof(secops_table_t, endpoint),
                                 endpoint);
}


secops_table_t *
ngx_http_secops_table_by_name(ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *name)
{
    return ngx_http_secops_table(mcf, offsetof(secops_table_t, name), name);
}


/* the one whose member at this offset, a slice, is the text */

static secops_table_t *
ngx_http_secops_table(ngx_http_secops_main_conf_t *mcf, size_t offset,
    ngx_str_t *text)
{
    ngx_uint_t       i;
    secops_table_t  *table;
    secops_slice_t  *member;

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {

        member = (secops_slice_t *) ((u_char *) &table[i] + offset);

        if (secops_slice_equal(*member, ngx_secops_slice(text))) {
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


int64_t
ngx_http_secops_retention(ngx_http_secops_ctx_t *ctx,
    const secops_table_t *table)
{
    int64_t  retention;

    if (table->retention != SECOPS_TABLE_NOT_SAID) {
        return table->retention;
    }

    retention = ngx_http_secops_store(ctx)->retention;

    if (retention == SECOPS_TABLE_NOT_SAID && table->retired) {
        return SECOPS_TABLE_FOR_EVER;
    }

    return retention;
}

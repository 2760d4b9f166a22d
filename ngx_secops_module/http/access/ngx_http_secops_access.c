
/* Whether a caller may do something; see ngx_http_secops_access.h. */

#include "http/access/ngx_http_secops_access.h"
#include "http/ngx_http_secops_tables.h"


static secops_slice_t ngx_http_secops_access_table(ngx_http_secops_ctx_t *ctx);


ngx_uint_t
ngx_http_secops_granted(ngx_http_secops_ctx_t *ctx)
{
    const secops_scopes_t          *scopes;
    const ngx_http_secops_route_t  *route;

    route = ctx->route;

    if (route->access == NGX_HTTP_SECOPS_PUBLIC
        || route->access == NGX_HTTP_SECOPS_KNOWN
        || (ctx->identity.permissions & route->permission))
    {
        return 1;
    }

    scopes = &ctx->identity.scopes;

    /* a caller with roles has none: no table is looked up for it */

    if (scopes->whole == SECOPS_SCOPE_NONE && scopes->narrow.len == 0) {
        return 0;
    }

    return secops_scopes_has(scopes, (unsigned) route->scope,
                             ngx_http_secops_access_table(ctx));
}


/* empty: the operation is not about one table, or there is no such table */

static secops_slice_t
ngx_http_secops_access_table(ngx_http_secops_ctx_t *ctx)
{
    const secops_table_t         *table;
    ngx_http_secops_main_conf_t  *mcf;

    static const secops_slice_t  none = secops_slice("");

    mcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_secops_module);

    switch (ctx->route->access) {

    case NGX_HTTP_SECOPS_TABLE:
        table = ngx_http_secops_table_by_name(mcf, &ctx->params[0]);
        break;

    case NGX_HTTP_SECOPS_ENDPOINT:
        table = ngx_http_secops_table_by_endpoint(mcf, &ctx->params[0]);
        break;

    default: /* NGX_HTTP_SECOPS_GRANTED */
        return none;
    }

    return table ? table->name : none;
}


/* Whether a caller may do something; see ngx_http_secops_access.h. */

#include "http/access/ngx_http_secops_access.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"


static ngx_uint_t ngx_http_secops_access_some(ngx_http_secops_ctx_t *ctx);
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

    if (route->access == NGX_HTTP_SECOPS_JOB
        && ctx->identity.method && ctx->identity.method->keys)
    {
        return 1;
    }

    scopes = &ctx->identity.scopes;

    /* a caller with roles has none: no table is looked up for it */

    if (scopes->whole == SECOPS_SCOPE_NONE && scopes->narrow.len == 0) {
        return 0;
    }

    if (route->access == NGX_HTTP_SECOPS_SOME) {
        return ngx_http_secops_access_some(ctx);
    }

    return secops_scopes_has(scopes, (unsigned) route->scope,
                             ngx_http_secops_access_table(ctx));
}


ngx_uint_t
ngx_http_secops_granted_table(ngx_http_secops_ctx_t *ctx,
    secops_slice_t table)
{
    const ngx_http_secops_route_t  *route;

    route = ctx->route;

    return (ctx->identity.permissions & route->permission)
           || secops_scopes_has(&ctx->identity.scopes, (unsigned) route->scope,
                                table);
}


ngx_uint_t
ngx_http_secops_granted_job(ngx_http_secops_ctx_t *ctx,
    const secops_job_facts_t *facts)
{
    secops_slice_t  user;

    if (ngx_http_secops_granted_jobs(ctx)) {
        return 1;
    }

    if (ctx->identity.method == NULL || !ctx->identity.method->keys) {
        return 0;
    }

    user = ngx_secops_slice(&ctx->identity.user);

    user.data += sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1;
    user.len -= sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1;

    return secops_job_facts_has_key(facts, user);
}


ngx_uint_t
ngx_http_secops_granted_jobs(ngx_http_secops_ctx_t *ctx)
{
    static const secops_slice_t  none = secops_slice("");

    return ngx_http_secops_granted_table(ctx, none);
}


static ngx_uint_t
ngx_http_secops_access_some(ngx_http_secops_ctx_t *ctx)
{
    ngx_uint_t                    i;
    const secops_table_t         *table;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_secops_module);

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {
        if (ngx_http_secops_granted_table(ctx, table[i].name)) {
            return 1;
        }
    }

    return 0;
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

    default: /* NGX_HTTP_SECOPS_GRANTED, NGX_HTTP_SECOPS_JOB */
        return none;
    }

    return table ? table->name : none;
}

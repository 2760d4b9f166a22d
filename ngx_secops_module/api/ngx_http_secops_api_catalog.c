
/*
 * Discovery: which integration types there are, with which parameters in which
 * roles, and which categories of jobs.  All of it is in the configuration:
 * neither the store nor the caller's domain has a say.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/catalog/secops_catalog_query.h"
#include "model/catalog/secops_catalog_view.h"
#include "util/ngx_secops_string.h"


typedef json_t *(*ngx_http_secops_catalog_view_pt)(
    const secops_catalog_t *catalog, const secops_catalog_query_t *query);


static ngx_int_t ngx_http_secops_catalog_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t parameters,
    ngx_http_secops_catalog_view_pt view);
static json_t *ngx_http_secops_catalog_view_schema(
    const secops_catalog_t *catalog, const secops_catalog_query_t *query);
static json_t *ngx_http_secops_catalog_view_types(
    const secops_catalog_t *catalog, const secops_catalog_query_t *query);
static json_t *ngx_http_secops_catalog_view_categories(
    const secops_catalog_t *catalog, const secops_catalog_query_t *query);


ngx_int_t
ngx_http_secops_catalog_schema(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_catalog_get(r, ctx, SECOPS_CATALOG_QUERY_TYPE
                                               |SECOPS_CATALOG_QUERY_ROLE,
                                       ngx_http_secops_catalog_view_schema);
}


ngx_int_t
ngx_http_secops_catalog_types(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_catalog_get(r, ctx, SECOPS_CATALOG_QUERY_TYPE
                                               |SECOPS_CATALOG_QUERY_ROLE,
                                       ngx_http_secops_catalog_view_types);
}


ngx_int_t
ngx_http_secops_catalog_categories(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_catalog_get(r, ctx, SECOPS_CATALOG_QUERY_CATEGORY,
                                       ngx_http_secops_catalog_view_categories);
}


static ngx_int_t
ngx_http_secops_catalog_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t parameters, ngx_http_secops_catalog_view_pt view)
{
    u_char                       *buffer;
    ngx_int_t                     rc;
    secops_catalog_query_t        query;
    ngx_http_secops_main_conf_t  *mcf;
    ngx_http_secops_resources_t  *op;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    /* an operation on resources that needs no more of it than its answers */

    op = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_resources_t));
    buffer = ngx_pnalloc(r->pool, r->args.len + 1);

    if (op == NULL || buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->request = r;
    op->ctx = ctx;

    if (secops_catalog_read_query(&query, &mcf->catalog, parameters,
                                  ngx_secops_slice(&r->args), buffer,
                                  &op->faults)
        == 0)
    {
        rc = ngx_http_secops_resources_json(op, NGX_HTTP_OK,
                                            view(&mcf->catalog, &query));

    } else {
        op->error = op->faults.failed ? SECOPS_ERROR_UNKNOWN
                                      : op->faults.error;
        rc = ngx_http_secops_resources_fail(op, NULL);
    }

    secops_faults_free(&op->faults);

    return rc;
}


static json_t *
ngx_http_secops_catalog_view_schema(const secops_catalog_t *catalog,
    const secops_catalog_query_t *query)
{
    return secops_catalog_view_schema(catalog, query->type, query->role);
}


static json_t *
ngx_http_secops_catalog_view_types(const secops_catalog_t *catalog,
    const secops_catalog_query_t *query)
{
    if (query->type) {
        return secops_catalog_view_type(query->type, query->role);
    }

    return secops_catalog_view_types(catalog, query->role);
}


static json_t *
ngx_http_secops_catalog_view_categories(const secops_catalog_t *catalog,
    const secops_catalog_query_t *query)
{
    if (query->category) {
        return secops_catalog_view_category(query->category);
    }

    return secops_catalog_view_categories(catalog);
}


/* GET /api/v2/resources: what there is in the caller's domain, by title. */

#include "api/ngx_http_secops_api_resources.h"


static ngx_int_t ngx_http_secops_resources_listed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static json_t *ngx_http_secops_resources_describe(
    ngx_http_secops_resources_t *op, ngx_secops_store_found_t *found);
static int ngx_libc_cdecl ngx_http_secops_resources_compare(const void *one,
    const void *two);


ngx_int_t
ngx_http_secops_resources_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_secops_resources_lookups(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* a type of which there are none here */

    if (op->find.nlookups == 0) {
        return ngx_http_secops_resources_json(op, NGX_HTTP_OK, json_array());
    }

    op->decide = ngx_http_secops_resources_listed;

    return ngx_http_secops_resources_start(op);
}


/* nothing found is an empty list, and no error */

static ngx_int_t
ngx_http_secops_resources_listed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    json_t      *list, **resources;
    ngx_uint_t   i, n;

    resources = ngx_palloc(op->request->pool,
                           (result->nfound + 1) * sizeof(json_t *));
    if (resources == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0, n = 0; i < result->nfound; i++) {

        resources[n] = ngx_http_secops_resources_describe(op,
                                                          &result->found[i]);
        if (resources[n]) {
            n++;
        }
    }

    ngx_qsort(resources, n, sizeof(json_t *),
              ngx_http_secops_resources_compare);

    list = json_array();

    for (i = 0; i < n; i++) {
        if (json_array_append_new(list, resources[i]) != 0) {
            json_decref(list);
            list = NULL;
        }
    }

    return ngx_http_secops_resources_json(op, NGX_HTTP_OK, list);
}


/* one that can not be read is told to the operator: the others are of use */

static json_t *
ngx_http_secops_resources_describe(ngx_http_secops_resources_t *op,
    ngx_secops_store_found_t *found)
{
    json_t          *document, *resource;
    secops_slice_t   id, last_used;

    id.len = found->id.len;
    id.data = found->id.data;
    last_used.len = found->last_used.len;
    last_used.data = found->last_used.data;

    document = json_loadb((char *) found->document.data, found->document.len,
                          0, NULL);

    resource = secops_apikey_describe(id, document, last_used);

    if (resource == NULL) {
        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored api key \"%V\" can not be read",
                      &found->id);
    }

    json_decref(document);

    return resource;
}


static int ngx_libc_cdecl
ngx_http_secops_resources_compare(const void *one, const void *two)
{
    json_t *const  *first = one;
    json_t *const  *second = two;

    return ngx_strcmp(json_string_value(json_object_get(*first, "title")),
                      json_string_value(json_object_get(*second, "title")));
}

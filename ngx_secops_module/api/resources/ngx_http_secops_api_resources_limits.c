
/*
 * What a domain may have: the limits that go with a commit, the answer when it
 * was refused for one of them; and what a commit keeps beside the resources,
 * who refers to whom.
 */

#include "api/resources/ngx_http_secops_api_resources.h"


#define NGX_HTTP_SECOPS_LIMITED  256


static ngx_int_t ngx_http_secops_resources_keep(
    ngx_http_secops_resources_t *op, ngx_secops_store_refs_t *refs,
    const secops_resource_targets_t *targets);


void
ngx_http_secops_resources_limits(ngx_http_secops_resources_t *op)
{
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    op->commit.limits.count = slcf->max_resources;
    op->commit.limits.bytes = slcf->max_resources_bytes;
    op->commit.limits.document = SECOPS_RESOURCE_DOCUMENT_BYTES;
}


ngx_int_t
ngx_http_secops_resources_limited(ngx_http_secops_resources_t *op,
    ngx_secops_store_status_e status, secops_error_e error)
{
    u_char                     *p, message[NGX_HTTP_SECOPS_LIMITED];
    ngx_secops_store_limits_t  *limits;

    limits = &op->commit.limits;

    switch (status) {

    case NGX_SECOPS_STORE_TOO_MANY:
        p = ngx_sprintf(message, "with this request the domain would have more "
                        "than %ui resources, the limit that "
                        "\"secops_max_resources\" sets; it has %ui now",
                        limits->count, op->total);
        break;

    case NGX_SECOPS_STORE_TOO_LARGE:
        p = ngx_sprintf(message, "with this request the resources of the "
                        "domain would have more than %ui bytes, the limit "
                        "that \"secops_max_resources\" sets; they have %O now",
                        limits->bytes, op->bytes);
        break;

    default: /* NGX_SECOPS_STORE_DOCUMENT */
        p = ngx_sprintf(message, "a resource would have more than %ui bytes, "
                        "as it is stored", limits->document);
    }

    *p = '\0';

    secops_resource_fault(&op->faults, error, NULL, NULL, "",
                          (char *) message);

    return op->faults.failed ? NGX_ERROR : NGX_OK;
}


/* one script stores all of them, and Redis serves nobody meanwhile */

ngx_int_t
ngx_http_secops_resources_check_refs(ngx_http_secops_resources_t *op)
{
    u_char      *p, message[NGX_HTTP_SECOPS_LIMITED];
    ngx_uint_t   i, n;

    n = 0;

    for (i = 0; i < op->commit.nchanges; i++) {
        n += op->commit.changes[i].added.n + op->commit.changes[i].removed.n;
    }

    if (n <= SECOPS_RESOURCE_SET_REFS) {
        return NGX_OK;
    }

    p = ngx_sprintf(message, "the request changes %ui references of pipelines "
                    "and parameters, more than the %ui that are stored at "
                    "once", n, (ngx_uint_t) SECOPS_RESOURCE_SET_REFS);
    *p = '\0';

    secops_resource_fault(&op->faults, SECOPS_ERROR_INVALID, NULL, NULL, "",
                          (char *) message);

    return op->faults.failed ? NGX_ERROR : NGX_DECLINED;
}


ngx_int_t
ngx_http_secops_resources_refs(ngx_http_secops_resources_t *op,
    ngx_secops_store_change_t *change, size_t entry)
{
    ngx_int_t                  rc;
    secops_resource_targets_t  before, after, same;

    ngx_memzero(&same, sizeof(secops_resource_targets_t));

    rc = NGX_ERROR;

    if (secops_resource_plan_targets(op->plan, entry, &before, &after) == 0
        && secops_resource_targets_copy(&same, &after) == 0)
    {
        secops_resource_targets_less(&after, &before);
        secops_resource_targets_less(&before, &same);

        if (ngx_http_secops_resources_keep(op, &change->removed, &before)
            == NGX_OK
            && ngx_http_secops_resources_keep(op, &change->added, &after)
               == NGX_OK)
        {
            rc = NGX_OK;
        }
    }

    secops_resource_targets_free(&before);
    secops_resource_targets_free(&after);
    secops_resource_targets_free(&same);

    return rc;
}


ngx_int_t
ngx_http_secops_resources_no_refs(ngx_http_secops_resources_t *op,
    ngx_secops_store_change_t *change, const json_t *document)
{
    ngx_int_t                  rc;
    secops_resource_targets_t  before;

    ngx_memzero(&before, sizeof(secops_resource_targets_t));

    rc = NGX_ERROR;

    if (secops_resource_targets(&before, document) == 0) {
        rc = ngx_http_secops_resources_keep(op, &change->removed, &before);
    }

    secops_resource_targets_free(&before);

    return rc;
}


static ngx_int_t
ngx_http_secops_resources_keep(ngx_http_secops_resources_t *op,
    ngx_secops_store_refs_t *refs, const secops_resource_targets_t *targets)
{
    size_t                     size;
    secops_resource_target_t  *list;

    ngx_memzero(refs, sizeof(ngx_secops_store_refs_t));

    if (targets->n == 0) {
        return NGX_OK;
    }

    size = targets->n * sizeof(secops_resource_target_t);

    list = ngx_palloc(op->request->pool, size);
    if (list == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(list, targets->list, size);

    refs->list = list;
    refs->n = targets->n;

    return NGX_OK;
}

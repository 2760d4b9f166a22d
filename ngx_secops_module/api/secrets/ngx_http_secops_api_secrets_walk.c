
/* All domains of all servers; see ngx_http_secops_api_secrets.h. */

#include "api/secrets/ngx_http_secops_api_secrets.h"


/* milliseconds between two steps through a server's keys: most have no domain,
   and Redis is for others then */

#define NGX_HTTP_SECOPS_SECRETS_REST  1


static ngx_int_t ngx_http_secops_secrets_server(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_scan(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_scanned(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_names(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_next(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_next_domain(
    ngx_http_secops_secrets_t *op);


ngx_int_t
ngx_http_secops_secrets_walk(ngx_http_secops_secrets_t *op)
{
    ngx_memzero(&op->count, sizeof(ngx_http_secops_secrets_count_t));

    op->share = 0;

    return ngx_http_secops_secrets_server(op);
}


static ngx_int_t
ngx_http_secops_secrets_server(ngx_http_secops_secrets_t *op)
{
    op->domains.cursor_len = 0;

    return ngx_http_secops_secrets_scan(op, NULL);
}


static ngx_int_t
ngx_http_secops_secrets_scan(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    rc = ngx_secops_store_find_domains(ngx_http_secops_store(op->ctx),
                                       &op->domains, op->share);

    return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_FIND,
                                         ngx_http_secops_secrets_scanned);
}


static ngx_int_t
ngx_http_secops_secrets_scanned(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    if (ngx_http_secops_secrets_answered(op, result, NGX_HTTP_SECOPS_FIND, &rc)
        != NGX_OK)
    {
        return rc;
    }

    op->more = result->more;

    if (ngx_http_secops_secrets_names(op, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_secrets_next(op);
}


static ngx_int_t
ngx_http_secops_secrets_names(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t  i;
    ngx_str_t  *name;

    ngx_reset_pool(op->page);

    op->name = 0;
    op->nnames = result->ndocuments;

    op->names = ngx_palloc(op->page, (op->nnames + 1) * sizeof(ngx_str_t));
    if (op->names == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < op->nnames; i++) {
        name = &result->documents[i];

        if (ngx_http_secops_secrets_copy(op->page, &op->names[i], name->data,
                                         name->len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a step through the keys was made, which may have found no domain for as long
   as a note lasts, or a domain was gone through */

static ngx_int_t
ngx_http_secops_secrets_next(ngx_http_secops_secrets_t *op)
{
    op->noted = ngx_http_secops_secrets_next_domain;

    return ngx_http_secops_secrets_note(op, 0);
}


static ngx_int_t
ngx_http_secops_secrets_next_domain(ngx_http_secops_secrets_t *op)
{
    ngx_secops_store_t  *store;

    if (op->name < op->nnames) {
        op->done = ngx_http_secops_secrets_next;

        return ngx_http_secops_secrets_domain(op, &op->names[op->name++]);
    }

    if (op->more) {
        return ngx_http_secops_secrets_pause(op, NGX_HTTP_SECOPS_SECRETS_REST,
                                             ngx_http_secops_secrets_scan);
    }

    store = ngx_http_secops_store(op->ctx);

    /* how many there are is known for certain once one of them has answered */

    if (++op->share < ngx_secops_store_shares(store)) {
        return ngx_http_secops_secrets_server(op);
    }

    if (ngx_secops_store_gaps(store)) {
        ngx_str_set(&op->reason, "a part of the Redis Cluster has no server");
        return ngx_http_secops_secrets_fail(op, SECOPS_ERROR_LATER);
    }

    return op->passed(op);
}

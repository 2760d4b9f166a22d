
/* Acting for another domain; see ngx_http_secops_act.h. */

#include "http/access/ngx_http_secops_act.h"
#include "http/access/ngx_http_secops_refuse.h"
#include "http/ngx_http_secops_body.h"
#include "util/ngx_secops_string.h"
#include "util/secops_list.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_act_asked(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *asked);
static ngx_int_t ngx_http_secops_act_parameter(ngx_http_request_t *r,
    ngx_str_t *value);
static ngx_int_t ngx_http_secops_act_read(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *asked, ngx_array_t *domains);
static ngx_uint_t ngx_http_secops_act_has(ngx_array_t *domains,
    secops_slice_t name);
static ngx_uint_t ngx_http_secops_act_may(ngx_http_secops_ctx_t *ctx,
    secops_slice_t parents, secops_slice_t name);
static ngx_int_t ngx_http_secops_act_invalid(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, const char *text);
static ngx_int_t ngx_http_secops_act_refuse(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


static const secops_query_name_t  ngx_http_secops_act_parameters[] = {
    { SECOPS_QUERY_DOMAIN, 0 },
    { NULL, 0 }
};

static const secops_query_rules_t  ngx_http_secops_act_rules = {
    ngx_http_secops_act_parameters, .unknown = 0, .empty = 0, .twice = 1
};


ngx_int_t
ngx_http_secops_act(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_str_t                    asked, parents, *domain;
    ngx_uint_t                   i;
    ngx_array_t                  domains;
    ngx_http_secops_loc_conf_t  *slcf;

    rc = ngx_http_secops_act_asked(r, ctx, &asked);

    if (rc != NGX_DECLINED || asked.len == 0) {
        return rc;
    }

    rc = ngx_http_secops_act_read(r, ctx, &asked, &domains);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    ngx_str_null(&parents);

    /* who calls may have seemed to be somebody else before they were checked */

    ngx_http_secops_forget_maps(r, slcf->identity.maps);

    if (slcf->identity.parents
        && ngx_http_complex_value(r, slcf->identity.parents, &parents)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    domain = domains.elts;

    for (i = 0; i < domains.nelts; i++) {

        if (!ngx_http_secops_act_may(ctx, ngx_secops_slice(&parents),
                                     ngx_secops_slice(&domain[i])))
        {
            return ngx_http_secops_act_refuse(r, ctx);
        }
    }

    ctx->identity.domain = domain[0];
    ctx->act_for = asked;

    if (domains.nelts > 1) {
        ctx->domains = domain;
        ctx->ndomains = domains.nelts;

    } else if (secops_slice_equal(ngx_secops_slice(&domain[0]),
                                  ngx_secops_slice(&ctx->identity.own_domain)))
    {
        ngx_str_null(&ctx->act_for);
    }

    return NGX_DECLINED;
}


/* NGX_DECLINED: *asked is empty if no domain is named, or just the caller's
   own; anything else was answered */

static ngx_int_t
ngx_http_secops_act_asked(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_str_t *asked)
{
    ngx_str_t                    header, *own;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    ngx_str_null(&header);

    if (ngx_http_secops_header_value(r, &slcf->identity.header_act_for,
                                     &header)
        == NGX_ABORT)
    {
        return ngx_http_secops_act_invalid(r, ctx,
                   "there is more than one header " NGX_HTTP_SECOPS_ACT_FOR);
    }

    switch (ngx_http_secops_act_parameter(r, asked)) {

    case NGX_OK:
        break;

    case NGX_ABORT:
        return ngx_http_secops_act_invalid(r, ctx, SECOPS_QUERY_DOMAIN
                                           " is given twice");

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (header.len && asked->len
        && (header.len != asked->len
            || ngx_memcmp(header.data, asked->data, header.len) != 0))
    {
        return ngx_http_secops_act_invalid(r, ctx, NGX_HTTP_SECOPS_ACT_FOR
                                           " and " SECOPS_QUERY_DOMAIN
                                           " name different domains");
    }

    if (header.len) {
        *asked = header;
    }

    own = &ctx->identity.own_domain;

    if (asked->len == own->len
        && ngx_memcmp(asked->data, own->data, own->len) == 0)
    {
        /* an inner request may have named it where its outer one acts */

        ctx->identity.domain = *own;
        ngx_str_null(&ctx->act_for);
        ngx_str_null(asked);
    }

    return NGX_DECLINED;
}


/* NGX_OK: *value is decoded, and empty if it is not there; NGX_ABORT: it is
   there twice; NGX_ERROR: no memory.  The usual query string has none, which is
   seen without reading it */

static ngx_int_t
ngx_http_secops_act_parameter(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char          *buffer;
    secops_query_t   reader;

    ngx_str_null(value);

    if (r->args.len == 0
        || (memchr(r->args.data, '%', r->args.len) == NULL
            && ngx_strnstr(r->args.data, SECOPS_QUERY_DOMAIN, r->args.len)
               == NULL))
    {
        return NGX_OK;
    }

    buffer = ngx_pnalloc(r->pool, r->args.len);
    if (buffer == NULL) {
        return NGX_ERROR;
    }

    secops_query_begin(&reader, &ngx_http_secops_act_rules,
                       ngx_secops_slice(&r->args), buffer);

    for ( ;; ) {

        switch (secops_query_next(&reader)) {

        case SECOPS_QUERY_END:
            return NGX_OK;

        case SECOPS_QUERY_TWICE:
            return NGX_ABORT;

        default: /* SECOPS_QUERY_PARAMETER */
            *value = ngx_secops_str(reader.value);
        }
    }
}


/* NGX_DECLINED: each of domains is named once; anything else was answered */

static ngx_int_t
ngx_http_secops_act_read(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_str_t *asked, ngx_array_t *domains)
{
    ngx_str_t       *domain;
    secops_slice_t   rest, name;

    if (ngx_array_init(domains, r->pool, 1, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rest = ngx_secops_slice(asked);

    while (secops_list_next(&rest, &name)) {

        if (ngx_http_secops_act_has(domains, name)) {
            continue;
        }

        if (domains->nelts == NGX_HTTP_SECOPS_ACT_DOMAINS) {
            return ngx_http_secops_act_invalid(r, ctx,
                       "16 domains may be read together, and no more");
        }

        domain = ngx_array_push(domains);
        if (domain == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        *domain = ngx_secops_str(name);
    }

    if (domains->nelts == 0) {
        return ngx_http_secops_act_invalid(r, ctx, "no domain is named");
    }

    if (domains->nelts > 1 && !ctx->several) {
        return ngx_http_secops_act_invalid(r, ctx,
                   "the operation is about one domain; lists of records, and "
                   "what is known about a subject, can be about several");
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_secops_act_has(ngx_array_t *domains, secops_slice_t name)
{
    ngx_str_t   *domain;
    ngx_uint_t   i;

    domain = domains->elts;

    for (i = 0; i < domains->nelts; i++) {
        if (secops_slice_equal(ngx_secops_slice(&domain[i]), name)) {
            return 1;
        }
    }

    return 0;
}


/* what is configured must be a domain's name, as that of a caller must */

static ngx_uint_t
ngx_http_secops_act_may(ngx_http_secops_ctx_t *ctx, secops_slice_t parents,
    secops_slice_t name)
{
    if (secops_slice_equal(name, ngx_secops_slice(&ctx->identity.own_domain))) {
        return 1;
    }

    return name.len <= NGX_HTTP_SECOPS_DOMAIN_MAX
           && secops_text_is_name(name)
           && (secops_list_has(parents, name)
               || secops_list_has(ngx_secops_slice(&ctx->identity.parents),
                                  name));
}


static ngx_int_t
ngx_http_secops_act_invalid(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    const char *text)
{
    ngx_int_t         rc;
    ngx_str_t         detail;

    static ngx_str_t  none = ngx_null_string;

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    detail.data = (u_char *) text;
    detail.len = ngx_strlen(text);

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_QUERY, &none, &detail);
}


/* whether there is such a domain is not told */

static ngx_int_t
ngx_http_secops_act_refuse(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("The caller may not act for this "
                                          "domain");

    ngx_http_secops_log_refusal(r, ctx, 1);

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_ACCESS, &none, &detail);
}

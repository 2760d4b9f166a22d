
/*
 * GET /api/v2/token/scopes: what the caller may do, as names of scopes.
 * Clients ask once at their start, and offer their users no more than that.
 */

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_reply.h"


static unsigned ngx_http_secops_scopes_of(
    ngx_http_secops_identity_t *identity);
static ngx_uint_t ngx_http_secops_scope_reads(secops_slice_t name);
static u_char *ngx_http_secops_scope_append(u_char *p, secops_slice_t name);


ngx_int_t
ngx_http_secops_scopes_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    u_char          *p;
    size_t           size;
    unsigned         i, scopes;
    ngx_str_t       *body;
    secops_slice_t   rest, name;

    scopes = ngx_http_secops_scopes_of(&ctx->identity);

    /* a narrowed scope takes a space there, and two quotes and a comma here */

    size = sizeof("[]") + 3 * ctx->identity.scopes.narrow.len;

    for (i = 0; i < SECOPS_SCOPES; i++) {
        size += secops_scope_name(i).len + sizeof("\"\",") - 1;
    }

    body = ngx_palloc(r->pool, sizeof(ngx_str_t));
    p = ngx_pnalloc(r->pool, size);

    if (body == NULL || p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->data = p;

    *p++ = '[';

    for (i = 0; i < SECOPS_SCOPES; i++) {
        if (scopes & 1U << i) {
            p = ngx_http_secops_scope_append(p, secops_scope_name(i));
        }
    }

    rest = ctx->identity.scopes.narrow;

    while (secops_scopes_next(&rest, &name)) {
        p = ngx_http_secops_scope_append(p, name);
    }

    *p++ = ']';

    body->len = p - body->data;

    return ngx_http_secops_reply(r, NGX_HTTP_OK, body);
}


static u_char *
ngx_http_secops_scope_append(u_char *p, secops_slice_t name)
{
    if (p[-1] != '[') {
        *p++ = ',';
    }

    *p++ = '"';
    p = ngx_cpymem(p, name.data, name.len);
    *p++ = '"';

    return p;
}


/* for a caller with roles: what they come to */

static unsigned
ngx_http_secops_scopes_of(ngx_http_secops_identity_t *identity)
{
    unsigned  i, scopes;

    scopes = identity->scopes.whole;

    for (i = 0; i < SECOPS_SCOPES; i++) {

        if ((identity->permissions & SECOPS_PERMISSION_WRITE)
            || ((identity->permissions & SECOPS_PERMISSION_READ)
                && ngx_http_secops_scope_reads(secops_scope_name(i))))
        {
            scopes |= 1U << i;
        }
    }

    return scopes;
}


static ngx_uint_t
ngx_http_secops_scope_reads(secops_slice_t name)
{
    return name.len > 5 && ngx_strncmp(name.data, "read:", 5) == 0;
}

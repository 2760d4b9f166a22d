
/* Refusals in the audit; see ngx_http_secops_refusal.h. */

#include "http/access/ngx_http_secops_refusal.h"
#include "http/ngx_http_secops.h"
#include "store/ngx_secops_store_audit.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


/* domains are counted in so many groups, by a digest of their names; those that
   share one share its number.  Callers that are not known have one more */

#define NGX_HTTP_SECOPS_REFUSAL_GROUPS  64

/* entries under way; more of them are left out */

#define NGX_HTTP_SECOPS_REFUSAL_CALLS   32

/* bytes of what an entry says that comes from the request's path */

#define NGX_HTTP_SECOPS_REFUSAL_NAME    255


typedef struct {
    time_t                   period;    /* the number of the present one */
    ngx_uint_t               written;   /* in it */
    ngx_uint_t               left_out;  /* since the last one written */
} ngx_http_secops_refusal_group_t;


typedef struct {
    ngx_secops_store_call_t  call;
    ngx_uint_t               busy;      /* 1: it is under way */
    ngx_uint_t               left_out;  /* that it tells of */
    ngx_http_secops_refusal_group_t  *group;
} ngx_http_secops_refusal_call_t;


/* what is left for the end of a request; in its pool */

typedef struct {
    ngx_http_secops_ctx_t   *ctx;
    ngx_secops_store_t      *store;     /* of the location that refused it */
} ngx_http_secops_refusal_later_t;


static void ngx_http_secops_refusal(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_t *store);
static ngx_http_secops_refusal_group_t *ngx_http_secops_refusal_group(
    ngx_http_secops_ctx_t *ctx);
static ngx_uint_t ngx_http_secops_refusal_fits(
    ngx_http_secops_main_conf_t *mcf, ngx_http_secops_refusal_group_t *group);
static ngx_http_secops_refusal_call_t *ngx_http_secops_refusal_call(void);
static ngx_int_t ngx_http_secops_refusal_write(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_t *store, ngx_http_secops_refusal_call_t *call);
static void ngx_http_secops_refusal_about(ngx_http_secops_ctx_t *ctx,
    secops_slice_t *type, secops_slice_t *id);
static secops_slice_t ngx_http_secops_refusal_table(
    ngx_http_secops_ctx_t *ctx);
static secops_slice_t ngx_http_secops_refusal_name(ngx_str_t *param);
static void ngx_http_secops_refusal_reason(ngx_http_secops_ctx_t *ctx,
    ngx_str_t *why);
static void ngx_http_secops_refusal_written(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_refusal_cleanup(void *data);


/* the worker's */

static ngx_http_secops_refusal_group_t
    ngx_http_secops_refusal_groups[NGX_HTTP_SECOPS_REFUSAL_GROUPS + 1];
static ngx_http_secops_refusal_call_t
    ngx_http_secops_refusal_calls[NGX_HTTP_SECOPS_REFUSAL_CALLS];


void
ngx_http_secops_refused(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_refusal(ctx, ngx_http_secops_store(ctx));
}


static void
ngx_http_secops_refusal(ngx_http_secops_ctx_t *ctx, ngx_secops_store_t *store)
{
    ngx_http_secops_main_conf_t      *mcf;
    ngx_http_secops_refusal_call_t   *call;
    ngx_http_secops_refusal_group_t  *group;

    if (ctx->error != SECOPS_ERROR_UNAUTHENTICATED
        && ctx->error != SECOPS_ERROR_ACCESS
        && ctx->error != SECOPS_ERROR_INVALID)
    {
        return;
    }

    mcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_secops_module);

    if (mcf->refusals == 0 || ctx->refused || ctx->route == NULL) {
        return;
    }

    ctx->refused = 1;

    group = ngx_http_secops_refusal_group(ctx);
    call = ngx_http_secops_refusal_fits(mcf, group)
           ? ngx_http_secops_refusal_call() : NULL;

    if (call) {
        call->group = group;
        call->left_out = group->left_out;

        group->written++;

        if (ngx_http_secops_refusal_write(ctx, store, call) == NGX_OK) {
            call->busy = 1;
            group->left_out = 0;
            return;
        }
    }

    group->left_out++;
}


ngx_int_t
ngx_http_secops_refused_later(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_cleanup_t               *cln;
    ngx_http_secops_refusal_later_t  *later;

    cln = ngx_http_cleanup_add(ctx->request,
                               sizeof(ngx_http_secops_refusal_later_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    later = cln->data;
    later->ctx = ctx;
    later->store = ngx_http_secops_store(ctx);

    cln->handler = ngx_http_secops_refusal_cleanup;

    return NGX_OK;
}


/* the request may be in another location by now; what has become of it stands
   in its context */

static void
ngx_http_secops_refusal_cleanup(void *data)
{
    ngx_http_secops_refusal_later_t *later = data;

    ngx_http_secops_refusal(later->ctx, later->store);
}


static ngx_http_secops_refusal_group_t *
ngx_http_secops_refusal_group(ngx_http_secops_ctx_t *ctx)
{
    ngx_uint_t   n;
    ngx_str_t   *domain;

    domain = &ctx->identity.domain;

    n = domain->len
        ? ngx_crc32_short(domain->data, domain->len)
          % NGX_HTTP_SECOPS_REFUSAL_GROUPS
        : NGX_HTTP_SECOPS_REFUSAL_GROUPS;

    return &ngx_http_secops_refusal_groups[n];
}


static ngx_uint_t
ngx_http_secops_refusal_fits(ngx_http_secops_main_conf_t *mcf,
    ngx_http_secops_refusal_group_t *group)
{
    time_t  period;

    period = ngx_time() / mcf->refusals_period;

    if (group->period != period) {
        group->period = period;
        group->written = 0;
    }

    return group->written < mcf->refusals;
}


/* NULL: there is none left */

static ngx_http_secops_refusal_call_t *
ngx_http_secops_refusal_call(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_SECOPS_REFUSAL_CALLS; i++) {
        if (!ngx_http_secops_refusal_calls[i].busy) {
            return &ngx_http_secops_refusal_calls[i];
        }
    }

    return NULL;
}


/* of a caller that is not known, in the domain of who has none */

static ngx_int_t
ngx_http_secops_refusal_write(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_t *store, ngx_http_secops_refusal_call_t *call)
{
    u_char                     status[NGX_INT_T_LEN], left_out[NGX_INT_T_LEN];
    ngx_str_t                  domain;
    ngx_uint_t                 n;
    secops_slice_t             type, id;
    secops_keyspace_t          space;
    ngx_secops_store_audit_t   audit;

    ngx_http_secops_caller(ctx, &audit);
    ngx_http_secops_refusal_about(ctx, &type, &id);
    ngx_http_secops_refusal_reason(ctx, &audit.reason);

    ngx_str_set(&audit.outcome, SECOPS_AUDIT_REFUSED);

    n = secops_error(ctx->error)->status;

    audit.status.data = status;
    audit.status.len = ngx_sprintf(status, "%ui", n) - status;

    if (call->left_out) {
        audit.left_out.data = left_out;
        audit.left_out.len = ngx_sprintf(left_out, "%ui", call->left_out)
                             - left_out;
    }

    domain = ctx->identity.domain;

    if (domain.len == 0) {
        ngx_str_set(&domain, NGX_HTTP_SECOPS_DEFAULT_DOMAIN);
    }

    ngx_secops_store_space(store, &space, &domain);

    call->call.handler = ngx_http_secops_refusal_written;
    call->call.data = call;

    return ngx_secops_store_add_refusal(store, &call->call, &space, &audit,
                                        type, id);
}


/* what the path says: the table and the record, or the job */

static void
ngx_http_secops_refusal_about(ngx_http_secops_ctx_t *ctx, secops_slice_t *type,
    secops_slice_t *id)
{
    static const secops_slice_t  none = secops_slice("");

    *type = none;
    *id = none;

    switch (ctx->route->access) {

    case NGX_HTTP_SECOPS_TABLE:
        *type = ngx_http_secops_refusal_name(&ctx->params[0]);
        *id = ngx_http_secops_refusal_name(&ctx->params[1]);
        break;

    case NGX_HTTP_SECOPS_ENDPOINT:
        *type = ngx_http_secops_refusal_table(ctx);
        break;

    case NGX_HTTP_SECOPS_JOB:

        /* of others the path may name an event */

        if (ngx_strncmp(ctx->route->operation.data, "jobs.", 5) != 0) {
            break;
        }

        /* fall through */

    case NGX_HTTP_SECOPS_GRANTED:

        /* a job's id is the only parameter that such a route has */

        if (ctx->params[0].len) {
            *type = secops_resource_type_name(SECOPS_RESOURCE_JOB);
            *id = ngx_http_secops_refusal_name(&ctx->params[0]);
        }
    }
}


/* of the endpoint in the path; empty: there is none */

static secops_slice_t
ngx_http_secops_refusal_table(ngx_http_secops_ctx_t *ctx)
{
    ngx_uint_t                    i;
    secops_slice_t                endpoint;
    const secops_table_t         *table;
    ngx_http_secops_main_conf_t  *mcf;

    static const secops_slice_t  none = secops_slice("");

    mcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_secops_module);

    endpoint = ngx_secops_slice(&ctx->params[0]);
    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {
        if (secops_slice_equal(table[i].endpoint, endpoint)) {
            return table[i].name;
        }
    }

    return none;
}


/* empty: there is none, or it is not fit to be shown */

static secops_slice_t
ngx_http_secops_refusal_name(ngx_str_t *param)
{
    secops_slice_t  name;

    static const secops_slice_t  none = secops_slice("");

    if (param->len == 0 || param->len > NGX_HTTP_SECOPS_REFUSAL_NAME) {
        return none;
    }

    name = ngx_secops_slice(param);

    return secops_text_is_name(name) ? name : none;
}


static void
ngx_http_secops_refusal_reason(ngx_http_secops_ctx_t *ctx, ngx_str_t *why)
{
    switch (ctx->error) {

    case SECOPS_ERROR_UNAUTHENTICATED:

        if (ctx->auth.rejected) {
            ngx_str_set(why, "the credential is not valid");

        } else {
            ngx_str_set(why, "there is no credential");
        }

        break;

    case SECOPS_ERROR_ACCESS:
        ngx_str_set(why, "the caller lacks a role or scope");
        break;

    default: /* SECOPS_ERROR_INVALID */
        ngx_str_set(why, "what is asked for is not valid");
    }
}


/* what could not be written counts as left out, and so does what it told of */

static void
ngx_http_secops_refusal_written(ngx_secops_store_call_t *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_refusal_call_t  *call;

    call = data->data;

    call->busy = 0;

    if (result->status != NGX_SECOPS_STORE_OK) {
        call->group->left_out += 1 + call->left_out;
    }
}

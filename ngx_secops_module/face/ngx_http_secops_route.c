
/*
 * The route table: method and path to operation.  What is not in it, does not
 * exist; what is, says who may.
 */

#include "face/ngx_http_secops_phases.h"
#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_body.h"


static ngx_uint_t ngx_http_secops_route_several(
    const ngx_http_secops_route_t *route);
static ngx_uint_t ngx_http_secops_route_match(ngx_str_t *uri,
    const ngx_str_t *path, ngx_str_t *params);
static ngx_int_t ngx_http_secops_route_allow(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t methods);


#define NGX_HTTP_SECOPS_GET    (NGX_HTTP_GET|NGX_HTTP_HEAD)
#define NGX_HTTP_SECOPS_DISCOVERY                                             \
    (NGX_HTTP_SECOPS_CATALOG|NGX_HTTP_SECOPS_RESOURCES)
#define NGX_HTTP_SECOPS_BATCH                                                 \
    (NGX_HTTP_SECOPS_BODY_JSON|NGX_HTTP_SECOPS_BODY_LINES)


static const ngx_http_secops_route_t  ngx_http_secops_routes[] = {

    { ngx_string("/api/sn_sec_cmn/integration_capabilities/*"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_RECORDS,
      NGX_HTTP_SECOPS_ENDPOINT, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BATCH, ngx_string("records.create"),
      ngx_http_secops_records_create, ngx_http_secops_records_head },

    { ngx_string("/api/now/table/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.list"), ngx_http_secops_tables_list, NULL },

    { ngx_string("/api/now/v1/table/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.list"), ngx_http_secops_tables_list, NULL },

    { ngx_string("/api/now/v2/table/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.list"), ngx_http_secops_tables_list, NULL },

    { ngx_string("/api/now/table/*/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.get"), ngx_http_secops_tables_get, NULL },

    { ngx_string("/api/now/v1/table/*/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.get"), ngx_http_secops_tables_get, NULL },

    { ngx_string("/api/now/v2/table/*/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("tables.get"), ngx_http_secops_tables_get, NULL },

    { ngx_string("/api/now/table/*"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.create"),
      ngx_http_secops_tables_create, ngx_http_secops_tables_create_head },

    { ngx_string("/api/now/v1/table/*"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.create"),
      ngx_http_secops_tables_create, ngx_http_secops_tables_create_head },

    { ngx_string("/api/now/v2/table/*"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.create"),
      ngx_http_secops_tables_create, ngx_http_secops_tables_create_head },

    { ngx_string("/api/now/table/*/*"),
      NGX_HTTP_PATCH, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    { ngx_string("/api/now/table/*/*"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    { ngx_string("/api/now/v1/table/*/*"),
      NGX_HTTP_PATCH, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    { ngx_string("/api/now/v1/table/*/*"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    { ngx_string("/api/now/v2/table/*/*"),
      NGX_HTTP_PATCH, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    { ngx_string("/api/now/v2/table/*/*"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RECORDS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("records.update"),
      ngx_http_secops_tables_change, ngx_http_secops_tables_change_head },

    /* no api key deletes a record */

    { ngx_string("/api/now/table/*/*"),
      NGX_HTTP_DELETE, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("records.delete"), ngx_http_secops_tables_delete, NULL },

    { ngx_string("/api/now/v1/table/*/*"),
      NGX_HTTP_DELETE, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("records.delete"), ngx_http_secops_tables_delete, NULL },

    { ngx_string("/api/now/v2/table/*/*"),
      NGX_HTTP_DELETE, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_TABLE, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("records.delete"), ngx_http_secops_tables_delete, NULL },

    { ngx_string("/api/secops/v1/subjects"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_SOME, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("subjects.get"), ngx_http_secops_subjects_get, NULL },

    { ngx_string("/api/secops/v1/subjects/**"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_SOME, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RECORDS,
      0, ngx_string("subjects.get"), ngx_http_secops_subject_get, NULL },

    { ngx_string("/api/now/batch"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_KNOWN, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("tables.batch"),
      ngx_http_secops_batch, NULL },

    { ngx_string("/api/now/v1/batch"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_KNOWN, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("tables.batch"),
      ngx_http_secops_batch, NULL },

    { ngx_string("/api/now/v2/batch"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_TABLES,
      NGX_HTTP_SECOPS_KNOWN, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("tables.batch"),
      ngx_http_secops_batch, NULL },

    { ngx_string("/api/v1/health"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_HEALTH,
      NGX_HTTP_SECOPS_PUBLIC, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      0, ngx_string("health.get"), ngx_http_secops_health_v1, NULL },

    { ngx_string("/api/v2/health"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_HEALTH,
      NGX_HTTP_SECOPS_PUBLIC, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      0, ngx_string("health.get"), ngx_http_secops_health_v2, NULL },

    { ngx_string("/api/v2/resources"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_RESOURCES,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("resources.save"),
      ngx_http_secops_resources_save, ngx_http_secops_resources_save_head },

    { ngx_string("/api/v2/resources"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("resources.list"), ngx_http_secops_resources_list, NULL },

    { ngx_string("/api/v2/resources"),
      NGX_HTTP_DELETE, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_DELETE_RESOURCES,
      0, ngx_string("resources.delete"), ngx_http_secops_resources_delete,
      NULL },

    /* who sets resources up needs this, and may not need more than this */

    { ngx_string("/api/v2/resources/integration/parameters/schema"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_DISCOVERY,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("catalog.schema"), ngx_http_secops_catalog_schema, NULL },

    { ngx_string("/api/v2/resources/integration/metadata"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_DISCOVERY,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("catalog.types"), ngx_http_secops_catalog_types, NULL },

    { ngx_string("/api/v2/resources/job/metadata"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_DISCOVERY,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("catalog.categories"),
      ngx_http_secops_catalog_categories, NULL },

    { ngx_string("/api/v2/jobs/*/start"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_JOBS,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.start"), ngx_http_secops_jobs_start, NULL },

    { ngx_string("/api/v2/jobs/*/stop"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_JOBS,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.stop"), ngx_http_secops_jobs_stop, NULL },

    { ngx_string("/api/v2/jobs/*/train"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_JOBS,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.train"), ngx_http_secops_jobs_train, NULL },

    { ngx_string("/api/v1/events"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE, SECOPS_SCOPE_WRITE_EVENTS,
      NGX_HTTP_SECOPS_BATCH, ngx_string("events.create"),
      ngx_http_secops_events_create, NULL },

    { ngx_string("/api/v1/events/*"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE, SECOPS_SCOPE_WRITE_EVENTS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("events.create"),
      ngx_http_secops_events_put, NULL },

    { ngx_string("/api/v1/events/*/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_EVENT_EXPORT,
      0, ngx_string("events.get"), ngx_http_secops_events_get, NULL },

    { ngx_string("/api/v1/events/*/*/export"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_EVENT_EXPORT,
      0, ngx_string("events.export"), ngx_http_secops_events_export, NULL },

    { ngx_string("/api/v1/events/*/*/feedback"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_EVENT_FEEDBACK,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("events.feedback"),
      ngx_http_secops_events_feedback, NULL },

    { ngx_string("/api/v2/events/*/*/feedback"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_EVENT_FEEDBACK,
      0, ngx_string("events.feedback"), ngx_http_secops_events_feedback_v2,
      NULL },

    /* what goes by a name comes before what goes by an id */

    { ngx_string("/api/v1/jobs"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("jobs.list"), ngx_http_secops_jobs_list, NULL },

    { ngx_string("/api/v1/jobs/get_by_name"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RESOURCES,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("jobs.get"),
      ngx_http_secops_jobs_get_named, NULL },

    { ngx_string("/api/v1/jobs/get_by_name/labels"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RESOURCES,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("jobs.labels"),
      ngx_http_secops_jobs_labels_named, NULL },

    { ngx_string("/api/v1/jobs/*"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("jobs.get"), ngx_http_secops_jobs_get, NULL },

    { ngx_string("/api/v1/jobs/*/labels"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_READ, SECOPS_SCOPE_READ_RESOURCES,
      0, ngx_string("jobs.labels"), ngx_http_secops_jobs_labels, NULL },

    { ngx_string("/api/v1/jobs/*/start"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.start"), ngx_http_secops_jobs_start, NULL },

    { ngx_string("/api/v1/jobs/*/stop"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.stop"), ngx_http_secops_jobs_stop, NULL },

    { ngx_string("/api/v1/jobs/*/train"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_JOB, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS,
      0, ngx_string("jobs.train"), ngx_http_secops_jobs_train, NULL },

    { ngx_string("/api/secops/v1/events/*/*/decision"),
      NGX_HTTP_PUT, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_WRITE,
      SECOPS_SCOPE_WRITE_DECISIONS,
      NGX_HTTP_SECOPS_BODY_JSON, ngx_string("events.decide"),
      ngx_http_secops_events_decide, NULL },

    /* whoever sends events need not see those of others */

    { ngx_string("/api/secops/v1/events"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_EVENTS,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_READ,
      SECOPS_SCOPE_READ_EVENT_EXPORT,
      0, ngx_string("events.list"), ngx_http_secops_events_list, NULL },

    { ngx_string("/api/v2/token/scopes"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_KNOWN, SECOPS_PERMISSION_NONE, SECOPS_SCOPE_NONE,
      0, ngx_string("scopes.get"), ngx_http_secops_scopes_get, NULL },

    /* of all domains, so no api key may, which has a domain */

    { ngx_string("/api/secops/v1/secrets/rotate"),
      NGX_HTTP_POST, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("secrets.rotate"), ngx_http_secops_secrets_rotate, NULL },

    { ngx_string("/api/secops/v1/secrets/rotate"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_RESOURCES,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("secrets.get"), ngx_http_secops_secrets_get, NULL },

    { ngx_string("/api/secops/v1/audit"),
      NGX_HTTP_SECOPS_GET, NGX_HTTP_SECOPS_AUDIT,
      NGX_HTTP_SECOPS_GRANTED, SECOPS_PERMISSION_ADMIN, SECOPS_SCOPE_NONE,
      0, ngx_string("audit.get"), ngx_http_secops_audit_get, NULL },

    { ngx_null_string, 0, 0, 0, 0, 0, 0, ngx_null_string, NULL, NULL }
};


/* operations that read several domains together; all others are about one */

static const ngx_http_secops_operation_pt  ngx_http_secops_routes_several[] = {
    ngx_http_secops_tables_list,
    ngx_http_secops_subjects_get,
    ngx_http_secops_subject_get,
    NULL
};


typedef struct {
    ngx_uint_t  method;
    ngx_str_t   name;
} ngx_http_secops_method_t;


static const ngx_http_secops_method_t  ngx_http_secops_methods[] = {
    { NGX_HTTP_GET, ngx_string("GET") },
    { NGX_HTTP_HEAD, ngx_string("HEAD") },
    { NGX_HTTP_POST, ngx_string("POST") },
    { NGX_HTTP_PUT, ngx_string("PUT") },
    { NGX_HTTP_PATCH, ngx_string("PATCH") },
    { NGX_HTTP_DELETE, ngx_string("DELETE") },
    { 0, ngx_null_string }
};


ngx_int_t
ngx_http_secops_route(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t groups)
{
    ngx_uint_t                      methods;
    const ngx_http_secops_route_t  *route;

    methods = 0;

    for (route = ngx_http_secops_routes; route->handler; route++) {

        if (!(route->group & groups)
            || !ngx_http_secops_route_match(&r->uri, &route->path,
                                            ctx->params))
        {
            continue;
        }

        if (route->methods & r->method) {
            ctx->route = route;
            ctx->several = ngx_http_secops_route_several(route);
            return NGX_OK;
        }

        methods |= route->methods;
    }

    return methods ? ngx_http_secops_route_allow(r, ctx, methods) : NGX_OK;
}


static ngx_uint_t
ngx_http_secops_route_several(const ngx_http_secops_route_t *route)
{
    const ngx_http_secops_operation_pt  *operation;

    for (operation = ngx_http_secops_routes_several; *operation; operation++) {
        if (*operation == route->handler) {
            return 1;
        }
    }

    return 0;
}


/* segment by segment; a slash at the end of the URI makes no difference, unless
   it belongs to what "**" stands for */

static ngx_uint_t
ngx_http_secops_route_match(ngx_str_t *uri, const ngx_str_t *path,
    ngx_str_t *params)
{
    size_t       len;
    u_char      *p, *last, *part, *end, *star;
    ngx_uint_t   n;

    p = uri->data;
    last = p + uri->len;
    n = 0;

    if (last - p > 1 && last[-1] == '/') {
        last--;
    }

    part = path->data;
    end = part + path->len;

    for ( ;; ) {

        star = memchr(part, '*', end - part);
        len = (star ? star : end) - part;

        if ((size_t) (last - p) < len || ngx_memcmp(p, part, len) != 0) {
            return 0;
        }

        p += len;

        if (star == NULL) {
            return p == last;
        }

        params[n].data = p;

        if (star + 1 < end && star[1] == '*') {
            params[n].len = uri->data + uri->len - p;
            return params[n].len > 0;
        }

        while (p < last && *p != '/') {
            p++;
        }

        params[n].len = p - params[n].data;

        if (params[n++].len == 0) {
            return 0;
        }

        part = star + 1;
    }
}


static ngx_int_t
ngx_http_secops_route_allow(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t methods)
{
    size_t                           len;
    u_char                          *p;
    const ngx_http_secops_method_t  *method;

    len = 0;

    for (method = ngx_http_secops_methods; method->method; method++) {
        if (method->method & methods) {
            len += method->name.len + 2;
        }
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->allow.data = p;
    ctx->allow.len = len - 2;

    for (method = ngx_http_secops_methods; method->method; method++) {
        if (method->method & methods) {
            p = ngx_cpymem(p, method->name.data, method->name.len);
            *p++ = ',';
            *p++ = ' ';
        }
    }

    return NGX_OK;
}

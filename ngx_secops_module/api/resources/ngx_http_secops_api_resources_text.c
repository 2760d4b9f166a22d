
/* Texts of the Resources API: copies in the request's pool, JSON, and what the
   operator is told of a stored document. */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/json/secops_json_dump.h"
#include "util/ngx_secops_string.h"


void
ngx_http_secops_resources_unreadable(ngx_http_secops_resources_t *op,
    ngx_secops_store_found_t *found)
{
    ngx_http_secops_resources_cannot_read(op,
                                       op->find.lookups[found->lookup].type,
                                       &found->id);
}


void
ngx_http_secops_resources_cannot_read(ngx_http_secops_resources_t *op,
    secops_resource_type_e type, ngx_str_t *id)
{
    ngx_str_t  text;

    text = ngx_secops_str(secops_resource_type_name(type));

    ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                  "secops: the stored %V \"%V\" can not be read",
                  &text, id);
}


void
ngx_http_secops_resources_sealed(ngx_http_secops_resources_t *op)
{
    ngx_str_t                 type, id, pointer, key;
    secops_resource_sealed_t  sealed;

    secops_resource_plan_sealed(op->plan, &sealed);

    type = ngx_secops_str(secops_resource_type_name(sealed.type));
    id = ngx_secops_str(sealed.id);
    pointer = ngx_secops_str(sealed.pointer);
    key = ngx_secops_str(sealed.key_id);

    ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                  "secops: the secret \"%V\" of the %V \"%V\" in the domain "
                  "\"%V\" can not be opened: key \"%V\": %s", &pointer, &type,
                  &id, &op->ctx->identity.domain, &key,
                  secops_secret_reason(sealed.rc));
}


ngx_int_t
ngx_http_secops_resources_copy(ngx_http_secops_resources_t *op, ngx_str_t *dst,
    const void *data, size_t len)
{
    dst->len = 0;
    dst->data = ngx_pnalloc(op->request->pool, len + 1);

    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    dst->len = len;

    if (len) {
        ngx_memcpy(dst->data, data, len);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_resources_dump(ngx_http_secops_resources_t *op, ngx_str_t *dst,
    json_t *json)
{
    ngx_int_t      rc;
    secops_text_t  text;

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_json_dump(&text, json);

    json_decref(json);

    rc = text.failed ? NGX_ERROR
                     : ngx_http_secops_resources_copy(op, dst, text.data,
                                                      text.len);
    secops_text_free(&text);

    return rc;
}

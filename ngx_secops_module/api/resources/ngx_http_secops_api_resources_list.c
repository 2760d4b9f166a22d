
/* GET /api/v2/resources: what there is in the caller's domain, by type and
   title. */

#include "api/resources/ngx_http_secops_api_list.h"
#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_resources_list_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_listed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_list_write(
    ngx_http_secops_list_t *list, ngx_secops_store_found_t *found,
    ngx_str_t *title);
static ngx_int_t ngx_http_secops_resources_list_unreadable(
    ngx_http_secops_list_t *list, ngx_secops_store_found_t *found);
static json_t *ngx_http_secops_resources_list_describe(
    ngx_http_secops_list_t *list, ngx_secops_store_found_t *found);
static const char *ngx_http_secops_resources_list_title(json_t *resource);
static ngx_int_t ngx_http_secops_resources_list_reply(
    ngx_http_secops_list_t *list);


ngx_int_t
ngx_http_secops_resources_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_list_t       *list;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    list = ngx_http_secops_list_create(op, ngx_http_secops_resources_list_write,
                                       ngx_http_secops_resources_list_reply);
    if (list == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->whole = (op->query.title.len == 0 && op->query.id.len == 0);

    op->prepare = ngx_http_secops_resources_list_prepare;
    op->decide = ngx_http_secops_resources_listed;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_resources_list_prepare(ngx_http_secops_resources_t *op)
{
    return ngx_http_secops_resources_lookups(op);
}


/* nothing found is an empty list, and no error */

static ngx_int_t
ngx_http_secops_resources_listed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_list_take(op->list, result);
}


/* one that can not be read is told to the operator: the others are of use */

static ngx_int_t
ngx_http_secops_resources_list_write(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found, ngx_str_t *title)
{
    json_t      *resource;
    ngx_int_t    rc;
    const char  *name;

    resource = ngx_http_secops_resources_list_describe(list, found);

    if (resource == NULL) {
        return ngx_http_secops_resources_list_unreadable(list, found);
    }

    secops_json_dump(&list->text, resource);

    name = ngx_http_secops_resources_list_title(resource);

    rc = ngx_http_secops_resources_copy(list->op, title, name,
                                        ngx_strlen(name));
    json_decref(resource);

    return rc;
}


/* NGX_ERROR: there was no memory to read it with.  A list that is shorter for
   that would be taken for the whole one */

static ngx_int_t
ngx_http_secops_resources_list_unreadable(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    json_t                  *document;
    ngx_uint_t               readable;
    const char              *reason;
    secops_apikey_t          key;
    secops_resource_type_e   type;

    type = list->op->find.lookups[found->lookup].type;

    document = secops_json_tree_of(ngx_secops_slice(&found->document), &reason);

    if (document == NULL) {
        readable = (reason == NULL);

    } else if (type == SECOPS_RESOURCE_API_KEY) {
        readable = (secops_apikey_read(&key, document) == 0);

    } else {
        readable = (secops_resource_stored_title(type, document).len != 0);
    }

    json_decref(document);

    if (readable) {
        return NGX_ERROR;
    }

    ngx_http_secops_resources_unreadable(list->op, found);

    return NGX_DECLINED;
}


/* of a job everything only if it was asked for */

static json_t *
ngx_http_secops_resources_list_describe(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found)
{
    u_char                        now[SECOPS_TIME_LEN];
    json_t                       *document, *resource;
    const char                   *reason;
    secops_slice_t                id, text;
    secops_resource_type_e        type;
    ngx_http_secops_resources_t  *op;
    ngx_http_secops_main_conf_t  *mcf;

    op = list->op;
    type = op->find.lookups[found->lookup].type;

    id = ngx_secops_slice(&found->id);
    text = ngx_secops_slice(&found->document);

    if (type != SECOPS_RESOURCE_API_KEY) {
        mcf = ngx_http_get_module_main_conf(op->request,
                                            ngx_http_secops_module);

        return secops_resource_render(&mcf->resources, type, id, text,
                                      op->query.title.len || op->query.id.len);
    }

    document = secops_json_tree_of(text, &reason);

    secops_time_format(now, ngx_time());

    resource = secops_apikey_describe(id, document,
                                      ngx_secops_slice(&found->last_used),
                                      secops_slice_bytes(now,
                                                         SECOPS_TIME_LEN));
    json_decref(document);

    return resource;
}


/* a job is {"title": …} */

static const char *
ngx_http_secops_resources_list_title(json_t *resource)
{
    const char  *title;

    title = json_string_value(json_object_get(resource, "title"));

    if (title == NULL) {
        title = json_object_iter_key(json_object_iter(resource));
    }

    return title ? title : "";
}


static ngx_int_t
ngx_http_secops_resources_list_reply(ngx_http_secops_list_t *list)
{
    u_char                    *p;
    ngx_str_t                 *body;
    ngx_uint_t                 i;
    ngx_pool_t                *pool;
    ngx_http_secops_listed_t  *listed;

    pool = list->op->request->pool;

    body = ngx_palloc(pool, sizeof(ngx_str_t));
    p = ngx_pnalloc(pool, list->text.len + list->n + sizeof("[]"));

    if (body == NULL || p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->data = p;

    *p++ = '[';

    for (i = 0; i < list->n; i++) {
        listed = &list->listed[i];

        if (listed->len == 0) {
            continue;
        }

        if (p != body->data + 1) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, list->text.data + listed->offset, listed->len);
    }

    *p++ = ']';

    body->len = p - body->data;

    secops_text_free(&list->text);

    return ngx_http_secops_reply(list->op->request, NGX_HTTP_OK, body);
}

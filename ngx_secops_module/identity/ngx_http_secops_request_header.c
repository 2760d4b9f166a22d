
/* Request headers that a directive names; see the header. */

#include "identity/ngx_http_secops_request_header.h"


static ngx_int_t ngx_http_secops_init_header(ngx_conf_t *cf,
    ngx_http_secops_header_t *header, ngx_str_t *name);


char *
ngx_http_secops_set_header_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t                 *value;
    ngx_http_secops_header_t  *header;

    header = (ngx_http_secops_header_t *) (p + cmd->offset);

    if (header->name.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs the name of a header";
    }

    if (ngx_http_secops_init_header(cf, header, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_init_header(ngx_conf_t *cf, ngx_http_secops_header_t *header,
    ngx_str_t *name)
{
    header->name.len = name->len;
    header->name.data = ngx_pnalloc(cf->pool, name->len);

    if (header->name.data == NULL) {
        return NGX_ERROR;
    }

    header->hash = ngx_hash_strlow(header->name.data, name->data, name->len);

    return NGX_OK;
}


char *
ngx_http_secops_merge_header(ngx_conf_t *cf, ngx_http_secops_header_t *prev,
    ngx_http_secops_header_t *conf, char *name)
{
    ngx_str_t  value;

    if (conf->name.data) {
        return NGX_CONF_OK;
    }

    if (prev->name.data) {
        *conf = *prev;
        return NGX_CONF_OK;
    }

    value.data = (u_char *) name;
    value.len = ngx_strlen(name);

    if (ngx_http_secops_init_header(cf, conf, &value) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* where there are several, somebody between the client and here forgot to
   remove the client's own */

ngx_int_t
ngx_http_secops_header_value(ngx_http_request_t *r,
    ngx_http_secops_header_t *header, ngx_str_t *value)
{
    ngx_uint_t        i, found;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    found = 0;
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash != header->hash
            || h[i].key.len != header->name.len
            || ngx_memcmp(h[i].lowcase_key, header->name.data,
                          header->name.len)
               != 0)
        {
            continue;
        }

        if (found++) {
            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                          "secops: more than one header \"%V\", ignored",
                          &header->name);
            ngx_str_null(value);
            return NGX_ABORT;
        }

        *value = h[i].value;
    }

    return found ? NGX_OK : NGX_DECLINED;
}

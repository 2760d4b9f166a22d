
/*
 * Record API: batches, as an array or as lines.  A record that is wrong is
 * answered in its place and stops no other, unless the batch is atomic.
 */

#include "api/ngx_http_secops_api.h"
#include "api/records/ngx_http_secops_api_records.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_records_expect_batch(
    ngx_http_secops_records_t *records, ngx_uint_t n, size_t size,
    const char *where);
static ngx_uint_t ngx_http_secops_records_count_lines(secops_slice_t text);
static ngx_int_t ngx_http_secops_records_add_line(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_slice_t line,
    ngx_uint_t number);
static ngx_int_t ngx_http_secops_records_add_element(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, u_char *where);
static ngx_int_t ngx_http_secops_records_refuse_text(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, u_char *where,
    ngx_str_t *reason);


ngx_int_t
ngx_http_secops_records_array(ngx_http_secops_records_t *records,
    const secops_json_t *json, const secops_record_body_t *body)
{
    u_char                       where[sizeof("/data/") + NGX_INT_T_LEN];
    uint32_t                     i;
    ngx_int_t                    rc;
    ngx_uint_t                   n;
    const secops_json_token_t   *array;

    array = &json->tokens[body->fields];

    rc = ngx_http_secops_records_expect_batch(records, array->size, array->len,
                                              "/data");
    if (rc != NGX_DECLINED) {
        return rc;
    }

    for (i = body->fields + 1, n = 0;
         i < array->next;
         i = json->tokens[i].next, n++)
    {
        *ngx_sprintf(where, "/data/%ui", n) = '\0';

        rc = ngx_http_secops_records_add_element(records,
                                                 &records->entries[n], json, i,
                                                 body, where);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_records_add_element(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, u_char *where)
{
    ngx_int_t  rc;
    ngx_str_t  reason;

    if (records->unsound) {
        rc = ngx_http_secops_check_element(records->request, json, i, &reason);

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (rc != NGX_OK) {
            return ngx_http_secops_records_refuse_text(records, entry, where,
                                                       &reason);
        }
    }

    return ngx_http_secops_records_add(records, entry, json, i, body, where);
}


/* size: of the batch in the body, in bytes */

static ngx_int_t
ngx_http_secops_records_expect_batch(ngx_http_secops_records_t *records,
    ngx_uint_t n, size_t size, const char *where)
{
    u_char                       detail[128];
    ngx_str_t                    text;
    ngx_http_request_t          *r;
    ngx_http_secops_loc_conf_t  *slcf;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  apart = ngx_string("atomic: the records of this table "
                                         "are stored one by one, as it has an "
                                         "x-coalesce");

    r = records->request;
    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    records->batch = 1;
    records->atomic = records->options.atomic;
    records->size = size;

    text.data = detail;

    if (n == 0) {
        text.len = ngx_sprintf(detail, "%s: has no record", where) - detail;

        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_NO_FIELDS,
                                    &none, &text);
    }

    if (n > (ngx_uint_t) slcf->max_batch) {
        text.len = ngx_sprintf(detail, "%s: has more than %i records", where,
                               slcf->max_batch)
                   - detail;

        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &text);
    }

    if (records->atomic && records->table->ncoalesce) {
        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &apart);
    }

    return ngx_http_secops_records_expect(records, n);
}


ngx_int_t
ngx_http_secops_records_lines(ngx_http_secops_records_t *records)
{
    ngx_int_t         rc;
    ngx_str_t         body, detail;
    ngx_uint_t        n, number;
    secops_slice_t    rest, line;

    static ngx_str_t  none = ngx_null_string;

    rc = ngx_http_secops_read_text(records->request, &body, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_secops_fail(records->request, records->ctx,
                                    SECOPS_ERROR_BODY, &none, &detail);
    }

    rest = ngx_secops_slice(&body);

    n = ngx_http_secops_records_count_lines(rest);

    rc = ngx_http_secops_records_expect_batch(records, n, body.len,
                                              "the body");
    if (rc != NGX_DECLINED) {
        return rc;
    }

    n = 0;

    for (number = 1; secops_text_line_next(&rest, &line); number++) {

        if (secops_text_is_blank(line)) {
            continue;
        }

        rc = ngx_http_secops_records_add_line(records, &records->entries[n++],
                                              line, number);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_secops_records_count_lines(secops_slice_t text)
{
    ngx_uint_t      n;
    secops_slice_t  line;

    n = 0;

    while (secops_text_line_next(&text, &line)) {
        n += !secops_text_is_blank(line);
    }

    return n;
}


/* a line is a document: its record's fields and nothing else, so that no member
   is taken for a parameter */

static ngx_int_t
ngx_http_secops_records_add_line(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_slice_t line,
    ngx_uint_t number)
{
    u_char                where[sizeof("line ") + NGX_INT_T_LEN];
    ngx_int_t             rc;
    ngx_str_t             text, reason;
    secops_json_t         json;
    secops_record_body_t  body;

    text = ngx_secops_str(line);

    *ngx_sprintf(where, "line %ui", number) = '\0';

    rc = ngx_http_secops_parse_json(records->request, &text, &json, &reason);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_secops_records_refuse_text(records, entry, where,
                                                   &reason);
    }

    ngx_memzero(&body, sizeof(secops_record_body_t));
    body.bytes = (u_char *) line.data;

    rc = ngx_http_secops_records_add(records, entry, &json, 0, &body, where);

    ngx_http_secops_free_json(records->request, &json);

    return rc;
}


static ngx_int_t
ngx_http_secops_records_refuse_text(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, u_char *where, ngx_str_t *reason)
{
    size_t   size;
    u_char  *p;

    size = ngx_strlen(where) + 2 + reason->len;

    p = ngx_pnalloc(records->request->pool, size);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    entry->detail.data = p;
    entry->detail.len = ngx_sprintf(p, "%s: %V", where, reason) - p;

    ngx_http_secops_records_refuse(records, entry, SECOPS_ERROR_BODY);

    return NGX_DECLINED;
}

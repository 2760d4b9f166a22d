
/* Events: several of them, as an array or as lines.  One that is wrong is
   answered in its place and stops no other. */

#include "api/events/ngx_http_secops_api_events.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_events_expect_batch(
    ngx_http_secops_events_t *events, ngx_uint_t n);
static ngx_uint_t ngx_http_secops_events_count_lines(secops_slice_t text);
static ngx_int_t ngx_http_secops_events_next_line(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry);
static ngx_int_t ngx_http_secops_events_unreadable(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry,
    const char *where, const ngx_str_t *detail);


ngx_int_t
ngx_http_secops_events_expect(ngx_http_secops_events_t *events, ngx_uint_t n)
{
    events->entries = ngx_pcalloc(events->request->pool,
                                  n * sizeof(ngx_http_secops_events_entry_t));
    if (events->entries == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    events->nentries = n;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_secops_events_array(ngx_http_secops_events_t *events)
{
    events->token = 1;

    return ngx_http_secops_events_expect_batch(events,
                                               events->json.tokens[0].size);
}


ngx_int_t
ngx_http_secops_events_lines(ngx_http_secops_events_t *events)
{
    ngx_int_t         rc;
    ngx_str_t         body, detail;

    static ngx_str_t  none = ngx_null_string;

    rc = ngx_http_secops_read_text(events->request, &body, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_secops_fail(events->request, events->ctx,
                                    SECOPS_ERROR_BODY, &none, &detail);
    }

    events->lines = 1;
    events->rest = ngx_secops_slice(&body);
    events->number = 1;
    events->size = body.len;

    return ngx_http_secops_events_expect_batch(events,
                       ngx_http_secops_events_count_lines(events->rest));
}


static ngx_int_t
ngx_http_secops_events_expect_batch(ngx_http_secops_events_t *events,
    ngx_uint_t n)
{
    u_char                       text[sizeof("the body has more than  events")
                                      + NGX_INT_T_LEN];
    ngx_str_t                    detail;
    ngx_http_secops_loc_conf_t  *slcf;

    static ngx_str_t  none = ngx_null_string;

    slcf = ngx_http_get_module_loc_conf(events->request,
                                        ngx_http_secops_module);

    events->batch = 1;

    if (n > 0 && n <= (ngx_uint_t) slcf->max_batch) {
        return ngx_http_secops_events_expect(events, n);
    }

    detail.data = text;

    if (n == 0) {
        detail.len = ngx_sprintf(text, "the body has no event") - text;

    } else {
        detail.len = ngx_sprintf(text, "the body has more than %i events",
                                 slcf->max_batch)
                     - text;
    }

    return ngx_http_secops_fail(events->request, events->ctx,
                                SECOPS_ERROR_BODY, &none, &detail);
}


static ngx_uint_t
ngx_http_secops_events_count_lines(secops_slice_t text)
{
    ngx_uint_t      n;
    secops_slice_t  line;

    n = 0;

    while (secops_text_line_next(&text, &line)) {
        n += !secops_text_is_blank(line);
    }

    return n;
}


ngx_int_t
ngx_http_secops_events_next(ngx_http_secops_events_t *events)
{
    u_char                           where[sizeof("/") + NGX_INT_T_LEN];
    ngx_int_t                        rc;
    ngx_http_secops_events_entry_t  *entry;

    entry = &events->entries[events->next];

    if (events->lines) {
        return ngx_http_secops_events_next_line(events, entry);
    }

    *ngx_sprintf(where, "/%ui", events->next) = '\0';

    rc = ngx_http_secops_events_add(events, entry, &events->json,
                                    events->token, (char *) where);

    if (rc == NGX_DECLINED) {
        events->token = events->json.tokens[events->token].next;
    }

    return rc;
}


/* a line whose job has to be asked for is read once more after that */

static ngx_int_t
ngx_http_secops_events_next_line(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry)
{
    u_char          where[sizeof("line , ") + NGX_INT_T_LEN];
    ngx_int_t       rc;
    ngx_str_t       text, detail;
    secops_json_t   json;
    secops_slice_t  rest, line;

    rest = events->rest;

    while (secops_text_line_next(&rest, &line)
           && secops_text_is_blank(line))
    {
        events->rest = rest;
        events->number++;
    }

    text = ngx_secops_str(line);

    *ngx_sprintf(where, "line %ui", events->number) = '\0';

    rc = ngx_http_secops_parse_json(events->request, &text, &json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_secops_events_add(events, entry, &json, 0,
                                        (char *) where);

        ngx_http_secops_free_json(events->request, &json);

    } else {
        rc = ngx_http_secops_events_unreadable(events, entry, (char *) where,
                                               &detail);
    }

    if (rc == NGX_DECLINED) {
        events->rest = rest;
        events->number++;
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_events_unreadable(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const char *where,
    const ngx_str_t *detail)
{
    u_char  *p;
    size_t   len;

    len = ngx_strlen(where) + sizeof(": ") - 1 + detail->len;

    p = ngx_pnalloc(events->request->pool, len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    entry->detail.data = p;
    entry->detail.len = ngx_sprintf(p, "%s: %V", where, detail) - p;
    entry->error = SECOPS_ERROR_BODY;

    return NGX_DECLINED;
}

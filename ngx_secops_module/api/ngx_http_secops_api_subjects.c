
/*
 * What is known about one subject: of all tables, or of one, the newest result
 * of each engine.  One call of the store, as a subject's records share a shard;
 * of several domains one after the other, each looked through before the next
 * one is asked.
 */

#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_access.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_tables.h"
#include "model/subject/secops_subject.h"
#include "model/subject/secops_subject_query.h"
#include "store/list/ngx_secops_store_subject.h"
#include "util/ngx_secops_string.h"
#include "util/secops_utf8.h"


/* in the request's pool; the call is cancelled before that goes */

typedef struct {
    ngx_http_request_t              *request;
    ngx_http_secops_ctx_t           *ctx;
    secops_subject_query_t           query;
    ngx_str_t                        value;     /* what is asked about */
    time_t                           since;     /* records are that young; 0:
                                                   of any age */
    const secops_table_t           **tables;    /* of each list */
    ngx_secops_store_about_list_t   *lists;
    ngx_uint_t                       nlists;
    u_char                           digest[SECOPS_KEYS_DIGEST_LEN];
    secops_keyspace_t               *spaces;    /* of each domain */
    ngx_uint_t                       nspaces;
    ngx_uint_t                       space;     /* index: which is asked */
    ngx_http_secops_call_t           link;
    ngx_secops_store_about_t         about;
    secops_subject_t                 subject;   /* freed with this */
} ngx_http_secops_subjects_t;


/* what is read of several domains, in times of what is read of one */

#define NGX_HTTP_SECOPS_SUBJECTS_MORE  4


static ngx_int_t ngx_http_secops_subjects_path(ngx_http_request_t *r,
    const ngx_str_t *rest, ngx_str_t *value);
static ngx_int_t ngx_http_secops_subjects_ask(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *value);
static ngx_int_t ngx_http_secops_subjects_query(
    ngx_http_secops_subjects_t *subjects, ngx_str_t *value);
static char *ngx_http_secops_subjects_value(
    ngx_http_secops_subjects_t *subjects, ngx_str_t *value);
static ngx_uint_t ngx_http_secops_subjects_is_text(ngx_str_t *value);
static char *ngx_http_secops_subjects_since(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_tables(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_table(
    ngx_http_secops_subjects_t *subjects, ngx_http_secops_main_conf_t *mcf);
static void ngx_http_secops_subjects_add(ngx_http_secops_subjects_t *subjects,
    const secops_table_t *table);
static ngx_int_t ngx_http_secops_subjects_answered(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_subjects_cleanup(void *data);
static ngx_int_t ngx_http_secops_subjects_begin(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_read(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_gather(
    ngx_http_secops_subjects_t *subjects, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_subjects_keep(
    ngx_http_secops_subjects_t *subjects, ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_subjects_send(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_none(
    ngx_http_secops_subjects_t *subjects);
static ngx_int_t ngx_http_secops_subjects_refuse(
    ngx_http_secops_subjects_t *subjects, const char *fault);


/* nginx has left nothing of a subject that is made of slashes and dots */

ngx_int_t
ngx_http_secops_subjects_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_str_t  rest, value;

    rest.len = 0;
    rest.data = r->uri.data + r->uri.len;

    if (ngx_http_secops_subjects_path(r, &rest, &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_subjects_ask(r, ctx, value.len ? &value : NULL);
}


ngx_int_t
ngx_http_secops_subject_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_str_t  value;

    if (ngx_http_secops_subjects_path(r, &ctx->params[0], &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_subjects_ask(r, ctx, &value);
}


/*
 * nginx takes "//" for "/" and resolves "/../" in a path before it looks for a
 * location, be they encoded or not: of a URL that stands in a path, little is
 * left.  So the subject is taken from the request line, and decoded once, if
 * the path begins there as it does in the route; otherwise, as after a rewrite,
 * rest is all that there is: what has matched.  NGX_ERROR: no memory.
 */

static ngx_int_t
ngx_http_secops_subjects_path(ngx_http_request_t *r, const ngx_str_t *rest,
    ngx_str_t *value)
{
    size_t   prefix;
    u_char  *src, *dst, *last;

    *value = *rest;

    prefix = rest->data - r->uri.data;

    if (!r->valid_unparsed_uri
        || r->unparsed_uri.len < prefix
        || ngx_memcmp(r->unparsed_uri.data, r->uri.data, prefix) != 0)
    {
        return NGX_OK;
    }

    src = r->unparsed_uri.data + prefix;
    last = r->unparsed_uri.data + r->unparsed_uri.len;

    dst = ngx_pnalloc(r->pool, last - src + 1);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;

    for (value->len = 0; src + value->len < last; value->len++) {
        if (src[value->len] == '?' || src[value->len] == '#') {
            break;
        }
    }

    ngx_unescape_uri(&dst, &src, value->len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


/* value is NULL if the path has none */

static ngx_int_t
ngx_http_secops_subjects_ask(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t                    rc;
    ngx_pool_cleanup_t          *cln;
    ngx_http_secops_subjects_t  *subjects;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_subjects_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    subjects = cln->data;
    ngx_memzero(subjects, sizeof(ngx_http_secops_subjects_t));

    cln->handler = ngx_http_secops_subjects_cleanup;

    subjects->request = r;
    subjects->ctx = ctx;

    rc = ngx_http_secops_subjects_query(subjects, value);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_subjects_tables(subjects);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_secops_subjects_begin(subjects) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_calls_wait(ctx,
                                      ngx_http_secops_subjects_read(subjects));
}


static void
ngx_http_secops_subjects_cleanup(void *data)
{
    ngx_http_secops_subjects_t *subjects = data;

    secops_subject_free(&subjects->subject);
}


static ngx_int_t
ngx_http_secops_subjects_begin(ngx_http_secops_subjects_t *subjects)
{
    u_char                     since[SECOPS_TIME_LEN];
    ngx_uint_t                 n;
    secops_subject_list_t     *lists;
    ngx_secops_store_about_t  *about;

    subjects->spaces = ngx_http_secops_keyspaces(subjects->ctx,
                                                 &subjects->nspaces);
    n = subjects->nspaces;

    lists = ngx_palloc(subjects->request->pool,
                       n * subjects->nlists * sizeof(secops_subject_list_t));

    if (subjects->spaces == NULL || lists == NULL) {
        return NGX_ERROR;
    }

    secops_time_format(since, subjects->since);
    secops_subject_begin(&subjects->subject, lists,
                         subjects->since ? since : NULL);

    secops_keys_digest(ngx_secops_slice(&subjects->value), subjects->digest);

    about = &subjects->about;
    about->digest = subjects->digest;
    about->lists = subjects->lists;
    about->nlists = subjects->nlists;
    about->most = NGX_SECOPS_STORE_ABOUT_ALL;
    about->bytes = NGX_SECOPS_STORE_ABOUT_BYTES;

    if (n > NGX_HTTP_SECOPS_SUBJECTS_MORE) {
        about->most = about->most * NGX_HTTP_SECOPS_SUBJECTS_MORE / n;
        about->bytes = about->bytes * NGX_HTTP_SECOPS_SUBJECTS_MORE / n;
    }

    ngx_http_secops_calls_add(subjects->ctx, &subjects->link,
                              &about->eval.call,
                              ngx_http_secops_subjects_answered, subjects);

    return NGX_OK;
}


/* of the next domain; returns as the store does */

static ngx_int_t
ngx_http_secops_subjects_read(ngx_http_secops_subjects_t *subjects)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = subjects->ctx;

    rc = ngx_secops_store_read_about(ngx_http_secops_store(ctx),
                                     &subjects->about,
                                     &subjects->spaces[subjects->space]);

    return ngx_http_secops_calls_sent(ctx, rc);
}


/* NGX_DECLINED: nothing was answered yet; else to be returned like any reply */

static ngx_int_t
ngx_http_secops_subjects_query(ngx_http_secops_subjects_t *subjects,
    ngx_str_t *value)
{
    u_char              *buffer;
    const char          *fault;
    ngx_http_request_t  *r;

    r = subjects->request;

    buffer = ngx_pnalloc(r->pool, r->args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fault = secops_subject_read_query(&subjects->query,
                                      ngx_secops_slice(&r->args), buffer);

    if (fault == NULL) {
        fault = ngx_http_secops_subjects_value(subjects, value);
    }

    if (fault == NULL) {
        fault = ngx_http_secops_subjects_since(subjects);
    }

    return fault ? ngx_http_secops_subjects_refuse(subjects, fault)
                 : NGX_DECLINED;
}


/* of the path or of the query; NULL, or what is wrong */

static char *
ngx_http_secops_subjects_value(ngx_http_secops_subjects_t *subjects,
    ngx_str_t *value)
{
    if (value && subjects->query.has_value) {
        return "the subject is given twice: in the path, and as the query "
               "parameter value";
    }

    if (value) {
        subjects->value = *value;

    } else {
        subjects->value = ngx_secops_str(subjects->query.value);
    }

    if (subjects->value.len == 0) {
        return "the subject is missing: it is the rest of the path, or the "
               "query parameter value";
    }

    return ngx_http_secops_subjects_is_text(&subjects->value)
           ? NULL : "the subject must be UTF-8, once it is decoded";
}


static ngx_uint_t
ngx_http_secops_subjects_is_text(ngx_str_t *value)
{
    const u_char  *p, *last;

    p = value->data;
    last = p + value->len;

    while (p && p < last) {
        p = (*p < 0x80) ? p + 1 : secops_utf8_next(p, last);
    }

    return p != NULL;
}


/* NULL, or what is wrong */

static char *
ngx_http_secops_subjects_since(ngx_http_secops_subjects_t *subjects)
{
    time_t     now;
    ngx_int_t  age;
    ngx_str_t  text;

    if (!subjects->query.has_max_age) {
        return NULL;
    }

    text = ngx_secops_str(subjects->query.max_age);

    age = ngx_parse_time(&text, 1);

    if (age == NGX_ERROR || age == 0) {
        return "query parameter max_age: must be a time, such as 30s, 15m, 1h "
               "or 7d";
    }

    now = ngx_time();

    subjects->since = (age < now) ? now - age : 1;

    return NULL;
}


/* those that may have records about the subject; NGX_DECLINED as above */

static ngx_int_t
ngx_http_secops_subjects_tables(ngx_http_secops_subjects_t *subjects)
{
    ngx_uint_t                    i;
    secops_table_t               *table;
    ngx_http_request_t           *r;
    ngx_http_secops_main_conf_t  *mcf;

    r = subjects->request;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    subjects->tables = ngx_palloc(r->pool, mcf->tables.nelts
                                           * sizeof(secops_table_t *));
    subjects->lists = ngx_pcalloc(r->pool,
                                  mcf->tables.nelts
                                  * sizeof(ngx_secops_store_about_list_t));

    if (subjects->tables == NULL || subjects->lists == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (subjects->query.has_table) {
        return ngx_http_secops_subjects_table(subjects, mcf);
    }

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {
        if (ngx_http_secops_granted_table(subjects->ctx, table[i].name)) {
            ngx_http_secops_subjects_add(subjects, &table[i]);
        }
    }

    return subjects->nlists ? NGX_DECLINED
                            : ngx_http_secops_subjects_none(subjects);
}


/* the one that is asked for; NGX_DECLINED as above */

static ngx_int_t
ngx_http_secops_subjects_table(ngx_http_secops_subjects_t *subjects,
    ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t        name;
    secops_slice_t   of;
    secops_table_t  *table;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("The caller does not have the scope "
                                          "for this table");

    name = ngx_secops_str(subjects->query.table);
    table = ngx_http_secops_table_by_name(mcf, &name);

    of = table ? table->name : ngx_secops_slice(&none);

    if (!ngx_http_secops_granted_table(subjects->ctx, of)) {
        return ngx_http_secops_fail(subjects->request, subjects->ctx,
                                    SECOPS_ERROR_ACCESS, &none, &detail);
    }

    if (table == NULL) {
        return ngx_http_secops_no_table(subjects->request, subjects->ctx,
                                        &name);
    }

    ngx_http_secops_subjects_add(subjects, table);

    return subjects->nlists
           ? NGX_DECLINED
           : ngx_http_secops_subjects_refuse(subjects, "query parameter table:"
                                             " its records are about nothing,"
                                             " as it has no x-subject");
}


static void
ngx_http_secops_subjects_add(ngx_http_secops_subjects_t *subjects,
    const secops_table_t *table)
{
    ngx_secops_store_about_list_t  *list;

    if (table->subject.len == 0) {
        return;
    }

    subjects->tables[subjects->nlists] = table;

    list = &subjects->lists[subjects->nlists++];

    list->table = table->name;

    /* where records change, the id does not tell how old they are */

    if (table->ncoalesce == 0) {
        list->since = (uint64_t) subjects->since * 1000;
    }
}


static ngx_int_t
ngx_http_secops_subjects_answered(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_subjects_t *subjects = data;

    ngx_int_t       rc;
    secops_error_e  error;

    if (result->status != NGX_SECOPS_STORE_OK) {
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_READ,
                                            result->status);
        return ngx_http_secops_fail_server(subjects->request, subjects->ctx,
                                           error, &result->reason);
    }

    if (ngx_http_secops_subjects_gather(subjects, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (++subjects->space < subjects->nspaces) {
        rc = ngx_http_secops_subjects_read(subjects);

        return (rc == NGX_OK) ? NGX_DONE
                              : ngx_http_secops_calls_wait(subjects->ctx, rc);
    }

    switch (secops_subject_end(&subjects->subject)) {

    case 1:
        return ngx_http_secops_subjects_send(subjects);

    case 0:
        return ngx_http_secops_subjects_none(subjects);

    default: /* -1 */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* of one domain, whose records are there until this handler returns */

static ngx_int_t
ngx_http_secops_subjects_gather(ngx_http_secops_subjects_t *subjects,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                      i, n;
    secops_subject_t               *subject;
    ngx_secops_store_found_t       *found;
    ngx_secops_store_about_list_t  *list;

    subject = &subjects->subject;
    found = result->found;

    if (subjects->nspaces > 1) {
        secops_subject_domain(subject, ngx_secops_slice(
                                  &subjects->ctx->domains[subjects->space]));
    }

    for (i = 0; i < subjects->nlists; i++) {
        list = &subjects->lists[i];

        secops_subject_table(subject, subjects->tables[i], list->records,
                             list->nread, list->oldest);

        for (n = 0; n < list->nread; n++, found++) {

            if (subjects->nspaces > 1
                && ngx_http_secops_subjects_keep(subjects, found) != NGX_OK)
            {
                return NGX_ERROR;
            }

            secops_subject_record(subject, found->id.data,
                                  ngx_secops_slice(&found->document));
        }
    }

    return NGX_OK;
}


/* what is not there, or too large to be read, has no bytes to be copied */

static ngx_int_t
ngx_http_secops_subjects_keep(ngx_http_secops_subjects_t *subjects,
    ngx_secops_store_found_t *found)
{
    u_char     *p;
    ngx_str_t   id, document;

    id = found->id;
    document = found->document;

    p = ngx_pnalloc(subjects->request->pool, id.len + document.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_secops_str_copy(p, &found->id, &id);

    if (document.len) {
        (void) ngx_secops_str_copy(p, &found->document, &document);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_subjects_send(ngx_http_secops_subjects_t *subjects)
{
    ngx_str_t            body;
    secops_text_t        text;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(subjects->request->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_subject_write(&subjects->subject,
                         ngx_secops_slice(&subjects->value), &text);

    /* what secops_text_free() would do, once it was sent */

    cln->handler = free;
    cln->data = text.data;

    if (text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = ngx_secops_str(secops_text_slice(&text));

    return ngx_http_secops_reply(subjects->request, NGX_HTTP_OK, &body);
}


/* of another domain or not there: the answer is the same */

static ngx_int_t
ngx_http_secops_subjects_none(ngx_http_secops_subjects_t *subjects)
{
    ngx_str_t  *detail;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  any = ngx_string("there is no record about this "
                                       "subject");
    static ngx_str_t  recent = ngx_string("there is no record about this "
                                          "subject that is as young as "
                                          "max_age");

    detail = subjects->query.has_max_age ? &recent : &any;

    return ngx_http_secops_fail(subjects->request, subjects->ctx,
                                SECOPS_ERROR_NO_RECORD, &none, detail);
}


static ngx_int_t
ngx_http_secops_subjects_refuse(ngx_http_secops_subjects_t *subjects,
    const char *fault)
{
    ngx_str_t  detail;

    static ngx_str_t  none = ngx_null_string;

    detail.data = (u_char *) fault;
    detail.len = ngx_strlen(fault);

    return ngx_http_secops_fail(subjects->request, subjects->ctx,
                                SECOPS_ERROR_QUERY, &none, &detail);
}

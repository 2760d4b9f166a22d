
/*
 * Events: one of a request, which is looked at, written as it is to be stored,
 * and handed to its group.
 */

#include "api/events/ngx_http_secops_api_events.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_events_refuse(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry,
    secops_error_e error, const char *where, const char *reason);
static ngx_int_t ngx_http_secops_events_id(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_event_sent_t *sent,
    const char *where);
static ngx_int_t ngx_http_secops_events_make_id(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry);
static ngx_int_t ngx_http_secops_events_job(ngx_http_secops_events_t *events,
    int64_t id, ngx_http_secops_job_t **found);
static ngx_int_t ngx_http_secops_events_no_job(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry,
    ngx_http_secops_job_t *job, const char *where);
static ngx_int_t ngx_http_secops_events_bucket(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry,
    const secops_event_sent_t *sent, const secops_job_facts_t *facts,
    const char *where);
static ngx_int_t ngx_http_secops_events_insert(
    ngx_http_secops_events_t *events, ngx_http_secops_events_entry_t *entry,
    const secops_event_sent_t *sent);
static u_char *ngx_http_secops_events_buffer(ngx_http_secops_events_t *events,
    size_t size);


static const char  ngx_http_secops_events_bad_id[] =
    ": must be 1 to 256 bytes of UTF-8 without control characters and \"/\", "
    "and not \".\" or \"..\"";

/* the worker's */

static secops_id_stock_t  ngx_http_secops_events_ids;


ngx_int_t
ngx_http_secops_events_add(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_json_t *json,
    uint32_t i, const char *where)
{
    ngx_int_t               rc;
    const char             *reason;
    secops_event_sent_t     sent;
    ngx_http_secops_job_t  *job;

    reason = secops_event_check(&sent, json, i);

    if (reason) {
        return ngx_http_secops_events_refuse(events, entry,
                                             SECOPS_ERROR_EVENT, where,
                                             reason);
    }

    entry->head.job = sent.job;

    if (entry->head.id.len == 0) {
        rc = ngx_http_secops_events_id(events, entry, &sent, where);

        if (rc != NGX_DECLINED || entry->error != SECOPS_ERROR_NONE) {
            return rc;
        }
    }

    rc = ngx_http_secops_events_job(events, sent.job, &job);

    if (rc == NGX_ABORT) {
        return ngx_http_secops_events_refuse(events, entry,
                                             SECOPS_ERROR_EVENT, where,
                                             "/job_id: the events of one "
                                             "request may be for 16 jobs");
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (job->error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_events_no_job(events, entry, job, where);
    }

    rc = ngx_http_secops_events_bucket(events, entry, &sent, job->facts,
                                       where);

    if (rc != NGX_DECLINED || entry->error != SECOPS_ERROR_NONE) {
        return rc;
    }

    return ngx_http_secops_events_insert(events, entry, &sent);
}


/* it is not to be stored: a batch goes on, a single one is answered */

static ngx_int_t
ngx_http_secops_events_refuse(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, secops_error_e error,
    const char *where, const char *reason)
{
    u_char           *p;
    size_t            len;

    static ngx_str_t  none = ngx_null_string;

    if (*where == '\0' && *reason == ':') {
        where = "the body";
    }

    len = ngx_strlen(where) + sizeof(", ") - 1 + ngx_strlen(reason);

    p = ngx_pnalloc(events->request->pool, len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    entry->error = error;
    entry->detail.data = p;
    entry->detail.len = ngx_sprintf(p, "%s%s%s", where,
                                    events->lines && *reason == '/' ? ", " : "",
                                    reason)
                        - p;

    return events->batch ? NGX_DECLINED
                         : ngx_http_secops_fail(events->request, events->ctx,
                                                error, &none, &entry->detail);
}


/* what the path says; of a batch, what the event says; or a new one */

static ngx_int_t
ngx_http_secops_events_id(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_event_sent_t *sent,
    const char *where)
{
    u_char          *p;
    uint8_t          type;
    secops_slice_t   id;

    if (events->id.data) {

        if (!secops_event_id_is_valid(events->id)) {
            return ngx_http_secops_events_refuse(events, entry,
                                                 SECOPS_ERROR_EVENT,
                                                 "the id in the path",
                                             ngx_http_secops_events_bad_id);
        }

        entry->head.id = events->id;

        return NGX_DECLINED;
    }

    if (!events->batch || sent->event_id == 0) {
        return ngx_http_secops_events_make_id(events, entry);
    }

    type = sent->json->tokens[sent->event_id].type;
    id = secops_json_raw(sent->json, sent->event_id);

    if (type == SECOPS_JSON_STRING || type == SECOPS_JSON_NUMBER) {

        p = ngx_pnalloc(events->request->pool, id.len + 1);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (type == SECOPS_JSON_STRING) {
            id.len = secops_json_decode(sent->json, sent->event_id, p);

        } else {
            ngx_memcpy(p, id.data, id.len);
        }

        id.data = p;

        if (secops_event_id_is_valid(id)) {
            entry->head.id = id;
            return NGX_DECLINED;
        }
    }

    return ngx_http_secops_events_refuse(events, entry, SECOPS_ERROR_EVENT,
                                         where,
                                         "/event_id: must be a string of 1 to "
                                         "256 bytes without control "
                                         "characters and \"/\", and not \".\" "
                                         "or \"..\"");
}


static ngx_int_t
ngx_http_secops_events_make_id(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry)
{
    int      shard;
    u_char  *id;

    id = ngx_pnalloc(events->request->pool, SECOPS_ID_LEN);
    if (id == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    shard = secops_id_random_shard(&ngx_http_secops_events_ids);

    if (shard < 0
        || secops_id_make(&ngx_http_secops_events_ids, (unsigned) shard,
                          events->msec, id)
           != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, events->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    entry->head.id = secops_slice_bytes(id, SECOPS_ID_LEN);
    entry->store.made = 1;

    return NGX_DECLINED;
}


/* NGX_DECLINED: *found has facts or an error; NGX_ABORT: there are too many */

static ngx_int_t
ngx_http_secops_events_job(ngx_http_secops_events_t *events, int64_t id,
    ngx_http_secops_job_t **found)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_secops_job_t  *job;

    for (i = 0; i < events->njobs; i++) {
        if (events->jobs[i]->id == id) {
            *found = events->jobs[i];
            return NGX_DECLINED;
        }
    }

    if (events->njobs == NGX_HTTP_SECOPS_EVENTS_JOBS) {
        return NGX_ABORT;
    }

    job = ngx_pcalloc(events->request->pool, sizeof(ngx_http_secops_job_t));
    if (job == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job->ctx = events->ctx;
    job->id = id;
    job->then = events->answered;
    job->data = events;

    rc = ngx_http_secops_job_ask(job, 0);

    switch (rc) {

    case NGX_OK:
        rc = NGX_AGAIN;
        break;

    case NGX_DECLINED:
        break;

    case NGX_BUSY:
        job->error = ngx_http_secops_calls_busy(events->ctx,
                                                NGX_HTTP_SECOPS_FIND,
                                                &job->reason);
        rc = NGX_DECLINED;
        break;

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    events->jobs[events->njobs++] = job;
    *found = job;

    return rc;
}


static ngx_int_t
ngx_http_secops_events_no_job(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, ngx_http_secops_job_t *job,
    const char *where)
{
    if (!events->batch) {
        return ngx_http_secops_job_fail(job);
    }

    if (job->error != SECOPS_ERROR_NO_JOB) {
        entry->error = job->error;
        events->reason = job->reason;

        return NGX_DECLINED;
    }

    return ngx_http_secops_events_refuse(events, entry, job->error, where,
                                         "/job_id: there is no such job, or "
                                         "it is not the caller's");
}


/* an event that has none of the values that a decision rests on can get none */

static ngx_int_t
ngx_http_secops_events_bucket(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_event_sent_t *sent,
    const secops_job_facts_t *facts, const char *where)
{
    int  found;

    if (facts->npoints == 0) {
        return NGX_DECLINED;
    }

    found = secops_bucket_digest(sent->json, sent->raw_body, facts->points,
                                 facts->npoints, entry->bucket);

    if (found == SECOPS_BUCKET_FAILED) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (found == SECOPS_BUCKET_LARGE) {
        return ngx_http_secops_events_refuse(events, entry, SECOPS_ERROR_EVENT,
                                             where,
                                             "/raw_body: is too large at the "
                                             "decision points of the job");
    }

    if (found == 0) {
        return ngx_http_secops_events_refuse(events, entry, SECOPS_ERROR_EVENT,
                                             where,
                                             "/raw_body: has none of the "
                                             "decision points of the job");
    }

    entry->head.bucket = secops_slice_bytes(entry->bucket,
                                            SECOPS_BUCKET_DIGEST_LEN);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_events_insert(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_event_sent_t *sent)
{
    u_char  *p;

    entry->head.ingested = events->msec;
    entry->head.sender = ngx_secops_slice(&events->ctx->identity.user);

    p = ngx_http_secops_events_buffer(events,
                                      secops_event_size(&entry->head, sent));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    entry->store.json.data = p;
    entry->store.json.len = secops_event_write(p, &entry->head, sent) - p;

    entry->store.job.data = entry->job;
    entry->store.job.len = ngx_sprintf(entry->job, "%L", entry->head.job)
                           - entry->job;

    entry->store.id = ngx_secops_str(entry->head.id);
    entry->store.ingested = entry->head.ingested;

    return ngx_http_secops_events_store(events, entry);
}


/* the store copies it, so that the events of a batch take turns */

static u_char *
ngx_http_secops_events_buffer(ngx_http_secops_events_t *events, size_t size)
{
    if (events->buffer.len < size) {

        if (events->buffer.data) {
            (void) ngx_pfree(events->request->pool, events->buffer.data);
        }

        events->buffer.len = 0;

        events->buffer.data = ngx_pnalloc(events->request->pool, size);
        if (events->buffer.data == NULL) {
            return NULL;
        }

        events->buffer.len = size;
    }

    return events->buffer.data;
}

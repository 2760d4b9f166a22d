
/* A page of events: the decisions on a chunk of them, and which are wanted. */

#include "api/events/ngx_http_secops_api_events_list.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_events_list_rooms(
    ngx_http_secops_events_list_t *list);
static ngx_http_secops_events_bucket_t *ngx_http_secops_events_list_bucket(
    ngx_http_secops_events_list_t *list, secops_slice_t digest);
static ngx_int_t ngx_http_secops_events_list_voted(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_events_list_sum(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_summed(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_events_list_ends(
    ngx_http_secops_events_list_t *list, const secops_event_place_t *place);


/* each bucket is asked for once */

ngx_int_t
ngx_http_secops_events_list_buckets(ngx_http_secops_events_list_t *list)
{
    ngx_int_t                            rc;
    ngx_uint_t                           i, n;
    secops_decision_case_t              *what;
    ngx_http_secops_events_bucket_t     *bucket;

    list->step = NGX_HTTP_SECOPS_EVENTS_DECIDE;
    list->nbuckets = 0;

    rc = NGX_OK;

    for (i = 0; i < list->nchunk && rc == NGX_OK; i++) {
        what = &list->chunk[i].what;

        if (!list->chunk[i].there
            || what->digest.len != SECOPS_BUCKET_DIGEST_LEN
            || !secops_decision_asks_bucket(what))
        {
            continue;
        }

        if (ngx_http_secops_events_list_rooms(list) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        n = list->nbuckets;
        bucket = ngx_http_secops_events_list_bucket(list, what->digest);
        what->bucket = &bucket->bucket;

        if (list->nbuckets > n) {
            rc = ngx_http_secops_calls_sent(list->ctx,
                     ngx_secops_store_read_bucket(
                                           ngx_http_secops_store(list->ctx),
                                           &bucket->call, &list->space,
                                           list->query.job_id,
                                           bucket->digest));
        }
    }

    if (rc == NGX_OK && list->nbuckets == 0) {
        return NGX_DECLINED;
    }

    return ngx_http_secops_events_list_sent(list, rc);
}


/* for as many buckets as a chunk may have, used again by each */

static ngx_int_t
ngx_http_secops_events_list_rooms(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                        i;
    ngx_http_secops_events_bucket_t  *bucket;

    if (list->buckets) {
        return NGX_OK;
    }

    list->buckets = ngx_pcalloc(list->request->pool,
                                NGX_HTTP_SECOPS_EVENTS_CHUNK
                                * sizeof(ngx_http_secops_events_bucket_t));
    if (list->buckets == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_SECOPS_EVENTS_CHUNK; i++) {
        bucket = &list->buckets[i];
        bucket->list = list;

        ngx_http_secops_calls_add(list->ctx, &bucket->link, &bucket->call,
                                  ngx_http_secops_events_list_voted, bucket);
    }

    return NGX_OK;
}


/* one that is there, or a new one */

static ngx_http_secops_events_bucket_t *
ngx_http_secops_events_list_bucket(ngx_http_secops_events_list_t *list,
    secops_slice_t digest)
{
    ngx_uint_t                        i;
    ngx_http_secops_events_bucket_t  *bucket;

    for (i = 0; i < list->nbuckets; i++) {
        bucket = &list->buckets[i];

        if (ngx_memcmp(bucket->digest, digest.data, SECOPS_BUCKET_DIGEST_LEN)
            == 0)
        {
            return bucket;
        }
    }

    bucket = &list->buckets[list->nbuckets++];

    ngx_memcpy(bucket->digest, digest.data, SECOPS_BUCKET_DIGEST_LEN);
    secops_bucket_begin(&bucket->bucket);

    return bucket;
}


static ngx_int_t
ngx_http_secops_events_list_voted(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_bucket_t *bucket = data;

    ngx_uint_t                      i;
    const secops_job_facts_t       *facts;
    ngx_http_secops_events_list_t  *list;

    list = bucket->list;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_events_list_failed(list, result);
    }

    facts = list->job.facts;

    for (i = 0; i + 1 < result->ndocuments; i += 2) {
        secops_bucket_field(&bucket->bucket, facts,
                            ngx_secops_slice(&result->documents[i]),
                            ngx_secops_slice(&result->documents[i + 1]));
    }

    secops_bucket_train(&bucket->bucket, facts);

    return list->ctx->calls.pending ? NGX_DONE : list->goes_on(list, NULL);
}


ngx_int_t
ngx_http_secops_events_list_decide(ngx_http_secops_events_list_t *list)
{
    secops_decision_t                    decision;
    ngx_http_secops_events_candidate_t  *candidate;

    while (list->decided < list->nchunk) {
        candidate = &list->chunk[list->decided];

        if (candidate->there) {
            candidate->what.total = ngx_http_secops_job_feedback(&list->job);

            if (!list->summed && secops_decision_asks_total(&candidate->what)) {
                return ngx_http_secops_events_list_sum(list);
            }

            secops_decide(&decision, &candidate->what);

            if (secops_event_is_wanted(&list->query, list->label, &decision)
                && ngx_http_secops_events_list_add(list, candidate, &decision)
                   != NGX_OK)
            {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }
        }

        list->decided++;
        list->looked++;

        if (list->nrows == list->query.limit
            || list->looked == NGX_HTTP_SECOPS_EVENTS_LOOKED)
        {
            return ngx_http_secops_events_list_ends(list, candidate->place);
        }
    }

    list->step = NGX_HTTP_SECOPS_EVENTS_TAKE;

    return NGX_DECLINED;
}


/* of all shards, at once, once for a request; then it decides on the same event
   again */

static ngx_int_t
ngx_http_secops_events_list_sum(ngx_http_secops_events_list_t *list)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    list->summed = 1;

    rc = NGX_OK;

    for (i = 0; i < SECOPS_ID_SHARDS && rc == NGX_OK; i++) {

        ngx_http_secops_calls_add(list->ctx, &list->sum_links[i],
                                  &list->sums[i],
                                  ngx_http_secops_events_list_summed, list);

        rc = ngx_http_secops_calls_sent(list->ctx,
                 ngx_secops_store_read_feedbacks(
                                           ngx_http_secops_store(list->ctx),
                                           &list->sums[i], &list->space,
                                           list->query.job_id, i));
    }

    return ngx_http_secops_events_list_sent(list, rc);
}


static ngx_int_t
ngx_http_secops_events_list_summed(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_list_t *list = data;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_events_list_failed(list, result);
    }

    list->total += result->total;

    if (list->ctx->calls.pending) {
        return NGX_DONE;
    }

    ngx_http_secops_job_counted(&list->job, list->total);

    return list->goes_on(list, NULL);
}


/* the page ends with the event at this place.  The place is copied: listings
   are freed */

static ngx_int_t
ngx_http_secops_events_list_ends(ngx_http_secops_events_list_t *list,
    const secops_event_place_t *place)
{
    u_char  *id;

    id = ngx_pnalloc(list->request->pool, place->id.len);
    if (id == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(id, place->id.data, place->id.len);

    list->last.msec = place->msec;
    list->last.id = secops_slice_bytes(id, place->id.len);

    list->more = ngx_http_secops_events_list_more(list);
    list->step = NGX_HTTP_SECOPS_EVENTS_DOCUMENTS;

    return NGX_DECLINED;
}


/* A page of events: their places in the list, out of those of the shards. */

#include "api/events/ngx_http_secops_api_events_list.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_secops_string.h"


/* bytes that a shard tells at once, about: what decides, and no documents */

#define NGX_HTTP_SECOPS_EVENTS_BYTES  (64 * 1024)

/* pages that take more than one round, for each domain in each worker */

#define NGX_HTTP_SECOPS_EVENTS_TURNS  4


static ngx_uint_t ngx_http_secops_events_list_filters(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_turn(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_listed(void *data,
    ngx_secops_store_result_t *result);
static ngx_uint_t ngx_http_secops_events_list_empty(
    ngx_http_secops_events_shard_t *shard);
static ngx_http_secops_events_shard_t *ngx_http_secops_events_list_newest(
    ngx_http_secops_events_list_t *list);
static void ngx_http_secops_events_list_candidate(
    ngx_http_secops_events_list_t *list,
    const ngx_secops_store_listed_t *listed);


static ngx_http_secops_turns_t  ngx_http_secops_events_turns;


/* without a filter a shard has a 16th of a page, more or less */

void
ngx_http_secops_events_list_begin(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                       i, n;
    ngx_http_secops_events_shard_t  *shard;

    n = ngx_http_secops_events_list_filters(list)
        ? NGX_SECOPS_STORE_EVENT_LIST_MAX
        : list->query.limit / SECOPS_ID_SHARDS + 8;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        shard = &list->shards[i];

        shard->list = list;
        shard->listing.job = list->query.job_id;
        shard->listing.shard = i;
        shard->listing.after = list->query.has_after ? &list->query.after
                                                     : NULL;
        shard->listing.since = list->query.since;
        shard->listing.n = n;
        shard->listing.bytes = NGX_HTTP_SECOPS_EVENTS_BYTES;
        shard->listing.more = 1;

        ngx_http_secops_calls_add(list->ctx, &shard->link,
                                  &shard->listing.eval.call,
                                  ngx_http_secops_events_list_listed, shard);
    }
}


static ngx_uint_t
ngx_http_secops_events_list_filters(ngx_http_secops_events_list_t *list)
{
    return list->label
           || list->query.pending != SECOPS_EVENT_ANY
           || list->query.known != SECOPS_EVENT_ANY;
}


ngx_int_t
ngx_http_secops_events_list_fill(ngx_http_secops_events_list_t *list)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_secops_store_listing_t      *listing;
    ngx_http_secops_events_shard_t  *shard;

    rc = ngx_http_secops_events_list_turn(list);

    if (rc != NGX_OK) {
        return rc;
    }

    list->step = NGX_HTTP_SECOPS_EVENTS_TAKE;

    for (i = 0; i < SECOPS_ID_SHARDS && rc == NGX_OK; i++) {
        shard = &list->shards[i];
        listing = &shard->listing;

        if (!ngx_http_secops_events_list_empty(shard)) {
            continue;
        }

        if (listing->nlisted) {
            listing->after = &listing->listed[listing->nlisted - 1].place;
        }

        rc = ngx_http_secops_calls_sent(list->ctx,
                 ngx_secops_store_list_events(ngx_http_secops_store(list->ctx),
                                              listing, &list->space));
    }

    return ngx_http_secops_events_list_sent(list, rc);
}


/* NGX_OK: it may go on.  The first round waits for nobody */

static ngx_int_t
ngx_http_secops_events_list_turn(ngx_http_secops_events_list_t *list)
{
    static ngx_str_t  many = ngx_string("too many lists of this domain");

    if (list->fills == 0
        || ngx_http_secops_turn_take(&ngx_http_secops_events_turns,
                                     &list->turn, &list->space,
                                     NGX_HTTP_SECOPS_EVENTS_TURNS))
    {
        list->fills++;
        return NGX_OK;
    }

    if (list->waits++ == NGX_HTTP_SECOPS_TURN_WAITS) {
        return ngx_http_secops_fail_server(list->request, list->ctx,
                                           SECOPS_ERROR_READ_LATER, &many);
    }

    return ngx_http_secops_pause(list->ctx, NGX_HTTP_SECOPS_TURN_WAIT,
                                 list->goes_on, list);
}


static ngx_int_t
ngx_http_secops_events_list_listed(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_shard_t *shard = data;

    ngx_http_secops_events_list_t  *list;

    list = shard->list;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_events_list_failed(list, result);
    }

    shard->next = 0;

    return list->ctx->calls.pending ? NGX_DONE : list->goes_on(list, NULL);
}


/* 1: it has to tell more, before anybody knows which event is next */

static ngx_uint_t
ngx_http_secops_events_list_empty(ngx_http_secops_events_shard_t *shard)
{
    return shard->next == shard->listing.nlisted && shard->listing.more;
}


ngx_int_t
ngx_http_secops_events_list_take(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                       i;
    ngx_http_secops_events_shard_t  *shard;

    list->nchunk = 0;
    list->decided = 0;

    list->step = NGX_HTTP_SECOPS_EVENTS_BUCKETS;

    while (list->nchunk < NGX_HTTP_SECOPS_EVENTS_CHUNK) {

        for (i = 0; i < SECOPS_ID_SHARDS; i++) {
            if (ngx_http_secops_events_list_empty(&list->shards[i])) {

                if (list->nchunk == 0) {
                    list->step = NGX_HTTP_SECOPS_EVENTS_FILL;
                }

                return NGX_DECLINED;
            }
        }

        shard = ngx_http_secops_events_list_newest(list);

        if (shard == NULL) {

            if (list->nchunk == 0) {
                list->step = NGX_HTTP_SECOPS_EVENTS_DOCUMENTS;
            }

            return NGX_DECLINED;
        }

        ngx_http_secops_events_list_candidate(list,
                                    &shard->listing.listed[shard->next++]);
    }

    return NGX_DECLINED;
}


/* NULL: none of them has any left */

static ngx_http_secops_events_shard_t *
ngx_http_secops_events_list_newest(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                       i;
    const secops_event_place_t      *place, *first;
    ngx_http_secops_events_shard_t  *shard, *newest;

    first = NULL;
    newest = NULL;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        shard = &list->shards[i];

        if (shard->next == shard->listing.nlisted) {
            continue;
        }

        place = &shard->listing.listed[shard->next].place;

        if (first == NULL || secops_event_place_compare(place, first) < 0) {
            first = place;
            newest = shard;
        }
    }

    return newest;
}


/* what can not be read of feedback or a verdict is not there */

static void
ngx_http_secops_events_list_candidate(ngx_http_secops_events_list_t *list,
    const ngx_secops_store_listed_t *listed)
{
    ngx_http_secops_events_candidate_t  *candidate;

    candidate = &list->chunk[list->nchunk++];

    ngx_memzero(candidate, sizeof(ngx_http_secops_events_candidate_t));

    candidate->place = &listed->place;
    candidate->large = listed->large;
    candidate->there = (secops_event_read(&candidate->event,
                                          ngx_secops_slice(&listed->head))
                        == 0);

    candidate->what.facts = list->job.facts;
    candidate->what.ingested = candidate->event.ingested;
    candidate->what.digest = candidate->event.bucket;

    if (listed->feedback.len
        && secops_feedback_read(&candidate->feedback,
                                ngx_secops_slice(&listed->feedback))
           == 0)
    {
        candidate->what.feedback = &candidate->feedback;
    }

    if (listed->verdict.len
        && secops_verdict_read(&candidate->verdict,
                               ngx_secops_slice(&listed->verdict))
           == 0)
    {
        candidate->what.verdict = &candidate->verdict;
    }
}


ngx_uint_t
ngx_http_secops_events_list_more(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                       i;
    ngx_http_secops_events_shard_t  *shard;

    if (list->decided < list->nchunk) {
        return 1;
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        shard = &list->shards[i];

        if (shard->next < shard->listing.nlisted || shard->listing.more) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_secops_events_list_failed(ngx_http_secops_events_list_t *list,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND, result->status);

    return ngx_http_secops_fail_server(list->request, list->ctx, error,
                                       &result->reason);
}


/* those that were started are cancelled with the request */

ngx_int_t
ngx_http_secops_events_list_sent(ngx_http_secops_events_list_t *list,
    ngx_int_t rc)
{
    return (rc == NGX_OK) ? NGX_DONE
                          : ngx_http_secops_calls_wait(list->ctx, rc);
}

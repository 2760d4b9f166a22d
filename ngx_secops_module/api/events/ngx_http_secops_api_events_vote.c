
/* Votes; see ngx_http_secops_api_events_vote.h. */

#include "api/events/ngx_http_secops_api_events_vote.h"
#include "http/ngx_http_secops_fail.h"


static void ngx_http_secops_votes_add(ngx_http_secops_votes_t *votes);
static ngx_int_t ngx_http_secops_votes_cast_done(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_votes_settle(ngx_http_secops_votes_t *votes);
static ngx_int_t ngx_http_secops_votes_settled(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_votes_sent(ngx_http_secops_votes_t *votes,
    ngx_int_t rc);
static void ngx_http_secops_votes_result(ngx_http_secops_votes_t *votes,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_votes_failed(ngx_http_secops_votes_t *votes,
    secops_error_e error, const ngx_str_t *reason);


ngx_int_t
ngx_http_secops_votes_cast(ngx_http_secops_votes_t *votes)
{
    ngx_secops_store_t  *store;

    store = ngx_http_secops_store(votes->ctx);

    votes->error = SECOPS_ERROR_NONE;

    ngx_http_secops_votes_add(votes);

    /* in a category without buckets nobody votes */

    if (votes->facts->buckets && votes->vote.bucket) {
        ngx_http_secops_votes_sent(votes,
            ngx_secops_store_ballot(store, &votes->give, votes->space));
    }

    if (votes->facts->buckets && votes->vote.moved
        && votes->error == SECOPS_ERROR_NONE)
    {
        ngx_http_secops_votes_sent(votes,
            ngx_secops_store_ballot(store, &votes->take, votes->space));
    }

    return votes->ctx->calls.pending ? NGX_DONE
                                     : ngx_http_secops_votes_settle(votes);
}


static void
ngx_http_secops_votes_add(ngx_http_secops_votes_t *votes)
{
    votes->give.generation = votes->vote.generation;
    votes->take.generation = votes->vote.generation;

    if (votes->added) {
        return;
    }

    votes->added = 1;

    votes->give.vote = &votes->vote;
    votes->take.vote = &votes->vote;
    votes->settle.vote = &votes->vote;
    votes->take.take = 1;

    ngx_http_secops_calls_add(votes->ctx, &votes->give_link,
                              &votes->give.eval.call,
                              ngx_http_secops_votes_cast_done, votes);
    ngx_http_secops_calls_add(votes->ctx, &votes->take_link,
                              &votes->take.eval.call,
                              ngx_http_secops_votes_cast_done, votes);
    ngx_http_secops_calls_add(votes->ctx, &votes->settle_link,
                              &votes->settle.eval.call,
                              ngx_http_secops_votes_settled, votes);
}


static ngx_int_t
ngx_http_secops_votes_cast_done(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_votes_t *votes = data;

    ngx_http_secops_votes_result(votes, result);

    return votes->ctx->calls.pending ? NGX_DONE
                                     : ngx_http_secops_votes_settle(votes);
}


/* only a feedback whose votes are all where they belong is closed */

static ngx_int_t
ngx_http_secops_votes_settle(ngx_http_secops_votes_t *votes)
{
    if (votes->error == SECOPS_ERROR_NONE) {
        votes->settle.generation = ngx_max(votes->give.generation,
                                           votes->take.generation);

        ngx_http_secops_votes_sent(votes,
            ngx_secops_store_settle(ngx_http_secops_store(votes->ctx),
                                    &votes->settle, votes->space));
    }

    return votes->error == SECOPS_ERROR_NONE ? NGX_DONE
                                             : votes->then(votes->data);
}


static ngx_int_t
ngx_http_secops_votes_settled(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_votes_t *votes = data;

    ngx_http_secops_votes_result(votes, result);

    return votes->then(votes->data);
}


/* counts a call that was started with rc */

static void
ngx_http_secops_votes_sent(ngx_http_secops_votes_t *votes, ngx_int_t rc)
{
    ngx_str_t       reason;
    secops_error_e  error;

    static ngx_str_t  no_memory = ngx_string("no memory");

    switch (ngx_http_secops_calls_sent(votes->ctx, rc)) {

    case NGX_OK:
        break;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(votes->ctx,
                                           NGX_HTTP_SECOPS_FEEDBACK, &reason);
        ngx_http_secops_votes_failed(votes, error, &reason);
        break;

    default: /* NGX_ERROR */
        ngx_http_secops_votes_failed(votes, SECOPS_ERROR_FEED, &no_memory);
    }
}


/* the feedback itself is stored, so it is worth another try, whatever it was */

static void
ngx_http_secops_votes_result(ngx_http_secops_votes_t *votes,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FEEDBACK,
                                        result->status);

    if (error == SECOPS_ERROR_FEED_UNKNOWN) {
        error = SECOPS_ERROR_FEED_LATER;
    }

    if (error) {
        ngx_http_secops_votes_failed(votes, error, &result->reason);
    }
}


static void
ngx_http_secops_votes_failed(ngx_http_secops_votes_t *votes,
    secops_error_e error, const ngx_str_t *reason)
{
    if (votes->error) {
        return;
    }

    votes->error = error;

    votes->reason.data = ngx_pstrdup(votes->ctx->request->pool,
                                     (ngx_str_t *) reason);
    votes->reason.len = votes->reason.data ? reason->len : 0;
}


/* the time in it is of Redis: should its clock be behind, they wait longer */

ngx_uint_t
ngx_http_secops_votes_left(const secops_feedback_t *feedback)
{
    uint64_t     given, now;
    ngx_time_t  *time;

    if (!feedback->open) {
        return 0;
    }

    time = ngx_timeofday();
    now = (uint64_t) time->sec * 1000 + time->msec;
    given = feedback->n / 1000;

    return now > given + NGX_HTTP_SECOPS_VOTES_OPEN;
}


ngx_int_t
ngx_http_secops_votes_of(ngx_http_secops_votes_t *votes,
    const secops_feedback_t *feedback)
{
    ngx_secops_store_vote_t  *vote;

    if ((feedback->digest.len && feedback->digest.len != SECOPS_KEYS_DIGEST_LEN)
        || (feedback->old.len && feedback->old.len != SECOPS_KEYS_DIGEST_LEN))
    {
        return NGX_ERROR;
    }

    vote = &votes->vote;

    vote->label = feedback->label;
    vote->n = feedback->n;
    vote->generation = feedback->generation;
    vote->bucket = (feedback->digest.len != 0);
    vote->moved = (feedback->old.len != 0);

    ngx_memcpy(vote->digest, feedback->digest.data, feedback->digest.len);
    ngx_memcpy(vote->old, feedback->old.data, feedback->old.len);

    return NGX_OK;
}

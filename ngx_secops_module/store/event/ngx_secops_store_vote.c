
/* Feedback and votes, step by step; see ngx_secops_store_vote.h. */

#include "store/ngx_secops_store_internal.h"
#include "model/record/secops_table.h"
#include "store/event/ngx_secops_store_vote.h"


/* the arguments beside user and notes */

#define NGX_SECOPS_STORE_VOTE_BYTES  1536


static void ngx_secops_store_feedback_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_feedback_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_feedback_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static void ngx_secops_store_ballot_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_ballot_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_ballot_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static void ngx_secops_store_settle_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_settle_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_settle_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_feedback_script = {
    &secops_script_feedback,
    NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE|NGX_SECOPS_REDIS_WHOLE,
    ngx_secops_store_feedback_keys, ngx_secops_store_feedback_args,
    ngx_secops_store_feedback_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_vote_script = {
    &secops_script_vote, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_ballot_keys, ngx_secops_store_ballot_args,
    ngx_secops_store_ballot_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_settle_script = {
    &secops_script_settle, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_settle_keys, ngx_secops_store_settle_args,
    ngx_secops_store_settle_read,
    0, ""
};


ngx_int_t
ngx_secops_store_feedback(ngx_secops_store_t *store,
    ngx_secops_store_feedback_t *feedback, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &feedback->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_feedback_script;
    eval->nkeys = 3;
    eval->nargs = 5 + ngx_secops_store_audit_argc(&store->audit_maxlen,
                                                  feedback->audit);
    eval->bytes = feedback->user.len + feedback->notes.len
                  + NGX_SECOPS_STORE_VOTE_BYTES;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_feedback_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    unsigned                       shard;
    secops_key_t                   key;
    const ngx_secops_store_vote_t *vote;

    vote = &((ngx_secops_store_feedback_t *) eval)->vote;

    shard = secops_keys_event_shard(vote->event);

    secops_keys_event(&key, eval->space, shard, vote->job, vote->event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_feedback(&key, eval->space, shard, vote->job,
                               vote->event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, shard);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_feedback_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_feedback_t  *feedback;

    feedback = (ngx_secops_store_feedback_t *) eval;

    ngx_secops_store_slice(cmd, feedback->vote.label);
    ngx_secops_redis_cmd_arg(cmd, feedback->user.data, feedback->user.len);
    ngx_secops_redis_cmd_arg(cmd, feedback->notes.data, feedback->notes.len);
    ngx_secops_store_number(cmd, (ngx_uint_t) feedback->vote.generation);
    ngx_secops_redis_cmd_arg(cmd, feedback->token.data, feedback->token.len);

    ngx_secops_store_audit_args(cmd, &eval->store->audit_maxlen,
                                feedback->audit, feedback->vote.job,
                                feedback->vote.event);
}


static ngx_int_t
ngx_secops_store_feedback_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    int                       rc;
    secops_reply_feedback_t   feedback;
    ngx_secops_store_vote_t  *vote;

    vote = &((ngx_secops_store_feedback_t *) eval)->vote;

    rc = secops_reply_feedback(value, value[0].next, &feedback);

    if (rc == -1) {
        return NGX_ERROR;
    }

    if (rc == -2) {
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        return NGX_OK;
    }

    if (rc == 0) {
        result->status = NGX_SECOPS_STORE_CHANGED;
    }

    result->value = ngx_secops_str(feedback.label);

    vote->n = feedback.n;
    vote->generation = feedback.generation;
    vote->bucket = (feedback.digest.len != 0);
    vote->moved = (feedback.old.len != 0);

    ngx_memcpy(vote->digest, feedback.digest.data, feedback.digest.len);
    ngx_memcpy(vote->old, feedback.old.data, feedback.old.len);

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_ballot(ngx_secops_store_t *store,
    ngx_secops_store_ballot_t *ballot, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &ballot->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_vote_script;
    eval->nkeys = 2;
    eval->nargs = 5;
    eval->bytes = NGX_SECOPS_STORE_VOTE_BYTES;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_ballot_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    const u_char                   *digest;
    secops_key_t                    key;
    ngx_secops_store_ballot_t      *ballot;
    const ngx_secops_store_vote_t  *vote;

    ballot = (ngx_secops_store_ballot_t *) eval;
    vote = ballot->vote;
    digest = ballot->take ? vote->old : vote->digest;

    secops_keys_bucket(&key, eval->space, vote->job, digest);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_bucket_votes(&key, eval->space, vote->job, digest);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_ballot_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    int64_t                         retention;
    ngx_secops_store_ballot_t      *ballot;
    const ngx_secops_store_vote_t  *vote;

    ballot = (ngx_secops_store_ballot_t *) eval;
    vote = ballot->vote;
    retention = eval->store->retention;

    ngx_secops_store_slice(cmd, vote->event);
    ngx_secops_store_number(cmd, (ngx_uint_t) vote->n);
    ngx_secops_redis_cmd_arg(cmd, vote->label.data,
                             ballot->take ? 0 : vote->label.len);
    ngx_secops_store_number(cmd, (ngx_uint_t) vote->generation);

    if (retention > 0) {
        ngx_secops_store_number(cmd, (ngx_uint_t) retention);
        return;
    }

    ngx_secops_redis_cmd_arg(cmd, "0",
                             retention == SECOPS_TABLE_FOR_EVER ? 1 : 0);
}


static ngx_int_t
ngx_secops_store_ballot_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    if (value[0].type != SECOPS_REDIS_INTEGER || value[0].integer < 0) {
        return NGX_ERROR;
    }

    ((ngx_secops_store_ballot_t *) eval)->generation = value[0].integer;

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_settle(ngx_secops_store_t *store,
    ngx_secops_store_settle_t *settle, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &settle->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_settle_script;
    eval->nkeys = 2;
    eval->nargs = 2;
    eval->bytes = NGX_SECOPS_STORE_VOTE_BYTES;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_settle_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    unsigned                        shard;
    secops_key_t                    key;
    const ngx_secops_store_vote_t  *vote;

    vote = ((ngx_secops_store_settle_t *) eval)->vote;

    shard = secops_keys_event_shard(vote->event);

    secops_keys_event_feedback(&key, eval->space, shard, vote->job,
                               vote->event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_counts(&key, eval->space, shard, vote->job);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_settle_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_settle_t  *settle;

    settle = (ngx_secops_store_settle_t *) eval;

    ngx_secops_store_number(cmd, (ngx_uint_t) settle->vote->n);
    ngx_secops_store_number(cmd, (ngx_uint_t) settle->generation);
}


static ngx_int_t
ngx_secops_store_settle_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    return value[0].type == SECOPS_REDIS_INTEGER ? NGX_OK : NGX_ERROR;
}

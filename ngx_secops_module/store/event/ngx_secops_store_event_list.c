
/* Lists of events; see ngx_secops_store_event_list.h. */

#include "store/ngx_secops_store_internal.h"
#include "store/event/ngx_secops_store_event_list.h"
#include "store/event/secops_reply_events.h"
#include "store/list/secops_reply_ids.h"


/* as much of a document as the members of the server may take */

#define NGX_SECOPS_STORE_EVENT_HEAD  4096


static void ngx_secops_store_listing_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_listing_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_listing_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static size_t ngx_secops_store_listing_size(const secops_redis_value_t *value,
    ngx_uint_t n);
static u_char *ngx_secops_store_listing_copy(u_char *p, ngx_str_t *dst,
    secops_slice_t text);
static u_char *ngx_secops_store_listing_close(u_char *p, ngx_str_t *head);
static void ngx_secops_store_events_got(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_events_documents(
    const secops_redis_value_t *value, ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_listing_script = {
    &secops_script_events, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_listing_keys, ngx_secops_store_listing_args,
    ngx_secops_store_listing_read,
    0, ""
};

static const secops_slice_t  ngx_secops_store_no_event = secops_slice("");


ngx_int_t
ngx_secops_store_list_events(ngx_secops_store_t *store,
    ngx_secops_store_listing_t *listing, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &listing->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_listing_script;
    eval->nkeys = 4;
    eval->nargs = 6;
    eval->bytes = SECOPS_EVENT_ID_MAX;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_listing_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    unsigned                     shard;
    secops_key_t                 key;
    ngx_secops_store_listing_t  *listing;

    listing = (ngx_secops_store_listing_t *) eval;
    shard = (unsigned) listing->shard;

    secops_keys_events(&key, eval->space, shard, listing->job);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    /* what such keys begin with is the key of an event with an empty id */

    secops_keys_event(&key, eval->space, shard, listing->job,
                      ngx_secops_store_no_event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_feedback(&key, eval->space, shard, listing->job,
                               ngx_secops_store_no_event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_decision(&key, eval->space, shard, listing->job,
                               ngx_secops_store_no_event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_listing_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_listing_t  *listing;

    listing = (ngx_secops_store_listing_t *) eval;

    if (listing->after) {
        ngx_secops_store_number(cmd, (ngx_uint_t) listing->after->msec);
        ngx_secops_store_slice(cmd, listing->after->id);

    } else {
        ngx_secops_store_literal(cmd, "");
        ngx_secops_store_literal(cmd, "");
    }

    ngx_secops_store_number(cmd, (ngx_uint_t) listing->since);
    ngx_secops_store_number(cmd, listing->n);
    ngx_secops_store_number(cmd, listing->bytes);
    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_EVENT_HEAD);
}


static ngx_int_t
ngx_secops_store_listing_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    int                          n, more;
    u_char                      *p;
    ngx_str_t                    id;
    ngx_uint_t                   i;
    secops_reply_event_t         event;
    ngx_secops_store_listed_t   *listed;
    ngx_secops_store_listing_t  *listing;

    listing = (ngx_secops_store_listing_t *) eval;

    ngx_secops_store_listing_free(listing);

    n = secops_reply_events(value, value[0].next, listing->n, &more);

    if (n < 0) {
        return NGX_ERROR;
    }

    listing->more = (ngx_uint_t) more;

    listed = ngx_alloc(ngx_secops_store_listing_size(value, n) + 1,
                       ngx_cycle->log);
    if (listed == NULL) {
        return NGX_ERROR;
    }

    listing->listed = listed;

    p = (u_char *) (listed + n);

    for (i = 0; i < (ngx_uint_t) n; i++, listed++) {

        if (secops_reply_event(&event, value, i) != 0) {
            return NGX_ERROR;
        }

        listed->place.msec = event.msec;

        p = ngx_secops_store_listing_copy(p, &id, event.id);
        listed->place.id = ngx_secops_slice(&id);

        listed->large = (event.head.len == NGX_SECOPS_STORE_EVENT_HEAD);

        p = ngx_secops_store_listing_copy(p, &listed->head, event.head);
        p = ngx_secops_store_listing_close(p, &listed->head);

        p = ngx_secops_store_listing_copy(p, &listed->feedback,
                                          event.feedback);
        p = ngx_secops_store_listing_copy(p, &listed->verdict, event.verdict);
    }

    listing->nlisted = n;

    return NGX_OK;
}


static size_t
ngx_secops_store_listing_size(const secops_redis_value_t *value, ngx_uint_t n)
{
    size_t      size;
    ngx_uint_t  i;

    size = n * (sizeof(ngx_secops_store_listed_t) + 1);

    for (i = 1; i < value[0].next; i++) {
        size += value[i].text.len;
    }

    return size;
}


static u_char *
ngx_secops_store_listing_copy(u_char *p, ngx_str_t *dst, secops_slice_t text)
{
    dst->data = p;
    dst->len = text.len;

    return text.len ? ngx_cpymem(p, text.data, text.len) : p;
}


/* a brace takes the place of all that was sent.  What is none of our documents
   keeps what it has, and is none to whoever reads it */

static u_char *
ngx_secops_store_listing_close(u_char *p, ngx_str_t *head)
{
    secops_event_t  event;

    if (head->len == 0) {
        return p;
    }

    *p++ = '}';
    head->len++;

    if (secops_event_read(&event, ngx_secops_slice(head)) == 0) {
        p = (u_char *) event.members.data;
        *p++ = '}';
        head->len = p - head->data;
    }

    return p;
}


void
ngx_secops_store_listing_free(ngx_secops_store_listing_t *listing)
{
    if (listing->listed) {
        ngx_free(listing->listed);
        listing->listed = NULL;
    }

    listing->nlisted = 0;
}


/* no script: it would copy what may be a megabyte three times */

ngx_int_t
ngx_secops_store_get_events(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    ngx_uint_t shard, secops_slice_t job, const secops_slice_t *ids,
    ngx_uint_t nids)
{
    ngx_uint_t               i;
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_cmd_create(store->redis, 32 + nids * 128);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1 + nids);
    ngx_secops_store_literal(cmd, "MGET");

    for (i = 0; i < nids; i++) {
        secops_keys_event(&key, space, (unsigned) shard, job, ids[i]);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_events_got);
}


static void
ngx_secops_store_events_got(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_str_t                  documents[NGX_SECOPS_STORE_EVENT_LIST_READ];
    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    result.documents = documents;

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && ngx_secops_store_events_documents(reply->value, &result) != NGX_OK)
    {
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "unexpected reply to MGET");
    }

    ngx_secops_store_answer(call, reply, &result);
}


static ngx_int_t
ngx_secops_store_events_documents(const secops_redis_value_t *value,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t  i;

    if (secops_reply_documents(value, value[0].next, 1,
                               NGX_SECOPS_STORE_EVENT_LIST_READ)
        < 1)
    {
        return NGX_ERROR;
    }

    result->ndocuments = value[0].elements;

    for (i = 0; i < result->ndocuments; i++) {

        if (value[1 + i].type == SECOPS_REDIS_STRING) {
            result->documents[i] = ngx_secops_str(value[1 + i].text);

        } else {
            ngx_str_null(&result->documents[i]);
        }
    }

    return NGX_OK;
}

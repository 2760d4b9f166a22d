
/*
 * A request to the Resources API on its way: what it asks for, what was found,
 * what is changed.  Shared by the files of these operations.
 *
 * Who changes something goes through find, decide and commit:
 *
 *     find ──> decide ──> pointers ──> commit ──> clean up ──> reply
 *      ^                                 │
 *      └──────── a moment later ─────────┘ others have changed the resources
 *
 * Pointers, from the digests of new api keys to their ids, are written before
 * the commit makes the keys exist, and removed when it did not, or when it has
 * deleted keys: see ngx_secops_store_put_pointers().
 */

#ifndef _NGX_HTTP_SECOPS_API_RESOURCES_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_RESOURCES_H_INCLUDED_


#include "ngx_http_secops.h"
#include "identity/secops_apikey.h"


typedef struct ngx_http_secops_resources_s  ngx_http_secops_resources_t;


/* NGX_DONE: it goes on later; else to be returned like any reply */

typedef ngx_int_t (*ngx_http_secops_resources_decide_pt)(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
typedef ngx_int_t (*ngx_http_secops_resources_reply_pt)(
    ngx_http_secops_resources_t *op);


/* one resource that the request creates, changes, leaves or deletes */

typedef struct {
    const secops_resource_t              *resource;  /* NULL: to be deleted */
    secops_resource_type_e                type;
    ngx_str_t                             id;       /* these are in the pool */
    ngx_str_t                             title;

    ngx_uint_t                            created;  /* it did not exist */
    ngx_uint_t                            changed;
    ngx_uint_t                            pointer;  /* may be there in Redis */

    ngx_str_t                             made_id;  /* of a new api key, made
                                                       once for all attempts */
    u_char                                made_digest[SECOPS_APIKEY_DIGEST_LEN];
    u_char                                value[SECOPS_APIKEY_VALUE_LEN];

    ngx_uint_t                            known;    /* an api key was found,
                                                       of this digest */
    u_char                                digest[SECOPS_APIKEY_DIGEST_LEN];
} ngx_http_secops_resources_entry_t;


/* in the request's pool; the cleanup frees what is not, and wipes values */

struct ngx_http_secops_resources_s {
    ngx_http_request_t                   *request;
    ngx_http_secops_ctx_t                *ctx;

    secops_resource_query_t               query;
    secops_resource_set_t                 set;
    secops_resource_faults_t              faults;

    secops_keyspace_t                     space;
    ngx_secops_store_audit_t              audit;

    ngx_http_secops_resources_decide_pt   decide;
    ngx_http_secops_resources_reply_pt    reply;

    ngx_http_secops_resources_entry_t    *entries;
    ngx_uint_t                            nentries;

    ngx_secops_store_find_t               find;
    ngx_secops_store_commit_t             commit;
    ngx_secops_store_call_t               pointers;
    ngx_secops_store_call_t              *calls[3];

    ngx_event_t                           retry;
    ngx_uint_t                            tries;

    secops_error_e                        error;    /* to be answered */
    ngx_str_t                             reason;   /* of a 5xx, for the log */
    ngx_str_t                             secret;   /* a reply with values */
};


/* ngx_http_secops_api_resources.c */

/*
 * Begins: *op is there, its query was read.  NGX_DECLINED: nothing was
 * answered; else to be returned like any reply.
 */

ngx_int_t ngx_http_secops_resources_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_resources_t **op);


/* looks up what op->find says, then decides.  To be returned by the
   operation */

ngx_int_t ngx_http_secops_resources_start(ngx_http_secops_resources_t *op);


/* the lookups of the query: by title, by id, or all; by all types that there
   are, or the one given.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_lookups(ngx_http_secops_resources_t *op);


/* for decide: with the changes in op->commit; or without, and with an error,
   or NONE to reply */

ngx_int_t ngx_http_secops_resources_commit(ngx_http_secops_resources_t *op,
    ngx_str_t *revision);
ngx_int_t ngx_http_secops_resources_end(ngx_http_secops_resources_t *op,
    secops_error_e error);


/* a copy in the request's pool; NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_copy(ngx_http_secops_resources_t *op,
    ngx_str_t *dst, const void *data, size_t len);

/* the same of a JSON document, which is given up in any case */

ngx_int_t ngx_http_secops_resources_dump(ngx_http_secops_resources_t *op,
    ngx_str_t *dst, json_t *json);


/* ngx_http_secops_api_resources_reply.c */

/* created and updated resources, with the values of new api keys */

ngx_int_t ngx_http_secops_resources_saved(ngx_http_secops_resources_t *op);

/* deleted resources */

ngx_int_t ngx_http_secops_resources_deleted(ngx_http_secops_resources_t *op);

/* takes over the document */

ngx_int_t ngx_http_secops_resources_json(ngx_http_secops_resources_t *op,
    ngx_uint_t status, json_t *json);

/* op->error, with op->faults; or detail where there are none */

ngx_int_t ngx_http_secops_resources_fail(ngx_http_secops_resources_t *op,
    ngx_str_t *detail);

/* the same for a 5xx: its detail is the request's id, op->reason is logged */

ngx_int_t ngx_http_secops_resources_fail_server(
    ngx_http_secops_resources_t *op);


#endif /* _NGX_HTTP_SECOPS_API_RESOURCES_H_INCLUDED_ */


/*
 * The secrets of all domains, gone through: to encrypt again what is not under
 * the first key, or to count what is under which.  Shared by the files of this
 * folder, each of which calls only those after it:
 *
 *     secrets ──> walk ──> note
 *                  └────> domain ──> call
 *
 *     pass ──> server ──> domain ──> part: read, change, commit
 *      ^ └────── ^ └────── ^ └─────── ^ └─ others were first: once more
 *      └ again, until a pass has nothing to change
 *
 * One command is under way at a time, and each is a small one; what is computed
 * is done in slices.  So it takes its time, and nobody notices.  A part is read
 * with the revision of its domain and committed only if that is still the same:
 * whoever changes a resource meanwhile wins.  Several rotations at once do the
 * same, and one of them finds less to do.
 */

#ifndef _NGX_HTTP_SECOPS_API_SECRETS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_SECRETS_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "http/share/ngx_http_secops_slice.h"
#include "model/resource/secops_resource_secrets.h"
#include "store/domains/ngx_secops_store_domains.h"
#include "store/ngx_secops_store_index.h"


/* keys that are told apart: those of a file, and as many that are gone */

#define NGX_HTTP_SECOPS_SECRETS_IDS  (2 * SECOPS_SECRET_KEYS_MAX)

/* integrations and jobs */

#define NGX_HTTP_SECOPS_SECRETS_LOOKUPS  2


typedef struct ngx_http_secops_secrets_s  ngx_http_secops_secrets_t;


/* after the store's answer, or a pause (NULL); after a domain, a pass, a note.
   NGX_DONE: it goes on later; else to be returned like any reply */

typedef ngx_int_t (*ngx_http_secops_secrets_then_pt)(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);
typedef ngx_int_t (*ngx_http_secops_secrets_next_pt)(
    ngx_http_secops_secrets_t *op);


/* secrets by what they are under */

typedef struct {
    u_char                              id[SECOPS_SECRET_ID_LEN];
    ngx_uint_t                          n;
} ngx_http_secops_secrets_key_t;

typedef struct {
    ngx_uint_t                          secrets;    /* all */
    ngx_uint_t                          changed;
    ngx_uint_t                          failed;     /* could not be opened */
    ngx_uint_t                          plain;
    ngx_uint_t                          unknown;    /* have not the form, or are
                                                       under one key too many */
    ngx_http_secops_secrets_key_t       keys[NGX_HTTP_SECOPS_SECRETS_IDS];
    ngx_uint_t                          nkeys;      /* without the first key */
} ngx_http_secops_secrets_count_t;


/* a document of the part that is at work, in op->pool */

typedef struct {
    secops_resource_type_e              type;
    ngx_str_t                           id;
    ngx_str_t                           document;
} ngx_http_secops_secrets_found_t;


/* in the request's pool, but for what the two pools hold */

struct ngx_http_secops_secrets_s {
    ngx_http_request_t                 *request;
    ngx_http_secops_ctx_t              *ctx;
    const secops_secret_keys_t         *keys;   /* NULL: there are none */
    ngx_uint_t                          again;  /* 1: what is not under the
                                                   first one is changed */
    ngx_secops_store_audit_t            audit;
    u_char                              begun[SECOPS_TIME_LEN];

    ngx_http_secops_secrets_then_pt     then;
    ngx_http_secops_call_t              links[7];
    ngx_str_t                           reason; /* of a 5xx, for the log */

    /* a pass */

    ngx_http_secops_secrets_next_pt     passed; /* comes after it */
    ngx_uint_t                          passes;
    ngx_http_secops_secrets_count_t     count;  /* of this one */
    ngx_uint_t                          changed;    /* in all of them */
    ngx_uint_t                          share;  /* the server */
    ngx_secops_store_domains_t          domains;
    ngx_uint_t                          more;   /* domains of this server */
    ngx_pool_t                         *page;   /* what of them is at hand: */
    ngx_str_t                          *names;
    ngx_uint_t                          nnames;
    ngx_uint_t                          name;   /* the next of these */

    /* a domain */

    ngx_http_secops_secrets_next_pt     done;   /* comes after it */
    secops_keyspace_t                   space;
    ngx_secops_store_find_t             find;
    ngx_secops_store_lookup_t           lookups[
                                             NGX_HTTP_SECOPS_SECRETS_LOOKUPS];
    size_t                              rest_len;   /* where the part begins */
    u_char                              rest[NGX_SECOPS_STORE_REST_MAX];

    /* a part */

    ngx_pool_t                         *pool;
    ngx_uint_t                          tries;
    ngx_uint_t                          last;   /* no part follows */
    ngx_uint_t                          unindexed;  /* 1: see
                                                    _index_resources() */
    ngx_http_secops_secrets_found_t    *found;
    ngx_uint_t                          nfound;
    ngx_uint_t                          next;   /* of these */
    ngx_http_secops_secrets_count_t     part;
    ngx_http_secops_slice_t             slice;
    ngx_secops_store_commit_t           commit;
    ngx_secops_store_index_t            index;
    ngx_uint_t                          told;   /* the log, of so many that can
                                                   not be opened */

    /* a note */

    ngx_http_secops_secrets_next_pt     noted;  /* comes after it */
    ngx_msec_t                          note_time;  /* of the last one */
    ngx_secops_store_call_t             note;
};


/* ngx_http_secops_api_secrets_call.c */

void ngx_http_secops_secrets_add_calls(ngx_http_secops_secrets_t *op);

/* a call of the store began with rc: goes on with then */

ngx_int_t ngx_http_secops_secrets_asked(ngx_http_secops_secrets_t *op,
    ngx_int_t rc, ngx_http_secops_kind_e kind,
    ngx_http_secops_secrets_then_pt then);

/* goes on with then, after so many milliseconds */

ngx_int_t ngx_http_secops_secrets_pause(ngx_http_secops_secrets_t *op,
    ngx_msec_t time, ngx_http_secops_secrets_then_pt then);

/* the same in a later turn, after a slice */

ngx_int_t ngx_http_secops_secrets_turn(ngx_http_secops_secrets_t *op,
    ngx_http_secops_secrets_then_pt then);

/* NGX_OK: a call is OK; else it was answered with an error, to be returned like
   any reply */

ngx_int_t ngx_http_secops_secrets_answered(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result, ngx_http_secops_kind_e kind,
    ngx_int_t *rc);

/* an error is answered; what was done stays done */

ngx_int_t ngx_http_secops_secrets_fail(ngx_http_secops_secrets_t *op,
    secops_error_e error);

/* a copy in a pool; NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_secrets_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const void *data, size_t len);


/* ngx_http_secops_api_secrets_domain.c: all resources of a domain, and then
   op->done.  name is what stands for it in its keys */

ngx_int_t ngx_http_secops_secrets_domain(ngx_http_secops_secrets_t *op,
    const ngx_str_t *name);


/* ngx_http_secops_api_secrets_note.c */

/* notes how far it has come, if it is time for that, or if it is over; then
   op->noted */

ngx_int_t ngx_http_secops_secrets_note(ngx_http_secops_secrets_t *op,
    ngx_uint_t over);


/* ngx_http_secops_api_secrets_walk.c: all domains of all servers once, and then
   op->passed */

ngx_int_t ngx_http_secops_secrets_walk(ngx_http_secops_secrets_t *op);


#endif /* _NGX_HTTP_SECOPS_API_SECRETS_H_INCLUDED_ */

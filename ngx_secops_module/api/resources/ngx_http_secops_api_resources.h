
/*
 * A request to the Resources API on its way: what it asks for, what was found,
 * what is changed.  Shared by the files of these operations.
 *
 * Who changes something goes through find, decide and commit:
 *
 *     prepare ─> find ─> decide ─> pointers ─> commit ─> clean up ─> reply
 *        ^        ^        │                     │
 *        │        └─ more ─┘                     │
 *        └───────────── a moment later ──────────┘ others have changed the
 *                                                  resources
 *
 * Redis must not be held for long, so what one reading asks for may come in
 * parts, each given to decide; all are of one revision, or it begins again.
 * Who changes something, in a domain of which the bytes and the references are
 * not known, has them made at first: see ngx_secops_store_index_resources().
 *
 * What may take long is done in parts: op->work does one, and says whether
 * there is more to do.  After some milliseconds the worker serves others, and
 * goes on with the next turn of its event loop.
 *
 * Pointers, from the digests of new values of api keys to the keys' ids, are
 * written before the commit makes the values good, and removed when it did not,
 * or when it has ended values: see ngx_secops_store_put_pointers().
 */

#ifndef _NGX_HTTP_SECOPS_API_RESOURCES_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_RESOURCES_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "identity/secops_apikey.h"
#include "model/plan/secops_resource_plan.h"
#include "store/ngx_secops_store_api_key.h"
#include "store/ngx_secops_store_index.h"


typedef struct ngx_http_secops_resources_s  ngx_http_secops_resources_t;
typedef struct ngx_http_secops_list_s  ngx_http_secops_list_t;


/* how an error is answered: as the Resources API does, as the operations of
   jobs in /api/v2 do, as /api/v1 does */

typedef enum {
    NGX_HTTP_SECOPS_RESOURCES_REQUEST = 0,
    NGX_HTTP_SECOPS_RESOURCES_FLAT,
    NGX_HTTP_SECOPS_RESOURCES_V1
} ngx_http_secops_resources_form_e;


/* NGX_DONE: it goes on later; else to be returned like any reply.  Called for
   each part of a reading: result->more says that it is not the last, and
   op->part that it is not the first */

typedef ngx_int_t (*ngx_http_secops_resources_decide_pt)(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
typedef ngx_int_t (*ngx_http_secops_resources_reply_pt)(
    ngx_http_secops_resources_t *op);


/* what comes after the store's answer to what was begun last, or after a pause:
   then there is no result */

typedef ngx_int_t (*ngx_http_secops_resources_then_pt)(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);


/* the lookups of an attempt's first reading; NGX_AGAIN: op->work finds out what
   they are, and asks for them; NGX_ERROR: no memory */

typedef ngx_int_t (*ngx_http_secops_resources_prepare_pt)(
    ngx_http_secops_resources_t *op);


/* a part of the work; NGX_AGAIN: there is more, else as decide says */

typedef ngx_int_t (*ngx_http_secops_resources_work_pt)(
    ngx_http_secops_resources_t *op);


/* a value of an api key that was found: its own, and the one before */

typedef struct {
    ngx_uint_t                            known;    /* there is one */
    ngx_uint_t                            ends;     /* with this request */
    u_char                                digest[SECOPS_APIKEY_DIGEST_LEN];
} ngx_http_secops_resources_value_t;


/* an api key that the request creates, changes, leaves or deletes */

typedef struct {
    ngx_uint_t                            entry;    /* of the plan */
    ngx_uint_t                            created;  /* it did not exist */
    ngx_uint_t                            rotated;  /* it gets the made value */
    ngx_uint_t                            revoked;  /* it was not before */

    /* the made value's pointer: may be there in Redis; leads to this id */

    ngx_uint_t                            pointer;
    ngx_uint_t                            pointed;

    u_char                                made_id[SECOPS_APIKEY_ID_LEN];
    u_char                                made_digest[SECOPS_APIKEY_DIGEST_LEN];
    u_char                                value[SECOPS_APIKEY_VALUE_LEN];

    ngx_str_t                             id;       /* of what was found */
    ngx_http_secops_resources_value_t     values[SECOPS_APIKEY_VALUES];
} ngx_http_secops_resources_key_t;


/* what was deleted; in the request's pool */

typedef struct {
    secops_resource_type_e                type;
    ngx_str_t                             id;
    ngx_str_t                             title;
    ngx_uint_t                            found;    /* how many there are */
} ngx_http_secops_resources_deleted_t;


/* in the request's pool; the cleanup frees what is not, and wipes values */

struct ngx_http_secops_resources_s {
    ngx_http_request_t                   *request;
    ngx_http_secops_ctx_t                *ctx;

    secops_resource_query_t               query;
    secops_json_t                         json;     /* the body, while it is
                                                       read */
    secops_resource_set_t                 set;
    secops_faults_t                       faults;

    secops_keyspace_t                     space;
    ngx_secops_store_audit_t              audit;
    u_char                                time[SECOPS_TIME_LEN];

    ngx_http_secops_resources_prepare_pt  prepare;
    ngx_http_secops_resources_decide_pt   decide;
    ngx_http_secops_resources_work_pt     work;
    uint64_t                              begun;    /* when the worker came to
                                                       it, 0: with the work */
    ngx_uint_t                            large;    /* its trees took much */
    ngx_http_secops_resources_reply_pt    reply;

    secops_resource_context_t             context;
    secops_resource_plan_t               *plan;     /* NULL: nothing is saved */
    int64_t                               first_id;  /* that is free */
    int64_t                               next_id;  /* ... after the commit */
    ngx_uint_t                            rounds;   /* readings so far */
    ngx_uint_t                            part;     /* of this one, from 0 */
    ngx_str_t                             revision; /* that it is of */
    off_t                                 bytes;    /* of the domain, and */
    ngx_uint_t                            total;    /* how many it has */
    ngx_uint_t                            writes;   /* 1: it may commit */
    ngx_uint_t                            next;     /* entry to be changed */

    ngx_http_secops_resources_key_t      *keys;     /* in the set's order */
    ngx_uint_t                            nkeys;
    ngx_http_secops_resources_key_t      *next_key; /* of the next entries */
    ngx_http_secops_resources_deleted_t   deleted;

    ngx_secops_store_find_t               find;
    ngx_secops_store_commit_t             commit;
    ngx_secops_store_pointers_t           pointers;
    ngx_secops_store_index_t              index;
    ngx_http_secops_call_t                calls[6];

    ngx_http_secops_resources_then_pt     then;
    ngx_uint_t                            tries;
    ngx_uint_t                            max_tries;
    secops_error_e                        late;     /* after so many */

    ngx_http_secops_list_t               *list;     /* NULL: it is none */
    secops_error_e                        error;    /* to be answered */
    ngx_http_secops_resources_form_e      form;     /* of an error */
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

/* the same for an operation that reads no query; NULL: no memory */

ngx_http_secops_resources_t *ngx_http_secops_resources_create(
    ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx);


/* the first reading, then decide.  To be returned by the operation */

ngx_int_t ngx_http_secops_resources_start(ngx_http_secops_resources_t *op);


/* the lookups of the query: by title, by id, or all; of the type that it
   names, or of all types.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_lookups(ngx_http_secops_resources_t *op);


/*
 * For decide: another reading, in op->find, or the next part of this one; the
 * changes in op->commit, with
 * the revision that they are based on; once more from the start, a moment
 * later; or the end, with an error, or with NONE to reply.
 */

ngx_int_t ngx_http_secops_resources_find(ngx_http_secops_resources_t *op);
ngx_int_t ngx_http_secops_resources_more(ngx_http_secops_resources_t *op);
ngx_int_t ngx_http_secops_resources_commit(ngx_http_secops_resources_t *op,
    ngx_str_t *revision);
ngx_int_t ngx_http_secops_resources_again(ngx_http_secops_resources_t *op);
ngx_int_t ngx_http_secops_resources_end(ngx_http_secops_resources_t *op,
    secops_error_e error);


/* for decide, after a call of the store was started with rc: NGX_DONE, or the
   end with an error of a call of this kind */

ngx_int_t ngx_http_secops_resources_asked(ngx_http_secops_resources_t *op,
    ngx_int_t rc, ngx_http_secops_kind_e kind);


/* goes on with then, after so many milliseconds; as decide */

ngx_int_t ngx_http_secops_resources_pause(ngx_http_secops_resources_t *op,
    ngx_msec_t time, ngx_http_secops_resources_then_pt then);

/* all of it from the start, now */

ngx_int_t ngx_http_secops_resources_first(ngx_http_secops_resources_t *op);


/* the worker's time, in nanoseconds: nginx' own stands still while a handler
   runs */

uint64_t ngx_http_secops_resources_clock(void);

/* does what op->work says, and other work that comes of it, until it is done
   or others are to be served; as decide */

ngx_int_t ngx_http_secops_resources_work(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_work_pt work);


/* ngx_http_secops_api_resources_text.c */

/* a stored document makes no sense: told to the operator */

void ngx_http_secops_resources_unreadable(ngx_http_secops_resources_t *op,
    ngx_secops_store_found_t *found);
void ngx_http_secops_resources_cannot_read(ngx_http_secops_resources_t *op,
    secops_resource_type_e type, ngx_str_t *id);


/* a stored secret that was to be kept can not be opened, as the plan says: told
   to the operator */

void ngx_http_secops_resources_sealed(ngx_http_secops_resources_t *op);


/* a copy in the request's pool; NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_copy(ngx_http_secops_resources_t *op,
    ngx_str_t *dst, const void *data, size_t len);

/* the same of a JSON document, which is given up in any case */

ngx_int_t ngx_http_secops_resources_dump(ngx_http_secops_resources_t *op,
    ngx_str_t *dst, json_t *json);


/* ngx_http_secops_api_resources_keys.c */

/* makes ids and values for the api keys of the set, and tells the plan's
   context of the ids.  NGX_ERROR: no memory, or no random bytes */

ngx_int_t ngx_http_secops_resources_make_keys(ngx_http_secops_resources_t *op);

/* looks at what the plan has found of them: faults are added.  NGX_ERROR: no
   memory */

ngx_int_t ngx_http_secops_resources_check_keys(
    ngx_http_secops_resources_t *op);

/* the document of a key as it is to be, empty: nothing has changed; and the
   names of its members that differ from before.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_key_document(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    ngx_http_secops_resources_key_t *key, ngx_str_t *document,
    ngx_str_t *members);

/*
 * Pointers.  put: those that are to be written, which count as written from
 * now on.  Otherwise those that may be there and lead nowhere.  NGX_ERROR: no
 * memory.
 */

ngx_int_t ngx_http_secops_resources_pointers(ngx_http_secops_resources_t *op,
    ngx_secops_store_pointer_t **pointers, ngx_uint_t *n, ngx_uint_t put);

/* takes over the values of the key that was found */

void ngx_http_secops_resources_note_values(
    ngx_http_secops_resources_key_t *key, const secops_apikey_t *stored);

/* what is remembered of the keys' values: no location of this worker need wait
   for its own memory to grow old */

void ngx_http_secops_resources_forget_keys(ngx_http_secops_resources_t *op);

void ngx_http_secops_resources_wipe_keys(ngx_http_secops_resources_t *op);


/* ngx_http_secops_api_resources_rights.c */

/* adds the faults of an api key of the plan */

void ngx_http_secops_resources_check_key(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry);

/*
 * NGX_OK: the caller may touch the stored key: has all its scopes, and lives as
 * long.  NGX_DECLINED: else, a fault is told.  resource is NULL for one that
 * the query names.
 */

ngx_int_t ngx_http_secops_resources_may_change_key(
    ngx_http_secops_resources_t *op, const secops_resource_t *resource,
    const secops_apikey_t *stored);

/* of the plan's context: see there */

int ngx_http_secops_resources_key_over(
    const secops_resource_context_t *context, const json_t *stored,
    const json_t *properties);

/* who changes a key; digest is that of the value which it may get, NULL: any
   will do */

void ngx_http_secops_resources_key_change(ngx_http_secops_resources_t *op,
    secops_apikey_change_t *change, const u_char *digest);


/* ngx_http_secops_api_resources_limits.c */

/* what the domain may have; and the fault when a commit was refused for that.
   NGX_ERROR: no memory */

void ngx_http_secops_resources_limits(ngx_http_secops_resources_t *op);
ngx_int_t ngx_http_secops_resources_limited(ngx_http_secops_resources_t *op,
    ngx_secops_store_status_e status, secops_error_e error);

/* counts the references that all changes of op->commit add and take away.
   NGX_DECLINED: more than SECOPS_RESOURCE_SET_REFS, see op->faults;
   NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_check_refs(
    ngx_http_secops_resources_t *op);

/* whom an entry of the plan refers to, other than before; and of a document
   that is deleted, whom not any more.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_resources_refs(ngx_http_secops_resources_t *op,
    ngx_secops_store_change_t *change, size_t entry);
ngx_int_t ngx_http_secops_resources_no_refs(ngx_http_secops_resources_t *op,
    ngx_secops_store_change_t *change, const json_t *document);


/* ngx_http_secops_api_resources_saved.c: created and updated resources, with
   the values of new api keys */

ngx_int_t ngx_http_secops_resources_saved(ngx_http_secops_resources_t *op);


/* ngx_http_secops_api_resources_reply.c */

/* the deleted resource */

ngx_int_t ngx_http_secops_resources_removed(ngx_http_secops_resources_t *op);

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

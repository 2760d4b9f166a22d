
/*
 * What the APIs ask of the store, and what it answers, without Redis in
 * sight.  It sees no request.
 *
 * A call is started with its arguments and answered through the call's
 * handler, exactly once and never before the start returned; unless it was
 * cancelled, or the start did not return NGX_OK.  The caller owns the call
 * struct and keeps it until one of these.
 */

#ifndef _NGX_SECOPS_STORE_H_INCLUDED_
#define _NGX_SECOPS_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "model/audit/secops_audit.h"
#include "model/resource/secops_resource.h"
#include "model/plan/secops_resource_targets.h"
#include "store/secops_keys.h"
#include "util/secops_id.h"
#include "util/secops_time.h"


/* of the layer below: nobody above the store needs to look inside */

struct ngx_secops_redis_s;
struct ngx_secops_redis_cmd_s;

typedef struct ngx_secops_store_script_s  ngx_secops_store_script_t;


/* of resources, and of domains, in bytes */

#define NGX_SECOPS_STORE_ID_MAX      SECOPS_RESOURCE_ID_MAX
#define NGX_SECOPS_STORE_DOMAIN_MAX  1024

/* where a reading goes on */

#define NGX_SECOPS_STORE_REST_MAX    256

/* lists of a group's subjects, by a digit of their digest */

#define NGX_SECOPS_STORE_SUBJECTS    16


/* one location's store; made when the configuration is read */

typedef struct {
    struct ngx_secops_redis_s  *redis;
    ngx_str_t                   prefix;         /* secops_keys_prefix_valid() */
    ngx_str_t                   audit_maxlen;   /* decimal; empty: keep all */
    ngx_str_t                   durability;     /* that OK of a write stands
                                                   for, in words */
} ngx_secops_store_t;


typedef enum {
    NGX_SECOPS_STORE_OK = 0,
    NGX_SECOPS_STORE_NOT_FOUND,
    NGX_SECOPS_STORE_CHANGED,       /* not stored: somebody else was first */
    NGX_SECOPS_STORE_REFUSED,       /* not stored, and trying again is no use */
    NGX_SECOPS_STORE_TOO_MANY,      /* not stored: one of the limits of a */
    NGX_SECOPS_STORE_TOO_LARGE,     /* commit, of resources, of their bytes, */
    NGX_SECOPS_STORE_DOCUMENT,      /* or of the bytes of one */
    NGX_SECOPS_STORE_UNAVAILABLE,   /* not stored; worth another try */
    NGX_SECOPS_STORE_UNKNOWN        /* nobody knows whether it was stored, or
                                       whether it is as durable as it was to
                                       be */
} ngx_secops_store_status_e;


/* a resource as it is stored */

typedef struct {
    ngx_uint_t                  lookup;         /* index of what asked for it */
    ngx_str_t                   id;
    ngx_str_t                   document;       /* JSON */
    ngx_str_t                   last_used;      /* empty: not known */
} ngx_secops_store_found_t;


/* valid until the handler returns */

typedef struct {
    ngx_secops_store_status_e   status;
    ngx_str_t                   value;          /* of a read: the document */
    secops_audit_entry_t       *entries;        /* of an audit read, one for
                                                   each record; may be changed.
                                                   Their stream is not filled
                                                   in */
    ngx_uint_t                  nentries;
    ngx_uint_t                  nread;          /* of the stream, for these */
    ngx_str_t                   revision;       /* of resources: what a commit
                                                   wants to be still the same */
    ngx_str_t                   next_id;        /* of resources; empty: none
                                                   was given yet */
    off_t                       bytes;          /* of all resources; -1: it is
                                                   not known, see
                                                   _index_resources() */
    ngx_uint_t                  total;          /* of all resources */
    ngx_uint_t                  listed;         /* ... of the types of which all
                                                   were asked for */
    ngx_uint_t                  more;           /* 1: this is a part, see
                                                   _find_more() */
    ngx_secops_store_found_t   *found;          /* in the order of lookups */
    ngx_uint_t                  nfound;
    ngx_str_t                   reason;         /* for the log */
    ngx_msec_t                  time;           /* that Redis took */
} ngx_secops_store_result_t;


typedef struct ngx_secops_store_call_s  ngx_secops_store_call_t;

typedef void (*ngx_secops_store_handler_pt)(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);

struct ngx_secops_store_call_s {
    ngx_secops_store_handler_pt     handler;    /* set by the caller */
    void                           *data;       /* the caller's */
    struct ngx_secops_redis_cmd_s  *cmd;        /* NULL: not under way */
    ngx_secops_store_call_t        *parts;      /* that it consists of, */
    ngx_uint_t                      nparts;     /* if there are several */
};


/* who does it, for the audit stream; borrowed, may be empty */

typedef struct {
    ngx_str_t                   user;
    ngx_str_t                   method;         /* how they were identified */
    ngx_str_t                   address;
    ngx_str_t                   request_id;
    ngx_str_t                   operation;
} ngx_secops_store_audit_t;


/* a record's id, and its place among those that are to be written */

typedef struct ngx_secops_store_id_s  ngx_secops_store_id_t;

struct ngx_secops_store_id_s {
    ngx_secops_store_id_t      *next;           /* of the shard */
    ngx_secops_store_id_t      *same;           /* of the subject */
    u_char                      text[SECOPS_ID_LEN];
};


/* ids in the order in which they came */

typedef struct {
    ngx_secops_store_id_t      *first;
    ngx_secops_store_id_t      *last;
    ngx_uint_t                  n;
} ngx_secops_store_ids_t;


/* what some records are about; all but the digest is the group's */

typedef struct ngx_secops_store_subject_s  ngx_secops_store_subject_t;

struct ngx_secops_store_subject_s {
    ngx_secops_store_subject_t *next;
    ngx_secops_store_ids_t      ids;            /* linked by same */
    u_char                      digest[SECOPS_KEYS_DIGEST_LEN];
};


/* a record to be stored; json is copied, the rest is borrowed until its group
   was sent */

typedef struct {
    ngx_secops_store_id_t      *id;
    ngx_secops_store_subject_t *subject;        /* NULL: it has none */
    ngx_str_t                   json;
} ngx_secops_store_record_t;


/* a part of an audit stream; borrowed */

typedef struct {
    unsigned                        stream;
    const secops_audit_position_t  *after;      /* NULL: from the newest on */
    ngx_uint_t                      count;
} ngx_secops_store_audit_read_t;


/* a call that runs a script, and what to run it with; for the store's own use
   but for the call */

typedef struct ngx_secops_store_eval_s  ngx_secops_store_eval_t;

struct ngx_secops_store_eval_s {
    ngx_secops_store_call_t                  call;  /* must be the first */
    ngx_secops_store_t                      *store;
    const secops_keyspace_t                 *space;
    ngx_secops_store_script_t               *script;
    ngx_uint_t                               nargs;
    ngx_uint_t                               text;  /* 1: sent in full */
    ngx_uint_t                               unsure;  /* 1: it may have been
                                                         executed before */
};


/* which resources: all of a type, one by its id or its title, or those of a
   type that refer to the resource with this id */

typedef enum {
    NGX_SECOPS_STORE_BY_ALL = 0,
    NGX_SECOPS_STORE_BY_ID,
    NGX_SECOPS_STORE_BY_TITLE,
    NGX_SECOPS_STORE_BY_REFS
} ngx_secops_store_by_e;

typedef struct {
    secops_resource_type_e          type;
    ngx_secops_store_by_e           by;
    secops_slice_t                  what;
    ngx_uint_t                      target;     /* of refs: its type; or
                                                   SECOPS_RESOURCE_ANYBODY: who
                                                   refers to whom is unknown */
} ngx_secops_store_lookup_t;


/* a reading of resources; lookups and space are borrowed until it is done */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first */
    ngx_secops_store_lookup_t      *lookups;
    ngx_uint_t                      nlookups;
    size_t                          rest_len;   /* where it goes on */
    u_char                          rest[NGX_SECOPS_STORE_REST_MAX];
} ngx_secops_store_find_t;


/* borrowed */

typedef struct {
    const secops_resource_target_t *list;
    ngx_uint_t                      n;
} ngx_secops_store_refs_t;


/* one resource that is created, replaced or deleted; borrowed */

typedef struct {
    secops_resource_type_e          type;
    secops_slice_t                  id;
    secops_slice_t                  title;
    secops_slice_t                  old_title;  /* empty: it stays */
    ngx_str_t                       document;   /* empty: to be deleted */
    ngx_str_t                       operation;  /* for the audit */
    ngx_secops_store_refs_t         added;      /* whom it refers to now, and */
    ngx_secops_store_refs_t         removed;    /* whom not any more */
} ngx_secops_store_change_t;


/* what a domain's resources may come to */

typedef struct {
    ngx_uint_t                      count;
    ngx_uint_t                      bytes;
    ngx_uint_t                      document;   /* bytes of one */
} ngx_secops_store_limits_t;

#define NGX_SECOPS_STORE_UNLIMITED  (((ngx_uint_t) 1 << 53) - 1)


/* a set of changes; all is borrowed until it is answered.  The token is
   random, and another one for each commit */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first */
    ngx_secops_store_change_t      *changes;
    ngx_uint_t                      nchanges;
    ngx_secops_store_audit_t       *audit;
    ngx_str_t                       revision;   /* that was found */
    ngx_str_t                       next_id;    /* empty: it stays */
    ngx_secops_store_limits_t       limits;
    u_char                          token[SECOPS_ID_LEN];
} ngx_secops_store_commit_t;


/* that a resource was used; the id is borrowed until it is answered */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first */
    secops_resource_type_e          type;
    ngx_str_t                       id;
    u_char                          time[SECOPS_TIME_LEN];
} ngx_secops_store_touch_t;


/* a resource that was read for the index; in its pool */

typedef struct {
    secops_resource_type_e          type;
    ngx_str_t                       id;
    size_t                          bytes;
} ngx_secops_store_seen_t;


/*
 * The making of what is kept beside the resources: their bytes, and who refers
 * to whom.  The calls are for cancel, and for the store's own use like the
 * rest, but for handler and data of the first, which are the caller's.
 */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_find_t         find;
    ngx_secops_store_eval_t         step;
    ngx_secops_store_lookup_t       lookups[SECOPS_RESOURCE_TYPES];

    ngx_pool_t                     *pool;
    ngx_str_t                       revision;
    ngx_uint_t                      total;
    ngx_uint_t                      begun;      /* the first step was sent */
    ngx_uint_t                      more;       /* to be read */
    off_t                           bytes;      /* of all, in the last step */
    ngx_msec_t                      time;

    ngx_array_t                     seen;       /* of _seen_t */
    ngx_array_t                     refs;       /* of ngx_str_t, to be sent */
    ngx_uint_t                      sent;       /* of refs */
} ngx_secops_store_index_t;


/* where the value of an api key leads to; borrowed */

typedef struct {
    const u_char                   *digest;     /* SECOPS_KEYS_API_KEY_LEN */
    ngx_str_t                       id;
} ngx_secops_store_pointer_t;


/* pointers that are written or removed; pointers and domain are borrowed until
   it is answered, the rest but for the call is for the store's own use */

typedef struct {
    ngx_secops_store_call_t             call;   /* must be the first */
    ngx_secops_store_t                 *store;
    ngx_str_t                          *domain; /* NULL: they are removed */
    const ngx_secops_store_pointer_t   *pointers;
    ngx_uint_t                          n;
    ngx_pool_t                         *pool;   /* of the caller */

    /* in a Redis Cluster: parts without an answer; how the others went */

    ngx_uint_t                          waiting;
    ngx_uint_t                          status; /* of the worst */
    ngx_str_t                           reason; /* ... in the pool */
    ngx_msec_t                          time;   /* of the slowest */
} ngx_secops_store_pointers_t;


/* an api key that is looked up by its digest; id and domain are filled in
   before the handler is called, and stay */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_t             *store;
    ngx_str_t                       id;
    ngx_str_t                       domain;
    ngx_msec_t                      time;
    u_char                          id_bytes[NGX_SECOPS_STORE_ID_MAX];
    u_char                          domain_bytes[NGX_SECOPS_STORE_DOMAIN_MAX];
} ngx_secops_store_api_key_t;


/*
 * Records of one table that are stored together: all or none of them, each
 * with its place in both indexes and in the audit.  Redis does not undo,
 * though: should somebody have put another type under one of our keys, the
 * rest is there, and the answer is REFUSED.
 *
 * The keys of a transaction must be in one place.  So a group's records are of
 * one shard, which is the caller's to see to; only one that is whole may have
 * several, as long as there is one Redis for all of them.
 *
 * Created zeroed, with the first part filled in; begun, records added, then
 * sent or freed.
 */

typedef struct {
    ngx_secops_store_t         *store;
    const secops_keyspace_t    *space;          /* borrowed, as all of these */
    secops_slice_t              table;
    ngx_secops_store_audit_t   *audit;
    ngx_uint_t                  whole;          /* 1: it is never full, and
                                                   has records of any shard */

    struct ngx_secops_redis_cmd_s  *cmd;
    ngx_uint_t                  shard;          /* of its first record */
    ngx_uint_t                  nrecords;
    size_t                      size;           /* bytes, about */
    size_t                      limit;
    ngx_secops_store_ids_t      ids[SECOPS_ID_SHARDS];  /* linked by next */
    ngx_secops_store_subject_t *subjects[NGX_SECOPS_STORE_SUBJECTS];
} ngx_secops_store_group_t;


/* n and bytes: how many records, and how much JSON, there may be in it.
   NGX_ERROR: no memory */

ngx_int_t ngx_secops_store_group_begin(ngx_secops_store_group_t *group,
    size_t bytes, ngx_uint_t n);

/* 1: a record whose JSON is len bytes had better go into another group */

ngx_uint_t ngx_secops_store_group_full(ngx_secops_store_group_t *group,
    size_t len);

/* 1: records of this shard can be in one transaction with those that are in it:
   a Redis Cluster has transactions within one shard only */

ngx_uint_t ngx_secops_store_group_takes(ngx_secops_store_group_t *group,
    ngx_uint_t shard);

/* failing to get memory is remembered until the send */

void ngx_secops_store_group_add(ngx_secops_store_group_t *group,
    const ngx_secops_store_record_t *record);

/* as the calls below; NGX_DECLINED too: it is larger than all that may ever
   wait for Redis.  It is sent, or freed, however it ends */

ngx_int_t ngx_secops_store_group_send(ngx_secops_store_group_t *group,
    ngx_secops_store_call_t *call);

/* of a group that is not to be sent; no harm if it was */

void ngx_secops_store_group_free(ngx_secops_store_group_t *group);


/*
 * All of these: NGX_OK, the handler will be called; NGX_BUSY, Redis can not be
 * reached or has too much to do: the same as UNAVAILABLE, and
 * ngx_secops_store_busy() says which; NGX_ERROR, no memory.
 */

ngx_int_t ngx_secops_store_get_record(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t table, ngx_str_t *sys_id);

/* at most read->count entries, newest first */

ngx_int_t ngx_secops_store_read_audit(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    const ngx_secops_store_audit_read_t *read);

/*
 * OK: found, revision and next_id are what there is; not finding is no error.
 * Redis must not be held for long: so this may be a part of it.  Then there is
 * more to be read, by the same find, of what is there by then: that it is of
 * the same revision is the caller's to see to.
 */

ngx_int_t ngx_secops_store_find_resources(ngx_secops_store_t *store,
    ngx_secops_store_find_t *find, const secops_keyspace_t *space);
ngx_int_t ngx_secops_store_find_more(ngx_secops_store_find_t *find);


/*
 * When the bytes of all resources are not known: makes them, and the references
 * that lookups by them want.  A commit wants that as well.  CHANGED: others
 * have changed the resources meanwhile.  All memory is the pool's, which lives
 * longer than the call.
 */

ngx_int_t ngx_secops_store_index_resources(ngx_secops_store_t *store,
    ngx_secops_store_index_t *index, const secops_keyspace_t *space,
    ngx_pool_t *pool);


/*
 * All the changes and an audit entry for each, or nothing.  CHANGED: the
 * domain's resources are not those of that revision any more.  TOO_MANY,
 * TOO_LARGE, DOCUMENT: a limit.  A link that is
 * lost does not make the outcome UNKNOWN if there is another in time.
 */

ngx_int_t ngx_secops_store_commit_resources(ngx_secops_store_t *store,
    ngx_secops_store_commit_t *commit, const secops_keyspace_t *space);


/* unless it is deleted meanwhile, without an audit entry */

ngx_int_t ngx_secops_store_touch_resource(ngx_secops_store_t *store,
    ngx_secops_store_touch_t *touch, const secops_keyspace_t *space);


/*
 * Where values of api keys lead to: to a resource of a domain, which alone
 * says that there is such a key, and what it may do.  So these are written
 * before the resource is, never changed, and left over for a moment when it is
 * deleted: a value leads nowhere then.  They lie in many places of a Redis
 * Cluster: all are sent at once there, so it takes no longer than one of them.
 */

ngx_int_t ngx_secops_store_put_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set, ngx_str_t *domain,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool);
ngx_int_t ngx_secops_store_delete_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool);


/* OK: value is the key's document; NOT_FOUND: it leads nowhere */

ngx_int_t ngx_secops_store_get_api_key(ngx_secops_store_t *store,
    ngx_secops_store_api_key_t *key, const u_char *digest);


/* OK: a write was accepted just now, and is durable */

ngx_int_t ngx_secops_store_probe(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, ngx_uint_t share);

/* how many probes it takes for all servers: share is 0, ... of each */

ngx_uint_t ngx_secops_store_shares(ngx_secops_store_t *store);

/* who that server is: as in the log, and where its link leads to, empty without
   one.  In the pool; NGX_ERROR: no memory */

ngx_int_t ngx_secops_store_server(ngx_secops_store_t *store, ngx_uint_t share,
    ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *address);

/* 1: a part of what could be stored has no server at present */

ngx_uint_t ngx_secops_store_gaps(ngx_secops_store_t *store);


/* why NGX_BUSY was returned just now, for the log: static text */

ngx_str_t *ngx_secops_store_busy(ngx_secops_store_t *store);


/* the handler will not be called; no harm when the call is not under way */

void ngx_secops_store_cancel(ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_H_INCLUDED_ */

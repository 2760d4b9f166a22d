
/*
 * Resources: found together with the revision they are of, and changed only if
 * that is still the same.
 */

#ifndef _NGX_SECOPS_STORE_RESOURCE_H_INCLUDED_
#define _NGX_SECOPS_STORE_RESOURCE_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/ngx_secops_store_script.h"
#include "model/plan/secops_resource_targets.h"
#include "model/resource/secops_resource.h"
#include "util/secops_id.h"
#include "util/secops_time.h"


/* where a reading goes on */

#define NGX_SECOPS_STORE_REST_MAX    256


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
    ngx_str_t                       operation;  /* for the audit, */
    ngx_str_t                       members;    /* as this: see
                                                   ngx_secops_store_audit_t */
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


#endif /* _NGX_SECOPS_STORE_RESOURCE_H_INCLUDED_ */

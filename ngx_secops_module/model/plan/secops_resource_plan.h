
/*
 * What a set of resources means, given what is stored: which stored resources
 * are to be looked up, and then what is created, what is changed and how, or
 * all that is wrong with it.  Pure C; it asks nobody for anything.
 *
 *     begin ──> step … ──> MORE ──> lookups ──> found … ──> step … ──> READY
 *                           ^                               │           or
 *                           └──────────── MORE ─────────────┘         FAULTY
 *
 * All work is done in steps, each of which takes a few milliseconds at most:
 * one resource, one stored document.  So the caller can serve others while a
 * large set is decided.  BUSY: there is more to do.
 *
 * MORE: the caller looks up all that secops_resource_plan_lookups() names, of
 * one revision of the domain, tells what was found, and goes on with steps.
 * Nearly always that is once.  Further lookups must be answered of the same
 * revision (another one: reset, and from the first round on).  There are no
 * more than SECOPS_RESOURCE_ROUNDS rounds.  After a reset the same plan starts
 * anew; what it was begun with stays.  A set that asks for more than
 * SECOPS_RESOURCE_REFERENCES resources beside its own is refused before they
 * are looked up.
 *
 * Memory: of what is stored and of what is to be stored the texts are kept,
 * SECOPS_RESOURCE_SET_BYTES of each at most.  Trees are there of one of them at
 * a time.
 *
 * How a name is resolved is told in secops_resource_ref.h, and how a document
 * is stored and shown in secops_resource_render.h.
 *
 * Api keys: the plan finds them, knows their ids and resolves what refers to
 * them; the document of a key is made by who knows what a key is.
 */

#ifndef _SECOPS_RESOURCE_PLAN_H_INCLUDED_
#define _SECOPS_RESOURCE_PLAN_H_INCLUDED_


#include "model/plan/secops_resource_targets.h"
#include "model/secret/secops_secret.h"


#define SECOPS_RESOURCE_ROUNDS      16
#define SECOPS_RESOURCE_REFERENCES  10000   /* in all rounds */

/* of the documents that one set finds, and of those that it writes */

#define SECOPS_RESOURCE_SET_BYTES   8388608

/* ids are integers for JavaScript, too */

#define SECOPS_RESOURCE_FIRST_ID    1000
#define SECOPS_RESOURCE_LAST_ID     (((int64_t) 1 << 53) - 1)


typedef struct secops_resource_plan_s  secops_resource_plan_t;
typedef struct secops_resource_context_s  secops_resource_context_t;


/*
 * 1: once the set is saved, an api key is of no more use, so that nobody may
 * come to refer to it.  stored: its document, or NULL: it is new.  properties:
 * those that the set gives it, or NULL: it is not in the set.
 */

typedef int (*secops_resource_key_over_pt)(
    const secops_resource_context_t *context, const json_t *stored,
    const json_t *properties);


/* who changes something, when, and how; borrowed while the plan is in use */

struct secops_resource_context_s {
    secops_slice_t           user;      /* UTF-8 */
    secops_slice_t           time;      /* secops_time_format() */
    int                      overwrite; /* what exists may be changed */

    /* what secrets are encrypted with, and the domain that they are bound to,
       as its keys spell it.  NULL: there are no keys */

    const secops_secret_keys_t  *secrets;
    secops_slice_t           domain;

    /*
     * One for each resource of the set: the id that an api key gets if it is
     * created; of other types empty.  The same in all attempts.
     */

    const secops_slice_t    *key_ids;

    secops_resource_key_over_pt  key_over;  /* NULL: no key is */
};


typedef enum {
    SECOPS_RESOURCE_BY_ID = 0,
    SECOPS_RESOURCE_BY_TITLE
} secops_resource_by_e;


/* what is borrowed from the plan: valid until it is reset or freed */

typedef struct {
    secops_resource_type_e   type;
    secops_resource_by_e     by;
    secops_slice_t           what;      /* never empty */
} secops_resource_lookup_t;


/*
 * What becomes of one resource of the set: entries[i] is set.resources[i].
 * Here too all is borrowed from the plan.
 *
 * Titles can change places in one set.  So a commit must take away all old
 * titles before it sets new ones.
 */

typedef struct {
    const secops_resource_t *resource;
    int                      created;   /* it did not exist */
    secops_slice_t           id;        /* decimal, or an api key's */
    secops_slice_t           title;
    secops_slice_t           old_title; /* empty: it stays the same */
    secops_slice_t           document;  /* JSON, to be written; empty: nothing
                                           has changed.  Of an api key always
                                           empty: see stored */
    secops_slice_t           members;   /* of a document that is changed: the
                                           names of those that differ, see
                                           secops_resource_changed.h */
    const json_t            *stored;    /* of an api key, the document that
                                           was found; NULL: created */
} secops_resource_entry_t;


#define SECOPS_RESOURCE_READY       0   /* see the entries */
#define SECOPS_RESOURCE_MORE        1   /* see the lookups */
#define SECOPS_RESOURCE_FAULTY      2   /* see the faults */
#define SECOPS_RESOURCE_UNREADABLE  3   /* a stored document makes no sense:
                                           nothing can be planned */
#define SECOPS_RESOURCE_SEALED      5   /* a stored secret that is to be kept
                                           can not be opened: nothing can be
                                           planned */
#define SECOPS_RESOURCE_FAILED      (-1)    /* no memory */


/* the secret of a plan that is SEALED; borrowed from the plan */

typedef struct {
    secops_secret_e          rc;
    secops_resource_type_e   type;
    secops_slice_t           id;        /* of the resource */
    secops_slice_t           pointer;   /* see secops_resource_secrets.h */
    secops_slice_t           key_id;    /* empty: it has not the form */
} secops_resource_sealed_t;


/*
 * The set was read; model, set and context are borrowed.  A set that was read
 * with faults may be planned too, as far as it has resources: those which are
 * sound by themselves are looked at further, so that all faults are told at
 * once; it never becomes READY.  NULL: no memory.
 */

secops_resource_plan_t *secops_resource_plan_begin(
    const secops_resource_model_t *model, const secops_resource_set_t *set,
    const secops_resource_context_t *context);

/* the next attempt; entries, lookups and all that was found are gone.  -1: no
   memory */

int secops_resource_plan_reset(secops_resource_plan_t *plan);

/*
 * Does a part of the work, and says what is next: BUSY, MORE, READY, FAULTY,
 * UNREADABLE, SEALED or FAILED.  next_id is the first id that was never given
 * (SECOPS_RESOURCE_FIRST_ID at the beginning); once the plan is READY, the one
 * to be stored: the same if none was given.  Faults are added to those that
 * there are; a plan that is FAULTY is of no more use.
 */

int secops_resource_plan_step(secops_resource_plan_t *plan, int64_t *next_id,
    secops_faults_t *faults);

/* no two are the same; n may be 0, and then there is nothing to look up: so it
   is of a set that asks for too much */

const secops_resource_lookup_t *secops_resource_plan_lookups(
    const secops_resource_plan_t *plan, size_t *n);

/*
 * What the lookup of this number (of this round) has found; what is not found
 * is not told.  id and document are copied.  -1: no memory, or there is no such
 * lookup.
 */

int secops_resource_plan_found(secops_resource_plan_t *plan, size_t lookup,
    secops_slice_t id, secops_slice_t document);

/* 1: more was found than one set may ask for.  Nothing else need be read: the
   next step tells it */

int secops_resource_plan_is_heavy(const secops_resource_plan_t *plan);

/* the one that is UNREADABLE; borrowed */

secops_slice_t secops_resource_plan_unreadable(
    const secops_resource_plan_t *plan, secops_resource_type_e *type);

/* the secret of a plan that is SEALED */

void secops_resource_plan_sealed(const secops_resource_plan_t *plan,
    secops_resource_sealed_t *sealed);

/* to whom entry i referred before, and to whom it does after; both are to be
   freed.  -1: no memory */

int secops_resource_plan_targets(const secops_resource_plan_t *plan, size_t i,
    secops_resource_targets_t *before, secops_resource_targets_t *after);

const secops_resource_entry_t *secops_resource_plan_entries(
    const secops_resource_plan_t *plan, size_t *n);

void secops_resource_plan_free(secops_resource_plan_t *plan);


#endif /* _SECOPS_RESOURCE_PLAN_H_INCLUDED_ */

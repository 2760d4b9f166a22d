
/*
 * Feedback on an event, and the vote that it is.  It takes three steps, as the
 * event and its bucket may lie on different servers:
 *
 *     1. the feedback is stored beside the event, open, with its audit entry;
 *     2. the vote is taken from the bucket that had it and given to the one
 *        that is to have it;
 *     3. the feedback is counted, and is not open any more.
 *
 * Each step may be repeated, and does nothing that was done already; steps 2
 * and 3 of an older feedback do nothing once there is a newer one.  So whoever
 * finds a feedback open for longer than a request takes does them again.
 */

#ifndef _NGX_SECOPS_STORE_VOTE_H_INCLUDED_
#define _NGX_SECOPS_STORE_VOTE_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/ngx_secops_store_script.h"


/* digits of a number that is told of feedback */

#define NGX_SECOPS_STORE_VOTE_NUMBER  20


/*
 * What steps 2 and 3 need of a feedback: filled in by step 1, or by whoever has
 * read one.  Slices are borrowed.
 */

typedef struct {
    secops_slice_t                   job;       /* ids */
    secops_slice_t                   event;
    secops_slice_t                   label;     /* its id */
    uint64_t                         n;         /* which of the event's */
    uint64_t                         generation;
    u_char                           digest[SECOPS_KEYS_DIGEST_LEN];
    u_char                           old[SECOPS_KEYS_DIGEST_LEN];
    unsigned                         bucket:1;  /* 1: digest is there, and */
    unsigned                         moved:1;   /* old */
} ngx_secops_store_vote_t;


/*
 * Step 1.  The caller's, zeroed at first, and borrowed with all that it points
 * to until it is answered.  vote.label and vote.generation are what is given.
 * The handler's status: OK, the rest of vote is filled in; CHANGED, nothing was
 * stored: the vote is on its way between two other buckets, and vote, with
 * vote.label and all, is the feedback that is to be settled first (its label is
 * the result's value, valid until the handler returns); NOT_FOUND, there is no
 * such event; and what all calls may have.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    ngx_secops_store_vote_t          vote;
    ngx_str_t                        user;      /* the analyst, UTF-8 */
    ngx_str_t                        notes;     /* UTF-8; may be empty */
    ngx_str_t                        token;     /* of the request: who comes
                                                   again with it has stored it
                                                   already */
    const ngx_secops_store_audit_t  *audit;
} ngx_secops_store_feedback_t;

ngx_int_t ngx_secops_store_feedback(ngx_secops_store_t *store,
    ngx_secops_store_feedback_t *feedback, const secops_keyspace_t *space);


/*
 * Step 2: one call for each bucket.  take is 1 for the old one.  OK: generation
 * is that of the bucket now, which may be higher than the vote's.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    const ngx_secops_store_vote_t   *vote;
    ngx_uint_t                       take;
    uint64_t                         generation;
} ngx_secops_store_ballot_t;

ngx_int_t ngx_secops_store_ballot(ngx_secops_store_t *store,
    ngx_secops_store_ballot_t *ballot, const secops_keyspace_t *space);


/*
 * Step 3.  generation is the highest that step 2 has told.  OK also when there
 * is a newer feedback by now, whose own steps count it.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    const ngx_secops_store_vote_t   *vote;
    uint64_t                         generation;
} ngx_secops_store_settle_t;

ngx_int_t ngx_secops_store_settle(ngx_secops_store_t *store,
    ngx_secops_store_settle_t *settle, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_VOTE_H_INCLUDED_ */

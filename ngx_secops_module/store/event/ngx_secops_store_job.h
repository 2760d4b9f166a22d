
/*
 * Facts of jobs, as a worker knows them: those that it was asked for lately
 * stay in its memory, which is bounded in number and bytes.  The facts that it
 * tells are of one revision of the domain's resources; that this is still the
 * present one, or that they are young enough, is the caller's to see to.
 */

#ifndef _NGX_SECOPS_STORE_JOB_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOB_H_INCLUDED_


#include "store/ngx_secops_store_script.h"
#include "model/event/secops_job_facts.h"


/* so much a worker remembers */

#define NGX_SECOPS_STORE_JOBS       512
#define NGX_SECOPS_STORE_JOBS_BYTES (8 * 1024 * 1024)


/* shared by the worker's memory and all who hold it; nobody changes it but for
   feedback, and what is the store's own */

typedef struct ngx_secops_store_facts_s  ngx_secops_store_facts_t;

struct ngx_secops_store_facts_s {
    const secops_job_facts_t   *facts;          /* points are in the order in
                                                   which a bucket has them */
    ngx_str_t                   revision;       /* that they are of */
    uint64_t                    feedback;       /* how many events of the job
                                                   have some, as whoever counted
                                                   last has noted: there may be
                                                   more by now, not fewer */

    ngx_msec_t                  asked;          /* the store's own: when they
                                                   were known to be so, */
    ngx_uint_t                  refs;           /* who holds them */
    secops_job_facts_t         *owned;
};


/* a reading of a job; space is borrowed until it is answered.  After OK facts
   are the caller's, who lets them go by _drop() */

typedef struct {
    ngx_secops_store_eval_t     eval;           /* must be the first */
    int64_t                     id;
    ngx_msec_t                  asked;
    ngx_secops_store_facts_t   *facts;
} ngx_secops_store_job_t;


/* OK; NOT_FOUND: there is no such job; REFUSED: its document is no document of
   a job */

ngx_int_t ngx_secops_store_read_job(ngx_secops_store_t *store,
    ngx_secops_store_job_t *job, const secops_keyspace_t *space, int64_t id);


/* the revision of the domain's resources, as result->value; NOT_FOUND: nothing
   was stored there yet */

ngx_int_t ngx_secops_store_read_revision(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space);


/*
 * Facts that the worker remembers, held for the caller; NULL: there are none.
 * Then whether they were so less than age milliseconds ago; and that they are
 * so, as somebody has found out who asked at that time.
 */

ngx_secops_store_facts_t *ngx_secops_store_known_job(
    ngx_secops_store_t *store, const secops_keyspace_t *space, int64_t id);
ngx_uint_t ngx_secops_store_job_young(const ngx_secops_store_facts_t *facts,
    ngx_msec_t age);
void ngx_secops_store_job_same(ngx_secops_store_facts_t *facts,
    ngx_msec_t asked);

void ngx_secops_store_drop_job(ngx_secops_store_facts_t *facts);


#endif /* _NGX_SECOPS_STORE_JOB_H_INCLUDED_ */

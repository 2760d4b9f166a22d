
/*
 * A request about jobs on its way, be it /api/v1 or /api/v2; shared by the
 * files of these operations.  It goes the way of the Resources API, see
 * api/resources/ngx_http_secops_api_resources.h:
 *
 *     one job:  prepare ─> find ─> then ─> … ─> reply
 *     a list:   prepare ─> find ─> list ─> counts ─> … ─> reply
 *
 * A caller with a role or a scope reaches all jobs of its domain.  An api key
 * without that reaches the jobs that it is an input key of: for it, the
 * integrations that refer to the key are read together with the job, or before
 * those jobs that refer to them.  Who refers to whom has to be known for that:
 * if it is not, it is made at first.  A job that is not reached does not exist
 * for the caller.
 */

#ifndef _NGX_HTTP_SECOPS_API_JOBS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_JOBS_H_INCLUDED_


#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/event/secops_job_facts.h"
#include "model/event/secops_job_view.h"
#include "store/event/ngx_secops_store_event_count.h"


typedef struct ngx_http_secops_jobs_s  ngx_http_secops_jobs_t;
typedef struct ngx_http_secops_jobs_list_s  ngx_http_secops_jobs_list_t;


/* goes on with the request; returns as decide of the Resources API does */

typedef ngx_int_t (*ngx_http_secops_jobs_then_pt)(
    ngx_http_secops_jobs_t *jobs);


/* a call of each shard */

typedef struct {
    ngx_secops_store_event_count_t   calls[SECOPS_ID_SHARDS];
    ngx_http_secops_call_t           links[SECOPS_ID_SHARDS];
} ngx_http_secops_jobs_counting_t;


/* in the request's pool; the operation's, as ctx->data */

struct ngx_http_secops_jobs_s {
    ngx_http_secops_resources_t     *op;

    secops_slice_t                   key;       /* the id of the caller's api
                                                   key, if it reaches no other
                                                   jobs than by that; empty: it
                                                   reaches all */
    ngx_array_t                      inputs;    /* of secops_job_facts_input_t:
                                                   the integrations that refer
                                                   to that key */
    ngx_str_t                        revision;  /* that they are of */

    /* of a request about one: by what it is looked for, itself, and what is
       done with it */

    ngx_secops_store_by_e            by;
    secops_slice_t                   what;
    ngx_str_t                        id;        /* empty: it was not found */
    ngx_str_t                        document;
    ngx_http_secops_jobs_then_pt     then;

    ngx_http_secops_jobs_counting_t *counting;  /* NULL: nothing was counted
                                                   yet */
    ngx_http_secops_jobs_then_pt     counted;
    secops_slice_t                   one;       /* the id of the one, */
    secops_job_counts_t              counts;    /* and what it has */

    ngx_http_secops_jobs_list_t     *list;      /* NULL: it is about one */
};


/* ngx_http_secops_api_jobs.c */

/* NULL: no memory */

ngx_http_secops_jobs_t *ngx_http_secops_jobs_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/*
 * Looks for a job, of the id in the path or of this title, and goes on with
 * then once it is there and the caller reaches it.  The operation may have set
 * what it needs of jobs->op.  To be returned by it.
 */

ngx_int_t ngx_http_secops_jobs_by_id(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then);
ngx_int_t ngx_http_secops_jobs_by_title(ngx_http_secops_jobs_t *jobs,
    secops_slice_t title, ngx_http_secops_jobs_then_pt then);

/* the lookup of integrations that refer to the caller's key */

void ngx_http_secops_jobs_inputs(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_lookup_t *lookup);

/* keeps one that was found of them.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_jobs_add_input(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_found_t *found);

/*
 * NGX_OK: the caller reaches the job with this id and document; NGX_DECLINED:
 * it does not; NGX_ABORT: a document can not be read, which was told to the
 * operator; NGX_ERROR: no memory.
 */

ngx_int_t ngx_http_secops_jobs_reach(ngx_http_secops_jobs_t *jobs,
    ngx_str_t *id, ngx_str_t *document);

/* the document as a tree, owned by the caller.  NULL: *rc is NGX_ABORT or
   NGX_ERROR, as above */

json_t *ngx_http_secops_jobs_read(ngx_http_secops_jobs_t *jobs, ngx_str_t *id,
    ngx_str_t *document, ngx_int_t *rc);


/* ngx_http_secops_api_jobs_count.c */

/*
 * Counts the events of these jobs, n of them, at most as many as
 * NGX_SECOPS_STORE_COUNT_JOBS, into counts, and goes on with then.  ids and
 * counts are the caller's until then.  To be returned as by decide.
 */

ngx_int_t ngx_http_secops_jobs_count(ngx_http_secops_jobs_t *jobs,
    const secops_slice_t *ids, secops_job_counts_t *counts, ngx_uint_t n,
    ngx_http_secops_jobs_then_pt then);

/* the same of the one that the request is about, into jobs->counts */

ngx_int_t ngx_http_secops_jobs_count_one(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then);


#endif /* _NGX_HTTP_SECOPS_API_JOBS_H_INCLUDED_ */

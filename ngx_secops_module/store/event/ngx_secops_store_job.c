
/* Facts of jobs; see ngx_secops_store_job.h. */

#include "store/ngx_secops_store_internal.h"
#include "model/event/secops_bucket.h"
#include "store/event/ngx_secops_store_job.h"
#include "util/memory/ngx_secops_lru.h"


/* what tells a job's place in the memory: parts of the domain's name, of the
   Redis and the id.  That it is this job is seen by comparing all of it */

#define NGX_SECOPS_STORE_JOB_DIGEST  20


/* an entry of the memory; in one piece with the keys of its domain */

typedef struct {
    ngx_secops_lru_entry_t      lru;            /* must be the first */
    ngx_secops_store_facts_t   *facts;
    void                       *redis;
    ngx_str_t                   space;
    size_t                      size;
} ngx_secops_store_job_entry_t;


static void ngx_secops_store_job_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_job_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_job_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static secops_job_facts_t *ngx_secops_store_job_make(
    ngx_secops_store_job_t *job, const secops_redis_value_t *value,
    const char **reason);
static ngx_int_t ngx_secops_store_job_keep(ngx_secops_store_job_t *job,
    secops_job_facts_t *facts, secops_slice_t revision);
static void ngx_secops_store_job_remember(ngx_secops_store_job_t *job);
static void ngx_secops_store_job_forget(ngx_secops_store_job_entry_t *entry);
static ngx_secops_store_job_entry_t *ngx_secops_store_job_find(
    ngx_secops_store_t *store, const secops_keyspace_t *space, int64_t id,
    u_char digest[NGX_SECOPS_STORE_JOB_DIGEST]);


static ngx_secops_store_script_t  ngx_secops_store_job_script = {
    &secops_script_job, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_job_keys, ngx_secops_store_job_args,
    ngx_secops_store_job_read,
    0, ""
};


/* the worker's */

static ngx_secops_lru_t  ngx_secops_store_jobs;
static size_t            ngx_secops_store_jobs_bytes;


ngx_int_t
ngx_secops_store_read_job(ngx_secops_store_t *store,
    ngx_secops_store_job_t *job, const secops_keyspace_t *space, int64_t id)
{
    ngx_secops_store_eval_t  *eval;

    job->id = id;
    job->asked = ngx_current_msec;
    job->facts = NULL;

    eval = &job->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_job_script;
    eval->nkeys = 3;
    eval->nargs = 1;
    eval->bytes = NGX_INT64_LEN;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_job_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    secops_key_t  key;

    secops_keys_revision(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_resources(&key, eval->space,
                          secops_resource_type_name(SECOPS_RESOURCE_JOB));
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_resources(&key, eval->space,
                        secops_resource_type_name(SECOPS_RESOURCE_INTEGRATION));
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_job_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_job_t  *job;

    job = (ngx_secops_store_job_t *) eval;

    ngx_secops_store_number(cmd, (ngx_uint_t) job->id);
}


static ngx_int_t
ngx_secops_store_job_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    size_t                   i;
    const char              *reason;
    secops_job_facts_t      *facts;
    ngx_secops_store_job_t  *job;

    job = (ngx_secops_store_job_t *) eval;

    if (value[0].type != SECOPS_REDIS_ARRAY || value[0].elements == 0) {
        return NGX_ERROR;
    }

    for (i = 1; i <= value[0].elements; i++) {
        if (value[i].type != SECOPS_REDIS_STRING) {
            return NGX_ERROR;
        }
    }

    if (value[0].elements == 1) {
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        return NGX_OK;
    }

    facts = ngx_secops_store_job_make(job, value, &reason);

    if (facts == NULL) {
        result->status = reason ? NGX_SECOPS_STORE_REFUSED
                                : NGX_SECOPS_STORE_UNAVAILABLE;

        if (reason) {
            ngx_str_set(&result->reason,
                        "a document of the job can not be read");

        } else {
            ngx_str_set(&result->reason, "no memory");
        }

        return NGX_OK;
    }

    if (ngx_secops_store_job_keep(job, facts, value[1].text) != NGX_OK) {
        secops_job_facts_free(facts);

        result->status = NGX_SECOPS_STORE_UNAVAILABLE;
        ngx_str_set(&result->reason, "no memory");
    }

    return NGX_OK;
}


/* values 1 and 2 are the revision and the document, then come inputs, two
   values each */

static secops_job_facts_t *
ngx_secops_store_job_make(ngx_secops_store_job_t *job,
    const secops_redis_value_t *value, const char **reason)
{
    size_t                     i, n;
    secops_job_facts_t        *facts;
    secops_job_facts_input_t  *inputs;

    *reason = NULL;

    n = (value[0].elements - 2) / 2;

    inputs = ngx_alloc((n + 1) * sizeof(secops_job_facts_input_t),
                       ngx_cycle->log);
    if (inputs == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        inputs[i].id = value[3 + 2 * i].text;
        inputs[i].document = value[4 + 2 * i].text;
    }

    facts = secops_job_facts_create(job->id, value[2].text, inputs, n, reason);

    ngx_free(inputs);

    if (facts) {
        secops_bucket_sort(facts->points, facts->npoints);
    }

    return facts;
}


/* they are the caller's, and remembered if there is memory for it */

static ngx_int_t
ngx_secops_store_job_keep(ngx_secops_store_job_t *job,
    secops_job_facts_t *facts, secops_slice_t revision)
{
    ngx_secops_store_facts_t  *kept;

    kept = ngx_alloc(sizeof(ngx_secops_store_facts_t) + revision.len,
                     ngx_cycle->log);
    if (kept == NULL) {
        return NGX_ERROR;
    }

    kept->facts = facts;
    kept->owned = facts;
    kept->feedback = 0;
    kept->asked = job->asked;
    kept->refs = 1;

    kept->revision.len = revision.len;
    kept->revision.data = (u_char *) (kept + 1);

    if (revision.len) {
        ngx_memcpy(kept->revision.data, revision.data, revision.len);
    }

    job->facts = kept;

    ngx_secops_store_job_remember(job);

    return NGX_OK;
}


/* what is larger than all that may be remembered is not */

static void
ngx_secops_store_job_remember(ngx_secops_store_job_t *job)
{
    size_t                         size;
    u_char                         digest[NGX_SECOPS_STORE_JOB_DIGEST];
    ngx_secops_store_job_entry_t  *entry;

    entry = ngx_secops_store_job_find(job->eval.store, job->eval.space,
                                      job->id, digest);
    if (entry) {
        ngx_secops_store_job_forget(entry);
    }

    /* another job may have the same place */

    entry = ngx_secops_lru_find(&ngx_secops_store_jobs, digest);
    if (entry) {
        ngx_secops_store_job_forget(entry);
    }

    size = sizeof(ngx_secops_store_job_entry_t) + job->eval.space->len
           + sizeof(ngx_secops_store_facts_t) + job->facts->facts->size;

    if (size > NGX_SECOPS_STORE_JOBS_BYTES) {
        return;
    }

    while (ngx_secops_store_jobs.used == NGX_SECOPS_STORE_JOBS
           || ngx_secops_store_jobs_bytes + size > NGX_SECOPS_STORE_JOBS_BYTES)
    {
        ngx_secops_store_job_forget(
            ngx_queue_data(ngx_queue_last(&ngx_secops_store_jobs.queue),
                           ngx_secops_store_job_entry_t, lru.queue));
    }

    entry = ngx_alloc(sizeof(ngx_secops_store_job_entry_t)
                      + job->eval.space->len, ngx_cycle->log);
    if (entry == NULL) {
        return;
    }

    entry->facts = job->facts;
    entry->facts->refs++;
    entry->redis = job->eval.store->redis;
    entry->size = size;
    entry->space.len = job->eval.space->len;
    entry->space.data = (u_char *) (entry + 1);
    ngx_memcpy(entry->space.data, job->eval.space->data, entry->space.len);

    ngx_secops_lru_add(&ngx_secops_store_jobs, &entry->lru, digest);
    ngx_secops_store_jobs_bytes += size;
}


static void
ngx_secops_store_job_forget(ngx_secops_store_job_entry_t *entry)
{
    ngx_secops_store_jobs_bytes -= entry->size;

    ngx_secops_store_drop_job(entry->facts);
    ngx_secops_lru_remove(&ngx_secops_store_jobs, &entry->lru);
}


ngx_secops_store_facts_t *
ngx_secops_store_known_job(ngx_secops_store_t *store,
    const secops_keyspace_t *space, int64_t id)
{
    u_char                         digest[NGX_SECOPS_STORE_JOB_DIGEST];
    ngx_secops_store_job_entry_t  *entry;

    entry = ngx_secops_store_job_find(store, space, id, digest);

    if (entry == NULL) {
        return NULL;
    }

    ngx_secops_lru_use(&ngx_secops_store_jobs, &entry->lru);

    entry->facts->refs++;

    return entry->facts;
}


/* digest is filled in, whether there is an entry or not */

static ngx_secops_store_job_entry_t *
ngx_secops_store_job_find(ngx_secops_store_t *store,
    const secops_keyspace_t *space, int64_t id,
    u_char digest[NGX_SECOPS_STORE_JOB_DIGEST])
{
    u_char                        *p;
    uint32_t                       hash;
    ngx_secops_store_job_entry_t  *entry;

    if (ngx_secops_store_jobs.size == 0) {
        ngx_secops_lru_init(&ngx_secops_store_jobs, NGX_SECOPS_STORE_JOBS,
                            NGX_SECOPS_STORE_JOB_DIGEST);
    }

    hash = ngx_murmur_hash2((u_char *) space->data, space->len)
           ^ (uint32_t) id;

    p = ngx_cpymem(digest, &hash, sizeof(uint32_t));
    p = ngx_cpymem(p, &id, sizeof(int64_t));
    ngx_memzero(p, NGX_SECOPS_STORE_JOB_DIGEST - (p - digest));
    ngx_memcpy(p, &store->redis, sizeof(void *));

    entry = ngx_secops_lru_find(&ngx_secops_store_jobs, digest);

    if (entry == NULL
        || entry->redis != store->redis
        || entry->facts->facts->id != id
        || entry->space.len != space->len
        || ngx_memcmp(entry->space.data, space->data, space->len) != 0)
    {
        return NULL;
    }

    return entry;
}


ngx_uint_t
ngx_secops_store_job_young(const ngx_secops_store_facts_t *facts,
    ngx_msec_t age)
{
    return ngx_current_msec - facts->asked < age;
}


/* of two answers the later question counts */

void
ngx_secops_store_job_same(ngx_secops_store_facts_t *facts, ngx_msec_t asked)
{
    if ((ngx_msec_int_t) (asked - facts->asked) > 0) {
        facts->asked = asked;
    }
}


void
ngx_secops_store_drop_job(ngx_secops_store_facts_t *facts)
{
    if (--facts->refs) {
        return;
    }

    secops_job_facts_free(facts->owned);
    ngx_free(facts);
}


ngx_int_t
ngx_secops_store_read_revision(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space)
{
    secops_key_t  key;

    secops_keys_revision(&key, space);

    return ngx_secops_store_get(store, call, &key);
}

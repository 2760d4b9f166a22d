
/* Workers begin and end: so do their links to Redis. */

#include "face/ngx_http_secops_conf.h"


/* so many bytes malloc() asks the system for, by mapping them */

#define NGX_HTTP_SECOPS_MAPPED  (2 * 1024 * 1024)


static void ngx_http_secops_keep_memory(ngx_log_t *log);
static ngx_http_secops_main_conf_t *ngx_http_secops_cycle_conf(
    ngx_cycle_t *cycle);


ngx_int_t
ngx_http_secops_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                     i;
    ngx_secops_redis_t           **redis;
    ngx_http_secops_main_conf_t   *mcf;

    mcf = ngx_http_secops_cycle_conf(cycle);

    if (mcf == NULL) {
        return NGX_OK;
    }

    redis = mcf->redis.elts;

    for (i = 0; i < mcf->redis.nelts; i++) {
        if (ngx_secops_redis_init_process(redis[i], cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (mcf->redis.nelts) {
        ngx_http_secops_keep_memory(cycle->log);
    }

    return NGX_OK;
}


/*
 * Requests that wait for Redis end many at a time, as its replies come in one
 * read.  At first, glibc gives the top of the heap back to the system whenever
 * 128 KB of it are free, so the worker would lose the memory of such requests
 * and take it again for the next ones, a page fault and a half for each
 * record.  Once a piece that was mapped is freed, twice its size may be free:
 * that is what the first large answer does, and this does it before.
 */

static void
ngx_http_secops_keep_memory(ngx_log_t *log)
{
    void  *p;

    p = ngx_alloc(NGX_HTTP_SECOPS_MAPPED, log);

    if (p) {
        ngx_free(p);
    }
}


void
ngx_http_secops_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                     i;
    ngx_secops_redis_t           **redis;
    ngx_http_secops_main_conf_t   *mcf;

    mcf = ngx_http_secops_cycle_conf(cycle);

    if (mcf == NULL) {
        return;
    }

    redis = mcf->redis.elts;

    for (i = 0; i < mcf->redis.nelts; i++) {
        ngx_secops_redis_exit_process(redis[i]);
    }
}


/* NULL: no http block, or a process that serves no requests (the cache's) */

static ngx_http_secops_main_conf_t *
ngx_http_secops_cycle_conf(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NULL;
    }

    if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL) {
        return NULL;
    }

    return ngx_http_cycle_get_module_main_conf(cycle, ngx_http_secops_module);
}

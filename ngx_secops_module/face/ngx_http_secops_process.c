
/* Workers begin and end: so do their links to Redis. */

#include "face/ngx_http_secops_conf.h"


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

    return NGX_OK;
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


/*
 * secops_retention: how long records are kept.
 *
 * When records are not retired any more, the lists that were written to before
 * still have an expiry, which would end them with all that is added later.  So
 * a configuration that takes the place of one with a retention takes the expiry
 * away from the lists that it writes to, as "off" does; it need not say "off".
 */

#include "face/ngx_http_secops_conf.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"


static int64_t ngx_http_secops_retired(int64_t retention, int64_t retired);
static ngx_http_secops_main_conf_t *ngx_http_secops_old_conf(
    ngx_cycle_t *cycle);


char *
ngx_http_secops_set_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t  *value;

    if (slcf->store.retention != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (secops_table_retention(&slcf->store.retention,
                               ngx_secops_slice(&value[1]))
        != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"secops_retention\" \"%V\", %s",
                           &value[1], secops_table_retention_form);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_secops_inherit_retention(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t                     name;
    ngx_uint_t                    i;
    secops_table_t               *table, *before;
    ngx_http_secops_main_conf_t  *old;

    old = ngx_http_secops_old_conf(cf->cycle->old_cycle);

    if (old == NULL) {
        return;
    }

    mcf->retired = ngx_http_secops_retired(old->retention, old->retired);

    table = mcf->tables.elts;

    for (i = 0; i < mcf->tables.nelts; i++) {

        name = ngx_secops_str(table[i].name);
        before = ngx_http_secops_table_by_name(old, &name);

        if (before) {
            table[i].retired = ngx_http_secops_retired(before->retention,
                                                       before->retired);
        }
    }
}


/* until when lists may have an expiry that was given them before; 0: they have
   none.  A list outlives its records by less than they are kept */

static int64_t
ngx_http_secops_retired(int64_t retention, int64_t retired)
{
    if (retention > 0) {
        retired = ngx_max(retired, ngx_time() + 2 * retention + 2);
    }

    return (retired > ngx_time()) ? retired : 0;
}


/* NULL: there was none, or it was another version's of the module */

static ngx_http_secops_main_conf_t *
ngx_http_secops_old_conf(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    if (cycle == NULL || cycle->conf_ctx == NULL || cycle->modules == NULL) {
        return NULL;
    }

    for (i = 0; cycle->modules[i]; i++) {
        if (cycle->modules[i] == &ngx_http_secops_module) {
            break;
        }
    }

    if (cycle->modules[i] == NULL
        || ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL)
    {
        return NULL;
    }

    return ngx_http_cycle_get_module_main_conf(cycle, ngx_http_secops_module);
}


void
ngx_http_secops_init_retention(ngx_http_secops_main_conf_t *mcf,
    ngx_http_secops_loc_conf_t *conf)
{
    mcf->retention = ngx_max(mcf->retention, conf->store.retention);

    if (conf->store.retention == SECOPS_TABLE_NOT_SAID && mcf->retired) {
        conf->store.retention = SECOPS_TABLE_FOR_EVER;
    }
}


/*
 * What other modules keep to themselves.  Which limits go by a variable that is
 * not known yet when they are looked at: nginx -t warns of them.  And which
 * variables are maps: what one of them was when nobody was checked yet must not
 * say what a caller may.
 *
 * While the "http" block is read, these directives are read by a function of
 * this file, which has the module's own do the work, and takes down names.
 * Nothing of that is left once the block was read, or reading it has failed.
 */

#include "face/ngx_http_secops_conf.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_WATCH_DIRECTIVES  5


/* defines: a zone, by its key; otherwise a zone is applied.  at: the argument
   with the zone's name, or 0: it is the one that begins with "zone=".  Of a map
   it is the variable */

typedef struct {
    ngx_str_t                name;
    ngx_uint_t               limit;     /* NGX_HTTP_SECOPS_LIMITS: a map */
    unsigned                 defines:1;
    unsigned                 at:2;
} ngx_http_secops_watch_directive_t;


typedef struct {
    ngx_command_t           *command;   /* NULL: the module is not there */
    char                  *(*set)(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf);
} ngx_http_secops_watch_command_t;


static void ngx_http_secops_watch_cleanup(void *data);
static ngx_command_t *ngx_http_secops_watch_command(ngx_conf_t *cf,
    const ngx_str_t *name);
static char *ngx_http_secops_watch_set(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_secops_watch_map(ngx_conf_t *cf, ngx_str_t *variable);
static char *ngx_http_secops_watch_limit(ngx_conf_t *cf,
    const ngx_http_secops_watch_directive_t *directive);
static ngx_str_t ngx_http_secops_limit_zone(ngx_conf_t *cf,
    const ngx_http_secops_watch_directive_t *directive);
static ngx_str_t ngx_http_secops_limit_variable(ngx_str_t *key);
static void ngx_http_secops_limit_warn(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf, ngx_http_secops_limit_key_t *key);


static const ngx_http_secops_watch_directive_t
    ngx_http_secops_watch_directives[NGX_HTTP_SECOPS_WATCH_DIRECTIVES] =
{
    { ngx_string("limit_req_zone"), NGX_HTTP_SECOPS_LIMIT_REQ, 1, 0 },
    { ngx_string("limit_req"), NGX_HTTP_SECOPS_LIMIT_REQ, 0, 0 },
    { ngx_string("limit_conn_zone"), NGX_HTTP_SECOPS_LIMIT_CONN, 1, 0 },
    { ngx_string("limit_conn"), NGX_HTTP_SECOPS_LIMIT_CONN, 0, 1 },
    { ngx_string("map"), NGX_HTTP_SECOPS_LIMITS, 0, 2 }
};


static const ngx_str_t  ngx_http_secops_limit_names[] = {
    ngx_string("limit_req"),
    ngx_string("limit_conn")
};


/* those that ngx_http_secops_identify_early() fills in */

static const ngx_str_t  ngx_http_secops_limit_variables[] = {
    ngx_string("secops_user"),
    ngx_string("secops_domain"),
    ngx_string("secops_auth_method"),
    ngx_null_string
};


/* of the process that reads the configuration, while it does */

static ngx_http_secops_watch_command_t
    ngx_http_secops_watch_commands[NGX_HTTP_SECOPS_WATCH_DIRECTIVES];


ngx_int_t
ngx_http_secops_watch_conf(ngx_conf_t *cf)
{
    ngx_uint_t                        i;
    ngx_pool_cleanup_t               *cln;
    ngx_http_secops_watch_command_t  *watched;

    /* goes before the modules do, whatever becomes of the configuration */

    cln = ngx_pool_cleanup_add(cf->temp_pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_SECOPS_WATCH_DIRECTIVES; i++) {
        watched = &ngx_http_secops_watch_commands[i];

        watched->command = ngx_http_secops_watch_command(cf,
                                    &ngx_http_secops_watch_directives[i].name);

        if (watched->command) {
            watched->set = watched->command->set;
            watched->command->set = ngx_http_secops_watch_set;
        }
    }

    cln->handler = ngx_http_secops_watch_cleanup;

    return NGX_OK;
}


void
ngx_http_secops_unwatch_conf(void)
{
    ngx_http_secops_watch_cleanup(NULL);
}


static void
ngx_http_secops_watch_cleanup(void *data)
{
    ngx_uint_t                        i;
    ngx_http_secops_watch_command_t  *watched;

    for (i = 0; i < NGX_HTTP_SECOPS_WATCH_DIRECTIVES; i++) {
        watched = &ngx_http_secops_watch_commands[i];

        if (watched->command) {
            watched->command->set = watched->set;
            watched->command = NULL;
        }
    }
}


static ngx_command_t *
ngx_http_secops_watch_command(ngx_conf_t *cf, const ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_module_t   *module;
    ngx_command_t  *cmd;

    for (i = 0; cf->cycle->modules[i]; i++) {
        module = cf->cycle->modules[i];

        if (module->type != NGX_HTTP_MODULE || module->commands == NULL) {
            continue;
        }

        for (cmd = module->commands; cmd->name.len; cmd++) {

            if (cmd->name.len == name->len
                && ngx_memcmp(cmd->name.data, name->data, name->len) == 0)
            {
                return cmd;
            }
        }
    }

    return NULL;
}


/* in the place of the directive's own function */

static char *
ngx_http_secops_watch_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char        *rv;
    ngx_str_t   *value, variable;
    ngx_uint_t   i;

    for (i = 0; ngx_http_secops_watch_commands[i].command != cmd; i++) {
        /* void */
    }

    /* a block's own directives take the place of its arguments */

    value = cf->args->elts;
    variable = value[cf->args->nelts - 1];

    rv = ngx_http_secops_watch_commands[i].set(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_secops_watch_directives[i].limit == NGX_HTTP_SECOPS_LIMITS) {
        return ngx_http_secops_watch_map(cf, &variable);
    }

    return ngx_http_secops_watch_limit(cf,
                                      &ngx_http_secops_watch_directives[i]);
}


/* it begins with a "$", or the map would have been refused */

static char *
ngx_http_secops_watch_map(ngx_conf_t *cf, ngx_str_t *variable)
{
    ngx_str_t                    *name;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);

    name = ngx_array_push(&mcf->map_names);
    if (name == NULL) {
        return NGX_CONF_ERROR;
    }

    name->len = variable->len - 1;
    name->data = variable->data + 1;

    return NGX_CONF_OK;
}


/* a map that nothing uses gets an index that nobody asks for */

ngx_int_t
ngx_http_secops_index_maps(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t   *name;
    ngx_int_t   *index;
    ngx_uint_t   i;

    name = mcf->map_names.elts;

    for (i = 0; i < mcf->map_names.nelts; i++) {

        index = ngx_array_push(&mcf->maps);
        if (index == NULL) {
            return NGX_ERROR;
        }

        *index = ngx_http_get_variable_index(cf, &name[i]);

        if (*index == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static char *
ngx_http_secops_watch_limit(ngx_conf_t *cf,
    const ngx_http_secops_watch_directive_t *directive)
{
    ngx_str_t                     *value, *zone, variable;
    ngx_array_t                  **zones;
    ngx_http_secops_loc_conf_t    *slcf;
    ngx_http_secops_limit_key_t   *key;
    ngx_http_secops_main_conf_t   *mcf;

    if (directive->defines) {
        value = cf->args->elts;

        variable = ngx_http_secops_limit_variable(&value[1]);

        if (variable.len == 0) {
            return NGX_CONF_OK;
        }

        mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);

        key = ngx_array_push(&mcf->limit_keys);
        if (key == NULL) {
            return NGX_CONF_ERROR;
        }

        key->limit = directive->limit;
        key->zone = ngx_http_secops_limit_zone(cf, directive);
        key->variable = variable;
        key->warned = 0;

        return NGX_CONF_OK;
    }

    slcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_secops_module);

    zones = &slcf->limits[directive->limit];

    if (*zones == NULL) {
        *zones = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
        if (*zones == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    zone = ngx_array_push(*zones);
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    *zone = ngx_http_secops_limit_zone(cf, directive);

    return NGX_CONF_OK;
}


/* the directive's own function has found it good */

static ngx_str_t
ngx_http_secops_limit_zone(ngx_conf_t *cf,
    const ngx_http_secops_watch_directive_t *directive)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *value, zone;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (directive->at) {
        return value[directive->at];
    }

    ngx_str_null(&zone);

    len = sizeof("zone=") - 1;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "zone=", len) != 0) {
            continue;
        }

        zone.data = value[i].data + len;
        zone.len = value[i].len - len;

        /* where a zone is defined, its size follows */

        p = (u_char *) ngx_strchr(zone.data, ':');

        if (directive->defines && p) {
            zone.len = p - zone.data;
        }
    }

    return zone;
}


/* the first of ours in it, or an empty string */

static ngx_str_t
ngx_http_secops_limit_variable(ngx_str_t *key)
{
    u_char           *p, *last;
    ngx_str_t         name;
    const ngx_str_t  *ours;

    p = key->data;
    last = p + key->len;

    while (p < last) {

        if (*p++ != '$') {
            continue;
        }

        p += (p < last && *p == '{');

        name.data = p;

        while (p < last && (*p == '_' || isalnum(*p))) {
            p++;
        }

        name.len = p - name.data;

        for (ours = ngx_http_secops_limit_variables; ours->len; ours++) {

            if (ours->len == name.len
                && ngx_strncasecmp(ours->data, name.data, name.len) == 0)
            {
                return *ours;
            }
        }
    }

    ngx_str_null(&name);

    return name;
}


void
ngx_http_secops_merge_limits(ngx_http_secops_loc_conf_t *prev,
    ngx_http_secops_loc_conf_t *conf)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_SECOPS_LIMITS; i++) {
        if (conf->limits[i] == NULL) {
            conf->limits[i] = prev->limits[i];
        }
    }
}


void
ngx_http_secops_check_limits(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf,
    ngx_http_secops_loc_conf_t *conf)
{
    ngx_str_t                    *zone;
    ngx_uint_t                    i, k;
    ngx_array_t                  *zones;
    ngx_http_secops_limit_key_t  *key;

    key = mcf->limit_keys.elts;

    for (k = 0; k < mcf->limit_keys.nelts; k++) {

        zones = conf->limits[key[k].limit];

        if (zones == NULL || key[k].warned) {
            continue;
        }

        zone = zones->elts;

        for (i = 0; i < zones->nelts; i++) {

            if (zone[i].len == key[k].zone.len
                && ngx_memcmp(zone[i].data, key[k].zone.data, zone[i].len)
                   == 0)
            {
                ngx_http_secops_limit_warn(cf, conf, &key[k]);
                break;
            }
        }
    }
}


/* nginx limits nobody whose key is empty */

static void
ngx_http_secops_limit_warn(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf,
    ngx_http_secops_limit_key_t *key)
{
    ngx_uint_t                             i;
    const char                            *waits;
    const ngx_http_secops_auth_method_t  **methods;

    methods = conf->identity.methods->elts;

    for (i = 0; i < conf->identity.methods->nelts; i++) {

        waits = methods[i]->waits ? methods[i]->waits(&conf->identity) : NULL;

        if (waits) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\" by the zone \"%V\" does not limit all "
                               "callers: \"$%V\" is empty for those of "
                               "\"secops_auth %V\" until %s",
                               &ngx_http_secops_limit_names[key->limit],
                               &key->zone, &key->variable, &methods[i]->name,
                               waits);
            key->warned = 1;
            return;
        }
    }
}


/*
 * Definitions: the tables, integration types and job categories that are
 * compiled in, and those of secops_schema_dir, which add to them or take their
 * places.
 */

#include "face/ngx_http_secops_conf.h"
#include "http/ngx_http_secops_tables.h"
#include "model/secops_definitions.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_MAX_DEFINITION  (1024 * 1024)


/* what to do with a file of secops_schema_dir; name is its, without suffix, and
   lives as long as the cycle */

typedef ngx_int_t (*ngx_http_secops_definition_pt)(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *file, ngx_str_t *name,
    const u_char *data, size_t len);


typedef struct {
    ngx_str_t                       prefix;
    ngx_str_t                       name;   /* of the only file; empty: any */
    ngx_http_secops_definition_pt   add;
} ngx_http_secops_definition_kind_t;


/* what the walk through secops_schema_dir carries */

typedef struct {
    ngx_str_t     dir;
    ngx_array_t   paths;            /* of ngx_str_t, NUL-terminated */
    ngx_conf_t   *cf;
} ngx_http_secops_schema_walk_t;


static ngx_int_t ngx_http_secops_add_table(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *file, ngx_str_t *name,
    const u_char *data, size_t len);
static ngx_int_t ngx_http_secops_add_type(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *file, ngx_str_t *name,
    const u_char *data, size_t len);
static ngx_int_t ngx_http_secops_add_categories(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *file, ngx_str_t *name,
    const u_char *data, size_t len);
static ngx_int_t ngx_http_secops_begin_catalog(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);
static ngx_int_t ngx_http_secops_complete_catalog(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);
static void ngx_http_secops_free_catalog(void *data);
static ngx_int_t ngx_http_secops_check_endpoints(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);
static void ngx_http_secops_free_table(void *data);
static ngx_int_t ngx_http_secops_add_resources(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);
static void ngx_http_secops_free_resources(void *data);
static ngx_int_t ngx_http_secops_read_dir(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);
static void ngx_http_secops_warn(ngx_conf_t *cf, secops_slice_t of,
    const char *what, const secops_schema_t *schema);
static ngx_int_t ngx_http_secops_collect_definition(ngx_tree_ctx_t *ctx,
    ngx_str_t *path);
static const ngx_http_secops_definition_kind_t *
    ngx_http_secops_definition_kind(ngx_str_t *dir, ngx_str_t *path);
static ngx_int_t ngx_http_secops_skip(ngx_tree_ctx_t *ctx, ngx_str_t *path);
static void ngx_http_secops_definition_name(ngx_str_t *path, ngx_str_t *name);
static ngx_int_t ngx_http_secops_read_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *text);
static int ngx_libc_cdecl ngx_http_secops_compare_paths(const void *one,
    const void *two);


static const ngx_http_secops_definition_kind_t
    ngx_http_secops_definition_kinds[] = {
    { ngx_string("/tables/"), ngx_null_string, ngx_http_secops_add_table },
    { ngx_string("/integrations/"), ngx_null_string,
      ngx_http_secops_add_type },
    { ngx_string("/"), ngx_string("job-categories"),
      ngx_http_secops_add_categories },
    { ngx_null_string, ngx_null_string, NULL }
};


char *
ngx_http_secops_load_definitions(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t                   name, file;
    const secops_definition_t  *definition;

    if (ngx_http_secops_begin_catalog(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (definition = secops_definitions; definition->kind; definition++) {

        if (ngx_strcmp(definition->kind, "tables") != 0) {
            continue;
        }

        name.data = (u_char *) definition->name;
        name.len = ngx_strlen(definition->name);

        ngx_str_set(&file, "built-in definition");

        if (ngx_http_secops_add_table(cf, mcf, &file, &name, definition->data,
                                      definition->len)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (mcf->schema_dir.len && ngx_http_secops_read_dir(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_check_endpoints(cf, mcf) != NGX_OK
        || ngx_http_secops_complete_catalog(cf, mcf) != NGX_OK
        || ngx_http_secops_add_resources(cf, mcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* name must live as long as the cycle; a table of the same name is replaced */

static ngx_int_t
ngx_http_secops_add_table(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *file, ngx_str_t *name, const u_char *data, size_t len)
{
    secops_slice_t          slice;
    secops_table_t          table, *slot;
    ngx_pool_cleanup_t     *cln;
    secops_schema_error_t   error;

    slice = ngx_secops_slice(name);

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(secops_table_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (secops_table_compile(&table, slice, data, len, &error) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%V: table \"%V\": \"%s\" %s", file, name,
                           error.pointer, error.reason);
        return NGX_ERROR;
    }

    ngx_memcpy(cln->data, &table, sizeof(secops_table_t));
    cln->handler = ngx_http_secops_free_table;

    ngx_http_secops_warn(cf, slice, "table", table.schema);

    slot = ngx_http_secops_table_by_name(mcf, name);

    if (slot == NULL) {
        slot = ngx_array_push(&mcf->tables);
        if (slot == NULL) {
            return NGX_ERROR;
        }
    }

    *slot = table;

    return NGX_OK;
}


static void
ngx_http_secops_free_table(void *data)
{
    secops_table_free(data);
}


static ngx_int_t
ngx_http_secops_add_type(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf,
    ngx_str_t *file, ngx_str_t *name, const u_char *data, size_t len)
{
    secops_schema_error_t  error;

    if (secops_catalog_add_type(&mcf->catalog, ngx_secops_slice(name), data,
                                len, &error)
        == 0)
    {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "%V: integration type \"%V\": \"%s\" %s", file, name,
                       error.pointer, error.reason);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_secops_add_categories(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *file, ngx_str_t *name,
    const u_char *data, size_t len)
{
    secops_schema_error_t  error;

    if (secops_catalog_set_categories(&mcf->catalog, data, len, &error) == 0) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "%V: job categories: \"%s\" %s", file, error.pointer,
                       error.reason);

    return NGX_ERROR;
}


/* with what is compiled in */

static ngx_int_t
ngx_http_secops_begin_catalog(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf)
{
    ngx_pool_cleanup_t     *cln;
    secops_schema_error_t   error;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->data = &mcf->catalog;
    cln->handler = ngx_http_secops_free_catalog;

    if (secops_catalog_init(&mcf->catalog, &error) == 0) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "built-in definition of the catalog: \"%s\" %s",
                       error.pointer, error.reason);

    return NGX_ERROR;
}


/* what can be seen only when all is there */

static ngx_int_t
ngx_http_secops_complete_catalog(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf)
{
    size_t                        i;
    ngx_uint_t                    role;
    const secops_catalog_type_t  *type;
    secops_schema_error_t         error;

    if (secops_catalog_complete(&mcf->catalog, &error) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "definitions of the catalog: \"%s\" %s",
                           error.pointer, error.reason);
        return NGX_ERROR;
    }

    for (i = 0; i < mcf->catalog.ntypes; i++) {

        type = &mcf->catalog.types[i];

        ngx_http_secops_warn(cf, type->name, "parameters",
                             type->connection.schema);

        for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {
            ngx_http_secops_warn(cf, type->name,
                                 (char *) secops_catalog_role_name(role).data,
                                 type->role[role].schema);
        }
    }

    return NGX_OK;
}


/* of what may be refused although the definition is sound; what: the part of
   it that the pointers begin at */

static void
ngx_http_secops_warn(ngx_conf_t *cf, secops_slice_t of, const char *what,
    const secops_schema_t *schema)
{
    ngx_str_t              name;
    ngx_uint_t             n;
    secops_schema_error_t  warning;

    if (schema == NULL) {
        return;
    }

    name = ngx_secops_str(of);

    for (n = 0; secops_schema_has_warning(schema, n, &warning); n++) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "\"%V\", %s: \"%s\" %s",
                           &name, what, warning.pointer, warning.reason);
    }
}


static void
ngx_http_secops_free_catalog(void *data)
{
    secops_catalog_free(data);
}


static ngx_int_t
ngx_http_secops_check_endpoints(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t        one, two;
    ngx_uint_t       i, j;
    secops_table_t  *table;

    table = mcf->tables.elts;

    for (i = 1; i < mcf->tables.nelts; i++) {

        for (j = 0; j < i; j++) {

            if (!secops_slice_equal(table[i].endpoint, table[j].endpoint)) {
                continue;
            }

            one = ngx_secops_str(table[i].name);
            two = ngx_secops_str(table[j].name);

            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "tables \"%V\" and \"%V\" have the same "
                               "\"x-endpoint\"", &one, &two);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_add_resources(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf)
{
    ngx_pool_cleanup_t     *cln;
    secops_schema_error_t   error;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (secops_resource_model_compile(&mcf->resources, &mcf->catalog, &error)
        != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "built-in definition of resources: \"%s\" %s",
                           error.pointer, error.reason);
        return NGX_ERROR;
    }

    cln->data = &mcf->resources;
    cln->handler = ngx_http_secops_free_resources;

    return NGX_OK;
}


static void
ngx_http_secops_free_resources(void *data)
{
    secops_resource_model_free(data);
}


static ngx_int_t
ngx_http_secops_read_dir(ngx_conf_t *cf, ngx_http_secops_main_conf_t *mcf)
{
    ngx_str_t                                *path, name, text;
    ngx_uint_t                                i;
    ngx_tree_ctx_t                            tree;
    ngx_http_secops_schema_walk_t             walk;
    const ngx_http_secops_definition_kind_t  *kind;

    walk.cf = cf;
    walk.dir = mcf->schema_dir;

    if (ngx_array_init(&walk.paths, cf->temp_pool, 8, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&tree, sizeof(ngx_tree_ctx_t));

    tree.file_handler = ngx_http_secops_collect_definition;
    tree.pre_tree_handler = ngx_http_secops_skip;
    tree.post_tree_handler = ngx_http_secops_skip;
    tree.spec_handler = ngx_http_secops_skip;
    tree.data = &walk;
    tree.log = cf->log;

    if (ngx_walk_tree(&tree, &mcf->schema_dir) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "could not read \"secops_schema_dir\" \"%V\"",
                           &mcf->schema_dir);
        return NGX_ERROR;
    }

    /* the same directory always gives the same definitions in the same
       order */

    ngx_qsort(walk.paths.elts, walk.paths.nelts, sizeof(ngx_str_t),
              ngx_http_secops_compare_paths);

    path = walk.paths.elts;

    for (i = 0; i < walk.paths.nelts; i++) {

        ngx_http_secops_definition_name(&path[i], &name);

        kind = ngx_http_secops_definition_kind(&walk.dir, &path[i]);

        if (ngx_http_secops_read_file(cf, &path[i], &text) != NGX_OK
            || kind->add(cf, mcf, &path[i], &name, text.data, text.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what else is in the directory is told */

static ngx_int_t
ngx_http_secops_collect_definition(ngx_tree_ctx_t *ctx, ngx_str_t *path)
{
    ngx_str_t                      *copy;
    ngx_http_secops_schema_walk_t  *walk;

    walk = ctx->data;

    if (ngx_http_secops_definition_kind(&walk->dir, path) == NULL) {
        ngx_conf_log_error(NGX_LOG_WARN, walk->cf, 0,
                           "\"%V\" ignored: not a \"tables/NAME.json\", an "
                           "\"integrations/NAME.json\" or the "
                           "\"job-categories.json\" of \"secops_schema_dir\"",
                           path);
        return NGX_OK;
    }

    copy = ngx_array_push(&walk->paths);
    if (copy == NULL) {
        return NGX_ABORT;
    }

    copy->len = path->len;
    copy->data = ngx_pnalloc(walk->cf->pool, path->len + 1);
    if (copy->data == NULL) {
        return NGX_ABORT;
    }

    (void) ngx_cpystrn(copy->data, path->data, path->len + 1);

    return NGX_OK;
}


/* NULL: the file is no definition */

static const ngx_http_secops_definition_kind_t *
ngx_http_secops_definition_kind(ngx_str_t *dir, ngx_str_t *path)
{
    u_char                                   *p, *last;
    const ngx_http_secops_definition_kind_t  *kind;

    static ngx_str_t  suffix = ngx_string(".json");

    for (kind = ngx_http_secops_definition_kinds; kind->add; kind++) {

        p = path->data + dir->len;
        last = path->data + path->len;

        if (last - p < (ssize_t) (kind->prefix.len + suffix.len)
            || ngx_strncmp(p, kind->prefix.data, kind->prefix.len) != 0
            || ngx_strncmp(last - suffix.len, suffix.data, suffix.len) != 0)
        {
            continue;
        }

        p += kind->prefix.len;
        last -= suffix.len;

        if (kind->name.len == 0 ? ngx_strlchr(p, last, '/') == NULL
                                : (size_t) (last - p) == kind->name.len
                                  && ngx_memcmp(p, kind->name.data,
                                                kind->name.len) == 0)
        {
            return kind;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_secops_skip(ngx_tree_ctx_t *ctx, ngx_str_t *path)
{
    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_secops_compare_paths(const void *one, const void *two)
{
    const ngx_str_t  *first = one, *second = two;

    return ngx_strcmp(first->data, second->data);
}


/* the file's name without its suffix; a slice of path */

static void
ngx_http_secops_definition_name(ngx_str_t *path, ngx_str_t *name)
{
    u_char  *p;

    p = path->data + path->len;

    while (p > path->data && p[-1] != '/') {
        p--;
    }

    name->data = p;
    name->len = path->data + path->len - p - (sizeof(".json") - 1);
}


static ngx_int_t
ngx_http_secops_read_file(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *text)
{
    ssize_t          n;
    ngx_int_t        rc;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;
    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", path);
        goto done;
    }

    if (ngx_file_size(&fi) > NGX_HTTP_SECOPS_MAX_DEFINITION) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is too large", path);
        goto done;
    }

    text->len = (size_t) ngx_file_size(&fi);
    text->data = ngx_pnalloc(cf->temp_pool, text->len + 1);

    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, text->len, 0);

    if (n != (ssize_t) text->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_file_n " \"%V\" failed", path);
        goto done;
    }

    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    return rc;
}

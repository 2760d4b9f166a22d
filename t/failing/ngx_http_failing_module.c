
/*
 * For the tests, and in the sanitizer build only: the Nth allocation fails.
 *
 * A request with the header "X-Fail-Allocation: N" has the Nth allocation fail
 * that its worker makes from then on, until the request is logged; only that
 * one fails.  Counted is what nginx, the modules, hiredis and jansson allocate:
 * the linker leads the first three here (--wrap, in config), jansson
 * is told.  nginx is built so that each piece of a pool is an allocation.
 *
 * A location with "failing_status" answers "SEEN FAILED" of the last request
 * that asked for it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <jansson.h>


typedef struct {
    ngx_http_request_t  *request;   /* NULL: nothing is counted */
    ngx_uint_t           nth;
    ngx_uint_t           seen;
    ngx_uint_t           failed;
} ngx_http_failing_t;


void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_memalign(void **p, size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_posix_memalign(void **p, size_t alignment, size_t size);

static ngx_uint_t ngx_http_failing_now(void);
static void ngx_http_failing_begin(void) __attribute__((constructor));
static ngx_int_t ngx_http_failing_arm(ngx_http_request_t *r);
static ngx_int_t ngx_http_failing_disarm(ngx_http_request_t *r);
static ngx_int_t ngx_http_failing_handler(ngx_http_request_t *r);
static char *ngx_http_failing_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_failing_init(ngx_conf_t *cf);


static ngx_http_failing_t  ngx_http_failing;


static ngx_command_t  ngx_http_failing_commands[] = {

    { ngx_string("failing_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_failing_status,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_failing_module_ctx = {
    NULL,                          /* preconfiguration */
    ngx_http_failing_init,         /* postconfiguration */

    NULL,                          /* create main configuration */
    NULL,                          /* init main configuration */

    NULL,                          /* create server configuration */
    NULL,                          /* merge server configuration */

    NULL,                          /* create location configuration */
    NULL                           /* merge location configuration */
};


ngx_module_t  ngx_http_failing_module = {
    NGX_MODULE_V1,
    &ngx_http_failing_module_ctx,  /* module context */
    ngx_http_failing_commands,     /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    NULL,                          /* init module */
    NULL,                          /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    NULL,                          /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};


void *
__wrap_malloc(size_t size)
{
    return ngx_http_failing_now() ? NULL : __real_malloc(size);
}


void *
__wrap_calloc(size_t n, size_t size)
{
    return ngx_http_failing_now() ? NULL : __real_calloc(n, size);
}


void *
__wrap_realloc(void *old, size_t size)
{
    return ngx_http_failing_now() ? NULL : __real_realloc(old, size);
}


int
__wrap_posix_memalign(void **p, size_t alignment, size_t size)
{
    return ngx_http_failing_now() ? ENOMEM
                                  : __real_posix_memalign(p, alignment, size);
}


static ngx_uint_t
ngx_http_failing_now(void)
{
    if (ngx_http_failing.request == NULL) {
        return 0;
    }

    if (++ngx_http_failing.seen != ngx_http_failing.nth) {
        return 0;
    }

    ngx_http_failing.failed = 1;
    ngx_set_errno(ENOMEM);

    return 1;
}


/* before anybody has jansson allocate */

static void
ngx_http_failing_begin(void)
{
    json_set_alloc_funcs(__wrap_malloc, free);
}


static ngx_int_t
ngx_http_failing_arm(ngx_http_request_t *r)
{
    ngx_int_t         nth;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  name = ngx_string("x-fail-allocation");

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; i < part->nelts; i++) {

        if (r != r->main || r->internal
            || h[i].key.len != name.len
            || ngx_memcmp(h[i].lowcase_key, name.data, name.len) != 0)
        {
            continue;
        }

        nth = ngx_atoi(h[i].value.data, h[i].value.len);

        if (nth > 0) {
            ngx_memzero(&ngx_http_failing, sizeof(ngx_http_failing_t));

            ngx_http_failing.request = r;
            ngx_http_failing.nth = nth;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_failing_disarm(ngx_http_request_t *r)
{
    if (ngx_http_failing.request == r) {
        ngx_http_failing.request = NULL;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_failing_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 type;
    ngx_http_complex_value_t  cv;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    cv.value.data = ngx_pnalloc(r->pool, 2 * NGX_INT_T_LEN + 1);
    if (cv.value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cv.value.len = ngx_sprintf(cv.value.data, "%ui %ui",
                               ngx_http_failing.seen, ngx_http_failing.failed)
                   - cv.value.data;

    ngx_str_set(&type, "text/plain");

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &cv);
}


static char *
ngx_http_failing_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    clcf->handler = ngx_http_failing_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_failing_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_failing_arm;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_failing_disarm;

    return NGX_OK;
}

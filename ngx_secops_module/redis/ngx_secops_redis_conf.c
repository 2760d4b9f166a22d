
/*
 * Configuration of the Redis transport: one table says which fields there are,
 * how they are inherited, and by which of them clients differ.
 */

#include "redis/ngx_secops_redis_internal.h"


/* what a field is */

typedef enum {
    NGX_SECOPS_REDIS_FIELD_NUM = 1,     /* ngx_int_t, ngx_uint_t, ngx_flag_t,
                                           ngx_msec_t, size_t */
    NGX_SECOPS_REDIS_FIELD_BITS,        /* ngx_uint_t; unset: 0 */
    NGX_SECOPS_REDIS_FIELD_STR,         /* ngx_str_t */
    NGX_SECOPS_REDIS_FIELD_STRS,        /* ngx_array_t *, of ngx_str_t */
    NGX_SECOPS_REDIS_FIELD_NAT,         /* ngx_array_t *, of _nat_t */
    NGX_SECOPS_REDIS_FIELD_POINTER      /* to what others own: itself */
} ngx_secops_redis_type_of_field_e;


/* what a field belongs to: it is inherited together with that only */

typedef enum {
    NGX_SECOPS_REDIS_OF_ALL = 0,        /* always inherited */
    NGX_SECOPS_REDIS_OF_SERVER,         /* the URL */
    NGX_SECOPS_REDIS_OF_SENTINELS,      /* these know nothing of another URL;
                                           user and password belong to them */
    NGX_SECOPS_REDIS_OF_CLUSTER,        /* the URL, if there is one around */
    NGX_SECOPS_REDIS_OF_DURABILITY,     /* all of it is of one place */
    NGX_SECOPS_REDIS_OF_NONE,

    NGX_SECOPS_REDIS_BELONGS
} ngx_secops_redis_belongs_e;


typedef struct {
    size_t                            offset;
    ngx_secops_redis_type_of_field_e  type;
    ngx_secops_redis_belongs_e        belongs;
    ngx_uint_t                        number;   /* the default; of pointers 0,
                                                   that is NULL */
    char                             *text;     /* the same of a text */
} ngx_secops_redis_field_t;


static ngx_uint_t ngx_secops_redis_field_none(
    const ngx_secops_redis_field_t *field);
static ngx_uint_t ngx_secops_redis_field_unset(
    const ngx_secops_redis_field_t *field, const void *p);
static void ngx_secops_redis_field_default(
    const ngx_secops_redis_field_t *field, void *p);
static ngx_uint_t ngx_secops_redis_ssl_given(
    const ngx_secops_redis_conf_t *conf);

static ngx_uint_t ngx_secops_redis_field_equal(
    const ngx_secops_redis_field_t *field, const void *a, const void *b);
static ngx_uint_t ngx_secops_redis_strs_equal(const ngx_array_t *a,
    const ngx_array_t *b);
static ngx_uint_t ngx_secops_redis_nat_equal(const ngx_array_t *a,
    const ngx_array_t *b);
static ngx_uint_t ngx_secops_redis_str_equal(const ngx_str_t *a,
    const ngx_str_t *b);


#define ngx_secops_redis_field(member, type, belongs, number, text)           \
    { offsetof(ngx_secops_redis_conf_t, member),                              \
      NGX_SECOPS_REDIS_FIELD_##type, NGX_SECOPS_REDIS_OF_##belongs,           \
      number, text }

/*
 * All by which two clients can differ: what directives say, then what is made
 * of it.  What the URL was resolved to may differ from one lookup to the next,
 * so addresses do not count.  Of a file with a password its name counts, as its
 * content may change, and what the content is now.
 */

static const ngx_secops_redis_field_t  ngx_secops_redis_fields[] = {

    ngx_secops_redis_field(url, STR, SERVER, 0, ""),
    ngx_secops_redis_field(user, STR, SERVER, 0, ""),
    ngx_secops_redis_field(password_file, STR, SERVER, 0, ""),
    ngx_secops_redis_field(database, NUM, SERVER, NGX_CONF_UNSET_UINT, NULL),

    ngx_secops_redis_field(connect_timeout, NUM, ALL, 1000, NULL),
    ngx_secops_redis_field(timeout, NUM, ALL, 2000, NULL),
    ngx_secops_redis_field(ping, NUM, ALL, 10000, NULL),
    ngx_secops_redis_field(max_commands, NUM, ALL, 10000, NULL),
    ngx_secops_redis_field(max_bytes, NUM, ALL, 64 * 1024 * 1024, NULL),

    ngx_secops_redis_field(durability, NUM, DURABILITY,
                           NGX_SECOPS_REDIS_MEMORY, NULL),
    ngx_secops_redis_field(replicas, NUM, DURABILITY, 0, NULL),
    ngx_secops_redis_field(durability_timeout, NUM, DURABILITY, 0, NULL),

    ngx_secops_redis_field(cluster, NUM, CLUSTER, 0, NULL),
    ngx_secops_redis_field(seeds, STRS, CLUSTER, 0, NULL),
    ngx_secops_redis_field(nat, NAT, CLUSTER, 0, NULL),

    ngx_secops_redis_field(sentinel.words, STRS, SENTINELS, 0, NULL),
    ngx_secops_redis_field(sentinel.user, STR, SENTINELS, 0, ""),
    ngx_secops_redis_field(sentinel.password_file, STR, SENTINELS, 0, ""),
    ngx_secops_redis_field(sentinel.ssl, NUM, SENTINELS, NGX_CONF_UNSET_UINT,
                           NULL),

    ngx_secops_redis_field(ssl.verify, NUM, ALL, 1, NULL),
    ngx_secops_redis_field(ssl.verify_depth, NUM, ALL, 1, NULL),
    ngx_secops_redis_field(ssl.trusted_certificate, STR, ALL, 0, ""),
    ngx_secops_redis_field(ssl.crl, STR, ALL, 0, ""),
    ngx_secops_redis_field(ssl.name, STR, SERVER, 0, ""),
    ngx_secops_redis_field(ssl.certificate, STR, ALL, 0, ""),
    ngx_secops_redis_field(ssl.certificate_key, STR, ALL, 0, ""),
    ngx_secops_redis_field(ssl.password_file, STR, ALL, 0, ""),
    ngx_secops_redis_field(ssl.ciphers, STR, ALL, 0, "DEFAULT"),
    ngx_secops_redis_field(ssl.protocols, BITS, ALL,
                           NGX_CONF_BITMASK_SET|NGX_SSL_TLSv1_2
                           |NGX_SSL_TLSv1_3, NULL),

    ngx_secops_redis_field(password, STR, NONE, 0, ""),
    ngx_secops_redis_field(sentinel.password, STR, NONE, 0, ""),
    ngx_secops_redis_field(ssl.scheme, BITS, NONE, 0, NULL),
    ngx_secops_redis_field(ssl.on, BITS, NONE, 0, NULL),
    ngx_secops_redis_field(resolver, POINTER, NONE, 0, NULL),
    ngx_secops_redis_field(resolver_timeout, NUM, NONE, 0, NULL),

    { 0, 0, 0, 0, NULL }
};


void
ngx_secops_redis_create_conf(ngx_secops_redis_conf_t *conf)
{
    ngx_uint_t                       unset;
    const ngx_secops_redis_field_t  *field;

    ngx_memzero(conf, sizeof(ngx_secops_redis_conf_t));

    for (field = ngx_secops_redis_fields; field->type; field++) {

        if (field->type != NGX_SECOPS_REDIS_FIELD_STR) {
            unset = ngx_secops_redis_field_none(field);
            ngx_memcpy((u_char *) conf + field->offset, &unset,
                       sizeof(ngx_uint_t));
        }
    }
}


void
ngx_secops_redis_merge_conf(const ngx_secops_redis_conf_t *prev,
    ngx_secops_redis_conf_t *conf)
{
    u_char                          *p;
    ngx_uint_t                       inherits[NGX_SECOPS_REDIS_BELONGS];
    const u_char                    *q;
    const ngx_secops_redis_field_t  *field;

    inherits[NGX_SECOPS_REDIS_OF_ALL] = 1;
    inherits[NGX_SECOPS_REDIS_OF_SERVER] = (conf->url.data == NULL);
    inherits[NGX_SECOPS_REDIS_OF_SENTINELS] = (conf->url.data == NULL
                               && conf->sentinel.words == NGX_CONF_UNSET_PTR);
    inherits[NGX_SECOPS_REDIS_OF_CLUSTER] = (conf->url.data == NULL
                                             || prev->url.len == 0);
    inherits[NGX_SECOPS_REDIS_OF_DURABILITY] = (conf->durability
                                                == NGX_CONF_UNSET_UINT);
    inherits[NGX_SECOPS_REDIS_OF_NONE] = 0;

    conf->ssl.given = ngx_secops_redis_ssl_given(conf);

    if (conf->url.data == NULL) {
        conf->ssl.given |= prev->ssl.given;

        /* http alone is never merged: what always is, is unset there */

        conf->ssl.beside = (prev->resolver == NGX_CONF_UNSET_PTR)
                           ? prev->url.len && ngx_secops_redis_ssl_given(prev)
                           : prev->ssl.beside;
    }

    for (field = ngx_secops_redis_fields; field->type; field++) {

        p = (u_char *) conf + field->offset;
        q = (const u_char *) prev + field->offset;

        if (!ngx_secops_redis_field_unset(field, p)) {
            continue;
        }

        if (inherits[field->belongs]
            && !ngx_secops_redis_field_unset(field, q))
        {
            ngx_memcpy(p, q, field->type == NGX_SECOPS_REDIS_FIELD_STR
                             ? sizeof(ngx_str_t) : sizeof(ngx_uint_t));
            continue;
        }

        ngx_secops_redis_field_default(field, p);
    }
}


/* all but texts are words; nginx has one unset value for each kind of them */

static ngx_uint_t
ngx_secops_redis_field_none(const ngx_secops_redis_field_t *field)
{
    return (field->type == NGX_SECOPS_REDIS_FIELD_BITS) ? 0
                                                        : NGX_CONF_UNSET_UINT;
}


static ngx_uint_t
ngx_secops_redis_field_unset(const ngx_secops_redis_field_t *field,
    const void *p)
{
    ngx_uint_t  unset;

    if (field->type == NGX_SECOPS_REDIS_FIELD_STR) {
        return ((const ngx_str_t *) p)->data == NULL;
    }

    unset = ngx_secops_redis_field_none(field);

    return ngx_memcmp(p, &unset, sizeof(ngx_uint_t)) == 0;
}


static void
ngx_secops_redis_field_default(const ngx_secops_redis_field_t *field, void *p)
{
    ngx_str_t  *str;

    if (field->type != NGX_SECOPS_REDIS_FIELD_STR) {
        ngx_memcpy(p, &field->number, sizeof(ngx_uint_t));
        return;
    }

    str = p;
    str->data = (u_char *) field->text;
    str->len = ngx_strlen(field->text);
}


/* what was inherited for all servers does not count: only what stands where
   the URL does, or below, must have been meant for this URL.  In http it may be
   meant for servers with URLs of their own */

static ngx_uint_t
ngx_secops_redis_ssl_given(const ngx_secops_redis_conf_t *conf)
{
    const u_char                    *p, *first, *last;
    const ngx_secops_redis_field_t  *field;

    first = (const u_char *) &conf->ssl;
    last = first + sizeof(ngx_secops_redis_ssl_conf_t);

    for (field = ngx_secops_redis_fields; field->type; field++) {

        p = (const u_char *) conf + field->offset;

        if (p >= first && p < last && !ngx_secops_redis_field_unset(field, p)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_secops_redis_conf_equal(const ngx_secops_redis_conf_t *a,
    const ngx_secops_redis_conf_t *b)
{
    const ngx_secops_redis_field_t  *field;

    for (field = ngx_secops_redis_fields; field->type; field++) {
        if (!ngx_secops_redis_field_equal(field,
                                          (const u_char *) a + field->offset,
                                          (const u_char *) b + field->offset))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_secops_redis_field_equal(const ngx_secops_redis_field_t *field,
    const void *a, const void *b)
{
    switch (field->type) {

    case NGX_SECOPS_REDIS_FIELD_STR:
        return ngx_secops_redis_str_equal(a, b);

    case NGX_SECOPS_REDIS_FIELD_STRS:
        return ngx_secops_redis_strs_equal(*(ngx_array_t *const *) a,
                                           *(ngx_array_t *const *) b);

    case NGX_SECOPS_REDIS_FIELD_NAT:
        return ngx_secops_redis_nat_equal(*(ngx_array_t *const *) a,
                                          *(ngx_array_t *const *) b);

    default: /* numbers, and pointers as such */
        return ngx_memcmp(a, b, sizeof(ngx_uint_t)) == 0;
    }
}


static ngx_uint_t
ngx_secops_redis_strs_equal(const ngx_array_t *a, const ngx_array_t *b)
{
    ngx_uint_t        i;
    const ngx_str_t  *x, *y;

    if (a == NULL || b == NULL || a->nelts != b->nelts) {
        return a == b;
    }

    x = a->elts;
    y = b->elts;

    for (i = 0; i < a->nelts; i++) {
        if (!ngx_secops_redis_str_equal(&x[i], &y[i])) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_secops_redis_nat_equal(const ngx_array_t *a, const ngx_array_t *b)
{
    ngx_uint_t                     i;
    const ngx_secops_redis_nat_t  *x, *y;

    if (a == NULL || b == NULL || a->nelts != b->nelts) {
        return a == b;
    }

    x = a->elts;
    y = b->elts;

    for (i = 0; i < a->nelts; i++) {
        if (!ngx_secops_redis_str_equal(&x[i].announced, &y[i].announced)
            || !ngx_secops_redis_str_equal(&x[i].host, &y[i].host)
            || x[i].announced_port != y[i].announced_port
            || x[i].port != y[i].port)
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_secops_redis_str_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}

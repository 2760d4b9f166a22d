
/* What replies say; see ngx_secops_redis_value.h. */

#include "redis/ngx_secops_redis_value.h"


#define NGX_SECOPS_REDIS_INFO_DIGITS  9


static const secops_redis_value_t *ngx_secops_redis_setting(
    const secops_redis_value_t *value, const char *name);
static const u_char *ngx_secops_redis_info_line(const u_char *p,
    const u_char *last, const char *name);


ngx_uint_t
ngx_secops_redis_value_is(const secops_redis_value_t *value,
    const char *text)
{
    return value
           && value->type == SECOPS_REDIS_STRING
           && value->text.len == ngx_strlen(text)
           && ngx_memcmp(value->text.data, text, value->text.len) == 0;
}


ngx_uint_t
ngx_secops_redis_value_pair(const secops_redis_value_t *value)
{
    return value[0].type == SECOPS_REDIS_ARRAY
           && value[0].elements == 2
           && value[1].type == SECOPS_REDIS_STRING
           && value[2].type == SECOPS_REDIS_STRING;
}


const secops_redis_value_t *
ngx_secops_redis_value_field(const secops_redis_value_t *values,
    ngx_uint_t i, const char *name)
{
    ngx_uint_t  field, value, end;

    end = values[i].next;

    for (field = i + 1; field < end; field = values[value].next) {

        value = values[field].next;

        if (value >= end) {
            break;
        }

        if (ngx_secops_redis_value_is(&values[field], name)
            && values[value].type == SECOPS_REDIS_STRING)
        {
            return &values[value];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_secops_redis_is_master(const secops_redis_value_t *value)
{
    return value->type == SECOPS_REDIS_ARRAY
           && value->elements
           && ngx_secops_redis_value_is(&value[1], "master");
}


ngx_uint_t
ngx_secops_redis_wait_replicas(const secops_redis_value_t *value)
{
    if (value->type != SECOPS_REDIS_INTEGER
        || value->integer < 0
        || value->integer > NGX_MAX_INT32_VALUE)
    {
        return 0;
    }

    return (ngx_uint_t) value->integer;
}


/* it answers how many disks have it: the server's own, those of replicas */

ngx_uint_t
ngx_secops_redis_waitaof_synced(const secops_redis_value_t *value)
{
    return value[0].type == SECOPS_REDIS_ARRAY
           && value[0].elements == 2
           && value[1].type == SECOPS_REDIS_INTEGER
           && value[1].integer >= 1;
}


/*
 * "always" alone is not enough: with "no-appendfsync-on-rewrite yes" nothing is
 * synced as long as a child saves or rewrites.
 */

const ngx_secops_redis_setting_t *
ngx_secops_redis_sync_unset(const secops_redis_value_t *value,
    const secops_redis_value_t **actual)
{
    const ngx_secops_redis_setting_t  *setting;

    static const ngx_secops_redis_setting_t  settings[] = {
        { "appendonly", "yes" },
        { "appendfsync", "always" },
        { "no-appendfsync-on-rewrite", "no" },
        { NULL, NULL }
    };

    for (setting = settings; setting->name; setting++) {

        *actual = ngx_secops_redis_setting(value, setting->name);

        if (!ngx_secops_redis_value_is(*actual, setting->wanted)) {
            return setting;
        }
    }

    return NULL;
}


/* of an array of names and values; NULL: it has none of this name */

static const secops_redis_value_t *
ngx_secops_redis_setting(const secops_redis_value_t *value,
    const char *name)
{
    ngx_uint_t  i;

    if (value[0].type != SECOPS_REDIS_ARRAY
        || value[0].elements % 2
        || value[0].next != value[0].elements + 1)
    {
        return NULL;
    }

    for (i = 1; i < value[0].next; i += 2) {
        if (ngx_secops_redis_value_is(&value[i], name)) {
            return &value[i + 1];
        }
    }

    return NULL;
}


ngx_int_t
ngx_secops_redis_info_number(const secops_redis_value_t *value,
    const char *name)
{
    ngx_int_t      n;
    const u_char  *p, *last, *start;

    if (value->type != SECOPS_REDIS_STRING) {
        return NGX_ERROR;
    }

    last = value->text.data + value->text.len;

    start = ngx_secops_redis_info_line(value->text.data, last, name);

    if (start == NULL) {
        return NGX_ERROR;
    }

    n = 0;

    for (p = start; p < last && *p >= '0' && *p <= '9'; p++) {

        if (p - start == NGX_SECOPS_REDIS_INFO_DIGITS) {
            return NGX_ERROR;
        }

        n = n * 10 + (*p - '0');
    }

    if (p == start || (p < last && *p != CR && *p != LF)) {
        return NGX_ERROR;
    }

    return n;
}


/* what follows "name:" at the beginning of a line, or NULL */

static const u_char *
ngx_secops_redis_info_line(const u_char *p, const u_char *last,
    const char *name)
{
    size_t  len;

    len = ngx_strlen(name);

    while ((size_t) (last - p) > len) {

        if (p[len] == ':' && ngx_memcmp(p, name, len) == 0) {
            return p + len + 1;
        }

        p = memchr(p, LF, last - p);

        if (p == NULL) {
            return NULL;
        }

        p++;
    }

    return NULL;
}

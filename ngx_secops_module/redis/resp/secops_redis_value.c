
/* What replies say; see secops_redis_value.h. */

#include "redis/resp/secops_redis_value.h"


#define SECOPS_REDIS_INFO_DIGITS  9


static const secops_redis_value_t *secops_redis_setting(
    const secops_redis_value_t *value, const char *name);
static const unsigned char *secops_redis_info_line(const unsigned char *p,
    const unsigned char *last, const char *name);


int
secops_redis_value_is(const secops_redis_value_t *value, const char *text)
{
    return value
           && value->type == SECOPS_REDIS_STRING
           && secops_slice_equal(value->text, secops_slice_of(text));
}


int
secops_redis_value_is_pair(const secops_redis_value_t *value)
{
    return value[0].type == SECOPS_REDIS_ARRAY
           && value[0].elements == 2
           && value[1].type == SECOPS_REDIS_STRING
           && value[2].type == SECOPS_REDIS_STRING;
}


const secops_redis_value_t *
secops_redis_value_field(const secops_redis_value_t *values, size_t i,
    const char *name)
{
    size_t  field, value, end;

    end = values[i].next;

    for (field = i + 1; field < end; field = values[value].next) {

        value = values[field].next;

        if (value >= end) {
            break;
        }

        if (secops_redis_value_is(&values[field], name)
            && values[value].type == SECOPS_REDIS_STRING)
        {
            return &values[value];
        }
    }

    return NULL;
}


int
secops_redis_value_is_master(const secops_redis_value_t *value)
{
    return value->type == SECOPS_REDIS_ARRAY
           && value->elements
           && secops_redis_value_is(&value[1], "master");
}


uint32_t
secops_redis_wait_replicas(const secops_redis_value_t *value)
{
    if (value->type != SECOPS_REDIS_INTEGER
        || value->integer < 0
        || value->integer > INT32_MAX)
    {
        return 0;
    }

    return (uint32_t) value->integer;
}


/* it answers how many disks have it: the server's own, those of replicas */

int
secops_redis_waitaof_is_synced(const secops_redis_value_t *value)
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

const secops_redis_setting_t *
secops_redis_sync_unset(const secops_redis_value_t *value,
    const secops_redis_value_t **actual)
{
    const secops_redis_setting_t  *setting;

    static const secops_redis_setting_t  settings[] = {
        { "appendonly", "yes" },
        { "appendfsync", "always" },
        { "no-appendfsync-on-rewrite", "no" },
        { NULL, NULL }
    };

    for (setting = settings; setting->name; setting++) {

        *actual = secops_redis_setting(value, setting->name);

        if (!secops_redis_value_is(*actual, setting->wanted)) {
            return setting;
        }
    }

    return NULL;
}


/* of an array of names and values; NULL: it has none of this name */

static const secops_redis_value_t *
secops_redis_setting(const secops_redis_value_t *value,
    const char *name)
{
    size_t  i;

    if (value[0].type != SECOPS_REDIS_ARRAY
        || value[0].elements % 2
        || value[0].next != value[0].elements + 1)
    {
        return NULL;
    }

    for (i = 1; i < value[0].next; i += 2) {
        if (secops_redis_value_is(&value[i], name)) {
            return &value[i + 1];
        }
    }

    return NULL;
}


int32_t
secops_redis_info_number(const secops_redis_value_t *value, const char *name)
{
    int32_t               n;
    const unsigned char  *p, *last, *start;

    if (value->type != SECOPS_REDIS_STRING) {
        return -1;
    }

    last = value->text.data + value->text.len;

    start = secops_redis_info_line(value->text.data, last, name);

    if (start == NULL) {
        return -1;
    }

    n = 0;

    for (p = start; p < last && *p >= '0' && *p <= '9'; p++) {

        if (p - start == SECOPS_REDIS_INFO_DIGITS) {
            return -1;
        }

        n = n * 10 + (*p - '0');
    }

    return (p > start && (p == last || *p == '\r' || *p == '\n')) ? n : -1;
}


/* what follows "name:" at the beginning of a line, or NULL */

static const unsigned char *
secops_redis_info_line(const unsigned char *p, const unsigned char *last,
    const char *name)
{
    size_t  len;

    len = strlen(name);

    while ((size_t) (last - p) > len) {

        if (p[len] == ':' && memcmp(p, name, len) == 0) {
            return p + len + 1;
        }

        p = memchr(p, '\n', last - p);

        if (p == NULL) {
            return NULL;
        }

        p++;
    }

    return NULL;
}

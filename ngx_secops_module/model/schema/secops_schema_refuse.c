
/* Where and why a schema is refused. */

#include <stdarg.h>
#include <stdio.h>

#include "model/schema/secops_schema_internal.h"
#include "util/secops_pointer.h"


static size_t secops_schema_locate_name(const secops_json_t *json,
    uint32_t key, char *dst, size_t size);


int
secops_schema_error(secops_schema_error_t *error, const char *pointer,
    const char *fmt, ...)
{
    va_list  args;

    (void) snprintf(error->pointer, sizeof(error->pointer), "%s", pointer);

    va_start(args, fmt);
    (void) vsnprintf(error->reason, sizeof(error->reason), fmt, args);
    va_end(args);

    return SECOPS_SCHEMA_ERROR;
}


int
secops_schema_refuse(secops_schema_compiler_t *c, uint32_t i, const char *fmt,
    ...)
{
    va_list  args;

    secops_schema_locate(c->json, i, c->error->pointer,
                         sizeof(c->error->pointer));

    va_start(args, fmt);
    vsnprintf(c->error->reason, sizeof(c->error->reason), fmt, args);
    va_end(args);

    return SECOPS_SCHEMA_ERROR;
}


int
secops_schema_no_memory(secops_schema_compiler_t *c)
{
    return secops_schema_error(c->error, "", "no memory");
}


void
secops_schema_locate(const secops_json_t *json, uint32_t target, char *dst,
    size_t size)
{
    size_t    len;
    uint32_t  i, child, index;

    i = 0;
    len = 0;
    dst[0] = '\0';

    while (i != target) {

        index = 0;
        child = i + 1;

        if (json->tokens[i].type == SECOPS_JSON_OBJECT) {

            while (json->tokens[child + 1].next <= target) {
                child = json->tokens[child + 1].next;
            }

            len += secops_schema_locate_name(json, child, dst + len,
                                             size - len);
            child++;

        } else {

            while (json->tokens[child].next <= target) {
                child = json->tokens[child].next;
                index++;
            }

            len += snprintf(dst + len, size - len, "/%u", index);
        }

        if (len >= size) {
            return;
        }

        i = child;
    }
}


static size_t
secops_schema_locate_name(const secops_json_t *json, uint32_t key, char *dst,
    size_t size)
{
    size_t          i, len;
    const char     *escape;
    secops_slice_t  name;

    name = secops_json_raw(json, key);
    len = snprintf(dst, size, "/");

    for (i = 0; i < name.len && len < size; i++) {
        escape = secops_pointer_escape(name.data[i]);

        if (escape) {
            len += snprintf(dst + len, size - len, "%s", escape);

        } else {
            len += snprintf(dst + len, size - len, "%c", name.data[i]);
        }
    }

    return len;
}

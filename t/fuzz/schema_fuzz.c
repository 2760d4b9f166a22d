
/*
 * libFuzzer target: the bytes before the first newline are a schema, the rest
 * an instance.  Compiles, validates in all ways, and checks what must hold
 * whatever the two say: quiet and told answers agree, each fault points into
 * the instance, and no fault says more than its bounds allow.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_secops_module \
 *         t/fuzz/schema_fuzz.c ngx_secops_module/model/secops_json*.c \
 *         ngx_secops_module/model/secops_schema*.c -lpcre2-8
 */

#include <stdlib.h>

#include "model/schema/secops_schema.h"


#define FUZZ_TOKENS  8192


typedef struct {
    int                   nfaults;
    unsigned              sum;          /* touches every byte told */
} fuzz_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_instance(const secops_schema_t *schema,
    const secops_json_t *json);
static int fuzz_fault(void *data, const secops_schema_fault_t *fault);
static unsigned fuzz_touch(secops_slice_t text);
static void fuzz_must(int condition);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t               *end;
    secops_json_t                json;
    secops_schema_t             *schema;
    secops_json_error_t          json_error;
    secops_json_limits_t         limits;
    secops_schema_error_t        error;
    static secops_json_token_t   tokens[FUZZ_TOKENS];

    secops_json_seed(1);

    end = memchr(data, '\n', size);
    if (end == NULL) {
        end = data + size;
    }

    schema = secops_schema_compile(data, end - data, &error);

    if (schema == NULL) {
        fuzz_must(error.reason[0] != '\0');
        fuzz_must(strlen(error.pointer) < sizeof(error.pointer));
        fuzz_must(strlen(error.reason) < sizeof(error.reason));
        return 0;
    }

    (void) fuzz_touch(secops_schema_annotation(schema, "title"));
    (void) secops_schema_has_property(schema, data, size < 4 ? size : 4);

    limits.depth = 64;
    limits.members = 1000;

    if (end < data + size
        && secops_json_parse(&json, end + 1, data + size - end - 1, tokens,
                             FUZZ_TOKENS, &limits, &json_error)
           == SECOPS_JSON_OK)
    {
        fuzz_instance(schema, &json);
    }

    secops_schema_free(schema);

    return 0;
}


static void
fuzz_instance(const secops_schema_t *schema, const secops_json_t *json)
{
    int       quiet, told;
    fuzz_t    fuzz;
    unsigned  flags;

    for (flags = 0; flags <= SECOPS_SCHEMA_EMPTY_IS_ABSENT; flags++) {

        memset(&fuzz, 0, sizeof(fuzz_t));

        quiet = secops_schema_validate(schema, json, 0, flags, NULL, NULL,
                                       NULL);
        told = secops_schema_validate(schema, json, 0, flags, NULL, fuzz_fault,
                                      &fuzz);

        fuzz_must(quiet >= -1 && quiet <= 1);
        fuzz_must(quiet == -1 || told == -1 || (quiet == 0) == (told == 0));
        fuzz_must(told == -1 || told == fuzz.nfaults);
        fuzz_must(fuzz.nfaults <= SECOPS_SCHEMA_MAX_FAULTS);
    }
}


static int
fuzz_fault(void *data, const secops_schema_fault_t *fault)
{
    fuzz_t  *fuzz = data;

    fuzz->nfaults++;

    fuzz_must(fault->pointer.len == 0 || fault->pointer.data[0] == '/');
    fuzz_must(fault->object.len <= fault->pointer.len);
    fuzz_must(fault->object.data == fault->pointer.data);
    fuzz_must(fault->message.len > 0 && fault->message.len < 512);
    fuzz_must(fault->keyword[0] != '\0');

    fuzz->sum += fuzz_touch(fault->pointer) + fuzz_touch(fault->property)
                 + fuzz_touch(fault->message);

    return SECOPS_SCHEMA_COUNTS;
}


static unsigned
fuzz_touch(secops_slice_t text)
{
    size_t    i;
    unsigned  sum;

    for (i = 0, sum = 0; i < text.len; i++) {
        sum += text.data[i];
    }

    return sum;
}


static void
fuzz_must(int condition)
{
    if (!condition) {
        abort();
    }
}

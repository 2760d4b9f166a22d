
/* Which fact a record is, by its table's x-coalesce; see secops_record.h. */

#include <stdio.h>

#include "model/record/secops_record_internal.h"


static int secops_record_fact_value(secops_text_t *fact,
    const secops_json_t *json, uint32_t i);
static void secops_record_fact_length(secops_text_t *fact, size_t len);


/* each name and value with its length, so that no two lists look the same */

int
secops_record_fact(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, secops_text_t *fact)
{
    size_t          n;
    uint32_t        value;
    secops_slice_t  name;

    for (n = 0; n < table->ncoalesce; n++) {

        name = table->coalesce[n];
        value = secops_json_member(json, i, name.data, name.len);

        if (value == 0 || secops_record_empty(json, value)) {
            return 0;
        }

        secops_record_fact_length(fact, name.len);
        secops_text_append(fact, name);

        if (secops_record_fact_value(fact, json, value) != 0) {
            return -1;
        }
    }

    return fact->failed ? -1 : table->ncoalesce > 0;
}


/* a string decoded, another value's bytes as they stand, as of a subject.  -1:
   no memory */

static int
secops_record_fact_value(secops_text_t *fact, const secops_json_t *json,
    uint32_t i)
{
    int             failed;
    secops_text_t   decoded;
    secops_slice_t  value;

    memset(&decoded, 0, sizeof(secops_text_t));

    value = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        secops_text_append(&decoded, value);

        if (!decoded.failed) {
            decoded.len = secops_json_decode(json, i, decoded.data);
        }

        value = secops_text_slice(&decoded);
    }

    secops_record_fact_length(fact, value.len);
    secops_text_append(fact, value);

    failed = decoded.failed || fact->failed;

    secops_text_free(&decoded);

    return failed ? -1 : 0;
}


static void
secops_record_fact_length(secops_text_t *fact, size_t len)
{
    char  digits[24];

    (void) snprintf(digits, sizeof(digits), "%zu:", len);

    secops_text_append_string(fact, digits);
}

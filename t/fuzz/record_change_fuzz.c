
/*
 * libFuzzer target: a stored record and what is to change it, each in a line of
 * its own, as JSON.
 *
 * Of a change that may be stored: it is one JSON object, its sys_mod_count is
 * one more, it has all fields of the patch with their values, and all others as
 * they were, byte for byte.  What differs is named, within its bounds.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/record/secops_record_change.h"


#define CHANGE_FUZZ_TOKENS  8192


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_table_t       change_fuzz_table;
static secops_json_token_t  change_fuzz_tokens[CHANGE_FUZZ_TOKENS];


static const char  change_fuzz_schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"L\","
    "\"x-subject\":\"s\",\"properties\":{\"s\":{},\"n\":{\"type\":\"number\"},"
    "\"t\":{\"type\":\"string\",\"maxLength\":5}}}";


static void
change_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* the value of the member of the object i whose key is token k of another */

static uint32_t
change_fuzz_member(const secops_json_t *json, uint32_t i,
    const secops_json_t *other, uint32_t k)
{
    size_t          len;
    uint32_t        value;
    unsigned char  *name;

    name = malloc(other->tokens[k].len + 1);
    len = secops_json_decode(other, k, name);
    value = secops_json_member(json, i, name, len);

    free(name);

    return value;
}


static int
change_fuzz_is_server(const secops_json_t *json, uint32_t k)
{
    unsigned char  name[4];
    int            whole;

    return secops_json_decode_some(json, k, name, 4, &whole) == 4
           && memcmp(name, "sys_", 4) == 0;
}


static void
change_fuzz_check(const secops_record_change_t *change,
    const secops_record_stored_t *stored, const secops_json_t *patch,
    const secops_record_body_t *body)
{
    uint32_t                k, value, fields;
    const secops_json_t    *old;
    secops_record_stored_t  after;

    change_fuzz_require(
        secops_record_stored_read(&after,
                                  secops_text_slice(&change->document)) == 0,
        "a change is no JSON object");
    change_fuzz_require(after.mod_count == stored->mod_count + 1
                        && change->mod_count == after.mod_count,
                        "a change does not count");
    change_fuzz_require(change->members.len <= SECOPS_RECORD_MEMBERS,
                        "a list of members without bounds");

    fields = 0;

    for (k = 1; k < after.json.tokens[0].next; k = after.json.tokens[k].next) {
        fields += !change_fuzz_is_server(&after.json, k);
    }

    change_fuzz_require(fields <= change->limits.members, "too many fields");

    old = &stored->json;

    for (k = 1; k < old->tokens[0].next; k = old->tokens[k].next) {

        value = change_fuzz_member(&after.json, 0, old, k);

        change_fuzz_require(value, "a member was lost");

        if (!change_fuzz_is_server(old, k)
            && change_fuzz_member(patch, body->fields, old, k) == 0)
        {
            change_fuzz_require(
                secops_slice_equal(secops_json_raw(&after.json, value),
                                   secops_json_raw(old, k + 1)),
                "another member was changed");
        }
    }

    for (k = body->fields + 1;
         !body->parameters && k < patch->tokens[body->fields].next;
         k = patch->tokens[k].next)
    {
        value = change_fuzz_member(&after.json, 0, patch, k);

        change_fuzz_require(value
                            && secops_json_equal(&after.json, value, patch,
                                                 k + 1),
                            "a field was not changed");
    }

    secops_record_stored_free(&after);
}


static void
change_fuzz_run(secops_slice_t document, const secops_json_t *patch)
{
    secops_record_body_t     body;
    secops_record_budget_t   budget;
    secops_record_faults_t   faults;
    secops_record_stored_t   stored;
    secops_record_change_t   change;
    secops_record_options_t  options;

    if (secops_record_stored_read(&stored, document) != 0) {
        return;
    }

    memset(&change, 0, sizeof(secops_record_change_t));
    memset(&faults, 0, sizeof(secops_record_faults_t));
    memset(&options, 0, sizeof(secops_record_options_t));

    secops_record_budget(&budget);
    faults.budget = &budget;

    change.table = &change_fuzz_table;
    change.limits.depth = 8;
    change.limits.members = 16;
    change.max = 512;
    change.user = secops_slice_of("a\"\\b");
    memset(change.updated, '0', SECOPS_TIME_LEN);

    if (secops_record_read_body(&body, patch, &options, &faults) == 0
        && !body.batch
        && secops_record_change(&change, &stored, patch, body.fields, &body,
                                &options, body.flat ? "" : "/data", &faults)
           == 0)
    {
        if (change.changed) {
            change_fuzz_check(&change, &stored, patch, &body);

        } else {
            change_fuzz_require(
                secops_slice_equal(secops_text_slice(&change.document),
                                   stored.json.text),
                "what was not changed is another one");
        }
    }

    secops_record_change_free(&change);
    secops_record_faults_free(&faults);
    secops_record_stored_free(&stored);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t          *end;
    secops_json_t           patch;
    secops_json_error_t     error;
    secops_schema_error_t   fault;

    static const secops_json_limits_t  limits = { 8, 16 };

    if (change_fuzz_table.schema == NULL) {
        change_fuzz_require(
            secops_table_compile(&change_fuzz_table, secops_slice_of("t"),
                                 (const unsigned char *) change_fuzz_schema,
                                 sizeof(change_fuzz_schema) - 1, &fault) == 0,
            "the table is none");
    }

    end = memchr(data, '\n', size);

    if (end == NULL
        || secops_json_parse(&patch, end + 1, data + size - end - 1,
                             change_fuzz_tokens, CHANGE_FUZZ_TOKENS, &limits,
                             &error)
           != SECOPS_JSON_OK)
    {
        return 0;
    }

    change_fuzz_run(secops_slice_bytes(data, end - data), &patch);

    return 0;
}


/*
 * libFuzzer target: documents, one in each line, as what the store has about
 * one subject, in two tables.  Whatever they are, the answer is JSON, be it of
 * all results or of the young ones.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/subject/secops_subject.h"


#define SUBJECT_FUZZ_RECORDS  64
#define SUBJECT_FUZZ_TOKENS   65536


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_table_t  subject_fuzz_table;

static const char  subject_fuzz_schema[] =
    "{\"x-endpoint\":\"e\",\"x-label\":\"L\",\"x-subject\":\"about\","
    "\"x-engine\":\"who\",\"x-finding\":\"verdict\",\"properties\":{"
    "\"about\":{},\"who\":{},\"verdict\":{\"enum\":[\"Bad\",\"G\\\"ood\"]}}}";


static void
subject_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* the lines of data, half of them in each table */

static void
subject_fuzz_fill(secops_subject_t *subject, const uint8_t *data, size_t size)
{
    unsigned        n;
    char            id[SECOPS_ID_LEN + 1];
    static char     ids[SUBJECT_FUZZ_RECORDS][SECOPS_ID_LEN];
    secops_slice_t  rest, line;

    rest = secops_slice_bytes(data, size);
    line.len = 0;

    for (n = 0; n < SUBJECT_FUZZ_RECORDS; n++) {

        if (n % (SUBJECT_FUZZ_RECORDS / 2) == 0) {
            secops_subject_table(subject, &subject_fuzz_table,
                                 size % 128, SUBJECT_FUZZ_RECORDS / 2, NULL);
        }

        if (!secops_text_line_next(&rest, &line)) {
            line = secops_slice_bytes(NULL, 0);
        }

        (void) snprintf(id, sizeof(id), "01a22%07x%020u", 64 - n, n);
        memcpy(ids[n], id, SECOPS_ID_LEN);

        secops_subject_record(subject, (unsigned char *) ids[n], line);
    }
}


static void
subject_fuzz_answer(const unsigned char *since, const uint8_t *data,
    size_t size)
{
    int                          rc;
    secops_json_t                json;
    secops_text_t                text;
    secops_subject_t             subject;
    secops_subject_list_t        lists[2];
    secops_json_error_t          error;
    secops_json_limits_t         limits = { 4096, 65536 };
    static secops_json_token_t   tokens[SUBJECT_FUZZ_TOKENS];

    secops_subject_begin(&subject, lists, since);
    subject_fuzz_fill(&subject, data, size);

    rc = secops_subject_end(&subject);
    subject_fuzz_require(rc == (subject.nresults > 0), "the number of results");

    if (rc == 1) {
        memset(&text, 0, sizeof(secops_text_t));

        secops_subject_write(&subject, secops_slice_of("a\"b"), &text);

        subject_fuzz_require(secops_json_parse(&json, text.data, text.len,
                                               tokens, SUBJECT_FUZZ_TOKENS,
                                               &limits, &error)
                             == SECOPS_JSON_OK, "an answer that is no JSON");

        secops_text_free(&text);
    }

    secops_subject_free(&subject);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    secops_schema_error_t  error;

    static const unsigned char  since[] = "2026-11-29 00:00:00";

    if (subject_fuzz_table.schema == NULL) {
        secops_json_seed(1);

        subject_fuzz_require(
            secops_table_compile(&subject_fuzz_table, secops_slice_of("t"),
                                 (const unsigned char *) subject_fuzz_schema,
                                 sizeof(subject_fuzz_schema) - 1, &error)
            == 0, "the table");
    }

    subject_fuzz_answer(NULL, data, size);
    subject_fuzz_answer(since, data, size);

    return 0;
}

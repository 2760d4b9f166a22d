
/*
 * libFuzzer target: how a stored record is answered: a byte that chooses the
 * form, columns that are asked for, with a comma between two, and in the next
 * line the record, as JSON.
 *
 * The answer is one JSON object.  Each of its members is one of the record's,
 * or else a column of the table, with the text of the column as a string; or an
 * object of such strings and a link.  If no columns are asked for, it has all
 * members, in their order, and then the columns that the record does not have.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/query/secops_column.h"
#include "model/query/secops_table_options.h"
#include "model/record/secops_record_view.h"


#define VIEW_FUZZ_TOKENS  16384


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_table_t       view_fuzz_table;
static secops_json_token_t  view_fuzz_tokens[2][VIEW_FUZZ_TOKENS];


static const char  view_fuzz_schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"L\","
    "\"properties\":{\"r\":{\"x-reference\":\"other\"},\"s\":{}}}";


static void
view_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* the text of a column of the record is the string at token i of the answer */

static void
view_fuzz_text(const secops_json_t *record, uint32_t value,
    const secops_json_t *answer, uint32_t i)
{
    size_t           room;
    unsigned char   *text, *string;
    secops_slice_t   column, got;

    view_fuzz_require(answer->tokens[i].type == SECOPS_JSON_STRING,
                      "a value is no string");

    room = record->tokens[value].len;
    text = malloc(room + 1);
    string = malloc(answer->tokens[i].len + 1);

    column = secops_column_text(record, value, text, room);
    got = secops_slice_bytes(string, secops_json_decode(answer, i, string));

    view_fuzz_require(secops_slice_equal(column, got),
                      "a value is not the column's text");

    free(text);
    free(string);
}


static void
view_fuzz_value(const secops_record_view_t *view, const secops_json_t *record,
    uint32_t value, const secops_json_t *answer, uint32_t i)
{
    size_t                n;
    uint32_t              member;

    static const char    *names[] = { "value", "display_value" };

    if (answer->tokens[i].type == SECOPS_JSON_STRING) {
        view_fuzz_require(!view->all, "a value alone");
        view_fuzz_text(record, value, answer, i);
        return;
    }

    view_fuzz_require(answer->tokens[i].type == SECOPS_JSON_OBJECT,
                      "neither a string nor an object");

    for (n = 0; n < 2; n++) {
        member = secops_json_member(answer, i,
                                    (const unsigned char *) names[n],
                                    strlen(names[n]));

        if (member) {
            view_fuzz_text(record, value, answer, member);

        } else {
            view_fuzz_require(n == 1 && !view->all && !view->display,
                              "a value is missing");
        }
    }
}


static void
view_fuzz_check(const secops_record_view_t *view, const secops_json_t *record,
    const secops_json_t *answer)
{
    size_t          len;
    uint32_t        key, value, expected;
    unsigned char  *name;

    view_fuzz_require(answer->tokens[0].type == SECOPS_JSON_OBJECT,
                      "no object");
    expected = 1;

    for (key = 1; key < answer->tokens[0].next;
         key = answer->tokens[key + 1].next)
    {
        name = malloc(answer->tokens[key].len + 1);
        len = secops_json_decode(answer, key, name);

        value = secops_json_member(record, 0, name, len);

        view_fuzz_require(value
                          || secops_table_has_column(&view_fuzz_table,
                                                secops_slice_bytes(name, len)),
                          "a member that is neither");

        free(name);

        view_fuzz_value(view, record, value, answer, key + 1);

        if (!view->some && expected < record->tokens[0].next) {
            view_fuzz_require(value == expected + 1, "another order");
            expected = record->tokens[value].next;

        } else if (!view->some) {
            view_fuzz_require(value == 0, "a member twice");
        }
    }

    view_fuzz_require(view->some || expected == record->tokens[0].next,
                      "not all members");
}


static void
view_fuzz_answer(const secops_record_view_t *view, const secops_json_t *record)
{
    secops_text_t         text;
    secops_json_t         answer;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 4, UINT32_MAX };

    memset(&text, 0, sizeof(secops_text_t));

    secops_record_view(&text, view, record);

    view_fuzz_require(!text.failed, "no memory");
    view_fuzz_require(secops_json_parse(&answer, text.data, text.len,
                                        view_fuzz_tokens[1], VIEW_FUZZ_TOKENS,
                                        &limits, &error)
                      == SECOPS_JSON_OK, "the answer is no JSON");

    view_fuzz_check(view, record, &answer);

    secops_text_free(&text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t         *line;
    secops_json_t          record;
    secops_slice_t         rest, name;
    secops_json_error_t    error;
    secops_json_limits_t   limits = { 64, UINT32_MAX };
    secops_record_view_t   view;
    secops_schema_error_t  unused;

    if (view_fuzz_table.schema == NULL) {
        secops_json_seed(1);
        view_fuzz_require(secops_table_compile(&view_fuzz_table,
                              secops_slice_of("u_t"),
                              (const unsigned char *) view_fuzz_schema,
                              strlen(view_fuzz_schema), &unused)
                          == 0, "no table");
    }

    line = size ? memchr(data, '\n', size) : NULL;

    if (line == NULL || line == data
        || secops_json_parse(&record, line + 1, data + size - line - 1,
                             view_fuzz_tokens[0], VIEW_FUZZ_TOKENS, &limits,
                             &error)
           != SECOPS_JSON_OK
        || record.tokens[0].type != SECOPS_JSON_OBJECT)
    {
        return 0;
    }

    memset(&view, 0, sizeof(secops_record_view_t));

    view.table = &view_fuzz_table;
    view.all = data[0] & 1;
    view.display = (data[0] >> 1) & 1;
    view.base = secops_slice_of(data[0] & 4 ? "https://h" : "");

    rest = secops_slice_bytes(data + 1, line - data - 1);

    while (secops_table_options_field_next(&rest, &name)) {
        if (secops_record_view_add(&view, name) != 0) {
            break;
        }
    }

    view_fuzz_answer(&view, &record);

    return 0;
}

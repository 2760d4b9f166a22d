
/*
 * libFuzzer target: two bytes say when a record was created, the line after
 * them is an encoded query, and the rest are members of the record.  Reads the
 * query, plans it, evaluates it, and checks what must hold whatever the two
 * say: groups and alternatives lie in one another, lists are sorted, an
 * evaluation in pieces says the same as one at once, and a record that meets
 * the query is one of its plan, and if nothing is to be evaluated the other way
 * round, too.  The line is read as a query string as well.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/query/secops_query_match.h"
#include "model/query/secops_query_plan.h"
#include "model/query/secops_table_options.h"
#include "util/secops_id.h"
#include "util/secops_time.h"


#define FUZZ_TOKENS  4096
#define FUZZ_TABLE   "records"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_has_column(void *data, secops_slice_t column);
static void fuzz_options(const uint8_t *data, size_t size);
static void fuzz_read(const secops_encoded_query_t *query,
    secops_slice_t text);
static void fuzz_list(const secops_query_condition_t *condition);
static int fuzz_record(secops_json_t *json, unsigned time, const uint8_t *data,
    size_t size);
static void fuzz_evaluate(const secops_encoded_query_t *query,
    const secops_json_t *json);
static int fuzz_match(const secops_encoded_query_t *query,
    const secops_json_t *json, size_t piece);
static int fuzz_is_planned(const secops_query_plan_t *plan,
    const secops_json_t *json);
static secops_slice_t fuzz_column(const secops_json_t *json,
    secops_slice_t name, unsigned char *buffer);
static secops_table_t *fuzz_table(void);
static void fuzz_require(int condition, const char *what);


static char                 fuzz_text[8192];
static secops_json_token_t  fuzz_tokens[FUZZ_TOKENS];


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t           *end;
    secops_json_t            json;
    secops_slice_t           text;
    secops_encoded_query_t   query;

    secops_json_seed(1);

    if (size < 2 || size > 4096) {
        return 0;
    }

    end = memchr(data + 2, '\n', size - 2);
    text = secops_slice_bytes(data + 2, end ? end - data - 2 : size - 2);

    fuzz_options(text.data, text.len);

    if (secops_encoded_query_read(&query, text, fuzz_has_column, NULL)
        != SECOPS_ENCODED_QUERY_OK)
    {
        return 0;
    }

    fuzz_read(&query, text);

    if (end
        && fuzz_record(&json, data[0] << 8 | data[1], end + 1,
                       data + size - end - 1)
           == 0)
    {
        fuzz_evaluate(&query, &json);
    }

    secops_encoded_query_free(&query);

    return 0;
}


static int
fuzz_has_column(void *data, secops_slice_t column)
{
    return column.len > 0 && *column.data != 'z';
}


static void
fuzz_options(const uint8_t *data, size_t size)
{
    unsigned char           *buffer;
    const char              *fault;
    secops_slice_t           rest, name;
    secops_table_options_t   options;

    buffer = malloc(size + 1);

    fault = secops_table_options_read(&options, secops_slice_bytes(data, size),
                                      buffer);

    if (fault == NULL) {
        fuzz_require(options.limit <= SECOPS_TABLE_LIMIT, "a limit");

        rest = options.fields;

        while (secops_table_options_field_next(&rest, &name)) {
            fuzz_require(name.len && name.data >= options.fields.data
                         && name.data + name.len
                            <= options.fields.data + options.fields.len,
                         "a field");
        }
    }

    free(buffer);
}


static void
fuzz_read(const secops_encoded_query_t *query, secops_slice_t text)
{
    size_t                           i, group, alternative;
    const secops_query_condition_t  *condition;

    group = 0;
    alternative = 0;

    for (i = 0; i < query->n; i++) {
        condition = &query->conditions[i];

        if (i == group) {
            group = condition->group;
        }

        if (i == alternative) {
            alternative = condition->alternative;
        }

        fuzz_require(condition->group == group && group > i
                     && condition->alternative == alternative
                     && group <= alternative && alternative <= query->n,
                     "a group");
        fuzz_require(condition->column.len
                     && condition->column.data >= text.data
                     && condition->value.data + condition->value.len
                        <= text.data + text.len, "a condition");
        fuzz_require(secops_slice_equal(
                         query->columns[condition->column_id].name,
                         condition->column), "a column");

        fuzz_list(condition);
    }

    fuzz_require(query->n <= SECOPS_ENCODED_QUERY_CONDITIONS
                 && query->nvalues <= SECOPS_ENCODED_QUERY_VALUES
                 && query->norders <= SECOPS_ENCODED_QUERY_ORDERS, "a limit");
}


static void
fuzz_list(const secops_query_condition_t *condition)
{
    uint32_t  i;

    for (i = 1; i < condition->nvalues; i++) {
        fuzz_require(secops_slice_compare(condition->values[i - 1],
                                          condition->values[i]) < 0, "a list");
    }

    for (i = 1; i < condition->nnumbers; i++) {
        fuzz_require(secops_column_compare(condition->numbers[i - 1],
                                           condition->numbers[i]) < 0,
                     "a list of numbers");
    }
}


/* -1: the members are not acceptable */

static int
fuzz_record(secops_json_t *json, unsigned time, const uint8_t *data,
    size_t size)
{
    int                    len;
    uint64_t               msec;
    unsigned char          created[SECOPS_TIME_LEN];
    secops_json_error_t    error;
    secops_json_limits_t   limits;

    msec = 1767225600000 + (uint64_t) time * 100000;
    secops_time_format(created, (int64_t) (msec / 1000));

    len = snprintf(fuzz_text, sizeof(fuzz_text),
                   "{\"sys_id\":\"%012llx%x%019d\",\"sys_created_on\":\"%.*s\"",
                   (unsigned long long) msec, time & 0xf, (int) time,
                   SECOPS_TIME_LEN, created);

    if (size) {
        fuzz_text[len++] = ',';
        memcpy(fuzz_text + len, data, size);
        len += (int) size;
    }

    fuzz_text[len++] = '}';

    limits.depth = 16;
    limits.members = 1000;

    return secops_json_parse(json, (unsigned char *) fuzz_text, (size_t) len,
                             fuzz_tokens, FUZZ_TOKENS, &limits, &error)
           == SECOPS_JSON_OK ? 0 : -1;
}


static void
fuzz_evaluate(const secops_encoded_query_t *query, const secops_json_t *json)
{
    int                  met;
    secops_query_plan_t  plan;

    met = fuzz_match(query, json, (size_t) -1);

    fuzz_require(fuzz_match(query, json, 1) == met
                 && fuzz_match(query, json, 9) == met
                 && fuzz_match(query, json, 50) == met, "pieces");

    if (secops_query_plan(&plan, query, fuzz_table()) != 0) {
        abort();
    }

    fuzz_require(!met || fuzz_is_planned(&plan, json), "a plan");
    fuzz_require(met || plan.filter || !fuzz_is_planned(&plan, json),
                 "a plan without evaluation");

    secops_query_plan_free(&plan);
}


static int
fuzz_match(const secops_encoded_query_t *query, const secops_json_t *json,
    size_t piece)
{
    int                          met;
    size_t                       work;
    static secops_query_match_t  match;

    secops_query_match_begin(&match, query, secops_slice_of(FUZZ_TABLE), json);

    do {
        work = piece;
        met = secops_query_match_run(&match, &work);

        fuzz_require(met != SECOPS_QUERY_AGAIN || work == 0, "work");

    } while (met == SECOPS_QUERY_AGAIN);

    return met;
}


static int
fuzz_is_planned(const secops_query_plan_t *plan, const secops_json_t *json)
{
    size_t          i;
    uint64_t        msec;
    secops_slice_t  id, text;
    unsigned char   buffer[8192];

    id = fuzz_column(json, secops_slice_of("sys_id"), NULL);
    msec = secops_id_msec(id.data);

    if (msec < plan->from || msec > plan->to) {
        return 0;
    }

    if (plan->kind != SECOPS_QUERY_PLAN_IDS
        && plan->kind != SECOPS_QUERY_PLAN_SUBJECTS)
    {
        return 1;
    }

    text = plan->kind == SECOPS_QUERY_PLAN_IDS
           ? id : fuzz_column(json, secops_slice_of("subject"), buffer);

    for (i = 0; i < plan->nvalues; i++) {

        if (secops_slice_equal(plan->values[i], text)) {
            return 1;
        }
    }

    return 0;
}


static secops_slice_t
fuzz_column(const secops_json_t *json, secops_slice_t name,
    unsigned char *buffer)
{
    return secops_column_text(json, secops_json_member(json, 0, name.data,
                                                       name.len),
                              buffer, 8192);
}


/* a subject may be a number, so that the planner has to take care */

static secops_table_t *
fuzz_table(void)
{
    secops_schema_error_t  error;
    static secops_table_t  table;

    static const char      schema[] =
        "{\"x-endpoint\":\"e\",\"x-label\":\"E\",\"x-subject\":\"subject\","
        "\"properties\":{\"subject\":{}}}";

    if (table.schema == NULL
        && secops_table_compile(&table, secops_slice_of(FUZZ_TABLE),
                                (const unsigned char *) schema,
                                sizeof(schema) - 1, &error)
           != 0)
    {
        abort();
    }

    return &table;
}


static void
fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}


/*
 * secops_query_plan: which plan a query has, with what values, whether anything
 * is left to be evaluated, which times it bounds, and in which order its
 * records come.  A plan is shown as "subjects 1.2.3.4 8.8.8.8 filter".
 */

#include "model/query/secops_query_plan.h"
#include "secops_tap.h"


#define ID1  "019a0000000010000000000000000001"
#define ID2  "019a0000000020000000000000000002"

/* of shard f and of the form that ids had before: older than the others */

#define OLD  "f0199ffffffff0000000000000000003"


typedef struct {
    const char  *query;
    const char  *plan;
} plan_case_t;


static const plan_case_t  plan_cases[] = {
    { "", "walk" },
    { "engine=x", "walk filter" },
    { "engineANYTHING", "walk filter" },

    /* ids */

    { "sys_id=" ID1, "ids " ID1 },
    { "sys_idIN" ID2 "," OLD "," ID1 "," ID2, "ids " OLD " " ID1 " " ID2 },
    { "sys_id=" ID1 "^engine=x", "ids " ID1 " filter" },
    { "engine=x^sys_id=" ID1, "ids " ID1 " filter" },
    { "sys_id=" ID1 "^ORsys_id=" ID2, "ids " ID1 " " ID2 },
    { "sys_id=" ID1 "^ORengine=x", "walk filter" },
    { "engine=x^ORsys_id=" ID1, "walk filter" },
    { "sys_id=" ID1 "^NQsys_id=" ID2 "^engine=x",
      "ids " ID1 " " ID2 " filter" },
    { "sys_id=" ID1 "^NQsys_id=" ID2, "ids " ID1 " " ID2 },
    { "sys_id=" ID1 "^NQengine=x", "walk filter" },
    { "sys_idIN" ID1 "," ID2 "^sys_id=" ID1, "ids " ID1 " filter" },
    { "sys_id=bunk", "ids" },
    { "sys_idINbunk," ID1, "ids " ID1 },
    { "sys_idIN", "ids" },
    { "sys_id!=" ID1, "walk filter" },
    { "sys_idNOT IN" ID1, "walk filter" },
    { "sys_id=", "walk filter" },
    { "sys_idLIKE" ID1, "walk filter" },
    { "subject=a^sys_id=" ID1, "ids " ID1 " filter" },

    /* subjects */

    { "subject=a", "subjects a" },
    { "subjectINb,a,b", "subjects a b" },
    { "subject=a^ORsubject=b^ORsubjectINc,d", "subjects a b c d" },
    { "subject=a^engine=x", "subjects a filter" },
    { "subject=a^NQsubject=b^engine=x", "subjects a b filter" },
    { "subject=a^NQsubject=a", "subjects a" },
    { "subject=a^NQsys_id=" ID1, "walk filter" },
    { "subject=a^ORsys_id=" ID1, "walk filter" },
    { "subjectINa,b^subject=c", "subjects c filter" },
    { "subject=1", "subjects 1" },
    { "subjectINa,", "walk filter" },
    { "subject=", "walk filter" },
    { "subject!=a", "walk filter" },
    { "subjectSTARTSWITHa", "walk filter" },
    { "subject=a^ORsubjectLIKEb", "walk filter" },
    { "subject=a^sys_created_on>=2026-01-01 00:00:00",
      "subjects a filter from 1767225600000" },

    /* times */

    { "sys_created_on>2026-01-01 00:00:00", "times filter from 1767225600000" },
    { "sys_created_on>=2026-01-01 00:00:00",
      "times filter from 1767225600000" },
    { "sys_created_on<2026-01-01 00:00:00", "times filter to 1767225600999" },
    { "sys_created_on<=2026-01-01 00:00:00", "times filter to 1767225600999" },
    { "sys_created_on=2026-01-01 00:00:00",
      "times filter from 1767225600000 to 1767225600999" },
    { "sys_created_onBETWEEN2026-01-01 00:00:00@2026-01-01 00:00:01",
      "times filter from 1767225600000 to 1767225601999" },
    { "sys_created_onSTARTSWITH2026-01-01",
      "times filter from 1767225600000 to 1767311999999" },
    { "sys_created_onSTARTSWITH2026-01-01 10",
      "times filter from 1767261600000 to 1767265199999" },
    { "sys_created_onSTARTSWITH2026-01-01 10:30",
      "times filter from 1767263400000 to 1767263459999" },
    { "sys_created_onSTARTSWITH2026-01",
      "times filter from 1767225600000 to 1769903999999" },
    { "sys_created_onSTARTSWITH2026",
      "times filter from 1767225600000 to 1798761599999" },
    { "sys_created_on>2026-01-01", "times filter from 1767225600000" },
    { "sys_created_on<2026-01-01", "times filter to 1767311999999" },
    { "sys_created_onIN2026-01-01 00:00:05,2026-01-01 00:00:01",
      "times filter from 1767225601000 to 1767225605999" },
    { "sys_created_on>2026-01-01 00:00:00^sys_created_on<2026-01-01 00:01:00",
      "times filter from 1767225600000 to 1767225660999" },
    { "sys_created_on>2026-01-01 00:00:05^sys_created_on>2026-01-01 00:00:00",
      "times filter from 1767225605000" },
    { "sys_created_on<2026-01-01 00:00:00^ORsys_created_on=2026-01-01 00:01:00",
      "times filter to 1767225660999" },
    { "sys_created_on>2026-01-01 00:00:05^NQsys_created_on>2026-01-01 00:00:00",
      "times filter from 1767225600000" },
    { "sys_created_on>2026-01-01 00:00:05^ORengine=x", "walk filter" },
    { "sys_created_on>2026-01-01 00:00:05^NQengine=x", "walk filter" },
    { "sys_created_on>2026-01-01 00:00:05^sys_created_on<2026-01-01 00:00:00",
      "ids filter from 1767225605000 to 1767225600999" },
    { "sys_created_on!=2026-01-01 00:00:00", "walk filter" },
    { "sys_created_onISNOTEMPTY", "walk filter" },
    { "sys_created_onLIKE2026-01-01", "walk filter" },
    { "sys_updated_on>2026-01-01 00:00:00", "walk filter" },

    /* texts that are no times */

    { "sys_created_on>2026-13-01 00:00:00", "walk filter" },
    { "sys_created_on>2026-01-32 00:00:00", "walk filter" },
    { "sys_created_on>2026-01-01 24:00:00", "walk filter" },
    { "sys_created_on>2026-01-01T00:00:00", "walk filter" },
    { "sys_created_on>2026-01-01 00:00:00 ", "walk filter" },
    { "sys_created_on>2026-01-0", "walk filter" },
    { "sys_created_on>x", "walk filter" },
    { "sys_created_onIN2026-01-01 00:00:05,x", "walk filter" },

    /* times that an id cannot have: the nearest one is in */

    { "sys_created_on<1980-01-01", "times filter to 1099511627776" },
    { "sys_created_on>3000-01-01", "times filter from 17592186044415" },

    /* ids say a time, too */

    { "sys_id>" ID1, "times filter from 1760936591360" },
    { "sys_id<=" OLD, "times filter to 1760936591359" },
    { "sys_idBETWEEN" OLD "@" ID1,
      "times filter from 1760936591359 to 1760936591360" },
    { "sys_id>019a", "walk filter" },

    /* order */

    { "ORDERBYsys_id", "walk oldest" },
    { "ORDERBYDESCsys_id", "walk" },
    { "ORDERBYsys_created_on", "walk oldest" },
    { "ORDERBYDESCsys_created_on^ORDERBYengine", "walk" },
    { "ORDERBYengine", "walk sorted" },
    { "ORDERBYengine^ORDERBYsys_id", "walk sorted" },
    { "ORDERBYsys_updated_on", "walk sorted" },
    { "subject=a^ORDERBYsys_id", "subjects a oldest" }
};


static void test_cases(void);
static void test_number_subject(void);
static void test_without_subject(void);
static void test_plan(const secops_table_t *table, const plan_case_t *c);
static int compile(secops_table_t *table, const char *subject,
    const char *type);
static int plan_has_column(void *data, secops_slice_t column);
static void show(const secops_query_plan_t *plan, char *dst, size_t size);


int
main(void)
{
    test_cases();
    test_number_subject();
    test_without_subject();

    return tap_done();
}


static void
test_cases(void)
{
    size_t          i;
    secops_table_t  table;

    if (compile(&table, "subject", "\"string\"") != 0) {
        return;
    }

    for (i = 0; i < sizeof(plan_cases) / sizeof(plan_cases[0]); i++) {
        test_plan(&table, &plan_cases[i]);
    }

    secops_table_free(&table);
}


/* 5.0 is found by "5", but its list only by "5.0" */

static void
test_number_subject(void)
{
    size_t          i;
    secops_table_t  table;

    static const plan_case_t  cases[] = {
        { "subject=5", "walk filter" },
        { "subjectINa,5", "walk filter" },
        { "subjectINa,1.2.3.4", "subjects 1.2.3.4 a" }
    };

    if (compile(&table, "subject", "[\"string\",\"number\"]") != 0) {
        return;
    }

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_plan(&table, &cases[i]);
    }

    secops_table_free(&table);
}


static void
test_without_subject(void)
{
    secops_table_t            table;
    static const plan_case_t  c = { "subject=a", "walk filter" };

    if (compile(&table, "", "\"string\"") != 0) {
        return;
    }

    test_plan(&table, &c);

    secops_table_free(&table);
}


static void
test_plan(const secops_table_t *table, const plan_case_t *c)
{
    char                     shown[512];
    secops_query_plan_t      plan;
    secops_encoded_query_t   query;

    if (secops_encoded_query_read(&query, slice(c->query), plan_has_column,
                                  (void *) table)
        != SECOPS_ENCODED_QUERY_OK || query.unread)
    {
        ok(0, "\"%s\" is read", c->query);
        return;
    }

    if (secops_query_plan(&plan, &query, table) != 0) {
        ok(0, "\"%s\" has a plan", c->query);
        return;
    }

    show(&plan, shown, sizeof(shown));

    is_str(shown, strlen(shown), c->plan, c->query);

    secops_query_plan_free(&plan);
    secops_encoded_query_free(&query);
}


static int
compile(secops_table_t *table, const char *subject, const char *type)
{
    size_t                 len;
    char                   text[512];
    secops_schema_error_t  error;

    len = snprintf(text, sizeof(text), "{\"x-endpoint\":\"e\","
                   "\"x-label\":\"E\",\"x-subject\":\"%s\",\"properties\":"
                   "{\"subject\":{\"type\":%s},\"engine\":{}}}", subject, type);

    if (secops_table_compile(table, slice("t"), (unsigned char *) text, len,
                             &error)
        == 0)
    {
        return 0;
    }

    ok(0, "the schema is a table: %s %s", error.pointer, error.reason);

    return -1;
}


static int
plan_has_column(void *data, secops_slice_t column)
{
    return secops_table_has_column(data, column);
}


static void
show(const secops_query_plan_t *plan, char *dst, size_t size)
{
    size_t  i, len;

    static const char  *sequences[] = { "", " oldest", " sorted" };

    len = snprintf(dst, size, "%s", plan->name);

    for (i = 0; i < plan->nvalues; i++) {
        len += snprintf(dst + len, size - len, " %.*s",
                        (int) plan->values[i].len, plan->values[i].data);
    }

    len += snprintf(dst + len, size - len, "%s", plan->filter ? " filter" : "");

    if (plan->from) {
        len += snprintf(dst + len, size - len, " from %llu",
                        (unsigned long long) plan->from);
    }

    if (plan->to != UINT64_MAX) {
        len += snprintf(dst + len, size - len, " to %llu",
                        (unsigned long long) plan->to);
    }

    snprintf(dst + len, size - len, "%s", sequences[plan->sequence]);
}

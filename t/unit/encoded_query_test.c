
/*
 * secops_encoded_query: what is read, what is ignored and counted, how
 * conditions bind, and what is too much.  A query is shown as text, with
 * "OR" between the conditions of a group, "AND" between groups and "NQ"
 * between alternatives.
 */

#include <stdlib.h>

#include "model/query/secops_encoded_query.h"
#include "secops_tap.h"


typedef struct {
    const char  *text;
    const char  *shown;
    size_t       unread;
} query_case_t;


/* a to f, sys_id and Risk-Score are columns */

static const query_case_t  query_cases[] = {
    { "", "", 0 },
    { "a=1", "a = 1", 0 },
    { "a=1^b=2", "a = 1 AND b = 2", 0 },
    { "a=1^b=2^ORc=3", "a = 1 AND b = 2 OR c = 3", 0 },
    { "a=1^ORb=2^c=3^ORd=4^ORe=5",
      "a = 1 OR b = 2 AND c = 3 OR d = 4 OR e = 5", 0 },
    { "a=1^NQb=2", "a = 1 NQ b = 2", 0 },
    { "a=1^b=2^NQc=3^ORd=4^NQe=5",
      "a = 1 AND b = 2 NQ c = 3 OR d = 4 NQ e = 5", 0 },

    /* operators, of which the longest is meant */

    { "a!=1", "a != 1", 0 },
    { "a<1", "a < 1", 0 },
    { "a<=1", "a <= 1", 0 },
    { "a>1", "a > 1", 0 },
    { "a>=1", "a >= 1", 0 },
    { "aIN1", "a IN 1", 0 },
    { "aNOT IN1,2", "a NOT IN 1;2", 0 },
    { "aINSTANCEOFt", "a INSTANCEOF t", 0 },
    { "aBETWEEN1@2", "a BETWEEN 1..2", 0 },
    { "aBETWEEN1@2@3", "a BETWEEN 1..2@3", 0 },
    { "aBETWEEN@", "a BETWEEN ..", 0 },
    { "aSTARTSWITHx", "a STARTSWITH x", 0 },
    { "aENDSWITHx", "a ENDSWITH x", 0 },
    { "a%x", "a ENDSWITH x", 0 },
    { "aCONTAINSx", "a CONTAINS x", 0 },
    { "aLIKEx", "a CONTAINS x", 0 },
    { "a*x", "a CONTAINS x", 0 },
    { "aDOES NOT CONTAINx", "a NOT CONTAINS x", 0 },
    { "aNOT LIKEx", "a NOT CONTAINS x", 0 },
    { "a!*x", "a NOT CONTAINS x", 0 },
    { "aISEMPTY", "a ISEMPTY ", 0 },
    { "aISNOTEMPTY", "a ISNOTEMPTY ", 0 },
    { "aEMPTYSTRING", "a EMPTYSTRING ", 0 },
    { "aANYTHING", "a ANYTHING ", 0 },
    { "aSAMEASb", "a SAMEAS b", 0 },
    { "aNSAMEASb", "a NSAMEAS b", 0 },
    { "a=", "a ISEMPTY ", 0 },
    { "a!=", "a ISNOTEMPTY ", 0 },

    /* values are taken as they are */

    { "a==", "a = =", 0 },
    { "a= 1 ", "a =  1 ", 0 },
    { "aIN", "a IN ", 0 },
    { "aIN2,10,1,2", "a IN 1;10;2", 0 },
    { "aIN,b,", "a IN ;b", 0 },
    { "a=ORDERBYb", "a = ORDERBYb", 0 },
    { "aLIKE", "a CONTAINS ", 0 },

    /* orders stand anywhere, and are no part of what is bound */

    { "ORDERBYa", "ORDERBY a", 0 },
    { "ORDERBYDESCa^b=1", "b = 1 ORDERBYDESC a", 0 },
    { "a=1^ORDERBYb^ORc=1^ORDERBYDESCsys_id",
      "a = 1 OR c = 1 ORDERBY b ORDERBYDESC sys_id", 0 },
    { "ORDERBYa^ORDERBYDESCa^ORDERBYb", "ORDERBY a ORDERBY b", 0 },
    { "ORDERBYzzz", "", 1 },
    { "ORDERBY", "", 1 },
    { "a=1^NQORDERBYb^NQc=1", "a = 1 NQ c = 1 ORDERBY b", 0 },

    /* what means nothing */

    { "^", "", 0 },
    { "^a=1^^b=2^", "a = 1 AND b = 2", 0 },
    { "a=1^EQ", "a = 1", 0 },
    { "NQa=1", "a = 1", 0 },
    { "a=1^NQ", "a = 1", 0 },
    { "a=1^NQ^NQ^b=2", "a = 1 NQ b = 2", 0 },
    { "a=1^NQ^ORb=2", "a = 1 NQ b = 2", 0 },
    { "a=1^NQORb=2", "a = 1 NQ b = 2", 0 },
    { "ORa=1", "a = 1", 0 },

    /* what cannot be read is ignored */

    { "zzz=1", "", 1 },
    { "=1", "", 1 },
    { "a", "", 1 },
    { "a1", "", 1 },
    { "aONToday@x@y", "", 1 },
    { "aBETWEEN1", "", 1 },
    { "aSAMEASzzz", "", 1 },
    { "aISEMPTYx", "", 1 },
    { "aANYTHING ", "", 1 },
    { "EQa=1", "", 1 },
    { "GROUPBYa", "", 1 },
    { "active=true^a=1", "a = 1", 1 },
    { "a.b=1^a=1", "a = 1", 1 },

    /* ... and leaves its place */

    { "zzz=1^ORb=2", "b = 2", 1 },
    { "a=1^zzz=2^ORc=3", "a = 1 AND c = 3", 1 },
    { "a=1^ORzzz=2^ORc=3", "a = 1 OR c = 3", 1 },
    { "a=1^zzz=2^ORzzz=3^ORc=3^ORd=4", "a = 1 AND c = 3 OR d = 4", 2 },
    { "a=1^zzz=2^b=2", "a = 1 AND b = 2", 1 },
    { "zzz=1^NQb=2", "b = 2", 1 },
    { "a=1^NQzzz=2", "a = 1", 1 },
    { "a=1^NQzzz=2^NQb=2", "a = 1 NQ b = 2", 1 },
    { "a=1^NQzzz=2^ORb=2", "a = 1 NQ b = 2", 1 },
    { "a=1^NQzzz=2^b=2", "a = 1 NQ b = 2", 1 },

    /* queries about other tables are passed over */

    { "a=1^RLQUERYt.f,>0^b=2^ORc=3^ENDRLQUERY^d=4", "a = 1 AND d = 4", 1 },
    { "RLQUERYt.f,=0,m2m^b=2^ENDRLQUERY", "", 1 },
    { "a=1^RLQUERYt.f,=0^b=2^ORDERBYc", "a = 1", 1 },
    { "a=1^RLQUERYt.f,=0^ENDRLQUERY^ORb=1", "a = 1 AND b = 1", 1 },
    { "a=1^ORRLQUERYt.f,=0^c=1^ENDRLQUERY^ORb=1", "a = 1 OR b = 1", 1 },
    { "a=1^NQRLQUERYt.f,=0^c=1^ENDRLQUERY^b=1", "a = 1 NQ b = 1", 1 },
    { "JOINt.a=u.b!c=1^a=1", "a = 1", 1 },

    /* columns with other characters than usual */

    { "Risk-Score>=5", "Risk-Score >= 5", 0 },
    { "Risk-Score=a=1", "Risk-Score = a=1", 0 },
    { "ORDERBYRisk-Score", "ORDERBY Risk-Score", 0 },
    { "Risk-Scor=5", "", 1 },
    { "Risk-ScoreX", "", 1 }
};


static const char  *query_words[] = {
    "=", "!=", "<", "<=", ">", ">=", "BETWEEN", "IN", "NOT IN", "STARTSWITH",
    "ENDSWITH", "CONTAINS", "NOT CONTAINS", "ISEMPTY", "ISNOTEMPTY",
    "EMPTYSTRING", "ANYTHING", "SAMEAS", "NSAMEAS", "INSTANCEOF"
};


static void test_cases(void);
static void test_columns(void);
static void test_limits(void);
static void test_long(void);
static int query_has_column(void *data, secops_slice_t column);
static void show(const secops_encoded_query_t *query, char *dst, size_t size);
static size_t show_value(const secops_query_condition_t *condition, char *dst,
    size_t size);
static char *repeat(const char *part, size_t n);


int
main(void)
{
    test_cases();
    test_columns();
    test_limits();
    test_long();

    return tap_done();
}


static void
test_cases(void)
{
    int                      rc;
    size_t                   i;
    char                     shown[512];
    const query_case_t      *c;
    secops_encoded_query_t   query;

    for (i = 0; i < sizeof(query_cases) / sizeof(query_cases[0]); i++) {
        c = &query_cases[i];

        rc = secops_encoded_query_read(&query, slice(c->text),
                                       query_has_column, NULL);

        if (!ok(rc == SECOPS_ENCODED_QUERY_OK, "\"%s\" is read", c->text)) {
            continue;
        }

        show(&query, shown, sizeof(shown));

        is_str(shown, strlen(shown), c->shown, "... and means that");
        is_int(query.unread, c->unread, "... with so much ignored");

        secops_encoded_query_free(&query);
    }
}


static void
test_columns(void)
{
    secops_encoded_query_t  query;

    (void) secops_encoded_query_read(&query,
                                     slice("a=1^b=2^aSAMEASc^ORb=3^cSAMEASd"),
                                     query_has_column, NULL);

    is_int(query.ncolumns, 4, "each column is there once");
    is_int(query.conditions[0].column_id, query.conditions[2].column_id,
           "... for all of its conditions");
    is_int(query.conditions[2].other_id, query.conditions[4].column_id,
           "... also where it is compared with");
    is_str(query.columns[3].name.data, query.columns[3].name.len, "d",
           "... by its name");

    secops_encoded_query_free(&query);
}


static void
test_limits(void)
{
    size_t   i;
    char    *text;
    int      rc;

    secops_encoded_query_t  query;

    static const struct {
        const char  *part;
        size_t       n;
        int          rc;
    } limits[] = {
        { "a=1^", 256, SECOPS_ENCODED_QUERY_OK },
        { "a=1^", 257, SECOPS_ENCODED_QUERY_MANY_CONDITIONS },
        { "zzz=1^", 3000, SECOPS_ENCODED_QUERY_OK },
        { "ORDERBYa^", 9, SECOPS_ENCODED_QUERY_OK },
        { "aIN1,2,3,4,5^", 256, SECOPS_ENCODED_QUERY_OK },
        { "aIN1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20^", 250,
          SECOPS_ENCODED_QUERY_OK },
        { "aIN1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20^", 251,
          SECOPS_ENCODED_QUERY_MANY_VALUES },
        { "aNOT IN1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21^", 250,
          SECOPS_ENCODED_QUERY_MANY_VALUES }
    };

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        text = repeat(limits[i].part, limits[i].n);
        rc = secops_encoded_query_read(&query, slice(text), query_has_column,
                                       NULL);

        ok(rc == limits[i].rc, "%s %zu times", limits[i].part, limits[i].n);

        if (rc == SECOPS_ENCODED_QUERY_OK) {
            secops_encoded_query_free(&query);
        }

        free(text);
    }

    is_int(secops_encoded_query_read(&query,
               slice("ORDERBYa^ORDERBYb^ORDERBYc^ORDERBYd^ORDERBYe^ORDERBYf"
                     "^ORDERBYsys_id^ORDERBYRisk-Score^ORDERBYg"),
               query_has_column, NULL),
           SECOPS_ENCODED_QUERY_MANY_ORDERS, "nine orders are too many");
}


/* one list of 5,000, sorted; and texts that make a poor reader slow */

static void
test_long(void)
{
    size_t                   i, len;
    char                    *text, *p;
    secops_encoded_query_t   query;

    static const char  *slow[] = {
        "IN", "A", "a", "^", "NQ^", "ORDERBY", "RLQUERY^", "aIN,", "aLIKE"
    };

    text = malloc(5000 * 5 + 8);
    p = text + sprintf(text, "aIN");

    for (i = 0; i < 5000; i++) {
        p += sprintf(p, "%zu,", (i * 7919) % 5000);
    }

    p[-1] = '\0';

    is_int(secops_encoded_query_read(&query, slice(text), query_has_column,
                                     NULL),
           SECOPS_ENCODED_QUERY_OK, "5,000 values are read");
    is_int(query.conditions[0].nvalues, 5000, "... all of them");

    for (i = 1; i < 5000; i++) {
        if (secops_slice_compare(query.conditions[0].values[i - 1],
                                 query.conditions[0].values[i])
            >= 0)
        {
            break;
        }
    }

    is_int(i, 5000, "... and are sorted");
    is_int(query.conditions[0].nnumbers, 5000, "... and so as numbers");
    is_str(query.conditions[0].numbers[4999].data, 4, "4999", "... by value");

    secops_encoded_query_free(&query);
    free(text);

    for (i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
        text = repeat(slow[i], 200000 / strlen(slow[i]));
        len = strlen(text);

        if (secops_encoded_query_read(&query, slice(text), query_has_column,
                                      NULL)
            == SECOPS_ENCODED_QUERY_OK)
        {
            secops_encoded_query_free(&query);
        }

        ok(len > 0, "200 kB of \"%s\" are read", slow[i]);
        free(text);
    }
}


static int
query_has_column(void *data, secops_slice_t column)
{
    return secops_slice_equal(column, slice("Risk-Score"))
           || secops_slice_equal(column, slice("sys_id"))
           || (column.len == 1 && *column.data >= 'a' && *column.data <= 'g');
}


static void
show(const secops_encoded_query_t *query, char *dst, size_t size)
{
    size_t                           i, len;
    const char                      *between;
    const secops_query_condition_t  *condition;

    len = 0;
    between = "";
    dst[0] = '\0';

    for (i = 0; i < query->n; i++) {
        condition = &query->conditions[i];

        len += snprintf(dst + len, size - len, "%s%.*s %s ", between,
                        (int) condition->column.len, condition->column.data,
                        query_words[condition->operator]);
        len += show_value(condition, dst + len, size - len);

        between = condition->alternative == i + 1 ? " NQ "
                  : condition->group == i + 1 ? " AND " : " OR ";
    }

    for (i = 0; i < query->norders; i++) {
        len += snprintf(dst + len, size - len, "%sORDERBY%s %.*s",
                        len ? " " : "",
                        query->orders[i].descending ? "DESC" : "",
                        (int) query->orders[i].column.len,
                        query->orders[i].column.data);
    }
}


static size_t
show_value(const secops_query_condition_t *condition, char *dst, size_t size)
{
    size_t    len;
    uint32_t  i;

    if (condition->operator == SECOPS_QUERY_BETWEEN) {
        return snprintf(dst, size, "%.*s..%.*s",
                        (int) condition->value.len, condition->value.data,
                        (int) condition->upper.len, condition->upper.data);
    }

    if (condition->operator != SECOPS_QUERY_IN
        && condition->operator != SECOPS_QUERY_NOT_IN)
    {
        return snprintf(dst, size, "%.*s", (int) condition->value.len,
                        condition->value.data);
    }

    len = 0;

    for (i = 0; i < condition->nvalues; i++) {
        len += snprintf(dst + len, size - len, "%s%.*s", i ? ";" : "",
                        (int) condition->values[i].len,
                        condition->values[i].data);
    }

    return len;
}


static char *
repeat(const char *part, size_t n)
{
    char    *text;
    size_t   i, len;

    len = strlen(part);
    text = malloc(n * len + 1);

    for (i = 0; i < n; i++) {
        memcpy(text + i * len, part, len);
    }

    text[n * len] = '\0';

    return text;
}


/*
 * secops_query_match: what each operator asks of each kind of value, groups and
 * alternatives, lists, and that an evaluation in pieces says the same as one at
 * once.
 */

#include <stdlib.h>

#include "model/query/secops_query_match.h"
#include "secops_tap.h"


#define MATCH_TOKENS  16384


/* met: by the record below, whose table is "records" */

typedef struct {
    const char  *query;
    int          met;
} match_case_t;


static const char  match_record[] =
    "{\"sys_id\":\"019a0000000010000000000000000000\","
    "\"name\":\"Evil.Example\",\"same\":\"Evil.Example\",\"other\":\"evil\","
    "\"escaped\":\"a\\t\\u00e4\\\\b\\\"C\",\"esc\\u0061ped2\":\"x\","
    "\"score\":80,\"real\":8.0e1,\"count\":\"80\",\"big\":18446744073709551617,"
    "\"true\":true,\"null\":null,\"empty\":\"\",\"object\":{\"a\":[1, 2]},"
    "\"time\":\"2026-01-02 10:00:00\",\"repeat\":\"aaaaab\"}";


static const match_case_t  match_cases[] = {
    { "", 1 },
    { "name=Evil.Example", 1 },
    { "name=evil.example", 0 },
    { "name=Evil", 0 },
    { "name=Evil.Example2", 0 },
    { "name!=Evil.Example", 0 },
    { "name!=Evil", 1 },
    { "absent=x", 0 },
    { "absent!=x", 1 },
    { "escaped2=x", 1 },
    { "escaped=a\t\xc3\xa4\\b\"C", 1 },
    { "escaped=a\t\xc3\xa4\\b\"c", 0 },
    { "escaped=a\\t\\u00e4\\\\b\\\"C", 0 },
    { "true=true", 1 },
    { "object={\"a\":[1, 2]}", 1 },
    { "object={\"a\":[1,2]}", 0 },

    /* numbers: a JSON number is one, whatever its digits; a text is not */

    { "score=80", 1 },
    { "score=80.0", 1 },
    { "score=8e1", 1 },
    { "score=080", 0 },
    { "score=81", 0 },
    { "real=80", 1 },
    { "real=8.0e1", 1 },
    { "count=80", 1 },
    { "count=80.0", 0 },
    { "big=18446744073709551617", 1 },
    { "big=18446744073709551616", 0 },
    { "score!=80.0", 0 },

    /* lists */

    { "nameINa,Evil.Example,z", 1 },
    { "nameINEvil,Evil.Example", 1 },
    { "nameINEvil.Example,Evil", 1 },
    { "nameINEvil.Example.", 0 },
    { "nameINEvil,Evil.,Evil.Exampl,Evil.Example2,Evil.Exbmple", 0 },
    { "nameIN", 0 },
    { "nameNOT INa,b", 1 },
    { "nameNOT INa,Evil.Example", 0 },
    { "scoreIN1,80.0,x", 1 },
    { "scoreIN1,x", 0 },
    { "countIN1,80.0", 0 },
    { "countIN1,80", 1 },
    { "emptyIN", 1 },
    { "emptyINa,,b", 1 },
    { "absentINa,", 1 },
    { "nullINa,b", 0 },
    { "absentNOT INa", 1 },
    { "escapedINa,a\t\xc3\xa4,a\t\xc3\xa4\\b\"C", 1 },
    { "escapedINa,a\t\xc3\xa4,a\t\xc3\xa5", 0 },

    /* order: numbers by what they say, all else by bytes */

    { "score>9", 1 },
    { "score>80", 0 },
    { "score>=80.0", 1 },
    { "score<80.1", 1 },
    { "score<=79.9", 0 },
    { "score<9a", 1 },
    { "score>=8x", 0 },
    { "count>9", 1 },
    { "count<100", 1 },
    { "count>=80.0", 1 },
    { "count<=80.0", 1 },
    { "big>18446744073709551616", 1 },
    { "big<18446744073709551618", 1 },
    { "name>Evil", 1 },
    { "name>Evil.Example", 0 },
    { "name>=Evil.Example", 1 },
    { "name<=Evil.Example", 1 },
    { "name<Evil.Example2", 1 },
    { "name<a", 1 },
    { "name>", 1 },
    { "name<", 0 },
    { "empty<a", 0 },
    { "absent<a", 0 },
    { "null>=", 0 },
    { "absent>=", 0 },
    { "time>2026-01-02", 1 },
    { "time<2026-01-02 10:00:01", 1 },
    { "escaped>a\t\xc3", 1 },
    { "escaped<a\t\xc3\xa5", 1 },
    { "escaped<=a\t\xc3\xa4\\b\"C", 1 },
    { "escaped>=a\t\xc3\xa4\\b\"C", 1 },
    { "scoreBETWEEN80@80", 1 },
    { "scoreBETWEEN9@100", 1 },
    { "scoreBETWEEN81@100", 0 },
    { "scoreBETWEEN1@79", 0 },
    { "nameBETWEENE@F", 1 },
    { "nameBETWEENEvil.Example@Evil.Example", 1 },
    { "nameBETWEENF@G", 0 },
    { "nameBETWEENA@E", 0 },
    { "timeBETWEEN2026-01-02@2026-01-03", 1 },
    { "timeBETWEEN2026-01-01@2026-01-02", 0 },
    { "absentBETWEEN@z", 0 },

    /* ids: by time, whatever their form; the one below is an old one */

    { "sys_id>019a0000000000000000000000000000", 1 },
    { "sys_id<f019a000000010000000000000000000", 1 },
    { "sys_id>f0199ffffffff0000000000000000000", 1 },
    { "sys_id>f019a00000001000000000000000000", 0 },
    { "sys_id>=019a0000000010000000000000000000", 1 },
    { "sys_id>019a", 1 },
    { "sys_id>1", 0 },

    /* parts, in letters of any case */

    { "nameLIKEVIL", 1 },
    { "nameCONTAINSl.ex", 1 },
    { "name*EVIL.EXAMPLE", 1 },
    { "nameLIKEEvil.Example.", 0 },
    { "nameDOES NOT CONTAINvil", 0 },
    { "nameNOT LIKEx.y", 1 },
    { "absentNOT LIKEx", 1 },
    { "absentLIKEx", 0 },
    { "absentLIKE", 1 },
    { "nameLIKE", 1 },
    { "nameNOT LIKE", 0 },
    { "nameSTARTSWITHevil", 1 },
    { "nameSTARTSWITHevil.example", 1 },
    { "nameSTARTSWITHevil.examples", 0 },
    { "nameSTARTSWITHvil", 0 },
    { "nameENDSWITHEXAMPLE", 1 },
    { "nameENDSWITHexampl", 0 },
    { "nameENDSWITHxevil.example", 0 },
    { "name%evil.example", 1 },
    { "repeatLIKEaab", 1 },
    { "repeatLIKEaaaaaab", 0 },
    { "repeatENDSWITHaab", 1 },
    { "repeatENDSWITHaaa", 0 },
    { "repeatENDSWITH", 1 },
    { "escapedLIKE\xc3\xa4\\B", 1 },
    { "escapedLIKE\xc3\x84", 0 },
    { "escapedENDSWITH\\b\"c", 1 },
    { "escapedENDSWITHc\"", 0 },
    { "escapedSTARTSWITHA\t", 1 },
    { "scoreLIKE8", 1 },
    { "scoreENDSWITH0", 1 },
    { "objectLIKE[1, 2]", 1 },
    { "trueSTARTSWITHTR", 1 },

    /* there or not */

    { "nameISEMPTY", 0 },
    { "emptyISEMPTY", 1 },
    { "nullISEMPTY", 1 },
    { "absentISEMPTY", 1 },
    { "objectISEMPTY", 0 },
    { "nameISNOTEMPTY", 1 },
    { "nullISNOTEMPTY", 0 },
    { "absent=", 1 },
    { "name=", 0 },
    { "name!=", 1 },
    { "null!=", 0 },
    { "emptyEMPTYSTRING", 1 },
    { "nullEMPTYSTRING", 0 },
    { "absentEMPTYSTRING", 0 },
    { "nameEMPTYSTRING", 0 },
    { "absentANYTHING", 1 },
    { "nameANYTHING", 1 },

    /* two columns, and the table */

    { "nameSAMEASsame", 1 },
    { "nameSAMEASother", 0 },
    { "nameNSAMEASother", 1 },
    { "nameNSAMEASsame", 0 },
    { "otherSAMEASname", 0 },
    { "nullSAMEASabsent", 1 },
    { "emptySAMEASabsent", 1 },
    { "scoreSAMEASreal", 1 },
    { "countSAMEASreal", 1 },
    { "countSAMEASscore", 1 },
    { "scoreSAMEASbig", 0 },
    { "escapedSAMEASescaped", 1 },
    { "escapedSAMEASname", 0 },
    { "sys_idINSTANCEOFrecords", 1 },
    { "absentINSTANCEOFrecords", 1 },
    { "sys_idINSTANCEOFrecord", 0 },

    /* groups and alternatives */

    { "score=80^name=x", 0 },
    { "score=80^name=x^ORother=evil", 1 },
    { "score=1^ORscore=80^name=x^ORname=y", 0 },
    { "score=1^NQscore=80", 1 },
    { "score=1^NQscore=2^NQscore=3", 0 },
    { "score=80^name=x^NQscore=80^other=evil", 1 },
    { "score=80^NQname=x", 1 },
    { "score=1^other=evil^NQname=x^other=evil", 0 },
    { "score=1^ORscore=80^NQname=x", 1 },
    { "name=x^ORname=y^score=80^NQother=evil^score=80", 1 }
};


static secops_json_token_t  match_tokens[MATCH_TOKENS];


static void test_cases(void);
static void test_list(void);
static void test_work(void);
static int match_has_column(void *data, secops_slice_t column);
static int met_at_once(const secops_encoded_query_t *query,
    const secops_json_t *json);
static int met_in_pieces(const secops_encoded_query_t *query,
    const secops_json_t *json, size_t piece, size_t *pieces);
static void parse(secops_json_t *json, const char *text);


int
main(void)
{
    test_cases();
    test_list();
    test_work();

    return tap_done();
}


static void
test_cases(void)
{
    size_t                   i, piece, pieces;
    secops_json_t            json;
    const match_case_t      *c;
    secops_encoded_query_t   query;

    parse(&json, match_record);

    for (i = 0; i < sizeof(match_cases) / sizeof(match_cases[0]); i++) {
        c = &match_cases[i];

        if (secops_encoded_query_read(&query, slice(c->query),
                                      match_has_column, NULL)
            != SECOPS_ENCODED_QUERY_OK || query.unread)
        {
            ok(0, "\"%s\" is read", c->query);
            continue;
        }

        ok(met_at_once(&query, &json) == c->met, "\"%s\" is %smet", c->query,
           c->met ? "" : "not ");

        for (piece = 1; piece < 40; piece = piece * 2 + 1) {

            if (met_in_pieces(&query, &json, piece, &pieces) != c->met) {
                break;
            }
        }

        ok(piece >= 40, "... in pieces, too");

        secops_encoded_query_free(&query);
    }
}


/* all of 2,500 values are found, and none beside them */

static void
test_list(void)
{
    size_t                   i, found;
    char                    *text, *p;
    char                     record[64];
    secops_json_t            json;
    secops_encoded_query_t   query;

    text = malloc(2500 * 16);
    p = text + sprintf(text, "nameIN");

    for (i = 0; i < 5000; i += 2) {
        p += sprintf(p, "%s%zu", i ? "," : "", (i * 7919) % 5000);
    }

    is_int(secops_encoded_query_read(&query, slice(text), match_has_column,
                                     NULL),
           SECOPS_ENCODED_QUERY_OK, "a list is read");

    found = 0;

    for (i = 0; i < 5000; i++) {
        sprintf(record, "{\"name\":%s%zu%s}", i % 3 ? "\"" : "", i,
                i % 3 ? "\"" : "");
        parse(&json, record);

        found += met_at_once(&query, &json) == (i % 2 == 0);
    }

    is_int(found, 5000, "... and its values are found, and no others");

    secops_encoded_query_free(&query);
    free(text);
}


/* a text of 100 kB is searched in pieces of so much work, and no more */

static void
test_work(void)
{
    size_t                   i, pieces;
    char                    *text;
    secops_json_t            json;
    secops_encoded_query_t   query;

    static const char  *queries[] = {
        "nameLIKEab", "nameENDSWITHab", "name=x", "nameINx,y",
        "nameSAMEASsame^ORname=x"
    };

    text = malloc(2 * 100000 + 64);

    i = sprintf(text, "{\"name\":\"\\u0061");
    memset(text + i, 'a', 100000);
    i += 100000;
    i += sprintf(text + i, "\",\"same\":\"");
    memset(text + i, 'a', 100000);
    i += 100000;
    sprintf(text + i, "a\"}");

    parse(&json, text);

    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        (void) secops_encoded_query_read(&query, slice(queries[i]),
                                         match_has_column, NULL);

        is_int(met_in_pieces(&query, &json, 1000, &pieces),
               met_at_once(&query, &json), queries[i]);

        ok(i == 2 || i == 3 ? pieces < 3 : pieces > 90 && pieces < 130,
           "... in %zu pieces", pieces);

        secops_encoded_query_free(&query);
    }

    free(text);
}


static int
match_has_column(void *data, secops_slice_t column)
{
    return column.len > 0;
}


static int
met_at_once(const secops_encoded_query_t *query, const secops_json_t *json)
{
    size_t  pieces;

    return met_in_pieces(query, json, (size_t) -1, &pieces);
}


static int
met_in_pieces(const secops_encoded_query_t *query, const secops_json_t *json,
    size_t piece, size_t *pieces)
{
    int                          met;
    size_t                       work;
    static secops_query_match_t  match;

    memset(&match, 0xff, sizeof(match));

    secops_query_match_begin(&match, query, slice("records"), json);

    *pieces = 0;

    do {
        (*pieces)++;
        work = piece;
        met = secops_query_match_run(&match, &work);

        if (met == SECOPS_QUERY_AGAIN && work) {
            ok(0, "work that is left is done");
        }

    } while (met == SECOPS_QUERY_AGAIN);

    return met;
}


static void
parse(secops_json_t *json, const char *text)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits;

    limits.depth = 16;
    limits.members = 10000;

    if (secops_json_parse(json, (const unsigned char *) text, strlen(text),
                          match_tokens, MATCH_TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        ok(0, "the record is JSON");
    }
}

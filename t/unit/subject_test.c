
/*
 * What is known about one subject: the newest result of each engine, the worst
 * of them, times and counts, of several tables; and of lists that are longer
 * than what was read of them, or have what is gone.
 */

#include "model/subject/secops_subject.h"
#include "secops_tap.h"


#define HEAD  "{\"x-endpoint\":\"e\",\"x-label\":\"L\",\"x-subject\":\"about\","

/* the minute in which all records were made, and the ids of two of them */

#define START  1099511700ULL
#define TIME   "2004-11-03 19:55:"
#define ID_50  "01000001dd7000000000000000000000"
#define ID_40  "01000001b66000000000000000000001"


static const char  with_verdict[] = HEAD
    "\"x-engine\":\"who\",\"x-finding\":\"verdict\",\"properties\":{"
    "\"about\":{},\"who\":{},"
    "\"verdict\":{\"enum\":[\"Bad\",\"Odd\",\"Go\\\"od\"]}}}";

static const char  plain[] = HEAD "\"properties\":{\"about\":{}}}";


static secops_table_t         tables[2];
static secops_subject_t       subject;
static secops_subject_list_t  lists[4];
static secops_text_t          text;
static unsigned char          ids[1000][SECOPS_ID_LEN];
static unsigned               nids;


/* the id of a record that was made in that second; the shard is 0 */

static const unsigned char *
id_of(unsigned second)
{
    char  digits[SECOPS_ID_LEN + 1];

    (void) snprintf(digits, sizeof(digits), "%012llx%020u",
                    (START + second) * 1000, nids);

    return memcpy(ids[nids++], digits, SECOPS_ID_LEN);
}


/* members that follow sys_created_on; NULL: the record is gone; "": it was not
   read */

static char  documents[1000][256];

static void
record(unsigned second, const char *members)
{
    secops_slice_t        document;
    unsigned char         created[SECOPS_TIME_LEN];
    const unsigned char  *id;

    id = id_of(second);

    secops_time_format(created, (int64_t) (secops_id_msec(id) / 1000));

    if (members == NULL) {
        document = secops_slice_bytes(NULL, 0);

    } else if (members[0] == '\0') {
        document = slice("");

    } else {
        (void) snprintf(documents[nids], sizeof(documents[nids]),
                        "{\"sys_created_on\":\"%.*s\"%s}", SECOPS_TIME_LEN,
                        created, members);
        document = slice(documents[nids]);
    }

    secops_subject_record(&subject, id, document);
}


static void
begin(int since)
{
    unsigned char  time[SECOPS_TIME_LEN];

    nids = 0;

    secops_time_format(time, START + since);
    secops_subject_begin(&subject, lists, since < 0 ? NULL : time);
}


/* the answer, if there is one; ends the subject */

static const char *
answer(void)
{
    int  rc;

    rc = secops_subject_end(&subject);

    secops_text_free(&text);

    if (rc == 1) {
        secops_subject_write(&subject, slice("a\"b"), &text);

    } else {
        secops_text_append_string(&text, rc == 0 ? "none" : "failed");
    }

    secops_subject_free(&subject);

    return secops_text_string(&text);
}


static int
has(const char *part, const char *name)
{
    const char  *all;

    all = secops_text_string(&text);

    if (ok(strstr(all, part) != NULL, "%s", name)) {
        return 1;
    }

    printf("#   looked for: %s\n#           in: %s\n", part, all);

    return 0;
}


static unsigned
count(const char *part)
{
    unsigned     n;
    const char  *p;

    n = 0;

    for (p = secops_text_string(&text); (p = strstr(p, part)) != NULL; p++) {
        n++;
    }

    return n;
}


static void
test_whole(void)
{
    const char  *whole;

    begin(-1);
    secops_subject_table(&subject, &tables[0], 3, 3, NULL);
    record(50, ",\"who\":\"x\",\"verdict\":\"Odd\"");
    record(40, ",\"who\":\"y\\u0041\",\"verdict\":\"Bad\"");
    record(30, ",\"who\":\"x\",\"verdict\":\"Bad\"");

    whole = answer();

    is_str(whole, strlen(whole),
           "{\"result\":{\"subject\":\"a\\\"b\",\"records\":3,"
           "\"truncated\":false,"
           "\"first_seen\":\"" TIME "30\",\"last_seen\":\"" TIME "50\","
           "\"worst\":{\"finding\":\"Bad\",\"said_by\":[{\"table\":\"t_a\","
           "\"engine\":\"yA\",\"seen\":\"" TIME "40\",\"sys_id\":\"" ID_40
           "\"}]},\"tables\":[{\"table\":\"t_a\",\"records\":3,"
           "\"examined\":3,\"truncated\":false,"
           "\"first_seen\":\"" TIME "30\",\"last_seen\":\"" TIME "50\","
           "\"findings\":{\"Bad\":2,\"Odd\":1,\"Go\\\"od\":0},\"results\":["
           "{\"engine\":\"yA\",\"seen\":\"" TIME "40\",\"sys_id\":\"" ID_40
           "\",\"finding\":\"Bad\",\"record\":{\"sys_created_on\":\"" TIME
           "40\",\"who\":\"y\\u0041\",\"verdict\":\"Bad\"}},"
           "{\"engine\":\"x\",\"seen\":\"" TIME "50\",\"sys_id\":\"" ID_50
           "\",\"finding\":\"Odd\",\"record\":{\"sys_created_on\":\"" TIME
           "50\",\"who\":\"x\",\"verdict\":\"Odd\"}}]}]}}",
           "a whole answer: an engine's newer result takes back the older");
}


static void
test_none(void)
{
    begin(-1);
    is_str(answer(), 4, "none", "no table has a record: no result");

    begin(-1);
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(20, NULL);
    record(10, NULL);
    is_str(answer(), 4, "none", "all are gone: no result");

    begin(30);
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(29, ",\"who\":\"x\"");
    record(10, ",\"who\":\"y\"");
    is_str(answer(), 4, "none", "all are too old: no result");
}


static void
test_age(void)
{
    begin(30);
    secops_subject_table(&subject, &tables[0], 3, 3, NULL);
    record(31, ",\"who\":\"x\",\"verdict\":\"Odd\"");
    record(30, ",\"who\":\"y\",\"verdict\":\"Odd\"");
    record(29, ",\"who\":\"z\",\"verdict\":\"Bad\"");
    (void) answer();

    has("\"records\":3,\"truncated\":false,\"first_seen\":\"" TIME "29\"",
        "an age: records that are older still count, and tell when it was"
        " first seen");
    has("\"worst\":{\"finding\":\"Odd\"", "... but are no results");
    has("\"findings\":{\"Bad\":0,\"Odd\":2,", "... nor findings");
    is_int(count("\"record\":"), 2, "... as old as asked for is young enough");
}


static void
test_engines(void)
{
    begin(-1);
    secops_subject_table(&subject, &tables[0], 9, 9, NULL);
    record(59, ",\"who\":\"x\",\"verdict\":\"Unheard\"");
    record(58, ",\"who\":null");
    record(57, ",\"who\":\"\",\"verdict\":\"Bad\"");
    record(56, ",\"verdict\":\"Bad\"");
    record(55, ",\"who\":5,\"verdict\":7");
    record(54, ",\"who\":\"5\",\"verdict\":\"Bad\"");
    record(53, ",\"who\":\"X\",\"verdict\":\"Odd\"");
    record(52, ",\"who\":\"\\u0058\",\"verdict\":\"\\u0042ad\"");
    record(51, ",\"who\":[1, \"a\"],\"verdict\":\"\\u0042ad\"");
    (void) answer();

    is_int(count("\"record\":"), 5, "engines: x, nobody, 5, X and a list");
    is_int(count("\"engine\":null"), 1,
           "nobody: null, \"\" and absent are one");
    has("\"engine\":null,\"seen\":\"" TIME "58\"", "... the newest of them");
    has("\"engine\":\"5\",\"seen\":\"" TIME "55\"", "a number is its digits");
    has("\"engine\":\"[1, \\\"a\\\"]\"", "a list is its bytes");
    has("\"engine\":\"X\",\"seen\":\"" TIME "53\"",
        "an engine with an escape is the same as without");
    has("\"worst\":{\"finding\":\"Bad\",\"said_by\":[{\"table\":\"t_a\","
        "\"engine\":\"[1,", "a finding with an escape is the same as without");
    is_int(count("\"finding\":null"), 3, "what is not in the list is none");
    has("{\"Bad\":5,\"Odd\":1,\"Go\\\"od\":0}",
        "findings are counted, also of results that are not the newest");
}


/* tables of two domains */

static void
test_domains(void)
{
    begin(-1);
    secops_subject_domain(&subject, slice("ac\"me"));
    secops_subject_table(&subject, &tables[0], 1, 1, NULL);
    record(30, ",\"who\":\"x\",\"verdict\":\"Odd\"");
    secops_subject_domain(&subject, slice("globex"));
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(20, ",\"who\":\"x\",\"verdict\":\"Bad\"");
    record(10, ",\"who\":\"y\",\"verdict\":\"Odd\"");
    (void) answer();

    has("\"records\":3,\"truncated\":false,\"first_seen\":\"" TIME "10\","
        "\"last_seen\":\"" TIME "30\"", "several domains: all that there is");
    has("\"said_by\":[{\"table\":\"t_a\",\"domain\":\"globex\","
        "\"engine\":\"x\"", "... the worst, by whom and in which domain");
    has("{\"table\":\"t_a\",\"domain\":\"ac\\\"me\",\"records\":1",
        "... each table of each domain");
    is_int(count("\"engine\":\"x\""), 3, "an engine is one in each domain");
}


/* places of the same rank in two lists; a table without verdicts */

static void
test_tables(void)
{
    begin(-1);
    secops_subject_table(&subject, &tables[1], 2, 2, NULL);
    record(40, "");
    record(35, ",\"x\":1");
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(30, ",\"who\":\"x\",\"verdict\":\"Odd\"");
    record(29, ",\"who\":\"y\",\"verdict\":\"Bad\"");
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(20, ",\"who\":\"x\",\"verdict\":\"Bad\"");
    record(10, ",\"who\":\"y\",\"verdict\":\"Bad\"");
    secops_subject_table(&subject, &tables[1], 1, 1, NULL);
    record(5, NULL);
    (void) answer();

    has("\"records\":6,\"truncated\":true,\"first_seen\":\"" TIME "10\","
        "\"last_seen\":\"" TIME "35\"", "several tables: all that there is");
    has("{\"finding\":\"Bad\",\"said_by\":[{\"table\":\"t_a\","
        "\"engine\":\"y\",\"seen\":\"" TIME "29\"",
        "... the worst of all, by who said it");
    is_int(count("\"table\":"), 3 + 3, "... all three that did");
    is_int(count("\"engine\":\"x\""), 3, "an engine is one in each table");
    has("\"findings\":{},\"results\":[{\"engine\":null,",
        "a table without engines and findings has its newest record");
    is_int(count("t_b"), 1, "a table whose records are gone is not told");
}


static void
test_no_verdict(void)
{
    begin(-1);
    secops_subject_table(&subject, &tables[1], 2, 2, NULL);
    record(40, ",\"x\":1");
    record(35, ",\"x\":2");
    (void) answer();

    has("\"worst\":null,\"tables\":[{\"table\":\"t_b\",\"records\":2,",
        "no table has a verdict: no worst");
    is_int(count("\"record\":"), 1, "... the newest record is the result");
    has("\"x\":1", "... that is this one");
}


static void
test_truncated(void)
{
    begin(-1);
    secops_subject_table(&subject, &tables[0], 5000, 1, id_of(1));
    record(40, ",\"who\":\"x\"");
    (void) answer();

    has("\"records\":5000,\"truncated\":true,\"first_seen\":\"" TIME "01\"",
        "a long list is not read whole, which is said");
    has("\"examined\":1,\"truncated\":true", "... and how much was");

    begin(30);
    secops_subject_table(&subject, &tables[0], 5000, 2, NULL);
    record(40, ",\"who\":\"x\"");
    record(29, ",\"who\":\"y\"");
    (void) answer();

    has("\"records\":5000,\"truncated\":false,\"first_seen\":null",
        "... nor need it be when the rest is too old");

    begin(30);
    secops_subject_table(&subject, &tables[0], 5000, 2, NULL);
    record(40, ",\"who\":\"x\"");
    record(30, NULL);
    (void) answer();

    has("\"records\":4999,\"truncated\":true",
        "... but when it need not be, also after one that is gone");

    begin(30);
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(40, ",\"who\":\"x\"");
    record(29, "");
    (void) answer();

    has("\"examined\":1,\"truncated\":false",
        "one that is too large and too old does no harm");

    begin(30);
    secops_subject_table(&subject, &tables[0], 2, 2, NULL);
    record(40, "");
    record(39, ",\"who\":\"x\"");
    (void) answer();

    has("\"examined\":1,\"truncated\":true",
        "... too large but young is said");
}


/* a table whose records are changed by whoever says the same again */

static void
test_coalesce(void)
{
    secops_table_t  table;

    table = tables[0];
    table.coalesce[0] = slice("about");
    table.ncoalesce = 1;

    begin(30);
    secops_subject_table(&subject, &table, 3, 3, NULL);
    record(29, ",\"sys_updated_on\":\"" TIME "29\",\"who\":\"x\"");
    record(20, ",\"sys_updated_on\":\"" TIME "55\",\"who\":\"y\"");
    record(10, ",\"sys_updated_on\":\"" TIME "40\",\"who\":\"y\"");
    (void) answer();

    has("\"truncated\":false,\"first_seen\":\"" TIME "10\","
        "\"last_seen\":\"" TIME "55\"",
        "records that change: first seen when created, last when changed");
    has("\"results\":[{\"engine\":\"y\",\"seen\":\"" TIME "55\"",
        "... as old as their latest change");
    is_int(count("\"record\":"), 1, "... which may be too old as well");

    begin(30);
    secops_subject_table(&subject, &table, 3, 2, NULL);
    record(40, ",\"sys_updated_on\":\"" TIME "50\",\"who\":\"x\"");
    record(10, ",\"sys_updated_on\":\"" TIME "10\",\"who\":\"y\"");
    (void) answer();
    has("\"truncated\":true", "... so that what was not read may be young");

    begin(30);
    secops_subject_table(&subject, &table, 2, 2, NULL);
    record(40, ",\"sys_updated_on\":\"" TIME "50\",\"who\":\"x\"");
    record(10, "");
    (void) answer();
    has("\"truncated\":true", "... and what was too large");
}


/* documents that somebody has put there by hand */

static void
test_strange(void)
{
    size_t  i;

    static const char *const  documents_of[] = {
        "{", "[]", "5", "null", "{\"a\":1}{", "{\"a\":1,\"a\":2}", "\xff",
        "{\"sys_created_on\":\"\xff\"}"
    };

    begin(-1);
    secops_subject_table(&subject, &tables[0], 20, 20, NULL);

    for (i = 0; i < sizeof(documents_of) / sizeof(documents_of[0]); i++) {
        secops_subject_record(&subject, id_of(50), slice(documents_of[i]));
    }

    is_str(answer(), 4, "none", "what is no object is passed over");

    begin(-1);
    secops_subject_table(&subject, &tables[0], 20, 20, NULL);
    secops_subject_record(&subject, id_of(50), slice("{}"));
    secops_subject_record(&subject, id_of(49),
                          slice("{\"sys_created_on\":5,\"who\":\"a\"}"));
    secops_subject_record(&subject, id_of(48),
                          slice("{\"sys_created_on\":\"2004-01-01\","
                                "\"who\":\"b\"}"));
    secops_subject_record(&subject, id_of(47),
                          slice("{\"sys_created_on\":\"2004-11-03 20:5\\u0033"
                                "\",\"who\":\"c\"}"));
    (void) answer();

    has("\"first_seen\":\"" TIME "47\",\"last_seen\":\"" TIME "50\"",
        "without a time that can be read, the id's counts");
    is_int(count("\"record\":"), 4, "... all of them are results");

    begin(-1);
    secops_subject_table(&subject, &tables[0], 0, 2, NULL);
    record(40, NULL);
    record(39, NULL);
    is_str(answer(), 4, "none", "more are gone than there were: no harm");
}


/* more engines than there is room for at first, in several tables */

static void
test_many(void)
{
    unsigned  i;
    char      members[64];

    begin(-1);
    secops_subject_table(&subject, &tables[0], 300, 300, NULL);

    for (i = 0; i < 300; i++) {
        (void) snprintf(members, sizeof(members),
                        ",\"who\":\"engine %u\",\"verdict\":\"%s\"", i % 100,
                        i % 3 ? "Odd" : "Bad");
        record(59 - i / 6, members);
    }

    secops_subject_table(&subject, &tables[1], 50, 50, NULL);

    for (i = 0; i < 50; i++) {
        record(50 - i, ",\"who\":\"engine 1\"");
    }

    (void) answer();

    is_int(count("\"record\":"), 101, "100 engines, and nobody elsewhere");
    is_int(count("\"finding\":\"Bad\",\"record\""), 34, "a third of them: Bad");
    has("{\"Bad\":100,\"Odd\":200,", "... of all of them, too");
}


int
main(void)
{
    secops_schema_error_t  error;

    if (secops_table_compile(&tables[0], slice("t_a"),
                             (const unsigned char *) with_verdict,
                             sizeof(with_verdict) - 1, &error)
        != 0
        || secops_table_compile(&tables[1], slice("t_b"),
                                (const unsigned char *) plain,
                                sizeof(plain) - 1, &error)
           != 0)
    {
        printf("Bail out! %s: %s\n", error.pointer, error.reason);
        return 1;
    }

    test_whole();
    test_none();
    test_age();
    test_engines();
    test_tables();
    test_domains();
    test_no_verdict();
    test_truncated();
    test_coalesce();
    test_strange();
    test_many();

    secops_table_free(&tables[0]);
    secops_table_free(&tables[1]);
    secops_text_free(&text);

    return tap_done();
}

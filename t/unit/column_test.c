
/*
 * secops_column: the text of each kind of value, whole, in pieces and cut; what
 * counts as a number; and the order in which records are sorted.
 */

#include "model/query/secops_column.h"
#include "secops_tap.h"


#define COLUMN_TOKENS  256


typedef struct {
    const char  *name;
    const char  *text;
    int          empty;
} column_case_t;


static const char  column_record[] =
    "{ \"string\": \"ab c\", \"escaped\": \"a\\n\\u00e4\\ud83d\\ude00\\\\z\","
    " \"number\": 1.50e1, \"true\": true, \"false\": false, \"null\": null,"
    " \"empty\": \"\", \"object\": { \"a\" :[1] }, \"array\": [ ],"
    " \"digits\": \"\\u0031\\u0032\" }";


static const column_case_t  column_cases[] = {
    { "string", "ab c", 0 },
    { "escaped", "a\n\xc3\xa4\xf0\x9f\x98\x80\\z", 0 },
    { "number", "1.50e1", 0 },
    { "true", "true", 0 },
    { "false", "false", 0 },
    { "null", "", 1 },
    { "empty", "", 1 },
    { "object", "{ \"a\" :[1] }", 0 },
    { "array", "[ ]", 0 },
    { "digits", "12", 0 },
    { "absent", "", 1 }
};


/* ascending, each one below the next */

static const char  *column_sorted[] = {
    "", "-1e400", "-12", "-2.5", "-1", "0", "1e-400", "0.5", "1", "2", "10",
    "18446744073709551616", "18446744073709551617", "1e400",
    "007", "1.2.3.4", "10a", "A", "a", "ab", "b", "\xc3\xa4"
};


static const char  *column_equal[][2] = {
    { "1", "1.0" }, { "100", "1e2" }, { "0", "-0.00" }, { "0", "0e9" },
    { "0.001", "1E-3" }, { "a", "a" }, { "", "" }
};


static const char  *column_numbers[] = {
    "0", "-0", "7", "10", "1.5", "-1.5e+10", "1e5", "1E-5", "0.0"
};


static const char  *column_not_numbers[] = {
    "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1 ", " 1", "0x1",
    "1.2.3", "NaN", "Infinity", "true", "1e5.0", "--1"
};


static secops_json_token_t  column_tokens[COLUMN_TOKENS];


static void test_texts(void);
static void test_room(void);
static void test_numbers(void);
static void test_long_number(void);
static void test_order(void);
static void test_cut(void);
static void parse(secops_json_t *json, const char *text);
static size_t read_pieces(const secops_json_t *json, uint32_t i, size_t max,
    unsigned char *dst);


int
main(void)
{
    test_texts();
    test_room();
    test_numbers();
    test_long_number();
    test_order();
    test_cut();

    return tap_done();
}


static void
test_texts(void)
{
    size_t                n, len, max;
    uint32_t              i;
    secops_json_t         json;
    secops_slice_t        text, number;
    unsigned char         buffer[64];
    const column_case_t  *c;

    parse(&json, column_record);

    for (n = 0; n < sizeof(column_cases) / sizeof(column_cases[0]); n++) {
        c = &column_cases[n];

        i = secops_json_member(&json, 0, (const unsigned char *) c->name,
                               strlen(c->name));
        text = secops_column_text(&json, i, buffer, sizeof(buffer));

        is_str(text.data, text.len, c->text, c->name);
        is_int(secops_column_is_empty(&json, i), c->empty, "... empty or not");

        for (max = 1; max < 8; max += 3) {
            len = read_pieces(&json, i, max, buffer);
            is_str(buffer, len, c->text, "... the same in pieces");
        }

        is_int(secops_column_has_number(&json, i, buffer, &number),
               strcmp(c->name, "number") == 0 || strcmp(c->name, "digits") == 0,
               "... a number or not");
    }
}


static void
test_room(void)
{
    size_t          room;
    uint32_t        i;
    secops_json_t   json;
    secops_slice_t  text;
    unsigned char   buffer[16];

    static const size_t  lens[] = { 0, 1, 2, 2, 4, 4, 4, 4, 8, 9, 10 };

    parse(&json, column_record);

    i = secops_json_member(&json, 0, (const unsigned char *) "escaped", 7);

    for (room = 0; room < sizeof(lens) / sizeof(lens[0]); room++) {
        memset(buffer, '#', sizeof(buffer));

        text = secops_column_text(&json, i, buffer, room);

        is_int(text.len, lens[room], "no character is cut");
        ok(buffer[room] == '#', "... and nothing is written behind the room");
    }
}


static void
test_numbers(void)
{
    size_t  i;

    for (i = 0; i < sizeof(column_numbers) / sizeof(column_numbers[0]); i++) {
        ok(secops_column_is_number(slice(column_numbers[i])),
           "\"%s\" is a number", column_numbers[i]);
    }

    for (i = 0;
         i < sizeof(column_not_numbers) / sizeof(column_not_numbers[0]);
         i++)
    {
        ok(!secops_column_is_number(slice(column_not_numbers[i])),
           "\"%s\" is none", column_not_numbers[i]);
    }
}


/* with escapes, too: what is cut to the room must not pass for a number */

static void
test_long_number(void)
{
    uint32_t        i;
    secops_json_t   json;
    secops_slice_t  text;
    unsigned char   buffer[SECOPS_COLUMN_NUMBER];
    char            record[512];

    static const char  digits[] =
        "1234567890123456789012345678901234567890123456789012345678901234";

    ok(secops_column_is_number(slice(digits)), "64 digits are a number");

    snprintf(record, sizeof(record), "{\"a\":\"\\u0031%s\",\"b\":\"\\u0031%s\","
             "\"c\":\"\\u0031%s\xc3\xa4\",\"d\":%s5}",
             digits, digits + 1, digits + 2, digits);

    parse(&json, record);

    i = secops_json_member(&json, 0, (const unsigned char *) "a", 1);
    ok(!secops_column_has_number(&json, i, buffer, &text), "65 are none");

    i = secops_json_member(&json, 0, (const unsigned char *) "b", 1);
    ok(secops_column_has_number(&json, i, buffer, &text), "64 are, escaped");
    is_str(text.data, text.len, digits, "... all of them");

    i = secops_json_member(&json, 0, (const unsigned char *) "c", 1);
    ok(!secops_column_has_number(&json, i, buffer, &text),
       "63 and a letter are none");

    i = secops_json_member(&json, 0, (const unsigned char *) "d", 1);
    ok(!secops_column_has_number(&json, i, buffer, &text),
       "65 of a JSON number are none");
}


static void
test_order(void)
{
    int     rc;
    size_t  i, j, n;

    n = sizeof(column_sorted) / sizeof(column_sorted[0]);

    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            rc = secops_column_compare(slice(column_sorted[i]),
                                       slice(column_sorted[j]));

            ok((rc > 0) - (rc < 0) == (i > j) - (i < j),
               "\"%s\" beside \"%s\"", column_sorted[i], column_sorted[j]);
        }
    }

    for (i = 0; i < sizeof(column_equal) / sizeof(column_equal[0]); i++) {
        is_int(secops_column_compare(slice(column_equal[i][0]),
                                     slice(column_equal[i][1])),
               0, "two that are equal");
    }
}


static void
test_cut(void)
{
    secops_slice_t  a, b;
    unsigned char   one[SECOPS_COLUMN_SORTED + 1], two[sizeof(one)];

    memset(one, 'x', sizeof(one));
    memset(two, 'x', sizeof(two));

    one[SECOPS_COLUMN_SORTED] = 'a';

    a = secops_slice_bytes(one, sizeof(one));
    b = secops_slice_bytes(two, sizeof(two));

    is_int(secops_column_compare(a, b), 0, "the 257th byte does not count");

    one[SECOPS_COLUMN_SORTED - 1] = 'a';

    ok(secops_column_compare(a, b) < 0, "... the 256th does");
}


static void
parse(secops_json_t *json, const char *text)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits;

    limits.depth = 16;
    limits.members = 100;

    if (secops_json_parse(json, (const unsigned char *) text, strlen(text),
                          column_tokens, COLUMN_TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        ok(0, "the record is JSON");
    }
}


static size_t
read_pieces(const secops_json_t *json, uint32_t i, size_t max,
    unsigned char *dst)
{
    size_t                  len;
    secops_slice_t          piece;
    secops_column_reader_t  reader;

    len = 0;
    secops_column_read(&reader, json, i);

    for ( ;; ) {
        piece = secops_column_piece(&reader, max);

        if (piece.len == 0) {
            return len;
        }

        memcpy(dst + len, piece.data, piece.len);
        len += piece.len;
    }
}


/*
 * The contract of model/json/secops_json.h: tokens, accessors, limits, errors.
 * What is JSON and what is not is also checked against jansson, at random by
 * json_oracle.c and here on the cases in the folder $SECOPS_JSON_CASES, where
 * a file's name begins with y (must be accepted), n (must not), i (either).
 */

#include <dirent.h>

#include "json_compare.h"
#include "secops_tap.h"


#define TEST_TOKENS  8192


typedef struct {
    const char           *text;
    size_t                offset;
    const char           *reason;
} test_error_t;


typedef struct {
    const char           *a;
    const char           *b;
    int                   equal;
} test_equal_t;


typedef struct {
    const char           *text;
    double                value;
    unsigned              flags;
} test_number_t;


static secops_json_t        json;
static secops_json_error_t  error;
static secops_json_token_t  tokens[TEST_TOKENS];


static int
test_parse(const char *text, uint32_t depth, uint32_t members)
{
    secops_json_limits_t  limits;

    limits.depth = depth;
    limits.members = members;

    error.offset = 0;
    error.reason = "";

    return secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                             tokens, TEST_TOKENS, &limits, &error);
}


static uint32_t
test_member(uint32_t i, const char *name)
{
    return secops_json_member(&json, i, (const unsigned char *) name,
                              strlen(name));
}


static int
test_string_is(uint32_t i, const char *text)
{
    return secops_json_string_is(&json, i, (const unsigned char *) text,
                                 strlen(text));
}


static void
test_tokens(void)
{
    unsigned             n;
    secops_json_token_t  *t;

    static const char                 text[] =
        " {\"a\": [1, -2.5e0, {}], \"\\u0062\" :\"x\\ny\",\"c\":{\"d\":null}}";

    static const secops_json_token_t  expected[] = {
        {  1, 55, 12, 3, SECOPS_JSON_OBJECT, 0 },
        {  3,  1,  6, 0, SECOPS_JSON_STRING, SECOPS_JSON_KEY },
        {  7, 15,  6, 3, SECOPS_JSON_ARRAY, 0 },
        {  8,  1,  4, 0, SECOPS_JSON_NUMBER, 0 },
        { 11,  6,  5, 0, SECOPS_JSON_NUMBER, SECOPS_JSON_REAL },
        { 19,  2,  6, 0, SECOPS_JSON_OBJECT, 0 },
        { 25,  6,  8, 0, SECOPS_JSON_STRING,
                         SECOPS_JSON_KEY|SECOPS_JSON_ESCAPED },
        { 35,  4,  8, 0, SECOPS_JSON_STRING, SECOPS_JSON_ESCAPED },
        { 42,  1, 12, 0, SECOPS_JSON_STRING, SECOPS_JSON_KEY },
        { 45, 10, 12, 1, SECOPS_JSON_OBJECT, 0 },
        { 47,  1, 12, 0, SECOPS_JSON_STRING, SECOPS_JSON_KEY },
        { 50,  4, 12, 0, SECOPS_JSON_NULL, 0 }
    };

    is_int(test_parse(text, 8, 8), SECOPS_JSON_OK, "a document is accepted");
    is_int(json.ntokens, sizeof(expected) / sizeof(expected[0]),
           "it has as many tokens as values and names");

    for (n = 0; n < json.ntokens; n++) {
        t = &tokens[n];

        if (!ok(t->start == expected[n].start && t->len == expected[n].len
                && t->next == expected[n].next && t->type == expected[n].type
                && t->flags == expected[n].flags
                && (t->size == expected[n].size
                    || (t->flags & SECOPS_JSON_KEY)),
                "token %u stands where it should", n))
        {
            printf("# start %u len %u next %u size %u type %u flags %u\n",
                   t->start, t->len, t->next, t->size, t->type, t->flags);
        }
    }

    ok(tokens[6].size == secops_json_hash((const unsigned char *) "b", 1),
       "an escaped key has the hash of what it means");
}


static void
test_members(void)
{
    char      text[4096];
    size_t    len;
    unsigned  n, found;
    uint32_t  i;

    test_parse("{\"a\":1,\"b\\/\":{\"a\":2},\"\":[3],\"\\u00e9\":4}", 8, 8);

    is_int(test_member(0, "a"), 2, "a member is found by its name");
    is_int(test_member(test_member(0, "b/"), "a"), 6,
           "and in an object within, by a name that is escaped there");
    is_int(test_member(0, ""), 8, "a name may be empty");
    is_int(test_member(0, "\xc3\xa9"), 11, "or not ASCII");
    is_int(test_member(0, "b\\/"), 0, "a name is never taken as it is escaped");
    is_int(test_member(0, "ab"), 0, "a longer name is another");
    is_int(test_member(2, "a"), 0, "a number has no members");
    is_int(test_member(8, "a"), 0, "neither has an array");

    len = (size_t) sprintf(text, "{\"k\":0");

    for (n = 0; n < 200; n++) {
        len += (size_t) sprintf(text + len, ",\"key%u\":%u", n, n);
    }

    sprintf(text + len, "}");

    is_int(test_parse(text, 1, 201), SECOPS_JSON_OK, "a large object");

    for (n = 0, found = 0; n < 200; n++) {
        sprintf(text + 3072, "key%u", n);
        i = test_member(0, text + 3072);
        found += i != 0 && secops_json_number(&json, i) == n;
    }

    is_int(found, 200, "all members of a large object are found");
}


static void
test_strings(void)
{
    size_t          len;
    unsigned char   buf[64];
    secops_slice_t  raw;

    test_parse("[\"plain\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\","
               "\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\",\"\","
               "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]",
               8, 8);

    raw = secops_json_raw(&json, 2);
    is_str(raw.data, raw.len, "\\\"\\\\\\/\\b\\f\\n\\r\\t",
           "raw: as it stands, without quotes");

    raw = secops_json_raw(&json, 0);
    ok(raw.data[0] == '[' && raw.data[raw.len - 1] == ']'
       && raw.len == json.text.len, "raw: an array with its brackets");

    len = secops_json_decode(&json, 1, buf);
    is_str(buf, len, "plain", "decode: nothing to decode");

    len = secops_json_decode(&json, 2, buf);
    is_str(buf, len, "\"\\/\b\f\n\r\t", "decode: short escapes");

    len = secops_json_decode(&json, 3, buf);
    is_str(buf, len, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
           "decode: 1 to 4 bytes from hexadecimal escapes");

    is_int((long long) secops_json_decode(&json, 4, buf), 0, "decode: nothing");

    is_int((long long) secops_json_string_length(&json, 1), 5,
           "length: ASCII");
    is_int((long long) secops_json_string_length(&json, 2), 8,
           "length: an escape is one character");
    is_int((long long) secops_json_string_length(&json, 3), 4,
           "length: so is a surrogate pair");
    is_int((long long) secops_json_string_length(&json, 4), 0, "length: none");
    is_int((long long) secops_json_string_length(&json, 5), 3,
           "length: characters, not bytes");

    ok(test_string_is(1, "plain"), "string_is: the same");
    ok(!test_string_is(1, "plai"), "string_is: not a prefix");
    ok(!test_string_is(1, "plain "), "string_is: not something longer");
    ok(test_string_is(3, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
       "string_is: compares what is meant");
    ok(!test_string_is(3, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98"),
       "string_is: not a prefix that ends within a character");
    ok(!test_string_is(3, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" "A"),
       "string_is: not something longer than what is meant");
    ok(!test_string_is(2, "\\\"\\\\\\/\\b\\f\\n\\r\\t"),
       "string_is: never as it is escaped");
    ok(test_string_is(4, ""), "string_is: the empty string");
}


static void
test_numbers(void)
{
    char      text[2048];
    double    value;
    unsigned  n;

    static const test_number_t  numbers[] = {
        { "0", 0, 0 },
        { "-0", 0, 0 },
        { "17", 17, 0 },
        { "-9223372036854775808", -9223372036854775808.0, 0 },
        { "9223372036854775807", 9223372036854775808.0, 0 },
        { "9007199254740993", 9007199254740992.0, 0 },
        { "-0.0", -0.0, SECOPS_JSON_REAL },
        { "1.0", 1, SECOPS_JSON_REAL },
        { "1e2", 100, SECOPS_JSON_REAL },
        { "0.87", 0.87, SECOPS_JSON_REAL },
        { "-12.5E-1", -1.25, SECOPS_JSON_REAL },
        { "1.7976931348623157e308", 1.7976931348623157e308, SECOPS_JSON_REAL },
        { "4.9e-324", 4.9e-324, SECOPS_JSON_REAL },
        { "1e-9999999999999999999", 0, SECOPS_JSON_REAL },
        { "0e9999999999999999999", 0, SECOPS_JSON_REAL }
    };

    for (n = 0; n < sizeof(numbers) / sizeof(test_number_t); n++) {
        test_parse(numbers[n].text, 0, 0);
        value = secops_json_number(&json, 0);

        ok(memcmp(&value, &numbers[n].value, sizeof(double)) == 0
           && tokens[0].flags == numbers[n].flags,
           "the number %s is %.17g", numbers[n].text, numbers[n].value);
    }

    /* halfway between 1 and the next double: to even; a trace more: up */

    memcpy(text, "1.00000000000000011102230246251565404236316680908203125", 55);
    memset(text + 55, '0', 1000);
    strcpy(text + 1055, "0");

    test_parse(text, 0, 0);
    ok(secops_json_number(&json, 0) == 1.0,
       "a tie with a thousand zeros more is rounded to even");

    text[1055] = '1';
    test_parse(text, 0, 0);
    ok(secops_json_number(&json, 0) > 1.0,
       "a thousandth digit decides how a number is rounded");
}


/* with no token to spare, so that a sanitizer sees a look at the one behind */

static secops_json_token_t *
test_exact(secops_json_t *exact, const char *text)
{
    if (test_parse(text, 8, 8) != SECOPS_JSON_OK) {
        abort();
    }

    *exact = json;
    exact->tokens = malloc(json.ntokens * sizeof(secops_json_token_t));

    if (exact->tokens == NULL) {
        abort();
    }

    memcpy(exact->tokens, tokens,
           json.ntokens * sizeof(secops_json_token_t));

    return exact->tokens;
}


static void
test_equality(void)
{
    unsigned              n;
    secops_json_t         a, b;
    secops_json_token_t  *ta, *tb;

    static const test_equal_t  pairs[] = {
        { "1", "1.0", 1 },
        { "1", "10e-1", 1 },
        { "100", "1E2", 1 },
        { "0", "-0.0e5", 1 },
        { "0.1", "1e-1", 1 },
        { "1", "-1", 0 },
        { "1", "10", 0 },
        { "1", "1.00000000000000000001", 0 },
        { "9007199254740992", "9007199254740993", 0 },
        { "0", "1e-999999", 0 },
        { "1", "\"1\"", 0 },
        { "0", "false", 0 },
        { "null", "null", 1 },
        { "true", "false", 0 },
        { "\"a\\u0062/\"", "\"\\u0061b\\/\"", 1 },
        { "\"ab\"", "\"ab\"", 1 },
        { "\"ab\"", "\"a\"", 0 },
        { "\"\\u0061b\"", "\"a\"", 0 },
        { "[]", "{}", 0 },
        { "[1,2]", "[1,2.0]", 1 },
        { "[1,2]", "[2,1]", 0 },
        { "[1,2]", "[1,2,3]", 0 },
        { "[[],[1]]", "[[],[1]]", 1 },
        { "[[1],[]]", "[[],[1]]", 0 },
        { "{\"a\":1,\"b\":[2]}", "{\"\\u0062\":[2.0],\"a\":1}", 1 },
        { "{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"a\":1,\"b\":2}", 1 },
        { "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2,\"c\":3,\"a\":1}", 1 },
        { "{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", 0 },
        { "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", 0 },
        { "{\"a\":0,\"b\":\"a\"}", "{\"a\":0,\"c\":\"a\"}", 0 },
        { "{\"a\":1}", "{\"a\":1,\"b\":2}", 0 },
        { "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{}}}", 1 },
        { "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":[]}}", 0 }
    };

    for (n = 0; n < sizeof(pairs) / sizeof(test_equal_t); n++) {

        ta = test_exact(&a, pairs[n].a);
        tb = test_exact(&b, pairs[n].b);

        ok(secops_json_equal(&a, 0, &b, 0) == pairs[n].equal
           && secops_json_equal(&b, 0, &a, 0) == pairs[n].equal,
           "%s %s %s, either way", pairs[n].a,
           pairs[n].equal ? "equals" : "differs from", pairs[n].b);

        free(ta);
        free(tb);
    }
}


static void
test_errors(void)
{
    unsigned  n;

    static const test_error_t  errors[] = {
        { "", 0, "unexpected end" },
        { " \n", 2, "unexpected end" },
        { "[1", 2, "unexpected end" },
        { "[", 1, "unexpected end" },
        { "{", 1, "unexpected end" },
        { "{\"a\"", 4, "unexpected end" },
        { "{\"a\":", 5, "unexpected end" },
        { "{\"a\":1,", 7, "unexpected end" },
        { "\"abc", 4, "unexpected end" },
        { "\"abc\\", 5, "unexpected end" },
        { "-", 1, "unexpected end" },
        { "1.5e+", 5, "unexpected end" },
        { "[1,]", 3, "value expected" },
        { "[tru]", 1, "value expected" },
        { "\xef\xbb\xbf{}", 0, "value expected" },
        { "{}  {}", 4, "unexpected bytes after the value" },
        { "01", 1, "unexpected bytes after the value" },
        { "[1 2]", 3, "\",\" or \"]\" expected" },
        { "[1}", 2, "\",\" or \"]\" expected" },
        { "{\"a\":1]", 6, "\",\" or \"}\" expected" },
        { "{\"a\":1,}", 7, "member name expected" },
        { "{1:2}", 1, "member name expected" },
        { "{\"a\" 1}", 5, "\":\" expected" },
        { "[-x]", 2, "digit expected" },
        { "[1.]", 3, "digit expected" },
        { "[1e-]", 4, "digit expected" },
        { "\"a\nb\"", 2, "control character in a string" },
        { "\"12345678\x1f\"", 9, "control character in a string" },
        { "\"ab\\x\"", 3, "invalid escape" },
        { "\"ab\\u12G4\"", 3, "invalid escape" },
        { "\"ab\\u12", 3, "invalid escape" },
        { "\"\\u0000\"", 1, "escaped NUL" },
        { "{\"a\\u0000\":1}", 3, "escaped NUL" },
        { "\"x\\ud800\"", 2, "lone surrogate" },
        { "\"x\\udc00\\ud800\"", 2, "lone surrogate" },
        { "\"x\\udc00\\udc00\"", 2, "lone surrogate" },
        { "\"x\\ud800\\u0041\"", 2, "lone surrogate" },
        { "\"x\\ud800\\ud800\"", 2, "lone surrogate" },
        { "\"abc\xc0\x80\"", 4, "invalid UTF-8" },
        { "\"abc\xed\xa0\x80\"", 4, "invalid UTF-8" },
        { "\"abc\xf4\x90\x80\x80\"", 4, "invalid UTF-8" },
        { "\"abc\xe2\x82\"", 4, "invalid UTF-8" },
        { "\"abc\xe2", 4, "invalid UTF-8" },
        { "{\"a\":1,\"b\":2,\"a\":3}", 13, "duplicate key" },
        { "{\"a\":{\"b\":1,\"\\u0062\":2}}", 12, "duplicate key" },
        { "[[[[[[[[[0]]]]]]]]]", 8, "nested too deep" },
        { "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,"
          "\"9\":1}", 49, "too many members" }
    };

    for (n = 0; n < sizeof(errors) / sizeof(test_error_t); n++) {

        if (!ok(test_parse(errors[n].text, 8, 8) == SECOPS_JSON_ERROR
                && error.offset == errors[n].offset
                && strcmp(error.reason, errors[n].reason) == 0,
                "error %u: %s at %u", n + 1, errors[n].reason,
                (unsigned) errors[n].offset))
        {
            printf("# at %u: %s\n", (unsigned) error.offset, error.reason);
        }
    }

#if (SIZE_MAX > UINT32_MAX)

    is_int(secops_json_parse(&json, (const unsigned char *) "1",
                             (size_t) UINT32_MAX + 1, tokens, TEST_TOKENS,
                             &(secops_json_limits_t) { 8, 8 }, &error),
           SECOPS_JSON_ERROR, "a document of 4 GiB is refused unread");
    is_str(error.reason, strlen(error.reason), "document too long",
           "and told to be too long");

#endif
}


static void
test_limits(void)
{
    is_int(test_parse("1", 0, 0), SECOPS_JSON_OK, "depth 0 admits scalars");
    is_int(test_parse("[]", 0, 0), SECOPS_JSON_ERROR, "but no container");
    is_int(test_parse("{\"a\":1}", 1, 1), SECOPS_JSON_OK,
           "depth 1 admits an object of scalars");
    is_int(test_parse("{\"a\":[]}", 1, 1), SECOPS_JSON_ERROR,
           "but none in it, even if it is empty");
    is_int(test_parse("[[],[[]],[]]", 3, 0), SECOPS_JSON_OK,
           "depth counts containers in one another, not beside");
    is_int(test_parse("{}", 1, 0), SECOPS_JSON_OK,
           "no members admits an empty object");
    is_int(test_parse("[{\"a\":1,\"b\":2},{\"a\":1,\"b\":{\"a\":1}}]", 3, 2),
           SECOPS_JSON_OK, "members counts those of one object");
    is_int(test_parse("[1,2,3,4]", 1, 1), SECOPS_JSON_OK,
           "and no elements of arrays");
}


/* what growing capacities answer: MORE up to some size, then ever the same */

static int
test_capacities(const char *text, int expected)
{
    int                    rc, last;
    size_t                 len;
    uint32_t               capacity, max;
    secops_json_token_t   *exact;
    secops_json_limits_t   limits = { 64, 1000 };

    len = strlen(text);
    max = (uint32_t) secops_json_max_tokens(len);
    last = SECOPS_JSON_MORE;

    for (capacity = 0; capacity <= max; capacity++) {

        exact = malloc(capacity * sizeof(secops_json_token_t) + 1);
        if (exact == NULL) {
            abort();
        }

        rc = secops_json_parse(&json, (const unsigned char *) text, len, exact,
                               capacity, &limits, &error);
        free(exact);

        if (rc != last && !(rc == expected && last == SECOPS_JSON_MORE)) {
            printf("# capacity %u: %d after %d\n", capacity, rc, last);
            return 0;
        }

        if (rc == SECOPS_JSON_OK && capacity < json.ntokens) {
            return 0;
        }

        last = rc;
    }

    return last == expected;
}


static void
test_more(void)
{
    char      text[8192];
    size_t    len;
    unsigned  n;

    static const char  *texts[] = {
        "1",
        "[1,1,1,1,1,1,1,1]",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
        "{\"\":1}",
        "[{\"\":[{\"\":[{\"\":[{\"\":[]}]}]}]}]",
        "[0,{\"\\u0061\\u0062\\u0063\\u0064\\u0065\\u0066\":0}]"
    };

    static const char  *broken[] = {
        "[[[[[[[[[[[[[[[[",
        "[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":",
        "[[[[[[[[[[[[{\"\\u0061\\u0062\\u0063\":1}",
        "[[[[[[[[[[[[1,1,1,1,1,1,1,1",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1",
        "[1,1,1,1,1,1,1,1}"
    };

    for (n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
        ok(test_capacities(texts[n], SECOPS_JSON_OK),
           "capacity: as promised, enough for %s", texts[n]);
    }

    for (n = 0; n < sizeof(broken) / sizeof(broken[0]); n++) {
        ok(test_capacities(broken[n], SECOPS_JSON_ERROR),
           "capacity: as promised, no use to ask more for %s", broken[n]);
    }

    len = 0;

    for (n = 0; n < 94; n++) {

        if (n + 0x20 != '"' && n + 0x20 != '\\') {
            len += (size_t) sprintf(text + len, ",\"%c\":0", (int) n + 0x20);
        }
    }

    text[0] = '{';
    sprintf(text + len, "}");

    ok(test_capacities(text, SECOPS_JSON_OK),
       "capacity: as promised, enough for many short members");

    sprintf(text + len, ",\"A\":0}");
    is_int(test_parse(text, 1, 100), SECOPS_JSON_ERROR,
           "a duplicate in a large object is found");
    is_int((long long) error.offset, (long long) len + 1, "where it stands");

    sprintf(text + len, ",\"\\u0041\":0}");
    is_int(test_parse(text, 1, 100), SECOPS_JSON_ERROR,
           "in another spelling too");
}


static void
test_huge(void)
{
    size_t              n;

    static const struct {
        const char     *text;
        int             huge;
    } cases[] = {
        { "9223372036854775807", 0 },
        { "9223372036854775808", 1 },
        { "-9223372036854775808", 0 },
        { "-9223372036854775809", 1 },
        { "339339468465046514652123456789012345678901", 1 },
        { "1e308", 0 },
        { "1e309", 1 },
        { "-1E+999999999999999999999999", 1 },
        { "1e-999999999999999999999999", 0 },
        { "0e999999999999999999999999", 0 },
        { "179769313486231580793e289", 1 }
    };

    for (n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        ok(test_parse(cases[n].text, 1, 1) == SECOPS_JSON_OK
           && !(json.tokens[0].flags & SECOPS_JSON_HUGE) == !cases[n].huge,
           "Field 3: %s is taken%s", cases[n].text,
           cases[n].huge ? ", and marked as huge" : "");
    }

    is_int(test_parse("123456789012345678901234567890", 1, 1)
           == SECOPS_JSON_OK
           && secops_json_number(&json, 0) > 1.2345e29, 1,
           "... the double nearest to a huge integer");
}


/* what is wrong in an element of a batch, read as one; then the element */

static void
test_batch(void)
{
    size_t                n;
    secops_slice_t        raw;
    secops_json_t         batch, element;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 4, 3 };
    static secops_json_token_t  own[TEST_TOKENS];

    static const struct {
        const char          *text;
        int                  rc;
        secops_json_kind_e   kind;      /* of the batch, or the element */
    } cases[] = {
        { "{\"a\":1,\"a\":2}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":{\"b\":1,\"b\":2}}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":\"\\u0000\"}", 0, SECOPS_JSON_CONTENT },
        { "{\"\\u0000\":1}", 0, SECOPS_JSON_CONTENT },
        { "{\"\\ud800\":1,\"x\":1,\"\\ud800\":2}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":\"\\ud800\\u0041\"}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":\"\\udfff\"}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":\"\xe4\"}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":\"\xe2\x82\"}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", 0, SECOPS_JSON_CONTENT },
        { "{\"a\":[[[[1]]]]}", 0, SECOPS_JSON_NESTED },
        { "{\"a\":1,}", -1, SECOPS_JSON_GRAMMAR },
        { "{\"a\":\"\\ud80x\"}", -1, SECOPS_JSON_GRAMMAR },
        { "{\"a\":\"\x01\"}", -1, SECOPS_JSON_GRAMMAR },
        { "{\"a\":01}", -1, SECOPS_JSON_GRAMMAR }
    };

    char                  text[256];
    static unsigned char  deep[3 * SECOPS_JSON_BATCH_NESTED];

    for (n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {

        snprintf(text, sizeof(text), "{\"data\":[{\"ok\":1},%s,{\"ok\":2}]}",
                 cases[n].text);

        is_int(secops_json_parse_batch(&batch, (unsigned char *) text,
                                       strlen(text), tokens, TEST_TOKENS,
                                       &limits, &error),
               cases[n].rc, text);

        if (cases[n].rc != SECOPS_JSON_OK) {
            is_int(error.kind, cases[n].kind, "... is a matter of grammar");
            continue;
        }

        is_int(batch.tokens[2].size, 3, "... has all of its elements");

        raw = secops_json_raw(&batch, batch.tokens[3].next);

        is_int(secops_json_parse(&element, raw.data, raw.len, own,
                                 TEST_TOKENS,
                                 &(secops_json_limits_t) { 2, 3 }, &error),
               SECOPS_JSON_ERROR, "... one of which is refused on its own");
        is_int(error.kind, cases[n].kind, "... as of this kind");

        raw = secops_json_raw(&batch, batch.tokens[batch.tokens[3].next].next);
        is_str(raw.data, raw.len, "{\"ok\":2}", "... and not the next one");
    }

    is_int(secops_json_parse_batch(&batch, (const unsigned char *)
                                   "{\"data\":[],\"data\":[]}", 21, tokens,
                                   TEST_TOKENS, &limits, &error),
           SECOPS_JSON_ERROR, "two batches in one body are none");
    is_int(secops_json_parse_batch(&batch, (const unsigned char *)
                                   "{\"config\":{\"a\":1,\"a\":1}}", 26,
                                   tokens, TEST_TOKENS, &limits, &error),
           SECOPS_JSON_ERROR, "what lies beside the records must be sound");

    memcpy(deep, "{\"data\":[", 9);
    memset(deep + 9, '[', sizeof(deep) - 9);

    is_int(secops_json_parse_batch(&batch, deep, sizeof(deep), tokens,
                                   TEST_TOKENS, &limits, &error),
           SECOPS_JSON_ERROR, "R.18: nothing is read of what is too deep for "
           "any record");
    is_int(error.kind, SECOPS_JSON_NESTED, "... which is said");
    is_int(error.offset, SECOPS_JSON_BATCH_NESTED + 7, "... where it begins");
}


static void
test_seed(void)
{
    unsigned  n;
    uint32_t  before[40], same;

    static const unsigned char  text[] =
        "0123456789abcdef0123456789abcdef01234567";
    static const unsigned char  equal[] = "aaaaaaaaaaaaaaaa";

    for (n = 0; n < 40; n++) {
        before[n] = secops_json_hash(text, n);
    }

    for (n = 1, same = 0; n < 40; n++) {
        same += before[n] == before[n - 1];
    }

    is_int(same, 0, "hash: every byte counts");

    for (n = 9, same = 0; n <= 16; n++) {
        same += secops_json_hash(equal, n) == secops_json_hash(equal, n - 1);
    }

    is_int(same, 0, "hash: and so does the length");

    secops_json_seed(12345);

    for (n = 0, same = 0; n < 40; n++) {
        same += before[n] == secops_json_hash(text, n);
    }

    is_int(same, 0, "hash: another seed makes all of them others");

    is_int(test_parse("{\"a\":1,\"b\":2,\"a\":3}", 1, 8), SECOPS_JSON_ERROR,
           "duplicates are found under any seed");
}


/* cases named y that are refused, as jansson does with the flags in use */

static const char  *test_refused[][2] = {
    { "y_object_duplicated_key.json",
      "which of the two a reader means is anyone's guess" },
    { "y_object_duplicated_key_and_value.json",
      "the same, though here the two agree" },
    { "y_object_escaped_null_in_key.json",
      "a NUL ends a string in C: what is checked is not what is used" },
    { "y_string_null_escape.json",
      "the same in a value" }
};


static unsigned char *
test_read(const char *folder, const char *name, size_t *len)
{
    FILE           *file;
    char            path[1024];
    unsigned char  *data;

    snprintf(path, sizeof(path), "%s/%s", folder, name);

    file = fopen(path, "rb");
    data = malloc(1 << 20);

    if (file == NULL || data == NULL) {
        perror(path);
        abort();
    }

    *len = fread(data, 1, 1 << 20, file);
    fclose(file);

    data = realloc(data, *len ? *len : 1);

    return data;
}


static void
test_case(const char *folder, const char *name)
{
    int              expected;
    size_t           len;
    unsigned         n;
    const char      *fault, *why;
    unsigned char   *data;
    json_compare_t   result;

    memset(&result, 0, sizeof(json_compare_t));

    data = test_read(folder, name, &len);
    fault = json_compare(&result, data, len);
    free(data);

    expected = (name[0] == 'i') ? result.accepted : (name[0] == 'y');
    why = NULL;

    for (n = 0; n < sizeof(test_refused) / sizeof(test_refused[0]); n++) {
        if (strcmp(test_refused[n][0], name) == 0) {
            expected = 0;
            why = test_refused[n][1];
        }
    }

    ok(fault == NULL && result.accepted == expected, "%s: %s%s%s%s", name,
       expected ? "accepted" : "refused", fault ? ", but " : "",
       fault ? fault : "", why ? " on purpose" : "");

    if (why) {
        printf("# %s\n", why);
    }
}


static void
test_cases(void)
{
    int              n, i;
    unsigned         cases;
    const char      *folder;
    struct dirent  **names;

    folder = getenv("SECOPS_JSON_CASES");

    if (folder == NULL || *folder == '\0') {
        tap_skip("public parsing cases", "SECOPS_JSON_CASES names no folder");
        return;
    }

    n = scandir(folder, &names, NULL, alphasort);
    cases = 0;

    for (i = 0; i < n; i++) {

        if (strchr("yni", names[i]->d_name[0]) && names[i]->d_name[1] == '_') {
            test_case(folder, names[i]->d_name);
            cases++;
        }

        free(names[i]);
    }

    if (n >= 0) {
        free(names);
    }

    ok(cases > 0, "there are cases in the folder: %u", cases);
}


int
main(void)
{
    test_tokens();
    test_members();
    test_strings();
    test_numbers();
    test_equality();
    test_errors();
    test_limits();
    test_more();
    test_huge();
    test_batch();
    test_seed();
    test_cases();

    return tap_done();
}


/*
 * secops_json against jansson on documents that are made up and then damaged.
 *
 *     json_oracle [documents [seed]]
 *
 * The seed is printed: the same seed makes the same documents.  A document on
 * which the two disagree is printed whole, as hex.
 */

#include <time.h>

#include "json_compare.h"
#include "secops_tap.h"


#define ORACLE_DOCUMENTS  1200000
#define ORACLE_SHOWN      5             /* disagreements printed */
#define ORACLE_SIZE       16384
#define ORACLE_ROOM       12288         /* where generating stops */

/* followed by "792": the smallest integer that rounds to no double */

#define ORACLE_TOO_LARGE                                                      \
    "179769313486231580793728971405303415079934132710037826936173778980"      \
    "444968292764750946649017977587207096330286416692887910946555547851"      \
    "940402630657488671505820681908902000708383676273854845817711531764"      \
    "475730270069855571366959622842914819860834936475292719074168444365"      \
    "510704342711559699508093042880177904174497"


typedef struct {
    const char           *data;
    size_t                len;
} oracle_text_t;


typedef struct {
    uint64_t              state;
    size_t                len;
    unsigned char         data[ORACLE_SIZE];
} oracle_t;


#define oracle_text(s)  { s, sizeof(s) - 1 }


static void oracle_value(oracle_t *o, unsigned depth);


static const oracle_text_t  oracle_numbers[] = {
    oracle_text("0"), oracle_text("-0"), oracle_text("1"), oracle_text("-1"),
    oracle_text("00"), oracle_text("01"), oracle_text("-01"), oracle_text("-"),
    oracle_text("+1"), oracle_text(".5"), oracle_text("1."),
    oracle_text("1.e5"), oracle_text("0."), oracle_text("1e"),
    oracle_text("1e+"), oracle_text("1E-"), oracle_text("1.5e"),
    oracle_text("0x10"), oracle_text("1.5.5"), oracle_text("1e5.5"),
    oracle_text("--1"), oracle_text("-0.0"), oracle_text("0e0"),
    oracle_text("0E-0"),
    oracle_text("1.0"), oracle_text("-0e+1"), oracle_text("12e00001"),
    oracle_text("9007199254740991"), oracle_text("9007199254740993"),
    oracle_text("999999999999999999"), oracle_text("1000000000000000000"),
    oracle_text("9223372036854775806"), oracle_text("9223372036854775807"),
    oracle_text("9223372036854775808"), oracle_text("-9223372036854775807"),
    oracle_text("-9223372036854775808"), oracle_text("-9223372036854775809"),
    oracle_text("9999999999999999999"), oracle_text("10000000000000000000"),
    oracle_text("18446744073709551616"),
    oracle_text("123456789012345678901234567890"),
    oracle_text("9223372036854775808.0"), oracle_text("9223372036854775808e0"),
    oracle_text("1e308"), oracle_text("1.7976931348623157e308"),
    oracle_text("1.7976931348623158e308"),
    oracle_text("1.79769313486231580793e308"),
    oracle_text("1.79769313486231580794e308"),
    oracle_text("1.7976931348623159e308"), oracle_text("-1.8e308"),
    oracle_text(ORACLE_TOO_LARGE "792.0"),
    oracle_text(ORACLE_TOO_LARGE "791.9999999999"),
    oracle_text("-" ORACLE_TOO_LARGE "792e0"),
    oracle_text("-" ORACLE_TOO_LARGE "7919.9999e-1"),
    oracle_text("9e307"), oracle_text("9.9e308"), oracle_text("1e309"),
    oracle_text("-1e309"), oracle_text("1e400"), oracle_text("0.1e310"),
    oracle_text("0.01e310"), oracle_text("0.001e312"),
    oracle_text("100000e304"), oracle_text("100000e303"),
    oracle_text("1e999999999999999999999"), oracle_text("0e999999999999"),
    oracle_text("0.000e99999999999999999999"), oracle_text("1e-999999999999"),
    oracle_text("-1e-99999999999999999999999"), oracle_text("5e-324"),
    oracle_text("2e-324"), oracle_text("2.5e-324"), oracle_text("1e-400"),
    oracle_text("2.2250738585072011e-308"),
    oracle_text("2.2250738585072014e-308"),
    oracle_text("0.1"), oracle_text("0.30000000000000004"),
    oracle_text("123456789.123456789e-5"),
    oracle_text("9007199254740993.0"),
    oracle_text("9007199254740992.99999999999999999999"),
    oracle_text("9007199254740993.00000000000000000001"),
    oracle_text("1.00000000000000011102230246251565404236316680908203125"),
    oracle_text("1.00000000000000011102230246251565404236316680908203124"),
    oracle_text("1.000000000000000111022302462515654042363166809082031250001")
};


/* what a string may and may not hold; also strewn over whole documents */

static const oracle_text_t  oracle_bits[] = {
    oracle_text("\\\""), oracle_text("\\\\"), oracle_text("\\/"),
    oracle_text("\\b\\f\\n\\r\\t"), oracle_text("\\a"), oracle_text("\\"),
    oracle_text("\\x41"), oracle_text("\\U0041"), oracle_text("\\'"),
    oracle_text("\\u0041"), oracle_text("\\u0000"), oracle_text("\\u001f"),
    oracle_text("\\u007f"), oracle_text("\\u0080"), oracle_text("\\u07ff"),
    oracle_text("\\u0800"), oracle_text("\\ud7ff"), oracle_text("\\ue000"),
    oracle_text("\\uFFFF"), oracle_text("\\uFfFe"), oracle_text("\\u00"),
    oracle_text("\\u004"), oracle_text("\\u00g0"), oracle_text("\\u 041"),
    oracle_text("\\ud800"), oracle_text("\\udbff"), oracle_text("\\udc00"),
    oracle_text("\\uDFFF"), oracle_text("\\ud800\\udc00"),
    oracle_text("\\uDBFF\\uDFFF"), oracle_text("\\ud83d\\ude00"),
    oracle_text("\\ud800\\ud800"), oracle_text("\\ud800\\u0041"),
    oracle_text("\\ud800\\n"), oracle_text("\\udc00\\ud800"),
    oracle_text("\\udc00\\udc00"),
    oracle_text("\\ud800\\udc0"), oracle_text("\\ud800x"),
    oracle_text("\x01"), oracle_text("\x1f"), oracle_text("\x7f"),
    oracle_text("\n"), oracle_text("\t"), oracle_text("\r"),
    oracle_text("\0"), oracle_text("\b"), oracle_text("\f"),
    oracle_text("\v"), oracle_text("\xc2\xa0"), oracle_text("\xdf\xbf"),
    oracle_text("\xe0\xa0\x80"), oracle_text("\xed\x9f\xbf"),
    oracle_text("\xee\x80\x80"), oracle_text("\xef\xbf\xbf"),
    oracle_text("\xf0\x90\x80\x80"), oracle_text("\xf4\x8f\xbf\xbf"),
    oracle_text("\xef\xbb\xbf"), oracle_text("\x80"), oracle_text("\xbf"),
    oracle_text("\xc0\x80"), oracle_text("\xc1\xbf"), oracle_text("\xc2"),
    oracle_text("\xc2\x41"), oracle_text("\xc2\xc2"),
    oracle_text("\xe0\x80\x80"), oracle_text("\xe0\x9f\xbf"),
    oracle_text("\xe2\x82"), oracle_text("\xe2\x28\xa1"),
    oracle_text("\xe2\x82\x28"), oracle_text("\xed\xa0\x80"),
    oracle_text("\xed\xbf\xbf"), oracle_text("\xf0\x80\x80\x80"),
    oracle_text("\xf0\x8f\xbf\xbf"), oracle_text("\xf0\x9f\x98"),
    oracle_text("\xf0\x28\x8c\xbc"), oracle_text("\xf0\x90\x28\xbc"),
    oracle_text("\xf0\x90\x8c\x28"), oracle_text("\xf4\x90\x80\x80"),
    oracle_text("\xf5\x80\x80\x80"), oracle_text("\xf8\x88\x80\x80\x80"),
    oracle_text("\xfe"), oracle_text("\xff"),
    oracle_text("\xf0\x9f\x98\x80")
};


static const oracle_text_t  oracle_wholes[] = {
    oracle_text(""), oracle_text(" "), oracle_text("\t\r\n "),
    oracle_text("\xef\xbb\xbf{}"), oracle_text("\xef\xbb\xbf"),
    oracle_text("{"), oracle_text("}"), oracle_text("["), oracle_text("]"),
    oracle_text("{}"), oracle_text("[]"), oracle_text(" {} "),
    oracle_text("{}x"), oracle_text("{} {}"), oracle_text("[],"),
    oracle_text("\""), oracle_text("\"\""), oracle_text("\"\\"),
    oracle_text("\"\\u"), oracle_text("\"\\u004"), oracle_text("\"\\u0041"),
    oracle_text("\"\\ud800\\u"), oracle_text("\"\xe2"),
    oracle_text("true"), oracle_text("tru"), oracle_text("truex"),
    oracle_text("True"), oracle_text("nul"), oracle_text("nulll"),
    oracle_text("NaN"), oracle_text("Infinity"), oracle_text("-Infinity"),
    oracle_text("{\"\":0}"), oracle_text("{\"\":0,\"\":0}"),
    oracle_text("{\"a\":0,\"\\u0061\":0}"), oracle_text("{\"a\"}"),
    oracle_text("{\"a\":}"), oracle_text("{\"a\":1,}"), oracle_text("{,}"),
    oracle_text("{1:1}"), oracle_text("{a:1}"), oracle_text("{'a':1}"),
    oracle_text("{\"a\":1 \"b\":2}"), oracle_text("{\"a\" 1}"),
    oracle_text("{\"a\"::1}"), oracle_text("[1,]"), oracle_text("[,1]"),
    oracle_text("[1 2]"), oracle_text("[1,,2]"), oracle_text("[}"),
    oracle_text("{]"), oracle_text("[1}"), oracle_text("{\"a\":1]"),
    oracle_text("/**/1"), oracle_text("1//"), oracle_text("#"),
    oracle_text("1\0"), oracle_text("[true\0]"), oracle_text("\0" "1"),
    oracle_text("1\0\0"), oracle_text("1\x0c"), oracle_text("\xc2\xa0" "1"),
    oracle_text("{\"a\\u0000\":1}"), oracle_text("[\"\\u0000\"]")
};


static uint64_t
oracle_next(oracle_t *o)
{
    o->state ^= o->state << 13;
    o->state ^= o->state >> 7;
    o->state ^= o->state << 17;

    return o->state * 0x2545f4914f6cdd1d;
}


static unsigned
oracle_pick(oracle_t *o, unsigned n)
{
    return (unsigned) ((oracle_next(o) >> 32) * n >> 32);
}


static void
oracle_add(oracle_t *o, const void *data, size_t len)
{
    if (len <= sizeof(o->data) - o->len) {
        memcpy(o->data + o->len, data, len);
        o->len += len;
    }
}


static void
oracle_add_text(oracle_t *o, const oracle_text_t *texts, size_t n)
{
    const oracle_text_t  *text;

    text = &texts[oracle_pick(o, (unsigned) n)];
    oracle_add(o, text->data, text->len);
}


static void
oracle_space(oracle_t *o)
{
    while (oracle_pick(o, 12) == 0) {
        oracle_add(o, &" \t\r\n"[oracle_pick(o, 4)], 1);
    }
}


/* one well-formed character, plain or escaped */

static void
oracle_char(oracle_t *o)
{
    char      buf[16];
    unsigned  c;

    static const unsigned  top[] = { 0x80, 0x80, 0x80, 0x800, 0x10000 };

    c = oracle_pick(o, top[oracle_pick(o, 5)]);

    if (c == 0 || (c & 0xf800) == 0xd800) {
        c = 'x';
    }

    if (c < 0x20 || c == '"' || c == '\\' || oracle_pick(o, 12) == 0) {
        oracle_add(o, buf, (size_t) sprintf(buf, oracle_pick(o, 2) ? "\\u%04x"
                                                                   : "\\u%04X",
                                            c));

    } else if (c < 0x80) {
        buf[0] = (char) c;
        oracle_add(o, buf, 1);

    } else if (c < 0x800) {
        buf[0] = (char) (0xc0 | c >> 6);
        buf[1] = (char) (0x80 | (c & 0x3f));
        oracle_add(o, buf, 2);

    } else {
        buf[0] = (char) (0xe0 | c >> 12);
        buf[1] = (char) (0x80 | ((c >> 6) & 0x3f));
        buf[2] = (char) (0x80 | (c & 0x3f));
        oracle_add(o, buf, 3);
    }
}


static void
oracle_string(oracle_t *o)
{
    unsigned  n;

    oracle_add(o, "\"", 1);

    for (n = oracle_pick(o, oracle_pick(o, 20) ? 12 : 80); n > 0; n--) {
        oracle_char(o);
    }

    if (oracle_pick(o, 60) == 0) {
        oracle_add_text(o, oracle_bits,
                        sizeof(oracle_bits) / sizeof(oracle_text_t));
    }

    oracle_add(o, "\"", 1);
}


/* names from so few that some occur twice, in spellings that differ */

static void
oracle_name(oracle_t *o, unsigned names)
{
    char        buf[16], escaped[16];
    const char *c;

    if (oracle_pick(o, 10) == 0) {
        oracle_string(o);
        return;
    }

    sprintf(buf, "k%u/", oracle_pick(o, names));

    oracle_add(o, "\"", 1);

    for (c = buf; *c; c++) {

        if (*c == '/' && oracle_pick(o, 2)) {
            oracle_add(o, "\\/", 2);

        } else if (oracle_pick(o, 6) == 0) {
            oracle_add(o, escaped, (size_t) sprintf(escaped, "\\u%04x", *c));

        } else {
            oracle_add(o, c, 1);
        }
    }

    oracle_add(o, "\"", 1);
}


static void
oracle_digits(oracle_t *o, unsigned n)
{
    char  c;

    for ( /* void */ ; n > 0; n--) {
        c = (char) ('0' + oracle_pick(o, 10));
        oracle_add(o, &c, 1);
    }
}


static void
oracle_number(oracle_t *o)
{
    if (oracle_pick(o, 8) == 0) {
        oracle_add_text(o, oracle_numbers,
                        sizeof(oracle_numbers) / sizeof(oracle_text_t));
        return;
    }

    if (oracle_pick(o, 4) == 0) {
        oracle_add(o, "-", 1);
    }

    if (oracle_pick(o, 6) == 0) {
        oracle_add(o, "0", 1);

    } else {
        oracle_add(o, &"123456789"[oracle_pick(o, 9)], 1);
        oracle_digits(o, oracle_pick(o, oracle_pick(o, 8) ? 6 : 19));
    }

    if (oracle_pick(o, 3) == 0) {
        oracle_add(o, ".", 1);
        oracle_digits(o, 1 + oracle_pick(o, oracle_pick(o, 400) ? 20 : 900));
    }

    if (oracle_pick(o, 4) == 0) {
        oracle_add(o, &"eE"[oracle_pick(o, 2)], 1);

        if (oracle_pick(o, 2)) {
            oracle_add(o, &"+-"[oracle_pick(o, 2)], 1);
        }

        oracle_digits(o, 1 + oracle_pick(o, 3));
    }
}


static void
oracle_container(oracle_t *o, unsigned depth, int object)
{
    unsigned  n, names;

    n = oracle_pick(o, 6);

    if (oracle_pick(o, 200) == 0) {
        n = oracle_pick(o, 150);
    }

    /* duplicates are likely in one of many only */
    names = oracle_pick(o, 8) ? 1000 + n * n * 20 : 1 + n * 2;

    oracle_add(o, object ? "{" : "[", 1);

    while (n > 0 && o->len < ORACLE_ROOM) {
        oracle_space(o);

        if (object) {
            oracle_name(o, names);
            oracle_space(o);
            oracle_add(o, ":", 1);
            oracle_space(o);
        }

        oracle_value(o, depth + 1);
        oracle_space(o);

        if (--n > 0 && o->len < ORACLE_ROOM) {
            oracle_add(o, ",", 1);
        }
    }

    oracle_space(o);
    oracle_add(o, object ? "}" : "]", 1);
}


static void
oracle_value(oracle_t *o, unsigned depth)
{
    static const oracle_text_t  literals[] = {
        oracle_text("true"), oracle_text("false"), oracle_text("null")
    };

    switch (oracle_pick(o, depth < 5 ? 9 : 6)) {

    case 0:
    case 1:
        oracle_number(o);
        return;

    case 2:
        oracle_add_text(o, literals, 3);
        return;

    case 3:
    case 4:
    case 5:
        oracle_string(o);
        return;

    case 6:
        oracle_container(o, depth, 0);
        return;

    default:
        oracle_container(o, depth, 1);
    }
}


/* around the depth that jansson and limits.depth admit */

static void
oracle_nested(oracle_t *o)
{
    unsigned  n, levels, objects;

    levels = JSON_COMPARE_DEPTH - 2 + oracle_pick(o, 5);
    objects = oracle_pick(o, 3);

    for (n = 0; n < levels; n++) {
        oracle_add(o, (objects && n % 2) ? "{\"\":" : "[",
                   (objects && n % 2) ? 4 : 1);
    }

    if (oracle_pick(o, 2) || (objects && n % 2 == 0)) {
        oracle_add(o, "0", 1);
    }

    while (n-- > 0) {
        oracle_add(o, (objects && n % 2) ? "}" : "]", 1);
    }
}


static void
oracle_insert(oracle_t *o, size_t at, const void *data, size_t len)
{
    if (len <= sizeof(o->data) - o->len) {
        memmove(o->data + at + len, o->data + at, o->len - at);
        memcpy(o->data + at, data, len);
        o->len += len;
    }
}


/* exchanges two pieces, as long as they do not overlap */

static void
oracle_swap(oracle_t *o)
{
    size_t         a, b, len, n;
    unsigned char  c;

    len = 1 + oracle_pick(o, 8);
    a = oracle_pick(o, (unsigned) o->len);
    b = oracle_pick(o, (unsigned) o->len);

    if (a + len > b || b + len > o->len) {
        return;
    }

    for (n = 0; n < len; n++) {
        c = o->data[a + n];
        o->data[a + n] = o->data[b + n];
        o->data[b + n] = c;
    }
}


static void
oracle_mutate(oracle_t *o)
{
    size_t                at, len;
    unsigned char         piece[32];
    const oracle_text_t  *text;

    if (o->len == 0) {
        return;
    }

    at = oracle_pick(o, (unsigned) o->len);
    len = 1 + oracle_pick(o, 24);

    if (len > o->len - at) {
        len = o->len - at;
    }

    switch (oracle_pick(o, 9)) {

    case 0:
        o->data[at] ^= (unsigned char) (1 << oracle_pick(o, 8));
        return;

    case 1:
        o->data[at] = (unsigned char) oracle_next(o);
        return;

    case 2:
        o->len = at;
        return;

    case 3:
        memmove(o->data + at, o->data + at + len, o->len - at - len);
        o->len -= len;
        return;

    case 4:
        memcpy(piece, o->data + at, len);
        oracle_insert(o, oracle_pick(o, (unsigned) o->len), piece, len);
        return;

    case 5:
        oracle_swap(o);
        return;

    case 6:
        oracle_insert(o, at, &"{}[]:,\"\\ -+.eE0"[oracle_pick(o, 15)], 1);
        return;

    case 7:
        text = &oracle_numbers[oracle_pick(o, sizeof(oracle_numbers)
                                              / sizeof(oracle_text_t))];
        oracle_insert(o, at, text->data, text->len);
        return;

    default:
        text = &oracle_bits[oracle_pick(o, sizeof(oracle_bits)
                                           / sizeof(oracle_text_t))];
        oracle_insert(o, at, text->data, text->len);
    }
}


static void
oracle_document(oracle_t *o)
{
    unsigned  n;

    o->len = 0;

    if (oracle_pick(o, 3000) == 0) {
        oracle_nested(o);
        return;
    }

    oracle_space(o);

    if (oracle_pick(o, 8) == 0) {
        oracle_value(o, 0);

    } else {
        oracle_container(o, 0, oracle_pick(o, 4) != 0);
    }

    oracle_space(o);

    for (n = oracle_pick(o, 4); n > 1; n--) {
        oracle_mutate(o);
    }
}


/* in a block of exactly its size, so that a sanitizer sees a read beyond */

static unsigned
oracle_compare(json_compare_t *result, const void *data, size_t len)
{
    size_t          n;
    const char     *fault;
    unsigned char  *copy;
    static unsigned shown;

    copy = malloc(len ? len : 1);
    if (copy == NULL) {
        abort();
    }

    memcpy(copy, data, len);

    fault = json_compare(result, copy, len);

    if (fault && shown++ < ORACLE_SHOWN) {
        printf("# %s:\n# %.*s\n# ", fault, (int) len, (const char *) copy);

        for (n = 0; n < len; n++) {
            printf("%02x", copy[n]);
        }

        printf("\n");
    }

    free(copy);

    return fault != NULL;
}


/* each listed text by itself, in an array, as a string, as a name */

static unsigned
oracle_listed(json_compare_t *result, const oracle_text_t *texts, size_t n)
{
    int       len;
    char      buf[512];
    size_t    i, k;
    unsigned  faults;

    static const char  *around[][2] = {
        { "", "" }, { "[", "]" }, { "[1,", ",2]" }, { "\"", "\"" },
        { "{\"", "\":1}" }, { "{\"a\":", "}" }, { "\"12345678", "x\"" },
        { " ", "\n" }, { "-", "" }, { "[[", "]" }, { "[\"", "" }
    };

    faults = 0;

    for (i = 0; i < n; i++) {
        for (k = 0; k < sizeof(around) / sizeof(around[0]); k++) {

            len = sprintf(buf, "%s", around[k][0]);
            memcpy(buf + len, texts[i].data, texts[i].len);
            len += (int) texts[i].len;
            len += sprintf(buf + len, "%s", around[k][1]);

            faults += oracle_compare(result, buf, (size_t) len);
        }
    }

    return faults;
}


int
main(int argc, char **argv)
{
    unsigned              n, documents, accepted, faults;
    uint64_t              seed;
    json_compare_t        result;
    static oracle_t       o;

    documents = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 0)
                         : ORACLE_DOCUMENTS;

    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t) time(NULL);

    printf("# %u documents, seed %llu\n", documents,
           (unsigned long long) seed);

    o.state = seed * 2 + 1;
    secops_json_seed(oracle_next(&o));

    memset(&result, 0, sizeof(json_compare_t));

    ok(oracle_listed(&result, oracle_numbers,
                     sizeof(oracle_numbers) / sizeof(oracle_text_t)) == 0,
       "numbers at the edges of what is a number");

    ok(oracle_listed(&result, oracle_bits,
                     sizeof(oracle_bits) / sizeof(oracle_text_t)) == 0,
       "escapes and byte sequences, well-formed and not");

    ok(oracle_listed(&result, oracle_wholes,
                     sizeof(oracle_wholes) / sizeof(oracle_text_t)) == 0,
       "documents at the edges of the grammar");

    accepted = 0;
    faults = 0;

    for (n = 0; n < documents; n++) {
        oracle_document(&o);
        faults += oracle_compare(&result, o.data, o.len);
        accepted += (unsigned) result.accepted;
    }

    printf("# %u accepted, %u known differences\n", accepted,
           result.exceptions);

    ok(faults == 0, "%u made-up documents: the same verdict, the same values",
       documents);

    /* or the comparison has lost its meaning */

    ok(documents < 1000 || (accepted > documents / 4
                            && accepted < documents / 4 * 3),
       "neither nearly all nor nearly none were accepted");

    return tap_done();
}

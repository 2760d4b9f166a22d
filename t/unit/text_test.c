
/* Text from outside: what is a name, escaping, form encoding, booleans; the
   names in a JSON Pointer; and hexadecimal digits. */

#include <stdlib.h>

#include "secops_tap.h"
#include "util/secops_hex.h"
#include "util/secops_pointer.h"
#include "util/secops_text.h"


typedef struct {
    secops_slice_t  text;
    const char     *name;
} text_case_t;


static const text_case_t  text_names[] = {
    { secops_slice(""), "nothing" },
    { secops_slice("a b\"\\'<>%{}~!"), "printable ASCII" },
    { secops_slice("\xc2\xa0"), "R.17: the first after the controls" },
    { secops_slice("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
      "R.17: what is beside those that turn the direction" },
    { secops_slice("\xd7\x90\xe2\x80\x8f"), "a mark of direction" },
    { secops_slice("\xdf\xbf"), "the last of two bytes" },
    { secops_slice("\xe0\xa0\x80"), "the first of three bytes" },
    { secops_slice("\xed\x9f\xbf"), "the last before the surrogates" },
    { secops_slice("\xee\x80\x80"), "the first after them" },
    { secops_slice("\xef\xbf\xbf"), "the last of three bytes" },
    { secops_slice("\xf0\x90\x80\x80"), "the first of four bytes" },
    { secops_slice("\xf4\x8f\xbf\xbf"), "the last of Unicode" }
};


static const text_case_t  text_no_names[] = {
    { secops_slice("a\0b"), "a NUL" },
    { secops_slice("\x01"), "the first control character" },
    { secops_slice("\t"), "a tab" },
    { secops_slice("a\n"), "a line feed" },
    { secops_slice("\x1f"), "the last control character" },
    { secops_slice("\x7f"), "DEL" },
    { secops_slice("\xc2\x80"), "R.17: the first of two bytes" },
    { secops_slice("a\xc2\x9b" "31m"), "R.17: a terminal's CSI" },
    { secops_slice("\xc2\x9f"), "R.17: the last control character" },
    { secops_slice("\xe2\x80\xaa"), "R.17: an embedding" },
    { secops_slice("nimda\xe2\x80\xae"), "R.17: an override" },
    { secops_slice("\xe2\x81\xa6"), "R.17: the first isolate" },
    { secops_slice("\xe2\x81\xa9"), "R.17: the last one" },
    { secops_slice("\x80"), "a second byte alone" },
    { secops_slice("\xc0\x80"), "an overlong NUL" },
    { secops_slice("\xc1\xbf"), "overlong in two bytes" },
    { secops_slice("\xe0\x9f\xbf"), "overlong in three bytes" },
    { secops_slice("\xf0\x8f\xbf\xbf"), "overlong in four bytes" },
    { secops_slice("\xed\xa0\x80"), "the first surrogate" },
    { secops_slice("\xed\xbf\xbf"), "the last surrogate" },
    { secops_slice("\xf4\x90\x80\x80"), "beyond Unicode" },
    { secops_slice("\xf5\x80\x80\x80"), "a first byte beyond Unicode" },
    { secops_slice("\xf8\x88\x80\x80\x80"), "five bytes" },
    { secops_slice("\xff"), "a byte that never occurs" },
    { secops_slice("\xc3"), "one byte of two" },
    { secops_slice("\xe2\x82"), "two bytes of three" },
    { secops_slice("\xf0\x9f\x98"), "three bytes of four" },
    { secops_slice("\xc3" "a"), "a letter where a second byte belongs" },
    { secops_slice("\xe2\x82" "a"), "a letter where a third byte belongs" }
};


/* in memory of its own, so that a sanitizer sees a read past its end */

static int
test_is_name(secops_slice_t text)
{
    int             rc;
    unsigned char  *copy;

    copy = malloc(text.len ? text.len : 1);
    if (copy == NULL) {
        return -1;
    }

    memcpy(copy, text.data, text.len);
    text.data = copy;

    rc = secops_text_is_name(text);

    free(copy);

    return rc;
}


static void
test_names(void)
{
    size_t  i;

    for (i = 0; i < sizeof(text_names) / sizeof(text_case_t); i++) {
        is_int(test_is_name(text_names[i].text), 1, text_names[i].name);
    }

    for (i = 0; i < sizeof(text_no_names) / sizeof(text_case_t); i++) {
        ok(test_is_name(text_no_names[i].text) == 0, "no name: %s",
           text_no_names[i].name);
    }
}


static void
test_escape(void)
{
    unsigned char   dst[128], *end;
    secops_slice_t  text;

    text = (secops_slice_t)
               secops_slice("a\"b\\c/\n\r\t\b\f\0\x1f\x7f\xc3\xa4");
    end = secops_text_escape(dst, text);

    is_str(dst, end - dst, "a\\\"b\\\\c/\\n\\r\\t\\u0008\\u000c\\u0000\\u001f"
           "\x7f\xc3\xa4", "what JSON wants to have escaped is");

    text = (secops_slice_t) secops_slice("\x01\x01\x01");
    end = secops_text_escape(dst, text);

    is_int(end - dst, secops_text_escape_max(3),
           "the worst text takes as much as is told");
}


static void
test_form(void)
{
    size_t          i;
    unsigned char   dst[64], *end;

    static const char  *cases[][3] = {
        { "", "", "nothing" },
        { "a+b", "a b", "a plus is a space" },
        { "a%20b", "a b", "%20 is one too" },
        { "%2B%2b", "++", "an encoded plus, in both cases of letters" },
        { "%41%5a%7A", "AZz", "letters" },
        { "%", "%", "a percent sign alone" },
        { "a%4", "a%4", "one digit only" },
        { "%4g%g4", "%4g%g4", "no digits" },
        { "%%41", "%A", "a percent sign before a code" },
        { "%2541", "%41", "decoded once" },
        { "100%25", "100%", "at the end" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        end = secops_text_form_decode(dst, slice(cases[i][0]));
        is_str(dst, end - dst, cases[i][1], cases[i][2]);
    }

    end = secops_text_form_decode(dst, slice("%00%ff"));
    ok(end - dst == 2 && dst[0] == 0 && dst[1] == 0xff, "any byte");
}


/* a query as "name=value;" for each parameter */

static void
test_query(void)
{
    size_t             i;
    secops_text_t      text;
    secops_slice_t     query, name, value;

    static const char  *cases[][3] = {
        { "", "", "no query" },
        { "&&", "", "only separators" },
        { "a=1", "a=1;", "one parameter" },
        { "a=1&b=2", "a=1;b=2;", "two" },
        { "&a=1&&b=2&", "a=1;b=2;", "separators in excess" },
        { "a", "a=;", "no value" },
        { "a=", "a=;", "an empty one" },
        { "=1", "=1;", "no name" },
        { "a=b=c", "a=b=c;", "an equal sign in a value" },
        { "a&b=c", "a=;b=c;", "a value of the next is not taken" },
        { "a=%26&b=+", "a=%26;b=+;", "still encoded" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(&text, 0, sizeof(secops_text_t));
        query = slice(cases[i][0]);

        while (secops_text_query_next(&query, &name, &value)) {
            secops_text_append(&text, name);
            secops_text_append_string(&text, "=");
            secops_text_append(&text, value);
            secops_text_append_string(&text, ";");
        }

        is_str(text.data ? (char *) text.data : "", text.len, cases[i][1],
               cases[i][2]);

        secops_text_free(&text);
    }

    query.len = 0;
    query.data = NULL;
    is_int(secops_text_query_next(&query, &name, &value), 0,
           "a query that is NULL");
}


static void
test_string(void)
{
    secops_text_t  text;

    memset(&text, 0, sizeof(secops_text_t));

    ok(strcmp(secops_text_string(&text), "") == 0, "an empty text as a string");

    secops_text_append_string(&text, "ab");

    ok(strcmp(secops_text_string(&text), "ab") == 0, "a text as a string");
    is_int(text.len, 2, "... whose NUL does not count");

    secops_text_append_string(&text, "c");

    ok(strcmp(secops_text_string(&text), "abc") == 0, "... it may grow");

    text.failed = 1;

    ok(secops_text_string(&text) == NULL, "a text that has failed is none");

    secops_text_free(&text);
}


/* each line in brackets, those that are blank as "-" */

static void
test_lines(void)
{
    size_t          i;
    secops_text_t   text;
    secops_slice_t  rest, line;

    static const char  *cases[][3] = {
        { "a\nbc\n", "[a][bc]", "lines" },
        { "a\nbc", "[a][bc]", "the last one without its end" },
        { "a", "[a]", "one without its end" },
        { "", "", "no line" },
        { "\n", "-", "an end alone is an empty line" },
        { "\n\na\n\n", "--[a]-", "empty lines" },
        { " \t\r\n \n\r", "---", "blank lines" },
        { "a\r\nb\r", "[a\r][b\r]", "a carriage return stays" },
        { "\v\n\f\n\x01", "[\v][\f][\x01]", "what else is no space" },
        { " a \n", "[ a ]", "space around something stays" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(&text, 0, sizeof(secops_text_t));
        rest = slice(cases[i][0]);

        while (secops_text_line_next(&rest, &line)) {

            if (secops_text_is_blank(line)) {
                secops_text_append_string(&text, "-");
                continue;
            }

            secops_text_append_string(&text, "[");
            secops_text_append(&text, line);
            secops_text_append_string(&text, "]");
        }

        is_str(text.data ? (char *) text.data : "", text.len, cases[i][1],
               cases[i][2]);

        secops_text_free(&text);
    }

    rest.len = 3;
    rest.data = (const unsigned char *) "\0\nx";

    is_int(secops_text_line_next(&rest, &line), 1, "a NUL is a line");
    ok(line.len == 1 && !secops_text_is_blank(line), "... that is not blank");

    rest.len = 0;
    rest.data = NULL;

    is_int(secops_text_line_next(&rest, &line), 0, "a text that is NULL");
}


static void
test_boolean(void)
{
    size_t             i;
    static const char  *yes[] = { "true", "True", "TRUE", "tRuE", "1" };
    static const char  *no[] = { "false", "False", "FALSE", "fAlsE", "0" };
    static const char  *neither[] = {
        "", "yes", "no", "on", "2", "-1", "01", "10", "tru", "truee", " true",
        "true ", "fals", "falsee", "null", "t", "\x14rue", "4rue", "truE\x01"
    };

    for (i = 0; i < sizeof(yes) / sizeof(char *); i++) {
        is_int(secops_text_boolean(slice(yes[i])), 1, yes[i]);
    }

    for (i = 0; i < sizeof(no) / sizeof(char *); i++) {
        is_int(secops_text_boolean(slice(no[i])), 0, no[i]);
    }

    for (i = 0; i < sizeof(neither) / sizeof(char *); i++) {
        ok(secops_text_boolean(slice(neither[i])) == -1,
           "neither true nor false, %u", (unsigned) i);
    }
}


static void
test_grow(void)
{
    size_t         i, wrong;
    secops_text_t  text;

    memset(&text, 0, sizeof(secops_text_t));

    for (i = 0; i < 10000; i++) {
        secops_text_append_string(&text, "0123456789");
    }

    is_int(text.len, 100000, "a text grows");

    for (i = 0, wrong = 0; i < text.len; i++) {
        wrong += (text.data[i] != '0' + i % 10);
    }

    is_int(wrong, 0, "nothing of it is lost");
    is_int(text.failed, 0, "it did not fail");

    text.len = 0;
    secops_text_append_escaped(&text, slice("\"\n"));
    is_str(text.data, text.len, "\\\"\\n", "what is appended may be escaped");

    secops_text_append(&text, slice(""));
    is_int(text.len, 4, "nothing may be appended");

    secops_text_free(&text);
    ok(text.data == NULL && text.len == 0 && text.size == 0,
       "a text that was freed is empty, and may be used again");
}


static void
test_pointer(void)
{
    size_t         i, n;
    const char    *tilde, *slash;
    unsigned char  name[16];

    static const struct {
        const char  *escaped;
        const char  *name;
    } cases[] = {
        { "", "" }, { "a", "a" }, { "~0", "~" }, { "~1", "/" },
        { "~01", "~1" }, { "~00~11", "~0/1" }, { "a~1b~0c", "a/b~c" },
        { "~", "~" }, { "a~", "a~" }, { "~2", "~2" }, { "~~1", "~/" },
    };

    tilde = secops_pointer_escape('~');
    slash = secops_pointer_escape('/');

    ok(tilde && strcmp(tilde, "~0") == 0, "a tilde in a pointer");
    ok(slash && strcmp(slash, "~1") == 0, "a slash in a pointer");
    ok(!secops_pointer_escape('0') && !secops_pointer_escape('\0'),
       "others stand for themselves");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        n = strlen(cases[i].escaped);
        memcpy(name, cases[i].escaped, n);
        name[n] = '1';      /* no part of it */
        n = secops_pointer_unescape(name, n);
        is_str(name, n, cases[i].name, cases[i].escaped);
    }
}


static void
test_hex(void)
{
    int             c, wrong;
    unsigned char   text[8], *end;
    secops_slice_t  bytes = secops_slice("\x00\x09\xaf\xff");

    end = secops_hex_encode(text, bytes.data, bytes.len);

    ok(end == text + sizeof(text), "two digits for each byte");
    is_str(text, sizeof(text), "0009afff", "bytes as lower case digits");

    for (c = 0, wrong = 0; c < 256; c++) {
        wrong += secops_hex_value((unsigned char) c)
                 != (c && strchr("0123456789abcdefABCDEF", c)
                     ? (int) strtol((char[]) { (char) c, '\0' }, NULL, 16)
                     : -1);
    }

    ok(wrong == 0, "every digit, in both cases, has its value, and nothing "
       "else has one");
}


int
main(void)
{
    test_names();
    test_escape();
    test_form();
    test_query();
    test_string();
    test_lines();
    test_boolean();
    test_grow();
    test_pointer();
    test_hex();

    return tap_done();
}

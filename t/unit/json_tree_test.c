
/*
 * Trees of tokens and the text of trees: compared with what the JSON library
 * reads, and every number with itself.
 */

#include <math.h>
#include <stdlib.h>

#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "secops_tap.h"


static uint64_t  state = 1;


static uint64_t
number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return state;
}


static void
real(double value, const char *expected)
{
    char    text[SECOPS_JSON_REAL_SIZE];
    size_t  len;

    len = secops_json_dump_real(text, value);
    is_str(text, len, expected, expected);
}


/* C.B3: what is written reads back as the same, with no digit too many */

static void
test_reals(void)
{
    char      text[SECOPS_JSON_REAL_SIZE], shorter[64];
    double    value;
    size_t    len;
    uint64_t  bits;
    unsigned  n, changed, longer, digits, i;

    real(35.1, "35.1");
    real(35.123456789012345, "35.123456789012344");
    real(0.1, "0.1");
    real(0.1 + 0.2, "0.30000000000000004");
    real(1, "1.0");
    real(-0.0, "-0.0");
    real(1e300, "1e+300");
    real(5e-324, "4.94065645841247e-324");
    real(1.7976931348623157e308, "1.7976931348623157e+308");

    changed = 0;
    longer = 0;

    for (n = 0; n < 200000; n++) {

        bits = number();
        memcpy(&value, &bits, sizeof(value));

        if (n % 2) {
            value = (double) (bits >> 11) / (double) (1 << (bits % 30));
        }

        if (!isfinite(value)) {
            continue;
        }

        len = secops_json_dump_real(text, value);
        changed += (strtod(text, NULL) != value || strlen(text) != len);

        if (strcmp(text + len - 2, ".0") == 0) {
            text[len - 2] = '\0';
        }

        for (i = 0, digits = 0; text[i] && text[i] != 'e'; i++) {
            digits += (text[i] >= (digits ? '0' : '1') && text[i] <= '9');
        }

        if (digits == 17) {
            (void) snprintf(shorter, sizeof(shorter), "%.16g", value);
            longer += (strtod(shorter, NULL) == value);
        }
    }

    is_int(changed, 0, "C.B3: no number becomes another one");
    is_int(longer, 0, "... and none has 17 digits where 16 say the same");
}


static void
same(const char *text)
{
    json_t         *own, *library;
    const char     *reason;
    secops_text_t   dumped;

    memset(&dumped, 0, sizeof(dumped));

    own = secops_json_tree_of(secops_slice_of(text), &reason);
    library = json_loads(text, JSON_DECODE_ANY, NULL);

    ok(own && json_equal(own, library), "read as the library does: %.40s",
       text);

    secops_json_dump(&dumped, own);
    secops_text_append(&dumped, (secops_slice_t) { 1, (unsigned char *) "" });
    json_decref(library);

    library = json_loads((const char *) dumped.data, JSON_DECODE_ANY, NULL);
    ok(own && json_equal(own, library), "... and written so that it is read"
       " again");

    json_decref(own);
    json_decref(library);
    secops_text_free(&dumped);
}


static void
refused(const char *text)
{
    json_t      *value;
    const char  *reason;

    value = secops_json_tree_of(secops_slice_of(text), &reason);
    ok(value == NULL && reason != NULL, "refused, with a reason: %s", text);
    json_decref(value);
}


static long  memory_left;


static void *
memory_get(size_t size)
{
    return memory_left-- == 0 ? NULL : malloc(size);
}


static void
test_memory(void)
{
    long             n;
    json_t          *value;
    const char      *reason;
    secops_slice_t   text;

    text = secops_slice_of("{\"a\":[1,2.5,\"x\",{\"b\\u00e4\":\"\\n\"}],"
                           "\"c\":{},\"d\":null}");

    json_set_alloc_funcs(memory_get, free);

    for (n = 0; ; n++) {
        memory_left = n;
        value = secops_json_tree_of(text, &reason);

        if (value || reason) {
            break;
        }
    }

    json_set_alloc_funcs(malloc, free);

    ok(n > 5 && value, "without memory there is no tree, and no reason");
    is_int(value ? secops_json_values(value) : 0, 9, "... its values");
    json_decref(value);
}


int
main(void)
{
    test_reals();

    same("{}");
    same("[]");
    same("\"\"");
    same("null");
    same("true");
    same("[false,-1,1.5,-0.0,1e5,9223372036854775807,-9223372036854775808]");
    same("{\"a\":{\"b\":[{\"c\":\"d\"},[],{}]},\"\":\"\"}");
    same("{\"k\\u00e4\\n\\\"\":\"v\\\\\\/\\u001f\\ud83d\\ude00\"}");
    same(" [ 1 , { \"x\" : 0.30000000000000004 } ] ");

    refused("");
    refused("{\"a\":1,\"a\":2}");
    refused("[1,");
    refused("[9223372036854775808]");
    refused("[-9223372036854775809]");
    refused("[123456789012345678901234567890123456789]");
    refused("[1e400]");

    test_memory();

    return tap_done();
}


/* JSON values as text; see secops_json_dump.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json_dump.h"


/* so many digits tell a double from all others */

#define SECOPS_JSON_DIGITS_MIN  15
#define SECOPS_JSON_DIGITS_MAX  17


static void secops_json_dump_object(secops_text_t *text, const json_t *value);
static void secops_json_dump_array(secops_text_t *text, const json_t *value);
static void secops_json_dump_string(secops_text_t *text, const char *data,
    size_t len);
static void secops_json_dump_integer(secops_text_t *text, json_int_t number);
static void secops_json_dump_bytes(secops_text_t *text, const char *data,
    size_t len);


void
secops_json_dump(secops_text_t *text, const json_t *value)
{
    char  number[SECOPS_JSON_REAL_SIZE];

    if (value == NULL) {
        text->failed = 1;
        return;
    }

    switch (json_typeof(value)) {

    case JSON_OBJECT:
        secops_json_dump_object(text, value);
        break;

    case JSON_ARRAY:
        secops_json_dump_array(text, value);
        break;

    case JSON_STRING:
        secops_json_dump_string(text, json_string_value(value),
                                json_string_length(value));
        break;

    case JSON_INTEGER:
        secops_json_dump_integer(text, json_integer_value(value));
        break;

    case JSON_REAL:
        secops_json_dump_bytes(text, number,
                               secops_json_dump_real(number,
                                                     json_real_value(value)));
        break;

    case JSON_TRUE:
        secops_json_dump_bytes(text, "true", 4);
        break;

    case JSON_FALSE:
        secops_json_dump_bytes(text, "false", 5);
        break;

    case JSON_NULL:
        secops_json_dump_bytes(text, "null", 4);
        break;
    }
}


static void
secops_json_dump_object(secops_text_t *text, const json_t *value)
{
    json_t      *member;
    const char  *name, *separator;

    separator = "{";

    json_object_foreach((json_t *) value, name, member) {

        secops_json_dump_bytes(text, separator, 1);
        secops_json_dump_string(text, name, strlen(name));
        secops_json_dump_bytes(text, ":", 1);
        secops_json_dump(text, member);

        separator = ",";
    }

    if (*separator == '{') {
        secops_json_dump_bytes(text, "{", 1);
    }

    secops_json_dump_bytes(text, "}", 1);
}


static void
secops_json_dump_array(secops_text_t *text, const json_t *value)
{
    size_t  i;

    secops_json_dump_bytes(text, "[", 1);

    for (i = 0; i < json_array_size(value); i++) {

        if (i) {
            secops_json_dump_bytes(text, ",", 1);
        }

        secops_json_dump(text, json_array_get(value, i));
    }

    secops_json_dump_bytes(text, "]", 1);
}


static void
secops_json_dump_string(secops_text_t *text, const char *data, size_t len)
{
    secops_slice_t  string;

    string.len = len;
    string.data = (const unsigned char *) data;

    secops_json_dump_bytes(text, "\"", 1);
    secops_text_append_escaped(text, string);
    secops_json_dump_bytes(text, "\"", 1);
}


static void
secops_json_dump_integer(secops_text_t *text, json_int_t number)
{
    int   len;
    char  digits[24];

    len = snprintf(digits, sizeof(digits), "%lld", (long long) number);

    secops_json_dump_bytes(text, digits, (size_t) len);
}


/* a real stays one: "1.0", not "1".  Its point is a point in every locale */

size_t
secops_json_dump_real(char *dst, double number)
{
    int     digits, len;
    char   *comma;

    for (digits = SECOPS_JSON_DIGITS_MIN; ; digits++) {

        len = snprintf(dst, SECOPS_JSON_REAL_SIZE, "%.*g", digits, number);

        if (digits == SECOPS_JSON_DIGITS_MAX || strtod(dst, NULL) == number) {
            break;
        }
    }

    comma = strchr(dst, ',');

    if (comma) {
        *comma = '.';
    }

    if (strpbrk(dst, ".e") == NULL) {
        memcpy(dst + len, ".0", 3);
        len += 2;
    }

    return (size_t) len;
}


static void
secops_json_dump_bytes(secops_text_t *text, const char *data, size_t len)
{
    secops_slice_t  bytes;

    bytes.len = len;
    bytes.data = (const unsigned char *) data;

    secops_text_append(text, bytes);
}


size_t
secops_json_values(const json_t *value)
{
    size_t       i, n;
    json_t      *member;
    const char  *name;

    n = 1;

    json_object_foreach((json_t *) value, name, member) {
        n += secops_json_values(member);
    }

    for (i = 0; i < json_array_size(value); i++) {
        n += secops_json_values(json_array_get(value, i));
    }

    return n;
}


/*
 * Numbers of schemas and instances.  Integers are compared as integers and
 * "multipleOf" works on the decimal digits, so that no answer depends on how
 * a fraction rounds: 4.02 is a multiple of 0.01.
 */

#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_MAX_DIGITS    18
#define SECOPS_SCHEMA_MAX_EXPONENT  1000000000


/* a JSON number's text, cut into its parts */

typedef struct {
    const unsigned char  *digits;       /* with a point among them, maybe */
    const unsigned char  *end;
    size_t                ndigits;      /* without the point */
    int64_t               exponent;     /* of the last of them */
} secops_schema_decimal_t;


static void secops_schema_decimal_read(secops_slice_t text,
    secops_schema_decimal_t *decimal);


void
secops_schema_number_read(const secops_json_t *json, uint32_t i,
    secops_schema_number_t *number)
{
    size_t          j;
    int64_t         value;
    secops_slice_t  text;

    text = secops_json_raw(json, i);

    number->text = text;
    number->real = secops_json_number(json, i);
    number->exact = !(json->tokens[i].flags & SECOPS_JSON_REAL);

    if (!number->exact) {
        return;
    }

    /* counted down from 0: INT64_MIN has no positive counterpart */

    value = 0;

    for (j = (text.data[0] == '-'); j < text.len; j++) {
        value = value * 10 - (text.data[j] - '0');
    }

    number->integer = (text.data[0] == '-') ? value : -value;
}


int
secops_schema_number_compare(const secops_schema_number_t *a,
    const secops_schema_number_t *b)
{
    if (a->exact && b->exact) {
        return (a->integer > b->integer) - (a->integer < b->integer);
    }

    return (a->real > b->real) - (a->real < b->real);
}


int
secops_schema_number_split(secops_schema_number_t *number)
{
    size_t                    n;
    uint64_t                  mantissa;
    const unsigned char      *p;
    secops_schema_decimal_t   decimal;

    /* not what only rounds to 0, either: exponents stay within hundreds */

    if (number->real <= 0) {
        return SECOPS_SCHEMA_ERROR;
    }

    secops_schema_decimal_read(number->text, &decimal);

    n = 0;
    mantissa = 0;

    for (p = decimal.digits; p < decimal.end; p++) {
        if (*p == '.') {
            continue;
        }

        if (mantissa && ++n == SECOPS_SCHEMA_MAX_DIGITS) {
            return SECOPS_SCHEMA_ERROR;
        }

        mantissa = mantissa * 10 + (*p - '0');
    }

    number->mantissa = mantissa;
    number->exponent = decimal.exponent;

    return SECOPS_SCHEMA_OK;
}


/*
 * With all digits of text read as the integer a, and shift the difference of
 * the two exponents, asks whether the mantissa divides a * 10^shift.  Where
 * shift is negative that many of a's last digits must be zeros, and the
 * mantissa must divide what stands before them.  Where it is positive, and a
 * not 0, it is below 1000, as both numbers are in the range of a double.
 */

int
secops_schema_number_is_multiple(secops_slice_t text, uint64_t mantissa,
    int64_t exponent)
{
    int64_t                   shift, head;
    uint64_t                  rest;
    const unsigned char      *p;
    secops_schema_decimal_t   decimal;

    secops_schema_decimal_read(text, &decimal);

    shift = decimal.exponent - exponent;
    head = (int64_t) decimal.ndigits + (shift < 0 ? shift : 0);
    rest = 0;

    for (p = decimal.digits; p < decimal.end; p++) {
        if (*p == '.') {
            continue;
        }

        if (head-- > 0) {
            /* mantissa < 10^18, so this stays below 2^64 */
            rest = (rest * 10 + (*p - '0')) % mantissa;

        } else if (*p != '0') {
            return 0;
        }
    }

    for ( /* void */ ; shift > 0 && rest; shift--) {
        rest = rest * 10 % mantissa;
    }

    return rest == 0;
}


static void
secops_schema_decimal_read(secops_slice_t text,
    secops_schema_decimal_t *decimal)
{
    int                   negative;
    int64_t               exponent;
    const unsigned char  *p, *last, *point;

    p = text.data;
    last = p + text.len;
    point = NULL;

    if (*p == '-') {
        p++;
    }

    decimal->digits = p;

    for ( /* void */ ; p < last && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            point = p;
        }
    }

    decimal->end = p;
    decimal->ndigits = p - decimal->digits - (point != NULL);
    decimal->exponent = point ? -(int64_t) (p - point - 1) : 0;

    if (p == last) {
        return;
    }

    p++;
    negative = (*p == '-');
    exponent = 0;

    if (*p == '-' || *p == '+') {
        p++;
    }

    while (p < last && exponent < SECOPS_SCHEMA_MAX_EXPONENT) {
        exponent = exponent * 10 + (*p++ - '0');
    }

    decimal->exponent += negative ? -exponent : exponent;
}

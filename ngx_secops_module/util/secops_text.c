
/* Text from outside; see secops_text.h. */

#include <stdlib.h>

#include "util/secops_hex.h"
#include "util/secops_text.h"
#include "util/secops_utf8.h"


static int secops_text_is_unseen(const unsigned char *p, size_t n);
static int secops_text_reserve(secops_text_t *text, size_t len);


int
secops_text_is_name(secops_slice_t text)
{
    const unsigned char  *p, *next, *last;

    p = text.data;
    last = p + text.len;

    while (p < last) {

        if (*p >= 0x20 && *p < 0x7f) {
            p++;
            continue;
        }

        if (*p < 0x80) {
            return 0;
        }

        next = secops_utf8_next(p, last);

        if (next == NULL || secops_text_is_unseen(p, next - p)) {
            return 0;
        }

        p = next;
    }

    return 1;
}


/* 1 when the character of n bytes has no form of its own, and changes that of
   others: what a terminal obeys, what turns the direction of writing */

static int
secops_text_is_unseen(const unsigned char *p, size_t n)
{
    if (n == 2) {
        return p[0] == 0xc2 && p[1] < 0xa0;
    }

    return n == 3 && p[0] == 0xe2
           && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae)
               || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}


unsigned char *
secops_text_escape(unsigned char *dst, secops_slice_t text)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if (c == '"' || c == '\\') {
            *dst++ = '\\';
            *dst++ = c;

        } else if (c >= 0x20) {
            *dst++ = c;

        } else {
            *dst++ = '\\';

            switch (c) {
            case '\n':
                *dst++ = 'n';
                break;
            case '\r':
                *dst++ = 'r';
                break;
            case '\t':
                *dst++ = 't';
                break;
            default:
                *dst++ = 'u';
                *dst++ = '0';
                *dst++ = '0';
                dst = secops_hex_encode(dst, &c, 1);
            }
        }
    }

    return dst;
}


unsigned char *
secops_text_form_decode(unsigned char *dst, secops_slice_t text)
{
    int                   high, low;
    const unsigned char  *p, *last;

    p = text.data;
    last = p + text.len;

    while (p < last) {

        if (*p == '+') {
            *dst++ = ' ';
            p++;
            continue;
        }

        if (*p == '%' && last - p > 2) {
            high = secops_hex_value(p[1]);
            low = secops_hex_value(p[2]);

            if (high >= 0 && low >= 0) {
                *dst++ = (unsigned char) (high << 4 | low);
                p += 3;
                continue;
            }
        }

        *dst++ = *p++;
    }

    return dst;
}


int
secops_text_query_next(secops_slice_t *query, secops_slice_t *name,
    secops_slice_t *value)
{
    const unsigned char  *p, *last, *equal, *end;

    if (query->len == 0) {
        return 0;
    }

    p = query->data;
    last = p + query->len;

    while (p < last && *p == '&') {
        p++;
    }

    if (p == last) {
        return 0;
    }

    end = memchr(p, '&', last - p);

    if (end == NULL) {
        end = last;
    }

    equal = memchr(p, '=', end - p);

    name->data = p;
    name->len = (equal ? equal : end) - p;

    value->data = equal ? equal + 1 : end;
    value->len = end - value->data;

    query->data = end;
    query->len = last - end;

    return 1;
}


int
secops_text_line_next(secops_slice_t *rest, secops_slice_t *line)
{
    const unsigned char  *end;

    if (rest->len == 0) {
        return 0;
    }

    *line = *rest;

    end = memchr(rest->data, '\n', rest->len);

    if (end == NULL) {
        rest->len = 0;
        return 1;
    }

    line->len = (size_t) (end - rest->data);

    rest->data += line->len + 1;
    rest->len -= line->len + 1;

    return 1;
}


int
secops_text_is_blank(secops_slice_t line)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < line.len; i++) {

        c = line.data[i];

        if (c != ' ' && c != '\t' && c != '\r') {
            return 0;
        }
    }

    return 1;
}


int
secops_text_boolean(secops_slice_t text)
{
    size_t              i;
    const char         *word;
    secops_slice_t      one = secops_slice("1"), zero = secops_slice("0");

    if (secops_slice_equal(text, one)) {
        return 1;
    }

    if (secops_slice_equal(text, zero)) {
        return 0;
    }

    if (text.len == 4) {
        word = "true";

    } else if (text.len == 5) {
        word = "false";

    } else {
        return -1;
    }

    for (i = 0; i < text.len; i++) {
        if ((text.data[i] | 0x20) != word[i]) {
            return -1;
        }
    }

    return text.len == 4;
}


void
secops_text_append(secops_text_t *text, secops_slice_t more)
{
    if (more.len == 0 || secops_text_reserve(text, more.len) != 0) {
        return;
    }

    memcpy(text->data + text->len, more.data, more.len);
    text->len += more.len;
}


void
secops_text_append_escaped(secops_text_t *text, secops_slice_t more)
{
    unsigned char  *end;

    if (more.len == 0
        || secops_text_reserve(text, secops_text_escape_max(more.len)) != 0)
    {
        return;
    }

    end = secops_text_escape(text->data + text->len, more);
    text->len = end - text->data;
}


/* 0: there is room for len more bytes */

static int
secops_text_reserve(secops_text_t *text, size_t len)
{
    size_t          size;
    unsigned char  *data;

    if (len <= text->size - text->len) {
        return 0;
    }

    size = text->size * 2 + len + 64;
    data = realloc(text->data, size);

    if (data == NULL) {
        text->failed = 1;
        return -1;
    }

    text->data = data;
    text->size = size;

    return 0;
}


void
secops_text_append_string(secops_text_t *text, const char *more)
{
    secops_text_append(text, secops_slice_of(more));
}


const char *
secops_text_string(secops_text_t *text)
{
    if (text->failed || secops_text_reserve(text, 1) != 0) {
        return NULL;
    }

    text->data[text->len] = '\0';

    return (const char *) text->data;
}


void
secops_text_free(secops_text_t *text)
{
    free(text->data);
    memset(text, 0, sizeof(secops_text_t));
}

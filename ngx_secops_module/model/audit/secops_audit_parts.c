
/* Entries about several records; see secops_audit_parts.h. */

#include <string.h>

#include "model/audit/secops_audit_parts.h"


/* of the length of a field, and of a name in "also" */

#define SECOPS_AUDIT_DIGITS    20
#define SECOPS_AUDIT_NAME_MAX  32


static size_t secops_audit_parts_also(const secops_audit_entry_t *entry,
    secops_audit_entry_t *parts);
static size_t secops_audit_parts_ids(const secops_audit_entry_t *entry,
    secops_audit_entry_t *parts);
static int secops_audit_read_also(secops_slice_t *text,
    secops_slice_t *fields);
static int secops_audit_read_field(secops_slice_t *text, unsigned *field,
    secops_slice_t *value);
static int secops_audit_read_length(secops_slice_t *text, size_t *len);
static unsigned char *secops_audit_also_length(unsigned char *dst, size_t len);


size_t
secops_audit_parts(const secops_audit_entry_t *entry,
    secops_audit_entry_t parts[SECOPS_AUDIT_PARTS])
{
    size_t  n;

    n = entry->also.len ? secops_audit_parts_also(entry, parts)
                        : secops_audit_parts_ids(entry, parts);

    if (n) {
        return n;
    }

    parts[0] = *entry;
    parts[0].position.part = 0;
    parts[0].also.len = 0;

    return 1;
}


/* 0: it is not ours, as below */

static size_t
secops_audit_parts_also(const secops_audit_entry_t *entry,
    secops_audit_entry_t *parts)
{
    size_t          n;
    secops_slice_t  text;

    parts[0] = *entry;
    parts[0].position.part = 0;
    parts[0].also.len = 0;

    text = entry->also;

    for (n = 1; text.len; n++) {

        if (n == SECOPS_AUDIT_PARTS) {
            return 0;
        }

        parts[n] = parts[n - 1];
        parts[n].position.part = (unsigned) n;

        if (secops_audit_read_also(&text, parts[n].fields) != 0) {
            return 0;
        }
    }

    return n;
}


/* the id of an event may look like several */

static size_t
secops_audit_parts_ids(const secops_audit_entry_t *entry,
    secops_audit_entry_t *parts)
{
    size_t          i, n;
    secops_slice_t  ids, operation;

    static const secops_slice_t  records = secops_slice("records.");

    ids = entry->fields[SECOPS_AUDIT_ID];
    operation = entry->fields[SECOPS_AUDIT_OPERATION];

    n = (ids.len + 1) / (SECOPS_ID_LEN + 1);

    if (operation.len < records.len
        || memcmp(operation.data, records.data, records.len) != 0
        || n < 2
        || n > SECOPS_AUDIT_PARTS
        || (ids.len + 1) % (SECOPS_ID_LEN + 1))
    {
        return 0;
    }

    for (i = 0; i < n; i++) {

        if (i && ids.data[i * (SECOPS_ID_LEN + 1) - 1] != SECOPS_AUDIT_COMMA) {
            return 0;
        }

        parts[i] = *entry;
        parts[i].position.part = (unsigned) i;
        parts[i].fields[SECOPS_AUDIT_ID] = secops_slice_bytes(
                              ids.data + i * (SECOPS_ID_LEN + 1),
                              SECOPS_ID_LEN);
    }

    return n;
}


/* one record, which is taken from the text; 0, or -1.  A field whose name is
   not known is one of a later version: it is passed over */

static int
secops_audit_read_also(secops_slice_t *text, secops_slice_t *fields)
{
    unsigned        field;
    unsigned char   end;
    secops_slice_t  value;

    field = SECOPS_AUDIT_REQUEST;

    do {
        if (secops_audit_read_field(text, &field, &value) != 0
            || text->len == 0)
        {
            return -1;
        }

        if (field < SECOPS_AUDIT_FIELDS) {
            fields[field] = value;
        }

        end = *text->data++;
        text->len--;

    } while (end == ',');

    return (end == ';') ? 0 : -1;
}


/* *field: which one it may be at first, then which one it is */

static int
secops_audit_read_field(secops_slice_t *text, unsigned *field,
    secops_slice_t *value)
{
    secops_slice_t        name;
    const unsigned char  *colon;

    name.data = text->data;
    name.len = text->len < SECOPS_AUDIT_NAME_MAX ? text->len
                                                 : SECOPS_AUDIT_NAME_MAX;

    colon = name.len ? memchr(name.data, ':', name.len) : NULL;

    if (colon == NULL || colon == name.data) {
        return -1;
    }

    name.len = (size_t) (colon - name.data);

    text->data += name.len + 1;
    text->len -= name.len + 1;

    if (secops_audit_read_length(text, &value->len) != 0) {
        return -1;
    }

    value->data = text->data;
    text->data += value->len;
    text->len -= value->len;

    *field = secops_audit_field(name, *field);

    return 0;
}


/* "length:", of which there are so many bytes behind it */

static int
secops_audit_read_length(secops_slice_t *text, size_t *len)
{
    size_t         i;
    unsigned char  c;

    *len = 0;

    for (i = 0; i < text->len; i++) {

        c = text->data[i];

        if (c == ':') {
            break;
        }

        if (c < '0' || c > '9' || *len > text->len) {
            return -1;
        }

        *len = *len * 10 + (size_t) (c - '0');
    }

    if (i == 0 || i == text->len || *len > text->len - i - 1) {
        return -1;
    }

    text->data += i + 1;
    text->len -= i + 1;

    return 0;
}


size_t
secops_audit_also_max(const secops_slice_t *before,
    const secops_slice_t *fields)
{
    size_t    len;
    unsigned  i;

    len = 0;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        if (!secops_slice_equal(before[i], fields[i])) {
            len += secops_audit_field_name(i).len + 1 + SECOPS_AUDIT_DIGITS
                   + 1 + fields[i].len + 1;
        }
    }

    return len;
}


unsigned char *
secops_audit_write_also(unsigned char *dst, const secops_slice_t *before,
    const secops_slice_t *fields)
{
    unsigned        i;
    secops_slice_t  name;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {

        if (secops_slice_equal(before[i], fields[i])) {
            continue;
        }

        name = secops_audit_field_name(i);

        memcpy(dst, name.data, name.len);
        dst += name.len;
        *dst++ = ':';

        dst = secops_audit_also_length(dst, fields[i].len);
        *dst++ = ':';

        if (fields[i].len) {
            memcpy(dst, fields[i].data, fields[i].len);
            dst += fields[i].len;
        }

        *dst++ = ',';
    }

    dst[-1] = ';';

    return dst;
}


static unsigned char *
secops_audit_also_length(unsigned char *dst, size_t len)
{
    unsigned       n;
    unsigned char  digits[SECOPS_AUDIT_DIGITS];

    n = 0;

    do {
        digits[n++] = (unsigned char) ('0' + len % 10);
        len /= 10;
    } while (len);

    while (n) {
        *dst++ = digits[--n];
    }

    return dst;
}

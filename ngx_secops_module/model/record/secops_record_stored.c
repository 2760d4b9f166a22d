
/* What was stored of a record, read again; see secops_record_stored.h. */

#include <stdlib.h>

#include "model/json/secops_json_tokens.h"
#include "model/record/secops_record_stored.h"


/* digits of a mod_count that is believed: one more can still be added */

#define SECOPS_RECORD_MOD_DIGITS  18


static void secops_record_read_count(secops_record_stored_t *stored);
static uint64_t secops_record_mod_count(secops_slice_t text);


int
secops_record_stored_read(secops_record_stored_t *stored,
    secops_slice_t document)
{
    secops_json_error_t    error;
    secops_json_reading_t  how;

    memset(&how, 0, sizeof(secops_json_reading_t));

    how.limits.depth = UINT32_MAX;
    how.limits.members = UINT32_MAX;

    if (secops_json_tokens(&stored->json, document, &how, &error)
        != SECOPS_JSON_OK)
    {
        stored->json.tokens = NULL;
        return -1;
    }

    if (stored->json.tokens[0].type != SECOPS_JSON_OBJECT) {
        secops_record_stored_free(stored);
        return -1;
    }

    secops_record_read_count(stored);

    return 0;
}


void
secops_record_stored_free(secops_record_stored_t *stored)
{
    free(stored->json.tokens);
    stored->json.tokens = NULL;
}


static void
secops_record_read_count(secops_record_stored_t *stored)
{
    uint32_t                    i;
    const secops_json_token_t  *value;

    static const secops_slice_t  name = secops_slice("sys_mod_count");

    stored->mod_count = 0;
    stored->head = stored->json.text;

    i = secops_json_member(&stored->json, 0, name.data, name.len);

    if (i == 0) {
        return;
    }

    value = &stored->json.tokens[i];

    if (value->type == SECOPS_JSON_STRING
        || value->type == SECOPS_JSON_NUMBER)
    {
        stored->mod_count = secops_record_mod_count(
                                           secops_json_raw(&stored->json, i));
    }

    stored->head.len = value->start + value->len
                       + (value->type == SECOPS_JSON_STRING);
}


/* 0 also where somebody else has put something there that is no such number */

static uint64_t
secops_record_mod_count(secops_slice_t text)
{
    size_t    i;
    uint64_t  count;

    if (text.len > SECOPS_RECORD_MOD_DIGITS) {
        return 0;
    }

    count = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }

        count = count * 10 + (text.data[i] - '0');
    }

    return count;
}


unsigned char *
secops_record_etag(unsigned char *dst, uint64_t mod_count)
{
    unsigned char  *p, digits[20];

    p = digits + sizeof(digits);

    do {
        *--p = (unsigned char) ('0' + mod_count % 10);
        mod_count /= 10;
    } while (mod_count);

    *dst++ = '"';
    memcpy(dst, p, digits + sizeof(digits) - p);
    dst += digits + sizeof(digits) - p;
    *dst++ = '"';

    return dst;
}

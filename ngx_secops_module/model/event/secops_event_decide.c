
/* Decisions of processors; see secops_event_decide.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/event/secops_event_decide.h"
#include "util/secops_time.h"


/* digits of a number of milliseconds: until the year 5138 and more */

#define SECOPS_EVENT_DECIDE_DIGITS  15

/* digits of a double that are always enough, and such that always come back */

#define SECOPS_EVENT_DECIDE_EXACT   17
#define SECOPS_EVENT_DECIDE_SAFE    15


#define secops_event_decide_member(json, name)                                \
    secops_json_member(json, 0, (const unsigned char *) name,                 \
                       sizeof(name) - 1)


static int secops_event_decide_confidence(secops_event_decide_t *decide,
    const secops_json_t *json, uint32_t i);
static int secops_event_decide_ingested(secops_event_decide_t *decide,
    const secops_json_t *json, uint32_t i);
static int secops_event_decide_digits(uint64_t *n, secops_slice_t text);
static int secops_event_decide_date(uint64_t *msec, secops_slice_t text);


const char *
secops_event_decide_check(secops_event_decide_t *decide,
    const secops_json_t *json)
{
    uint32_t  confidence, ingested;

    if (json->tokens[0].type != SECOPS_JSON_OBJECT) {
        return ": must be an object";
    }

    decide->label = secops_event_decide_member(json, "label");
    confidence = secops_event_decide_member(json, "confidence");
    ingested = secops_event_decide_member(json, "ingest_timestamp");

    if (decide->label == 0) {
        return "/label: is missing";
    }

    if (json->tokens[decide->label].type != SECOPS_JSON_STRING) {
        return "/label: must be a string";
    }

    if (confidence == 0) {
        return "/confidence: is missing";
    }

    if (secops_event_decide_confidence(decide, json, confidence) != 0) {
        return "/confidence: must be a number from 0 to 1";
    }

    decide->ingested = 0;

    if (ingested
        && secops_event_decide_ingested(decide, json, ingested) != 0)
    {
        return "/ingest_timestamp: must be a time, as answers have it";
    }

    return NULL;
}


/* a real that underflows is 0, as is -0 */

static int
secops_event_decide_confidence(secops_event_decide_t *decide,
    const secops_json_t *json, uint32_t i)
{
    int     digits, len;
    char    text[SECOPS_EVENT_CONFIDENCE_MAX];
    double  number;

    if (json->tokens[i].type != SECOPS_JSON_NUMBER) {
        return -1;
    }

    number = secops_json_number(json, i);

    if (!(number >= 0 && number <= 1)) {
        return -1;
    }

    if (number == 0) {
        number = 0;
    }

    digits = SECOPS_EVENT_DECIDE_SAFE;

    do {
        len = snprintf(text, sizeof(text), "%.*g", digits, number);
    } while (strtod(text, NULL) != number
             && digits++ < SECOPS_EVENT_DECIDE_EXACT);

    decide->len = (size_t) len;
    memcpy(decide->confidence, text, decide->len);

    return 0;
}


static int
secops_event_decide_ingested(secops_event_decide_t *decide,
    const secops_json_t *json, uint32_t i)
{
    unsigned  type;

    type = json->tokens[i].type;

    if (type != SECOPS_JSON_STRING && type != SECOPS_JSON_NUMBER) {
        return -1;
    }

    return secops_event_decide_time(&decide->ingested,
                                    secops_json_raw(json, i));
}


int
secops_event_decide_time(uint64_t *msec, secops_slice_t text)
{
    if (text.len <= SECOPS_EVENT_DECIDE_DIGITS) {

        if (secops_event_decide_digits(msec, text) != 0) {
            return -1;
        }

    } else if (secops_event_decide_date(msec, text) != 0) {
        return -1;
    }

    return *msec ? 0 : -1;
}


static int
secops_event_decide_digits(uint64_t *n, secops_slice_t text)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *n = *n * 10 + (text.data[i] - '0');
    }

    return text.len ? 0 : -1;
}


/* "YYYY-MM-DDTHH:MM:SS.mmmZ", or with three digits more, which are dropped */

static int
secops_event_decide_date(uint64_t *msec, secops_slice_t text)
{
    int64_t         seconds;
    uint64_t        fraction, rest;
    unsigned char   date[SECOPS_TIME_LEN];
    secops_slice_t  digits;

    if ((text.len != SECOPS_TIME_LEN + 5 && text.len != SECOPS_TIME_LEN + 8)
        || text.data[10] != 'T'
        || text.data[SECOPS_TIME_LEN] != '.'
        || text.data[text.len - 1] != 'Z')
    {
        return -1;
    }

    memcpy(date, text.data, SECOPS_TIME_LEN);
    date[10] = ' ';

    digits = secops_slice_bytes(text.data + SECOPS_TIME_LEN + 1, 3);

    if (secops_time_read(&seconds, secops_slice_bytes(date, sizeof(date))) != 0
        || seconds < 0
        || secops_event_decide_digits(&fraction, digits) != 0)
    {
        return -1;
    }

    if (text.len == SECOPS_TIME_LEN + 8) {
        digits.data += 3;

        if (secops_event_decide_digits(&rest, digits) != 0) {
            return -1;
        }
    }

    *msec = (uint64_t) seconds * 1000 + fraction;

    return 0;
}


void
secops_event_decide_write(secops_text_t *head, secops_text_t *tail,
    const secops_event_decide_t *decide, secops_slice_t label,
    secops_slice_t user, uint64_t msec)
{
    char  time[sizeof("\",\"time\":18446744073709551615}")];

    secops_text_append_string(head, "{\"label\":\"");
    secops_text_append_escaped(head, label);
    secops_text_append_string(head, "\",\"confidence\":");
    secops_text_append(head, secops_slice_bytes(decide->confidence,
                                                decide->len));
    secops_text_append_string(head, ",\"ingest_timestamp\":");

    (void) snprintf(time, sizeof(time), "\",\"time\":%llu}",
                    (unsigned long long) msec);

    secops_text_append_string(tail, "\"user\":\"");
    secops_text_append_escaped(tail, user);
    secops_text_append_string(tail, time);
}

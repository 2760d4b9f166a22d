
/* Events; see secops_event.h. */

#include "model/event/secops_event.h"
#include "model/event/secops_job_facts.h"
#include "util/secops_text.h"
#include "util/secops_time.h"


/* digits of a number, and what stands between the members of the server */

#define SECOPS_EVENT_DIGITS  20
#define SECOPS_EVENT_NAMES   128


#define secops_event_literal(dst, text)                                       \
    secops_event_append(dst, text, sizeof(text) - 1)


static int secops_event_is_own(const secops_json_t *json, uint32_t key);
static secops_slice_t secops_event_member_text(const secops_json_t *json,
    uint32_t key);
static unsigned char *secops_event_append(unsigned char *dst,
    const void *data, size_t len);
static unsigned char *secops_event_number(unsigned char *dst, uint64_t n);
static int secops_event_take(secops_slice_t *rest, const char *text);
static int secops_event_take_string(secops_slice_t *rest,
    secops_slice_t *string);
static int secops_event_take_number(secops_slice_t *rest, uint64_t *n);


/* names of members that a client can not have stored; the last one is written
   before all others that were sent */

static const secops_slice_t  secops_event_own[] = {
    secops_slice("event_id"),
    secops_slice("job_id"),
    secops_slice("ingest_timestamp"),
    secops_slice("bucket"),
    secops_slice("sent_by"),
    secops_slice("raw_body")
};


int
secops_event_id_is_valid(secops_slice_t id)
{
    static const secops_slice_t  dot = secops_slice(".");
    static const secops_slice_t  dots = secops_slice("..");

    return id.len
           && id.len <= SECOPS_EVENT_ID_MAX
           && memchr(id.data, '/', id.len) == NULL
           && !secops_slice_equal(id, dot)
           && !secops_slice_equal(id, dots)
           && secops_text_is_name(id);
}


const char *
secops_event_check(secops_event_sent_t *sent, const secops_json_t *json,
    uint32_t i)
{
    uint32_t                    job;
    const secops_json_token_t  *tokens;

    tokens = json->tokens;

    if (tokens[i].type != SECOPS_JSON_OBJECT) {
        return ": must be an object";
    }

    sent->json = json;
    sent->object = i;

    job = secops_json_member(json, i, (const unsigned char *) "job_id",
                             sizeof("job_id") - 1);

    sent->raw_body = secops_json_member(json, i,
                                        (const unsigned char *) "raw_body",
                                        sizeof("raw_body") - 1);
    sent->event_id = secops_json_member(json, i,
                                        (const unsigned char *) "event_id",
                                        sizeof("event_id") - 1);

    if (job == 0) {
        return "/job_id: is missing";
    }

    if (tokens[job].type != SECOPS_JSON_NUMBER
        || (tokens[job].flags & SECOPS_JSON_REAL))
    {
        return "/job_id: must be an integer";
    }

    if (secops_job_id_read(&sent->job, secops_json_raw(json, job)) != 0) {

        /* no job has such a number */

        sent->job = 0;
    }

    if (sent->raw_body == 0) {
        return "/raw_body: is missing";
    }

    if (tokens[sent->raw_body].type != SECOPS_JSON_OBJECT) {
        return "/raw_body: must be an object";
    }

    return NULL;
}


size_t
secops_event_size(const secops_event_head_t *head,
    const secops_event_sent_t *sent)
{
    return sent->json->tokens[sent->object].len
           + secops_text_escape_max(head->id.len + head->sender.len)
           + head->bucket.len + 2 * SECOPS_EVENT_DIGITS + SECOPS_EVENT_NAMES;
}


unsigned char *
secops_event_write(unsigned char *dst, const secops_event_head_t *head,
    const secops_event_sent_t *sent)
{
    uint32_t              last, key;
    secops_slice_t        member;
    const secops_json_t  *json;

    json = sent->json;

    dst = secops_event_literal(dst, "{\"event_id\":\"");
    dst = secops_text_escape(dst, head->id);
    dst = secops_event_literal(dst, "\",\"job_id\":");
    dst = secops_event_number(dst, (uint64_t) head->job);
    dst = secops_event_literal(dst, ",\"ingest_timestamp\":");
    dst = secops_event_number(dst, head->ingested);
    dst = secops_event_literal(dst, ",\"bucket\":\"");
    dst = secops_event_append(dst, head->bucket.data, head->bucket.len);
    dst = secops_event_literal(dst, "\",\"sent_by\":\"");
    dst = secops_text_escape(dst, head->sender);
    dst = secops_event_literal(dst, "\",");

    member = secops_event_member_text(json, sent->raw_body - 1);
    dst = secops_event_append(dst, member.data, member.len);

    last = json->tokens[sent->object].next;

    for (key = sent->object + 1; key < last; key = json->tokens[key + 1].next) {

        if (!secops_event_is_own(json, key)) {
            member = secops_event_member_text(json, key);

            *dst++ = ',';
            dst = secops_event_append(dst, member.data, member.len);
        }
    }

    *dst++ = '}';

    return dst;
}


static int
secops_event_is_own(const secops_json_t *json, uint32_t key)
{
    size_t  i;

    for (i = 0; i < sizeof(secops_event_own) / sizeof(secops_event_own[0]); i++)
    {
        if (secops_json_string_is(json, key, secops_event_own[i].data,
                                  secops_event_own[i].len))
        {
            return 1;
        }
    }

    return 0;
}


/* the key at this token and its value, as they stand in the document */

static secops_slice_t
secops_event_member_text(const secops_json_t *json, uint32_t key)
{
    secops_slice_t              text;
    const secops_json_token_t  *value;

    value = &json->tokens[key + 1];

    text.data = json->text.data + json->tokens[key].start - 1;
    text.len = json->text.data + value->start + value->len - text.data;

    if (value->type == SECOPS_JSON_STRING) {
        text.len++;
    }

    return text;
}


int
secops_event_read(secops_event_t *event, secops_slice_t stored)
{
    uint64_t        job;
    secops_slice_t  rest;

    rest = stored;

    if (!secops_event_take(&rest, "{\"event_id\":\"")
        || !secops_event_take_string(&rest, &event->id)
        || !secops_event_take(&rest, ",\"job_id\":")
        || !secops_event_take_number(&rest, &job)
        || !secops_event_take(&rest, ",\"ingest_timestamp\":")
        || !secops_event_take_number(&rest, &event->ingested)
        || !secops_event_take(&rest, ",\"bucket\":\"")
        || !secops_event_take_string(&rest, &event->bucket)
        || !secops_event_take(&rest, ",\"sent_by\":\"")
        || !secops_event_take_string(&rest, &event->sender)
        || !secops_event_take(&rest, ",")
        || rest.len == 0
        || rest.data[rest.len - 1] != '}')
    {
        return -1;
    }

    event->job = (int64_t) job;
    event->members = secops_slice_bytes(rest.data, rest.len - 1);

    return 0;
}


/* 1: it begins so, and is moved past it */

static int
secops_event_take(secops_slice_t *rest, const char *text)
{
    size_t  len;

    len = strlen(text);

    if (rest->len < len || memcmp(rest->data, text, len) != 0) {
        return 0;
    }

    rest->data += len;
    rest->len -= len;

    return 1;
}


/* the same of what is left of a string, and its quote */

static int
secops_event_take_string(secops_slice_t *rest, secops_slice_t *string)
{
    size_t  i;

    for (i = 0; i < rest->len && rest->data[i] != '"'; i++) {
        i += rest->data[i] == '\\';
    }

    if (i >= rest->len) {
        return 0;
    }

    *string = secops_slice_bytes(rest->data, i);

    rest->data += i + 1;
    rest->len -= i + 1;

    return 1;
}


static int
secops_event_take_number(secops_slice_t *rest, uint64_t *n)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < rest->len && i < SECOPS_JOB_ID_MAX; i++) {

        if (rest->data[i] < '0' || rest->data[i] > '9') {
            break;
        }

        *n = *n * 10 + (rest->data[i] - '0');
    }

    rest->data += i;
    rest->len -= i;

    return i > 0;
}


size_t
secops_event_answer_max(const secops_event_head_t *head)
{
    return secops_text_escape_max(head->id.len) + SECOPS_EVENT_DIGITS
           + SECOPS_EVENT_TIME_LEN + SECOPS_EVENT_NAMES;
}


unsigned char *
secops_event_answer(unsigned char *dst, const secops_event_head_t *head)
{
    dst = secops_event_literal(dst, "{\"event_id\":\"");
    dst = secops_text_escape(dst, head->id);
    dst = secops_event_literal(dst, "\",\"job_id\":");
    dst = secops_event_number(dst, (uint64_t) head->job);
    dst = secops_event_literal(dst, ",\"ingest_timestamp\":\"");

    secops_event_time(dst, head->ingested);
    dst += SECOPS_EVENT_TIME_LEN;

    return secops_event_literal(dst, "\",\"status\":\"pending_inference\","
                                     "\"error_message\":\"\"}");
}


/* Python's own reader of times takes three or six digits of a second, other
   readers want six, as captured answers have them */

void
secops_event_time(unsigned char dst[SECOPS_EVENT_TIME_LEN], uint64_t msec)
{
    unsigned  fraction;

    secops_time_format(dst, (int64_t) (msec / 1000));

    dst[10] = 'T';
    dst += SECOPS_TIME_LEN;

    fraction = (unsigned) (msec % 1000);

    *dst++ = '.';
    *dst++ = (unsigned char) ('0' + fraction / 100);
    *dst++ = (unsigned char) ('0' + fraction / 10 % 10);
    *dst++ = (unsigned char) ('0' + fraction % 10);

    memcpy(dst, "000Z", 4);
}


static unsigned char *
secops_event_append(unsigned char *dst, const void *data, size_t len)
{
    if (len) {
        memcpy(dst, data, len);
    }

    return dst + len;
}


static unsigned char *
secops_event_number(unsigned char *dst, uint64_t n)
{
    size_t         i;
    unsigned char  digits[SECOPS_EVENT_DIGITS];

    i = sizeof(digits);

    do {
        digits[--i] = (unsigned char) ('0' + n % 10);
        n /= 10;
    } while (n);

    return secops_event_append(dst, &digits[i], sizeof(digits) - i);
}

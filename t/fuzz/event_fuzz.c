
/*
 * libFuzzer target: an event that is sent, or stored, and below it the document
 * of a job and those of its inputs, one in each line.  What is accepted is
 * stored as JSON, and what is stored is read again as it was.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/event/secops_event.h"
#include "model/event/secops_job_facts.h"
#include "util/secops_text.h"


#define EVENT_FUZZ_TOKENS  8192
#define EVENT_FUZZ_INPUTS  8


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_json_token_t  event_fuzz_tokens[EVENT_FUZZ_TOKENS];
static secops_json_token_t  event_fuzz_again[EVENT_FUZZ_TOKENS];


static void
event_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void
event_fuzz_stored(const secops_event_head_t *head,
    const secops_event_sent_t *sent)
{
    size_t                size;
    secops_json_t         json;
    unsigned char        *dst, *last;
    secops_event_t        event;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 1024, 4096 };

    size = secops_event_size(head, sent);
    dst = malloc(size);

    event_fuzz_require(dst != NULL, "no memory");

    last = secops_event_write(dst, head, sent);

    event_fuzz_require((size_t) (last - dst) <= size, "no room");
    event_fuzz_require(secops_json_parse(&json, dst, last - dst,
                                         event_fuzz_again, EVENT_FUZZ_TOKENS,
                                         &limits, &error)
                       == SECOPS_JSON_OK, "what is stored is no JSON");
    event_fuzz_require(secops_event_read(&event,
                                         secops_slice_bytes(dst, last - dst))
                       == 0, "it is not read again");
    event_fuzz_require(event.job == head->job
                       && event.ingested == head->ingested
                       && secops_slice_equal(event.bucket, head->bucket),
                       "it is another one");

    free(dst);
}


static void
event_fuzz_sent(secops_slice_t text)
{
    secops_json_t         json;
    secops_event_head_t   head;
    secops_event_sent_t   sent;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 1000, 4096 };

    if (secops_json_parse(&json, text.data, text.len, event_fuzz_tokens,
                          EVENT_FUZZ_TOKENS, &limits, &error)
        != SECOPS_JSON_OK
        || secops_event_check(&sent, &json, 0) != NULL)
    {
        return;
    }

    head.id = secops_slice_of("a\"b\\");
    head.job = sent.job;
    head.ingested = 1764440000123ULL;
    head.bucket = secops_slice_of("0f");
    head.sender = secops_slice_of("\xc3\xa4\n");

    event_fuzz_stored(&head, &sent);
}


static void
event_fuzz_facts(secops_slice_t document, secops_slice_t rest)
{
    size_t                     n, i;
    const char                *reason;
    secops_slice_t             line;
    secops_job_facts_t        *facts;
    secops_job_facts_input_t   inputs[EVENT_FUZZ_INPUTS];

    static const char *const  ids[EVENT_FUZZ_INPUTS] = {
        "1", "2", "3", "4", "5", "6", "7", "8"
    };

    for (n = 0; n < EVENT_FUZZ_INPUTS; n++) {

        if (!secops_text_line_next(&rest, &line)) {
            break;
        }

        inputs[n].id = secops_slice_of(ids[n]);
        inputs[n].document = line;
    }

    facts = secops_job_facts_create(7, document, inputs, n, &reason);

    if (facts == NULL) {
        return;
    }

    for (i = 0; i < facts->nkeys; i++) {
        event_fuzz_require(secops_job_facts_has_key(facts, facts->keys[i]),
                           "a key that is none");
    }

    event_fuzz_require(facts->nkeys <= n && facts->id == 7, "the facts");

    secops_job_facts_free(facts);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    secops_slice_t  rest, event, job;
    secops_event_t  stored;

    secops_json_seed(1);

    rest = secops_slice_bytes(data, size);

    if (!secops_text_line_next(&rest, &event)) {
        return 0;
    }

    event_fuzz_sent(event);
    (void) secops_event_read(&stored, event);

    if (secops_text_line_next(&rest, &job)) {
        event_fuzz_facts(job, rest);
    }

    return 0;
}

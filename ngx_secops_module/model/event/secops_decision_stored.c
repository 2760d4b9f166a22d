
/* Feedback, and what a processor decided, as they are stored; see
   secops_decision.h. */

#include "model/event/secops_decision.h"


/* these objects are small and flat; one that is not is none of ours */

#define SECOPS_DECISION_TOKENS  64


static int secops_decision_parse(secops_json_t *json,
    secops_json_token_t *tokens, secops_slice_t stored);
static secops_slice_t secops_decision_text(const secops_json_t *json,
    const char *name);
static uint64_t secops_decision_number(secops_slice_t text);
static uint32_t secops_decision_member(const secops_json_t *json,
    const char *name, secops_json_type_e type);


int
secops_feedback_read(secops_feedback_t *feedback, secops_slice_t stored)
{
    secops_json_t        json;
    secops_json_token_t  tokens[SECOPS_DECISION_TOKENS];

    if (secops_decision_parse(&json, tokens, stored) != 0) {
        return -1;
    }

    feedback->n = secops_decision_number(secops_decision_text(&json, "n"));
    feedback->label = secops_decision_text(&json, "label");
    feedback->digest = secops_decision_text(&json, "digest");
    feedback->old = secops_decision_text(&json, "old");
    feedback->user = secops_decision_text(&json, "user");
    feedback->notes = secops_decision_text(&json, "notes");
    feedback->model = secops_decision_text(&json, "model");
    feedback->model_digest = secops_decision_text(&json, "model_digest");
    feedback->generation =
        secops_decision_number(secops_decision_text(&json, "gen"));
    feedback->open = secops_decision_text(&json, "open").len != 0;

    return 0;
}


int
secops_verdict_read(secops_verdict_t *verdict, secops_slice_t stored)
{
    uint32_t             i;
    secops_json_t        json;
    secops_json_token_t  tokens[SECOPS_DECISION_TOKENS];

    if (secops_decision_parse(&json, tokens, stored) != 0) {
        return -1;
    }

    verdict->label = secops_decision_text(&json, "label");
    verdict->confidence = 0;
    verdict->ingested = 0;

    i = secops_decision_member(&json, "confidence", SECOPS_JSON_NUMBER);

    if (i) {
        verdict->confidence = secops_json_number(&json, i);
    }

    if (!(verdict->confidence > 0)) {
        verdict->confidence = 0;
    }

    if (verdict->confidence > 1) {
        verdict->confidence = 1;
    }

    i = secops_decision_member(&json, "ingest_timestamp", SECOPS_JSON_NUMBER);

    if (i) {
        verdict->ingested = secops_decision_number(secops_json_raw(&json, i));
    }

    return 0;
}


static int
secops_decision_parse(secops_json_t *json, secops_json_token_t *tokens,
    secops_slice_t stored)
{
    secops_json_error_t   error;

    static const secops_json_limits_t  limits = { 2, SECOPS_DECISION_TOKENS };

    if (secops_json_parse(json, stored.data, stored.len, tokens,
                          SECOPS_DECISION_TOKENS, &limits, &error)
        != SECOPS_JSON_OK
        || json->tokens[0].type != SECOPS_JSON_OBJECT)
    {
        return -1;
    }

    return 0;
}


/* empty: it is not there */

static secops_slice_t
secops_decision_text(const secops_json_t *json, const char *name)
{
    uint32_t  i;

    static const secops_slice_t  none = secops_slice("");

    i = secops_decision_member(json, name, SECOPS_JSON_STRING);

    return i ? secops_json_raw(json, i) : none;
}


/* 0 is what is no number, too: nothing here is ever 0 that matters */

static uint64_t
secops_decision_number(secops_slice_t text)
{
    size_t    i;
    uint64_t  number;

    number = 0;

    for (i = 0; i < text.len && i < 18; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }

        number = number * 10 + (uint64_t) (text.data[i] - '0');
    }

    return number;
}


static uint32_t
secops_decision_member(const secops_json_t *json, const char *name,
    secops_json_type_e type)
{
    uint32_t  i;

    i = secops_json_member(json, 0, (const unsigned char *) name,
                           strlen(name));

    return (i && json->tokens[i].type == type) ? i : 0;
}


/* Feedback as it is sent; see secops_feedback_sent.h. */

#include "model/event/secops_feedback_sent.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


/* bytes of a character that may be written as an escape */

#define SECOPS_FEEDBACK_ESCAPE  6


typedef enum {
    SECOPS_FEEDBACK_LABEL = 0,
    SECOPS_FEEDBACK_STORAGE
} secops_feedback_parameter_e;


static uint32_t secops_feedback_sent_member(const secops_json_t *json,
    const char *name, const char *older);
static int secops_feedback_sent_is_text(const secops_json_t *json,
    uint32_t i);
static int secops_feedback_sent_is_name(const secops_json_t *json,
    uint32_t i);


const char *
secops_feedback_sent_json(secops_feedback_sent_t *sent,
    const secops_json_t *json)
{
    sent->json = json;
    sent->label = secops_feedback_sent_member(json, "feedback", "label");
    sent->user = secops_feedback_sent_member(json, "cortex_user", "username");
    sent->notes = secops_feedback_sent_member(json, "closing_notes", NULL);

    if (sent->label == 0) {
        return "/feedback: is missing";
    }

    if (!secops_feedback_sent_is_text(json, sent->label)) {
        return "/feedback: must be a string that is not empty";
    }

    if (sent->user && json->tokens[sent->user].type != SECOPS_JSON_STRING) {
        return "/cortex_user: must be a string or null";
    }

    if (sent->notes && json->tokens[sent->notes].type != SECOPS_JSON_STRING) {
        return "/closing_notes: must be a string or null";
    }

    if (!secops_feedback_sent_is_text(json, sent->user)) {
        sent->user = 0;
    }

    if (!secops_feedback_sent_is_text(json, sent->notes)) {
        sent->notes = 0;
    }

    if (sent->user && !secops_feedback_sent_is_name(json, sent->user)) {
        return "/cortex_user: must be at most 255 bytes, without control "
               "characters";
    }

    if (sent->notes
        && json->tokens[sent->notes].len > SECOPS_FEEDBACK_NOTES_MAX)
    {
        return "/closing_notes: must be at most 10000 bytes";
    }

    return NULL;
}


/* its value, by either name; one that is null is not there */

static uint32_t
secops_feedback_sent_member(const secops_json_t *json, const char *name,
    const char *older)
{
    uint32_t  i;

    i = secops_json_member(json, 0, (const unsigned char *) name,
                           strlen(name));

    if (i && json->tokens[i].type != SECOPS_JSON_NULL) {
        return i;
    }

    return older ? secops_feedback_sent_member(json, older, NULL) : 0;
}


static int
secops_feedback_sent_is_text(const secops_json_t *json, uint32_t i)
{
    return i && json->tokens[i].type == SECOPS_JSON_STRING
           && json->tokens[i].len > 0;
}


static int
secops_feedback_sent_is_name(const secops_json_t *json, uint32_t i)
{
    size_t         len;
    unsigned char  name[SECOPS_FEEDBACK_USER_MAX * SECOPS_FEEDBACK_ESCAPE];

    if (json->tokens[i].len > sizeof(name)) {
        return 0;
    }

    len = secops_json_decode(json, i, name);

    return len <= SECOPS_FEEDBACK_USER_MAX
           && secops_text_is_name(secops_slice_bytes(name, len));
}


const char *
secops_feedback_sent_query(secops_slice_t *label, secops_slice_t args,
    unsigned char *buffer)
{
    secops_query_t         query;
    secops_query_status_e  status;

    static const secops_query_name_t  names[] = {
        { "feedback_label", SECOPS_FEEDBACK_LABEL },
        { "storage_name", SECOPS_FEEDBACK_STORAGE },
        { NULL, 0 }
    };

    static const secops_query_rules_t  rules = {
        .names = names, .unknown = 1, .twice = 1
    };

    *label = secops_slice_bytes(buffer, 0);

    secops_query_begin(&query, &rules, args, buffer);

    for ( ;; ) {

        status = secops_query_next(&query);

        switch (status) {

        case SECOPS_QUERY_END:
            return label->len ? NULL
                              : "the query parameter feedback_label is missing";

        case SECOPS_QUERY_UNKNOWN:
            return "the query has a parameter that is not known";

        case SECOPS_QUERY_TWICE:
            return "a query parameter is given twice";

        default: /* SECOPS_QUERY_PARAMETER */
            if (query.name->id == SECOPS_FEEDBACK_LABEL) {
                *label = query.value;
            }
        }
    }
}

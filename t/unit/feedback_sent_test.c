
/* Feedback as clients send it: names of members, what may be null, limits. */

#include <stdlib.h>

#include "model/event/secops_feedback_sent.h"
#include "secops_tap.h"


static secops_json_token_t         tokens[64];
static secops_json_t               json;
static secops_feedback_sent_t      sent;
static const secops_json_limits_t  limits = { 4, 64 };


static void
sends(const char *body, const char *expected)
{
    const char           *reason;
    secops_json_error_t   error;

    if (secops_json_parse(&json, (const unsigned char *) body, strlen(body),
                          tokens, 64, &limits, &error)
        != SECOPS_JSON_OK)
    {
        printf("Bail out! %s\n", body);
        exit(1);
    }

    reason = secops_feedback_sent_json(&sent, &json);

    if (reason == NULL) {
        reason = "";
    }

    is_str(reason, strlen(reason), expected, body);
}


static void
has(uint32_t token, const char *expected, const char *name)
{
    secops_slice_t  raw;

    raw = secops_json_raw(&json, token);

    is_str(token ? (const char *) raw.data : "", token ? raw.len : 0, expected,
           name);
}


static void
asks(const char *query, const char *label, const char *expected)
{
    const char      *reason;
    secops_slice_t   word;
    unsigned char    buffer[200];

    reason = secops_feedback_sent_query(&word, slice(query), buffer);

    if (reason == NULL) {
        reason = "";
        is_str(word.data, word.len, label, query);
    }

    is_str(reason, strlen(reason), expected, query);
}


int
main(void)
{
    char  body[12000];

    secops_json_seed(1);

    sends("{\"cortex_user\":\"alice\",\"feedback\":\"Drop\","
          "\"closing_notes\":\"n\",\"indicators\":[]}", "");
    has(sent.label, "Drop", "the label");
    has(sent.user, "alice", "the user");
    has(sent.notes, "n", "the notes");

    sends("{\"cortex_user\":null,\"feedback\":\"Drop\","
          "\"closing_notes\":null}", "");
    has(sent.user, "", "null is no user");
    has(sent.notes, "", "... and no note");

    sends("{\"username\":\"bob\",\"label\":\"Drop\"}", "");
    has(sent.label, "Drop", "the label by its older name");
    has(sent.user, "bob", "the user by its older name");

    sends("{\"username\":\"bob\",\"label\":\"A\",\"feedback\":\"B\","
          "\"cortex_user\":\"eve\"}", "");
    has(sent.label, "B", "the newer name of the label wins");
    has(sent.user, "eve", "... and that of the user");

    sends("{\"feedback\":null,\"label\":\"A\",\"cortex_user\":\"\"}", "");
    has(sent.label, "A", "... unless it is null");
    has(sent.user, "", "an empty user is none");

    sends("{}", "/feedback: is missing");
    sends("{\"feedback\":null}", "/feedback: is missing");
    sends("{\"feedback\":\"\"}",
          "/feedback: must be a string that is not empty");
    sends("{\"feedback\":1}",
          "/feedback: must be a string that is not empty");
    sends("{\"feedback\":\"A\",\"cortex_user\":1}",
          "/cortex_user: must be a string or null");
    sends("{\"feedback\":\"A\",\"closing_notes\":[]}",
          "/closing_notes: must be a string or null");
    sends("{\"feedback\":\"A\",\"cortex_user\":\"a\\nb\"}",
          "/cortex_user: must be at most 255 bytes, without control "
          "characters");

    (void) snprintf(body, sizeof(body),
                    "{\"feedback\":\"A\",\"cortex_user\":\"%0256d\"}", 0);
    sends(body, "/cortex_user: must be at most 255 bytes, without control "
                "characters");
    (void) snprintf(body, sizeof(body),
                    "{\"feedback\":\"A\",\"cortex_user\":\"%0255d\"}", 0);
    sends(body, "");
    (void) snprintf(body, sizeof(body),
                    "{\"feedback\":\"A\",\"closing_notes\":\"%010001d\"}", 0);
    sends(body, "/closing_notes: must be at most 10000 bytes");

    asks("feedback_label=Potential%20risk", "Potential risk", "");
    asks("storage_name=s&feedback_label=Potential+risk", "Potential risk", "");
    asks("", "", "the query parameter feedback_label is missing");
    asks("feedback_label=", "",
         "the query parameter feedback_label is missing");
    asks("feedback_label=A&feedback_label=B", "",
         "a query parameter is given twice");
    asks("feedback_lable=A", "",
         "the query has a parameter that is not known");

    return tap_done();
}

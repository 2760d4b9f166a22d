
/* Decisions as members of an answer; see secops_decision.h. */

#include <stdio.h>

#include "model/event/secops_decision.h"
#include "model/event/secops_event.h"


static const char *const  secops_decision_knowledge[] = {
    "",
    "Pending",
    "In model",
    "Retrain"
};


static void secops_decision_write_text(secops_text_t *text,
    const char *before, secops_slice_t value);
static void secops_decision_write_fraction(secops_text_t *text,
    const char *before, unsigned value, int digits);


void
secops_decision_write(const secops_decision_t *decision, secops_slice_t id,
    uint64_t ingested, secops_text_t *text)
{
    unsigned char                    stamp[SECOPS_EVENT_TIME_LEN];
    const secops_job_facts_label_t  *label;

    static const secops_job_facts_label_t  none = {
        secops_slice(""), secops_slice("")
    };

    label = decision->label ? decision->label : &none;

    secops_event_time(stamp, ingested);

    secops_text_append_string(text, "\"event_id\":\"");
    secops_text_append(text, id);
    secops_decision_write_text(text, "\",\"ingest_timestamp\":",
                               secops_slice_bytes(stamp,
                                                  SECOPS_EVENT_TIME_LEN));
    secops_decision_write_text(text, ",\"status\":",
                         secops_slice_of(secops_decision_status(decision)));
    secops_decision_write_text(text, ",\"result\":", label->id);
    secops_decision_write_text(text, ",\"result_label\":", label->name);
    secops_text_append_string(text, ",\"error_message\":\"\"");
    secops_decision_write_text(text, ",\"bucket_state\":",
                     secops_slice_of(secops_decision_bucket_state(decision)));
    secops_decision_write_text(text, ",\"knowledge_base_state\":",
            secops_slice_of(secops_decision_knowledge[decision->knowledge]));
    secops_decision_write_fraction(text, ",\"confidence_score\":",
                                   decision->score, 2);
    secops_decision_write_fraction(text, ",\"confidence_level\":",
                                   decision->score, 4);
    secops_text_append_string(text,
                              ",\"outlier\":false,\"is_duplicated\":false");
}


static void
secops_decision_write_text(secops_text_t *text, const char *before,
    secops_slice_t value)
{
    secops_text_append_string(text, before);
    secops_text_append_string(text, "\"");
    secops_text_append_escaped(text, value);
    secops_text_append_string(text, "\"");
}


/* value with so many digits after the point, those at the end left out that
   say nothing */

static void
secops_decision_write_fraction(secops_text_t *text, const char *before,
    unsigned value, int digits)
{
    int       len;
    char      number[32];
    unsigned  unit;

    unit = (digits == 2) ? 100 : 10000;

    len = snprintf(number, sizeof(number), "%u.%0*u", value / unit, digits,
                   value % unit);

    while (number[len - 1] == '0') {
        len--;
    }

    if (number[len - 1] == '.') {
        len--;
    }

    secops_text_append_string(text, before);
    secops_text_append(text, secops_slice_bytes((unsigned char *) number,
                                                (size_t) len));
}

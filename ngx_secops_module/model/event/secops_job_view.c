
/* Jobs as the clients of /api/v1 see them; see secops_job_view.h. */

#include <inttypes.h>
#include <stdio.h>

#include "model/event/secops_event.h"
#include "model/event/secops_job_view.h"
#include "model/resource/secops_resource_value.h"


static void secops_job_view_names(secops_text_t *text, const json_t *array,
    const char *member);
static void secops_job_view_text(secops_text_t *text, const char *name,
    const json_t *value, const char *otherwise);
static unsigned char *secops_job_view_number(unsigned char *dst,
    const char *name, uint64_t number);
static unsigned char *secops_job_view_time(unsigned char *dst,
    const char *name, uint64_t msec);
static unsigned char *secops_job_view_copy(unsigned char *dst,
    const char *text);


void
secops_job_counts_add(secops_job_counts_t *sum,
    const secops_job_counts_t *shard)
{
    sum->processed += shard->processed;
    sum->feedback += shard->feedback;

    if (shard->last_processed > sum->last_processed) {
        sum->last_processed = shard->last_processed;
    }

    if (shard->last_feedback > sum->last_feedback) {
        sum->last_feedback = shard->last_feedback;
    }
}


/* a job can be read, so it is valid; nothing is trained in the background whose
   state there could be to tell */

void
secops_job_view_write(secops_text_t *text, secops_slice_t id,
    const json_t *document)
{
    secops_text_append_string(text, "{\"job_id\":");
    secops_text_append(text, id);

    secops_job_view_text(text, ",\"title\":", json_object_get(document,
                                                              "title"), "\"\"");
    secops_job_view_text(text, ",\"category\":",
                         json_object_get(document, "category"), "\"\"");

    secops_text_append_string(text, ",\"data_type\":\"\"");

    secops_job_view_text(text, ",\"status\":",
                         json_object_get(document, "status"), "\"DISABLED\"");

    secops_text_append_string(text, ",\"labels\":");
    secops_job_view_labels(text, document);

    secops_text_append_string(text, ",\"features\":");
    secops_job_view_names(text, json_object_get(document, "decision_points"),
                          NULL);

    secops_text_append_string(text, ",\"retrain_state\":null"
                              ",\"retrain_msg\":null,\"invalid\":false");

    secops_job_view_text(text, ",\"last_train_start_timestamp\":",
                         json_object_get(document,
                                         "last_train_start_timestamp"),
                         "null");
    secops_job_view_text(text, ",\"last_train_finished_timestamp\":",
                         json_object_get(document,
                                         "last_train_finished_timestamp"),
                         "null");
}


unsigned char *
secops_job_view_counts(unsigned char *dst, const secops_job_counts_t *counts)
{
    dst = secops_job_view_number(dst, ",\"processed_documents_count\":",
                                 counts->processed);
    dst = secops_job_view_number(dst, ",\"feedback_documents_count\":",
                                 counts->feedback);
    dst = secops_job_view_time(dst, ",\"last_processed_timestamp\":",
                               counts->last_processed);
    dst = secops_job_view_time(dst, ",\"last_feedback_timestamp\":",
                               counts->last_feedback);
    *dst++ = '}';

    return dst;
}


void
secops_job_view_labels(secops_text_t *text, const json_t *document)
{
    const json_t  *settings;

    settings = json_object_get(document, "advanced_settings");

    secops_job_view_names(text, json_object_get(settings, "custom_labels"),
                          "name");
}


/* an array of texts, each of which is an element, or a member of one */

static void
secops_job_view_names(secops_text_t *text, const json_t *array,
    const char *member)
{
    size_t         i, n;
    const json_t  *value;

    n = 0;

    secops_text_append_string(text, "[");

    for (i = 0; i < json_array_size(array); i++) {

        value = json_array_get(array, i);

        if (member) {
            value = json_object_get(value, member);
        }

        if (json_is_string(value)) {
            secops_job_view_text(text, n++ ? "," : "", value, "");
        }
    }

    secops_text_append_string(text, "]");
}


static void
secops_job_view_text(secops_text_t *text, const char *name,
    const json_t *value, const char *otherwise)
{
    secops_text_append_string(text, name);

    if (!json_is_string(value)) {
        secops_text_append_string(text, otherwise);
        return;
    }

    secops_text_append_string(text, "\"");
    secops_text_append_escaped(text, secops_resource_text(value));
    secops_text_append_string(text, "\"");
}


static unsigned char *
secops_job_view_number(unsigned char *dst, const char *name, uint64_t number)
{
    char  digits[24];

    (void) snprintf(digits, sizeof(digits), "%" PRIu64, number);

    return secops_job_view_copy(secops_job_view_copy(dst, name), digits);
}


static unsigned char *
secops_job_view_time(unsigned char *dst, const char *name, uint64_t msec)
{
    dst = secops_job_view_copy(dst, name);

    if (msec == 0) {
        return secops_job_view_copy(dst, "null");
    }

    *dst++ = '"';
    secops_event_time(dst, msec);
    dst += SECOPS_EVENT_TIME_LEN;
    *dst++ = '"';

    return dst;
}


static unsigned char *
secops_job_view_copy(unsigned char *dst, const char *text)
{
    size_t  len;

    len = strlen(text);
    memcpy(dst, text, len);

    return dst + len;
}

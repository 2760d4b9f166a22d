
/* Whether a job runs, and when it was trained; see secops_job_state.h. */

#include <string.h>

#include "model/event/secops_event.h"
#include "model/event/secops_job_state.h"


#define SECOPS_JOB_ENABLED   "ENABLED"
#define SECOPS_JOB_DISABLED  "DISABLED"


static int secops_job_has_status(const json_t *document, const char *status);
static json_t *secops_job_time(uint64_t msec);


int
secops_job_start(json_t *document)
{
    if (secops_job_has_status(document, SECOPS_JOB_ENABLED)) {
        return 0;
    }

    return json_object_set_new(document, "status",
                               json_string(SECOPS_JOB_ENABLED))
           == 0 ? 1 : -1;
}


int
secops_job_stop(json_t *document, uint64_t now)
{
    if (secops_job_has_status(document, SECOPS_JOB_DISABLED)) {
        return 0;
    }

    if (json_object_set_new(document, "status",
                            json_string(SECOPS_JOB_DISABLED))
        != 0
        || json_object_set_new(document, "stopped_at",
                               json_integer((json_int_t) now))
           != 0)
    {
        return -1;
    }

    return 1;
}


/* a training is over at once: what it does is to let all feedback count that
   there is */

int
secops_job_train(json_t *document, uint64_t now, uint64_t feedback)
{
    json_int_t  generation;

    generation = json_integer_value(json_object_get(document, "generation"));

    if (json_object_set_new(document, "generation",
                            json_integer(generation + 1))
        != 0
        || json_object_set_new(document, "trained_feedback",
                               json_integer((json_int_t) feedback))
           != 0
        || json_object_set_new(document, "last_train_start_timestamp",
                               secops_job_time(now))
           != 0
        || json_object_set_new(document, "last_train_finished_timestamp",
                               secops_job_time(now))
           != 0)
    {
        return -1;
    }

    return 1;
}


static int
secops_job_has_status(const json_t *document, const char *status)
{
    const char  *present;

    present = json_string_value(json_object_get(document, "status"));

    return present && strcmp(present, status) == 0;
}


/* NULL: no memory */

static json_t *
secops_job_time(uint64_t msec)
{
    unsigned char  text[SECOPS_EVENT_TIME_LEN];

    secops_event_time(text, msec);

    return json_stringn((const char *) text, SECOPS_EVENT_TIME_LEN);
}

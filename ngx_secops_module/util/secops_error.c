
/* The error table of the APIs; see secops_error.h. */

#include "util/secops_error.h"


static const secops_error_t  secops_error_table[SECOPS_ERRORS] = {
    [SECOPS_ERROR_NONE] = { 200, secops_slice("") },
    [SECOPS_ERROR_UNAUTHENTICATED] =
        { 401, secops_slice("User is not authenticated") },
    [SECOPS_ERROR_ACCESS] = { 403, secops_slice("Insufficient access") },
    [SECOPS_ERROR_BODY] = { 400, secops_slice("Invalid post body") },
    [SECOPS_ERROR_NO_FIELDS] = { 400, secops_slice("No fields supplied") },
    [SECOPS_ERROR_MANDATORY] =
        { 400, secops_slice("Mandatory fields missing: ") },
    [SECOPS_ERROR_PERSIST] = { 500, secops_slice("Unable to persist record") },
    [SECOPS_ERROR_PERSIST_UNKNOWN] =
        { 500, secops_slice("Unable to persist record") },
    [SECOPS_ERROR_PERSIST_LATER] =
        { 503, secops_slice("Unable to persist record") },
    [SECOPS_ERROR_CHANGE_UNKNOWN] =
        { 500, secops_slice("Unable to persist record") },
    [SECOPS_ERROR_DELETE] = { 500, secops_slice("Unable to delete record") },
    [SECOPS_ERROR_DELETE_UNKNOWN] =
        { 500, secops_slice("Unable to delete record") },
    [SECOPS_ERROR_DELETE_LATER] =
        { 503, secops_slice("Unable to delete record") },
    [SECOPS_ERROR_PRECONDITION] = { 412, secops_slice("Precondition Failed") },
    [SECOPS_ERROR_ATOMIC] = { 400, secops_slice("Batch not stored") },
    [SECOPS_ERROR_READ] = { 500, secops_slice("Unable to read record") },
    [SECOPS_ERROR_READ_LATER] = { 503, secops_slice("Unable to read record") },
    [SECOPS_ERROR_NO_RECORD] = { 404, secops_slice("No Record found") },
    [SECOPS_ERROR_NO_TABLE] = { 400, secops_slice("Invalid table ") },
    [SECOPS_ERROR_NOT_FOUND] =
        { 404, secops_slice("Requested URI does not represent any resource") },
    [SECOPS_ERROR_QUERY] = { 400, secops_slice("Invalid query") },
    [SECOPS_ERROR_QUERY_BROAD] = { 400, secops_slice("Query too broad") },
    [SECOPS_ERROR_PAGE] = { 400, secops_slice("Page too large") },
    [SECOPS_ERROR_METHOD] = { 405, secops_slice("Method not supported") },
    [SECOPS_ERROR_TOO_LARGE] = { 413, secops_slice("Request body too large") },
    [SECOPS_ERROR_MEDIA_TYPE] = { 415, secops_slice("Unsupported media type") },
    [SECOPS_ERROR_RESOURCES] = { 400, secops_slice("Invalid request") },
    [SECOPS_ERROR_INVALID] = { 422, secops_slice("Invalid resources") },
    [SECOPS_ERROR_REFERENCE] = { 404, secops_slice("Unknown reference") },
    [SECOPS_ERROR_EXISTS] = { 409, secops_slice("Resource already exists") },
    [SECOPS_ERROR_REFERRED] = { 409, secops_slice("Resource is in use") },
    [SECOPS_ERROR_LIMIT] = { 409, secops_slice("Limit of resources reached") },
    [SECOPS_ERROR_NO_KEYS] = { 409, secops_slice("No keys for secrets") },
    [SECOPS_ERROR_NO_RESOURCE] = { 404, secops_slice("No resource found") },
    [SECOPS_ERROR_NO_JOB] = { 404, secops_slice("Job not found") },
    [SECOPS_ERROR_FEEDBACK] = { 422, secops_slice("Invalid feedback") },
    [SECOPS_ERROR_FEED] = { 500, secops_slice("Unable to save feedback") },
    [SECOPS_ERROR_FEED_UNKNOWN] =
        { 500, secops_slice("Unable to save feedback") },
    [SECOPS_ERROR_FEED_LATER] =
        { 503, secops_slice("Unable to save feedback") },
    [SECOPS_ERROR_SAVE] = { 500, secops_slice("Unable to save resources") },
    [SECOPS_ERROR_SAVE_UNKNOWN] =
        { 500, secops_slice("Unable to save resources") },
    [SECOPS_ERROR_SAVE_LATER] =
        { 503, secops_slice("Unable to save resources") },
    [SECOPS_ERROR_EVENT] = { 422, secops_slice("Invalid event") },
    [SECOPS_ERROR_NO_EVENT] = { 404, secops_slice("Event not found") },
    [SECOPS_ERROR_EVENT_STORE] =
        { 500, secops_slice("Unable to store event") },
    [SECOPS_ERROR_EVENT_UNKNOWN] =
        { 500, secops_slice("Unable to store event") },
    [SECOPS_ERROR_EVENT_LATER] =
        { 503, secops_slice("Unable to store event") },
    [SECOPS_ERROR_DECISION] = { 422, secops_slice("Invalid decision") },
    [SECOPS_ERROR_JOB_RESTS] = { 409, secops_slice("Job is not started") },
    [SECOPS_ERROR_REPLACED] = { 409, secops_slice("Event was replaced") },
    [SECOPS_ERROR_DECISION_STORE] =
        { 500, secops_slice("Unable to store decision") },
    [SECOPS_ERROR_DECISION_UNKNOWN] =
        { 500, secops_slice("Unable to store decision") },
    [SECOPS_ERROR_DECISION_LATER] =
        { 503, secops_slice("Unable to store decision") },
    [SECOPS_ERROR_LATER] = { 503, secops_slice("Service Unavailable") },
    [SECOPS_ERROR_UNKNOWN] = { 500, secops_slice("Unknown error") },
};


typedef struct {
    unsigned        status;
    secops_slice_t  message;
} secops_error_status_t;


static const secops_error_status_t  secops_error_statuses[] = {
    { 400, secops_slice("Bad Request") },
    { 401, secops_slice("User is not authenticated") },
    { 403, secops_slice("Insufficient access") },
    { 404, secops_slice("Requested URI does not represent any resource") },
    { 405, secops_slice("Method not supported") },
    { 408, secops_slice("Request Timeout") },
    { 411, secops_slice("Length Required") },
    { 412, secops_slice("Precondition Failed") },
    { 413, secops_slice("Request body too large") },
    { 414, secops_slice("URI Too Long") },
    { 415, secops_slice("Unsupported media type") },
    { 416, secops_slice("Range Not Satisfiable") },
    { 421, secops_slice("Misdirected Request") },
    { 429, secops_slice("Too Many Requests") },
    { 431, secops_slice("Request Header Fields Too Large") },
    { 502, secops_slice("Bad Gateway") },
    { 503, secops_slice("Service Unavailable") },
    { 504, secops_slice("Gateway Timeout") },
};


const secops_error_t *
secops_error(secops_error_e error)
{
    if ((unsigned) error >= SECOPS_ERRORS) {
        error = SECOPS_ERROR_UNKNOWN;
    }

    return &secops_error_table[error];
}


secops_slice_t
secops_error_status_message(unsigned status)
{
    size_t  i;

    for (i = 0;
         i < sizeof(secops_error_statuses) / sizeof(secops_error_status_t);
         i++)
    {
        if (secops_error_statuses[i].status == status) {
            return secops_error_statuses[i].message;
        }
    }

    return secops_error_table[SECOPS_ERROR_UNKNOWN].message;
}

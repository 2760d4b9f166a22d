
/* The batch of the Table API; see secops_batch.h. */

#include <stddef.h>
#include <stdio.h>

#include "model/batch/secops_batch.h"


/* what a member of a request may be */

typedef struct {
    secops_slice_t      name;
    secops_json_type_e  type;
    int                 required;
    size_t              offset;         /* of its token in the item */
} secops_batch_member_t;


typedef struct {
    unsigned        status;
    secops_slice_t  text;
} secops_batch_status_t;


static void secops_batch_check_request(const secops_json_t *json, uint32_t i,
    size_t n, secops_faults_t *faults);
static void secops_batch_check_headers(const secops_json_t *json, uint32_t i,
    size_t n, secops_faults_t *faults);
static int secops_batch_is_header(const secops_json_t *json, uint32_t i);
static uint32_t secops_batch_member(const secops_json_t *json, uint32_t i,
    secops_slice_t name);
static void secops_batch_fault(secops_faults_t *faults, secops_slice_t pointer,
    const char *message);
static int secops_batch_same_name(const secops_json_t *json, uint32_t i,
    secops_slice_t name);


/* bytes of "/rest_requests/4294967295/exclude_response_headers/4294967295" */

#define SECOPS_BATCH_POINTER  96


static const secops_slice_t  secops_batch_name_id =
                                             secops_slice("batch_request_id");
static const secops_slice_t  secops_batch_name_requests =
                                             secops_slice("rest_requests");
static const secops_slice_t  secops_batch_name_bare =
                                     secops_slice("exclude_response_headers");


static const secops_batch_member_t  secops_batch_members[] = {
    { secops_slice("id"), SECOPS_JSON_STRING, 1,
      offsetof(secops_batch_item_t, id) },

    { secops_slice("method"), SECOPS_JSON_STRING, 1,
      offsetof(secops_batch_item_t, method) },

    { secops_slice("url"), SECOPS_JSON_STRING, 1,
      offsetof(secops_batch_item_t, url) },

    { secops_slice("body"), SECOPS_JSON_STRING, 0,
      offsetof(secops_batch_item_t, body) },

    { secops_slice("headers"), SECOPS_JSON_ARRAY, 0,
      offsetof(secops_batch_item_t, headers) }
};

#define SECOPS_BATCH_MEMBERS                                                  \
    (sizeof(secops_batch_members) / sizeof(secops_batch_member_t))


static const secops_batch_status_t  secops_batch_statuses[] = {
    { 200, secops_slice("OK") },
    { 201, secops_slice("Created") },
    { 204, secops_slice("No Content") },
    { 207, secops_slice("Multi-Status") },
    { 400, secops_slice("Bad Request") },
    { 401, secops_slice("Unauthorized") },
    { 403, secops_slice("Forbidden") },
    { 404, secops_slice("Not Found") },
    { 405, secops_slice("Method Not Allowed") },
    { 409, secops_slice("Conflict") },
    { 412, secops_slice("Precondition Failed") },
    { 413, secops_slice("Content Too Large") },
    { 415, secops_slice("Unsupported Media Type") },
    { 422, secops_slice("Unprocessable Content") },
    { 428, secops_slice("Precondition Required") },
    { 500, secops_slice("Internal Server Error") },
    { 501, secops_slice("Not Implemented") },
    { 503, secops_slice("Service Unavailable") }
};


int
secops_batch_check(const secops_json_t *json, secops_faults_t *faults)
{
    size_t    n;
    uint32_t  id, list, i;

    static const secops_slice_t  whole = secops_slice("");
    static const secops_slice_t  at_id = secops_slice("/batch_request_id");
    static const secops_slice_t  at_list = secops_slice("/rest_requests");

    if (json->tokens[0].type != SECOPS_JSON_OBJECT) {
        secops_batch_fault(faults, whole, "must be an object");
        return -1;
    }

    id = secops_batch_member(json, 0, secops_batch_name_id);

    if (id
        && json->tokens[id].type != SECOPS_JSON_STRING
        && json->tokens[id].type != SECOPS_JSON_NUMBER)
    {
        secops_batch_fault(faults, at_id, "must be a string or a number");
    }

    list = secops_batch_member(json, 0, secops_batch_name_requests);

    if (list == 0 || json->tokens[list].type != SECOPS_JSON_ARRAY) {
        secops_batch_fault(faults, at_list, list ? "must be an array"
                                                 : "is required");
        return -1;
    }

    n = 0;

    for (i = list + 1;
         i < json->tokens[list].next && !secops_faults_full(faults);
         i = json->tokens[i].next)
    {
        secops_batch_check_request(json, i, n++, faults);
    }

    return faults->error == SECOPS_ERROR_NONE ? 0 : -1;
}


static void
secops_batch_check_request(const secops_json_t *json, uint32_t i, size_t n,
    secops_faults_t *faults)
{
    size_t                        k;
    char                          pointer[SECOPS_BATCH_POINTER];
    uint32_t                      value;
    const secops_batch_member_t  *member;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        (void) snprintf(pointer, sizeof(pointer), "/rest_requests/%zu", n);
        secops_batch_fault(faults, secops_slice_of(pointer),
                           "must be an object");
        return;
    }

    for (k = 0; k < SECOPS_BATCH_MEMBERS; k++) {

        member = &secops_batch_members[k];

        value = secops_batch_member(json, i, member->name);

        if (value ? json->tokens[value].type == member->type
                  : !member->required)
        {
            continue;
        }

        (void) snprintf(pointer, sizeof(pointer), "/rest_requests/%zu/%.*s",
                        n, (int) member->name.len,
                        (const char *) member->name.data);

        secops_batch_fault(faults, secops_slice_of(pointer),
                           value == 0 ? "is required"
                           : member->type == SECOPS_JSON_STRING
                             ? "must be a string" : "must be an array");
    }

    secops_batch_check_headers(json, i, n, faults);

    value = secops_batch_member(json, i, secops_batch_name_bare);

    if (value
        && json->tokens[value].type != SECOPS_JSON_TRUE
        && json->tokens[value].type != SECOPS_JSON_FALSE)
    {
        (void) snprintf(pointer, sizeof(pointer), "/rest_requests/%zu/%s", n,
                        "exclude_response_headers");
        secops_batch_fault(faults, secops_slice_of(pointer),
                           "must be true or false");
    }
}


static void
secops_batch_check_headers(const secops_json_t *json, uint32_t i, size_t n,
    secops_faults_t *faults)
{
    char                 pointer[SECOPS_BATCH_POINTER];
    size_t               k;
    uint32_t             h;
    secops_batch_item_t  item;

    secops_batch_item(&item, json, i);

    if (item.headers == 0
        || json->tokens[item.headers].type != SECOPS_JSON_ARRAY)
    {
        return;
    }

    k = 0;

    for (h = item.headers + 1;
         h < json->tokens[item.headers].next && !secops_faults_full(faults);
         h = json->tokens[h].next)
    {
        if (!secops_batch_is_header(json, h)) {
            (void) snprintf(pointer, sizeof(pointer),
                            "/rest_requests/%zu/headers/%zu", n, k);
            secops_batch_fault(faults, secops_slice_of(pointer),
                               "must be an object with the strings \"name\" "
                               "and \"value\"");
        }

        k++;
    }
}


static int
secops_batch_is_header(const secops_json_t *json, uint32_t i)
{
    uint32_t  name, value;

    static const secops_slice_t  at_name = secops_slice("name");
    static const secops_slice_t  at_value = secops_slice("value");

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    name = secops_batch_member(json, i, at_name);
    value = secops_batch_member(json, i, at_value);

    return name && json->tokens[name].type == SECOPS_JSON_STRING
           && value && json->tokens[value].type == SECOPS_JSON_STRING;
}


static void
secops_batch_fault(secops_faults_t *faults, secops_slice_t pointer,
    const char *message)
{
    secops_faults_tell(faults, SECOPS_ERROR_BODY, pointer,
                       secops_slice_of(message));
}


uint32_t
secops_batch_requests(const secops_json_t *json)
{
    return secops_batch_member(json, 0, secops_batch_name_requests);
}


void
secops_batch_item(secops_batch_item_t *item, const secops_json_t *json,
    uint32_t i)
{
    size_t                        k;
    uint32_t                      value, *token;
    const secops_batch_member_t  *member;

    for (k = 0; k < SECOPS_BATCH_MEMBERS; k++) {
        member = &secops_batch_members[k];

        token = (uint32_t *) ((char *) item + member->offset);

        *token = secops_batch_member(json, i, member->name);
    }

    value = secops_batch_member(json, i, secops_batch_name_bare);

    item->bare = value && json->tokens[value].type == SECOPS_JSON_TRUE;
}


uint32_t
secops_batch_header(const secops_json_t *json, const secops_batch_item_t *item,
    secops_slice_t name)
{
    uint32_t  h;

    static const secops_slice_t  at_name = secops_slice("name");
    static const secops_slice_t  at_value = secops_slice("value");

    if (item->headers == 0) {
        return 0;
    }

    for (h = item->headers + 1;
         h < json->tokens[item->headers].next;
         h = json->tokens[h].next)
    {
        if (secops_batch_same_name(json,
                                   secops_batch_member(json, h, at_name),
                                   name))
        {
            return secops_batch_member(json, h, at_value);
        }
    }

    return 0;
}


/* the name is in lower case; one with escapes is not decoded, and is another */

static int
secops_batch_same_name(const secops_json_t *json, uint32_t i,
    secops_slice_t name)
{
    size_t          k;
    unsigned char   c;
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    if (raw.len != name.len) {
        return 0;
    }

    for (k = 0; k < raw.len; k++) {

        c = raw.data[k];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
        }

        if (c != name.data[k]) {
            return 0;
        }
    }

    return 1;
}


secops_slice_t
secops_batch_id(const secops_json_t *json)
{
    uint32_t  i;

    static const secops_slice_t  none = secops_slice("");

    i = secops_batch_member(json, 0, secops_batch_name_id);

    return i ? secops_json_raw(json, i) : none;
}


/* null is as good as nothing */

static uint32_t
secops_batch_member(const secops_json_t *json, uint32_t i,
    secops_slice_t name)
{
    uint32_t  value;

    value = secops_json_member(json, i, name.data, name.len);

    return value && json->tokens[value].type != SECOPS_JSON_NULL ? value : 0;
}


secops_slice_t
secops_batch_status_text(unsigned status)
{
    size_t  i;

    static const secops_slice_t  none = secops_slice("");

    for (i = 0;
         i < sizeof(secops_batch_statuses) / sizeof(secops_batch_status_t);
         i++)
    {
        if (secops_batch_statuses[i].status == status) {
            return secops_batch_statuses[i].text;
        }
    }

    return none;
}

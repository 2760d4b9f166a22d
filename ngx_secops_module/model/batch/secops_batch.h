
/*
 * The batch of the Table API: one document that holds requests, and one that
 * holds their answers.
 *
 *     {"batch_request_id": "1" or 1,
 *      "rest_requests": [{"id": "…", "method": "GET", "url": "/api/now/…?…",
 *                         "headers": [{"name": "…", "value": "…"}],
 *                         "body": base64, "exclude_response_headers": false}]}
 *
 *     {"batch_request_id": "1",
 *      "serviced_requests": [{"id": "…", "status_code": 200, "status_text":
 *                             "OK", "headers": [{"name", "value"}], "body":
 *                             base64, "execution_time": 5}],
 *      "unserviced_requests": ["…"]}
 *
 * The source is the vendor's page on this API, and what its client libraries
 * send and read.  Members that are not named here are ignored.  Pure C.
 */

#ifndef _SECOPS_BATCH_H_INCLUDED_
#define _SECOPS_BATCH_H_INCLUDED_


#include "model/json/secops_json.h"
#include "util/secops_faults.h"


/* one request of a batch: tokens of the document; 0: it is not there */

typedef struct {
    uint32_t   id;
    uint32_t   method;
    uint32_t   url;
    uint32_t   body;
    uint32_t   headers;     /* of the array */
    int        bare;        /* its answer is to be without headers */
} secops_batch_item_t;


/* 0: it is a batch.  -1: it is none, see faults */

int secops_batch_check(const secops_json_t *json, secops_faults_t *faults);


/*
 * Of a document that was checked: the array of its requests; the request at
 * token i, the first of which is the one behind the array; and a header of that
 * request by its name, whose letter case does not matter: the token of its
 * value, or 0.
 */

uint32_t secops_batch_requests(const secops_json_t *json);
void secops_batch_item(secops_batch_item_t *item, const secops_json_t *json,
    uint32_t i);
uint32_t secops_batch_header(const secops_json_t *json,
    const secops_batch_item_t *item, secops_slice_t name);


/* batch_request_id as it stands in the answer, without its quotes: a number's
   digits, or a string's characters with their escapes; empty: none was given */

secops_slice_t secops_batch_id(const secops_json_t *json);


/* the name of a status, as RFC 9110 has it; empty: it is none of ours */

secops_slice_t secops_batch_status_text(unsigned status);


#endif /* _SECOPS_BATCH_H_INCLUDED_ */


/*
 * A record as it is stored: its document, read, and what the server has written
 * into it.  Pure C.
 */

#ifndef _SECOPS_RECORD_STORED_H_INCLUDED_
#define _SECOPS_RECORD_STORED_H_INCLUDED_


#include "model/json/secops_json.h"


typedef struct {
    secops_json_t    json;          /* of the document, which is borrowed; its
                                       tokens are owned */
    uint64_t         mod_count;     /* how often it was changed */
    secops_slice_t   head;          /* of the document: up to the end of its
                                       sys_mod_count, or all if it has none */
} secops_record_stored_t;


/*
 * Reads a document.  Whatever was stored once can be read: limits of today do
 * not count.  -1: it is no JSON object, or there is no memory; there is nothing
 * to free then.
 */

int secops_record_stored_read(secops_record_stored_t *stored,
    secops_slice_t document);
void secops_record_stored_free(secops_record_stored_t *stored);


/* the ETag of a record with that mod_count: quotes and all.  dst has room for
   SECOPS_RECORD_ETAG bytes; returns the byte after the last */

#define SECOPS_RECORD_ETAG  (2 + 20)

unsigned char *secops_record_etag(unsigned char *dst, uint64_t mod_count);


#endif /* _SECOPS_RECORD_STORED_H_INCLUDED_ */

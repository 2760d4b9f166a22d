
/*
 * What the files of records that are facts share:
 *
 *     ngx_http_secops_api_records_fact.c          their life
 *     ngx_http_secops_api_records_fact_change.c   of one that is there: its
 *                                                 change
 *     ngx_http_secops_api_records_fact_large.c    ... if that is large
 *     ngx_http_secops_api_records_fact_end.c      how a step ends
 */

#ifndef _NGX_HTTP_SECOPS_API_RECORDS_FACT_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_RECORDS_FACT_H_INCLUDED_


#include "api/records/ngx_http_secops_api_records.h"
#include "model/record/secops_record_change.h"
#include "store/ngx_secops_store_add.h"
#include "store/ngx_secops_store_change.h"


/* lists of a batch's facts by the first two digits of their digests */

#define NGX_HTTP_SECOPS_FACT_LISTS  256


/* one record; in the request's pool */

struct ngx_http_secops_records_fact_s {
    ngx_http_secops_records_t          *records;
    ngx_http_secops_records_entry_t    *entry;
    ngx_http_secops_records_fact_t     *next;   /* of the request's */
    ngx_http_secops_records_fact_t     *ready;  /* ... that can be started, or
                                                   tried again */
    ngx_http_secops_records_fact_t     *same;   /* of the list of its digest */
    ngx_http_secops_records_fact_t     *after;  /* that is the same fact, and is
                                                   started once this one has
                                                   ended */
    unsigned                            known:1;    /* digest has which fact it
                                                       is; 0: no other record
                                                       can be the same */
    ngx_uint_t                          tries;
    u_char                             *where;  /* in the body, with NUL */
    ngx_str_t                           fields; /* the client's members */
    u_char                              digest[SECOPS_KEYS_DIGEST_LEN];

    ngx_http_secops_call_t              add_link;
    ngx_secops_store_add_t              add;
    ngx_http_secops_call_t              change_link;
    ngx_secops_store_record_change_t    change;
    ngx_secops_store_audit_t            audit;  /* of the change */
    secops_record_change_t              merged;
};


/* a queue of facts, linked by ready */

typedef struct {
    ngx_http_secops_records_fact_t     *first;
    ngx_http_secops_records_fact_t     *last;
} ngx_http_secops_records_queue_t;


/* all of a request; in its pool, and cleaned up with it */

struct ngx_http_secops_records_facts_s {
    ngx_http_secops_records_fact_t     *first;
    ngx_http_secops_records_fact_t     *last;
    ngx_http_secops_records_queue_t     ready;
    ngx_http_secops_records_queue_t     again;  /* after a pause */
    ngx_uint_t                          running;
    secops_record_budget_t              budget; /* of all changes */

    /* those whose stored record is large, or that have to wait for lack of
       time: one after the other, once nothing else is under way */

    ngx_http_secops_records_queue_t     large;
    ngx_http_secops_records_fact_t     *current;    /* of these */
    size_t                              size;   /* of the documents that were
                                                   changed at this stretch */
    ngx_msec_t                          stretch;    /* when that began */
    ngx_str_t                           id;     /* of what is read */
    ngx_http_secops_call_t              read_link;
    ngx_secops_store_call_t             read;
    secops_text_t                       copy;   /* of the record, */
    secops_record_stored_t              stored; /* ... which is this */
    secops_json_t                       fields; /* of the current fact; its
                                                   tokens are owned */

    ngx_http_secops_records_fact_t     *lists[NGX_HTTP_SECOPS_FACT_LISTS];
};


/* ngx_http_secops_api_records_fact_change.c */

/* which fact the record at token i is.  NGX_DECLINED: no other one is the same;
   NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_records_fact_of(
    ngx_http_secops_records_fact_t *fact, const secops_json_t *json,
    uint32_t i, u_char *digest);

/*
 * The record that is there, as it was answered: its change is sent, or it was
 * refused, or the fact is to be tried again, or it is put among the large ones.
 * The same of one that was read, with the fact's fields.  NGX_DECLINED: nothing
 * was answered; else to be returned like any reply.
 */

ngx_int_t ngx_http_secops_records_fact_stored(
    ngx_http_secops_records_fact_t *fact, ngx_str_t *document);
ngx_int_t ngx_http_secops_records_fact_decide(
    ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored, const secops_json_t *fields);

/* it was changed.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_records_fact_updated(
    ngx_http_secops_records_fact_t *fact);


/*
 * ngx_http_secops_api_records_fact_large.c: the steps of a large one, each of
 * which is a stretch of the worker's time.  _read() asks for its record; the
 * others return NGX_OK: the next one may follow; NGX_DECLINED: this fact has
 * ended; NGX_ERROR: no memory.
 */

void ngx_http_secops_records_fact_read(ngx_http_secops_records_t *records);
ngx_int_t ngx_http_secops_records_fact_open(
    ngx_http_secops_records_t *records, ngx_str_t *document);
ngx_int_t ngx_http_secops_records_fact_parse(
    ngx_http_secops_records_t *records);

/* what the steps have made; no harm if there is nothing */

void ngx_http_secops_records_fact_close(
    ngx_http_secops_records_facts_t *facts);


/* ngx_http_secops_api_records_fact_end.c */

void ngx_http_secops_records_queue_push(
    ngx_http_secops_records_queue_t *queue,
    ngx_http_secops_records_fact_t *fact);

/* rc: what the store has returned for its command; it has failed then, or is
   under way */

void ngx_http_secops_records_fact_sent(ngx_http_secops_records_fact_t *fact,
    ngx_int_t rc);

/* others were first, or have taken it away */

void ngx_http_secops_records_fact_retry(ngx_http_secops_records_fact_t *fact);

void ngx_http_secops_records_fact_fail(ngx_http_secops_records_fact_t *fact,
    secops_error_e error, ngx_str_t *reason);

/* it is stored, or its entry has an error */

void ngx_http_secops_records_fact_end(ngx_http_secops_records_fact_t *fact);


#endif /* _NGX_HTTP_SECOPS_API_RECORDS_FACT_H_INCLUDED_ */

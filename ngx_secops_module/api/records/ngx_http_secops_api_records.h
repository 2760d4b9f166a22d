
/*
 * What a POST to the Record API carries while it waits for the store, between
 * the file that stores and the file that replies.
 */

#ifndef _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "model/record/secops_record.h"
#include "store/joint/ngx_secops_store_joint_record.h"


/* the standard wrapper of scripted REST APIs, around what is answered */

#define NGX_HTTP_SECOPS_RECORDS_HEAD       "{\"result\":"
#define NGX_HTTP_SECOPS_RECORDS_TAIL       "}"
#define NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD                                     \
    (sizeof(NGX_HTTP_SECOPS_RECORDS_HEAD) - 1)
#define NGX_HTTP_SECOPS_RECORDS_WRAP                                          \
    (NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD                                        \
     + sizeof(NGX_HTTP_SECOPS_RECORDS_TAIL) - 1)


typedef struct ngx_http_secops_records_s  ngx_http_secops_records_t;
typedef struct ngx_http_secops_records_fact_s  ngx_http_secops_records_fact_t;
typedef struct ngx_http_secops_records_facts_s  ngx_http_secops_records_facts_t;

/* answers for a single record, records->json, that was stored; the headers that
   every such answer has are there */

typedef ngx_int_t (*ngx_http_secops_records_answer_pt)(
    ngx_http_secops_records_t *records);


/* records that are stored by one call: those of one shard, all that an atomic
   batch has, or a single one, which the store may join to those of other
   requests */

typedef struct {
    ngx_http_secops_records_t          *records;
    secops_error_e                      error;  /* NONE: stored, once
                                                   answered */
    ngx_http_secops_call_t              link;
    ngx_secops_store_call_t             call;
    ngx_secops_store_group_t           *group;  /* NULL: it has joined */
} ngx_http_secops_records_group_t;


/* one record of the request */

typedef struct {
    ngx_http_secops_records_group_t    *group;  /* whose error it has; NULL: it
                                                   is in none */
    secops_error_e                      error;  /* of itself, then */
    ngx_str_t                           more;   /* of a batch's invalid record:
                                                   the end of its message, … */
    ngx_str_t                           detail; /* … and its faults */
    unsigned                            updated:1;  /* it has changed a record
                                                       that was there, which has
                                                       this id */
    ngx_secops_store_id_t               id;
    ngx_secops_store_subject_t          subject;
} ngx_http_secops_records_entry_t;


/*
 * In the request's pool.  A group is open, that is, not sent yet, only while
 * the body is read; what it has is not the pool's, so that it must be sent or
 * dropped then.  The calls are cancelled before the pool goes.
 */

struct ngx_http_secops_records_s {
    ngx_http_request_t                 *request;
    ngx_http_secops_ctx_t              *ctx;
    secops_table_t                     *table;
    secops_record_options_t             options;
    secops_record_budget_t              budget;
    secops_keyspace_t                   space;
    ngx_secops_store_audit_t            audit;
    uint64_t                            msec;   /* now, since the epoch */
    u_char                              created[SECOPS_TIME_LEN];  /* the same,
                                                                      as text */

    ngx_http_secops_records_answer_pt   answer; /* NULL: as the Record API
                                                   does */
    void                               *data;   /* the answer's own */
    unsigned                            single:1;   /* no batch is taken */
    unsigned                            change:1;   /* the body is a change: it
                                                       may have no members */
    unsigned                            batch:1;
    unsigned                            atomic:1;   /* a batch: all or none */
    unsigned                            unsound:1;  /* a batch of which some
                                                       records are no JSON to
                                                       be taken */
    size_t                              size;   /* of a batch: in bytes */

    ngx_http_secops_records_entry_t    *entries;
    ngx_uint_t                          nentries;
    ngx_uint_t                          refused;  /* of these, as they are */
    ngx_http_secops_records_group_t    *open[SECOPS_ID_SHARDS];
    ngx_http_secops_records_facts_t    *facts;  /* NULL: there is none, or the
                                                   table has no x-coalesce */

    ngx_str_t                           buffer; /* room for one record, and for
                                                   the wrapper around it */
    ngx_str_t                           json;   /* the single record, with such
                                                   room; it is in it, unless it
                                                   was changed */
    uint64_t                            mod_count;  /* of this record */
    ngx_str_t                           reason; /* of the last failure, for the
                                                   log */
    ngx_str_t                           failed; /* details for a batch: of
                                                   records that are not stored,
                                                   … */
    ngx_str_t                           unknown;    /* … and of those that may
                                                       be */
};


/*
 * All that return ngx_int_t: NGX_DECLINED, nothing was answered yet, calls may
 * be under way; else, to be returned like any reply.
 */

/*
 * ngx_http_secops_api_records.c: what a POST into this table begins with, as
 * its route's head; it becomes ctx->data.  The operation is then
 * ngx_http_secops_records_create().
 */

ngx_int_t ngx_http_secops_records_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_table_t *table);

/* reads the body, which is one document, and the parameters.  The tokens are
   to be freed, or kept, after NGX_DECLINED only */

ngx_int_t ngx_http_secops_records_read(ngx_http_secops_records_t *records,
    secops_json_t *json, secops_record_body_t *body);


/* ngx_http_secops_api_records_add.c: for n records of a body; then each of
   them.  where is the record's place in the body, with NUL */

ngx_int_t ngx_http_secops_records_expect(ngx_http_secops_records_t *records,
    ngx_uint_t n);
ngx_int_t ngx_http_secops_records_add(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, u_char *where);

/* of a batch: its record is not to be stored as it is */

void ngx_http_secops_records_refuse(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_error_e error);


/* ngx_http_secops_api_records_batch.c: the array at data, or the lines of the
   body */

ngx_int_t ngx_http_secops_records_array(ngx_http_secops_records_t *records,
    const secops_json_t *json, const secops_record_body_t *body);
ngx_int_t ngx_http_secops_records_lines(ngx_http_secops_records_t *records);


/* ngx_http_secops_api_records_group.c */

/* adds a record to its group, which is sent first if it is full, or to those of
   other requests; sends all groups that are open; drops these */

ngx_int_t ngx_http_secops_records_store(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *record);
ngx_int_t ngx_http_secops_records_send(ngx_http_secops_records_t *records);
void ngx_http_secops_records_drop(ngx_http_secops_records_t *records);


/*
 * ngx_http_secops_api_records_fact.c: records of a table with x-coalesce.  A
 * fact is made of each, before it has an id; digest is in *fact afterwards,
 * NULL if no other record can be the same.  Then it is added, as it would be
 * stored; then all of them are sent.
 */

ngx_int_t ngx_http_secops_records_fact_create(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, ngx_http_secops_records_fact_t **fact);
const u_char *ngx_http_secops_records_fact_digest(
    const ngx_http_secops_records_fact_t *fact);
ngx_int_t ngx_http_secops_records_fact_add(
    ngx_http_secops_records_fact_t *fact,
    const ngx_secops_store_record_t *record, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, const u_char *where);
void ngx_http_secops_records_fact_send(ngx_http_secops_records_t *records);


/* ngx_http_secops_api_records_reply.c */

/* once nothing is pending; never NGX_DECLINED */

ngx_int_t ngx_http_secops_records_reply(ngx_http_secops_records_t *records);


/* answers what is wrong with a single record, or with the parameters */

ngx_int_t ngx_http_secops_records_reject(ngx_http_secops_ctx_t *ctx,
    secops_record_faults_t *faults);

/* keeps the faults of a batch's record for the reply */

ngx_int_t ngx_http_secops_records_entry_faults(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_record_faults_t *faults);


#endif /* _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_ */


/*
 * The Table API, reading: what its files share.
 *
 *     …_tables.c            one record by its id
 *     …_tables_options.c    sysparm_*
 *     …_tables_list.c       a list: what is asked for, and how it is found
 *     …_tables_range.c      a page without a condition
 *     …_tables_merge.c      the same of several domains
 *     …_tables_step.c       whose turn it is to read
 *     …_tables_find.c       which of the records that are read meet the query
 *     …_tables_scan.c       the records of lists
 *     …_tables_documents.c  the records of ids
 *     …_tables_record.c     records on their way
 *     …_tables_page.c       the page's records as text
 *     …_tables_reply.c      the response and its headers
 *
 * A list without a condition, in the order of ids, is found by its ids:
 *
 *     ids of the page ──> their documents ──> text
 *
 * Any other one is found by reading all records that its plan names:
 *
 *     step ──> do they meet the query ──> step ──> … ──> ids of the page ──>
 *     their documents ──> text
 *
 * A step is a round of calls to the store.  The worker looks after others while
 * it is under way, and after each slice of what it has to do with the answers.
 *
 * Memory: the documents of one step, the ids of the page and of what stands
 * before it (secops_query_page.h), and the answer.  So of the lists that take
 * more than one step, no more than a few are made for one domain at a time.
 */

#ifndef _NGX_HTTP_SECOPS_API_TABLES_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_TABLES_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "http/share/ngx_http_secops_slice.h"
#include "http/ngx_http_secops_tables.h"
#include "http/share/ngx_http_secops_turn.h"
#include "model/query/secops_query_match.h"
#include "model/query/secops_query_page.h"
#include "model/query/secops_query_plan.h"
#include "model/query/secops_table_options.h"
#include "model/record/secops_record_view.h"
#include "store/list/ngx_secops_store_page.h"
#include "store/list/ngx_secops_store_scan.h"


/* what a step reads, in all of its calls together, and one record more for each
   of them */

#define NGX_HTTP_SECOPS_TABLES_RECORDS  500
#define NGX_HTTP_SECOPS_TABLES_BYTES    1000000

/* lists that are read at the same time, and calls of one step */

#define NGX_HTTP_SECOPS_TABLES_LISTS    32

/* bytes of a page as it is answered */

#define NGX_HTTP_SECOPS_TABLES_PAGE     (16 * 1024 * 1024)

/* tokens of a record that need no memory of their own */

#define NGX_HTTP_SECOPS_TABLES_TOKENS   512


typedef struct ngx_http_secops_tables_list_s  ngx_http_secops_tables_list_t;

typedef struct ngx_http_secops_tables_batch_s  ngx_http_secops_tables_batch_t;


/* a record that was read; without data it is not there */

typedef struct {
    u_char                                id[SECOPS_ID_LEN];
    u_char                                space;    /* index of the list's
                                                       spaces */
    ngx_str_t                             document;
} ngx_http_secops_tables_record_t;


/* those of one answer, in memory of their own, which begins with this: they and
   their bytes follow it */

struct ngx_http_secops_tables_batch_s {
    ngx_http_secops_tables_batch_t       *next;
    ngx_http_secops_tables_record_t      *records;
    ngx_uint_t                            n;
    ngx_uint_t                            taken;
};


/* zeroed: empty */

typedef struct {
    ngx_http_secops_tables_batch_t       *first;
    ngx_http_secops_tables_batch_t       *last;
} ngx_http_secops_tables_queue_t;


/* where records come from: lists, or ids */

typedef struct {

    /* the next one, valid until the next call.  NGX_OK; NGX_AGAIN: a step is to
       be made; NGX_DONE: there is no more */

    ngx_int_t                           (*next)(
                                    ngx_http_secops_tables_list_t *list,
                                    ngx_http_secops_tables_record_t **record);

    /* makes a step, after which list->goes_on is called.  Returns what the
       request is to be finalized with, or NGX_DONE */

    ngx_int_t                           (*step)(
                                    ngx_http_secops_tables_list_t *list);
} ngx_http_secops_tables_source_t;


/* one of the lists that are read at the same time */

typedef struct {
    ngx_http_secops_tables_list_t        *list;
    ngx_http_secops_call_t                link;
    ngx_secops_store_scan_t               scan;
    ngx_uint_t                            begun;    /* 1: it is not over */
    ngx_uint_t                            asked;    /* 1: its first step was */
    ngx_uint_t                            space;    /* index: whose it is */
    uint64_t                              reached;  /* time of the oldest record
                                                       that was read */
    u_char                                digest[SECOPS_KEYS_DIGEST_LEN];
} ngx_http_secops_tables_scan_t;


typedef struct {
    ngx_http_secops_tables_scan_t        *scans;    /* in the pool */
    ngx_uint_t                            nscans;
    ngx_uint_t                            begun;    /* of all lists; */
    ngx_uint_t                            nlists;   /* there are so many */
    ngx_uint_t                            next;     /* scan to go on with */
    ngx_uint_t                            read;     /* documents, so far */
    ngx_http_secops_tables_queue_t        queue;
} ngx_http_secops_tables_lists_t;


/* the ids of one shard of one domain whose documents are read */

typedef struct {
    ngx_http_secops_tables_list_t        *list;
    ngx_http_secops_call_t                link;
    ngx_uint_t                            space;    /* index: whose it is */
    ngx_secops_store_documents_read_t     read;
    u_char                               *ids;      /* in the pool */
    ngx_uint_t                            n;
    ngx_uint_t                            answered; /* of these */
    ngx_http_secops_tables_queue_t        queue;
} ngx_http_secops_tables_shard_t;


typedef struct {
    ngx_http_secops_tables_shard_t       *shards;   /* in the pool: of each
                                                       domain so many */
    ngx_uint_t                            nshards;
    const u_char                         *ids;      /* borrowed, in the order in
                                                       which they are taken */
    const u_char                         *origins;  /* of each id the domain:
                                                       an index of spaces */
    ngx_uint_t                            n;
    ngx_uint_t                            taken;
} ngx_http_secops_tables_ids_t;


/* of the store's pages of ids: the one that is asked for, and where the page
   before it begins */

typedef struct {
    ngx_http_secops_call_t                link;
    ngx_secops_store_page_t               page;
} ngx_http_secops_tables_ask_t;


/* pages of several domains, which are read one after the other, and become one;
   zeroed: none is under way */

typedef struct {
    ngx_http_secops_tables_ask_t          ask;
    ngx_pool_t                           *pool;     /* of the one under way; it
                                                       is destroyed with it */
    ngx_uint_t                            space;    /* index: whose that is */
    ngx_uint_t                            before;   /* 1: of what stands before
                                                       the cursor */
    ngx_uint_t                            room;     /* ids that are kept */
    u_char                               *ids;      /* in the pool, as */
    u_char                               *origins;  /* these; of the room */
    ngx_uint_t                            nids;
    u_char                               *spare_ids;  /* the same room, */
    u_char                               *spare_origins;  /* once more */
} ngx_http_secops_tables_merge_t;


/* in the request's pool; what it owns is freed with that */

struct ngx_http_secops_tables_list_s {
    ngx_http_secops_ctx_t                *ctx;
    ngx_http_request_t                   *request;
    secops_table_t                       *table;
    secops_keyspace_t                    *spaces;   /* of each domain that is
                                                       read */
    ngx_uint_t                            nspaces;

    secops_table_options_t                options;
    secops_encoded_query_t                query;
    secops_query_plan_t                   plan;

    const ngx_http_secops_tables_source_t  *source;
    ngx_http_secops_answer_pt             goes_on;  /* once a step or a pause is
                                                       over; result is NULL */
    ngx_msec_t                            began;

    ngx_http_secops_turn_t                turn;
    ngx_uint_t                            waits;    /* for it */
    ngx_uint_t                            steps;
    ngx_uint_t                            calls;    /* that a step may make */
    size_t                                bytes;    /* that the last one has
                                                       brought */

    ngx_http_secops_tables_lists_t        lists;
    ngx_http_secops_tables_ids_t          ids;
    ngx_http_secops_tables_ask_t          ask;
    ngx_http_secops_tables_ask_t          ask_before;
    ngx_http_secops_tables_merge_t        merge;

    /* the record at hand */

    ngx_http_secops_tables_record_t      *record;   /* NULL: none */
    secops_json_t                         json;     /* no tokens: not read */
    secops_json_token_t                   tokens[NGX_HTTP_SECOPS_TABLES_TOKENS];
    secops_query_match_t                  match;
    ngx_uint_t                            unreadable;   /* of all, so many */

    /* of those that meet the query: the page's ids, and where it stands among
       them all */

    secops_query_page_t                   page;
    const u_char                         *found;    /* one after the other */
    const u_char                         *origins;  /* of each an index of
                                                       spaces; NULL: all are of
                                                       the first */
    ngx_uint_t                            nfound;
    uint64_t                              total;
    const u_char                         *previous; /* behind which the page
                                                       before this one begins,
                                                       or NULL */
    ngx_uint_t                            more;     /* 1: there is a next one */

    secops_record_view_t                  view;
    secops_text_t                         text;
    size_t                                head;     /* of it, before the first
                                                       record */
    ngx_str_t                             body;
};


/* …_tables.c: there is no such record; an answer of the store was an error.
   Both are to be returned */

ngx_int_t ngx_http_secops_tables_none(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_failed(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_result_t *result);


/*
 * …_tables_options.c: what the query string asks for, and what of that the
 * view, which is zeroed, is to know.  Both refer to the request's pool.
 * NGX_DECLINED: they are read; anything else was answered, and is to be
 * returned.
 */

ngx_int_t ngx_http_secops_tables_options(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table, secops_table_options_t *options,
    secops_record_view_t *view);

/* refuses it; detail is static */

ngx_int_t ngx_http_secops_tables_invalid(ngx_http_secops_ctx_t *ctx,
    const char *detail);


/* …_tables_find.c: finds the page's ids by reading all records of the source,
   and goes on with the page */

ngx_int_t ngx_http_secops_tables_find(ngx_http_secops_tables_list_t *list);


/* …_tables_scan.c: the records of the plan's lists */

extern const ngx_http_secops_tables_source_t  ngx_http_secops_tables_lists;

ngx_int_t ngx_http_secops_tables_lists_begin(
    ngx_http_secops_tables_list_t *list);
void ngx_http_secops_tables_lists_free(ngx_http_secops_tables_list_t *list);

/* back to when all records of the lists were read; 0: that is not known */

uint64_t ngx_http_secops_tables_lists_reached(
    ngx_http_secops_tables_list_t *list);


/* …_tables_documents.c: the records of n ids, which are borrowed, in their
   order; origins, too, as the list has them */

extern const ngx_http_secops_tables_source_t  ngx_http_secops_tables_documents;

ngx_int_t ngx_http_secops_tables_documents_begin(
    ngx_http_secops_tables_list_t *list, const u_char *ids,
    const u_char *origins, ngx_uint_t n);
void ngx_http_secops_tables_documents_free(
    ngx_http_secops_tables_list_t *list);


/* …_tables_step.c: makes a step of the source.  Returns as that does, and takes
   turns with others */

ngx_int_t ngx_http_secops_tables_step(ngx_http_secops_tables_list_t *list);


/* …_tables_record.c: records on their way.  _keep takes a copy of an answer's:
   n ids of one domain, one after the other, and their documents.  _next: NULL,
   the queue is empty; the one that was taken before is gone */

ngx_int_t ngx_http_secops_tables_keep(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_queue_t *queue, ngx_uint_t space,
    const u_char *ids, ngx_str_t *documents, ngx_uint_t n);
ngx_http_secops_tables_record_t *ngx_http_secops_tables_next(
    ngx_http_secops_tables_queue_t *queue);
void ngx_http_secops_tables_queue_free(
    ngx_http_secops_tables_queue_t *queue);

/* reads list->record into list->json.  NGX_OK; NGX_DECLINED: it is no record;
   NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_tables_open(ngx_http_secops_tables_list_t *list);
void ngx_http_secops_tables_close(ngx_http_secops_tables_list_t *list);


/* …_tables_range.c: finds the page's ids without reading a record, and goes on
   with the page */

ngx_int_t ngx_http_secops_tables_range(ngx_http_secops_tables_list_t *list);


/* …_tables_merge.c: the same of several domains */

ngx_int_t ngx_http_secops_tables_merge(ngx_http_secops_tables_list_t *list);
void ngx_http_secops_tables_merge_free(ngx_http_secops_tables_list_t *list);


/* …_tables_page.c: the answer, of what was found */

ngx_int_t ngx_http_secops_tables_page(ngx_http_secops_tables_list_t *list);


/* …_tables_reply.c: list->text is the body */

ngx_int_t ngx_http_secops_tables_answer(ngx_http_secops_tables_list_t *list);


#endif /* _NGX_HTTP_SECOPS_API_TABLES_H_INCLUDED_ */

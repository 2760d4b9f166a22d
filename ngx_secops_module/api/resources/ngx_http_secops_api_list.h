
/*
 * Lists of resources: read in parts, and written one by one.
 *
 * There may be thousands, megabytes of them.  They are read in parts, one after
 * the other as fast as Redis gives them, so that it is likely that nobody
 * changes something meanwhile: then the list is begun again.  Then each is
 * turned into text, so that no more than one of them is there as a tree.  After
 * some milliseconds of that the worker looks after its other requests, and for
 * longer if these want more of it.
 *
 *     read a part ─> … ─> text of some ─> … ─> sorted, done
 *
 * Memory: the documents, which are freed as they become text, the text, and in
 * the end the answer.  So no more than a few lists of more than one part are
 * there for one domain at a time; others wait for their turn.
 */

#ifndef _NGX_HTTP_SECOPS_API_LIST_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_LIST_H_INCLUDED_


#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/share/ngx_http_secops_turn.h"
#include "util/secops_text.h"


typedef struct ngx_http_secops_part_s  ngx_http_secops_part_t;


/*
 * Appends one that was found to list->text; its title, in the request's pool,
 * says where it stands among those of its type.  NGX_DECLINED: it is not shown,
 * and nothing was appended; NGX_ERROR: no memory.
 */

typedef ngx_int_t (*ngx_http_secops_list_write_pt)(
    ngx_http_secops_list_t *list, ngx_secops_store_found_t *found,
    ngx_str_t *title);

/* once all are there, each once and in their order; returns as decide */

typedef ngx_int_t (*ngx_http_secops_list_done_pt)(
    ngx_http_secops_list_t *list);


/* of the text, until all of it is there; without text: it is not shown */

typedef struct {
    secops_resource_type_e             type;
    ngx_str_t                          id;
    ngx_str_t                          title;
    size_t                             offset;
    size_t                             len;
} ngx_http_secops_listed_t;


/* in the request's pool; the cleanup frees what is not there, and ends its
   turn */

struct ngx_http_secops_list_s {
    ngx_http_secops_turn_t             turn;
    ngx_uint_t                         waits;

    ngx_http_secops_resources_t       *op;
    ngx_http_secops_list_write_pt      write;
    ngx_http_secops_list_done_pt       done;
    ngx_uint_t                         whole;       /* 1: all of some types were
                                                       asked for: that all are
                                                       there is seen to.  Set by
                                                       the operation */

    ngx_http_secops_part_t            *parts;       /* the first, and */
    ngx_http_secops_part_t           **last;        /* where the next belongs */
    ngx_uint_t                         nfound;
    ngx_uint_t                         total;       /* that there must be */
    ngx_uint_t                         next;        /* of the first part */

    ngx_http_secops_listed_t          *listed;
    ngx_uint_t                         n;
    secops_text_t                      text;

    /* when the last slice ended, by the clock (0: this is the first) and by the
       worker's processor time; microseconds */

    int64_t                            ended;
    int64_t                            used;
};


/* the list of this operation, from now on op->list.  NULL: no memory */

ngx_http_secops_list_t *ngx_http_secops_list_create(
    ngx_http_secops_resources_t *op, ngx_http_secops_list_write_pt write,
    ngx_http_secops_list_done_pt done);


/* for decide, with each part of the reading that is listed; the rest follows by
   itself */

ngx_int_t ngx_http_secops_list_take(ngx_http_secops_list_t *list,
    ngx_secops_store_result_t *result);


#endif /* _NGX_HTTP_SECOPS_API_LIST_H_INCLUDED_ */

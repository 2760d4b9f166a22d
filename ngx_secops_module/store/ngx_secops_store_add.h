
/* A record of a table with x-coalesce is added, unless one is there that is the
   same fact. */

#ifndef _NGX_SECOPS_STORE_ADD_H_INCLUDED_
#define _NGX_SECOPS_STORE_ADD_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/ngx_secops_store_script.h"
#include "util/secops_id.h"


/*
 * The caller's, zeroed at first, and borrowed with all that it points to until
 * it is answered.  The handler's status: OK, it was added; CHANGED, it was not:
 * the result's value is the document of the record that is the same fact (empty
 * if it is large), and found its id; and what all calls may have.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    secops_slice_t                   table;
    const u_char                    *sys_id;    /* an id, SECOPS_ID_LEN */
    ngx_str_t                        document;  /* must not be empty */
    int64_t                          retention; /* seconds, or
                                                   SECOPS_TABLE_* */
    const u_char                    *subject;   /* digest of what it is about;
                                                   NULL: nothing */
    const u_char                    *fact;      /* digest of the fact that it
                                                   is; NULL: no other record is
                                                   the same */
    const ngx_secops_store_audit_t  *audit;
    ngx_uint_t                       ignore;    /* 1: found is an id of before,
                                                   and that record is another
                                                   fact */
    u_char                           found[SECOPS_ID_LEN];
} ngx_secops_store_add_t;


ngx_int_t ngx_secops_store_add_record(ngx_secops_store_t *store,
    ngx_secops_store_add_t *add, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_ADD_H_INCLUDED_ */

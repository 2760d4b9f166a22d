
/*
 * One record is changed or deleted, provided that it is still the one that was
 * read.  Whoever wants to change one reads it, decides, and asks for this; when
 * somebody else was first, again from the start.
 */

#ifndef _NGX_SECOPS_STORE_CHANGE_H_INCLUDED_
#define _NGX_SECOPS_STORE_CHANGE_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/ngx_secops_store_script.h"
#include "util/secops_id.h"


/*
 * The caller's, zeroed at first, and borrowed with all that it points to until
 * it is answered.  The handler's status: OK; CHANGED, it is another one by now;
 * NOT_FOUND, it is gone; and what all calls may have.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    secops_slice_t                   table;
    const u_char                    *sys_id;    /* an id, SECOPS_ID_LEN */
    ngx_str_t                        head;      /* of the document as it was
                                                   read: up to the end of its
                                                   sys_mod_count, or all */
    size_t                           len;       /* ... its bytes */
    ngx_str_t                        document;  /* of a change: what it becomes;
                                                   must not be empty */
    const u_char                    *digest;    /* of a delete: of what the
                                                   record is about; NULL: it is
                                                   about nothing */
    const u_char                    *fact;      /* of a delete: of the fact that
                                                   it is; NULL: of none */
    const ngx_secops_store_audit_t  *audit;
} ngx_secops_store_record_change_t;


/* the time at which it expires stays the same */

ngx_int_t ngx_secops_store_change_record(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space);

/* it leaves both lists, too, unless it lies very deep in one of them: readers
   of lists pass over entries whose record is gone */

ngx_int_t ngx_secops_store_delete_record(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_CHANGE_H_INCLUDED_ */

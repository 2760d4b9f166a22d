
/*
 * What is about all domains: which there are, and how far a rotation of the
 * keys of their secrets has come.
 */

#ifndef _NGX_SECOPS_STORE_DOMAINS_H_INCLUDED_
#define _NGX_SECOPS_STORE_DOMAINS_H_INCLUDED_


#include "store/ngx_secops_store.h"
#include "store/secops_reply.h"


/* a walk through the keys of one server; to be zeroed before the first step */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_t             *store;
    size_t                          cursor_len;
    u_char                          cursor[SECOPS_REPLY_KEYS_CURSOR];
} ngx_secops_store_domains_t;


/*
 * The next step on the server with this number, see _shares(): OK, documents
 * are what stands for domains in their keys, of those that have resources; none
 * is no error.  more: the same call goes on.  A domain that is there all the
 * time is told once or more often, unless Redis has restarted, or has handed
 * keys to another server.  It is not repeated when a link is lost: then its
 * outcome is UNKNOWN.
 */

ngx_int_t ngx_secops_store_find_domains(ngx_secops_store_t *store,
    ngx_secops_store_domains_t *domains, ngx_uint_t share);


/* notes for so many seconds how far a rotation has come: text, which is
   borrowed until the call has started; and what is noted, as value.
   NOT_FOUND: nothing is */

ngx_int_t ngx_secops_store_note_rotation(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const ngx_str_t *text, ngx_uint_t seconds);
ngx_int_t ngx_secops_store_read_rotation(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_DOMAINS_H_INCLUDED_ */


/* A call that runs a script of secops_scripts.h. */

#ifndef _NGX_SECOPS_STORE_SCRIPT_H_INCLUDED_
#define _NGX_SECOPS_STORE_SCRIPT_H_INCLUDED_


#include "store/ngx_secops_store.h"


typedef struct ngx_secops_store_script_s  ngx_secops_store_script_t;


/* a call that runs a script, and what to run it with; for the store's own use
   but for the call */

typedef struct ngx_secops_store_eval_s  ngx_secops_store_eval_t;

struct ngx_secops_store_eval_s {
    ngx_secops_store_call_t                  call;  /* must be the first */
    ngx_secops_store_t                      *store;
    const secops_keyspace_t                 *space;
    ngx_secops_store_script_t               *script;
    ngx_uint_t                               nkeys;
    ngx_uint_t                               nargs;
    size_t                                   bytes;  /* of the arguments, about;
                                                        0: they are few */
    ngx_uint_t                               text;  /* 1: sent in full */
    ngx_uint_t                               unsure;  /* 1: it may have been
                                                         executed before */
};


#endif /* _NGX_SECOPS_STORE_SCRIPT_H_INCLUDED_ */

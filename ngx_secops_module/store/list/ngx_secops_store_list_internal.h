
/* What the files of store/list share. */

#ifndef _NGX_SECOPS_STORE_LIST_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_LIST_INTERNAL_H_INCLUDED_


#include "store/list/ngx_secops_store_list.h"
#include "store/list/secops_reply_ids.h"
#include "store/ngx_secops_store_internal.h"


ngx_uint_t ngx_secops_store_list_shard(const ngx_secops_store_list_t *list);


/* KEYS of a script that reads a list: the list, and what the keys of its
   records begin with */

void ngx_secops_store_list_keys(const ngx_secops_store_list_t *list,
    const secops_keyspace_t *space, ngx_secops_redis_cmd_t *cmd);


/* the documents of a reply, min to max of them.  NGX_ERROR: this is no such
   reply, or there is no memory */

ngx_int_t ngx_secops_store_list_documents(const secops_redis_value_t *value,
    size_t min, size_t max, ngx_secops_store_result_t *result);


#endif /* _NGX_SECOPS_STORE_LIST_INTERNAL_H_INCLUDED_ */


/*
 * What a worker remembers by a digest, up to a number of entries: the one that
 * was not used for the longest time makes room for a new one.
 *
 * An entry is malloc'ed by the caller, with ngx_secops_lru_entry_t as its first
 * member, and freed here when it leaves.
 */

#ifndef _NGX_SECOPS_LRU_H_INCLUDED_
#define _NGX_SECOPS_LRU_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_SECOPS_LRU_DIGEST_MAX  64


typedef struct {
    ngx_str_node_t        node;         /* its str: digest */
    ngx_queue_t           queue;
    u_char                digest[NGX_SECOPS_LRU_DIGEST_MAX];
} ngx_secops_lru_entry_t;


typedef struct {
    ngx_rbtree_t          rbtree;
    ngx_rbtree_node_t     sentinel;
    ngx_queue_t           queue;        /* last used first */
    ngx_uint_t            used;
    ngx_uint_t            size;
    size_t                digest_len;   /* bytes */
} ngx_secops_lru_t;


/* empty, with room for size entries, at least one */

void ngx_secops_lru_init(ngx_secops_lru_t *lru, ngx_uint_t size,
    size_t digest_len);


/* NULL: there is none of this digest.  The entry is valid until the next call
   that adds or removes one */

void *ngx_secops_lru_find(ngx_secops_lru_t *lru, const u_char *digest);


/* the entry was used just now */

void ngx_secops_lru_use(ngx_secops_lru_t *lru, ngx_secops_lru_entry_t *entry);


/* takes over an entry; there must be none of this digest */

void ngx_secops_lru_add(ngx_secops_lru_t *lru, ngx_secops_lru_entry_t *entry,
    const u_char *digest);


/* frees the entry; all entries */

void ngx_secops_lru_remove(ngx_secops_lru_t *lru,
    ngx_secops_lru_entry_t *entry);
void ngx_secops_lru_clear(ngx_secops_lru_t *lru);


#endif /* _NGX_SECOPS_LRU_H_INCLUDED_ */

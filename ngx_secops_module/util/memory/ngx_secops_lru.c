
/* Entries by digest, of a bounded number; see ngx_secops_lru.h. */

#include "util/memory/ngx_secops_lru.h"


static uint32_t ngx_secops_lru_hash(const u_char *digest);


void
ngx_secops_lru_init(ngx_secops_lru_t *lru, ngx_uint_t size, size_t digest_len)
{
    ngx_rbtree_init(&lru->rbtree, &lru->sentinel, ngx_str_rbtree_insert_value);
    ngx_queue_init(&lru->queue);

    lru->used = 0;
    lru->size = size;
    lru->digest_len = digest_len;
}


/* nobody learns a digest by the time this takes, still less what it is of */

void *
ngx_secops_lru_find(ngx_secops_lru_t *lru, const u_char *digest)
{
    ngx_str_t  value;

    value.len = lru->digest_len;
    value.data = (u_char *) digest;

    return ngx_str_rbtree_lookup(&lru->rbtree, &value,
                                 ngx_secops_lru_hash(digest));
}


void
ngx_secops_lru_use(ngx_secops_lru_t *lru, ngx_secops_lru_entry_t *entry)
{
    ngx_queue_remove(&entry->queue);
    ngx_queue_insert_head(&lru->queue, &entry->queue);
}


void
ngx_secops_lru_add(ngx_secops_lru_t *lru, ngx_secops_lru_entry_t *entry,
    const u_char *digest)
{
    ngx_queue_t  *q;

    if (lru->used == lru->size) {
        q = ngx_queue_last(&lru->queue);
        ngx_secops_lru_remove(lru,
                          ngx_queue_data(q, ngx_secops_lru_entry_t, queue));
    }

    ngx_memcpy(entry->digest, digest, lru->digest_len);

    entry->node.str.len = lru->digest_len;
    entry->node.str.data = entry->digest;
    entry->node.node.key = ngx_secops_lru_hash(digest);

    ngx_rbtree_insert(&lru->rbtree, &entry->node.node);
    ngx_queue_insert_head(&lru->queue, &entry->queue);

    lru->used++;
}


void
ngx_secops_lru_remove(ngx_secops_lru_t *lru, ngx_secops_lru_entry_t *entry)
{
    ngx_rbtree_delete(&lru->rbtree, &entry->node.node);
    ngx_queue_remove(&entry->queue);
    ngx_free(entry);

    lru->used--;
}


void
ngx_secops_lru_clear(ngx_secops_lru_t *lru)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&lru->queue)) {
        q = ngx_queue_head(&lru->queue);
        ngx_secops_lru_remove(lru,
                          ngx_queue_data(q, ngx_secops_lru_entry_t, queue));
    }
}


/* a digest is as good a hash as any */

static uint32_t
ngx_secops_lru_hash(const u_char *digest)
{
    uint32_t  hash;

    ngx_memcpy(&hash, digest, sizeof(uint32_t));

    return hash;
}

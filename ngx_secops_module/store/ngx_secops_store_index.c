
/*
 * What is kept beside a domain's resources, their bytes and who refers to
 * whom, made of resources that somebody stored who did not keep it: those of
 * versions before this one.  All documents are read, a part at a time, and
 * what is in them is sent, a part at a time.
 *
 *     find ──> step ──> find ──> … ──> the last step, with the bytes
 *               ^ └─ more of them
 *
 * While it goes on, others may do the same: all add the same.  Whoever changes
 * resources makes it end, with CHANGED.
 */

#include "store/ngx_secops_store_index.h"
#include "store/ngx_secops_store_internal.h"
#include "model/json/secops_json_tree.h"


/* references that are sent at once */

#define NGX_SECOPS_STORE_INDEX_STEP  500


/* a resource that was read for the index; in its pool */

typedef struct {
    secops_resource_type_e          type;
    ngx_str_t                       id;
    size_t                          bytes;
} ngx_secops_store_seen_t;


static ngx_int_t ngx_secops_store_index_begin(ngx_secops_store_index_t *index);
static void ngx_secops_store_index_found(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_index_take(ngx_secops_store_index_t *index,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_index_see(ngx_secops_store_index_t *index,
    ngx_secops_store_found_t *found);
static ngx_int_t ngx_secops_store_index_refs(ngx_secops_store_index_t *index,
    ngx_secops_store_seen_t *seen, ngx_str_t *document);
static ngx_int_t ngx_secops_store_index_step(ngx_secops_store_index_t *index);
static void ngx_secops_store_index_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_index_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static void ngx_secops_store_index_sent(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static void ngx_secops_store_index_sum(ngx_secops_store_index_t *index);
static int ngx_libc_cdecl ngx_secops_store_index_compare(const void *one,
    const void *two);
static void ngx_secops_store_index_end(ngx_secops_store_index_t *index,
    ngx_secops_store_result_t *result, ngx_int_t rc);


static ngx_secops_store_script_t  ngx_secops_store_index_script = {
    &secops_script_index, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_resource_keys, ngx_secops_store_index_args,
    ngx_secops_store_index_read,
    0, ""
};


ngx_int_t
ngx_secops_store_index_resources(ngx_secops_store_t *store,
    ngx_secops_store_index_t *index, const secops_keyspace_t *space,
    ngx_pool_t *pool)
{
    index->pool = pool;
    index->begun = 0;
    index->more = 1;
    index->bytes = -1;
    index->time = 0;
    index->sent = 0;

    index->step.store = store;
    index->step.space = space;

    if (ngx_array_init(&index->seen, pool, 64, sizeof(ngx_secops_store_seen_t))
        != NGX_OK
        || ngx_array_init(&index->refs, pool, 64, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_secops_store_index_begin(index);
}


static ngx_int_t
ngx_secops_store_index_begin(ngx_secops_store_index_t *index)
{
    ngx_uint_t  i;

    ngx_memzero(index->lookups, sizeof(index->lookups));

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        index->lookups[i].type = i;
    }

    index->find.lookups = index->lookups;
    index->find.nlookups = SECOPS_RESOURCE_TYPES;
    index->find.eval.call.handler = ngx_secops_store_index_found;
    index->find.eval.call.data = index;
    index->step.call.handler = ngx_secops_store_index_sent;
    index->step.call.data = index;

    return ngx_secops_store_find_resources(index->step.store, &index->find,
                                           index->step.space);
}


static void
ngx_secops_store_index_found(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_int_t                  rc;
    ngx_secops_store_index_t  *index;

    index = call->data;
    index->time += result->time;

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_secops_store_index_end(index, result, NGX_OK);
        return;
    }

    rc = ngx_secops_store_index_take(index, result);

    if (rc == NGX_DECLINED) {
        result->status = NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the resources");
        ngx_secops_store_index_end(index, result, NGX_OK);
        return;
    }

    if (rc == NGX_OK) {
        rc = ngx_secops_store_index_step(index);
    }

    if (rc != NGX_OK) {
        ngx_secops_store_index_end(index, result, rc);
    }
}


/* NGX_DECLINED: it is another revision than before */

static ngx_int_t
ngx_secops_store_index_take(ngx_secops_store_index_t *index,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t  i;

    if (index->seen.nelts == 0 && !index->begun) {
        index->total = result->total;
        index->revision.len = result->revision.len;
        index->revision.data = ngx_pstrdup(index->pool, &result->revision);

        if (index->revision.data == NULL) {
            return NGX_ERROR;
        }

    } else if (index->total != result->total
               || index->revision.len != result->revision.len
               || ngx_memcmp(index->revision.data, result->revision.data,
                             result->revision.len)
                  != 0)
    {
        return NGX_DECLINED;
    }

    for (i = 0; i < result->nfound; i++) {
        if (ngx_secops_store_index_see(index, &result->found[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    index->more = result->more;

    if (index->more) {
        return NGX_OK;
    }

    ngx_secops_store_index_sum(index);

    return index->seen.nelts == index->total ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_secops_store_index_see(ngx_secops_store_index_t *index,
    ngx_secops_store_found_t *found)
{
    ngx_secops_store_seen_t  *seen;

    seen = ngx_array_push(&index->seen);
    if (seen == NULL) {
        return NGX_ERROR;
    }

    seen->type = index->lookups[found->lookup].type;
    seen->bytes = found->document.len;
    seen->id.len = ngx_min(found->id.len, SECOPS_RESOURCE_ID_MAX);
    seen->id.data = ngx_pnalloc(index->pool, seen->id.len + 1);

    if (seen->id.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(seen->id.data, found->id.data, seen->id.len);

    /* api keys refer to nobody */

    if (seen->type == SECOPS_RESOURCE_API_KEY) {
        return NGX_OK;
    }

    return ngx_secops_store_index_refs(index, seen, &found->document);
}


static ngx_int_t
ngx_secops_store_index_refs(ngx_secops_store_index_t *index,
    ngx_secops_store_seen_t *seen, ngx_str_t *document)
{
    u_char                     *p, text[NGX_SECOPS_STORE_REFERENCE];
    json_t                     *json;
    ngx_int_t                   rc;
    ngx_str_t                  *ref;
    ngx_uint_t                  i;
    const char                 *reason;
    secops_resource_targets_t   targets;

    ngx_memzero(&targets, sizeof(secops_resource_targets_t));

    json = secops_json_tree_of(ngx_secops_slice(document), &reason);

    /* one that is no document may refer to anybody; of one that there was no
       memory for, nothing is said */

    if (json == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    rc = secops_resource_targets(&targets, json) == 0 ? NGX_OK : NGX_ERROR;

    json_decref(json);

    for (i = 0; i < targets.n && rc == NGX_OK; i++) {

        p = ngx_secops_store_reference(text, &targets.list[i], seen->type);
        p = ngx_cpymem(p, seen->id.data, seen->id.len);

        ref = ngx_array_push(&index->refs);

        if (ref == NULL) {
            rc = NGX_ERROR;
            break;
        }

        ref->len = p - text;
        ref->data = ngx_pnalloc(index->pool, ref->len);

        if (ref->data == NULL) {
            rc = NGX_ERROR;
            break;
        }

        ngx_memcpy(ref->data, text, ref->len);
    }

    secops_resource_targets_free(&targets);

    return rc;
}


/* the first one also when there is nothing to be sent: it takes away what is
   void */

static ngx_int_t
ngx_secops_store_index_step(ngx_secops_store_index_t *index)
{
    ngx_uint_t  n;

    n = ngx_min(index->refs.nelts - index->sent, NGX_SECOPS_STORE_INDEX_STEP);

    if (n == 0 && index->begun && index->more) {
        index->refs.nelts = 0;
        index->sent = 0;

        return ngx_secops_store_find_more(&index->find);
    }

    index->step.script = &ngx_secops_store_index_script;
    index->step.nkeys = NGX_SECOPS_STORE_KEYS;
    index->step.nargs = 4 + n;

    return ngx_secops_store_eval(&index->step);
}


static void
ngx_secops_store_index_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_str_t                 *refs;
    ngx_uint_t                 i, n;
    ngx_secops_store_index_t  *index;

    index = eval->call.data;

    refs = index->refs.elts;
    n = eval->nargs - 4;

    ngx_secops_redis_cmd_arg(cmd, index->revision.data, index->revision.len);
    ngx_secops_store_number(cmd, index->total);
    ngx_secops_store_number(cmd, !index->begun);

    if (!index->more && index->sent + n == index->refs.nelts) {
        ngx_secops_store_number(cmd, index->bytes);

    } else {
        ngx_secops_store_literal(cmd, "");
    }

    for (i = index->sent; i < index->sent + n; i++) {
        ngx_secops_redis_cmd_arg(cmd, refs[i].data, refs[i].len);
    }
}


static ngx_int_t
ngx_secops_store_index_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    if (value[0].type != SECOPS_REDIS_INTEGER) {
        return NGX_ERROR;
    }

    if (value[0].integer != 1) {
        result->status = NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the resources");
    }

    return NGX_OK;
}


static void
ngx_secops_store_index_sent(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_int_t                  rc;
    ngx_secops_store_index_t  *index;

    index = call->data;
    index->time += result->time;

    rc = NGX_OK;

    if (result->status == NGX_SECOPS_STORE_OK) {

        index->begun = 1;
        index->sent += index->step.nargs - 4;

        if (index->more || index->sent < index->refs.nelts) {

            rc = ngx_secops_store_index_step(index);

            if (rc == NGX_OK) {
                return;
            }
        }
    }

    ngx_secops_store_index_end(index, result, rc);
}


/* a document may have been told more than once */

static void
ngx_secops_store_index_sum(ngx_secops_store_index_t *index)
{
    ngx_uint_t                i, n;
    ngx_secops_store_seen_t  *seen;

    seen = index->seen.elts;
    index->bytes = 0;

    if (index->seen.nelts == 0) {
        return;
    }

    ngx_qsort(seen, index->seen.nelts, sizeof(ngx_secops_store_seen_t),
              ngx_secops_store_index_compare);

    for (i = 0, n = 0; i < index->seen.nelts; i++) {

        if (i == 0
            || ngx_secops_store_index_compare(&seen[i], &seen[n - 1]) != 0)
        {
            seen[n++] = seen[i];
            index->bytes += seen[i].bytes;
        }
    }

    index->seen.nelts = n;
}


static int ngx_libc_cdecl
ngx_secops_store_index_compare(const void *one, const void *two)
{
    const ngx_secops_store_seen_t  *first = one;
    const ngx_secops_store_seen_t  *second = two;

    if (first->type != second->type) {
        return (int) first->type - (int) second->type;
    }

    return (int) ngx_memn2cmp(first->id.data, second->id.data, first->id.len,
                              second->id.len);
}


/* rc: NGX_OK, the result says how it ended; else a call that did not begin */

static void
ngx_secops_store_index_end(ngx_secops_store_index_t *index,
    ngx_secops_store_result_t *result, ngx_int_t rc)
{
    static ngx_str_t  no_memory = ngx_string("no memory");

    if (rc != NGX_OK) {
        result->status = NGX_SECOPS_STORE_UNAVAILABLE;
        result->reason = (rc == NGX_BUSY)
                         ? *ngx_secops_store_busy(index->step.store)
                         : no_memory;
    }

    result->time = index->time;

    index->call.handler(&index->call, result);
}

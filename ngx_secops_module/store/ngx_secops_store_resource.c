
/*
 * Resources: read together with the revision they are of, changed only if that
 * is still the same.  Whoever wants to change something reads, decides, and
 * commits; when somebody else was first, again from the start.
 */

#include "store/ngx_secops_store_internal.h"


/* what one script may read, before others have Redis again: documents in bytes,
   and steps */

#define NGX_SECOPS_STORE_PAGE_BYTES  "262144"
#define NGX_SECOPS_STORE_PAGE_STEPS  "200"

/* members or fields that one command writes */

#define NGX_SECOPS_STORE_BATCH       100
#define ngx_secops_store_batches(n)                                           \
    (((n) + NGX_SECOPS_STORE_BATCH - 1) / NGX_SECOPS_STORE_BATCH)


static ngx_int_t ngx_secops_store_find(ngx_secops_store_find_t *find);
static void ngx_secops_store_find_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_find_refs(ngx_secops_store_lookup_t *lookup,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_find_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_find_copy(
    const secops_redis_value_t *values, ngx_uint_t n,
    ngx_secops_store_result_t *result);

static ngx_uint_t ngx_secops_store_commit_argc(
    ngx_secops_store_commit_t *commit);
static void ngx_secops_store_commit_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_sizes(ngx_secops_store_commit_t *commit,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_entry(
    const ngx_secops_store_commit_t *commit,
    const ngx_secops_store_change_t *change, ngx_secops_store_audit_t *audit);
static void ngx_secops_store_commit_audit(ngx_secops_store_commit_t *commit,
    ngx_secops_store_change_t *change, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_remove(ngx_secops_store_change_t *change,
    ngx_secops_redis_cmd_t *cmd);
static ngx_uint_t ngx_secops_store_commit_nset(
    ngx_secops_store_commit_t *commit, ngx_uint_t type);
static void ngx_secops_store_commit_set(ngx_secops_store_commit_t *commit,
    ngx_uint_t type, ngx_uint_t titles, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_refs(ngx_secops_store_commit_t *commit,
    ngx_uint_t add, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_ref(ngx_secops_store_change_t *change,
    const secops_resource_target_t *target, ngx_uint_t add,
    ngx_secops_redis_cmd_t *cmd);
static ngx_uint_t ngx_secops_store_commit_nrefs(
    ngx_secops_store_commit_t *commit, ngx_uint_t add);
static ngx_int_t ngx_secops_store_commit_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_touch_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_touch_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_hdel(ngx_secops_redis_cmd_t *cmd, ngx_uint_t key,
    secops_slice_t field);


static ngx_secops_store_script_t  ngx_secops_store_find_script = {
    &secops_script_find, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_resource_keys, ngx_secops_store_find_args,
    ngx_secops_store_find_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_commit_script = {
    &secops_script_commit, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_resource_keys, ngx_secops_store_commit_args,
    ngx_secops_store_commit_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_touch_script = {
    &secops_script_touch, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_resource_keys, ngx_secops_store_touch_args,
    ngx_secops_store_touch_read,
    0, ""
};


void
ngx_secops_store_resource_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t      i;
    secops_key_t    key;
    secops_slice_t  type;

    secops_keys_revision(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, SECOPS_KEYS_RESOURCES);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_next_id(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_commits(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_size(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_refs(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {

        type = secops_resource_type_name(i);

        secops_keys_resources(&key, eval->space, type);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);

        secops_keys_titles(&key, eval->space, type);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);

        secops_keys_used(&key, eval->space, type);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }
}


ngx_int_t
ngx_secops_store_find_resources(ngx_secops_store_t *store,
    ngx_secops_store_find_t *find, const secops_keyspace_t *space)
{
    find->eval.store = store;
    find->eval.space = space;
    find->rest_len = 0;

    return ngx_secops_store_find(find);
}


ngx_int_t
ngx_secops_store_find_more(ngx_secops_store_find_t *find)
{
    return ngx_secops_store_find(find);
}


static ngx_int_t
ngx_secops_store_find(ngx_secops_store_find_t *find)
{
    ngx_secops_store_eval_t  *eval;

    eval = &find->eval;

    eval->script = &ngx_secops_store_find_script;
    eval->nkeys = NGX_SECOPS_STORE_KEYS;
    eval->nargs = 3 + 3 * find->nlookups;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_find_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i;
    ngx_secops_store_find_t    *find;
    ngx_secops_store_lookup_t  *lookup;

    static const secops_slice_t  by[] = {
        secops_slice("all"), secops_slice("id"), secops_slice("title"),
        secops_slice("refs")
    };

    find = (ngx_secops_store_find_t *) eval;

    ngx_secops_redis_cmd_arg(cmd, find->rest, find->rest_len);
    ngx_secops_store_literal(cmd, NGX_SECOPS_STORE_PAGE_BYTES);
    ngx_secops_store_literal(cmd, NGX_SECOPS_STORE_PAGE_STEPS);

    for (i = 0; i < find->nlookups; i++) {
        lookup = &find->lookups[i];

        ngx_secops_store_number(cmd, lookup->type);
        ngx_secops_store_slice(cmd, by[lookup->by]);

        if (lookup->by == NGX_SECOPS_STORE_BY_REFS) {
            ngx_secops_store_find_refs(lookup, cmd);

        } else {
            ngx_secops_store_slice(cmd, lookup->what);
        }
    }
}


/* what the members begin with that say so */

static void
ngx_secops_store_find_refs(ngx_secops_store_lookup_t *lookup,
    ngx_secops_redis_cmd_t *cmd)
{
    u_char                    *p, text[NGX_SECOPS_STORE_REFERENCE];
    secops_resource_target_t   target;

    ngx_memzero(&target, sizeof(secops_resource_target_t));

    target.type = (u_char) lookup->target;

    if (target.type != SECOPS_RESOURCE_ANYBODY) {
        target.len = (u_char) ngx_min(lookup->what.len, SECOPS_RESOURCE_ID_MAX);
        ngx_memcpy(target.id, lookup->what.data, target.len);
    }

    p = ngx_secops_store_reference(text, &target, lookup->type);

    ngx_secops_redis_cmd_arg(cmd, text, p - text);
}


u_char *
ngx_secops_store_reference(u_char *p, const secops_resource_target_t *target,
    secops_resource_type_e type)
{
    if (target->type == SECOPS_RESOURCE_ANYBODY) {
        return ngx_sprintf(p, "?:%d:", (int) type);
    }

    p = ngx_sprintf(p, "%d:", (int) target->type);
    p = ngx_cpymem(p, target->id, target->len);

    return ngx_sprintf(p, ":%d:", (int) type);
}


static ngx_int_t
ngx_secops_store_find_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    secops_reply_find_t       reply;
    ngx_secops_store_find_t  *find;

    find = (ngx_secops_store_find_t *) eval;

    if (secops_reply_find(&reply, value, value[0].next, find->nlookups) != 0) {
        return NGX_ERROR;
    }

    result->revision = ngx_secops_str(reply.revision);
    result->next_id = ngx_secops_str(reply.next_id);
    result->bytes = (off_t) reply.bytes;
    result->total = (ngx_uint_t) reply.total;
    result->listed = (ngx_uint_t) reply.listed;
    result->more = reply.rest.len != 0;

    find->rest_len = reply.rest.len;
    ngx_memcpy(find->rest, reply.rest.data, reply.rest.len);

    return ngx_secops_store_find_copy(value, reply.nfound, result);
}


static ngx_int_t
ngx_secops_store_find_copy(const secops_redis_value_t *values, ngx_uint_t n,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                 i;
    secops_reply_found_t       reply;
    ngx_secops_store_found_t  *found;

    if (n == 0) {
        return NGX_OK;
    }

    found = ngx_alloc(n * sizeof(ngx_secops_store_found_t), ngx_cycle->log);
    if (found == NULL) {
        return NGX_ERROR;
    }

    result->found = found;
    result->nfound = n;

    for (i = 0; i < n; i++, found++) {
        secops_reply_found(&reply, values, i);

        found->lookup = reply.lookup;
        found->id = ngx_secops_str(reply.id);
        found->document = ngx_secops_str(reply.document);
        found->last_used = ngx_secops_str(reply.last_used);
    }

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_commit_resources(ngx_secops_store_t *store,
    ngx_secops_store_commit_t *commit, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &commit->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_commit_script;
    eval->nkeys = NGX_SECOPS_STORE_KEYS;
    eval->nargs = ngx_secops_store_commit_argc(commit);

    return ngx_secops_store_eval(eval);
}


/* after the sizes there are commands: each has its name, its key, how many
   follow, and then these */

static ngx_uint_t
ngx_secops_store_commit_argc(ngx_secops_store_commit_t *commit)
{
    ngx_str_t                  *maxlen;
    ngx_uint_t                  i, n, refs, add;
    ngx_secops_store_audit_t    audit;
    ngx_secops_store_change_t  *change;

    maxlen = &commit->eval.store->audit_maxlen;

    n = 7 + 3 * commit->nchanges;

    for (i = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];

        ngx_secops_store_commit_entry(commit, change, &audit);

        n += 3 + ngx_secops_store_audit_argc(maxlen, &audit)
             + (change->document.len ? 2 * 2 : 3 * (3 + 1));

        if (change->document.len && change->old_title.len) {
            n += 3 + 1;
        }
    }

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        n += 2 * 3 * ngx_secops_store_batches(
                                    ngx_secops_store_commit_nset(commit, i));
    }

    for (add = 0; add < 2; add++) {
        refs = ngx_secops_store_commit_nrefs(commit, add);

        n += (add ? 2 * refs : refs) + 3 * ngx_secops_store_batches(refs);
    }

    return n;
}


/* what goes, goes first: its title may be one that comes */

static void
ngx_secops_store_commit_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i;
    ngx_secops_store_commit_t  *commit;

    commit = (ngx_secops_store_commit_t *) eval;

    ngx_secops_redis_cmd_arg(cmd, commit->revision.data, commit->revision.len);
    ngx_secops_redis_cmd_arg(cmd, commit->token, SECOPS_ID_LEN);
    ngx_secops_redis_cmd_arg(cmd, commit->next_id.data, commit->next_id.len);

    ngx_secops_store_commit_sizes(commit, cmd);

    for (i = 0; i < commit->nchanges; i++) {
        ngx_secops_store_commit_audit(commit, &commit->changes[i], cmd);
    }

    for (i = 0; i < commit->nchanges; i++) {
        ngx_secops_store_commit_remove(&commit->changes[i], cmd);
    }

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        ngx_secops_store_commit_set(commit, i, 0, cmd);
        ngx_secops_store_commit_set(commit, i, 1, cmd);
    }

    ngx_secops_store_commit_refs(commit, 0, cmd);
    ngx_secops_store_commit_refs(commit, 1, cmd);
}


static void
ngx_secops_store_commit_sizes(ngx_secops_store_commit_t *commit,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i;
    ngx_secops_store_change_t  *change;

    ngx_secops_store_number(cmd, commit->limits.count);
    ngx_secops_store_number(cmd, commit->limits.bytes);
    ngx_secops_store_number(cmd, commit->limits.document);
    ngx_secops_store_number(cmd, commit->nchanges);

    for (i = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];

        ngx_secops_store_number(cmd, ngx_secops_store_documents(change->type));
        ngx_secops_store_slice(cmd, change->id);
        ngx_secops_store_number(cmd, change->document.len);
    }
}


static void
ngx_secops_store_commit_entry(const ngx_secops_store_commit_t *commit,
    const ngx_secops_store_change_t *change, ngx_secops_store_audit_t *audit)
{
    *audit = *commit->audit;

    audit->operation = change->operation;
    audit->members = change->members;
}


static void
ngx_secops_store_commit_audit(ngx_secops_store_commit_t *commit,
    ngx_secops_store_change_t *change, ngx_secops_redis_cmd_t *cmd)
{
    ngx_str_t                 *maxlen;
    ngx_secops_store_audit_t   audit;

    maxlen = &commit->eval.store->audit_maxlen;

    ngx_secops_store_commit_entry(commit, change, &audit);

    ngx_secops_store_literal(cmd, "XADD");
    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_AUDIT_KEY);
    ngx_secops_store_number(cmd, ngx_secops_store_audit_argc(maxlen, &audit));
    ngx_secops_store_audit_args(cmd, maxlen, &audit,
                                secops_resource_type_name(change->type),
                                change->id);
}


static void
ngx_secops_store_commit_remove(ngx_secops_store_change_t *change,
    ngx_secops_redis_cmd_t *cmd)
{
    if (change->document.len) {

        if (change->old_title.len) {
            ngx_secops_store_hdel(cmd, ngx_secops_store_titles(change->type),
                                  change->old_title);
        }

        return;
    }

    ngx_secops_store_hdel(cmd, ngx_secops_store_documents(change->type),
                          change->id);
    ngx_secops_store_hdel(cmd, ngx_secops_store_titles(change->type),
                          change->title);
    ngx_secops_store_hdel(cmd, ngx_secops_store_used(change->type),
                          change->id);
}


/* documents of a type that are written */

static ngx_uint_t
ngx_secops_store_commit_nset(ngx_secops_store_commit_t *commit,
    ngx_uint_t type)
{
    ngx_uint_t  i, n;

    for (i = 0, n = 0; i < commit->nchanges; i++) {
        n += commit->changes[i].document.len
             && (ngx_uint_t) commit->changes[i].type == type;
    }

    return n;
}


/* many in one command: calls are what a script spends its time with */

static void
ngx_secops_store_commit_set(ngx_secops_store_commit_t *commit,
    ngx_uint_t type, ngx_uint_t titles, ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i, n, left;
    ngx_secops_store_change_t  *change;

    left = ngx_secops_store_commit_nset(commit, type);
    n = 0;

    for (i = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];

        if (change->document.len == 0 || (ngx_uint_t) change->type != type) {
            continue;
        }

        if (n == 0) {
            n = ngx_min(left, NGX_SECOPS_STORE_BATCH);
            left -= n;

            ngx_secops_store_literal(cmd, "HSET");
            ngx_secops_store_number(cmd, titles
                                         ? ngx_secops_store_titles(type)
                                         : ngx_secops_store_documents(type));
            ngx_secops_store_number(cmd, 2 * n);
        }

        n--;

        if (titles) {
            ngx_secops_store_slice(cmd, change->title);
            ngx_secops_store_slice(cmd, change->id);

        } else {
            ngx_secops_store_slice(cmd, change->id);
            ngx_secops_redis_cmd_arg(cmd, change->document.data,
                                     change->document.len);
        }
    }
}


static void
ngx_secops_store_commit_refs(ngx_secops_store_commit_t *commit, ngx_uint_t add,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i, k, n, left;
    ngx_secops_store_refs_t    *refs;
    ngx_secops_store_change_t  *change;

    left = ngx_secops_store_commit_nrefs(commit, add);
    n = 0;

    for (i = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];
        refs = add ? &change->added : &change->removed;

        for (k = 0; k < refs->n; k++) {

            if (n == 0) {
                n = ngx_min(left, NGX_SECOPS_STORE_BATCH);
                left -= n;

                if (add) {
                    ngx_secops_store_literal(cmd, "ZADD");

                } else {
                    ngx_secops_store_literal(cmd, "ZREM");
                }

                ngx_secops_store_number(cmd, NGX_SECOPS_STORE_REFS_KEY);
                ngx_secops_store_number(cmd, add ? 2 * n : n);
            }

            n--;

            ngx_secops_store_commit_ref(change, &refs->list[k], add, cmd);
        }
    }
}


static void
ngx_secops_store_commit_ref(ngx_secops_store_change_t *change,
    const secops_resource_target_t *target, ngx_uint_t add,
    ngx_secops_redis_cmd_t *cmd)
{
    u_char  *p, text[NGX_SECOPS_STORE_REFERENCE];

    p = ngx_secops_store_reference(text, target, change->type);
    p = ngx_cpymem(p, change->id.data,
                   ngx_min(change->id.len, SECOPS_RESOURCE_ID_MAX));

    if (add) {
        ngx_secops_store_literal(cmd, "0");
    }

    ngx_secops_redis_cmd_arg(cmd, text, p - text);
}


static ngx_uint_t
ngx_secops_store_commit_nrefs(ngx_secops_store_commit_t *commit,
    ngx_uint_t add)
{
    ngx_uint_t                  i, n;
    ngx_secops_store_change_t  *change;

    for (i = 0, n = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];
        n += add ? change->added.n : change->removed.n;
    }

    return n;
}


static ngx_int_t
ngx_secops_store_commit_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    switch (secops_reply_commit(value)) {

    case SECOPS_REPLY_COMMITTED:
        break;

    case SECOPS_REPLY_CHANGED:
        result->status = NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the resources");
        break;

    case SECOPS_REPLY_LOST:

        /* the first time it is sent, it surely was not there before */

        result->status = eval->unsure ? NGX_SECOPS_STORE_UNKNOWN
                                      : NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason,
                    "others have changed the resources too often");
        break;

    case SECOPS_REPLY_TOO_MANY:
        result->status = NGX_SECOPS_STORE_TOO_MANY;
        ngx_str_set(&result->reason, "too many resources");
        break;

    case SECOPS_REPLY_TOO_LARGE:
        result->status = NGX_SECOPS_STORE_TOO_LARGE;
        ngx_str_set(&result->reason, "too many bytes of resources");
        break;

    case SECOPS_REPLY_DOCUMENT:
        result->status = NGX_SECOPS_STORE_DOCUMENT;
        ngx_str_set(&result->reason, "a resource is too large");
        break;

    default:
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_touch_resource(ngx_secops_store_t *store,
    ngx_secops_store_touch_t *touch, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &touch->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_touch_script;
    eval->nkeys = NGX_SECOPS_STORE_KEYS;
    eval->nargs = 3;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_touch_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_touch_t  *touch;

    touch = (ngx_secops_store_touch_t *) eval;

    ngx_secops_store_number(cmd, touch->type);
    ngx_secops_redis_cmd_arg(cmd, touch->id.data, touch->id.len);
    ngx_secops_redis_cmd_arg(cmd, touch->time, SECOPS_TIME_LEN);
}


static ngx_int_t
ngx_secops_store_touch_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    return (value[0].type == SECOPS_REDIS_INTEGER) ? NGX_OK : NGX_ERROR;
}


static void
ngx_secops_store_hdel(ngx_secops_redis_cmd_t *cmd, ngx_uint_t key,
    secops_slice_t field)
{
    ngx_secops_store_literal(cmd, "HDEL");
    ngx_secops_store_number(cmd, key);
    ngx_secops_store_literal(cmd, "1");
    ngx_secops_store_slice(cmd, field);
}

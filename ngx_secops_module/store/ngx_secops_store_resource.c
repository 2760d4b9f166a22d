
/*
 * Resources: read together with the revision they are of, changed only if that
 * is still the same.  Whoever wants to change something reads, decides, and
 * commits; when somebody else was first, again from the start.
 */

#include "store/ngx_secops_store_internal.h"
#include "store/secops_scripts.h"


/* of a type, of all types, and as KEYS[] of a script: see secops_scripts.h */

#define NGX_SECOPS_STORE_TYPE_KEYS  3
#define NGX_SECOPS_STORE_KEYS                                                 \
    (4 + NGX_SECOPS_STORE_TYPE_KEYS * SECOPS_RESOURCE_TYPES)

#define NGX_SECOPS_STORE_AUDIT_KEY       2
#define ngx_secops_store_documents(type)  (5 + NGX_SECOPS_STORE_TYPE_KEYS      \
                                           * (ngx_uint_t) (type))
#define ngx_secops_store_titles(type)     (ngx_secops_store_documents(type) + 1)
#define ngx_secops_store_used(type)       (ngx_secops_store_documents(type) + 2)

/* the reply to a reading: revision, next id, then for each resource that was
   found lookup, id, document, last use */

#define NGX_SECOPS_STORE_FOUND_HEAD    2

#define NGX_SECOPS_STORE_FOUND_VALUES  4


/* a script at work: what is special about it */

struct ngx_secops_store_script_s {
    const secops_script_t   *script;
    ngx_uint_t               flags;
    void                   (*args)(ngx_secops_store_eval_t *eval,
                                   ngx_secops_redis_cmd_t *cmd);

    /* of a reply that is no error; NGX_ERROR: it is not what the script says */

    ngx_int_t              (*read)(ngx_secops_store_eval_t *eval,
                                   ngx_secops_redis_value_t *value,
                                   ngx_secops_store_result_t *result);
};


static ngx_int_t ngx_secops_store_eval(ngx_secops_store_eval_t *eval);
static void ngx_secops_store_eval_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_evaluated(void *data,
    ngx_secops_redis_result_t *reply);

static void ngx_secops_store_find_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_find_read(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_commit_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_audit(ngx_secops_store_commit_t *commit,
    ngx_secops_store_change_t *change, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_remove(ngx_secops_store_change_t *change,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_commit_set(ngx_secops_store_change_t *change,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_commit_read(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_touch_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_touch_read(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_hdel(ngx_secops_redis_cmd_t *cmd, ngx_uint_t key,
    secops_slice_t field);
static void ngx_secops_store_hset(ngx_secops_redis_cmd_t *cmd, ngx_uint_t key,
    secops_slice_t field, secops_slice_t value);
static void ngx_secops_store_number(ngx_secops_redis_cmd_t *cmd,
    ngx_uint_t n);
static void ngx_secops_store_slice(ngx_secops_redis_cmd_t *cmd,
    secops_slice_t text);


static const struct ngx_secops_store_script_s  ngx_secops_store_find = {
    &secops_script_find, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_find_args, ngx_secops_store_find_read
};

static const struct ngx_secops_store_script_s  ngx_secops_store_commit = {
    &secops_script_commit, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_commit_args, ngx_secops_store_commit_read
};

static const struct ngx_secops_store_script_s  ngx_secops_store_touch = {
    &secops_script_touch, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_touch_args, ngx_secops_store_touch_read
};


ngx_int_t
ngx_secops_store_find_resources(ngx_secops_store_t *store,
    ngx_secops_store_find_t *find, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &find->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_find;
    eval->nargs = 3 * find->nlookups;
    eval->text = 0;
    eval->unsure = 0;

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
        secops_slice("text"), secops_slice("id"), secops_slice("title")
    };

    find = (ngx_secops_store_find_t *) eval;

    for (i = 0; i < find->nlookups; i++) {
        lookup = &find->lookups[i];

        ngx_secops_store_number(cmd, lookup->type);
        ngx_secops_store_slice(cmd, by[lookup->by]);
        ngx_secops_store_slice(cmd, lookup->what);
    }
}


static ngx_int_t
ngx_secops_store_find_read(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    ngx_uint_t                 i, n;
    ngx_secops_store_find_t   *find;
    ngx_secops_store_found_t  *found;

    find = (ngx_secops_store_find_t *) eval;

    if (value[0].type != NGX_SECOPS_REDIS_ARRAY
        || value[0].elements % NGX_SECOPS_STORE_FOUND_VALUES
           != NGX_SECOPS_STORE_FOUND_HEAD
        || value[0].next != value[0].elements + 1
        || value[1].type != NGX_SECOPS_REDIS_STRING
        || value[2].type != NGX_SECOPS_REDIS_STRING)
    {
        return NGX_ERROR;
    }

    result->revision = value[1].str;
    result->next_id = value[2].str;

    n = value[0].elements / NGX_SECOPS_STORE_FOUND_VALUES;

    if (n == 0) {
        return NGX_OK;
    }

    result->found = ngx_alloc(n * sizeof(ngx_secops_store_found_t),
                              ngx_cycle->log);
    if (result->found == NULL) {
        return NGX_ERROR;
    }

    value += 1 + NGX_SECOPS_STORE_FOUND_HEAD;

    for (i = 0; i < n; i++) {

        /* the number becomes an index, here and above */

        if (value[0].type != NGX_SECOPS_REDIS_INTEGER
            || value[0].integer < 0
            || value[0].integer >= (int64_t) find->nlookups
            || value[1].type != NGX_SECOPS_REDIS_STRING
            || value[2].type != NGX_SECOPS_REDIS_STRING
            || value[3].type != NGX_SECOPS_REDIS_STRING)
        {
            return NGX_ERROR;
        }

        found = &result->found[i];

        found->lookup = (ngx_uint_t) value[0].integer;
        found->id = value[1].str;
        found->document = value[2].str;
        found->last_used = value[3].str;

        value += NGX_SECOPS_STORE_FOUND_VALUES;
    }

    result->nfound = n;

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_commit_resources(ngx_secops_store_t *store,
    ngx_secops_store_commit_t *commit, const secops_keyspace_t *space)
{
    ngx_uint_t                  i, audit;
    ngx_secops_store_eval_t    *eval;
    ngx_secops_store_change_t  *change;

    eval = &commit->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_commit;
    eval->text = 0;
    eval->unsure = 0;

    /* each command: its name, its key, how many follow; then the arguments */

    audit = 3 + ngx_secops_store_audit_argc(&store->audit_maxlen);

    eval->nargs = 3;

    for (i = 0; i < commit->nchanges; i++) {
        change = &commit->changes[i];

        eval->nargs += audit + (change->document.len
                                ? 2 * (3 + 2) : 3 * (3 + 1));

        if (change->document.len && change->old_title.len) {
            eval->nargs += 3 + 1;
        }
    }

    return ngx_secops_store_eval(eval);
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

    for (i = 0; i < commit->nchanges; i++) {
        ngx_secops_store_commit_audit(commit, &commit->changes[i], cmd);
    }

    for (i = 0; i < commit->nchanges; i++) {
        ngx_secops_store_commit_remove(&commit->changes[i], cmd);
    }

    for (i = 0; i < commit->nchanges; i++) {
        ngx_secops_store_commit_set(&commit->changes[i], cmd);
    }
}


static void
ngx_secops_store_commit_audit(ngx_secops_store_commit_t *commit,
    ngx_secops_store_change_t *change, ngx_secops_redis_cmd_t *cmd)
{
    ngx_str_t                 *maxlen;
    ngx_secops_store_audit_t   audit;

    maxlen = &commit->eval.store->audit_maxlen;

    audit = *commit->audit;
    audit.operation = change->operation;

    ngx_secops_store_literal(cmd, "XADD");
    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_AUDIT_KEY);
    ngx_secops_store_number(cmd, ngx_secops_store_audit_argc(maxlen));
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


static void
ngx_secops_store_commit_set(ngx_secops_store_change_t *change,
    ngx_secops_redis_cmd_t *cmd)
{
    secops_slice_t  document;

    if (change->document.len == 0) {
        return;
    }

    document.len = change->document.len;
    document.data = change->document.data;

    ngx_secops_store_hset(cmd, ngx_secops_store_documents(change->type),
                          change->id, document);
    ngx_secops_store_hset(cmd, ngx_secops_store_titles(change->type),
                          change->title, change->id);
}


static ngx_int_t
ngx_secops_store_commit_read(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    if (value[0].type != NGX_SECOPS_REDIS_INTEGER) {
        return NGX_ERROR;
    }

    switch (value[0].integer) {

    case 1:
        return NGX_OK;

    case 0:
        result->status = NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the resources");
        return NGX_OK;

    case -1:

        /* the first time it is sent, it surely was not there before */

        result->status = eval->unsure ? NGX_SECOPS_STORE_UNKNOWN
                                      : NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason,
                    "others have changed the resources too often");
        return NGX_OK;

    default:
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_secops_store_touch_resource(ngx_secops_store_t *store,
    ngx_secops_store_touch_t *touch, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &touch->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_touch;
    eval->nargs = 3;
    eval->text = 0;
    eval->unsure = 0;

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
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    return (value[0].type == NGX_SECOPS_REDIS_INTEGER) ? NGX_OK : NGX_ERROR;
}


/* sends the script: by its name at first, in full if Redis asks for it */

static ngx_int_t
ngx_secops_store_eval(ngx_secops_store_eval_t *eval)
{
    u_char                   sha[SECOPS_SCRIPTS_SHA_LEN];
    const secops_script_t   *script;
    ngx_secops_redis_cmd_t  *cmd;

    script = eval->script->script;

    cmd = ngx_secops_redis_cmd_create(eval->store->redis,
                                      NGX_SECOPS_STORE_KEYS * SECOPS_KEY_MAX);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 3 + NGX_SECOPS_STORE_KEYS + eval->nargs);

    if (eval->text) {
        ngx_secops_store_literal(cmd, "EVAL");
        ngx_secops_store_slice(cmd, script->text);

    } else {
        secops_script_sha(script, sha);
        ngx_secops_store_literal(cmd, "EVALSHA");
        ngx_secops_redis_cmd_arg(cmd, sha, SECOPS_SCRIPTS_SHA_LEN);
    }

    ngx_secops_store_eval_keys(eval, cmd);

    eval->script->args(eval, cmd);

    return ngx_secops_store_send(&eval->call, cmd, eval->script->flags,
                                 ngx_secops_store_evaluated);
}


static void
ngx_secops_store_eval_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t      i;
    secops_key_t    key;
    secops_slice_t  type;

    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_KEYS);

    secops_keys_revision(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, SECOPS_KEYS_RESOURCES);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_next_id(&key, eval->space);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_commits(&key, eval->space);
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


static void
ngx_secops_store_evaluated(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_int_t                  rc;
    ngx_secops_store_eval_t   *eval;
    ngx_secops_store_result_t  result;

    eval = (ngx_secops_store_eval_t *) call;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    eval->unsure |= reply->again;

    if (!eval->text
        && reply->code.len == 8
        && ngx_strncmp(reply->code.data, "NOSCRIPT", 8) == 0)
    {
        /* this time it was not executed; but it may have been sent before, to
           a Redis that has restarted since */

        eval->text = 1;

        rc = ngx_secops_store_eval(eval);

        if (rc == NGX_OK) {
            return;
        }

        ngx_secops_store_unsent(eval->store, rc, reply);
    }

    if (eval->unsure && reply->status != NGX_SECOPS_REDIS_REPLIED) {
        reply->status = NGX_SECOPS_REDIS_UNKNOWN;
    }

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && eval->script->read(eval, reply->value, &result) != NGX_OK)
    {
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "unexpected reply to a script");
    }

    ngx_secops_store_answer(call, reply, &result);

    /* the call, and what is in it, may be gone */

    if (result.found) {
        ngx_free(result.found);
    }
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


static void
ngx_secops_store_hset(ngx_secops_redis_cmd_t *cmd, ngx_uint_t key,
    secops_slice_t field, secops_slice_t value)
{
    ngx_secops_store_literal(cmd, "HSET");
    ngx_secops_store_number(cmd, key);
    ngx_secops_store_literal(cmd, "2");
    ngx_secops_store_slice(cmd, field);
    ngx_secops_store_slice(cmd, value);
}


static void
ngx_secops_store_number(ngx_secops_redis_cmd_t *cmd, ngx_uint_t n)
{
    size_t  len;
    u_char  digits[NGX_INT_T_LEN];

    len = ngx_sprintf(digits, "%ui", n) - digits;

    ngx_secops_redis_cmd_arg(cmd, digits, len);
}


static void
ngx_secops_store_slice(ngx_secops_redis_cmd_t *cmd, secops_slice_t text)
{
    ngx_secops_redis_cmd_arg(cmd, text.data, text.len);
}


/* The secrets of one domain, part by part; see ngx_http_secops_api_secrets.h.
 */

#include "api/secrets/ngx_http_secops_api_secrets.h"
#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "util/ngx_secops_string.h"


/* others may be first so many times in a row, each of which takes a moment of
   the domain's writers, not of this request; milliseconds between two tries */

#define NGX_HTTP_SECOPS_SECRETS_TRIES  200
#define NGX_HTTP_SECOPS_SECRETS_DELAY  20

/* lines of the log, of secrets that can not be opened, for one request */

#define NGX_HTTP_SECOPS_SECRETS_LINES  100


static ngx_int_t ngx_http_secops_secrets_read(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_was_read(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_keep(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static ngx_uint_t ngx_http_secops_secrets_is_kept(
    ngx_http_secops_secrets_t *op, ngx_secops_store_found_t *stored);
static ngx_int_t ngx_http_secops_secrets_work(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_look(ngx_http_secops_secrets_t *op,
    ngx_http_secops_secrets_found_t *found);
static ngx_int_t ngx_http_secops_secrets_change(
    ngx_http_secops_secrets_t *op, ngx_http_secops_secrets_found_t *found,
    const json_t *document);
static void ngx_http_secops_secrets_tell(void *data,
    const secops_resource_secret_t *secret);
static void ngx_http_secops_secrets_log(ngx_http_secops_secrets_t *op,
    const secops_resource_secret_t *secret);
static ngx_int_t ngx_http_secops_secrets_worked(
    ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_indexed(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_committed(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_retry(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_again(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_secrets_part_done(
    ngx_http_secops_secrets_t *op);
static void ngx_http_secops_secrets_count_key(
    ngx_http_secops_secrets_count_t *count, const u_char *id, ngx_uint_t n);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_secrets_tokens;


ngx_int_t
ngx_http_secops_secrets_domain(ngx_http_secops_secrets_t *op,
    const ngx_str_t *name)
{
    ngx_secops_store_t  *store;

    store = ngx_http_secops_store(op->ctx);

    secops_keys_domain_space(&op->space, ngx_secops_slice(&store->prefix),
                             ngx_secops_slice(name));

    op->lookups[0].type = SECOPS_RESOURCE_INTEGRATION;
    op->lookups[1].type = SECOPS_RESOURCE_JOB;

    op->find.lookups = op->lookups;
    op->find.nlookups = NGX_HTTP_SECOPS_SECRETS_LOOKUPS;

    op->rest_len = 0;
    op->tries = 0;

    return ngx_http_secops_secrets_read(op);
}


/* the part that begins at op->rest, of what is there now */

static ngx_int_t
ngx_http_secops_secrets_read(ngx_http_secops_secrets_t *op)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    ngx_reset_pool(op->pool);
    ngx_memzero(&op->part, sizeof(ngx_http_secops_secrets_count_t));

    if (op->rest_len == 0) {
        store = ngx_http_secops_store(op->ctx);
        rc = ngx_secops_store_find_resources(store, &op->find, &op->space);

    } else {
        op->find.rest_len = op->rest_len;
        ngx_memcpy(op->find.rest, op->rest, op->rest_len);

        rc = ngx_secops_store_find_more(&op->find);
    }

    return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_FIND,
                                         ngx_http_secops_secrets_was_read);
}


static ngx_int_t
ngx_http_secops_secrets_was_read(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    if (ngx_http_secops_secrets_answered(op, result, NGX_HTTP_SECOPS_FIND, &rc)
        != NGX_OK)
    {
        return rc;
    }

    if (ngx_http_secops_secrets_keep(op, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_secrets_work(op, NULL);
}


/* the result ends with its handler */

static ngx_int_t
ngx_http_secops_secrets_keep(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                        i, n;
    ngx_secops_store_found_t         *stored;
    ngx_http_secops_secrets_found_t  *found;

    n = result->nfound;

    op->last = !result->more;
    op->unindexed = (result->bytes < 0);
    op->nfound = 0;
    op->next = 0;
    op->commit.nchanges = 0;

    op->found = ngx_palloc(op->pool, (n + 1)
                                     * sizeof(ngx_http_secops_secrets_found_t));
    op->commit.changes = ngx_pcalloc(op->pool, (n + 1)
                                          * sizeof(ngx_secops_store_change_t));

    if (op->found == NULL || op->commit.changes == NULL
        || ngx_http_secops_secrets_copy(op->pool, &op->commit.revision,
                                        result->revision.data,
                                        result->revision.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        stored = &result->found[i];

        if (ngx_http_secops_secrets_is_kept(op, stored)) {
            continue;
        }

        found = &op->found[op->nfound++];

        found->type = op->lookups[stored->lookup].type;

        if (ngx_http_secops_secrets_copy(op->pool, &found->id, stored->id.data,
                                         stored->id.len)
            != NGX_OK
            || ngx_http_secops_secrets_copy(op->pool, &found->document,
                                            stored->document.data,
                                            stored->document.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* 1: it was told before, in the same part; a commit changes each once */

static ngx_uint_t
ngx_http_secops_secrets_is_kept(ngx_http_secops_secrets_t *op,
    ngx_secops_store_found_t *stored)
{
    ngx_uint_t                        i;
    ngx_http_secops_secrets_found_t  *found;

    for (i = 0; i < op->nfound; i++) {
        found = &op->found[i];

        if (found->type == op->lookups[stored->lookup].type
            && found->id.len == stored->id.len
            && ngx_memcmp(found->id.data, stored->id.data, stored->id.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_secops_secrets_work(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    if (op->next == op->nfound) {
        return ngx_http_secops_secrets_worked(op);
    }

    if (!ngx_http_secops_slice_begin(&op->slice)) {
        return ngx_http_secops_secrets_turn(op, ngx_http_secops_secrets_work);
    }

    do {
        if (ngx_http_secops_secrets_look(op, &op->found[op->next]) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        op->next++;

    } while (!ngx_http_secops_slice_over(&op->slice)
             && op->next < op->nfound);

    if (op->next == op->nfound) {
        return ngx_http_secops_secrets_worked(op);
    }

    return ngx_http_secops_secrets_turn(op, ngx_http_secops_secrets_work);
}


/* one document; NGX_ERROR: no memory */

static ngx_int_t
ngx_http_secops_secrets_look(ngx_http_secops_secrets_t *op,
    ngx_http_secops_secrets_found_t *found)
{
    int                           changed;
    json_t                       *document;
    ngx_int_t                     rc;
    ngx_str_t                     type;
    const char                   *reason;
    secops_resource_owner_t       owner;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);

    document = secops_json_tree_of(ngx_secops_slice(&found->document),
                                   &reason);

    if (document == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    if (secops_resource_stored_title(found->type, document).len == 0) {

        type = ngx_secops_str(secops_resource_type_name(found->type));

        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored %V \"%V\" can not be read", &type,
                      &found->id);

        json_decref(document);
        return NGX_OK;
    }

    owner.model = &mcf->resources;
    owner.keys = op->keys;
    owner.domain = secops_keys_domain(&op->space);
    owner.type = found->type;
    owner.id = ngx_secops_slice(&found->id);

    changed = secops_resource_secrets(&owner, document, (int) op->again,
                                      ngx_http_secops_secrets_tell, op);

    rc = changed < 0 ? NGX_ERROR
         : changed ? ngx_http_secops_secrets_change(op, found, document)
                   : NGX_OK;

    json_decref(document);

    return rc;
}


static ngx_int_t
ngx_http_secops_secrets_change(ngx_http_secops_secrets_t *op,
    ngx_http_secops_secrets_found_t *found, const json_t *document)
{
    ngx_int_t                   rc;
    ngx_str_t                   title;
    secops_text_t               text;
    secops_slice_t              stored;
    ngx_secops_store_change_t  *change;

    change = &op->commit.changes[op->commit.nchanges++];
    stored = secops_resource_stored_title(found->type, document);

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_json_dump(&text, document);

    rc = text.failed
         || ngx_http_secops_secrets_copy(op->pool, &change->document,
                                         text.data, text.len)
            != NGX_OK
         || ngx_http_secops_secrets_copy(op->pool, &title, stored.data,
                                         stored.len)
            != NGX_OK
         ? NGX_ERROR : NGX_OK;

    secops_text_free(&text);

    change->type = found->type;
    change->id = ngx_secops_slice(&found->id);
    change->title = ngx_secops_slice(&title);
    change->operation = op->audit.operation;

    return rc;
}


static void
ngx_http_secops_secrets_tell(void *data,
    const secops_resource_secret_t *secret)
{
    ngx_http_secops_secrets_t  *op = data;

    ngx_http_secops_secrets_count_t  *count;

    count = &op->part;
    count->secrets++;

    if (secret->rc != SECOPS_SECRET_OK) {
        count->failed++;
        ngx_http_secops_secrets_log(op, secret);
    }

    if (secret->current) {
        count->changed += secret->changed;

    } else if (secret->key_id.len) {
        ngx_http_secops_secrets_count_key(count, secret->key_id.data, 1);

    } else if (secret->plain) {
        count->plain++;

    } else {
        count->unknown++;
    }
}


static void
ngx_http_secops_secrets_log(ngx_http_secops_secrets_t *op,
    const secops_resource_secret_t *secret)
{
    ngx_str_t                         type, pointer, key, domain;
    ngx_http_secops_secrets_found_t  *found;

    if (op->told++ >= NGX_HTTP_SECOPS_SECRETS_LINES) {
        return;
    }

    found = &op->found[op->next];

    type = ngx_secops_str(secops_resource_type_name(found->type));
    pointer = ngx_secops_str(secret->pointer);
    key = ngx_secops_str(secret->key_id);
    domain = ngx_secops_str(secops_keys_domain(&op->space));

    ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                  "secops: the secret \"%V\" of the %V \"%V\" in the domain "
                  "\"%V\" can not be opened: key \"%V\": %s", &pointer, &type,
                  &found->id, &domain, &key, secops_secret_reason(secret->rc));
}


static ngx_int_t
ngx_http_secops_secrets_worked(ngx_http_secops_secrets_t *op)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    if (op->commit.nchanges == 0) {
        return ngx_http_secops_secrets_part_done(op);
    }

    store = ngx_http_secops_store(op->ctx);

    if (op->unindexed) {
        rc = ngx_secops_store_index_resources(store, &op->index, &op->space,
                                              op->pool);

        return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_FIND,
                                             ngx_http_secops_secrets_indexed);
    }

    if (secops_id_request(&ngx_http_secops_secrets_tokens, op->commit.token)
        != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, op->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_secops_store_commit_resources(store, &op->commit, &op->space);

    return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_SAVE,
                                         ngx_http_secops_secrets_committed);
}


/* what has to be known for a commit is there now, or others have changed it */

static ngx_int_t
ngx_http_secops_secrets_indexed(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    if (result->status != NGX_SECOPS_STORE_CHANGED
        && ngx_http_secops_secrets_answered(op, result, NGX_HTTP_SECOPS_FIND,
                                            &rc)
           != NGX_OK)
    {
        return rc;
    }

    return ngx_http_secops_secrets_retry(op);
}


/* whether a commit of which nothing is known was made, reading tells */

static ngx_int_t
ngx_http_secops_secrets_committed(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_secrets_part_done(op);

    case NGX_SECOPS_STORE_CHANGED:
    case NGX_SECOPS_STORE_UNKNOWN:
        return ngx_http_secops_secrets_retry(op);

    default:
        (void) ngx_http_secops_secrets_answered(op, result,
                                                NGX_HTTP_SECOPS_SAVE, &rc);
        return rc;
    }
}


static ngx_int_t
ngx_http_secops_secrets_retry(ngx_http_secops_secrets_t *op)
{
    ngx_msec_t  time;

    if (++op->tries == NGX_HTTP_SECOPS_SECRETS_TRIES) {
        ngx_str_set(&op->reason, "others have changed the resources too often");
        return ngx_http_secops_secrets_fail(op, SECOPS_ERROR_SAVE_LATER);
    }

    time = 1 + ngx_random() % NGX_HTTP_SECOPS_SECRETS_DELAY;

    return ngx_http_secops_secrets_pause(op, time,
                                         ngx_http_secops_secrets_again);
}


static ngx_int_t
ngx_http_secops_secrets_again(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_secrets_read(op);
}


static ngx_int_t
ngx_http_secops_secrets_part_done(ngx_http_secops_secrets_t *op)
{
    ngx_uint_t                        i;
    ngx_http_secops_secrets_key_t    *key;
    ngx_http_secops_secrets_count_t  *count;

    count = &op->count;

    count->secrets += op->part.secrets;
    count->changed += op->part.changed;
    count->failed += op->part.failed;
    count->plain += op->part.plain;
    count->unknown += op->part.unknown;

    for (i = 0; i < op->part.nkeys; i++) {
        key = &op->part.keys[i];
        ngx_http_secops_secrets_count_key(count, key->id, key->n);
    }

    op->changed += op->part.changed;
    op->tries = 0;

    if (op->last) {
        return op->done(op);
    }

    op->rest_len = op->find.rest_len;
    ngx_memcpy(op->rest, op->find.rest, op->rest_len);

    return ngx_http_secops_secrets_read(op);
}


static void
ngx_http_secops_secrets_count_key(ngx_http_secops_secrets_count_t *count,
    const u_char *id, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < count->nkeys; i++) {
        if (ngx_memcmp(count->keys[i].id, id, SECOPS_SECRET_ID_LEN) == 0) {
            break;
        }
    }

    if (i == NGX_HTTP_SECOPS_SECRETS_IDS) {
        count->unknown += n;
        return;
    }

    if (i == count->nkeys) {
        ngx_memcpy(count->keys[i].id, id, SECOPS_SECRET_ID_LEN);
        count->nkeys++;
    }

    count->keys[i].n += n;
}

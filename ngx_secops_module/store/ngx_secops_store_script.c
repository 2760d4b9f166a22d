
/*
 * Scripts: how they are sent, by their names at first, and answered.  What is
 * special about one of them is in a table of its own.
 */

#include "store/ngx_secops_store_internal.h"


static void ngx_secops_store_script_name(ngx_secops_store_script_t *script);
static ngx_int_t ngx_secops_store_eval_send(ngx_secops_store_eval_t *eval);
static void ngx_secops_store_evaluated(void *data,
    ngx_secops_redis_result_t *reply);


ngx_int_t
ngx_secops_store_eval(ngx_secops_store_eval_t *eval)
{
    eval->text = 0;
    eval->unsure = 0;

    return ngx_secops_store_eval_send(eval);
}


static ngx_int_t
ngx_secops_store_eval_send(ngx_secops_store_eval_t *eval)
{
    ngx_secops_redis_cmd_t     *cmd;
    ngx_secops_store_script_t  *script;

    script = eval->script;

    cmd = ngx_secops_redis_cmd_create(eval->store->redis,
                                      eval->nkeys * SECOPS_KEY_MAX
                                      + eval->bytes);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 3 + eval->nkeys + eval->nargs);

    if (eval->text) {
        ngx_secops_store_literal(cmd, "EVAL");
        ngx_secops_store_slice(cmd, script->script->text);

    } else {
        ngx_secops_store_script_name(script);
        ngx_secops_store_literal(cmd, "EVALSHA");
        ngx_secops_redis_cmd_arg(cmd, script->sha, SECOPS_SCRIPTS_SHA_LEN);
    }

    ngx_secops_store_number(cmd, eval->nkeys);

    script->keys(eval, cmd);
    script->args(eval, cmd);

    return ngx_secops_store_send(&eval->call, cmd, script->flags,
                                 ngx_secops_store_evaluated);
}


/* made once: a script never changes */

static void
ngx_secops_store_script_name(ngx_secops_store_script_t *script)
{
    if (!script->named) {
        secops_script_sha(script->script, script->sha);
        script->named = 1;
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

        rc = ngx_secops_store_eval_send(eval);

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

    if (result.ids) {
        ngx_free(result.ids);
    }

    if (result.documents) {
        ngx_free(result.documents);
    }
}


void
ngx_secops_store_number(ngx_secops_redis_cmd_t *cmd, ngx_uint_t n)
{
    size_t  len;
    u_char  digits[NGX_INT_T_LEN];

    len = ngx_sprintf(digits, "%ui", n) - digits;

    ngx_secops_redis_cmd_arg(cmd, digits, len);
}


void
ngx_secops_store_slice(ngx_secops_redis_cmd_t *cmd, secops_slice_t text)
{
    ngx_secops_redis_cmd_arg(cmd, text.data, text.len);
}

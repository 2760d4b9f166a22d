
/* Changes of records; see ngx_http_secops_api_change.h. */

#include "api/records/ngx_http_secops_api_change.h"
#include "api/records/ngx_http_secops_api_records.h"
#include "http/ngx_http_secops_body.h"
#include "util/ngx_secops_string.h"


static void ngx_http_secops_change_cleanup(void *data);


ngx_int_t
ngx_http_secops_change(ngx_http_secops_change_t *change)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_secops_ctx_t       *ctx;
    secops_record_change_t      *record;
    ngx_http_secops_loc_conf_t  *slcf;

    ctx = change->edit.ctx;

    slcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_secops_module);

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_secops_change_cleanup;
    cln->data = &change->change;

    record = &change->change;

    record->table = change->edit.table;
    record->limits.depth = slcf->max_depth;
    record->limits.members = NGX_HTTP_SECOPS_MAX_MEMBERS;
    record->max = ngx_http_secops_body_max(ctx->request);
    record->user = ngx_secops_slice(&ctx->identity.user);

    change->edit.kind = NGX_HTTP_SECOPS_CHANGE;

    return ngx_http_secops_edit(&change->edit);
}


static void
ngx_http_secops_change_cleanup(void *data)
{
    secops_record_change_free(data);
}


ngx_int_t
ngx_http_secops_change_decide(ngx_http_secops_edit_t *edit)
{
    ngx_int_t                  rc;
    secops_record_budget_t     budget;
    secops_record_faults_t     faults;
    secops_record_change_t    *record;
    ngx_http_secops_change_t  *change;

    change = (ngx_http_secops_change_t *) edit;
    record = &change->change;

    /* of the time before, if others were first */

    secops_record_change_free(record);

    secops_time_format(record->updated, ngx_time());

    secops_record_budget(&budget);
    ngx_memzero(&faults, sizeof(secops_record_faults_t));
    faults.budget = &budget;

    if (secops_record_change(record, &edit->stored, change->json,
                             change->fields, change->body, change->options,
                             change->where, &faults)
        == 0)
    {
        edit->write.document = ngx_secops_str(
                                        secops_text_slice(&record->document));
        edit->audit.members = ngx_secops_str(
                                        secops_text_slice(&record->members));

        edit->store = record->changed;

        rc = NGX_DECLINED;

    } else {
        rc = ngx_http_secops_records_reject(edit->ctx, &faults);
    }

    secops_record_faults_free(&faults);

    return rc;
}

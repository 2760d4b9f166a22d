
/* What the files of the store share, and nobody else sees. */

#ifndef _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_


#include "redis/ngx_secops_redis.h"
#include "store/event/ngx_secops_store_event.h"
#include "store/ngx_secops_store_record.h"
#include "store/ngx_secops_store_resource.h"
#include "store/secops_reply.h"
#include "store/secops_scripts.h"
#include "util/ngx_secops_string.h"


/* of a type, of all types, and as KEYS[] of a script: see secops_scripts.h */

#define NGX_SECOPS_STORE_TYPE_KEYS  3
#define NGX_SECOPS_STORE_KEYS                                                 \
    (6 + NGX_SECOPS_STORE_TYPE_KEYS * SECOPS_RESOURCE_TYPES)

#define NGX_SECOPS_STORE_AUDIT_KEY       2
#define NGX_SECOPS_STORE_REFS_KEY        6
#define ngx_secops_store_documents(type)  (7 + NGX_SECOPS_STORE_TYPE_KEYS      \
                                           * (ngx_uint_t) (type))
#define ngx_secops_store_titles(type)     (ngx_secops_store_documents(type) + 1)
#define ngx_secops_store_used(type)       (ngx_secops_store_documents(type) + 2)


/* a script at work: what is special about it; one for the worker, which knows
   its name once it was sent */

struct ngx_secops_store_script_s {
    const secops_script_t   *script;
    ngx_uint_t               flags;

    /* writes KEYS and ARGV: as many as the call has counted */

    void                   (*keys)(ngx_secops_store_eval_t *eval,
                                   ngx_secops_redis_cmd_t *cmd);
    void                   (*args)(ngx_secops_store_eval_t *eval,
                                   ngx_secops_redis_cmd_t *cmd);

    /* of a reply that is no error; NGX_ERROR: it is not what the script says */

    ngx_int_t              (*read)(ngx_secops_store_eval_t *eval,
                                   secops_redis_value_t *value,
                                   ngx_secops_store_result_t *result);

    ngx_uint_t               named;
    u_char                   sha[SECOPS_SCRIPTS_SHA_LEN];
};


/* sends the script: by its name at first, in full if Redis asks for it.  Of
   eval, store, space, script and the numbers are filled in */

ngx_int_t ngx_secops_store_eval(ngx_secops_store_eval_t *eval);


/* the keys of a domain's resources, NGX_SECOPS_STORE_KEYS of them */

void ngx_secops_store_resource_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);


#define ngx_secops_store_literal(cmd, text)                                   \
    ngx_secops_redis_cmd_arg(cmd, text, sizeof(text) - 1)


/* arguments */

void ngx_secops_store_number(ngx_secops_redis_cmd_t *cmd, ngx_uint_t n);
void ngx_secops_store_slice(ngx_secops_redis_cmd_t *cmd, secops_slice_t text);


/* a member of the references: two types, two ids, and what stands between */

#define NGX_SECOPS_STORE_REFERENCE  (2 * (SECOPS_RESOURCE_ID_MAX + 20 + 2))

/* what a member of the references begins with: all of it but the id of who
   refers.  Returns the byte after it */

u_char *ngx_secops_store_reference(u_char *p,
    const secops_resource_target_t *target, secops_resource_type_e type);


/* sends the command of a call; returns as the call does */

ngx_int_t ngx_secops_store_send(ngx_secops_store_call_t *call,
    ngx_secops_redis_cmd_t *cmd, ngx_uint_t flags,
    ngx_secops_redis_handler_pt handler);


/* a call's next command could not be sent, as rc says: makes the reply to the
   one before the end of the call, surely not done */

void ngx_secops_store_unsent(ngx_secops_store_t *store, ngx_int_t rc,
    ngx_secops_redis_result_t *reply);


/* ends a call: result holds what only the caller can tell of a reply that is
   no error */

void ngx_secops_store_answer(ngx_secops_store_call_t *call,
    ngx_secops_redis_result_t *reply, ngx_secops_store_result_t *result);


/* the end of a call whose reply says no more than that it was done */

void ngx_secops_store_written(void *data, ngx_secops_redis_result_t *reply);


/* the end of a call whose reply is the result's value, or nil: NOT_FOUND */

void ngx_secops_store_got(void *data, ngx_secops_redis_result_t *reply);


/* sends GET of a key, which ends so; returns as the call does */

ngx_int_t ngx_secops_store_get(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_key_t *key);


/*
 * An audit entry, as the arguments of XADD that follow the key, _argc() of
 * them: "[MAXLEN ~ maxlen] * user … id … [user_name …] [members …]", without
 * what is empty of maxlen and the optional fields.  A script is given the same,
 * and hands them on.
 */

ngx_uint_t ngx_secops_store_audit_argc(const ngx_str_t *maxlen,
    const ngx_secops_store_audit_t *audit);
void ngx_secops_store_audit_args(ngx_secops_redis_cmd_t *cmd,
    const ngx_str_t *maxlen, const ngx_secops_store_audit_t *audit,
    secops_slice_t type, secops_slice_t id);

/*
 * The entry of a write to records, as an XADD of its own: the fields of one,
 * SECOPS_AUDIT_FIELDS of them, then the entry with these, the first record's,
 * and with what "also" is to have (empty: there is no other).  _trim() says
 * what the entry trims its stream to, maybe nothing; id is one of its records.
 */

void ngx_secops_store_audit_record(const ngx_secops_store_audit_t *audit,
    secops_slice_t table, secops_slice_t id, secops_slice_t *fields);
void ngx_secops_store_audit_trim(const ngx_secops_store_t *store,
    const u_char *id, ngx_str_t *maxlen);
void ngx_secops_store_audit_add_entry(ngx_secops_redis_cmd_t *cmd,
    const secops_key_t *key, const ngx_str_t *maxlen,
    const secops_slice_t *fields, secops_slice_t also);


/* those commands of a transaction that were written since it had n of them,
   MULTI included */

static ngx_inline void
ngx_secops_store_span(ngx_secops_store_span_t *span,
    ngx_secops_redis_cmd_t *cmd, ngx_uint_t n)
{
    span->first = n - 1;
    span->n = ngx_secops_redis_cmd_count(cmd) - n;
}


/* a record's or an event's share of the commands, but for its JSON, rounded up;
   and what a transaction is better not larger than, in bytes */

#define NGX_SECOPS_STORE_OVERHEAD  1024

size_t ngx_secops_store_group_limit(const ngx_secops_store_t *store);


/*
 * A group as a part of a transaction with others: cmd is the transaction, in
 * which MULTI was begun.  After the last record come the lists of subjects,
 * then, behind the audit entries, which are not the group's affair, those of
 * its table; each list says which commands are its own.
 */

void ngx_secops_store_group_join(ngx_secops_store_group_t *group,
    ngx_secops_redis_cmd_t *cmd);
void ngx_secops_store_group_subjects(ngx_secops_store_group_t *group);
void ngx_secops_store_group_indexes(ngx_secops_store_group_t *group);



/* the same of events: behind the last event come their places */

void ngx_secops_store_events_join(ngx_secops_store_events_t *events,
    ngx_secops_redis_cmd_t *cmd);
void ngx_secops_store_events_places(ngx_secops_store_events_t *events);


#endif /* _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_ */

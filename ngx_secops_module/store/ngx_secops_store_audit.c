
/*
 * The audit streams: an entry as it is written along with what it is about,
 * and a part of a stream as it is read.
 */

#include "store/ngx_secops_store_internal.h"
#include "model/audit/secops_audit_parts.h"


/* "(", two numbers of 64 bits and the "-" between them */

#define NGX_SECOPS_STORE_AUDIT_ID  (1 + 2 * NGX_INT64_LEN + 1)

/* entries about requests that were refused, at most: about */

#define NGX_SECOPS_STORE_REFUSALS  "100000"

/* digits of the length of a stream that is trimmed now and then only */

#define NGX_SECOPS_STORE_AUDIT_LONG  (sizeof("10000") - 1)


static void ngx_secops_store_audit_fields(
    const ngx_secops_store_audit_t *audit, secops_slice_t *fields);
static void ngx_secops_store_audit_write(ngx_secops_redis_cmd_t *cmd,
    const ngx_str_t *maxlen, const secops_slice_t *fields);
static void ngx_secops_store_audit_got(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_audit_parse(secops_redis_value_t *values,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_audit_add(ngx_secops_store_result_t *result,
    ngx_uint_t *room, const secops_audit_entry_t *entry);


ngx_uint_t
ngx_secops_store_audit_argc(const ngx_str_t *maxlen,
    const ngx_secops_store_audit_t *audit)
{
    ngx_uint_t      i, n;
    secops_slice_t  fields[SECOPS_AUDIT_FIELDS];

    ngx_secops_store_audit_fields(audit, fields);

    n = SECOPS_AUDIT_OPTIONAL;

    for (i = SECOPS_AUDIT_OPTIONAL; i < SECOPS_AUDIT_FIELDS; i++) {
        n += (fields[i].len != 0);
    }

    return (maxlen->len ? 3 : 0) + 1 + 2 * n;
}


/* all but what it is about: a type and an id */

static void
ngx_secops_store_audit_fields(const ngx_secops_store_audit_t *audit,
    secops_slice_t *fields)
{
    fields[SECOPS_AUDIT_USER] = ngx_secops_slice(&audit->user);
    fields[SECOPS_AUDIT_METHOD] = ngx_secops_slice(&audit->method);
    fields[SECOPS_AUDIT_ADDRESS] = ngx_secops_slice(&audit->address);
    fields[SECOPS_AUDIT_REQUEST] = ngx_secops_slice(&audit->request_id);
    fields[SECOPS_AUDIT_OPERATION] = ngx_secops_slice(&audit->operation);
    fields[SECOPS_AUDIT_USER_NAME] = ngx_secops_slice(&audit->user_name);
    fields[SECOPS_AUDIT_MEMBERS] = ngx_secops_slice(&audit->members);
    fields[SECOPS_AUDIT_CALLER_DOMAIN] =
                                   ngx_secops_slice(&audit->caller_domain);
    fields[SECOPS_AUDIT_OUTCOME] = ngx_secops_slice(&audit->outcome);
    fields[SECOPS_AUDIT_STATUS] = ngx_secops_slice(&audit->status);
    fields[SECOPS_AUDIT_REASON] = ngx_secops_slice(&audit->reason);
    fields[SECOPS_AUDIT_LEFT_OUT] = ngx_secops_slice(&audit->left_out);
}


/* the entry's own id is its time */

void
ngx_secops_store_audit_args(ngx_secops_redis_cmd_t *cmd,
    const ngx_str_t *maxlen, const ngx_secops_store_audit_t *audit,
    secops_slice_t type, secops_slice_t id)
{
    secops_slice_t  fields[SECOPS_AUDIT_FIELDS];

    ngx_secops_store_audit_record(audit, type, id, fields);
    ngx_secops_store_audit_write(cmd, maxlen, fields);
}


static void
ngx_secops_store_audit_write(ngx_secops_redis_cmd_t *cmd,
    const ngx_str_t *maxlen, const secops_slice_t *fields)
{
    ngx_uint_t  i;

    if (maxlen->len) {
        ngx_secops_store_literal(cmd, "MAXLEN");
        ngx_secops_store_literal(cmd, "~");
        ngx_secops_redis_cmd_arg(cmd, maxlen->data, maxlen->len);
    }

    ngx_secops_store_literal(cmd, "*");

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {

        if (i >= SECOPS_AUDIT_OPTIONAL && fields[i].len == 0) {
            continue;
        }

        ngx_secops_store_slice(cmd, secops_audit_field_name(i));
        ngx_secops_store_slice(cmd, fields[i]);
    }
}


void
ngx_secops_store_audit_record(const ngx_secops_store_audit_t *audit,
    secops_slice_t table, secops_slice_t id, secops_slice_t *fields)
{
    ngx_secops_store_audit_fields(audit, fields);

    fields[SECOPS_AUDIT_TYPE] = table;
    fields[SECOPS_AUDIT_ID] = id;
}


/* a long stream is trimmed by one write of 16, by a random digit: Redis trims
   whole blocks of 100 entries in any case, and what says so is a tenth of the
   arguments */

void
ngx_secops_store_audit_trim(const ngx_secops_store_t *store,
    const u_char *id, ngx_str_t *maxlen)
{
    *maxlen = store->audit_maxlen;

    if (maxlen->len >= NGX_SECOPS_STORE_AUDIT_LONG
        && id[SECOPS_ID_LEN - 3] != '0')
    {
        ngx_str_null(maxlen);
    }
}


void
ngx_secops_store_audit_add_entry(ngx_secops_redis_cmd_t *cmd,
    const secops_key_t *key, const ngx_str_t *maxlen,
    const secops_slice_t *fields, secops_slice_t also)
{
    ngx_uint_t  i, n;

    static const secops_slice_t  name = secops_slice(SECOPS_AUDIT_ALSO);

    n = SECOPS_AUDIT_OPTIONAL + (also.len != 0);

    for (i = SECOPS_AUDIT_OPTIONAL; i < SECOPS_AUDIT_FIELDS; i++) {
        n += (fields[i].len != 0);
    }

    ngx_secops_redis_cmd_begin(cmd, 2 + (maxlen->len ? 3 : 0) + 1 + 2 * n);
    ngx_secops_store_literal(cmd, "XADD");
    ngx_secops_redis_cmd_key(cmd, key->data, key->len);

    ngx_secops_store_audit_write(cmd, maxlen, fields);

    if (also.len) {
        ngx_secops_store_slice(cmd, name);
        ngx_secops_store_slice(cmd, also);
    }
}


ngx_int_t
ngx_secops_store_add_refusal(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    const ngx_secops_store_audit_t *audit, secops_slice_t type,
    secops_slice_t id)
{
    ngx_str_t                maxlen;
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    static ngx_str_t  most = ngx_string(NGX_SECOPS_STORE_REFUSALS);

    /* anybody may be refused: these are never kept without an end */

    maxlen = store->audit_maxlen;

    if (maxlen.len == 0
        || maxlen.len > most.len
        || (maxlen.len == most.len
            && ngx_memcmp(maxlen.data, most.data, most.len) > 0))
    {
        maxlen = most;
    }

    secops_keys_audit(&key, space, SECOPS_KEYS_REFUSALS);

    cmd = ngx_secops_redis_cmd_create(store->redis, key.len + 512);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd,
                           2 + ngx_secops_store_audit_argc(&maxlen, audit));
    ngx_secops_store_literal(cmd, "XADD");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_store_audit_args(cmd, &maxlen, audit, type, id);

    return ngx_secops_store_send(call, cmd, 0, ngx_secops_store_written);
}


ngx_int_t
ngx_secops_store_read_audit(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    const ngx_secops_store_audit_read_t *read)
{
    size_t                          end_len, count_len;
    u_char                          end[NGX_SECOPS_STORE_AUDIT_ID];
    u_char                          count[NGX_INT_T_LEN];
    secops_key_t                    key;
    ngx_secops_redis_cmd_t         *cmd;
    const secops_audit_position_t  *after;

    after = read->after;

    if (after == NULL) {
        end[0] = '+';
        end_len = 1;

    } else {

        /* of the streams behind its own, the same id is still to come; of its
           own, there may be other records of the same entry */

        end_len = ngx_sprintf(end, "%s%uL-%uL",
                              read->stream > after->stream
                              || (read->stream == after->stream && after->part)
                              ? "" : "(",
                              after->msec, after->seq)
                  - end;
    }

    count_len = ngx_sprintf(count, "%ui", read->count) - count;

    secops_keys_audit(&key, space, read->stream);

    cmd = ngx_secops_redis_cmd_create(store->redis, key.len + 128);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 6);
    ngx_secops_store_literal(cmd, "XREVRANGE");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_redis_cmd_arg(cmd, end, end_len);
    ngx_secops_store_literal(cmd, "-");
    ngx_secops_store_literal(cmd, "COUNT");
    ngx_secops_redis_cmd_arg(cmd, count, count_len);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_audit_got);
}


static void
ngx_secops_store_audit_got(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && ngx_secops_store_audit_parse(reply->value, &result) != NGX_OK)
    {
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "unexpected reply to XREVRANGE");
    }

    ngx_secops_store_answer(call, reply, &result);

    if (result.entries) {
        ngx_free(result.entries);
    }
}


/* the entries' fields stay in the reply; NGX_ERROR: this is no stream's part,
   or there is no memory */

static ngx_int_t
ngx_secops_store_audit_parse(secops_redis_value_t *values,
    ngx_secops_store_result_t *result)
{
    int                   rc;
    size_t                i, n;
    int64_t               nread;
    ngx_uint_t            room;
    secops_audit_entry_t  entry;

    n = values[0].next;

    nread = secops_reply_audit(values, n);

    if (nread < 0) {
        return NGX_ERROR;
    }

    result->nread = (ngx_uint_t) nread;

    i = 1;
    room = 0;

    do {
        rc = secops_reply_audit_next(values, n, &i, &entry);

        if (rc == 1
            && ngx_secops_store_audit_add(result, &room, &entry) != NGX_OK)
        {
            rc = -1;
        }

    } while (rc == 1);

    return rc == 0 ? NGX_OK : NGX_ERROR;
}


/* an entry for each of its records, the last one first, as it was stored last;
   *room: for how many there is memory */

static ngx_int_t
ngx_secops_store_audit_add(ngx_secops_store_result_t *result,
    ngx_uint_t *room, const secops_audit_entry_t *entry)
{
    size_t                 n;
    ngx_uint_t             more;
    secops_audit_entry_t  *entries, parts[SECOPS_AUDIT_PARTS];

    n = secops_audit_parts(entry, parts);

    if (result->nentries + n > *room) {
        more = 2 * *room + SECOPS_AUDIT_PARTS;

        entries = ngx_alloc(more * sizeof(secops_audit_entry_t),
                            ngx_cycle->log);
        if (entries == NULL) {
            return NGX_ERROR;
        }

        if (result->entries) {
            ngx_memcpy(entries, result->entries,
                       result->nentries * sizeof(secops_audit_entry_t));
            ngx_free(result->entries);
        }

        result->entries = entries;
        *room = more;
    }

    while (n-- > 0) {
        result->entries[result->nentries++] = parts[n];
    }

    return NGX_OK;
}

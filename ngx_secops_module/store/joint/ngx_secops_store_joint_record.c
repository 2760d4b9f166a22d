
/*
 * Records of a group commit.  What belongs to a record is written in the order
 * in which a record alone has it: the record, its subject's list, the audit,
 * its table's list; each for all records, before the next.
 */

#include "store/joint/ngx_secops_store_joint_internal.h"
#include "store/joint/ngx_secops_store_joint_record.h"
#include "model/audit/secops_audit_parts.h"


/* room for an entry's further records: a record that does not fit begins an
   entry of its own */

#define NGX_SECOPS_STORE_JOINT_ALSO  4096


static void ngx_secops_store_joint_record_own(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_record_shared(
    ngx_secops_store_joint_t *joint, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_record_sent(ngx_int_t rc);
static ngx_int_t ngx_secops_store_joint_record_alone(
    ngx_secops_store_join_t *join);
static ngx_secops_store_group_t *ngx_secops_store_joint_group(
    const ngx_secops_store_join_record_t *record, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_subjects(void);
static void ngx_secops_store_joint_indexes(void);
static void ngx_secops_store_joint_listed(const ngx_secops_store_ids_t *ids,
    ngx_secops_store_join_span_e span);
static void ngx_secops_store_joint_audit(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_entry(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_fields(const ngx_secops_store_join_t *join,
    secops_slice_t *fields);


static const ngx_secops_store_join_kind_t  ngx_secops_store_joint_records = {
    ngx_secops_store_joint_record_own,
    ngx_secops_store_joint_record_shared,
    ngx_secops_store_joint_record_sent,
    ngx_secops_store_joint_record_alone
};


/* while one is written: its groups, each of the records of a domain's table */

static ngx_secops_store_group_t
    ngx_secops_store_joint_groups[NGX_SECOPS_STORE_JOINT_MAX];
static ngx_uint_t  ngx_secops_store_joint_ngroups;


ngx_int_t
ngx_secops_store_join_record_shard(const ngx_secops_store_t *store,
    const secops_keyspace_t *space, secops_slice_t table)
{
    ngx_secops_store_join_t  *join;

    join = ngx_secops_store_join_before(&ngx_secops_store_joint_records, store,
                                        space, table);

    return join ? (ngx_int_t) join->shard : NGX_DECLINED;
}


ngx_int_t
ngx_secops_store_join_record(ngx_secops_store_join_record_t *record,
    ngx_secops_store_call_t *call)
{
    ngx_memcpy(record->id.text, record->record.id->text, SECOPS_ID_LEN);

    record->record.id = &record->id;

    record->join.kind = &ngx_secops_store_joint_records;
    record->join.shard = secops_id_known_shard(record->id.text);
    record->join.len = record->record.json.len;

    return ngx_secops_store_join(&record->join, call);
}


static ngx_int_t
ngx_secops_store_joint_record_alone(ngx_secops_store_join_t *join)
{
    ngx_secops_store_group_t         group;
    ngx_secops_store_join_record_t  *record;

    record = (ngx_secops_store_join_record_t *) join;

    ngx_memzero(&group, sizeof(ngx_secops_store_group_t));

    group.store = join->store;
    group.space = join->space;
    group.table = join->table;
    group.audit = record->audit;
    group.retention = record->retention;

    if (ngx_secops_store_group_begin(&group, join->len, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_secops_store_group_add(&group, &record->record);

    return ngx_secops_store_group_send(&group, join->call);
}


static void
ngx_secops_store_joint_record_own(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_join_record_t  *record;

    record = (ngx_secops_store_join_record_t *) join;

    ngx_secops_store_group_add(ngx_secops_store_joint_group(record, cmd),
                               &record->record);
}


/* the group of the record's domain and table, which may have several records
   by now, or a new one: there is room for one for each record */

static ngx_secops_store_group_t *
ngx_secops_store_joint_group(const ngx_secops_store_join_record_t *record,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                 i;
    ngx_secops_store_group_t  *group;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {

        group = &ngx_secops_store_joint_groups[i];

        if (group->retention == record->retention
            && secops_slice_equal(group->table, record->join.table)
            && ngx_secops_store_same_space(group->space, record->join.space))
        {
            return group;
        }
    }

    group = &ngx_secops_store_joint_groups[ngx_secops_store_joint_ngroups++];

    ngx_memzero(group, sizeof(ngx_secops_store_group_t));

    group->store = record->join.store;
    group->space = record->join.space;
    group->table = record->join.table;
    group->retention = record->retention;

    ngx_secops_store_group_join(group, cmd);

    return group;
}


static void
ngx_secops_store_joint_record_shared(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_joint_subjects();
    ngx_secops_store_joint_audit(joint, cmd);
    ngx_secops_store_joint_indexes();
}


static void
ngx_secops_store_joint_record_sent(ngx_int_t rc)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {
        ngx_secops_store_ending_follow(
                                &ngx_secops_store_joint_groups[i].ending, rc);
    }

    ngx_secops_store_joint_ngroups = 0;
}


static void
ngx_secops_store_joint_subjects(void)
{
    ngx_uint_t                   i, k;
    ngx_secops_store_group_t    *group;
    ngx_secops_store_subject_t  *subject;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {

        group = &ngx_secops_store_joint_groups[i];

        ngx_secops_store_group_subjects(group);

        for (k = 0; k < NGX_SECOPS_STORE_SUBJECTS; k++) {
            for (subject = group->subjects[k]; subject;
                 subject = subject->next)
            {
                ngx_secops_store_joint_listed(&subject->ids,
                                               NGX_SECOPS_STORE_JOIN_SUBJECT);
            }
        }
    }
}


static void
ngx_secops_store_joint_indexes(void)
{
    ngx_uint_t                 i, shard;
    ngx_secops_store_group_t  *group;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {

        group = &ngx_secops_store_joint_groups[i];

        ngx_secops_store_group_indexes(group);

        for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
            ngx_secops_store_joint_listed(&group->ids[shard],
                                           NGX_SECOPS_STORE_JOIN_INDEX);
        }
    }
}


/* what adds ids to their list is a command of each of their records */

static void
ngx_secops_store_joint_listed(const ngx_secops_store_ids_t *ids,
    ngx_secops_store_join_span_e span)
{
    ngx_secops_store_id_t           *id;
    ngx_secops_store_join_record_t  *record;

    for (id = ids->first;
         id;
         id = (span == NGX_SECOPS_STORE_JOIN_SUBJECT) ? id->same : id->next)
    {
        record = (ngx_secops_store_join_record_t *)
                     ((u_char *) id
                      - offsetof(ngx_secops_store_join_record_t, id));

        record->join.spans[span] = ids->span;
    }
}


static void
ngx_secops_store_joint_audit(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_join_t  *join;

    for (join = ngx_secops_store_joint_first(joint,
                                             &ngx_secops_store_joint_records);
         join;
         join = ngx_secops_store_joint_next(join))
    {
        if (join->spans[NGX_SECOPS_STORE_JOIN_AUDIT].n == 0) {
            ngx_secops_store_joint_entry(join, cmd);
        }
    }
}


/* an entry about this record, and about those behind it of the same domain; it
   lies in the stream of this one's shard */

static void
ngx_secops_store_joint_entry(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd)
{
    u_char                   *p, *last, also[NGX_SECOPS_STORE_JOINT_ALSO];
    const u_char             *id;
    ngx_str_t                 maxlen;
    ngx_uint_t                n;
    secops_key_t              key;
    secops_slice_t            fields[SECOPS_AUDIT_PARTS][SECOPS_AUDIT_FIELDS];
    ngx_secops_store_span_t   span;
    ngx_secops_store_join_t  *next;

    /* the command that comes next; MULTI does not count */

    span.first = ngx_secops_redis_cmd_count(cmd) - 1;
    span.n = 1;

    join->spans[NGX_SECOPS_STORE_JOIN_AUDIT] = span;

    ngx_secops_store_joint_fields(join, fields[0]);

    p = also;
    last = also + NGX_SECOPS_STORE_JOINT_ALSO;
    n = 1;

    for (next = ngx_secops_store_joint_next(join);
         next && n < SECOPS_AUDIT_PARTS;
         next = ngx_secops_store_joint_next(next))
    {
        if (next->spans[NGX_SECOPS_STORE_JOIN_AUDIT].n
            || !ngx_secops_store_same_space(next->space, join->space))
        {
            continue;
        }

        ngx_secops_store_joint_fields(next, fields[n]);

        if (secops_audit_also_max(fields[n - 1], fields[n])
            > (size_t) (last - p))
        {
            break;
        }

        p = secops_audit_write_also(p, fields[n - 1], fields[n]);
        n++;

        next->spans[NGX_SECOPS_STORE_JOIN_AUDIT] = span;
    }

    secops_keys_audit(&key, join->space, join->shard);

    id = ((ngx_secops_store_join_record_t *) join)->id.text;

    ngx_secops_store_audit_trim(join->store, id, &maxlen);
    ngx_secops_store_audit_add_entry(cmd, &key, &maxlen, fields[0],
                                     secops_slice_bytes(also, p - also));
}


static void
ngx_secops_store_joint_fields(const ngx_secops_store_join_t *join,
    secops_slice_t *fields)
{
    const ngx_secops_store_join_record_t  *record;

    record = (const ngx_secops_store_join_record_t *) join;

    ngx_secops_store_audit_record(record->audit, join->table,
                                  secops_slice_bytes(record->id.text,
                                                     SECOPS_ID_LEN),
                                  fields);
}


/*
 * The commands of a group commit.  What belongs to a record is written in the
 * order in which a record alone has it: the record, its subject's list, the
 * audit, its table's list; each for all records, before the next.
 */

#include "store/joint/ngx_secops_store_joint_internal.h"
#include "model/audit/secops_audit_parts.h"


/* room for an entry's further records: a record that does not fit begins an
   entry of its own */

#define NGX_SECOPS_STORE_JOINT_ALSO  4096


static void ngx_secops_store_joint_records(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd);
static ngx_secops_store_group_t *ngx_secops_store_joint_group(
    const ngx_secops_store_join_t *join, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_span(ngx_secops_store_span_t *span,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_subjects(void);
static void ngx_secops_store_joint_indexes(void);
static void ngx_secops_store_joint_listed(const ngx_secops_store_ids_t *ids,
    ngx_secops_store_join_span_e span);
static void ngx_secops_store_joint_audit(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_entry(ngx_secops_store_joint_t *joint,
    ngx_secops_store_join_t *join, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_fields(const ngx_secops_store_join_t *join,
    secops_slice_t *fields);


/* while one is written: its groups, each of the records of a domain's table */

static ngx_secops_store_group_t
    ngx_secops_store_joint_groups[NGX_SECOPS_STORE_JOINT_MAX];
static ngx_uint_t  ngx_secops_store_joint_ngroups;


ngx_int_t
ngx_secops_store_joint_write(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_handler_pt handler)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_secops_redis_cmd_t    *cmd;
    ngx_secops_store_group_t  *group;

    cmd = ngx_secops_redis_cmd_create(joint->store->redis, joint->size);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_store_joint_ngroups = 0;

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "MULTI");

    ngx_secops_store_joint_records(joint, cmd);
    ngx_secops_store_joint_subjects();
    ngx_secops_store_joint_audit(joint, cmd);
    ngx_secops_store_joint_indexes();

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "EXEC");

    rc = ngx_secops_redis_cmd_send(cmd, NGX_SECOPS_REDIS_DURABLE
                                   |NGX_SECOPS_REDIS_SHARED,
                                   handler, joint);

    joint->cmd = (rc == NGX_OK) ? cmd : NULL;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {

        group = &ngx_secops_store_joint_groups[i];

        if (rc == NGX_OK) {
            ngx_secops_store_ending_sent(&group->ending);

        } else {
            ngx_secops_store_ending_failed(&group->ending);
        }
    }

    return rc;
}


static void
ngx_secops_store_joint_records(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_queue_t              *q;
    ngx_secops_store_join_t  *join;

    for (q = ngx_queue_head(&joint->joins);
         q != ngx_queue_sentinel(&joint->joins);
         q = ngx_queue_next(q))
    {
        join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

        ngx_memzero(join->spans, sizeof(join->spans));

        ngx_secops_store_joint_span(&join->spans[NGX_SECOPS_STORE_JOIN_SET],
                                     cmd);

        ngx_secops_store_group_add(ngx_secops_store_joint_group(join, cmd),
                                   &join->record);
    }
}


/* of the command that comes next; MULTI does not count */

static void
ngx_secops_store_joint_span(ngx_secops_store_span_t *span,
    ngx_secops_redis_cmd_t *cmd)
{
    span->first = ngx_secops_redis_cmd_count(cmd) - 1;
    span->n = 1;
}


/* the group of the record's domain and table, which may have several records
   by now, or a new one: there is room for one for each record */

static ngx_secops_store_group_t *
ngx_secops_store_joint_group(const ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                 i;
    ngx_secops_store_group_t  *group;

    for (i = 0; i < ngx_secops_store_joint_ngroups; i++) {

        group = &ngx_secops_store_joint_groups[i];

        if (group->retention == join->retention
            && secops_slice_equal(group->table, join->table)
            && ngx_secops_store_same_space(group->space, join->space))
        {
            return group;
        }
    }

    group = &ngx_secops_store_joint_groups[ngx_secops_store_joint_ngroups++];

    ngx_memzero(group, sizeof(ngx_secops_store_group_t));

    group->store = join->store;
    group->space = join->space;
    group->table = join->table;
    group->retention = join->retention;

    ngx_secops_store_group_join(group, cmd);

    return group;
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
    ngx_secops_store_id_t    *id;
    ngx_secops_store_join_t  *join;

    for (id = ids->first;
         id;
         id = (span == NGX_SECOPS_STORE_JOIN_SUBJECT) ? id->same : id->next)
    {
        join = (ngx_secops_store_join_t *)
                   ((u_char *) id - offsetof(ngx_secops_store_join_t, id));

        join->spans[span] = ids->span;
    }
}


static void
ngx_secops_store_joint_audit(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_queue_t              *q;
    ngx_secops_store_join_t  *join;

    for (q = ngx_queue_head(&joint->joins);
         q != ngx_queue_sentinel(&joint->joins);
         q = ngx_queue_next(q))
    {
        join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

        if (join->spans[NGX_SECOPS_STORE_JOIN_AUDIT].n == 0) {
            ngx_secops_store_joint_entry(joint, join, cmd);
        }
    }
}


/* an entry about this record, and about those behind it of the same domain; it
   lies in the stream of this one's shard */

static void
ngx_secops_store_joint_entry(ngx_secops_store_joint_t *joint,
    ngx_secops_store_join_t *join, ngx_secops_redis_cmd_t *cmd)
{
    u_char                   *p, *last, also[NGX_SECOPS_STORE_JOINT_ALSO];
    ngx_str_t                 maxlen;
    ngx_uint_t                n;
    ngx_queue_t              *q;
    secops_key_t              key;
    secops_slice_t            fields[SECOPS_AUDIT_PARTS][SECOPS_AUDIT_FIELDS];
    ngx_secops_store_join_t  *next;

    ngx_secops_store_joint_fields(join, fields[0]);

    p = also;
    last = also + NGX_SECOPS_STORE_JOINT_ALSO;
    n = 1;

    for (q = ngx_queue_next(&join->queue);
         q != ngx_queue_sentinel(&joint->joins) && n < SECOPS_AUDIT_PARTS;
         q = ngx_queue_next(q))
    {
        next = ngx_queue_data(q, ngx_secops_store_join_t, queue);

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

        ngx_secops_store_joint_span(
                           &next->spans[NGX_SECOPS_STORE_JOIN_AUDIT], cmd);
    }

    ngx_secops_store_joint_span(&join->spans[NGX_SECOPS_STORE_JOIN_AUDIT],
                                 cmd);

    secops_keys_audit(&key, join->space,
                      secops_id_known_shard(join->id.text));

    ngx_secops_store_audit_trim(join->store, join->id.text, &maxlen);
    ngx_secops_store_audit_add_entry(cmd, &key, &maxlen, fields[0],
                                     secops_slice_bytes(also, p - also));
}


static void
ngx_secops_store_joint_fields(const ngx_secops_store_join_t *join,
    secops_slice_t *fields)
{
    ngx_secops_store_audit_record(join->audit, join->table,
                                  secops_slice_bytes(join->id.text,
                                                     SECOPS_ID_LEN),
                                  fields);
}

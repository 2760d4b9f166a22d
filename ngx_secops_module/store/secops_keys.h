
/*
 * Every Redis key is spelled here and nowhere else.
 *
 *     P:{D:S}:rec:<table>:<sys_id>        a record, JSON
 *     P:{D:S}:idx:<table>                 list: sys_id, newest first
 *     P:{D:S}:sub:<table>:<subject>       list: sys_id, newest first
 *     P:{D:S}:one:<table>:<fact>          sys_id of the record that says so
 *     P:{D:S}:ev:<job>:<event>            an event, JSON
 *     P:{D:S}:evidx:<job>                 sorted set: ids of events by the time
 *                                         when they came, in milliseconds
 *     P:{D:S}:evq:<job>                   stream: what happened to events, for
 *                                         processors
 *     P:{D:S}:evfb:<job>:<event>          feedback on an event, JSON
 *     P:{D:S}:evdec:<job>:<event>         what a processor decided on it, JSON
 *     P:{D:S}:evstat:<job>                hash: how much feedback there is
 *     P:{D:B}:bkt:<job>:<bucket>          hash: the votes of a bucket
 *     P:{D:B}:bktv:<job>:<bucket>         hash: which event has given which
 *     P:{D:S}:audit                       stream, about records and events
 *     P:{D:res}:audit                     stream, about resources
 *     P:{D:res}:refusals                  stream, about requests
 *     P:{D:res}:<type>                    hash: resources, JSON, by id
 *     P:{D:res}:<type>:title              hash: ids by title
 *     P:{D:res}:<type>:used               hash: times of last use by id
 *     P:{D:res}:rev                       what changes with each of them
 *     P:{D:res}:next_id                   number: of an integration or a job
 *     P:{D:res}:commits                   hash: who made the latest revisions
 *     P:{D:res}:size                      hash: bytes of all of them, and the
 *                                         revision that this and refs are of
 *     P:{D:res}:refs                      sorted set: who refers to whom
 *     P:{key:<xx>}:<digest>               hash: an api key's domain and id
 *     P:{secrets}:rotation                JSON: how far one of the keys of
 *                                         secrets has come
 *     P:{health}                          what the readiness probe writes;
 *     P:{health:<number>}                 the same, where there are several
 *                                         servers
 *
 * P is secops_redis_prefix.  D stands for the caller's domain: the domain
 * itself when it is made of [A-Za-z0-9._-] and not longer than 64 bytes,
 * otherwise "~" and 32 hexadecimal digits of its SHA-256, so that no name can
 * move a hash tag or equal another name's keys.  S is the shard, one
 * hexadecimal digit.  <subject> is 32 hexadecimal digits of the SHA-256 of
 * what the record is about; the first of them is the shard of such a record.
 * <fact> is as many of the SHA-256 of what secops_record_fact() says, in tables
 * with x-coalesce.  <job> is a job's id and <event> an event's, whose shard is
 * the first digit of its SHA-256; <bucket> is the digest of a bucket, and B the
 * first digit of that.  <type> is that of a resource; <digest> is an api key's,
 * and <xx> its first two digits, so that keys spread over a Redis Cluster.
 *
 * All keys of one {D:S} lie in one slot of a Redis Cluster.  Pure C.
 */

#ifndef _SECOPS_KEYS_H_INCLUDED_
#define _SECOPS_KEYS_H_INCLUDED_


#include "util/secops_id.h"
#include "util/secops_slice.h"


#define SECOPS_KEYS_PREFIX_MAX   64
#define SECOPS_KEYS_TABLE_MAX    80
#define SECOPS_KEYS_DIGEST_LEN   32
#define SECOPS_KEYS_API_KEY_LEN  64
#define SECOPS_KEYS_JOB_MAX      20
#define SECOPS_KEYS_EVENT_MAX    256
#define SECOPS_KEY_MAX           512

/* the part of a domain's keys that no shard has */

#define SECOPS_KEYS_RESOURCES    SECOPS_ID_SHARDS

/* of the audit only: a stream in that part */

#define SECOPS_KEYS_REFUSALS     (SECOPS_ID_SHARDS + 1)


typedef struct {
    size_t         len;
    unsigned char  data[SECOPS_KEY_MAX];
} secops_key_t;


/* a domain's part of the key space, made once per request */

typedef secops_key_t  secops_keyspace_t;


/* 1 when prefix may be the first part of keys: [A-Za-z0-9._:-], 1 to
   SECOPS_KEYS_PREFIX_MAX bytes */

int secops_keys_prefix_valid(secops_slice_t prefix);


/* prefix must be valid; domain may be any bytes */

void secops_keys_space(secops_keyspace_t *space, secops_slice_t prefix,
    secops_slice_t domain);

/* what stands for the domain in its keys, D; borrowed.  And the same back: D
   is one that _domain() or _domain_of() has told */

secops_slice_t secops_keys_domain(const secops_keyspace_t *space);
void secops_keys_domain_space(secops_keyspace_t *space, secops_slice_t prefix,
    secops_slice_t domain);

/*
 * Which domains there are: a pattern, as Redis has it, of the key that each
 * domain with resources has, and what stands for the domain in one; borrowed
 * from the key.  Empty: this is no such key.
 */

void secops_keys_domains(secops_key_t *pattern, secops_slice_t prefix);
secops_slice_t secops_keys_domain_of(secops_slice_t key,
    secops_slice_t prefix);


/* the digest of what a record is about, and the shard that follows from it */

void secops_keys_digest(secops_slice_t subject,
    unsigned char digest[SECOPS_KEYS_DIGEST_LEN]);
unsigned secops_keys_digest_shard(
    const unsigned char digest[SECOPS_KEYS_DIGEST_LEN]);


/* table is at most SECOPS_KEYS_TABLE_MAX bytes, sys_id SECOPS_ID_LEN */

void secops_keys_record(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table, const unsigned char *sys_id);

/* what the keys of a table's records begin with: a script that finds ids in a
   list appends them */

void secops_keys_records(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table);

void secops_keys_index(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table);
void secops_keys_subject(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table,
    const unsigned char digest[SECOPS_KEYS_DIGEST_LEN]);

/* fact is a digest, too; the shard is its record's */

void secops_keys_fact(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table,
    const unsigned char fact[SECOPS_KEYS_DIGEST_LEN]);

/*
 * Events of a job.  job is at most SECOPS_KEYS_JOB_MAX bytes, its id in digits;
 * event, an id, at most SECOPS_KEYS_EVENT_MAX.  What there is of an event lies
 * in the shard of its id; what sums up a job's lies in each shard, of the
 * events there.
 */

unsigned secops_keys_event_shard(secops_slice_t event);

void secops_keys_event(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job, secops_slice_t event);
void secops_keys_event_feedback(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard, secops_slice_t job,
    secops_slice_t event);
void secops_keys_event_decision(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard, secops_slice_t job,
    secops_slice_t event);
void secops_keys_events(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job);
void secops_keys_event_queue(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard, secops_slice_t job);
void secops_keys_event_counts(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard, secops_slice_t job);

/* of a bucket, whose digest says the shard */

void secops_keys_bucket(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t job, const unsigned char digest[SECOPS_KEYS_DIGEST_LEN]);
void secops_keys_bucket_votes(secops_key_t *key,
    const secops_keyspace_t *space, secops_slice_t job,
    const unsigned char digest[SECOPS_KEYS_DIGEST_LEN]);

/* stream is a shard, SECOPS_KEYS_RESOURCES or SECOPS_KEYS_REFUSALS */

void secops_keys_audit(secops_key_t *key, const secops_keyspace_t *space,
    unsigned stream);

/*
 * A domain's resources.  All these keys lie in one slot, so that a script can
 * change them at once.  type is that of a resource.
 */

void secops_keys_resources(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type);
void secops_keys_titles(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type);
void secops_keys_used(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type);
void secops_keys_revision(secops_key_t *key, const secops_keyspace_t *space);
void secops_keys_next_id(secops_key_t *key, const secops_keyspace_t *space);
void secops_keys_commits(secops_key_t *key, const secops_keyspace_t *space);
void secops_keys_size(secops_key_t *key, const secops_keyspace_t *space);
void secops_keys_refs(secops_key_t *key, const secops_keyspace_t *space);


/* of an api key, whoever's it is; digest is 64 hexadecimal digits */

void secops_keys_api_key(secops_key_t *key, secops_slice_t prefix,
    const unsigned char digest[SECOPS_KEYS_API_KEY_LEN]);

void secops_keys_rotation(secops_key_t *key, secops_slice_t prefix);


/* number: of the slot's choice in a Redis Cluster; 0: any */

void secops_keys_health(secops_key_t *key, secops_slice_t prefix,
    unsigned number);


#endif /* _SECOPS_KEYS_H_INCLUDED_ */

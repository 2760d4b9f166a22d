
/* The readers of replies; see secops_reply.h. */

#include <string.h>

#include "store/secops_keys.h"
#include "store/secops_reply.h"


/* of a reply to find: the values before the resources, and of each of these */

#define SECOPS_REPLY_FIND_HEAD    6
#define SECOPS_REPLY_FIND_VALUES  4

#define SECOPS_REPLY_DIGITS       18

/* of a reply to feedback: values; of one to event_count: those of each job */

#define SECOPS_REPLY_FEEDBACK     6
#define SECOPS_REPLY_COUNTS       4


static int secops_reply_find_head(secops_reply_find_t *find,
    const secops_redis_value_t *values);
static int secops_reply_find_values(const secops_redis_value_t *values,
    size_t nlookups);
static int secops_reply_counts(const secops_redis_value_t *values,
    secops_job_counts_t *counts);
static int secops_reply_time(const secops_redis_value_t *value,
    uint64_t *number);
static int secops_reply_digest(secops_slice_t text);
static int64_t secops_reply_number(secops_slice_t text);
static int secops_reply_array(const secops_redis_value_t *values, size_t n,
    size_t i);
static int secops_reply_string(const secops_redis_value_t *value);


int
secops_reply_find(secops_reply_find_t *find,
    const secops_redis_value_t *values, size_t n, size_t nlookups)
{
    size_t  i;

    memset(find, 0, sizeof(secops_reply_find_t));

    if (!secops_reply_array(values, n, 0)
        || values[0].elements != n - 1
        || values[0].elements % SECOPS_REPLY_FIND_VALUES
           != SECOPS_REPLY_FIND_HEAD % SECOPS_REPLY_FIND_VALUES
        || values[0].elements < SECOPS_REPLY_FIND_HEAD
        || secops_reply_find_head(find, values) != 0)
    {
        return -1;
    }

    for (i = 1 + SECOPS_REPLY_FIND_HEAD; i < n; i += SECOPS_REPLY_FIND_VALUES)
    {
        if (secops_reply_find_values(&values[i], nlookups) != 0) {
            return -1;
        }

        find->nfound++;
    }

    return 0;
}


static int
secops_reply_find_head(secops_reply_find_t *find,
    const secops_redis_value_t *values)
{
    if (!secops_reply_string(&values[1])
        || !secops_reply_string(&values[2])
        || !secops_reply_string(&values[3])
        || values[4].type != SECOPS_REDIS_INTEGER
        || values[4].integer < 0
        || values[5].type != SECOPS_REDIS_INTEGER
        || values[5].integer < 0
        || !secops_reply_string(&values[6])
        || values[6].text.len > SECOPS_REPLY_REST_MAX)
    {
        return -1;
    }

    find->revision = values[1].text;
    find->next_id = values[2].text;
    find->bytes = secops_reply_number(values[3].text);
    find->total = values[4].integer;
    find->listed = values[5].integer;
    find->rest = values[6].text;

    return 0;
}


static int
secops_reply_find_values(const secops_redis_value_t *values, size_t nlookups)
{
    if (values[0].type != SECOPS_REDIS_INTEGER
        || values[0].integer < 0
        || (uint64_t) values[0].integer >= nlookups
        || !secops_reply_string(&values[1])
        || !secops_reply_string(&values[2])
        || !secops_reply_string(&values[3]))
    {
        return -1;
    }

    return 0;
}


void
secops_reply_found(secops_reply_found_t *found,
    const secops_redis_value_t *values, size_t i)
{
    values += 1 + SECOPS_REPLY_FIND_HEAD + i * SECOPS_REPLY_FIND_VALUES;

    found->lookup = (size_t) values[0].integer;
    found->id = values[1].text;
    found->document = values[2].text;
    found->last_used = values[3].text;
}


secops_reply_commit_e
secops_reply_commit(const secops_redis_value_t *value)
{
    if (value->type != SECOPS_REDIS_INTEGER) {
        return SECOPS_REPLY_WRONG;
    }

    switch (value->integer) {

    case 1:
        return SECOPS_REPLY_COMMITTED;

    case 0:
        return SECOPS_REPLY_CHANGED;

    case -1:
        return SECOPS_REPLY_LOST;

    case -2:
        return SECOPS_REPLY_TOO_MANY;

    case -3:
        return SECOPS_REPLY_TOO_LARGE;

    case -4:
        return SECOPS_REPLY_DOCUMENT;

    default:
        return SECOPS_REPLY_WRONG;
    }
}


secops_reply_record_e
secops_reply_record(const secops_redis_value_t *value)
{
    if (value->type != SECOPS_REDIS_INTEGER) {
        return SECOPS_REPLY_RECORD_WRONG;
    }

    switch (value->integer) {

    case 1:
        return SECOPS_REPLY_RECORD_DONE;

    case 0:
        return SECOPS_REPLY_RECORD_OTHER;

    case -1:
        return SECOPS_REPLY_RECORD_GONE;

    case 2:
        return SECOPS_REPLY_RECORD_SAME;

    default:
        return SECOPS_REPLY_RECORD_WRONG;
    }
}


int
secops_reply_add(const secops_redis_value_t *values, size_t n,
    const unsigned char **id, secops_slice_t *document)
{
    if (!secops_reply_array(values, n, 0)
        || n != values[0].elements + 1
        || n < 2
        || n > 3
        || !secops_reply_string(&values[1])
        || secops_id_shard(values[1].text) < 0)
    {
        return -1;
    }

    *id = values[1].text.data;

    if (n == 2) {
        return 1;
    }

    if (!secops_reply_string(&values[2])) {
        return -1;
    }

    *document = values[2].text;

    return 0;
}


int
secops_reply_feedback(const secops_redis_value_t *values, size_t n,
    secops_reply_feedback_t *feedback)
{
    size_t   i;
    int64_t  number, generation;

    if (!secops_reply_array(values, n, 0) || values[0].elements != n - 1) {
        return -1;
    }

    if (n == 1) {
        return -2;
    }

    if (n != 1 + SECOPS_REPLY_FEEDBACK) {
        return -1;
    }

    for (i = 1; i < n; i++) {
        if (!secops_reply_string(&values[i])) {
            return -1;
        }
    }

    number = secops_reply_number(values[2].text);
    generation = secops_reply_number(values[6].text);

    if (number < 0
        || generation < 0
        || !secops_reply_digest(values[3].text)
        || !secops_reply_digest(values[4].text))
    {
        return -1;
    }

    feedback->n = (uint64_t) number;
    feedback->digest = values[3].text;
    feedback->old = values[4].text;
    feedback->label = values[5].text;
    feedback->generation = (uint64_t) generation;

    return secops_redis_value_is(&values[1], "1");
}


/* empty, or a digest as keys have it */

static int
secops_reply_digest(secops_slice_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (!((text.data[i] >= '0' && text.data[i] <= '9')
              || (text.data[i] >= 'a' && text.data[i] <= 'f')))
        {
            return 0;
        }
    }

    return text.len == 0 || text.len == SECOPS_KEYS_DIGEST_LEN;
}


int
secops_reply_pointer(const secops_redis_value_t *values, size_t n,
    secops_slice_t *id, size_t id_max, secops_slice_t *domain,
    size_t domain_max)
{
    if (!secops_reply_array(values, n, 0)
        || values[0].elements != 2
        || n != 3)
    {
        return -1;
    }

    if (values[1].type == SECOPS_REDIS_NIL
        || values[2].type == SECOPS_REDIS_NIL)
    {
        return 0;
    }

    if (!secops_reply_string(&values[1])
        || !secops_reply_string(&values[2])
        || values[1].text.len > id_max
        || values[2].text.len > domain_max)
    {
        return -1;
    }

    *id = values[1].text;
    *domain = values[2].text;

    return 1;
}


int
secops_reply_about(const secops_redis_value_t *values, size_t n, size_t *i,
    secops_reply_about_t *list)
{
    const secops_redis_value_t  *value;

    if (!secops_reply_array(values, n, 0) || n - *i < 3) {
        return -1;
    }

    value = &values[*i];

    if (value[0].type != SECOPS_REDIS_INTEGER
        || value[0].integer < 0
        || !secops_reply_string(&value[1])
        || value[2].type != SECOPS_REDIS_INTEGER
        || value[2].integer < 0
        || (uint64_t) value[2].integer > (n - *i - 3) / 2)
    {
        return -1;
    }

    if (value[1].text.len && secops_id_shard(value[1].text) < 0) {
        return -1;
    }

    list->records = (uint64_t) value[0].integer;
    list->oldest = value[1].text.len ? value[1].text.data : NULL;
    list->nread = (size_t) value[2].integer;

    *i += 3;

    return 0;
}


int
secops_reply_about_record(const secops_redis_value_t *values, size_t n,
    size_t *i, secops_reply_about_record_t *record)
{
    const secops_redis_value_t  *value;

    if (n - *i < 2) {
        return -1;
    }

    value = &values[*i];

    if (!secops_reply_string(&value[0])
        || secops_id_shard(value[0].text) < 0)
    {
        return -1;
    }

    record->id = value[0].text.data;

    if (value[1].type == SECOPS_REDIS_NIL) {
        record->document = secops_slice_bytes(NULL, 0);

    } else if (secops_reply_string(&value[1])) {
        record->document = value[1].text;

    } else {
        return -1;
    }

    *i += 2;

    return 0;
}


int64_t
secops_reply_audit(const secops_redis_value_t *values, size_t n)
{
    if (!secops_reply_array(values, n, 0)) {
        return -1;
    }

    return (int64_t) values[0].elements;
}


/* an entry is an array of its id and an array of names and values; fields that
   are not ours may have been added by hand: they are passed over */

int
secops_reply_audit_next(const secops_redis_value_t *values, size_t n,
    size_t *i, secops_audit_entry_t *entry)
{
    size_t    k, begin, field;

    static const secops_slice_t  also = secops_slice(SECOPS_AUDIT_ALSO);

    begin = *i;

    if (begin >= n) {
        return 0;
    }

    if (!secops_reply_array(values, n, begin)
        || values[begin].elements != 2
        || n - begin < 3
        || !secops_reply_string(&values[begin + 1])
        || !secops_reply_array(values, n, begin + 2)
        || values[begin + 2].elements % 2)
    {
        return -1;
    }

    memset(entry, 0, sizeof(secops_audit_entry_t));

    if (secops_audit_read_id(values[begin + 1].text, &entry->position) != 0) {
        return -1;
    }

    values += begin + 3;

    for (k = 0; k < values[-1].elements; k += 2) {

        if (!secops_reply_string(&values[k])
            || !secops_reply_string(&values[k + 1]))
        {
            return -1;
        }

        field = secops_audit_field(values[k].text, (unsigned) (k / 2));

        if (field < SECOPS_AUDIT_FIELDS) {
            entry->fields[field] = values[k + 1].text;

        } else if (secops_slice_equal(values[k].text, also)) {
            entry->also = values[k + 1].text;
        }
    }

    *i = begin + 3 + k;

    return 1;
}


int
secops_reply_keys(const secops_redis_value_t *values, size_t n,
    secops_slice_t *cursor, size_t *nkeys)
{
    size_t  i;

    if (!secops_reply_array(values, n, 0)
        || values[0].elements != 2
        || n < SECOPS_REPLY_KEYS_FIRST
        || !secops_reply_string(&values[1])
        || values[1].text.len == 0
        || values[1].text.len > SECOPS_REPLY_KEYS_CURSOR
        || !secops_reply_array(values, n, 2)
        || values[2].elements != n - SECOPS_REPLY_KEYS_FIRST)
    {
        return -1;
    }

    for (i = SECOPS_REPLY_KEYS_FIRST; i < n; i++) {
        if (!secops_reply_string(&values[i])) {
            return -1;
        }
    }

    *cursor = values[1].text;
    *nkeys = n - SECOPS_REPLY_KEYS_FIRST;

    return 0;
}


int
secops_reply_event_count(const secops_redis_value_t *values, size_t n,
    secops_job_counts_t *counts, size_t njobs)
{
    size_t               i;
    secops_job_counts_t  shard;

    if (!secops_reply_array(values, n, 0)
        || values[0].elements != n - 1
        || values[0].elements != njobs * SECOPS_REPLY_COUNTS)
    {
        return -1;
    }

    for (i = 0; i < njobs; i++) {
        if (secops_reply_counts(&values[1 + i * SECOPS_REPLY_COUNTS], &shard)
            != 0)
        {
            return -1;
        }
    }

    for (i = 0; i < njobs; i++) {
        (void) secops_reply_counts(&values[1 + i * SECOPS_REPLY_COUNTS],
                                   &shard);
        secops_job_counts_add(&counts[i], &shard);
    }

    return 0;
}


static int
secops_reply_counts(const secops_redis_value_t *values,
    secops_job_counts_t *counts)
{
    if (values[0].type != SECOPS_REDIS_INTEGER || values[0].integer < 0
        || secops_reply_time(&values[1], &counts->last_processed) != 0
        || secops_reply_time(&values[2], &counts->feedback) != 0
        || secops_reply_time(&values[3], &counts->last_feedback) != 0)
    {
        return -1;
    }

    counts->processed = (uint64_t) values[0].integer;

    return 0;
}


/* a time, or any other number that may not be there: then it is 0 */

static int
secops_reply_time(const secops_redis_value_t *value, uint64_t *number)
{
    int64_t  n;

    if (!secops_reply_string(value)) {
        return -1;
    }

    n = value->text.len ? secops_reply_number(value->text) : 0;

    if (n < 0) {
        return -1;
    }

    *number = (uint64_t) n;

    return 0;
}


/* -1: it is none, or a very large one */

static int64_t
secops_reply_number(secops_slice_t text)
{
    size_t   i;
    int64_t  n;

    if (text.len == 0 || text.len > SECOPS_REPLY_DIGITS) {
        return -1;
    }

    n = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        n = n * 10 + (text.data[i] - '0');
    }

    return n;
}


/* 1: value i is an array, and as many values as it has elements follow it */

static int
secops_reply_array(const secops_redis_value_t *values, size_t n, size_t i)
{
    return i < n
           && values[i].type == SECOPS_REDIS_ARRAY
           && values[i].elements <= n - i - 1;
}


static int
secops_reply_string(const secops_redis_value_t *value)
{
    return value->type == SECOPS_REDIS_STRING;
}

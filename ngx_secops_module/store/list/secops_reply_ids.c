
/* The readers of replies about lists; see secops_reply_ids.h. */

#include "store/list/secops_reply_ids.h"


/* values before the arrays of ids, with the outer array */

#define SECOPS_REPLY_IDS_HEAD   4
#define SECOPS_REPLY_SCAN_HEAD  3


static int secops_reply_head(const secops_redis_value_t *values, size_t n,
    size_t head, size_t arrays);
static int secops_reply_id_list(secops_reply_id_list_t *list,
    const secops_redis_value_t *values, size_t n, size_t *i, size_t max);


int
secops_reply_ids(secops_reply_ids_t *reply, const secops_redis_value_t *values,
    size_t n, size_t max)
{
    size_t  i;

    i = SECOPS_REPLY_IDS_HEAD;

    if (secops_reply_head(values, n, i, 1) != 0
        || values[1].integer < 0
        || values[2].integer < -1
        || values[2].integer > values[1].integer
        || values[3].integer < 0
        || values[3].integer > values[1].integer
        || secops_reply_id_list(&reply->ids, values, n, &i, max) != 0
        || i != n)
    {
        return -1;
    }

    reply->total = (uint64_t) values[1].integer;
    reply->rank = values[2].integer;
    reply->begin = (uint64_t) values[3].integer;

    return 0;
}


int
secops_reply_scan(secops_reply_scan_t *reply,
    const secops_redis_value_t *values, size_t n, size_t max)
{
    size_t  i;

    i = SECOPS_REPLY_SCAN_HEAD;

    if (secops_reply_head(values, n, i, 3) != 0
        || values[1].integer < 0
        || values[2].integer < 0
        || (uint64_t) values[2].integer > max + SECOPS_REPLY_PASSED
        || secops_reply_id_list(&reply->before, values, n, &i,
                                SECOPS_REPLY_MARKS)
           != 0
        || secops_reply_id_list(&reply->after, values, n, &i,
                                SECOPS_REPLY_MARKS)
           != 0
        || secops_reply_id_list(&reply->ids, values, n, &i, max) != 0
        || i != n
        || (values[1].integer && reply->before.n == 0))
    {
        return -1;
    }

    reply->left = (uint64_t) values[1].integer;
    reply->passed = (uint64_t) values[2].integer;

    return 0;
}


void
secops_reply_marks_take(secops_reply_marks_t *marks,
    const secops_reply_scan_t *reply)
{
    size_t  stay;

    stay = SECOPS_REPLY_MARKS - reply->before.n;

    if (stay > marks->nbefore) {
        stay = marks->nbefore;
    }

    memmove(marks->ids, marks->ids + (marks->nbefore - stay) * SECOPS_ID_LEN,
            stay * SECOPS_ID_LEN);

    marks->nbefore = stay + reply->before.n;
    marks->nafter = reply->after.n;

    secops_reply_ids_copy(marks->ids + stay * SECOPS_ID_LEN, &reply->before,
                          0);
    secops_reply_ids_copy(marks->ids + marks->nbefore * SECOPS_ID_LEN,
                          &reply->after, 0);
}


/* 0: it is an array of integers, up to the index head, and of so many arrays */

static int
secops_reply_head(const secops_redis_value_t *values, size_t n, size_t head,
    size_t arrays)
{
    size_t  i;

    if (n < head + arrays
        || values[0].type != SECOPS_REDIS_ARRAY
        || values[0].elements != head - 1 + arrays)
    {
        return -1;
    }

    for (i = 1; i < head; i++) {
        if (values[i].type != SECOPS_REDIS_INTEGER) {
            return -1;
        }
    }

    return 0;
}


/* 0: value *i is an array of max ids at most, and moves behind it */

static int
secops_reply_id_list(secops_reply_id_list_t *list,
    const secops_redis_value_t *values, size_t n, size_t *i, size_t max)
{
    size_t                       k;
    const secops_redis_value_t  *value;

    if (*i >= n) {
        return -1;
    }

    value = &values[*i];

    if (value->type != SECOPS_REDIS_ARRAY
        || value->elements > n - *i - 1
        || value->elements > max)
    {
        return -1;
    }

    list->values = value + 1;
    list->n = value->elements;

    for (k = 0; k < list->n; k++) {
        if (list->values[k].type != SECOPS_REDIS_STRING
            || secops_id_shard(list->values[k].text) < 0)
        {
            return -1;
        }
    }

    *i += 1 + list->n;

    return 0;
}


void
secops_reply_ids_copy(unsigned char *dst, const secops_reply_id_list_t *ids,
    int reverse)
{
    size_t  i;

    for (i = 0; i < ids->n; i++) {
        memcpy(dst, ids->values[reverse ? ids->n - i - 1 : i].text.data,
               SECOPS_ID_LEN);
        dst += SECOPS_ID_LEN;
    }
}


int64_t
secops_reply_documents(const secops_redis_value_t *values, size_t n,
    size_t min, size_t max)
{
    size_t  i;

    if (values[0].type != SECOPS_REDIS_ARRAY
        || values[0].elements != n - 1
        || values[0].elements < min
        || values[0].elements > max)
    {
        return -1;
    }

    for (i = 1; i < n; i++) {
        if (values[i].type != SECOPS_REDIS_STRING
            && values[i].type != SECOPS_REDIS_NIL)
        {
            return -1;
        }
    }

    return (int64_t) (n - 1);
}

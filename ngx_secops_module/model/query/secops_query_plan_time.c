
/*
 * When the records that meet a query were created, at most: what conditions on
 * sys_created_on and sys_id bound.  All conditions of an alternative but those
 * of one group have to be met, so groups narrow the time, while the conditions
 * of a group and the alternatives widen it.
 */

#include "model/query/secops_query_plan_internal.h"
#include "util/secops_id.h"
#include "util/secops_time.h"


/* milliseconds, both included; from > to: there is none */

typedef struct {
    uint64_t  from;
    uint64_t  to;
} secops_query_range_t;


static secops_query_range_t secops_query_alternative_range(
    const secops_encoded_query_t *query, size_t begin);
static secops_query_range_t secops_query_group_range(
    const secops_encoded_query_t *query, size_t begin);
static secops_query_range_t secops_query_condition_range(
    const secops_query_condition_t *condition);
static secops_query_range_t secops_query_operator_range(
    const secops_query_condition_t *condition, secops_query_range_t value,
    secops_query_range_t upper);
static secops_query_range_t secops_query_values_range(
    const secops_query_condition_t *condition);
static secops_query_range_t secops_query_id_range(secops_slice_t id,
    secops_query_kind_e kind);
static secops_query_range_t secops_query_time_range(secops_slice_t text);
static int secops_query_time_bound(uint64_t *msec, secops_slice_t text,
    const char *rest);
static void secops_query_range_widen(secops_query_range_t *range,
    secops_query_range_t other);


static const secops_query_range_t  secops_query_always = { 0, UINT64_MAX };
static const secops_query_range_t  secops_query_never = { UINT64_MAX, 0 };


void
secops_query_plan_bounds(secops_query_plan_t *plan,
    const secops_encoded_query_t *query)
{
    size_t                i;
    secops_query_range_t  range;

    range = query->n ? secops_query_never : secops_query_always;

    for (i = 0; i < query->n; i = query->conditions[i].alternative) {
        secops_query_range_widen(&range,
                                 secops_query_alternative_range(query, i));
    }

    plan->from = range.from;
    plan->to = range.to;

    if (plan->from > plan->to) {
        return;
    }

    /* the id of a record that was created at another time than an id can have,
       because a clock was wrong, has the nearest one */

    if (plan->to < SECOPS_ID_MSEC_MIN) {
        plan->to = SECOPS_ID_MSEC_MIN;
    }

    if (plan->from > SECOPS_ID_MSEC_MAX) {
        plan->from = SECOPS_ID_MSEC_MAX;
    }
}


/* of the alternative that begins with this condition: what its groups share */

static secops_query_range_t
secops_query_alternative_range(const secops_encoded_query_t *query,
    size_t begin)
{
    size_t                i, end;
    secops_query_range_t  range, group;

    range = secops_query_always;
    end = query->conditions[begin].alternative;

    for (i = begin; i < end; i = query->conditions[i].group) {

        group = secops_query_group_range(query, i);

        if (group.from > range.from) {
            range.from = group.from;
        }

        if (group.to < range.to) {
            range.to = group.to;
        }
    }

    return range;
}


static secops_query_range_t
secops_query_group_range(const secops_encoded_query_t *query, size_t begin)
{
    size_t                i, end;
    secops_query_range_t  range;

    range = secops_query_never;
    end = query->conditions[begin].group;

    for (i = begin; i < end; i++) {
        secops_query_range_widen(&range,
                        secops_query_condition_range(&query->conditions[i]));
    }

    return range;
}


/* "always" where the condition says nothing about the time */

static secops_query_range_t
secops_query_condition_range(const secops_query_condition_t *condition)
{
    secops_query_range_t  value, upper;

    if (secops_slice_equal(condition->column, secops_slice_of("sys_id"))) {

        value = secops_query_id_range(condition->value, condition->kind);
        upper = secops_query_id_range(condition->upper, condition->upper_kind);

        return secops_query_operator_range(condition, value, upper);
    }

    if (!secops_slice_equal(condition->column,
                            secops_slice_of("sys_created_on")))
    {
        return secops_query_always;
    }

    switch (condition->operator) {

    case SECOPS_QUERY_EQUAL:
    case SECOPS_QUERY_IN:
        return secops_query_values_range(condition);

    case SECOPS_QUERY_STARTS_WITH:
        return secops_query_time_range(condition->value);

    default:
        value = secops_query_time_range(condition->value);
        upper = secops_query_time_range(condition->upper);

        return secops_query_operator_range(condition, value, upper);
    }
}


/* value and upper are the times that those of the condition can mean */

static secops_query_range_t
secops_query_operator_range(const secops_query_condition_t *condition,
    secops_query_range_t value, secops_query_range_t upper)
{
    switch (condition->operator) {

    case SECOPS_QUERY_LESS:
    case SECOPS_QUERY_LESS_EQUAL:
        value.from = 0;
        return value;

    case SECOPS_QUERY_GREATER:
    case SECOPS_QUERY_GREATER_EQUAL:
        value.to = UINT64_MAX;
        return value;

    case SECOPS_QUERY_BETWEEN:
        value.to = upper.to;
        return value;

    default:
        return secops_query_always;
    }
}


static secops_query_range_t
secops_query_values_range(const secops_query_condition_t *condition)
{
    uint32_t              n;
    secops_query_range_t  range;

    range = secops_query_never;

    for (n = 0; n < condition->nvalues; n++) {
        secops_query_range_widen(&range,
                               secops_query_time_range(condition->values[n]));
    }

    return range;
}


static secops_query_range_t
secops_query_id_range(secops_slice_t id, secops_query_kind_e kind)
{
    secops_query_range_t  range;

    if (kind != SECOPS_QUERY_ID) {
        return secops_query_always;
    }

    range.from = secops_id_msec(id.data);
    range.to = range.from;

    return range;
}


/*
 * Of a time, or of its beginning up to the seconds, the minutes, the hours, the
 * day, the month or the year.  Times are compared by their bytes: one that is
 * greater or less than such a text, or has it at its beginning, is none before
 * the first or behind the last time that begins with it.
 */

static secops_query_range_t
secops_query_time_range(secops_slice_t text)
{
    secops_query_range_t  range;

    if (secops_query_time_bound(&range.from, text, "0000-01-01 00:00:00") != 0
        || secops_query_time_bound(&range.to, text, "9999-12-31 23:59:59") != 0)
    {
        return secops_query_always;
    }

    range.to += 999;

    return range;
}


/* what is missing at the end of the text stands in rest; -1: it is no time */

static int
secops_query_time_bound(uint64_t *msec, secops_slice_t text, const char *rest)
{
    int64_t        seconds;
    unsigned char  time[SECOPS_TIME_LEN];

    if (text.len < 4 || text.len > SECOPS_TIME_LEN
        || (text.len - 4) % 3 != 0)
    {
        return -1;
    }

    memcpy(time, rest, SECOPS_TIME_LEN);
    memcpy(time, text.data, text.len);

    if (secops_time_read(&seconds, secops_slice_bytes(time, SECOPS_TIME_LEN))
        != 0)
    {
        return -1;
    }

    *msec = seconds < 0 ? 0 : (uint64_t) seconds * 1000;

    return 0;
}


static void
secops_query_range_widen(secops_query_range_t *range,
    secops_query_range_t other)
{
    if (other.from < range->from) {
        range->from = other.from;
    }

    if (other.to > range->to) {
        range->to = other.to;
    }
}

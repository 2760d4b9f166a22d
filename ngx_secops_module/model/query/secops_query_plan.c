
/*
 * The planner: one table of plans; see secops_query_plan.h.  The bounds of the
 * time are in secops_query_plan_time.c.
 */

#include <stdlib.h>

#include "model/query/secops_column.h"
#include "model/query/secops_query_plan_internal.h"
#include "util/secops_id.h"


/* a group of conditions that is met by nothing but a list of values */

typedef struct {
    size_t  begin;
    size_t  end;            /* 0: there is none */
    size_t  nvalues;
} secops_query_group_t;


/* what the groups have to be about, and which values can be looked up */

typedef struct {
    secops_slice_t  column;
    unsigned        id;         /* the values are ids: others are no records' */
    unsigned        numbers;    /* a value that is a number can be looked up: it
                                   has the bytes that were asked for */
} secops_query_lookup_t;


/* 1: it fits, and the plan has its values; 0: it does not; -1: no memory */

typedef struct {
    secops_query_plan_e   kind;
    const char           *name;
    const char           *cost;
    int                 (*fits)(secops_query_plan_t *plan,
                                const secops_encoded_query_t *query,
                                const secops_table_t *table);
} secops_query_plan_row_t;


static int secops_query_plan_ids(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table);
static int secops_query_plan_subjects(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table);
static int secops_query_plan_times(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table);
static int secops_query_plan_walk(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table);
static int secops_query_plan_collect(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_query_lookup_t *lookup);
static void secops_query_plan_group(secops_query_group_t *best,
    const secops_encoded_query_t *query, size_t begin,
    const secops_query_lookup_t *lookup);
static int secops_query_can_look_up(const secops_query_condition_t *condition,
    const secops_query_lookup_t *lookup);
static void secops_query_plan_add(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_query_group_t *group,
    const secops_query_lookup_t *lookup);
static void secops_query_plan_sort(secops_query_plan_t *plan,
    int (*compare)(const void *one, const void *two));
static int secops_query_plan_compare_ids(const void *one, const void *two);
static int secops_query_plan_compare_texts(const void *one, const void *two);
static secops_query_sequence_e secops_query_plan_sequence(
    const secops_encoded_query_t *query);


static const secops_query_plan_row_t  secops_query_plans[] = {
    { SECOPS_QUERY_PLAN_IDS, "ids",
      "the records of these ids",
      secops_query_plan_ids },
    { SECOPS_QUERY_PLAN_SUBJECTS, "subjects",
      "the records about these subjects",
      secops_query_plan_subjects },
    { SECOPS_QUERY_PLAN_TIMES, "times",
      "the records that were created in this time",
      secops_query_plan_times },
    { SECOPS_QUERY_PLAN_WALK, "walk",
      "the records of the table",
      secops_query_plan_walk }
};


int
secops_query_plan(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table)
{
    int                             rc;
    const secops_query_plan_row_t  *row;

    memset(plan, 0, sizeof(secops_query_plan_t));

    plan->sequence = secops_query_plan_sequence(query);
    plan->filter = query->n != 0;

    secops_query_plan_bounds(plan, query);

    for (row = secops_query_plans; /* void */ ; row++) {

        rc = row->fits(plan, query, table);

        if (rc < 0) {
            return -1;
        }

        if (rc) {
            plan->kind = row->kind;
            plan->name = row->name;
            plan->cost = row->cost;

            return 0;
        }
    }
}


void
secops_query_plan_free(secops_query_plan_t *plan)
{
    free(plan->values);

    plan->values = NULL;
    plan->nvalues = 0;
}


/* without any where the times contradict each other */

static int
secops_query_plan_ids(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table)
{
    int                    rc;
    secops_query_lookup_t  lookup;

    if (plan->from > plan->to) {
        return 1;
    }

    lookup.column = secops_slice_of("sys_id");
    lookup.id = 1;
    lookup.numbers = 1;

    rc = secops_query_plan_collect(plan, query, &lookup);

    if (rc == 1) {
        secops_query_plan_sort(plan, secops_query_plan_compare_ids);
    }

    return rc;
}


/* a JSON number is found by any text that is the same number, its list only by
   one with the same bytes */

static int
secops_query_plan_subjects(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table)
{
    int                    rc;
    secops_query_lookup_t  lookup;

    if (table->subject.len == 0) {
        return 0;
    }

    lookup.column = table->subject;
    lookup.id = 0;
    lookup.numbers = table->subject_text;

    rc = secops_query_plan_collect(plan, query, &lookup);

    if (rc == 1) {
        secops_query_plan_sort(plan, secops_query_plan_compare_texts);
    }

    return rc;
}


static int
secops_query_plan_times(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table)
{
    return (plan->from > 0 || plan->to < UINT64_MAX) ? 1 : 0;
}


static int
secops_query_plan_walk(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table)
{
    return 1;
}


/*
 * Of each alternative the group with the fewest values: whatever else an
 * alternative asks, it is not met without one of them.  1: each alternative has
 * such a group; 0: not; -1: no memory.
 */

static int
secops_query_plan_collect(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_query_lookup_t *lookup)
{
    size_t                i;
    unsigned              filter;
    secops_query_group_t  group;

    if (query->n == 0) {
        return 0;
    }

    plan->values = malloc((query->n + query->nvalues)
                          * sizeof(secops_slice_t));
    if (plan->values == NULL) {
        return -1;
    }

    filter = 0;

    for (i = 0; i < query->n; i = query->conditions[i].alternative) {

        secops_query_plan_group(&group, query, i, lookup);

        if (group.end == 0) {
            secops_query_plan_free(plan);
            return 0;
        }

        secops_query_plan_add(plan, query, &group, lookup);

        /* an alternative of this group alone asks for nothing else */

        filter |= group.begin != i
                  || group.end != query->conditions[i].alternative;
    }

    plan->filter = filter;

    return 1;
}


/* of the alternative that begins with this condition */

static void
secops_query_plan_group(secops_query_group_t *best,
    const secops_encoded_query_t *query, size_t begin,
    const secops_query_lookup_t *lookup)
{
    size_t                           i, end;
    secops_query_group_t             group;
    const secops_query_condition_t  *condition;

    best->end = 0;
    end = query->conditions[begin].alternative;

    for (i = begin; i < end; i = group.end) {

        group.begin = i;
        group.end = query->conditions[i].group;
        group.nvalues = 0;

        for ( /* void */ ; i < group.end; i++) {
            condition = &query->conditions[i];

            if (!secops_query_can_look_up(condition, lookup)) {
                break;
            }

            group.nvalues += condition->nvalues;
        }

        if (i == group.end
            && (best->end == 0 || group.nvalues < best->nvalues))
        {
            *best = group;
        }
    }
}


static int
secops_query_can_look_up(const secops_query_condition_t *condition,
    const secops_query_lookup_t *lookup)
{
    if (condition->operator != SECOPS_QUERY_EQUAL
        && condition->operator != SECOPS_QUERY_IN)
    {
        return 0;
    }

    if (!secops_slice_equal(condition->column, lookup->column)) {
        return 0;
    }

    /* an empty value, the first if there is one, is met by what is about
       nothing: there is no list of that */

    return lookup->id
           || (condition->values[0].len
               && (lookup->numbers || condition->nnumbers == 0));
}


static void
secops_query_plan_add(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_query_group_t *group,
    const secops_query_lookup_t *lookup)
{
    size_t                           i;
    uint32_t                         n;
    const secops_query_condition_t  *condition;

    for (i = group->begin; i < group->end; i++) {
        condition = &query->conditions[i];

        for (n = 0; n < condition->nvalues; n++) {

            if (!lookup->id || secops_id_shard(condition->values[n]) >= 0) {
                plan->values[plan->nvalues++] = condition->values[n];
            }
        }
    }
}


/* and leaves each value once */

static void
secops_query_plan_sort(secops_query_plan_t *plan,
    int (*compare)(const void *one, const void *two))
{
    size_t           i, n;
    secops_slice_t  *values;

    n = 0;
    values = plan->values;

    qsort(values, plan->nvalues, sizeof(secops_slice_t), compare);

    for (i = 0; i < plan->nvalues; i++) {

        if (n == 0 || compare(&values[n - 1], &values[i]) != 0) {
            values[n++] = values[i];
        }
    }

    plan->nvalues = n;
}


static int
secops_query_plan_compare_ids(const void *one, const void *two)
{
    return secops_id_compare(((const secops_slice_t *) one)->data,
                             ((const secops_slice_t *) two)->data);
}


static int
secops_query_plan_compare_texts(const void *one, const void *two)
{
    return secops_slice_compare(*(const secops_slice_t *) one,
                                *(const secops_slice_t *) two);
}


/* ids begin with the time of creation, so that their order is one of it, too */

static secops_query_sequence_e
secops_query_plan_sequence(const secops_encoded_query_t *query)
{
    const secops_query_order_t  *order;

    if (query->norders == 0) {
        return SECOPS_QUERY_NEWEST_FIRST;
    }

    order = &query->orders[0];

    if (!secops_slice_equal(order->column, secops_slice_of("sys_id"))
        && !secops_slice_equal(order->column,
                               secops_slice_of("sys_created_on")))
    {
        return SECOPS_QUERY_SORTED;
    }

    return order->descending ? SECOPS_QUERY_NEWEST_FIRST
                             : SECOPS_QUERY_OLDEST_FIRST;
}

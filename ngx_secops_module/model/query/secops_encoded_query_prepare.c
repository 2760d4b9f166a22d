
/*
 * What is made of a query once, so that it costs little to evaluate it on many
 * records: where groups end, which columns there are, lists that are sorted,
 * and what searching a text needs.
 */

#include <stdlib.h>

#include "model/json/secops_json_number.h"
#include "model/query/secops_column.h"
#include "model/query/secops_encoded_query_internal.h"
#include "util/secops_id.h"


static void secops_query_prepare_groups(secops_encoded_query_t *query);
static int secops_query_prepare_columns(secops_encoded_query_t *query);
static uint16_t secops_query_column(secops_encoded_query_t *query,
    secops_slice_t name);
static int secops_query_prepare_condition(secops_encoded_query_t *query,
    secops_query_condition_t *condition);
static void secops_query_prepare_equal(secops_query_condition_t *condition);
static int secops_query_prepare_in(secops_encoded_query_t *query,
    secops_query_condition_t *condition);
static void secops_query_sort_values(secops_query_condition_t *condition,
    secops_slice_t *values, uint32_t n);
static uint32_t secops_query_unique(secops_slice_t *values, uint32_t n,
    int (*compare)(const void *one, const void *two));
static int secops_query_compare_texts(const void *one, const void *two);
static int secops_query_compare_numbers(const void *one, const void *two);
static int secops_query_prepare_pattern(secops_query_condition_t *condition);
static secops_query_kind_e secops_query_kind(secops_slice_t column,
    secops_slice_t value);


int
secops_encoded_query_prepare(secops_encoded_query_t *query)
{
    int     rc;
    size_t  i;

    secops_query_prepare_groups(query);

    rc = secops_query_prepare_columns(query);

    for (i = 0; rc == SECOPS_ENCODED_QUERY_OK && i < query->n; i++) {
        rc = secops_query_prepare_condition(query, &query->conditions[i]);
    }

    return rc;
}


/* from the last condition on: what follows one is known then */

static void
secops_query_prepare_groups(secops_encoded_query_t *query)
{
    size_t                     i;
    uint16_t                   group, alternative;
    unsigned                   begins_group, begins_alternative;
    secops_query_condition_t  *condition;

    group = (uint16_t) query->n;
    alternative = (uint16_t) query->n;

    for (i = query->n; i > 0; i--) {
        condition = &query->conditions[i - 1];

        begins_group = condition->group;
        begins_alternative = condition->alternative;

        condition->group = group;
        condition->alternative = alternative;

        if (begins_group) {
            group = (uint16_t) (i - 1);
        }

        if (begins_alternative) {
            alternative = (uint16_t) (i - 1);
        }
    }
}


static int
secops_query_prepare_columns(secops_encoded_query_t *query)
{
    size_t                     i, size;
    secops_query_condition_t  *condition;

    if (query->n == 0) {
        return SECOPS_ENCODED_QUERY_OK;
    }

    for (size = 4; size / 2 < 2 * query->n; size *= 2) { /* void */ }

    query->columns = calloc(1, 2 * query->n * sizeof(secops_query_column_t)
                               + size * sizeof(uint16_t));
    if (query->columns == NULL) {
        return -1;
    }

    query->slots = (uint16_t *) (query->columns + 2 * query->n);
    query->mask = (uint32_t) (size - 1);

    for (i = 0; i < query->n; i++) {
        condition = &query->conditions[i];

        condition->column_id = secops_query_column(query, condition->column);

        if (condition->operator == SECOPS_QUERY_SAME_AS
            || condition->operator == SECOPS_QUERY_NOT_SAME_AS)
        {
            condition->other_id = secops_query_column(query,
                                                      condition->value);
        }
    }

    return SECOPS_ENCODED_QUERY_OK;
}


/* the index of the column, which is a new one if it was not there */

static uint16_t
secops_query_column(secops_encoded_query_t *query, secops_slice_t name)
{
    uint32_t               hash, slot;
    secops_query_column_t  *column;

    hash = secops_json_hash(name.data, name.len);

    for (slot = hash & query->mask;
         query->slots[slot];
         slot = (slot + 1) & query->mask)
    {
        column = &query->columns[query->slots[slot] - 1];

        if (column->hash == hash && secops_slice_equal(column->name, name)) {
            return query->slots[slot] - 1;
        }
    }

    column = &query->columns[query->ncolumns++];

    column->name = name;
    column->hash = hash;

    query->slots[slot] = (uint16_t) query->ncolumns;

    return query->slots[slot] - 1;
}


static int
secops_query_prepare_condition(secops_encoded_query_t *query,
    secops_query_condition_t *condition)
{
    switch (condition->operator) {

    case SECOPS_QUERY_EQUAL:
    case SECOPS_QUERY_NOT_EQUAL:
        secops_query_prepare_equal(condition);
        return SECOPS_ENCODED_QUERY_OK;

    case SECOPS_QUERY_IN:
    case SECOPS_QUERY_NOT_IN:
        return secops_query_prepare_in(query, condition);

    case SECOPS_QUERY_STARTS_WITH:
    case SECOPS_QUERY_ENDS_WITH:
    case SECOPS_QUERY_CONTAINS:
    case SECOPS_QUERY_NOT_CONTAINS:
        return secops_query_prepare_pattern(condition);

    default:
        condition->kind = secops_query_kind(condition->column,
                                            condition->value);
        condition->upper_kind = secops_query_kind(condition->column,
                                                  condition->upper);
        return SECOPS_ENCODED_QUERY_OK;
    }
}


/* a list of one; conditions are not moved any more */

static void
secops_query_prepare_equal(secops_query_condition_t *condition)
{
    condition->values = &condition->value;
    condition->nvalues = 1;

    condition->numbers = &condition->value;
    condition->nnumbers = (uint32_t) secops_column_is_number(condition->value);
}


static int
secops_query_prepare_in(secops_encoded_query_t *query,
    secops_query_condition_t *condition)
{
    uint32_t              n;
    secops_slice_t       *values;
    const unsigned char  *p, *last, *start;

    p = condition->value.data;
    last = p + condition->value.len;

    for (n = 1; p < last; p++) {
        n += (*p == ',');
    }

    query->nvalues += n;

    if (query->nvalues > SECOPS_ENCODED_QUERY_VALUES) {
        return SECOPS_ENCODED_QUERY_MANY_VALUES;
    }

    values = malloc(2 * n * sizeof(secops_slice_t));
    if (values == NULL) {
        return -1;
    }

    condition->memory = values;

    n = 0;
    start = condition->value.data;

    for (p = start; p <= last; p++) {

        if (p == last || *p == ',') {
            values[n++] = secops_slice_bytes(start, p - start);
            start = p + 1;
        }
    }

    secops_query_sort_values(condition, values, n);

    return SECOPS_ENCODED_QUERY_OK;
}


/* values has room for as many again */

static void
secops_query_sort_values(secops_query_condition_t *condition,
    secops_slice_t *values, uint32_t n)
{
    uint32_t         i, nnumbers;
    secops_slice_t  *numbers;

    qsort(values, n, sizeof(secops_slice_t), secops_query_compare_texts);
    n = secops_query_unique(values, n, secops_query_compare_texts);

    numbers = values + n;
    nnumbers = 0;

    for (i = 0; i < n; i++) {
        if (secops_column_is_number(values[i])) {
            numbers[nnumbers++] = values[i];
        }
    }

    qsort(numbers, nnumbers, sizeof(secops_slice_t),
          secops_query_compare_numbers);

    condition->values = values;
    condition->nvalues = n;

    condition->numbers = numbers;
    condition->nnumbers = secops_query_unique(numbers, nnumbers,
                                              secops_query_compare_numbers);
}


/* of sorted values; returns how many are left */

static uint32_t
secops_query_unique(secops_slice_t *values, uint32_t n,
    int (*compare)(const void *one, const void *two))
{
    uint32_t  i, left;

    left = 0;

    for (i = 0; i < n; i++) {
        if (left == 0 || compare(&values[left - 1], &values[i]) != 0) {
            values[left++] = values[i];
        }
    }

    return left;
}


static int
secops_query_compare_texts(const void *one, const void *two)
{
    return secops_slice_compare(*(const secops_slice_t *) one,
                                *(const secops_slice_t *) two);
}


static int
secops_query_compare_numbers(const void *one, const void *two)
{
    return secops_json_number_compare(*(const secops_slice_t *) one,
                                      *(const secops_slice_t *) two);
}


/*
 * For the search of Knuth, Morris and Pratt, which looks at each byte of a text
 * once, and so may stop anywhere.
 */

static int
secops_query_prepare_pattern(secops_query_condition_t *condition)
{
    size_t          i, len;
    uint32_t        border, *borders;
    unsigned char  *pattern;

    len = condition->value.len;

    if (len == 0) {
        return SECOPS_ENCODED_QUERY_OK;
    }

    borders = malloc(len * (sizeof(uint32_t) + 1));
    if (borders == NULL) {
        return -1;
    }

    pattern = (unsigned char *) (borders + len);

    for (i = 0; i < len; i++) {
        pattern[i] = secops_query_lower(condition->value.data[i]);
    }

    borders[0] = 0;

    for (i = 1; i < len; i++) {
        border = borders[i - 1];

        while (border && pattern[i] != pattern[border]) {
            border = borders[border - 1];
        }

        borders[i] = border + (pattern[i] == pattern[border]);
    }

    condition->memory = borders;
    condition->borders = borders;
    condition->pattern = pattern;

    return SECOPS_ENCODED_QUERY_OK;
}


static secops_query_kind_e
secops_query_kind(secops_slice_t column, secops_slice_t value)
{
    if (secops_slice_equal(column, secops_slice_of("sys_id"))) {
        return secops_id_shard(value) < 0 ? SECOPS_QUERY_TEXT
                                          : SECOPS_QUERY_ID;
    }

    return secops_column_is_number(value) ? SECOPS_QUERY_NUMBER
                                          : SECOPS_QUERY_TEXT;
}


/*
 * Evaluates a query on a record; see secops_query_match.h.
 *
 * First the record's members are looked at once, and those that the query is
 * about are noted.  Then its conditions are evaluated one by one, and those
 * that decide nothing any more are passed.  What a condition asks of a text is
 * in secops_query_text.c.
 */

#include "model/json/secops_json_number.h"
#include "model/query/secops_query_match_internal.h"


/* run is NULL where the first one always has the answer */

typedef struct {
    secops_query_meets_pt  begin;
    secops_query_meets_pt  run;
    unsigned               negated;
} secops_query_evaluator_t;


static int secops_query_resolve(secops_query_match_t *match, size_t *work);
static void secops_query_resolve_key(secops_query_match_t *match,
    uint32_t key);
static int secops_query_meets(secops_query_match_t *match, size_t *work);
static void secops_query_match_next(secops_query_match_t *match, int met);
static int secops_query_meets_anything(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
static int secops_query_meets_empty(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
static int secops_query_meets_empty_string(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
static int secops_query_meets_table(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);


static const secops_query_evaluator_t  secops_query_evaluators[] = {
    [SECOPS_QUERY_EQUAL] = {
        secops_query_begin_values, secops_query_meets_values, 0
    },
    [SECOPS_QUERY_NOT_EQUAL] = {
        secops_query_begin_values, secops_query_meets_values, 1
    },
    [SECOPS_QUERY_LESS] = {
        secops_query_begin_order, secops_query_meets_order, 0
    },
    [SECOPS_QUERY_LESS_EQUAL] = {
        secops_query_begin_order, secops_query_meets_order, 0
    },
    [SECOPS_QUERY_GREATER] = {
        secops_query_begin_order, secops_query_meets_order, 0
    },
    [SECOPS_QUERY_GREATER_EQUAL] = {
        secops_query_begin_order, secops_query_meets_order, 0
    },
    [SECOPS_QUERY_BETWEEN] = {
        secops_query_begin_order, secops_query_meets_order, 0
    },
    [SECOPS_QUERY_IN] = {
        secops_query_begin_values, secops_query_meets_values, 0
    },
    [SECOPS_QUERY_NOT_IN] = {
        secops_query_begin_values, secops_query_meets_values, 1
    },
    [SECOPS_QUERY_STARTS_WITH] = {
        secops_query_begin_pattern, secops_query_meets_prefix, 0
    },
    [SECOPS_QUERY_ENDS_WITH] = {
        secops_query_begin_suffix, secops_query_meets_suffix, 0
    },
    [SECOPS_QUERY_CONTAINS] = {
        secops_query_begin_pattern, secops_query_meets_part, 0
    },
    [SECOPS_QUERY_NOT_CONTAINS] = {
        secops_query_begin_pattern, secops_query_meets_part, 1
    },
    [SECOPS_QUERY_IS_EMPTY] = { secops_query_meets_empty, NULL, 0 },
    [SECOPS_QUERY_IS_NOT_EMPTY] = { secops_query_meets_empty, NULL, 1 },
    [SECOPS_QUERY_EMPTY_STRING] = { secops_query_meets_empty_string, NULL, 0 },
    [SECOPS_QUERY_ANYTHING] = { secops_query_meets_anything, NULL, 0 },
    [SECOPS_QUERY_SAME_AS] = {
        secops_query_begin_same, secops_query_meets_same, 0
    },
    [SECOPS_QUERY_NOT_SAME_AS] = {
        secops_query_begin_same, secops_query_meets_same, 1
    },
    [SECOPS_QUERY_INSTANCE_OF] = { secops_query_meets_table, NULL, 0 }
};


void
secops_query_match_begin(secops_query_match_t *match,
    const secops_encoded_query_t *query, secops_slice_t table,
    const secops_json_t *json)
{
    match->query = query;
    match->json = json;
    match->table = table;

    match->key = json->tokens[0].type == SECOPS_JSON_OBJECT;
    match->missing = query->ncolumns;
    match->condition = 0;
    match->begun = 0;

    memset(match->tokens, 0, query->ncolumns * sizeof(uint32_t));
}


int
secops_query_match_run(secops_query_match_t *match, size_t *work)
{
    int  met;

    if (secops_query_resolve(match, work) != 0) {
        return SECOPS_QUERY_AGAIN;
    }

    met = match->query->n == 0 ? 1 : 0;

    while (match->condition < match->query->n) {

        met = secops_query_meets(match, work);

        if (met == SECOPS_QUERY_AGAIN) {
            return SECOPS_QUERY_AGAIN;
        }

        secops_query_match_next(match, met);
    }

    return met;
}


/* -1: the work is used up */

static int
secops_query_resolve(secops_query_match_t *match, size_t *work)
{
    uint32_t  last;

    last = match->json->tokens[0].next;

    while (match->key && match->key < last && match->missing) {

        if (*work == 0) {
            return -1;
        }

        secops_query_spend(work, SECOPS_QUERY_LOOK);
        secops_query_resolve_key(match, match->key);

        match->key = match->json->tokens[match->key].next;
    }

    match->key = 0;

    return 0;
}


static void
secops_query_resolve_key(secops_query_match_t *match, uint32_t key)
{
    uint32_t                       slot, hash;
    const secops_query_column_t   *column;
    const secops_encoded_query_t  *query;

    query = match->query;
    hash = match->json->tokens[key].size;

    for (slot = hash & query->mask;
         query->slots[slot];
         slot = (slot + 1) & query->mask)
    {
        column = &query->columns[query->slots[slot] - 1];

        if (column->hash == hash
            && secops_json_string_is(match->json, key, column->name.data,
                                     column->name.len))
        {
            match->tokens[query->slots[slot] - 1] = key + 1;
            match->missing--;
            return;
        }
    }
}


/* the condition whose turn it is; a column that is absent has token 0 */

static int
secops_query_meets(secops_query_match_t *match, size_t *work)
{
    int                              met;
    const secops_query_condition_t  *condition;
    const secops_query_evaluator_t  *evaluator;

    if (*work == 0) {
        return SECOPS_QUERY_AGAIN;
    }

    condition = &match->query->conditions[match->condition];
    evaluator = &secops_query_evaluators[condition->operator];

    met = SECOPS_QUERY_AGAIN;

    if (!match->begun) {
        secops_query_spend(work, SECOPS_QUERY_LOOK);

        match->begun = 1;
        met = evaluator->begin(match, condition, work);
    }

    if (met == SECOPS_QUERY_AGAIN) {
        met = evaluator->run(match, condition, work);
    }

    return met == SECOPS_QUERY_AGAIN ? met : met ^ (int) evaluator->negated;
}


/* behind the last condition: the query is decided by what this one said */

static void
secops_query_match_next(secops_query_match_t *match, int met)
{
    const secops_query_condition_t  *condition;

    condition = &match->query->conditions[match->condition];

    if (met) {
        match->condition = condition->group == condition->alternative
                           ? match->query->n : condition->group;

    } else if (++match->condition == condition->group) {
        match->condition = condition->alternative;
    }

    match->begun = 0;
}


static int
secops_query_meets_anything(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    return 1;
}


static int
secops_query_meets_empty(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    return secops_column_is_empty(match->json,
                                  match->tokens[condition->column_id]);
}


static int
secops_query_meets_empty_string(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    uint32_t                    i;
    const secops_json_token_t  *token;

    i = match->tokens[condition->column_id];
    token = &match->json->tokens[i];

    return i && token->type == SECOPS_JSON_STRING && token->len == 0;
}


static int
secops_query_meets_table(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    return secops_slice_equal(condition->value, match->table);
}


/*
 * What conditions ask of a column's text.  It is read in pieces, and what was
 * found so far is kept in the evaluation between two of them.
 */

#include "model/json/secops_json_number.h"
#include "model/query/secops_query_match_internal.h"
#include "util/secops_id.h"


static void secops_query_text_begin(secops_query_match_t *match,
    const secops_query_condition_t *condition);
static int secops_query_has_number(const secops_query_condition_t *condition,
    secops_slice_t text);
static int secops_query_can_narrow(secops_query_match_t *match,
    const secops_query_condition_t *condition, secops_slice_t piece,
    size_t *work);
static uint32_t secops_query_bound(const secops_query_match_t *match,
    const secops_slice_t *values, int c);
static int secops_query_compare(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work, int *order);
static int secops_query_order_known(const secops_query_match_t *match,
    const secops_query_condition_t *condition, int *order);
static int secops_query_is_ordered(secops_query_operator_e operator,
    int order);
static void secops_query_search(secops_query_match_t *match,
    const secops_query_condition_t *condition, secops_slice_t piece,
    unsigned stop);


static void
secops_query_text_begin(secops_query_match_t *match,
    const secops_query_condition_t *condition)
{
    secops_column_read(&match->text, match->json,
                       match->tokens[condition->column_id]);
    match->at = 0;
}


/*
 * Values are looked for in lists that are sorted.  A JSON number has the value
 * of one of the numbers, or it is no value of the list: one that had the same
 * bytes would be among the numbers.
 */

int
secops_query_begin_values(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    uint32_t        i;
    secops_slice_t  text;

    i = match->tokens[condition->column_id];

    if (i && match->json->tokens[i].type == SECOPS_JSON_NUMBER) {
        text = secops_json_raw(match->json, i);

        if (secops_column_is_number(text)) {
            secops_query_spend(work, text.len);
            return secops_query_has_number(condition, text);
        }
    }

    secops_query_text_begin(match, condition);

    match->low = 0;
    match->high = condition->nvalues;

    return SECOPS_QUERY_AGAIN;
}


static int
secops_query_has_number(const secops_query_condition_t *condition,
    secops_slice_t text)
{
    int       order;
    uint32_t  low, high, middle;

    low = 0;
    high = condition->nnumbers;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = secops_json_number_compare(condition->numbers[middle], text);

        if (order == 0) {
            return 1;
        }

        if (order < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return 0;
}


int
secops_query_meets_values(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    size_t          max;
    secops_slice_t  piece;

    while (*work) {

        max = match->high - match->low > 1 ? *work / SECOPS_QUERY_LOOK + 1
                                           : *work;

        piece = secops_column_piece(&match->text, max);

        if (piece.len == 0) {
            return condition->values[match->low].len == match->at;
        }

        if (!secops_query_can_narrow(match, condition, piece, work)) {
            return 0;
        }
    }

    return SECOPS_QUERY_AGAIN;
}


/*
 * The values [low, high) begin with the bytes read so far.  1: some of them
 * begin with this piece, too.  The last one that is left is compared at once.
 */

static int
secops_query_can_narrow(secops_query_match_t *match,
    const secops_query_condition_t *condition, secops_slice_t piece,
    size_t *work)
{
    size_t                 i;
    uint32_t               low;
    const secops_slice_t  *value;

    for (i = 0; i < piece.len && match->high - match->low > 1; i++) {

        low = secops_query_bound(match, condition->values, piece.data[i]);
        match->high = secops_query_bound(match, condition->values,
                                         piece.data[i] + 1);
        match->low = low;
        match->at++;

        secops_query_spend(work, SECOPS_QUERY_LOOK);

        if (match->low == match->high) {
            return 0;
        }
    }

    piece.data += i;
    piece.len -= i;

    secops_query_spend(work, piece.len);

    value = &condition->values[match->low];

    if (value->len - match->at < piece.len
        || memcmp(value->data + match->at, piece.data, piece.len) != 0)
    {
        return 0;
    }

    match->at += piece.len;

    return 1;
}


/* the first of the values whose next byte is c or a greater one; a value that
   has ended is below all others */

static uint32_t
secops_query_bound(const secops_query_match_t *match,
    const secops_slice_t *values, int c)
{
    int       byte;
    uint32_t  low, high, middle;

    low = match->low;
    high = match->high;

    while (low < high) {
        middle = low + (high - low) / 2;
        byte = values[middle].len > match->at ? values[middle].data[match->at]
                                              : -1;

        if (byte < c) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


/* of BETWEEN, low says which bound is compared */

int
secops_query_begin_order(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    if (secops_column_is_empty(match->json,
                               match->tokens[condition->column_id]))
    {
        return 0;
    }

    secops_query_text_begin(match, condition);

    match->low = 0;

    return SECOPS_QUERY_AGAIN;
}


int
secops_query_meets_order(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    int  order;

    for ( ;; ) {

        if (secops_query_compare(match, condition, work, &order) != 0) {
            return SECOPS_QUERY_AGAIN;
        }

        if (condition->operator != SECOPS_QUERY_BETWEEN) {
            return secops_query_is_ordered(condition->operator, order);
        }

        if (match->low) {
            return order <= 0;
        }

        if (order < 0) {
            return 0;
        }

        secops_query_text_begin(match, condition);

        match->low = 1;
    }
}


/* the text with the bound: *order is below, equal to or above 0.  -1: the work
   is used up */

static int
secops_query_compare(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work, int *order)
{
    size_t          len;
    secops_slice_t  piece, rest;

    if (match->at == 0 && secops_query_order_known(match, condition, order)) {
        secops_query_spend(work, SECOPS_COLUMN_NUMBER);
        return 0;
    }

    while (*work) {

        piece = secops_column_piece(&match->text, *work);

        rest = match->low ? condition->upper : condition->value;
        rest.data += match->at;
        rest.len -= match->at;

        if (piece.len == 0) {
            *order = rest.len ? -1 : 0;
            return 0;
        }

        secops_query_spend(work, piece.len);

        len = piece.len < rest.len ? piece.len : rest.len;

        *order = memcmp(piece.data, rest.data, len);

        if (*order == 0 && piece.len > rest.len) {
            *order = 1;
        }

        if (*order) {
            return 0;
        }

        match->at += len;
    }

    return -1;
}


/* 1: not the bytes decide, but numbers or ids */

static int
secops_query_order_known(const secops_query_match_t *match,
    const secops_query_condition_t *condition, int *order)
{
    uint32_t             i;
    secops_slice_t       text, bound;
    unsigned char        buffer[SECOPS_COLUMN_NUMBER];
    secops_query_kind_e  kind;

    i = match->tokens[condition->column_id];
    bound = match->low ? condition->upper : condition->value;
    kind = match->low ? condition->upper_kind : condition->kind;

    if (kind == SECOPS_QUERY_NUMBER
        && secops_column_has_number(match->json, i, buffer, &text))
    {
        *order = secops_json_number_compare(text, bound);
        return 1;
    }

    if (kind == SECOPS_QUERY_ID
        && secops_id_shard(secops_json_raw(match->json, i)) >= 0)
    {
        *order = secops_id_compare(secops_json_raw(match->json, i).data,
                                   bound.data);
        return 1;
    }

    return 0;
}


static int
secops_query_is_ordered(secops_query_operator_e operator, int order)
{
    switch (operator) {

    case SECOPS_QUERY_LESS:
        return order < 0;

    case SECOPS_QUERY_LESS_EQUAL:
        return order <= 0;

    case SECOPS_QUERY_GREATER:
        return order > 0;

    default: /* SECOPS_QUERY_GREATER_EQUAL */
        return order >= 0;
    }
}


/* an empty pattern is a part of every text */

int
secops_query_begin_pattern(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    secops_query_text_begin(match, condition);

    return condition->value.len == 0 ? 1 : SECOPS_QUERY_AGAIN;
}


/* without escapes, the end can be found from the end */

int
secops_query_begin_suffix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    secops_column_reader_t  *text;

    text = &match->text;

    secops_query_text_begin(match, condition);

    if (!text->escaped
        && (size_t) (text->last - text->pos) > condition->value.len)
    {
        text->pos = text->last - condition->value.len;
    }

    return condition->value.len == 0 ? 1 : SECOPS_QUERY_AGAIN;
}


int
secops_query_meets_prefix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    size_t          i;
    secops_slice_t  piece;

    while (*work) {

        piece = secops_column_piece(&match->text, *work);

        if (piece.len == 0) {
            return 0;
        }

        for (i = 0; i < piece.len; i++) {

            if (secops_query_lower(piece.data[i])
                != condition->pattern[match->at])
            {
                return 0;
            }

            if (++match->at == condition->value.len) {
                return 1;
            }
        }

        secops_query_spend(work, piece.len);
    }

    return SECOPS_QUERY_AGAIN;
}


int
secops_query_meets_part(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    secops_slice_t  piece;

    while (*work) {

        piece = secops_column_piece(&match->text, *work);

        if (piece.len == 0) {
            return 0;
        }

        secops_query_spend(work, piece.len);
        secops_query_search(match, condition, piece, 1);

        if (match->at == condition->value.len) {
            return 1;
        }
    }

    return SECOPS_QUERY_AGAIN;
}


int
secops_query_meets_suffix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    secops_slice_t  piece;

    while (*work) {

        piece = secops_column_piece(&match->text, *work);

        if (piece.len == 0) {
            return match->at == condition->value.len;
        }

        secops_query_spend(work, piece.len);
        secops_query_search(match, condition, piece, 0);
    }

    return SECOPS_QUERY_AGAIN;
}


/* goes on with the piece: at is how much of the pattern ends where the text
   was read to.  stop: as soon as this is all of it */

static void
secops_query_search(secops_query_match_t *match,
    const secops_query_condition_t *condition, secops_slice_t piece,
    unsigned stop)
{
    size_t                i, at;
    unsigned char         c;
    const uint32_t       *borders;
    const unsigned char  *pattern;

    at = match->at;
    borders = condition->borders;
    pattern = condition->pattern;

    for (i = 0; i < piece.len; i++) {

        if (at == condition->value.len) {

            if (stop) {
                break;
            }

            at = borders[at - 1];
        }

        c = secops_query_lower(piece.data[i]);

        while (at && c != pattern[at]) {
            at = borders[at - 1];
        }

        at += (c == pattern[at]);
    }

    match->at = at;
}


int
secops_query_begin_same(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    uint32_t        i, j;
    secops_slice_t  one, two;
    unsigned char   buffer[2][SECOPS_COLUMN_NUMBER];

    i = match->tokens[condition->column_id];
    j = match->tokens[condition->other_id];

    if ((match->json->tokens[i].type == SECOPS_JSON_NUMBER
         || match->json->tokens[j].type == SECOPS_JSON_NUMBER)
        && secops_column_has_number(match->json, i, buffer[0], &one)
        && secops_column_has_number(match->json, j, buffer[1], &two))
    {
        secops_query_spend(work, one.len + two.len);
        return secops_json_number_compare(one, two) ? 0 : 1;
    }

    secops_query_text_begin(match, condition);
    secops_column_read(&match->other, match->json, j);

    match->piece.len = 0;
    match->other_piece.len = 0;

    return SECOPS_QUERY_AGAIN;
}


/* what of one column's piece is longer than the other's waits for the next */

int
secops_query_meets_same(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work)
{
    size_t           len;
    secops_slice_t  *one, *two;

    one = &match->piece;
    two = &match->other_piece;

    while (*work) {

        if (one->len == 0) {
            *one = secops_column_piece(&match->text, *work);
        }

        if (two->len == 0) {
            *two = secops_column_piece(&match->other, *work);
        }

        if (one->len == 0 || two->len == 0) {
            return one->len == two->len;
        }

        len = one->len < two->len ? one->len : two->len;

        if (memcmp(one->data, two->data, len) != 0) {
            return 0;
        }

        secops_query_spend(work, len);

        one->data += len;
        one->len -= len;

        two->data += len;
        two->len -= len;
    }

    return SECOPS_QUERY_AGAIN;
}


/* Encoded queries, their reader; see secops_encoded_query.h. */

#include <stdlib.h>
#include <string.h>

#include "model/query/secops_encoded_query.h"
#include "model/query/secops_encoded_query_internal.h"


/* bytes of a column's name that has other characters than usual */

#define SECOPS_QUERY_NAME  255


typedef struct {
    secops_slice_t              name;
    secops_query_operator_e     operator;
    unsigned                    valueless;
} secops_query_word_t;


typedef struct {
    secops_encoded_query_t     *query;
    const unsigned char        *pos;        /* of what was not read yet */
    const unsigned char        *last;
    size_t                      capacity;   /* of the conditions */
    secops_query_has_column_pt  has_column;
    void                       *data;

    /* the group and the alternative that are being read have a condition that
       was kept, so far */

    unsigned                    in_group;
    unsigned                    in_alternative;
} secops_query_reader_t;


static secops_slice_t secops_query_part(secops_query_reader_t *reader);
static int secops_query_take(secops_query_reader_t *reader,
    secops_slice_t part);
static int secops_query_order(secops_query_reader_t *reader,
    secops_slice_t column, unsigned descending);
static int secops_query_condition(secops_query_reader_t *reader,
    secops_slice_t text);
static int secops_query_split(secops_query_reader_t *reader,
    secops_slice_t text, secops_query_condition_t *condition);
static const secops_query_word_t *secops_query_find_word(
    secops_query_reader_t *reader, secops_slice_t *text,
    secops_slice_t *column);
static const secops_query_word_t *secops_query_word(secops_slice_t text);
static int secops_query_set_value(secops_query_reader_t *reader,
    secops_query_condition_t *condition);
static int secops_query_add(secops_query_reader_t *reader,
    const secops_query_condition_t *condition);
static void secops_query_pass_related(secops_query_reader_t *reader);
static void secops_query_unread(secops_query_reader_t *reader);
static int secops_query_next_is_word(secops_slice_t *text, const char *word,
    size_t len);
static int secops_query_is_column_byte(unsigned char c);


#define secops_query_next_is(text, word)                                       \
    secops_query_next_is_word(text, word, sizeof(word) - 1)


/* of two that fit, the longer one is meant: it stands before the other one */

static const secops_query_word_t  secops_query_words[] = {
    { secops_slice("DOES NOT CONTAIN"), SECOPS_QUERY_NOT_CONTAINS, 0 },
    { secops_slice("EMPTYSTRING"), SECOPS_QUERY_EMPTY_STRING, 1 },
    { secops_slice("ISNOTEMPTY"), SECOPS_QUERY_IS_NOT_EMPTY, 1 },
    { secops_slice("INSTANCEOF"), SECOPS_QUERY_INSTANCE_OF, 0 },
    { secops_slice("STARTSWITH"), SECOPS_QUERY_STARTS_WITH, 0 },
    { secops_slice("ENDSWITH"), SECOPS_QUERY_ENDS_WITH, 0 },
    { secops_slice("ANYTHING"), SECOPS_QUERY_ANYTHING, 1 },
    { secops_slice("CONTAINS"), SECOPS_QUERY_CONTAINS, 0 },
    { secops_slice("NOT LIKE"), SECOPS_QUERY_NOT_CONTAINS, 0 },
    { secops_slice("BETWEEN"), SECOPS_QUERY_BETWEEN, 0 },
    { secops_slice("ISEMPTY"), SECOPS_QUERY_IS_EMPTY, 1 },
    { secops_slice("NSAMEAS"), SECOPS_QUERY_NOT_SAME_AS, 0 },
    { secops_slice("NOT IN"), SECOPS_QUERY_NOT_IN, 0 },
    { secops_slice("SAMEAS"), SECOPS_QUERY_SAME_AS, 0 },
    { secops_slice("LIKE"), SECOPS_QUERY_CONTAINS, 0 },
    { secops_slice("IN"), SECOPS_QUERY_IN, 0 },
    { secops_slice("!*"), SECOPS_QUERY_NOT_CONTAINS, 0 },
    { secops_slice("!="), SECOPS_QUERY_NOT_EQUAL, 0 },
    { secops_slice("<="), SECOPS_QUERY_LESS_EQUAL, 0 },
    { secops_slice(">="), SECOPS_QUERY_GREATER_EQUAL, 0 },
    { secops_slice("="), SECOPS_QUERY_EQUAL, 0 },
    { secops_slice("<"), SECOPS_QUERY_LESS, 0 },
    { secops_slice(">"), SECOPS_QUERY_GREATER, 0 },
    { secops_slice("*"), SECOPS_QUERY_CONTAINS, 0 },
    { secops_slice("%"), SECOPS_QUERY_ENDS_WITH, 0 }
};


int
secops_encoded_query_read(secops_encoded_query_t *query, secops_slice_t text,
    secops_query_has_column_pt has_column, void *data)
{
    int                    rc;
    secops_query_reader_t  reader;

    memset(query, 0, sizeof(secops_encoded_query_t));
    memset(&reader, 0, sizeof(secops_query_reader_t));

    reader.query = query;
    reader.pos = text.data;
    reader.last = text.data + text.len;
    reader.has_column = has_column;
    reader.data = data;

    rc = SECOPS_ENCODED_QUERY_OK;

    while (rc == SECOPS_ENCODED_QUERY_OK && reader.pos < reader.last) {
        rc = secops_query_take(&reader, secops_query_part(&reader));
    }

    if (rc == SECOPS_ENCODED_QUERY_OK) {
        rc = secops_encoded_query_prepare(query);
    }

    if (rc != SECOPS_ENCODED_QUERY_OK) {
        secops_encoded_query_free(query);
    }

    return rc;
}


void
secops_encoded_query_free(secops_encoded_query_t *query)
{
    size_t  i;

    for (i = 0; i < query->n; i++) {
        free(query->conditions[i].memory);
    }

    free(query->conditions);
    free(query->columns);

    memset(query, 0, sizeof(secops_encoded_query_t));
}


/* up to the next "^", which is passed */

static secops_slice_t
secops_query_part(secops_query_reader_t *reader)
{
    secops_slice_t        part;
    const unsigned char  *end;

    end = memchr(reader->pos, '^', reader->last - reader->pos);

    part.data = reader->pos;
    part.len = (end ? end : reader->last) - reader->pos;

    reader->pos = end ? end + 1 : reader->last;

    return part;
}


static int
secops_query_take(secops_query_reader_t *reader, secops_slice_t part)
{
    while (secops_query_next_is(&part, "NQ")) {
        reader->in_group = 0;
        reader->in_alternative = 0;
    }

    if (part.len == 0 || secops_slice_equal(part, secops_slice_of("EQ"))) {
        return SECOPS_ENCODED_QUERY_OK;
    }

    if (secops_query_next_is(&part, "ORDERBYDESC")) {
        return secops_query_order(reader, part, 1);
    }

    if (secops_query_next_is(&part, "ORDERBY")) {
        return secops_query_order(reader, part, 0);
    }

    if (!secops_query_next_is(&part, "OR")) {
        reader->in_group = 0;
    }

    if (secops_query_next_is(&part, "RLQUERY")) {
        secops_query_pass_related(reader);
        return SECOPS_ENCODED_QUERY_OK;
    }

    if (secops_query_next_is(&part, "JOIN")) {
        secops_query_unread(reader);
        return SECOPS_ENCODED_QUERY_OK;
    }

    return secops_query_condition(reader, part);
}


/* a column that comes again decides nothing */

static int
secops_query_order(secops_query_reader_t *reader, secops_slice_t column,
    unsigned descending)
{
    size_t                   i;
    secops_query_order_t    *order;
    secops_encoded_query_t  *query;

    query = reader->query;

    if (!reader->has_column(reader->data, column)) {
        secops_query_unread(reader);
        return SECOPS_ENCODED_QUERY_OK;
    }

    for (i = 0; i < query->norders; i++) {
        if (secops_slice_equal(query->orders[i].column, column)) {
            return SECOPS_ENCODED_QUERY_OK;
        }
    }

    if (query->norders == SECOPS_ENCODED_QUERY_ORDERS) {
        return SECOPS_ENCODED_QUERY_MANY_ORDERS;
    }

    order = &query->orders[query->norders++];

    order->column = column;
    order->descending = descending;

    return SECOPS_ENCODED_QUERY_OK;
}


static int
secops_query_condition(secops_query_reader_t *reader, secops_slice_t text)
{
    int                        rc;
    secops_query_condition_t   condition;

    memset(&condition, 0, sizeof(secops_query_condition_t));

    if (secops_query_split(reader, text, &condition) != 0) {
        secops_query_unread(reader);
        return SECOPS_ENCODED_QUERY_OK;
    }

    /* until all is read: whether it begins a group, and an alternative */

    condition.group = !reader->in_group;
    condition.alternative = !reader->in_alternative;

    rc = secops_query_add(reader, &condition);

    reader->in_group = 1;
    reader->in_alternative = 1;

    return rc;
}


/* -1: it is no condition, or one on a column that is not there */

static int
secops_query_split(secops_query_reader_t *reader, secops_slice_t text,
    secops_query_condition_t *condition)
{
    const secops_query_word_t  *word;

    word = secops_query_find_word(reader, &text, &condition->column);

    if (word == NULL || (word->valueless && text.len)) {
        return -1;
    }

    condition->operator = word->operator;
    condition->value = text;

    return secops_query_set_value(reader, condition);
}


/*
 * The operator; *column is what stands before it, and *text becomes what stands
 * behind it.  NULL: there is none behind the name of a column.
 */

static const secops_query_word_t *
secops_query_find_word(secops_query_reader_t *reader, secops_slice_t *text,
    secops_slice_t *column)
{
    secops_slice_t              rest;
    const secops_query_word_t  *word;

    *column = *text;
    column->len = 0;

    while (column->len < text->len
           && secops_query_is_column_byte(text->data[column->len]))
    {
        column->len++;
    }

    for ( /* void */ ;
         column->len < text->len && column->len <= SECOPS_QUERY_NAME;
         column->len++)
    {
        rest.data = text->data + column->len;
        rest.len = text->len - column->len;

        word = secops_query_word(rest);

        if (word && column->len
            && reader->has_column(reader->data, *column))
        {
            text->data = rest.data + word->name.len;
            text->len = rest.len - word->name.len;

            return word;
        }
    }

    return NULL;
}


/* the operator that a text begins with, or NULL */

static const secops_query_word_t *
secops_query_word(secops_slice_t text)
{
    size_t                      i;
    const secops_query_word_t  *word;

    for (i = 0;
         i < sizeof(secops_query_words) / sizeof(secops_query_words[0]);
         i++)
    {
        word = &secops_query_words[i];

        if (*text.data == *word->name.data
            && text.len >= word->name.len
            && memcmp(text.data, word->name.data, word->name.len) == 0)
        {
            return word;
        }
    }

    return NULL;
}


/* what some operators ask of the value; -1: it cannot be read */

static int
secops_query_set_value(secops_query_reader_t *reader,
    secops_query_condition_t *condition)
{
    secops_slice_t        *value;
    const unsigned char   *at;

    value = &condition->value;

    switch (condition->operator) {

    case SECOPS_QUERY_EQUAL:
    case SECOPS_QUERY_NOT_EQUAL:

        if (value->len == 0) {
            condition->operator = condition->operator == SECOPS_QUERY_EQUAL
                                  ? SECOPS_QUERY_IS_EMPTY
                                  : SECOPS_QUERY_IS_NOT_EMPTY;
        }

        return 0;

    case SECOPS_QUERY_BETWEEN:

        at = memchr(value->data, '@', value->len);

        if (at == NULL) {
            return -1;
        }

        condition->upper.data = at + 1;
        condition->upper.len = value->data + value->len - (at + 1);
        value->len = at - value->data;

        return 0;

    case SECOPS_QUERY_SAME_AS:
    case SECOPS_QUERY_NOT_SAME_AS:
        return reader->has_column(reader->data, *value) ? 0 : -1;

    default:
        return 0;
    }
}


static int
secops_query_add(secops_query_reader_t *reader,
    const secops_query_condition_t *condition)
{
    size_t                     capacity;
    secops_encoded_query_t    *query;
    secops_query_condition_t  *conditions;

    query = reader->query;

    if (query->n == SECOPS_ENCODED_QUERY_CONDITIONS) {
        return SECOPS_ENCODED_QUERY_MANY_CONDITIONS;
    }

    if (query->n == reader->capacity) {
        capacity = reader->capacity ? 4 * reader->capacity : 4;

        conditions = realloc(query->conditions,
                             capacity * sizeof(secops_query_condition_t));
        if (conditions == NULL) {
            return -1;
        }

        query->conditions = conditions;
        reader->capacity = capacity;
    }

    query->conditions[query->n++] = *condition;

    return SECOPS_ENCODED_QUERY_OK;
}


/* its conditions are about another table; without an end, all of the rest is */

static void
secops_query_pass_related(secops_query_reader_t *reader)
{
    secops_slice_t  part;

    secops_query_unread(reader);

    while (reader->pos < reader->last) {
        part = secops_query_part(reader);

        if (secops_query_next_is(&part, "ENDRLQUERY")) {
            return;
        }
    }
}


static void
secops_query_unread(secops_query_reader_t *reader)
{
    reader->query->unread++;
}


/* 1: the text begins with the word, and what follows it is left */

static int
secops_query_next_is_word(secops_slice_t *text, const char *word, size_t len)
{
    if (text->len < len || memcmp(text->data, word, len) != 0) {
        return 0;
    }

    text->data += len;
    text->len -= len;

    return 1;
}


static int
secops_query_is_column_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.';
}


/* The parameters of the Table API; see secops_table_options.h. */

#include "model/query/secops_table_options.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


/* digits of an offset: it has to fit */

#define SECOPS_TABLE_OFFSET_DIGITS  18


typedef enum {
    SECOPS_TABLE_OPTION_QUERY = 0,
    SECOPS_TABLE_OPTION_FIELDS,
    SECOPS_TABLE_OPTION_DISPLAY,
    SECOPS_TABLE_OPTION_LINK,
    SECOPS_TABLE_OPTION_LIMIT,
    SECOPS_TABLE_OPTION_OFFSET,
    SECOPS_TABLE_OPTION_NO_COUNT,
    SECOPS_TABLE_OPTION_SUPPRESS,
    SECOPS_TABLE_OPTION_CURSOR
} secops_table_option_e;


static const char *secops_table_options_set(secops_table_options_t *options,
    unsigned option, secops_slice_t value);
static const char *secops_table_set_display(secops_table_options_t *options,
    secops_slice_t value);
static const char *secops_table_set_limit(secops_table_options_t *options,
    secops_slice_t value);
static const char *secops_table_set_offset(secops_table_options_t *options,
    secops_slice_t value);
static const char *secops_table_set_flag(secops_table_options_t *options,
    unsigned option, secops_slice_t value);
static int secops_table_read_number(secops_slice_t text, uint64_t *number);


static const secops_query_name_t  secops_table_parameters[] = {
    { "sysparm_query", SECOPS_TABLE_OPTION_QUERY },
    { "sysparm_fields", SECOPS_TABLE_OPTION_FIELDS },
    { "sysparm_display_value", SECOPS_TABLE_OPTION_DISPLAY },
    { "sysparm_exclude_reference_link", SECOPS_TABLE_OPTION_LINK },
    { "sysparm_limit", SECOPS_TABLE_OPTION_LIMIT },
    { "sysparm_offset", SECOPS_TABLE_OPTION_OFFSET },
    { "sysparm_no_count", SECOPS_TABLE_OPTION_NO_COUNT },
    { "sysparm_suppress_pagination_header", SECOPS_TABLE_OPTION_SUPPRESS },
    { "sysparm_cursor", SECOPS_TABLE_OPTION_CURSOR },
    { NULL, 0 }
};


/* clients send parameters of all kinds, which mean nothing here */

static const secops_query_rules_t  secops_table_options_rules = {
    secops_table_parameters, .unknown = 0, .empty = 0, .twice = 1
};


const char *
secops_table_options_read(secops_table_options_t *options,
    secops_slice_t args, unsigned char *buffer)
{
    const char             *fault;
    secops_query_t          reader;
    secops_query_status_e   status;

    memset(options, 0, sizeof(secops_table_options_t));

    options->limit = SECOPS_TABLE_LIMIT;

    secops_query_begin(&reader, &secops_table_options_rules, args, buffer);

    while ((status = secops_query_next(&reader)) != SECOPS_QUERY_END) {

        if (status == SECOPS_QUERY_TWICE) {
            return "a sysparm_ parameter is given twice";
        }

        fault = secops_table_options_set(options, reader.name->id,
                                         reader.value);
        if (fault) {
            return fault;
        }
    }

    return NULL;
}


static const char *
secops_table_options_set(secops_table_options_t *options, unsigned option,
    secops_slice_t value)
{
    switch (option) {

    case SECOPS_TABLE_OPTION_QUERY:
        options->query = value;
        return NULL;

    case SECOPS_TABLE_OPTION_FIELDS:
        options->fields = value;
        return NULL;

    case SECOPS_TABLE_OPTION_CURSOR:
        options->cursor = value;
        return NULL;

    case SECOPS_TABLE_OPTION_DISPLAY:
        return secops_table_set_display(options, value);

    case SECOPS_TABLE_OPTION_LIMIT:
        return secops_table_set_limit(options, value);

    case SECOPS_TABLE_OPTION_OFFSET:
        return secops_table_set_offset(options, value);

    default:
        return secops_table_set_flag(options, option, value);
    }
}


static const char *
secops_table_set_display(secops_table_options_t *options, secops_slice_t value)
{
    int  display;

    if (value.len == 3 && (value.data[0] | 0x20) == 'a'
        && (value.data[1] | 0x20) == 'l' && (value.data[2] | 0x20) == 'l')
    {
        options->display = SECOPS_TABLE_DISPLAY_ALL;
        return NULL;
    }

    display = secops_text_boolean(value);

    if (display < 0) {
        return "sysparm_display_value must be true, false or all";
    }

    options->display = display ? SECOPS_TABLE_DISPLAY_TRUE
                               : SECOPS_TABLE_DISPLAY_FALSE;

    return NULL;
}


static const char *
secops_table_set_limit(secops_table_options_t *options, secops_slice_t value)
{
    uint64_t  limit;

    if (secops_table_read_number(value, &limit) != 0
        || limit > SECOPS_TABLE_LIMIT)
    {
        return "sysparm_limit must be a number from 0 to 10000";
    }

    options->limit = (uint32_t) limit;

    return NULL;
}


static const char *
secops_table_set_offset(secops_table_options_t *options, secops_slice_t value)
{
    if (secops_table_read_number(value, &options->offset) != 0) {
        return "sysparm_offset must be a number of 18 digits at most";
    }

    return NULL;
}


static const char *
secops_table_set_flag(secops_table_options_t *options, unsigned option,
    secops_slice_t value)
{
    int  flag;

    flag = secops_text_boolean(value);

    switch (option) {

    case SECOPS_TABLE_OPTION_LINK:
        options->exclude_reference_link = (flag == 1);
        return flag < 0 ? "sysparm_exclude_reference_link must be true or false"
                        : NULL;

    case SECOPS_TABLE_OPTION_NO_COUNT:
        options->no_count = (flag == 1);
        return flag < 0 ? "sysparm_no_count must be true or false" : NULL;

    default: /* SECOPS_TABLE_OPTION_SUPPRESS */
        options->suppress_pagination_header = (flag == 1);
        return flag < 0 ? "sysparm_suppress_pagination_header must be true or"
                          " false"
                        : NULL;
    }
}


/* -1: it is none, or too long */

static int
secops_table_read_number(secops_slice_t text, uint64_t *number)
{
    size_t  i;

    *number = 0;

    if (text.len > SECOPS_TABLE_OFFSET_DIGITS) {
        return -1;
    }

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *number = *number * 10 + (text.data[i] - '0');
    }

    return 0;
}


int
secops_table_options_field_next(secops_slice_t *rest, secops_slice_t *name)
{
    const unsigned char  *comma;

    while (rest->len) {

        comma = memchr(rest->data, ',', rest->len);

        name->data = rest->data;
        name->len = comma ? (size_t) (comma - rest->data) : rest->len;

        rest->data += name->len + (comma != NULL);
        rest->len -= name->len + (comma != NULL);

        while (name->len && *name->data == ' ') {
            name->data++;
            name->len--;
        }

        while (name->len && name->data[name->len - 1] == ' ') {
            name->len--;
        }

        if (name->len) {
            return 1;
        }
    }

    return 0;
}

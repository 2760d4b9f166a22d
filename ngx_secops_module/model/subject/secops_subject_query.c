
/* What may be asked about a subject: the query string. */

#include "model/subject/secops_subject_query.h"
#include "util/secops_query.h"


typedef enum {
    SECOPS_SUBJECT_QUERY_VALUE = 0,
    SECOPS_SUBJECT_QUERY_MAX_AGE,
    SECOPS_SUBJECT_QUERY_TABLE
} secops_subject_parameter_e;


static const secops_query_name_t  secops_subject_parameters[] = {
    { "value", SECOPS_SUBJECT_QUERY_VALUE },
    { "max_age", SECOPS_SUBJECT_QUERY_MAX_AGE },
    { "table", SECOPS_SUBJECT_QUERY_TABLE },
    { NULL, 0 }
};


/* an unknown name is a fault: whoever misspells max_age must not take for
   recent what is old */

static const secops_query_rules_t  secops_subject_query_rules = {
    secops_subject_parameters, .unknown = 1, .empty = 1, .twice = 1
};


const char *
secops_subject_read_query(secops_subject_query_t *query, secops_slice_t args,
    unsigned char *buffer)
{
    secops_query_t  reader;

    memset(query, 0, sizeof(secops_subject_query_t));

    secops_query_begin(&reader, &secops_subject_query_rules, args, buffer);

    for ( ;; ) {

        switch (secops_query_next(&reader)) {

        case SECOPS_QUERY_END:
            return NULL;

        case SECOPS_QUERY_UNKNOWN:
            return "unknown query parameter, must be value, max_age or table";

        case SECOPS_QUERY_TWICE:
            return "a query parameter is given twice";

        case SECOPS_QUERY_PARAMETER:
            break;
        }

        switch (reader.name->id) {

        case SECOPS_SUBJECT_QUERY_VALUE:
            query->value = reader.value;
            query->has_value = 1;
            break;

        case SECOPS_SUBJECT_QUERY_MAX_AGE:
            query->max_age = reader.value;
            query->has_max_age = 1;
            break;

        default: /* SECOPS_SUBJECT_QUERY_TABLE */
            query->table = reader.value;
            query->has_table = 1;
        }
    }
}

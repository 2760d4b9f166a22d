
/* How long a table's records are kept, by its schema. */

#include "model/record/secops_table_internal.h"
#include "util/secops_time.h"


const char  secops_table_retention_form[] =
    "must be \"off\" or a time from 1s to 100y, such as \"90d\"";


int
secops_table_retention(int64_t *retention, secops_slice_t text)
{
    if (secops_slice_equal(text, secops_slice_of("off"))) {
        *retention = SECOPS_TABLE_FOR_EVER;
        return 0;
    }

    if (secops_time_span(retention, text) != 0 || *retention == 0) {
        return -1;
    }

    return 0;
}


int
secops_table_read_retention(secops_table_t *table,
    secops_schema_error_t *error)
{
    secops_slice_t  text;

    static const unsigned char  word[] = "x-retention";

    table->retention = SECOPS_TABLE_NOT_SAID;
    table->retired = 0;

    if (secops_json_member(secops_schema_document(table->schema), 0, word,
                           sizeof(word) - 1)
        == 0)
    {
        return 0;
    }

    /* empty, if it is no string */

    text = secops_schema_annotation(table->schema, (const char *) word);

    if (secops_table_retention(&table->retention, text) != 0) {
        return secops_schema_error(error, "/x-retention", "%s",
                                   secops_table_retention_form);
    }

    return 0;
}

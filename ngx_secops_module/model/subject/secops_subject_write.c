
/* What is known about one subject, as JSON; see secops_subject.h. */

#include <inttypes.h>
#include <stdio.h>

#include "model/subject/secops_subject.h"


/* of all tables together */

typedef struct {
    uint64_t                        records;
    unsigned                        truncated:1;
    const unsigned char            *first;      /* NULL: not known */
    const unsigned char            *last;
    const secops_subject_result_t  *worst;      /* NULL: there is no verdict */
} secops_subject_sum_t;


static void secops_subject_sum(const secops_subject_t *subject,
    secops_subject_sum_t *sum);
static const secops_subject_result_t *secops_subject_worst(
    const secops_subject_t *subject);
static void secops_subject_write_worst(const secops_subject_t *subject,
    const secops_subject_result_t *worst, secops_text_t *text);
static size_t secops_subject_write_list(const secops_subject_t *subject,
    size_t i, size_t n, secops_text_t *text);
static void secops_subject_write_table(const secops_subject_list_t *list,
    secops_text_t *text);
static void secops_subject_write_findings(const secops_subject_list_t *list,
    secops_text_t *text);
static void secops_subject_write_result(const secops_subject_t *subject,
    const secops_subject_result_t *result, secops_text_t *text);
static void secops_subject_write_who(const secops_subject_t *subject,
    const secops_subject_result_t *result, secops_text_t *text);
static secops_slice_t secops_subject_finding_of(
    const secops_subject_t *subject, const secops_subject_result_t *result);
static void secops_subject_write_text(secops_text_t *text, const char *before,
    secops_slice_t value);
static void secops_subject_write_number(secops_text_t *text, const char *before,
    uint64_t number);
static void secops_subject_write_time(secops_text_t *text, const char *before,
    const unsigned char *time);
static void secops_subject_write_flag(secops_text_t *text, const char *before,
    unsigned flag);


void
secops_subject_write(const secops_subject_t *subject, secops_slice_t value,
    secops_text_t *text)
{
    size_t                i, n;
    const char           *separator;
    secops_subject_sum_t  sum;

    secops_subject_sum(subject, &sum);

    secops_subject_write_text(text, "{\"result\":{\"subject\":", value);
    secops_subject_write_number(text, ",\"records\":", sum.records);
    secops_subject_write_flag(text, ",\"truncated\":", sum.truncated);
    secops_subject_write_time(text, ",\"first_seen\":", sum.first);
    secops_subject_write_time(text, ",\"last_seen\":", sum.last);
    secops_subject_write_worst(subject, sum.worst, text);

    secops_text_append_string(text, ",\"tables\":[");

    n = 0;
    separator = "";

    for (i = 0; i < subject->nlists; i++) {

        if (subject->lists[i].records == 0) {
            continue;
        }

        secops_text_append_string(text, separator);
        n = secops_subject_write_list(subject, i, n, text);

        separator = ",";
    }

    secops_text_append_string(text, "]}}");
}


static void
secops_subject_sum(const secops_subject_t *subject, secops_subject_sum_t *sum)
{
    size_t                        i;
    unsigned                      unknown;
    const secops_subject_list_t  *list;

    memset(sum, 0, sizeof(secops_subject_sum_t));

    unknown = 0;

    for (i = 0; i < subject->nlists; i++) {

        list = &subject->lists[i];

        if (list->records == 0) {
            continue;
        }

        sum->records += list->records;
        sum->truncated |= list->truncated;
        unknown |= (list->first[0] == '\0');

        if (sum->first == NULL
            || memcmp(list->first, sum->first, SECOPS_TIME_LEN) < 0)
        {
            sum->first = list->first;
        }

        if (sum->last == NULL
            || memcmp(list->last, sum->last, SECOPS_TIME_LEN) > 0)
        {
            sum->last = list->last;
        }
    }

    if (unknown) {
        sum->first = NULL;
    }

    sum->worst = secops_subject_worst(subject);
}


/* the places in the lists of several tables are compared as they are: in each
   the worst comes first */

static const secops_subject_result_t *
secops_subject_worst(const secops_subject_t *subject)
{
    size_t                          i;
    const secops_subject_result_t  *result, *worst;

    worst = NULL;

    for (i = 0; i < subject->nresults; i++) {

        result = &subject->results[i];

        if (secops_subject_finding_of(subject, result).len
            && (worst == NULL || result->finding < worst->finding))
        {
            worst = result;
        }
    }

    return worst;
}


static void
secops_subject_write_worst(const secops_subject_t *subject,
    const secops_subject_result_t *worst, secops_text_t *text)
{
    size_t                          i;
    const char                     *separator;
    secops_slice_t                  finding;
    const secops_subject_result_t  *result;

    if (worst == NULL) {
        secops_text_append_string(text, ",\"worst\":null");
        return;
    }

    finding = secops_subject_finding_of(subject, worst);

    secops_subject_write_text(text, ",\"worst\":{\"finding\":", finding);
    secops_text_append_string(text, ",\"said_by\":[");

    separator = "";

    for (i = 0; i < subject->nresults; i++) {

        result = &subject->results[i];

        if (!secops_slice_equal(secops_subject_finding_of(subject, result),
                                finding))
        {
            continue;
        }

        secops_text_append_string(text, separator);
        secops_subject_write_table(&subject->lists[result->list], text);
        secops_text_append_string(text, ",");
        secops_subject_write_who(subject, result, text);
        secops_text_append_string(text, "}");

        separator = ",";
    }

    secops_text_append_string(text, "]}");
}


/* from result n on; returns the first that is not of this table */

static size_t
secops_subject_write_list(const secops_subject_t *subject, size_t i, size_t n,
    secops_text_t *text)
{
    const char                   *separator;
    const secops_subject_list_t  *list;

    list = &subject->lists[i];

    secops_subject_write_table(list, text);
    secops_subject_write_number(text, ",\"records\":", list->records);
    secops_subject_write_number(text, ",\"examined\":", list->examined);
    secops_subject_write_flag(text, ",\"truncated\":", list->truncated);
    secops_subject_write_time(text, ",\"first_seen\":", list->first);
    secops_subject_write_time(text, ",\"last_seen\":", list->last);
    secops_subject_write_findings(list, text);

    secops_text_append_string(text, ",\"results\":[");

    separator = "";

    while (n < subject->nresults && subject->results[n].list == i) {
        secops_text_append_string(text, separator);
        secops_subject_write_result(subject, &subject->results[n++], text);

        separator = ",";
    }

    secops_text_append_string(text, "]}");

    return n;
}


/* the first members of an object */

static void
secops_subject_write_table(const secops_subject_list_t *list,
    secops_text_t *text)
{
    secops_subject_write_text(text, "{\"table\":", list->table->name);

    if (list->domain.data) {
        secops_subject_write_text(text, ",\"domain\":", list->domain);
    }
}


static void
secops_subject_write_findings(const secops_subject_list_t *list,
    secops_text_t *text)
{
    size_t      i;
    const char *separator;

    secops_text_append_string(text, ",\"findings\":{");

    separator = "";

    for (i = 0; i < list->table->nfindings; i++) {
        secops_subject_write_text(text, separator, list->table->findings[i]);
        secops_subject_write_number(text, ":", list->findings[i]);

        separator = ",";
    }

    secops_text_append_string(text, "}");
}


static void
secops_subject_write_result(const secops_subject_t *subject,
    const secops_subject_result_t *result, secops_text_t *text)
{
    secops_slice_t  finding;

    secops_text_append_string(text, "{");
    secops_subject_write_who(subject, result, text);

    finding = secops_subject_finding_of(subject, result);

    if (finding.len) {
        secops_subject_write_text(text, ",\"finding\":", finding);

    } else {
        secops_text_append_string(text, ",\"finding\":null");
    }

    secops_text_append_string(text, ",\"record\":");
    secops_text_append(text, result->document);
    secops_text_append_string(text, "}");
}


static void
secops_subject_write_who(const secops_subject_t *subject,
    const secops_subject_result_t *result, secops_text_t *text)
{
    secops_slice_t  engine;

    if (result->len) {
        engine.data = subject->names.data + result->engine;
        engine.len = result->len;

        secops_subject_write_text(text, "\"engine\":", engine);

    } else {
        secops_text_append_string(text, "\"engine\":null");
    }

    secops_subject_write_time(text, ",\"seen\":", result->seen);
    secops_subject_write_text(text, ",\"sys_id\":",
                              secops_slice_bytes(result->id, SECOPS_ID_LEN));
}


/* empty: it has none of its table's */

static secops_slice_t
secops_subject_finding_of(const secops_subject_t *subject,
    const secops_subject_result_t *result)
{
    const secops_table_t  *table;

    static const secops_slice_t  none = secops_slice("");

    table = subject->lists[result->list].table;

    return result->finding < table->nfindings
           ? table->findings[result->finding] : none;
}


/* these four begin with what stands before the value */

static void
secops_subject_write_text(secops_text_t *text, const char *before,
    secops_slice_t value)
{
    secops_text_append_string(text, before);
    secops_text_append_string(text, "\"");
    secops_text_append_escaped(text, value);
    secops_text_append_string(text, "\"");
}


static void
secops_subject_write_number(secops_text_t *text, const char *before,
    uint64_t number)
{
    char  digits[24];

    (void) snprintf(digits, sizeof(digits), "%" PRIu64, number);

    secops_text_append_string(text, before);
    secops_text_append_string(text, digits);
}


/* NULL, or 0 in its first byte: not known */

static void
secops_subject_write_time(secops_text_t *text, const char *before,
    const unsigned char *time)
{
    if (time && time[0] != '\0') {
        secops_subject_write_text(text, before,
                                  secops_slice_bytes(time, SECOPS_TIME_LEN));
        return;
    }

    secops_text_append_string(text, before);
    secops_text_append_string(text, "null");
}


static void
secops_subject_write_flag(secops_text_t *text, const char *before,
    unsigned flag)
{
    secops_text_append_string(text, before);
    secops_text_append_string(text, flag ? "true" : "false");
}

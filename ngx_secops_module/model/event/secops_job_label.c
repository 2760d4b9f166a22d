
/* Words for labels; see secops_job_label.h. */

#include "model/event/secops_job_label.h"


typedef int (*secops_job_label_fits_pt)(const secops_job_facts_label_t *label,
    secops_slice_t word);


static int secops_job_label_fits_name(const secops_job_facts_label_t *label,
    secops_slice_t word);
static int secops_job_label_fits_case(const secops_job_facts_label_t *label,
    secops_slice_t word);
static int secops_job_label_fits_id(const secops_job_facts_label_t *label,
    secops_slice_t word);
static int secops_job_label_fits_class(const secops_job_facts_label_t *label,
    secops_slice_t word);
static int secops_job_label_fits_alert(const secops_job_facts_label_t *label,
    secops_slice_t word);
static int secops_job_label_same(secops_slice_t a, secops_slice_t b);
static unsigned char secops_job_label_lower(unsigned char c);


static const secops_job_label_fits_pt  secops_job_label_fits[] = {
    secops_job_label_fits_name,
    secops_job_label_fits_case,
    secops_job_label_fits_id,
    secops_job_label_fits_class,
    secops_job_label_fits_alert
};

#define SECOPS_JOB_LABEL_FITS                                                 \
    (sizeof(secops_job_label_fits) / sizeof(secops_job_label_fits[0]))


const secops_job_facts_label_t *
secops_job_label(const secops_job_facts_t *facts, secops_slice_t word)
{
    size_t  i, n;

    for (n = 0; n < SECOPS_JOB_LABEL_FITS; n++) {

        for (i = 0; i < facts->nlabels; i++) {

            if (secops_job_label_fits[n](&facts->labels[i], word)) {
                return &facts->labels[i];
            }
        }
    }

    return NULL;
}


const secops_job_facts_label_t *
secops_job_label_of(const secops_job_facts_t *facts, secops_slice_t id)
{
    size_t  i;

    for (i = 0; i < facts->nlabels; i++) {
        if (secops_slice_equal(facts->labels[i].id, id)) {
            return &facts->labels[i];
        }
    }

    return NULL;
}


void
secops_job_label_names(const secops_job_facts_t *facts, secops_text_t *text)
{
    size_t  i;

    for (i = 0; i < facts->nlabels; i++) {
        secops_text_append_string(text, i ? ", \"" : "\"");
        secops_text_append(text, facts->labels[i].name);
        secops_text_append_string(text, "\"");
    }
}


static int
secops_job_label_fits_name(const secops_job_facts_label_t *label,
    secops_slice_t word)
{
    return secops_slice_equal(label->name, word);
}


static int
secops_job_label_fits_case(const secops_job_facts_label_t *label,
    secops_slice_t word)
{
    return secops_job_label_same(label->name, word);
}


static int
secops_job_label_fits_id(const secops_job_facts_label_t *label,
    secops_slice_t word)
{
    return secops_slice_equal(label->id, word);
}


static int
secops_job_label_fits_class(const secops_job_facts_label_t *label,
    secops_slice_t word)
{
    static const secops_slice_t  class = secops_slice("class_");
    static const secops_slice_t  prefix = secops_slice("label_");

    return word.len == label->id.len
           && word.len > class.len
           && memcmp(word.data, class.data, class.len) == 0
           && memcmp(label->id.data, prefix.data, prefix.len) == 0
           && memcmp(word.data + class.len, label->id.data + prefix.len,
                     word.len - class.len) == 0;
}


static int
secops_job_label_fits_alert(const secops_job_facts_label_t *label,
    secops_slice_t word)
{
    size_t  i;

    static const secops_slice_t  alerts[][2] = {
        { secops_slice("drop_alert"), secops_slice("drop") },
        { secops_slice("escalate_alert"), secops_slice("escalate") }
    };

    for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (secops_slice_equal(word, alerts[i][0])) {
            return secops_job_label_same(label->name, alerts[i][1]);
        }
    }

    return 0;
}


static int
secops_job_label_same(secops_slice_t a, secops_slice_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (secops_job_label_lower(a.data[i])
            != secops_job_label_lower(b.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


/* independent of the locale */

static unsigned char
secops_job_label_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}

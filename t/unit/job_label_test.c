
/* Which label a word means: names, ids, and the spellings of other systems. */

#include "model/event/secops_job_label.h"
#include "secops_tap.h"


static secops_job_facts_label_t  labels[] = {
    { secops_slice("label_0"), secops_slice("drop") },
    { secops_slice("label_2"), secops_slice("Drop") },
    { secops_slice("label_5"), secops_slice("label_0") },
    { secops_slice("label_6"), secops_slice("Potential risk") },
    { secops_slice("label_17"), secops_slice("\xc3\x89" "toile") }
};

static secops_job_facts_t  facts = { .labels = labels, .nlabels = 5 };


/* the id of the label; "": none */

static void
means(const char *word, const char *id)
{
    char                             name[100];
    const secops_job_facts_label_t  *label;

    label = secops_job_label(&facts, slice(word));

    (void) snprintf(name, sizeof(name), "\"%s\" means \"%s\"", word, id);

    is_str(label ? (const char *) label->id.data : "",
           label ? label->id.len : 0, id, name);
}


int
main(void)
{
    secops_text_t  names;

    means("Drop", "label_2");
    means("drop", "label_0");
    means("DROP", "label_0");
    means("potential RISK", "label_6");
    means("Potential", "");
    means("Potential risk ", "");
    means("", "");
    means("label_0", "label_5");
    means("label_2", "label_2");
    means("Label_2", "");
    means("label_1", "");
    means("class_0", "label_0");
    means("class_17", "label_17");
    means("class_1", "");
    means("class_", "");
    means("drop_alert", "label_0");
    means("escalate_alert", "");
    means("\xc3\x89" "TOILE", "label_17");
    means("\xc3\xa9" "toile", "");

    ok(secops_job_label_of(&facts, slice("label_5")) == &labels[2],
       "a label by its id");
    ok(secops_job_label_of(&facts, slice("Drop")) == NULL,
       "a name is no id");

    facts.nlabels = 2;

    memset(&names, 0, sizeof(secops_text_t));
    secops_job_label_names(&facts, &names);
    is_str(names.data, names.len, "\"drop\", \"Drop\"", "names of the labels");
    secops_text_free(&names);

    return tap_done();
}


/*
 * To whom a resource refers: what is found in documents, what is taken away
 * when another document comes.
 */

#include <stdlib.h>

#include "model/plan/secops_resource_targets.h"
#include "secops_tap.h"


/* "type:id type:id …" */

static const char *
targets_text(const secops_resource_targets_t *targets)
{
    size_t  i, n;

    static char  text[1024];

    for (i = 0, n = 0, text[0] = '\0'; i < targets->n; i++) {
        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%u:%.*s",
                               i ? " " : "", targets->list[i].type,
                               (int) targets->list[i].len,
                               targets->list[i].id);
    }

    return text;
}


static void
targets_read(secops_resource_targets_t *targets, const char *document)
{
    json_t  *json;

    memset(targets, 0, sizeof(secops_resource_targets_t));

    json = json_loads(document, 0, NULL);

    if (secops_resource_targets(targets, json) != 0) {
        ok(0, "no memory");
    }

    json_decref(json);
}


static void
test_read(void)
{
    size_t                     i;
    const char                *text;
    secops_resource_targets_t  targets;

    static const struct {
        const char  *document;
        const char  *targets;
        const char  *name;
    } cases[] = {
        { "{}", "", "a document without any" },
        { "[]", "", "one that is no object" },
        { "no JSON", "3:", "one that can not be read refers to anybody" },
        { "{\"parameters\":{\"k\":\"{{api_keys(internal_id='a-_Z9')}}\"}}",
          "0:a-_Z9", "an api key" },
        { "{\"parameters\":{\"a\":[{\"b\":\"{{jobs(internal_id=2)}}\"},"
          "\"{{integrations(internal_id=1)}}\"]}}", "1:1 2:2", "deep inside" },
        { "{\"pipeline_integrations\":[{\"resource\":"
          "\"{{integrations(internal_id=7)}}\"},{\"resource\":"
          "\"{{integrations(internal_id=7)}}\",\"parameters\":{\"x\":"
          "\"{{ integrations ( id = '10' ) }}\"}}]}", "1:7 1:10",
          "a pipeline, each once, however it is spelt" },
        { "{\"parameters\":{\"k\":\"{{api_keys(name='a')}}\"}}", "",
          "a name is none: what is stored has ids" },
        { "{\"parameters\":{\"k\":\"{{jobs(internal_id='a:b')}}\"}}", "",
          "an id that nobody ever had" },
        { "{\"title\":\"{{jobs(internal_id=1)}}\"}", "",
          "text that looks like one" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        targets_read(&targets, cases[i].document);

        text = targets_text(&targets);
        is_str((const unsigned char *) text, strlen(text), cases[i].targets,
               cases[i].name);

        secops_resource_targets_free(&targets);
    }
}


static void
test_less(void)
{
    const char                *text;
    secops_resource_targets_t  one, two;

    targets_read(&one, "{\"parameters\":[\"{{jobs(internal_id=1)}}\","
                 "\"{{jobs(internal_id=2)}}\",\"{{jobs(internal_id=3)}}\"]}");
    targets_read(&two, "{\"parameters\":[\"{{jobs(internal_id=0)}}\","
                 "\"{{jobs(internal_id=2)}}\",\"{{jobs(internal_id=9)}}\"]}");

    secops_resource_targets_less(&one, &two);
    text = targets_text(&one);
    is_str((const unsigned char *) text, strlen(text), "2:1 2:3",
           "those of one that are not of the other");

    secops_resource_targets_less(&two, &two);
    is_int((long long) two.n, 0, "... of the same: none");

    secops_resource_targets_less(&one, &two);
    is_int((long long) one.n, 2, "... of an empty one: all");

    secops_resource_targets_free(&one);
    secops_resource_targets_free(&two);
}


int
main(void)
{
    test_read();
    test_less();

    return tap_done();
}

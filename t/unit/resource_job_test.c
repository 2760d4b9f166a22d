
/*
 * Jobs: how a request and what is stored become one, and that what is shown
 * can be sent back.  A request, what it came to, and then a part of what is
 * stored.
 */

#include "model/resource/secops_resource_value.h"
#include "resource_store.h"


#define ELASTIC(title)                                                        \
    "{`type`:`integration`,`properties`:{`title`:`" title "`,"                \
    "`integration_type`:`Elasticsearch`,`parameters`:{`hosts`:`a`}}}"

#define JOB(title, more)                                                      \
    "{`j`:{`type`:`job`,`properties`:{`title`:`" title "`" more "}}}"
#define NEW_JOB(title, category, more)                                        \
    JOB(title, ",`category`:`" category "`,`decision_points`:[`a`]," more)
#define LABELS(labels)                                                        \
    "`advanced_settings`:{`custom_labels`:[" labels "]}"
#define STEP(resource, role, more)                                            \
    "{`resource`:`" resource "`,`integration_type`:`" role "`" more "}"
#define INPUT(resource)                                                       \
    STEP(resource, "input", ",`parameters`:{`index`:`i`}")
#define PIPELINE(entries)  "`pipeline_integrations`:[" entries "]"
#define ONE                PIPELINE(INPUT("A"))

#define L(n, name, color)                                                     \
    "{`id`:`label_" n "`,`name`:`" name "`,`hex_color`:`" color "`}"


typedef struct {
    const char  *name;
    const char  *request;
    const char  *result;
    const char  *part;          /* "title path"; NULL: nothing is looked at */
    const char  *value;         /* `#role` for an entry of a pipeline */
} job_case_t;


static const job_case_t  job_cases[] = {

    { "labels by default are those of the category",
      NEW_JOB("D", "Decision intelligence", ONE), "+D#1003",
      "D advanced_settings custom_labels",
      "[" L("0", "Escalate", "#d93025") "," L("1", "Drop", "#188038") ","
      L("2", "Investigate", "#f9ab00") "]" },
    { "... also when they are given as null",
      NEW_JOB("D2", "Event centric decision intelligence",
      "`advanced_settings`:{`custom_labels`:null,`auto_retrain`:null}," ONE),
      "+D2#1004", "D2 advanced_settings",
      "{`custom_labels`:[" L("0", "Escalate", "#d93025") ","
      L("1", "Drop", "#188038") "," L("2", "Investigate", "#f9ab00") "]}" },
    { "... or as none",
      NEW_JOB("D3", "Automated root cause analysis", LABELS("") "," ONE),
      "+D3#1005", "D3 next_label", "3" },
    { "labels get ids in their order, and a color",
      NEW_JOB("L", "Decision intelligence", LABELS("{`name`:`a`,`hex_color`:"
      "`#000000`},{`name`:`b`,`hex_color`:null},{`name`:`c`},{`name`:`d`}") ","
      ONE), "+L#1006", "L advanced_settings custom_labels",
      "[" L("0", "a", "#000000") "," L("1", "b", "#188038") ","
      L("2", "c", "#f9ab00") "," L("3", "d", "#808080") "]" },
    { "two are too few", JOB("L", "," LABELS("{`name`:`a`},{`name`:`b`}")),
      "422|/j/properties/advanced_settings/custom_labels: must have three "
      "labels at least", NULL, NULL },
    { "a name twice, with an id that is none", JOB("L", "," LABELS("{`name`:"
      "`a`},{`name`:`b`},{`name`:`a`,`id`:`x`}")),
      "422|/j/properties/advanced_settings/custom_labels/2/name: is "
      "the name of another label, too|/j/properties/advanced_settings/"
      "custom_labels/2/id: must be the id of a label of the job, or absent for "
      "a new one", NULL, NULL },
    { "a label keeps its id by its name; a new one gets a new id",
      JOB("L", "," LABELS("{`name`:`d`},{`name`:`new`},{`name`:`a`}")),
      "*L#1006", "L advanced_settings custom_labels",
      "[" L("3", "d", "#808080") "," L("4", "new", "#188038") ","
      L("0", "a", "#000000") "]" },
    { "... and never that of one that was removed",
      JOB("L", "," LABELS("{`name`:`a`},{`name`:`b`},{`name`:`d`}")),
      "*L#1006", "L advanced_settings custom_labels",
      "[" L("0", "a", "#000000") "," L("5", "b", "#188038") ","
      L("3", "d", "#808080") "]" },
    { "a new name by the id",
      JOB("L", "," LABELS("{`id`:`label_0`,`name`:`b`},{`id`:`label_5`,`name`:"
      "`a`},{`name`:`d`,`hex_color`:`#111111`}")),
      "*L#1006", "L advanced_settings custom_labels",
      "[" L("0", "b", "#000000") "," L("5", "a", "#188038") ","
      L("3", "d", "#111111") "]" },
    { "a new label with the name that another had",
      JOB("L", "," LABELS("{`id`:`label_0`,`name`:`x`},{`name`:`b`},{`name`:"
      "`a`}")), "*L#1006", "L advanced_settings custom_labels",
      "[" L("0", "x", "#000000") "," L("6", "b", "#188038") ","
      L("5", "a", "#188038") "]" },
    { "ids that are none of the job's, or given twice",
      JOB("L", "," LABELS("{`id`:`label_3`,`name`:`x`},{`id`:`label_0`,`name`:"
      "`y`},{`id`:`label_0`,`name`:`z`}")),
      "422|/j/properties/advanced_settings/custom_labels/0/id: must be the id "
      "of a label of the job, or absent for a new one"
      "|/j/properties/advanced_settings/custom_labels/2/id: is the id of "
      "another label, too", NULL, NULL },
    { "none are no change", JOB("L", "," LABELS("")), "=L#1006", NULL, NULL },

    { "a new job may have labels with the ids of another",
      NEW_JOB("C", "Decision intelligence", LABELS("{`name`:`x`},{`id`:"
      "`label_7`,`name`:`y`},{`id`:`label_0`,`name`:`z`}") "," ONE), "+C#1007",
      "C advanced_settings custom_labels", "[" L("8", "x", "#d93025") ","
      L("7", "y", "#188038") "," L("0", "z", "#f9ab00") "]" },
    { "... which it has the second time",
      NEW_JOB("C", "Decision intelligence", LABELS("{`name`:`x`},{`id`:"
      "`label_7`,`name`:`y`},{`id`:`label_0`,`name`:`z`}") "," ONE), "=C#1007",
      "C next_label", "9" },
    { "... but no other ids, and none twice",
      NEW_JOB("V", "Decision intelligence", LABELS("{`name`:`a`,`id`:`label_`},"
      "{`id`:`label_07`,`name`:`b`},{`id`:`label_7x`,`name`:`c`},{`id`:"
      "`label_1`,`name`:`d`},{`id`:`label_1`,`name`:`e`},{`id`:"
      "`label_1234567890`,`name`:`f`}") "," ONE),
      "422|/j/properties/advanced_settings/custom_labels/0/id: must be "
      "\"label_\" and a number, or absent"
      "|/j/properties/advanced_settings/custom_labels/1/id: must be "
      "\"label_\" and a number, or absent"
      "|/j/properties/advanced_settings/custom_labels/2/id: must be "
      "\"label_\" and a number, or absent"
      "|/j/properties/advanced_settings/custom_labels/4/id: is the id of "
      "another label, too"
      "|/j/properties/advanced_settings/custom_labels/5/id: must be "
      "\"label_\" and a number, or absent", NULL, NULL },

    { "a processor is added, behind what brings events",
      NEW_JOB("P", "decision INTELLIGENCE",
      PIPELINE(STEP("B", "output", "") "," INPUT("A") "," STEP("C", "output",
      ""))), "+P#1008", "P #",
      "B#output A#input Decision intelligence processor#processor C#output" },
    { "... with its parameters",
      JOB("P", ",`description`:null"), "=P#1008",
      "P pipeline_integrations 2",
      "{`resource`:`Decision intelligence processor`,`type`:`Decision "
      "intelligence processor`,`integration_type`:`processor`,`enabled`:true,"
      "`parameters`:%}" },
    { "two of them for root causes", JOB("D3", ""), "=D3#1005", "D3 #",
      "A#input Clustering processor#processor "
      "Root cause-symptom classification processor#processor" },
    { "none for automation, which has no decision points",
      JOB("U", ",`category`:`Automation`,`decision_points`:null," ONE),
      "+U#1009", "U #", "A#input" },
    { "... and may have none", JOB("U", ",`decision_points`:[`a`]"),
      "422|/j/properties/decision_points: must have at most 0 items",
      NULL, NULL },
    { "other jobs need decision points",
      JOB("V", ",`category`:`Decision intelligence`," ONE),
      "422|/j/properties/decision_points: is required", NULL, NULL },
    { "a job needs an input",
      NEW_JOB("V", "Decision intelligence", PIPELINE(STEP("A", "output", ""))),
      "422|/j/properties/pipeline_integrations: must have an entry with the "
      "role \"input\"", NULL, NULL },
    { "... and a pipeline", JOB("V", ",`category`:`Automation`"),
      "422|/j/properties/pipeline_integrations: must have an entry with the "
      "role \"input\"", NULL, NULL },
    { "... a category", JOB("V", "," ONE),
      "422|/j/properties/category: is required to create a job", NULL, NULL },
    { "... that exists", NEW_JOB("V", "Guessing", ONE),
      "422|/j/properties/category: \"Guessing\" is no category of jobs", NULL,
      NULL },
    { "... while the rest is checked all the same",
      NEW_JOB("V", "Guessing", LABELS("{`name`:`a`}") "," PIPELINE(
      STEP("X", "input", "") "," STEP("Clustering processor", "processor",
      ""))), "422|/j/properties/category: \"Guessing\" is no category of jobs"
      "|/j/properties/advanced_settings/custom_labels: must have three labels "
      "at least|/j/properties/pipeline_integrations/0/resource: there is no "
      "integration called \"X\"", NULL, NULL },
    { "... and stays", JOB("P", ",`category`:`Automation`"),
      "422|/j/properties/category: is \"Decision intelligence\", and can not "
      "be changed", NULL, NULL },
    { "a role that the type has not, and an unknown parameter",
      NEW_JOB("V", "Decision intelligence", PIPELINE(INPUT("A") ","
      STEP("A", "case_creation", "") "," STEP("A", "output",
      ",`parameters`:{`x`:1}"))),
      "422|/j/properties/pipeline_integrations/1/integration_type: "
      "\"Elasticsearch\" can not have the role \"case_creation\""
      "|/j/properties/pipeline_integrations/2/parameters/x: is not allowed",
      NULL, NULL },
    { "a storage tag of an output",
      NEW_JOB("V", "Decision intelligence", PIPELINE(INPUT("A") ","
      STEP("A", "output", ",`storage_tag`:`t`"))),
      "422|/j/properties/pipeline_integrations/1/storage_tag: is for entries "
      "with the role \"input\" only", NULL, NULL },
    { "an entry without an integration",
      NEW_JOB("V", "Decision intelligence", PIPELINE("{`integration_type`:"
      "`input`}")), "422|/j/properties/pipeline_integrations/0/resource: must "
      "name an integration", NULL, NULL },
    { "a processor that the category does not have",
      NEW_JOB("V", "Decision intelligence", PIPELINE(INPUT("A") ","
      STEP("Clustering processor", "processor", ""))),
      "404|/j/properties/pipeline_integrations/1/resource: there is no "
      "integration called \"Clustering processor\"", NULL, NULL },
    { "a processor twice", JOB("P", "," PIPELINE(STEP("Decision intelligence "
      "processor", "processor", "") ",{`integration_type`:`processor`}")),
      "422|/j/properties/pipeline_integrations/1: names the same integration "
      "with the same role as another entry", NULL, NULL },

    { "an empty pipeline leaves it as it is",
      JOB("P", ",`remove_missing_pipeline_integrations`:true," PIPELINE("")),
      "=P#1008", NULL, NULL },
    { "what is not named stays; what is new stands where it is named",
      JOB("P", "," PIPELINE(STEP("A", "output", "") "," STEP("C", "output",
      ""))), "*P#1008", "P #", "B#output A#input "
      "Decision intelligence processor#processor A#output C#output" },
    { "... again the same",
      JOB("P", "," PIPELINE(STEP("A", "output", "") "," STEP("C", "output",
      ""))), "=P#1008", NULL, NULL },
    { "... or at the end",
      JOB("P", "," PIPELINE(STEP("A", "enrichment", ",`parameters`:{`index`:"
      "`i`,`match_field`:`f`,`fields`:[`g`]}"))), "*P#1008", "P #", "B#output "
      "A#input Decision intelligence processor#processor A#output C#output "
      "A#enrichment" },
    { "... or in between",
      JOB("P", "," PIPELINE(STEP("C", "output", "") "," STEP("B", "enrichment",
      ",`parameters`:{`index`:`i`,`match_field`:`f`,`fields`:[`g`]}") ","
      STEP("A", "enrichment", ""))), "*P#1008", "P #", "B#output A#input "
      "Decision intelligence processor#processor A#output C#output "
      "B#enrichment A#enrichment" },
    { "what is named stands in the order that it is named in",
      JOB("P", "," PIPELINE(STEP("A", "output", "") "," STEP("B", "output",
      "") "," STEP("C", "output", ""))), "*P#1008", "P #", "A#output A#input "
      "Decision intelligence processor#processor B#output C#output "
      "B#enrichment A#enrichment" },
    { "what is not named is removed, but for processors",
      JOB("P", ",`remove_missing_pipeline_integrations`:true," PIPELINE(STEP(
      "C", "output", "") "," INPUT("B"))), "*P#1008", "P #",
      "C#output B#input Decision intelligence processor#processor" },
    { "... and not the last input",
      JOB("P", ",`remove_missing_pipeline_integrations`:true," PIPELINE(STEP(
      "C", "output", ""))),
      "422|/j/properties/pipeline_integrations: must have an entry with the "
      "role \"input\"", NULL, NULL },
    { "an entry changes by parts",
      JOB("P", "," PIPELINE(STEP("C", "output", ",`enabled`:false"))),
      "*P#1008", "P pipeline_integrations 0 enabled", "false" },
    { "... and is not enabled by what does not say so",
      JOB("P", "," PIPELINE(STEP("C", "output", ""))), "=P#1008", NULL, NULL },
    { "a processor's parameters",
      JOB("P", "," PIPELINE("{`integration_type`:`processor`,`enabled`:false}"
      )), "*P#1008", "P pipeline_integrations 2 enabled", "false" },
    { "... stay when it is not named, and all else is removed",
      JOB("P", ",`remove_missing_pipeline_integrations`:true," PIPELINE(STEP(
      "C", "output", "") "," STEP("B", "input", ""))), "=P#1008",
      "P pipeline_integrations 2 enabled", "false" },
    { "one of two processors must be named",
      JOB("D3", "," PIPELINE("{`integration_type`:`processor`}")),
      "422|/j/properties/pipeline_integrations/0/resource: must name an "
      "integration", NULL, NULL },
    { "... parameters", JOB("P", "," PIPELINE(STEP("B", "input",
      ",`parameters`:{`index`:`k`,`max_batch_size`:7},`storage_tag`:`t`,"
      "`auto_id`:7"))), "*P#1008", "P pipeline_integrations 1 storage_tag",
      "`t`" },
    { "... which stay if they are not given",
      JOB("P", "," PIPELINE(STEP("B", "input", ",`parameters`:null,"
      "`enabled`:null,`storage_tag`:null"))), "=P#1008",
      "P pipeline_integrations 1 parameters max_batch_size", "7" },
    { "a tag is taken away by an empty one",
      JOB("P", "," PIPELINE(STEP("B", "input", ",`storage_tag`:``"))),
      "*P#1008", "P pipeline_integrations 1 storage_tag", "" },
    { "the same integration twice with the same role",
      JOB("P", "," PIPELINE(STEP("B", "input", "") "," INPUT("A") ","
      INPUT("{{integrations(title='B')}}"))),
      "422|/j/properties/pipeline_integrations/2: names the same integration "
      "with the same role as another entry", NULL, NULL },

    { "members that are not given stay",
      JOB("P", ",`description`:`d`,`feedback_columns`:[`f`],"
      "`advanced_settings`:{`auto_retrain`:{`enabled`:true,`cron`:`* * * * *`,"
      "`blockers`:{`outliers`:true,`consensus_changes`:null}},"
      "`monitoring_settings`:{`throttling`:1,`monitors`:[{`name`:`m`,`active`:"
      "true,`interval_check`:5}]}}"), "*P#1008",
      "P advanced_settings monitoring_settings throttling", "1" },
    { "... all of them",
      JOB("P", ",`decision_points`:null,`advanced_settings`:{`custom_labels`:"
      "[],`auto_retrain`:null}"), "=P#1008", "P feedback_columns", "[`f`]" },
    { "settings change member by member",
      JOB("P", ",`advanced_settings`:{`auto_retrain`:{`enabled`:false,"
      "`blockers`:{`outliers`:null,`consensus_flipping`:true}}}"), "*P#1008",
      "P advanced_settings auto_retrain", "{`enabled`:false,`cron`:`* * * * *`"
      ",`blockers`:{`outliers`:true,`consensus_flipping`:true}}" },
    { "... arrays in them as a whole",
      JOB("P", ",`advanced_settings`:{`monitoring_settings`:{`monitors`:["
      "{`name`:`n`}]}}"), "*P#1008", "P advanced_settings monitoring_settings",
      "{`throttling`:1,`monitors`:[{`name`:`n`}]}" },
    { "a description is taken away by an empty one", JOB("P",
      ",`description`:``"), "*P#1008", "P description", "``" },
    { "what is read-only is passed over", JOB("P", ",`id`:1008,`type`:`job`,"
      "`status`:`ENABLED`,`created_by`:`x`"), "=P#1008", "P status",
      "`DISABLED`" }
};


static void test_cases(void);
static void test_stamps(void);
static void test_all_types(void);
static void test_shown(void);
static void test_masked(void);
static void test_gone(void);
static void test_refers(void);
static char *look(const char *part);


int
main(void)
{
    if (store_init() != 0) {
        return tap_done();
    }

    test_cases();
    test_stamps();
    test_shown();
    test_masked();
    test_gone();
    test_all_types();
    test_refers();

    store_done();

    return tap_done();
}


static void
test_cases(void)
{
    char              *value, *p, expected[1024];
    size_t             i;
    const char        *told;
    const job_case_t  *c;

    (void) store_post("{`a`:" ELASTIC("A") ",`b`:" ELASTIC("B") ",`c`:"
                      ELASTIC("C") "}");

    for (i = 0; i < sizeof(job_cases) / sizeof(job_cases[0]); i++) {
        c = &job_cases[i];

        told = store_post(c->request);
        is_str(told, strlen(told), c->result, c->name);

        if (c->part == NULL) {
            continue;
        }

        (void) strcpy(expected, c->value);

        for (p = expected; *p; p++) {
            *p = *p == '`' ? '"' : *p;
        }

        value = look(c->part);

        /* the parameters of processors are their definitions' affair */

        p = strchr(expected, '%');

        if (p) {
            *p = '\0';

            if (strlen(value) > strlen(expected)) {
                value[strlen(expected)] = '\0';
            }
        }

        is_str(value, strlen(value), expected, "... and it is stored so");
        free(value);
    }
}


/* a part of a stored job: members and elements by name and number, "#": what
   its pipeline consists of */

static char *
look(const char *part)
{
    char            *path, *word, *text;
    size_t           i, len;
    json_t          *json, *value, *resource;
    store_row_t     *row;
    secops_slice_t   id;

    path = store_copy((const unsigned char *) part, strlen(part));
    word = strtok(path, " ");

    json = json_loads(store_document(SECOPS_RESOURCE_JOB, word), 0, NULL);
    value = json;

    while ((word = strtok(NULL, " ")) != NULL) {

        if (word[0] != '#') {
            value = json_is_array(value) ? json_array_get(value, atoi(word))
                                         : json_object_get(value, word);
            continue;
        }

        text = calloc(1, 4096);
        value = json_object_get(json, "pipeline_integrations");

        for (i = 0, len = 0; i < json_array_size(value); i++) {

            resource = json_object_get(json_array_get(value, i), "resource");

            id.len = strcspn(strchr(json_string_value(resource), '=')
                             ? strchr(json_string_value(resource), '=') + 1
                             : "", ")");
            id.data = (const unsigned char *) json_string_value(resource)
                      + sizeof("{{integrations(internal_id=") - 1;
            row = id.len ? store_find(SECOPS_RESOURCE_INTEGRATION, 1, id)
                         : NULL;

            len += sprintf(text + len, "%s%s#%s", i ? " " : "",
                           row ? row->title : json_string_value(resource),
                           json_string_value(json_object_get(
                               json_array_get(value, i),
                               "integration_type")));
        }

        goto done;
    }

    text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY)
                 : calloc(1, 1);

done:

    json_decref(json);
    free(path);

    return text;
}


static void
test_stamps(void)
{
    const char  *document;

    store_clear();

    (void) store_post("{`a`:" ELASTIC("A") "}");
    store_time = "2026-02-02 00:00:00";
    (void) store_post("{`a`:" ELASTIC("A") "}");

    document = store_document(SECOPS_RESOURCE_INTEGRATION, "A");

    ok(strstr(document, "\"created_by\":\"alice\",\"created_on\":\"2026-01-01 "
              "00:00:00\",\"updated_by\":\"alice\",\"updated_on\":\"2026-01-01"
              " 00:00:00\"}") != NULL,
       "what is sent again is the same to the byte");

    (void) store_post("{`a`:{`type`:`integration`,`properties`:{`title`:`A`,"
                      "`parameters`:{`hosts`:`b`}}}}");

    document = store_document(SECOPS_RESOURCE_INTEGRATION, "A");

    ok(strstr(document, "\"created_on\":\"2026-01-01 00:00:00\",\"updated_by\":"
              "\"alice\",\"updated_on\":\"2026-02-02 00:00:00\"}") != NULL,
       "a change is stamped");
    ok(strstr(document, "\"parameters\":{\"hosts\":\"b\",\"port\":9200,")
       != NULL, "defaults are stored");
}


static void
test_shown(void)
{
    char    *shown;
    json_t  *json;

    store_clear();

    (void) store_post("{`a`:{`type`:`integration`,`properties`:{`title`:`A`,"
                      "`integration_type`:`Webhook`,`parameters`:{`url`:"
                      "`https://a/`,`headers`:{`X`:`secret`}}}},`b`:"
                      ELASTIC("B") "}");
    (void) store_post(NEW_JOB("J", "Decision intelligence",
                      "`advanced_settings`:{`auto_retrain`:{`enabled`:true}},"
                      PIPELINE(INPUT("B"))));

    shown = store_get(SECOPS_RESOURCE_INTEGRATION, "A", 0);
    ok(strncmp(shown, "{\"id\":1000,\"title\":\"A\",\"type\":\"integration\","
               "\"subcategory_id\":", 58) == 0, "an integration is flat");
    ok(strstr(shown, "\"headers\":{\"X\":\"********\"}") != NULL
       && strstr(shown, "secret") == NULL, "... its secrets are masked");
    ok(strstr(shown, "\"url\":\"********\"") != NULL,
       "... the address that who knows it can post to, too");
    ok(strstr(shown, "\"method\":\"POST\"") != NULL,
       "... and nothing else is");
    free(shown);

    shown = store_get(SECOPS_RESOURCE_JOB, "J", 0);
    is_str(shown, strlen(shown), "{\"J\":{\"type\":\"job\",\"properties\":{"
           "\"id\":1002,\"title\":\"J\",\"category\":\"Decision intelligence\","
           "\"status\":\"DISABLED\",\"decision_points\":[\"a\"],"
           "\"advanced_settings\":{\"custom_labels\":[{\"id\":\"label_0\","
           "\"name\":\"Escalate\",\"hex_color\":\"#d93025\"},{\"id\":"
           "\"label_1\",\"name\":\"Drop\",\"hex_color\":\"#188038\"},{\"id\":"
           "\"label_2\",\"name\":\"Investigate\",\"hex_color\":\"#f9ab00\"}]}}"
           "}}",
           "a job in a list");
    free(shown);

    shown = store_get(SECOPS_RESOURCE_JOB, "J", 1);
    ok(strstr(shown, "\"pipeline_integrations\":[{\"resource\":\"{{"
              "integrations(internal_id=1001)}}\",\"integration_type\":"
              "\"input\",\"enabled\":true,\"parameters\":{\"index\":\"i\",")
       != NULL, "... and whole");
    ok(strstr(shown, "\"auto_retrain\":{\"enabled\":true}") != NULL,
       "... with all its settings");
    ok(strstr(shown, "next_label") == NULL && strstr(shown, "Elasticsearch")
       == NULL, "... without what is for the store only");
    free(shown);

    ok(secops_resource_render(&model, SECOPS_RESOURCE_JOB,
                              (secops_slice_t) secops_slice("1"),
                              (secops_slice_t) secops_slice("[]"), 1) == NULL,
       "what can not be read is not shown");

    /* a type that is not there any more: anything may be a secret */

    json = secops_resource_render(&model, SECOPS_RESOURCE_INTEGRATION,
                                  (secops_slice_t) secops_slice("1"),
                                  (secops_slice_t) secops_slice("{\"title\":"
                                  "\"a\",\"integration_type\":\"Gone\","
                                  "\"parameters\":{\"a\":[\"b\"],\"n\":1}}"),
                                  1);
    shown = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    is_str(shown, strlen(shown), "{\"id\":1,\"title\":\"a\",\"type\":"
           "\"integration\",\"subcategory_id\":null,\"integration_type\":"
           "\"Gone\",\"parameters\":{\"a\":[\"********\"],\"n\":1}}",
           "of an unknown type all texts are masked");
    free(shown);
}


static void
test_masked(void)
{
    char    *text;
    json_t  *value, *schema, *masked;

    value = json_loads("{\"a\":[\"x\"],\"b\":{\"c\":\"y\"},\"s\":[\"z\","
                       "\"{{api_keys(internal_id='k')}}\"]}", 0, NULL);
    schema = json_loads("{\"properties\":{\"a\":{},\"s\":{\"items\":{"
                        "\"writeOnly\":true}}}}", 0, NULL);

    masked = secops_resource_masked(value, schema);
    text = json_dumps(masked, JSON_COMPACT);

    is_str(text, strlen(text), "{\"a\":[\"x\"],\"b\":{\"c\":\"y\"},\"s\":["
           "\"********\",\"{{api_keys(internal_id='k')}}\"]}",
           "what a schema does not mention is no secret, and no reference is");

    free(text);
    json_decref(masked);
    json_decref(schema);

    schema = json_loads("{\"properties\":{\"b\":{\"properties\":{\"c\":{}}}},"
                        "\"additionalProperties\":false}", 0, NULL);

    masked = secops_resource_masked(value, schema);
    text = json_dumps(masked, JSON_COMPACT);

    is_str(text, strlen(text), "{\"a\":[\"********\"],\"b\":{\"c\":\"y\"},"
           "\"s\":[\"********\",\"{{api_keys(internal_id='k')}}\"]}",
           "... but what it does not allow may have been one");

    free(text);
    json_decref(masked);
    json_decref(value);
    json_decref(schema);
}


/* its definition was taken away */

static void
test_gone(void)
{
    const char  *told;

    store_clear();

    store[nstore].type = SECOPS_RESOURCE_INTEGRATION;
    store[nstore].id = store_copy((const unsigned char *) "7", 1);
    store[nstore].title = store_copy((const unsigned char *) "G", 1);
    store[nstore++].document =
        store_copy((const unsigned char *)
                   "{\"title\":\"G\",\"integration_type\":\"Gone\"}", 39);

    told = store_post(NEW_JOB("J", "Decision intelligence",
                              PIPELINE(INPUT("G"))));
    is_str(told, strlen(told), "422|/j/properties/pipeline_integrations/0/"
           "resource: is of an integration type that is not known here any "
           "more", "an integration of a type that is not there any more");

    told = store_post("{`g`:{`type`:`integration`,`properties`:{`title`:`G`}}"
                      "}");
    is_str(told, strlen(told), "422|/g/properties/integration_type: \"Gone\" "
           "is no integration type that is known here", "... nor can it be "
           "overwritten");
}


/* 1: the value meets the schema, or how many faults it has */

static int
faults(const secops_schema_t *schema, const json_t *value)
{
    int                          n;
    char                        *text;
    secops_json_t                json;
    secops_json_error_t          error;

    static secops_json_token_t   tokens[4096];
    static secops_json_limits_t  limits = { 32, 4096 };

    text = store_dump(value);

    (void) secops_json_parse(&json, (unsigned char *) text, strlen(text),
                             tokens, 4096, &limits, &error);

    n = secops_schema_validate(schema, &json, 0, SECOPS_SCHEMA_EMPTY_IS_ABSENT,
                               NULL, NULL, NULL);
    free(text);

    return n;
}


/* a value that meets the schema of a property */

static json_t *
sample(const json_t *property)
{
    char                   *text;
    size_t                  i;
    json_t                 *value;
    secops_schema_t        *schema;
    secops_schema_error_t   error;

    static const char  *samples[] = {
        "\"{{api_keys(name='K')}}\"", "\"https://example.com/x\"",
        "\"https://dce.westeurope-1.ingest.monitor.azure.com\"",
        "\"sample\"", "\"https://hooks.slack.com/services/T/B/x\"",
        "\"https://dce.westeurope-1.ingest.monitor.azure.com\"",
        "\"00000000-0000-4000-8000-000000000001\"", "\"a@example.com\"",
        "\"host:9092\"", "\"dcr-00000000000000000000000000000000\"",
        "\"Custom-Log_CL\"", "\"19.0\"", "\"P1D\"", "\"7d\"", "\":robot:\"",
        "\"xoxb-1\"", "\"U01\"", "\"customfield_1\"", "\"SOC\"", "true", "1",
        "2", "10", "60", "1000", "[]", "[\"sample\"]", "[\"a@example.com\"]",
        "{\"sample\":\"x\"}", "{\"customfield_1\":\"x\"}", "[1]", "{}"
    };

    value = json_object_get(property, "default");

    if (value == NULL) {
        value = json_array_get(json_object_get(property, "enum"), 0);
    }

    if (value) {
        return json_incref(value);
    }

    text = json_dumps(property, JSON_COMPACT);
    schema = secops_schema_compile((unsigned char *) text, strlen(text),
                                   &error);
    free(text);

    i = json_object_get(property, "x-reference") ? 0 : 1;

    for ( /* void */ ; i < sizeof(samples) / sizeof(samples[0]); i++) {

        value = json_loads(samples[i], JSON_DECODE_ANY, NULL);

        if (faults(schema, value) == 0) {
            break;
        }

        json_decref(value);
        value = NULL;
    }

    secops_schema_free(schema);

    return value;
}


/* parameters with as much as goes together */

static json_t *
parameters(const secops_catalog_schema_t *schema)
{
    json_t      *value, *member, *without;
    const char  *name;

    value = json_object();

    json_object_foreach(json_object_get(schema->json, "properties"), name,
                        member)
    {
        (void) json_object_set_new(value, name, sample(member));
    }

    json_object_foreach(json_object_get(schema->json, "properties"), name,
                        member)
    {
        if (faults(schema->schema, value) == 0) {
            break;
        }

        without = json_copy(value);
        (void) json_object_del(without, name);

        if (faults(schema->schema, without) == 0) {
            json_decref(value);
            value = without;
            break;
        }

        json_decref(without);
    }

    return value;
}


/* {"x": {"type": "integration", "properties": what is shown}} */

static const char *
send_back(secops_resource_type_e type, const char *title)
{
    char        *shown, *text;
    const char  *told;

    shown = store_get(type, title, 1);

    if (type == SECOPS_RESOURCE_JOB) {
        told = store_post_text(shown, 1);

    } else {
        text = malloc(strlen(shown) + 64);
        (void) sprintf(text, "{\"x\":{\"type\":\"integration\","
                       "\"properties\":%s}}", shown);
        told = store_post_text(text, 1);
        free(text);
    }

    free(shown);

    return told;
}


static void
begins(const char *told, const char *one_of, const char *name)
{
    if (!ok(told[0] && strchr(one_of, told[0]), "%s", name)) {
        printf("# %s\n", told);
    }
}


static void
test_type(const secops_catalog_type_t *type)
{
    char        *text;
    json_t      *request, *steps;
    unsigned     role;
    const char  *told, *name;

    name = (const char *) type->name.data;

    request = json_pack("{s:{s:s,s:{s:s}},s:{s:s,s:{s:s,s:s,s:o}}}",
                        "k", "type", "api_key", "properties", "name", "K",
                        "i", "type", "integration", "properties", "title",
                        name, "integration_type", name, "parameters",
                        parameters(&type->connection));

    text = json_dumps(request, JSON_COMPACT);
    told = store_post_text(text, 1);
    begins(strstr(told, " ") ? strstr(told, " ") + 1 : told, "+", name);
    free(text);
    json_decref(request);

    told = send_back(SECOPS_RESOURCE_INTEGRATION, name);
    begins(told, "=", "... what is shown of all its parameters can be sent "
           "back");

    steps = json_array();

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {
        if (secops_catalog_supports(type, role)) {
            (void) json_array_append_new(steps, json_pack("{s:s,s:s,s:o}",
                       "resource", name, "integration_type",
                       (const char *) secops_catalog_role_name(role).data,
                       "parameters", parameters(&type->role[role])));
        }
    }

    (void) json_array_append_new(steps, json_pack("{s:s,s:s,s:{s:s}}",
                                 "resource", "Source", "integration_type",
                                 "input", "parameters", "index", "i"));

    request = json_pack("{s:{s:s,s:{s:s,s:s,s:[s],s:o}}}", "j", "type", "job",
                        "properties", "title", name, "category",
                        "Automated root cause analysis", "decision_points",
                        "a", "pipeline_integrations", steps);
    text = json_dumps(request, JSON_COMPACT);
    told = store_post_text(text, 1);
    begins(told, "+", "... a job with all its roles");
    free(text);
    json_decref(request);

    told = send_back(SECOPS_RESOURCE_JOB, name);
    begins(told, "=", "... what is shown of that can be sent back");
}


static void
test_all_types(void)
{
    size_t  i;

    store_clear();

    (void) store_post("{`a`:" ELASTIC("Source") "}");

    for (i = 0; i < catalog.ntypes; i++) {
        if (catalog.types[i].creatable) {
            test_type(&catalog.types[i]);
        }
    }
}


static void
test_refers(void)
{
    size_t  i;

    static const struct {
        const char  *document;
        int          refers;
        const char  *name;
    } cases[] = {
        { "{\"parameters\":{\"a\":[{\"b\":\"{{integrations(internal_id=1001)}}"
          "\"}]}}", 1, "a parameter refers to it" },
        { "{\"pipeline_integrations\":[{\"resource\":\"x\"},{\"resource\":"
          "\"{{integrations(internal_id=1001)}}\"}]}", 1, "a pipeline" },
        { "{\"pipeline_integrations\":[{\"resource\":\"x\",\"parameters\":{"
          "\"a\":\"{{integrations(internal_id=1001)}}\"}}]}", 1,
          "a parameter in one" },
        { "{\"parameters\":{\"a\":\"{{jobs(internal_id=1001)}}\"}}", 0,
          "another type with this id" },
        { "{\"parameters\":{\"a\":\"{{integrations(internal_id=10011)}}\"}}",
          0, "a longer id" },
        { "{\"description\":\"{{integrations(internal_id=1001)}}\","
          "\"parameters\":{\"a\":\"1001\"}}", 0, "text is no reference" },
        { "{\"title\":\"1001\"}", 0, "nothing of the kind" },
        { "100", 0, "a shorter text, which is not even read" },
        { "1001[", -1, "what can not be read" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        secops_slice_t  document;

        document.len = strlen(cases[i].document);
        document.data = (const unsigned char *) cases[i].document;

        is_int(secops_resource_refers(document, SECOPS_RESOURCE_INTEGRATION,
                                      (secops_slice_t) secops_slice("1001")),
               cases[i].refers, cases[i].name);
    }
}

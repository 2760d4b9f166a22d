
/*
 * secops_resource_plan: what a set means, given what is stored.  Every case is
 * a row of requests, one after the other, and what each of them came to.
 */

#include <time.h>

#include "resource_store.h"


#define KEY(name)                                                             \
    "{`type`:`api_key`,`properties`:{`name`:`" name "`}}"

#define INTEGRATION(title, type, parameters)                                  \
    "{`type`:`integration`,`properties`:{`title`:`" title "`,"                \
    "`integration_type`:`" type "`,`parameters`:{" parameters "}}}"

#define ELASTIC(title)  INTEGRATION(title, "Elasticsearch", ES)
#define ES              "`hosts`:`a`,`user`:`u`,`password`:`p`"
#define RENAMED(id, title)                                                    \
    "{`type`:`integration`,`properties`:{`id`:" id ",`rename`:true,"          \
    "`title`:`" title "`}}"
#define EXPOSER(title, ref)                                                   \
    INTEGRATION(title, "External REST API", "`api_key`:`" ref "`")

#define JOB(title, more)                                                      \
    "{`type`:`job`,`properties`:{`title`:`" title "`" more "}}"
#define NEW_JOB(title, more)                                                  \
    JOB(title, ",`category`:`Decision intelligence`,`decision_points`:[`a.b`]"\
        "," more)
#define STEP(resource, role)                                                  \
    "{`resource`:`" resource "`,`integration_type`:`" role "`}"
#define EXPOSED(resource)                                                     \
    "`pipeline_integrations`:[" STEP(resource, "input") "]"
#define READ(resource)                                                        \
    "{`resource`:`" resource "`,`integration_type`:`input`,"                  \
    "`parameters`:{`index`:`x`}}"
#define INPUT(resource)  "`pipeline_integrations`:[" READ(resource) "]"


/* 198 bytes */

#define TEN   "0123456789"
#define LONG  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN \
              TEN TEN TEN "01234567"


typedef struct {
    const char  *name;          /* NULL: the store is emptied before */
    const char  *request;
    const char  *result;
} plan_case_t;


static const plan_case_t  plan_cases[] = {

    { NULL, NULL, NULL },
    { "the seed's example",
      "{`Api Key`:" KEY("Api Key from REST API") ",`Elasticsearch from REST "
      "API`:" INTEGRATION("Elasticsearch from REST API", "Elasticsearch",
      "`hosts`:`192.168.175.175`,`password`:`elastic`,`port`:9200,`schema`:"
      "`https`,`user`:`elastic`") ",`Exposer integration from REST API`:"
      INTEGRATION("Exposer integration from REST API", "External REST API",
      "`api_key`:`{{api_keys(name='Api Key from REST API')}}`,`data_type`:"
      "`JSON alerts`") ",`Exposer input job from REST API`:{`properties`:{"
      "`title`:`Exposer input job from REST API`,`description`:`This is a "
      "sample job`,`category`:`Decision intelligence`,`decision_points`:["
      "`event.outcome`,`event.category`],`advanced_settings`:{`custom_labels`:"
      "[{`name`:`Important`,`hex_color`:`#a83232`},{`name`:`Discard`,"
      "`hex_color`:`#030bff`},{`name`:`Potential risk`,`hex_color`:`#ffcd03`}]"
      "},`pipeline_integrations`:[{`resource`:`Exposer integration from REST "
      "API`,`integration_type`:`input`,`enabled`:true,`parameters`:{"
      "`exposed_rest_api_job_tag`:`rest_api_exposer`,`max_batch_size`:100}},{"
      "`resource`:`Elasticsearch from REST API`,`integration_type`:`output`,"
      "`enabled`:true,`parameters`:{}}]},`type`:`job`}}",
      "+Api Key from REST API#key0 +Elasticsearch from REST API#1000 "
      "+Exposer integration from REST API#1001 "
      "+Exposer input job from REST API#1002" },
    { "... a part of it again, by titles that are saved",
      "{`j`:" JOB("Exposer input job from REST API", "," EXPOSED(
      "Exposer integration from REST API")) "}",
      "=Exposer input job from REST API#1002" },

    { NULL, NULL, NULL },
    { "ids follow what needs what, not the order of the request",
      "{`j`:" NEW_JOB("J", EXPOSED("e")) ",`e`:" EXPOSER("E",
      "{{api_keys(name='K')}}") ",`k`:" KEY("K") ",`x`:" ELASTIC("X") "}",
      "+J#1001 +E#1000 +K#key2 +X#1002" },
    { "depends_on, too",
      "{`a`:{`type`:`integration`,`depends_on`:[`b`],`properties`:{`title`:"
      "`A`,`integration_type`:`Elasticsearch`,`parameters`:{" ES "}}},`b`:"
      ELASTIC("B") "}", "+A#1004 +B#1003" },

    { NULL, NULL, NULL },
    { "a circle is refused, its members are named",
      "{`a`:{`type`:`api_key`,`properties`:{`name`:`A`},`depends_on`:[`b`]},"
      "`b`:{`type`:`api_key`,`properties`:{`name`:`B`},`depends_on`:[`c`]},"
      "`c`:{`type`:`api_key`,`properties`:{`name`:`C`},`depends_on`:[`a`]},"
      "`d`:{`type`:`api_key`,`properties`:{`name`:`D`},`depends_on`:[`a`]}}",
      "422|/a: needs itself: \"a\" needs \"b\" needs \"c\" needs \"a\"" },
    { "... one by references and depends_on together",
      "{`i`:{`type`:`integration`,`depends_on`:[`j`],`properties`:{`title`:"
      "`I`,`integration_type`:`Elasticsearch`,`parameters`:{" ES "}}},`j`:"
      NEW_JOB("J", INPUT("i")) "}",
      "422|/i: needs itself: \"i\" needs \"j\" needs \"i\"" },
    { "... itself",
      "{`a`:{`type`:`api_key`,`properties`:{`name`:`A`},`depends_on`:[`a`]}}",
      "422|/a: needs itself: \"a\" needs \"a\"" },
    { "two ways to the same are none",
      "{`a`:{`type`:`api_key`,`properties`:{`name`:`A`},`depends_on`:[`b`,"
      "`c`]},`b`:{`type`:`api_key`,`properties`:{`name`:`B`},`depends_on`:["
      "`c`]},`c`:" KEY("C") "}", "+A#key0 +B#key1 +C#key2" },

    { NULL, NULL, NULL },
    { "an integration and a job that uses it",
      "{`i`:" INTEGRATION("I", "Webhook", "`url`:`https://a/`") ",`e`:"
      ELASTIC("E") ",`j`:" NEW_JOB("J",
      "`pipeline_integrations`:[" READ("e") "," STEP("i", "output")
      "]") "}", "+I#1000 +E#1001 +J#1002" },
    { "a circle through what is stored",
      "{`e`:" INTEGRATION("E", "Elasticsearch",
      "`hosts`:`{{jobs(title='J')}}`,`user`:`u`,`password`:`p`") "}",
      "422|/e: needs itself: \"e\" needs \"J\" needs \"e\"" },
    { "... through what is new and what is stored",
      "{`e`:" INTEGRATION("E", "Elasticsearch",
      "`hosts`:`{{integrations(title='N')}}`,`user`:`u`,`password`:`p`")
      ",`n`:" INTEGRATION("N", "Elasticsearch",
      "`hosts`:`{{jobs(internal_id=1002)}}`,`user`:`u`,`password`:`p`") "}",
      "422|/e: needs itself: \"e\" needs \"n\" needs \"J\" needs \"e\"" },
    { "a reference that is taken away makes none",
      "{`e`:" INTEGRATION("E", "Elasticsearch",
      "`hosts`:`{{jobs(title='J')}}`,`user`:`u`,`password`:`p`") ",`j`:"
      JOB("J", ",`remove_missing_pipeline_integrations`:true,"
      "`pipeline_integrations`:[" READ("o") "]") ",`o`:" ELASTIC("O")
      "}", "*E#1001 *J#1002 +O#1003" },

    { NULL, NULL, NULL },
    { "what is given by name must exist",
      "{`j`:" NEW_JOB("J", INPUT("nobody")) "}",
      "404|/j/properties/pipeline_integrations/0/resource: there is no "
      "integration called \"nobody\"" },
    { "... what is given by a title in an expression",
      "{`i`:" EXPOSER("I", "{{api_keys(name='it\\\\'s')}}") "}",
      "404|/i/properties/parameters/api_key: there is no api key called "
      "\"it's\"" },
    { "... and by an id", "{`j`:" NEW_JOB("J",
      INPUT("{{integrations(internal_id=7)}}")) "}",
      "404|/j/properties/pipeline_integrations/0/resource: there is no "
      "integration with the id \"7\"" },
    { "an expression that is none shows the place",
      "{`i`:" EXPOSER("I", "{{api_keys(name='it's')}}") ",`j`:" NEW_JOB("J",
      INPUT("{{integrations(titel='I')}}")) "}",
      "422|/i/properties/parameters/api_key: is no expression: \")\" is "
      "expected at byte 21|/j/properties/pipeline_integrations/0/resource: is "
      "no expression: \"name\", \"title\" or \"internal_id\" is expected at "
      "byte 16" },
    { "a reference to the wrong kind",
      "{`i`:" EXPOSER("I", "{{jobs(title='J')}}") ",`k`:" KEY("K") ",`j`:"
      NEW_JOB("J", "`pipeline_integrations`:[" READ("k") ","
      STEP("{{api_keys(name='K')}}", "output") "]") "}",
      "422|/i/properties/parameters/api_key: must refer to an api key: "
      "{{api_keys(name='…')}}|/j/properties/pipeline_integrations/0/resource: "
      "must name an integration, and \"k\" is of type \"api_key\""
      "|/j/properties/pipeline_integrations/1/resource: must refer to an "
      "integration: {{integrations(title='…')}}" },
    { NULL, NULL, NULL },
    { "a reference to a key that the request leaves revoked",
      "{`k`:" KEY("Over") ",`e`:" EXPOSER("E", "{{api_keys(name='Over')}}")
      "}", "422|/e/properties/parameters/api_key: refers to an api key that is "
      "revoked: rotate it first" },
    { "... such a key alone", "{`k`:" KEY("Over") "}", "+Over#key0" },
    { "... that is stored", "{`e`:" EXPOSER("E", "{{api_keys(name='Over')}}")
      "}", "422|/e/properties/parameters/api_key: refers to an api key that is "
      "revoked: rotate it first" },
    { "... by its id", "{`e`:" EXPOSER("E", "{{api_keys(id='key0')}}")
      "}", "422|/e/properties/parameters/api_key: refers to an api key that is "
      "revoked: rotate it first" },
    { "... that is rotated along with it",
      "{`k`:{`type`:`api_key`,`properties`:{`name`:`Over`,`rotate`:true}},"
      "`e`:" EXPOSER("E", "{{api_keys(name='Over')}}") "}",
      "=Over#key0 +E#1000" },
    { "who referred to it before goes on",
      "{`e`:" EXPOSER("E", "{{api_keys(name='Over')}}") "}", "=E#1000" },
    { "... another does not",
      "{`f`:" EXPOSER("F", "{{api_keys(name='Over')}}") "}",
      "422|/f/properties/parameters/api_key: refers to an api key that is "
      "revoked: rotate it first" },
    { "... nor one that referred to another key",
      "{`x`:" ELASTIC("X") ",`k`:" KEY("K") ",`f`:" EXPOSER("F",
      "{{api_keys(name='K')}}") "}", "+X#1001 +K#key1 +F#1002" },
    { "... and comes to do so",
      "{`f`:" EXPOSER("F", "{{api_keys(name='Over')}}") "}",
      "422|/f/properties/parameters/api_key: refers to an api key that is "
      "revoked: rotate it first" },

    { NULL, NULL, NULL },
    { "text where a reference must be", "{`i`:" EXPOSER("I", "K") "}",
      "422|/i/properties/parameters/api_key: must refer to an api key: "
      "{{api_keys(name='…')}}" },

    { "a reference in the place of any value, but only where one may be",
      "{`k`:" KEY("K") ",`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,"
      "`port`:`{{api_keys(name='K')}}`,`schema`:`{{api_keys(name='K')}}`,`x`:"
      "`{{api_keys(name='K')}}`") "}",
      "422|/i/properties/parameters/x: is not allowed" },
    { "... which it is", "{`k`:" KEY("K") ",`i`:" INTEGRATION("I",
      "Elasticsearch", "`hosts`:`a`,`port`:`{{api_keys(name='K')}}`,`schema`:"
      "`{{api_keys(name='K')}}`") "}", "+K#key0 +I#1000" },
    { "a long name is told by its beginning",
      "{`j`:" NEW_JOB("J", INPUT(LONG "€" LONG)) "}",
      "404|/j/properties/pipeline_integrations/0/resource: there is no "
      "integration called \"" LONG "…\"" },

    { NULL, NULL, NULL },
    { "two integrations, one of them called as the other is known",
      "{`A`:" ELASTIC("B") ",`B`:" ELASTIC("A") "}", "+B#1000 +A#1001" },
    { "a name in the request comes before a title",
      "{`A`:" ELASTIC("C") ",`j`:" NEW_JOB("J", INPUT("A")) "}",
      "+C#1002 +J#1003" },
    { "a job that is called as an integration is no obstacle",
      "{`A`:" NEW_JOB("A", INPUT("A")) "}", "+A#1004" },
    { "titles that look like expressions can be named by expressions",
      "{`x`:" ELASTIC("{{integrations(title='A')}}") ",`y`:"
      ELASTIC("{{integrations(") "}", "+{{integrations(title='A')}}#1005 "
      "+{{integrations(#1006" },
    { "... and are not mistaken for them",
      "{`j`:" NEW_JOB("K", "`pipeline_integrations`:["
      READ("{{integrations(title='A')}}") ","
      READ("{{integrations(title='{{integrations(title=\\\\'A\\\\')}}')}}")
      "," READ("{{integrations(") "]") "}",
      "+K#1007" },
    { "titles in any script, with quotes, braces and newlines",
      "{`Ж`:" ELASTIC("日本 \\\"it's\\\" {{x}} }} \\n \\\\ / ~") ",`j`:"
      NEW_JOB("L\\n", INPUT("日本 \\\"it's\\\" {{x}} }} \\n \\\\ / ~")) "}",
      "+日本 \"it's\" {{x}} }} \n \\ / ~#1008 +L\n#1009" },
    { "... in an expression",
      "{`j`:" NEW_JOB("M", INPUT("{{integrations(title='日本 \\\"it\\\\'s\\\""
      " {{x}} }} \\n \\\\\\\\ / ~')}}")) "}", "+M#1010" },

    { NULL, NULL, NULL },
    { "an integration type in another letter case",
      "{`i`:" INTEGRATION("I", "ELASTICsearch", ES) "}", "+I#1000" },
    { "... is the same", "{`i`:" ELASTIC("I") "}", "=I#1000" },
    { "an integration type that is not known", "{`i`:" INTEGRATION("J",
      "Elastic", "") "}", "422|/i/properties/integration_type: \"Elastic\" is "
      "no integration type that is known here" },
    { "... or can not be created", "{`i`:" INTEGRATION("J",
      "Clustering processor", "") "}",
      "422|/i/properties/integration_type: \"Clustering processor\" is a part "
      "of jobs, and can not be created" },
    { "... or not given", "{`i`:{`type`:`integration`,`properties`:{`title`:"
      "`J`}}}", "422|/i/properties/integration_type: is required to create an "
      "integration" },
    { "it can not be changed", "{`i`:" INTEGRATION("I", "Webhook",
      "`url`:`https://a/`") "}", "422|/i/properties/integration_type: is "
      "\"Elasticsearch\", and can not be changed" },
    { "parameters that are missing, wrong and not known",
      "{`i`:" INTEGRATION("J", "Elasticsearch", "`port`:`many`,`schema`:`ftp`,"
      "`x~/`:1") "}",
      "422|/i/properties/parameters/hosts: is required"
      "|/i/properties/parameters/port: must be an integer, not a string"
      "|/i/properties/parameters/schema: must be one of \"http\", \"https\""
      "|/i/properties/parameters/x~0~1: is not allowed" },
    { "without parameters those that there are stay",
      "{`i`:{`type`:`integration`,`properties`:{`title`:`I`,`parameters`:null}"
      "}}", "=I#1000" },
    { "null and empty ones are not there",
      "{`i`:" INTEGRATION("I", "Elasticsearch", ES ",`port`:null,"
      "`schema`:``") "}", "=I#1000" },

    { NULL, NULL, NULL },
    { "an integration", "{`i`:" ELASTIC("I") "}", "+I#1000" },
    { "S.1: an id with another's title is refused, with both titles",
      "{`i`:{`type`:`integration`,`properties`:{`id`:1000,`title`:`N`}}}",
      "409|/i/properties/title: \"N\" is not the title of the resource with "
      "the id \"1000\", which is called \"I\"; a new title takes \"rename\": "
      "true" },
    { "... also if it says that it is no new one",
      "{`i`:{`type`:`integration`,`properties`:{`id`:1000,`title`:`N`,"
      "`rename`:false}}}",
      "409|/i/properties/title: \"N\" is not the title of the resource with "
      "the id \"1000\", which is called \"I\"; a new title takes \"rename\": "
      "true" },
    { "... an id with the own title is none",
      "{`i`:{`type`:`integration`,`properties`:{`id`:1000,`title`:`I`,"
      "`rename`:true}}}", "=I#1000" },
    { "a new title, by its id",
      "{`i`:" RENAMED("1000", "N") "}",
      "*N<I#1000" },
    { "... which it has now", "{`i`:" ELASTIC("N") ",`j`:" ELASTIC("I") "}",
      "=N#1000 +I#1001" },
    { "two change titles",
      "{`i`:" RENAMED("`1000`", "I") ","
      "`j`:" RENAMED("1001", "N") "}",
      "*I<N#1000 *N<I#1001" },
    { "one leaves its title to a new one",
      "{`j`:" ELASTIC("I") ",`i`:{`type`:`integration`,`properties`:{`id`:"
      "1000,`rename`:true,`title`:`O`}}}", "+I#1002 *O<I#1000" },
    { "a title that is taken away names nothing",
      "{`i`:" RENAMED("1000", "R") ",`j`:"
      NEW_JOB("J", INPUT("O")) "}",
      "404|/j/properties/pipeline_integrations/0/resource: there is no "
      "integration called \"O\"" },
    { "... the new one does",
      "{`i`:" RENAMED("1000", "R") ",`j`:"
      NEW_JOB("J", INPUT("R")) "}", "*R<O#1000 +J#1003" },
    { "a title that somebody else has",
      "{`i`:" RENAMED("1000", "N") "}",
      "409|/i/properties/title: is what the resource with the id \"1001\" is "
      "called" },
    { "an id that nobody has",
      "{`i`:{`type`:`integration`,`properties`:{`id`:7,`title`:`N`}}}",
      "422|/i/properties/id: \"7\" is the id of no such resource; without an "
      "id, one is created|/i/properties/title: is what the resource with the "
      "id \"1001\" is called|/i/properties/integration_type: is required to "
      "create an integration" },
    { "an id twice",
      "{`i`:" RENAMED("1000", "P") ","
      "`j`:{`type`:`integration`,`properties`:{`id`:1000,`title`:`Q`,"
      "`integration_type`:`Webhook`,`parameters`:{`url`:`https://a/`}}}}",
      "422|/j/properties/id: is given to another resource of this request, "
      "too" },

    { NULL, NULL, NULL },
    { "the mask on creation",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`password`:`********`") "}", "422|/i/properties/parameters/password: "
      "stands for the secret that is stored, and there is none" },
    { "a secret", "{`i`:" ELASTIC("I") "}", "+I#1000" },
    { "the mask keeps it",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`password`:`********`") "}", "=I#1000" },
    { "... while something else changes",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`v`,"
      "`timeout`:7,`password`:`********`") "}", "*I#1000" },
    { "... which is so", "{`i`:" INTEGRATION("I", "Elasticsearch",
      "`hosts`:`a`,`user`:`v`,`timeout`:7,`password`:`p`") "}", "=I#1000" },
    { "B4: ... but not for another host",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`b`,`user`:`u`,"
      "`password`:`********`") "}", "422|/i/properties/parameters/password: "
      "must be sent again: \"hosts\" says where the secret goes, and has "
      "changed" },
    { "B4: ... nor another port",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`port`:9201,`password`:`********`") "}",
      "422|/i/properties/parameters/password: must be sent again: \"port\" "
      "says where the secret goes, and has changed" },
    { "B4: ... nor without TLS",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`schema`:`http`,`password`:`********`") "}",
      "422|/i/properties/parameters/password: must be sent again: \"schema\" "
      "says where the secret goes, and has changed" },
    { "B4: ... nor an unknown peer",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`verify_certs`:false,`password`:`********`") "}",
      "422|/i/properties/parameters/password: must be sent again: "
      "\"verify_certs\" says where the secret goes, and has changed" },
    { "... what is given as its default says is no change",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`a`,`user`:`u`,"
      "`port`:9200,`schema`:`https`,`verify_certs`:true,"
      "`password`:`********`") "}", "*I#1000" },
    { "... and with the secret all may change",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`b`,`user`:`u`,"
      "`password`:`p`") "}", "*I#1000" },
    { "another secret is a change", "{`i`:" INTEGRATION("I", "Elasticsearch",
      "`hosts`:`b`,`user`:`u`,`password`:`q`") "}", "*I#1000" },
    { "a mask that fits no pattern, and one in a map",
      "{`s`:" INTEGRATION("S", "Slack", "`webhook_url`:"
      "`https://hooks.slack.com/services/T0/B0/x`") ",`w`:" INTEGRATION("W",
      "Webhook", "`url`:`https://a/`,`headers`:{`X-A`:`1`,`X-B`:`2`}") "}",
      "+S#1001 +W#1002" },
    { "... keep theirs", "{`s`:" INTEGRATION("S", "Slack", "`webhook_url`:"
      "`********`") ",`w`:" INTEGRATION("W", "Webhook", "`url`:`https://a/`,"
      "`headers`:{`X-B`:`********`,`X-A`:`********`}") "}",
      "=S#1001 =W#1002" },
    { "B4: a secret in a map, and one that has another for its address",
      "{`w`:" INTEGRATION("W", "Webhook", "`url`:`https://b/`,"
      "`headers`:{`X-B`:`********`,`X-A`:`1`}") "}",
      "422|/w/properties/parameters/headers/X-B: must be sent again: \"url\" "
      "says where the secret goes, and has changed" },
    { "... which is kept by its mask, and then is the same",
      "{`w`:" INTEGRATION("W", "Webhook", "`url`:`********`,"
      "`headers`:{`X-B`:`********`,`X-A`:`********`}") "}", "=W#1002" },
    { "B4: ... for the same verification only",
      "{`w`:" INTEGRATION("W", "Webhook", "`url`:`********`,"
      "`headers`:{`X-B`:`2`,`X-A`:`1`},`verify_certs`:false") "}",
      "422|/w/properties/parameters/url: must be sent again: \"verify_certs\""
      " says where the secret goes, and has changed" },
    { "... but not one that was not there", "{`w`:" INTEGRATION("W",
      "Webhook", "`url`:`https://a/`,`headers`:{`X-C`:`********`}") "}",
      "422|/w/properties/parameters/headers/X-C: stands for the secret that is "
      "stored, and there is none" },
    { "the mask where there are no secrets is text",
      "{`i`:" INTEGRATION("I", "Elasticsearch", "`hosts`:`********`,"
      "`user`:`u`,`password`:`q`") "}", "*I#1000" },

    { NULL, NULL, NULL },
    { "all faults of a set at once",
      "{`k`:{`type`:`api_key`,`properties`:{}},`i`:" INTEGRATION("I",
      "Elasticsearch", "`port`:0") ",`e`:" EXPOSER("E",
      "{{api_keys(name='k')}}") ",`j`:" NEW_JOB("J", INPUT("nobody")) ",`x`:{"
      "`type`:`x`}}",
      "422|/k/properties/name: is required|/x/type: must be \"api_key\", "
      "\"integration\" or \"job\"|/i/properties/parameters/hosts: is required"
      "|/i/properties/parameters/port: must be at least 1|/j/properties/"
      "pipeline_integrations/0/resource: there is no integration called "
      "\"nobody\"" },
    { "of a title that is there twice nothing else is told",
      "{`i`:" ELASTIC("I") ",`j`:{`type`:`integration`,`properties`:{`title`:"
      "`I`}}}", "422|/j/properties: has the same title as another resource of "
      "this request" },
    { "an integration that is called as a processor",
      "{`i`:" ELASTIC("Clustering processor") "}", "+Clustering processor#1000"
    },
    { "... in another role is not mistaken for it",
      "{`j`:" NEW_JOB("J", INPUT("Clustering processor")) "}", "+J#1001" },
    { "a name whose resource is unsound is not unknown",
      "{`i`:{`type`:`integration`,`properties`:{`title`:7}},`j`:" NEW_JOB("J",
      INPUT("i")) "}", "422|/i/properties/title: must be a string, not a "
      "number" }
};


static void test_cases(void);
static void test_overwrite(void);
static void test_references(void);
static void test_rounds(void);
static void test_crowd(void);
static void test_reset(void);
static void test_large(void);
static void test_memory(void);


int
main(void)
{
    if (store_init() != 0) {
        return tap_done();
    }

    test_cases();
    test_overwrite();
    test_references();
    test_rounds();
    test_crowd();
    test_reset();
    test_large();
    test_memory();

    store_done();

    return tap_done();
}


static void
test_cases(void)
{
    size_t              i;
    const char         *told;
    const plan_case_t  *c;

    for (i = 0; i < sizeof(plan_cases) / sizeof(plan_cases[0]); i++) {
        c = &plan_cases[i];

        if (c->name == NULL) {
            store_clear();
            continue;
        }

        told = store_post(c->request);
        is_str(told, strlen(told), c->result, c->name);
    }
}


static void
test_overwrite(void)
{
    const char  *told;

    store_clear();

    (void) store_post("{`k`:" KEY("K") ",`i`:" ELASTIC("I") "}");

    told = store_post_text("{\"k\":{\"type\":\"api_key\",\"properties\":"
                           "{\"name\":\"K\"}},\"n\":{\"type\":\"api_key\","
                           "\"properties\":{\"name\":\"N\"}},\"i\":{\"type\":"
                           "\"integration\",\"properties\":{\"title\":\"I\"}}}",
                           0);

    is_str(told, strlen(told),
           "409|/k: exists already, and is not to be overwritten"
           "|/i: exists already, and is not to be overwritten",
           "what exists is not overwritten unless it may be");
    is_int(nstore, 2, "... and nothing is created either");
}


static void
test_references(void)
{
    char        *shown;
    const char  *told;

    store_clear();

    (void) store_post("{`k`:" KEY("it's \\\"K\\\"") ",`e`:" EXPOSER("E",
                      "{{api_keys(name='it\\\\'s \\\"K\\\"')}}") ",`j`:"
                      NEW_JOB("J", EXPOSED("e")) "}");

    ok(strstr(store_document(SECOPS_RESOURCE_INTEGRATION, "E"),
              "\"api_key\":\"{{api_keys(internal_id='key0')}}\"") != NULL,
       "a reference to a key is stored as its id");
    ok(strstr(store_document(SECOPS_RESOURCE_JOB, "J"),
              "\"resource\":\"{{integrations(internal_id=1000)}}\"") != NULL,
       "... one to an integration, too");

    (void) store_post("{`e`:{`type`:`integration`,`properties`:{`id`:1000,"
                      "`title`:`New`}}}");

    shown = store_get(SECOPS_RESOURCE_JOB, "J", 1);

    told = store_post_text(shown, 1);

    is_str(told, strlen(told), "=J#1001",
           "what is shown of a job can be sent back when an integration has "
           "got a new title");

    free(shown);
}


/* a chain of integrations, each of which refers to the next: 1000 to 1001 */

static void
chain(char *text, unsigned from, unsigned n)
{
    unsigned  i;

    *text++ = '{';

    for (i = from; i < from + n; i++) {
        text += sprintf(text, "%s\"%u\":{\"type\":\"integration\","
                        "\"properties\":{\"title\":\"%u\","
                        "\"integration_type\":\"Elasticsearch\","
                        "\"parameters\":{\"user\":\"u\",\"password\":\"p\","
                        "\"hosts\":\"{{integrations(title='%u')}}\"}}}",
                        i > from ? "," : "", i, i, i + 1);
    }

    (void) strcpy(text, "}");
}


static void
test_rounds(void)
{
    char        *text;
    const char  *told;

    text = malloc(20 * 400);

    store_clear();

    (void) store_post("{`x`:" ELASTIC("20") ",`y`:" ELASTIC("Y") "}");
    is_int(store_rounds, 1, "a request without references is one round");
    is_int(store_lookups, 2, "... of a lookup for each");

    (void) store_post("{`j`:" NEW_JOB("J", INPUT("20")) "}");
    is_int(store_rounds, 1, "a job with its integration is one round");
    is_int(store_lookups, 2, "... of two lookups");

    (void) store_post("{`j`:" JOB("J", "," INPUT("Y")) "}");
    is_int(store_rounds, 1, "... and what is kept of it is not looked up");

    (void) store_post("{`k`:" KEY("K") ",`e`:" EXPOSER("E",
                      "{{api_keys(name='K')}}") "}");
    (void) store_post("{`j`:" NEW_JOB("J2", "`pipeline_integrations`:["
                      STEP("E", "input") ",{`resource`:`Decision intelligence "
                      "processor`,`integration_type`:`processor`}]") "}");
    is_int(store_rounds, 1, "the api key of a job's integration is not");
    is_int(store_lookups, 2, "... nor what belongs to the job");

    chain(text, 0, 20);
    (void) store_post_text(text, 1);

    is_int(nstore, 26, "a chain of stored integrations");

    told = store_post("{`a`:" INTEGRATION("A", "Elasticsearch",
                      "`hosts`:`{{integrations(title='10')}}`,`user`:`u`,"
                      "`password`:`p`") "}");
    is_str(told, strlen(told), "+A#1025", "ten of them");
    is_int(store_rounds, 11, "... are looked up in ten more rounds");

    told = store_post("{`a`:" INTEGRATION("C", "Elasticsearch",
                      "`hosts`:`{{integrations(title='5')}}`,`user`:`u`,"
                      "`password`:`p`") "}");
    is_str(told, strlen(told), "+C#1026", "sixteen may be in a row");
    is_int(store_rounds, SECOPS_RESOURCE_ROUNDS, "... of as many rounds");

    told = store_post("{`a`:" INTEGRATION("B", "Elasticsearch",
                      "`hosts`:`{{integrations(title='4')}}`,`user`:`u`,"
                      "`password`:`p`") "}");
    is_str(told, strlen(told), "422|: refers to stored resources that refer "
           "to others, too often in a row", "seventeen are too many");
    is_int(store_rounds, SECOPS_RESOURCE_ROUNDS, "... after so many rounds");

    free(text);
}


/* as "fields" of an enrichment: references to n jobs, none of which exists */

static char *
crowd(const char *before, unsigned n, const char *after)
{
    char      *text, *p;
    unsigned   i;

    text = malloc(strlen(before) + n * 32 + strlen(after) + 1);

    p = text + sprintf(text, "%s", before);

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s\"{{jobs(id=%u)}}\"", i ? "," : "", 5000 + i);
    }

    (void) strcpy(p, after);

    return text;
}


static void
test_crowd(void)
{
    char        *text, refused[160];
    const char  *told;

    static const char  before[] =
        "{\"j\":{\"type\":\"job\",\"properties\":{\"title\":\"J\",\"category\":"
        "\"Automation\",\"pipeline_integrations\":[{\"resource\":\"E\","
        "\"integration_type\":\"enrichment\",\"parameters\":{\"index\":\"i\","
        "\"match_field\":\"m\",\"fields\":[";

    (void) sprintf(refused, "422|: refers to more than %u resources outside of"
                   " the request, those included that these refer to",
                   SECOPS_RESOURCE_REFERENCES);

    store_clear();
    (void) store_post("{`e`:" ELASTIC("E") "}");

    /* and "E", which is one of them */

    text = crowd(before, SECOPS_RESOURCE_REFERENCES - 1, "]}}]}}}");
    told = store_post_text(text, 1);
    is_str(told, 7, "404|/j/", "10,000 references are looked up");
    is_int(store_lookups, SECOPS_RESOURCE_REFERENCES + 1,
           "... and what the request has by itself");
    free(text);

    text = crowd(before, SECOPS_RESOURCE_REFERENCES + 2, "]}}]}}}");
    told = store_post_text(text, 1);
    is_str(told, strlen(told), refused, "some more are refused");
    is_int(store_lookups, 0, "... and nothing is looked up");
    free(text);

    /* the same in what is stored */

    store[nstore].type = SECOPS_RESOURCE_JOB;
    store[nstore].id = strdup("4000");
    store[nstore].title = strdup("Stored");
    store[nstore].document = crowd("{\"title\":\"Stored\","
                                   "\"pipeline_integrations\":[{\"parameters\":"
                                   "{\"fields\":[",
                                   SECOPS_RESOURCE_REFERENCES + 2, "]}}]}");
    nstore++;

    told = store_post("{`i`:" INTEGRATION("I", "Elasticsearch",
                      "`hosts`:`{{jobs(title='Stored')}}`,`user`:`u`,"
                      "`password`:`p`") "}");
    is_str(told, strlen(told), refused,
           "a stored resource that refers to so many is not followed");
    is_int(store_lookups, 2, "... and they are not looked up");

    told = store_post("{`i`:" ELASTIC("I") "}");
    is_str(told, strlen(told), "+I#1001", "who does not refer to it is free");
}


static void
test_reset(void)
{
    int                             rc;
    size_t                          n;
    int64_t                         next_id;
    secops_json_t                   json;
    secops_slice_t                  ids[2], id, document;
    secops_json_error_t             error;
    secops_resource_set_t           set;
    secops_resource_plan_t         *plan;
    secops_resource_type_e          type;
    secops_faults_t        faults;
    secops_resource_context_t       context;
    const secops_resource_entry_t  *entries;

    static secops_json_token_t   tokens[64];
    static secops_json_limits_t  limits = { 32, 64 };
    static const char            text[] = "{\"k\":{\"type\":\"api_key\","
                                          "\"properties\":{\"name\":\"K\"}}}";

    memset(&faults, 0, sizeof(faults));
    memset(ids, 0, sizeof(ids));
    memset(&context, 0, sizeof(context));

    (void) secops_json_parse(&json, (const unsigned char *) text,
                             sizeof(text) - 1, tokens, 64, &limits, &error);
    (void) read_all(&set, &model, &json, 10, &faults);

    ids[0].len = 4;
    ids[0].data = (const unsigned char *) "made";
    context.overwrite = 1;
    context.key_ids = ids;
    next_id = 1000;

    plan = secops_resource_plan_begin(&model, &set, &context);
    is_int(store_steps(plan, &next_id, &faults), SECOPS_RESOURCE_MORE,
           "first there is something to be looked up");

    rc = store_steps(plan, &next_id, &faults);
    entries = secops_resource_plan_entries(plan, &n);

    ok(rc == SECOPS_RESOURCE_READY && n == 1 && entries[0].created
       && entries[0].stored == NULL, "a key that does not exist");
    is_str(entries[0].id.data, entries[0].id.len, "made",
           "... gets the id that was made for it");
    is_int(next_id, 1000, "... and no other id is given");

    is_int(secops_resource_plan_reset(plan), 0, "a plan starts anew");

    (void) store_steps(plan, &next_id, &faults);
    (void) secops_resource_plan_lookups(plan, &n);
    is_int(n, 1, "... with the same lookups");

    id.len = 5;
    id.data = (const unsigned char *) "found";
    document.len = 2;
    document.data = (const unsigned char *) "{}";

    (void) secops_resource_plan_found(plan, 0, id, document);
    is_int(store_steps(plan, &next_id, &faults), SECOPS_RESOURCE_UNREADABLE,
           "a document that is none is told");

    id = secops_resource_plan_unreadable(plan, &type);
    ok(type == SECOPS_RESOURCE_API_KEY, "... and which it is");
    is_str(id.data, id.len, "found", "... by its id");

    (void) secops_resource_plan_reset(plan);
    (void) store_steps(plan, &next_id, &faults);

    id.len = 5;
    id.data = (const unsigned char *) "found";
    document.len = 12;
    document.data = (const unsigned char *) "{\"name\":\"K\"}";

    is_int(secops_resource_plan_found(plan, 1, id, document), -1,
           "what nobody asked for is refused");
    is_int(secops_resource_plan_found(plan, 0, id, document), 0,
           "the key exists by now");

    rc = store_steps(plan, &next_id, &faults);
    entries = secops_resource_plan_entries(plan, &n);

    ok(rc == SECOPS_RESOURCE_READY && !entries[0].created
       && json_is_object(entries[0].stored) && entries[0].document.len == 0,
       "... its document is there for who knows keys");
    is_str(entries[0].id.data, entries[0].id.len, "found",
           "... and it keeps its id");

    secops_resource_plan_free(plan);
    secops_resource_set_free(&set);
    secops_faults_free(&faults);
}


static void
test_large(void)
{
    char        *text;
    clock_t      begin;
    const char  *told;

    text = malloc(1100 * 400);

    store_clear();

    chain(text, 0, 1000);
    begin = clock();
    told = store_post_text(text, 1);
    is_str(told, 9, "404|/999/", "1,000 resources of which one is wrong");
    is_int(nstore, 0, "... and none is created");
    printf("# %.0f ms\n", (clock() - begin) * 1e3 / CLOCKS_PER_SEC);

    (void) store_post("{`i`:" ELASTIC("1000") "}");

    begin = clock();
    told = store_post_text(text, 1);
    is_int(nstore, 1001, "1,000 resources in a row of references");
    printf("# %.0f ms, %zu bytes\n",
           (clock() - begin) * 1e3 / CLOCKS_PER_SEC, strlen(text));

    begin = clock();
    told = store_post_text(text, 1);
    is_int(store_written, 0, "... again: nothing is written");
    printf("# %.0f ms\n", (clock() - begin) * 1e3 / CLOCKS_PER_SEC);

    ok(strncmp(told, "=0#2000 =1#1999 ", 16) == 0,
       "... and all are as they were");

    /* the last of them refers to the first */

    store_clear();
    chain(text, 0, 1000);
    (void) strcpy(strstr(text, "'1000'"), "'0')}}\"}}}}");

    told = store_post_text(text, 1);
    ok(strstr(told, "422|/0: needs itself: \"0\" needs \"1\" needs ") == told
       && strstr(told, "\"19\" needs … needs \"0\"") != NULL,
       "a large circle is told by its beginning");

    free(text);
}


/* JSON values are what a plan has most of: one of them gets no memory.  While
   it decides only: the library itself, reading a text, loses a byte then. */

static long  memory_left, memory_limit;


static void *
memory_get(size_t size)
{
    return memory_left-- == 0 ? NULL : malloc(size);
}


static void
memory_begin(void)
{
    memory_left = memory_limit;
}


static void
memory_end(void)
{
    memory_left = -1;
}


static void
test_memory(void)
{
    unsigned     failed, faulty;
    const char  *told;

    store_clear();

    (void) store_post("{`x`:" ELASTIC("X") ",`w`:" INTEGRATION("W", "Webhook",
                      "`url`:`https://a/`,`headers`:{`X-A`:`1`}") "}");
    (void) store_post("{`j`:" NEW_JOB("J", INPUT("X")) "}");

    failed = 0;
    faulty = 0;
    told = "";

    memory_end();
    json_set_alloc_funcs(memory_get, free);

    store_before_decide = memory_begin;
    store_after_decide = memory_end;

    for (memory_limit = 0; memory_limit < 100000; memory_limit++) {

        told = store_post("{`k`:" KEY("K") ",`e`:" EXPOSER("E",
                          "{{api_keys(name='K')}}") ",`w`:" INTEGRATION("W",
                          "Webhook", "`url`:`https://a/`,`method`:`PUT`,"
                          "`headers`:{`X-A`:`********`}") ",`v`:"
                          INTEGRATION("V", "Webhook",
                          "`url`:`https://b/`,`headers`:{}") ",`s`:"
                          INTEGRATION("S", "Slack", "`bot_token`:`xoxb-1`")
                          ",`j`:" JOB("J", ","
                          "`advanced_settings`:{`custom_labels`:[{`name`:`a`},"
                          "{`name`:`b`},{`name`:`c`}]},"
                          "`pipeline_integrations`:[" STEP("W", "output") ","
                          STEP("e", "input") ","
                          STEP("Decision intelligence processor", "processor")
                          ",{`resource`:`s`,`integration_type`:"
                          "`post_decision`,`parameters`:{`mentions`:[]}}]")
                          "}");

        if (strcmp(told, "failed") == 0) {
            failed++;
            continue;
        }

        if (told[0] != '+') {
            printf("# %s\n", told);
            faulty++;
            continue;
        }

        break;
    }

    json_set_alloc_funcs(malloc, free);

    store_before_decide = NULL;
    store_after_decide = NULL;

    ok(failed > 200, "without memory a plan fails");
    printf("# %u times\n", failed);
    is_int(faulty, 0, "... and never says that a request is wrong");
    is_str(told, strlen(told), "+K#key0 +E#1003 *W#1001 +V#1004 +S#1005 "
           "*J#1002", "... until there is enough");

    ok(strstr(store_document(SECOPS_RESOURCE_INTEGRATION, "V"),
              "\"headers\":{}") != NULL
       && strstr(store_document(SECOPS_RESOURCE_JOB, "J"),
                 "\"resource\":\"Decision intelligence processor\"") != NULL
       && strstr(store_document(SECOPS_RESOURCE_JOB, "J"),
                 "\"mentions\":[]") != NULL,
       "... and then nothing is left out");
}

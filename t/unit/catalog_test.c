
/*
 * The catalog: what is compiled in, how names are found, which definitions are
 * refused with which words, what takes whose place, and what clients are told.
 */

#include <strings.h>

#include "model/catalog/secops_catalog.h"
#include "model/catalog/secops_catalog_query.h"
#include "model/catalog/secops_catalog_view.h"
#include "secops_tap.h"


#define HEAD  "\"x-id\":1000,\"title\":\"T\",\"description\":\"d\""
#define NONE  "{\"type\":\"object\",\"properties\":{}}"

/* a type whose one parameter has this schema; and with this beside it */

#define WITH(schema)                                                          \
    "{" HEAD ",\"connection\":{\"type\":\"object\",\"properties\":{\"a\":"    \
    schema "}},\"roles\":{\"input\":" NONE "}}"
#define BESIDE(more)                                                          \
    "{" HEAD ",\"connection\":{\"type\":\"object\",\"properties\":{}," more   \
    "},\"roles\":{\"input\":" NONE "}}"


typedef struct {
    const char  *definition;
    const char  *error;             /* pointer, a space, part of the reason;
                                       NULL: it is sound */
    const char  *name;
} catalog_case_t;


/* what the products' own interfaces take, and what they refuse */

typedef struct {
    const char  *type;
    const char  *role;              /* NULL: the connection */
    const char  *parameter;
    const char  *sound;             /* values as JSON, one in each line */
    const char  *unsound;
} catalog_product_t;


static const catalog_product_t  products[] = {
    { "Elasticsearch", "output", "index",
      "\"logs\"\n\".hidden\"\n\"a-b_c.d\"\n\"\xc3\xa9t\xc3\xa9\"",
      "\"Logs\"\n\"_a\"\n\"-a\"\n\"+a\"\n\"a:b\"\n\"a b\"\n\"a,b\"\n\"a*\"" },
    { "OpenSearch", "output", "index",
      "\"logs\"\n\".hidden\"\n\"a-b_c.d\"\n\"\xc3\xa9t\xc3\xa9\"",
      "\"Logs\"\n\"_a\"\n\"-a\"\n\"+a\"\n\"a:b\"\n\"a b\"\n\"a,b\"\n\"a*\"" },
    { "Webhook", NULL, "headers",
      "{\"X-A\":\"\"}\n{\"X-A\":\"a b\\tc\"}\n{\"X-A\":\"\xc3\xa9\"}\n{}",
      "{\"X-A\":\"a\\r\\nX-B: b\"}\n{\"X-A\":\"a\\n\"}\n{\"X-A\":\"\\u007f\"}\n"
      "{\"X-A\":\"\\u0001\"}\n{\"X A\":\"a\"}\n{\"X:\":\"a\"}\n{\"\":\"a\"}" },
    { "Jira", "case_creation", "project_key", "\"SOC\"\n\"A1\"\n\"A_B\"",
      "\"A\"\n\"soc\"\n\"1A\"\n\"A-B\"" },
    { "Slack", "post_decision", "icon_emoji", "\":robot_face:\"\n\":+1:\"",
      "\"robot_face\"\n\":Robot:\"" },
    { "Slack", NULL, "webhook_url",
      "\"https://hooks.slack.com/services/T0/B0/x\"\n"
      "\"https://hooks.slack-gov.com/services/T0/B0/x\"",
      "\"http://hooks.slack.com/services/T0/B0/x\"\n"
      "\"https://hooks.slack.com.example/services/T0/B0/x\"" },
    { "VirusTotal", "enrichment", "types",
      "[\"ip_address\",\"domain\",\"url\",\"file\"]", "[\"ip\"]\n[]" }
};


static const catalog_case_t  type_cases[] = {

    { WITH("{\"type\":\"string\"}"), NULL, "a type" },
    { "{" HEAD ",\"x-creatable\":false,\"$comment\":\"c\",\"$schema\":"
      "\"http://json-schema.org/draft-07/schema#\",\"connection\":" NONE
      ",\"roles\":{\"input\":" NONE ",\"enrichment\":" NONE ",\"processor\":"
      NONE ",\"case_creation\":" NONE ",\"post_decision\":" NONE ",\"output\":"
      NONE "}}", NULL, "a type with all roles" },

    { "", " is not JSON: ", "nothing" },
    { "{", " is not JSON: unexpected end at offset 1", "no JSON" },
    { "{\"x-id\":1,\"x-id\":1}", " is not JSON: duplicate key at",
      "a key twice" },
    { "[]", " must be an object", "an array" },
    { "{}", "/x-id is required", "an empty object" },
    { "{" HEAD "}", "/connection is required", "no connection" },
    { "{" HEAD ",\"connection\":" NONE "}", "/roles is required", "no roles" },
    { "{" HEAD ",\"connection\":" NONE ",\"roles\":{}}",
      "/roles must have at least 1", "an empty set of roles" },
    { "{" HEAD ",\"connection\":" NONE ",\"roles\":{\"Input\":" NONE "}}",
      "/roles/Input ", "a role that is not known" },
    { "{" HEAD ",\"connection\":" NONE ",\"roles\":{\"input\":true}}",
      "/roles/input must be an object", "a role without a schema" },
    { "{" HEAD ",\"connection\":{\"type\":\"object\"},\"roles\":{\"input\":"
      NONE "}}", "/connection/properties is required",
      "a connection without properties" },
    { "{" HEAD ",\"connection\":{\"properties\":{}},\"roles\":{\"input\":"
      NONE "}}", "/connection/type is required",
      "a connection that need not be an object" },
    { "{" HEAD ",\"x-idd\":1,\"connection\":" NONE ",\"roles\":{\"input\":"
      NONE "}}", "/x-idd ", "a member that is not known" },

    { "{\"x-id\":0,\"title\":\"T\",\"description\":\"d\",\"connection\":" NONE
      ",\"roles\":{\"input\":" NONE "}}", "/x-id must be at least 1",
      "an id that is false to some" },
    { "{\"x-id\":\"1\",\"title\":\"T\",\"description\":\"d\",\"connection\":"
      NONE ",\"roles\":{\"input\":" NONE "}}", "/x-id must be an integer",
      "an id that is a string" },
    { "{\"x-id\":1000,\"title\":\"\",\"description\":\"d\",\"connection\":"
      NONE ",\"roles\":{\"input\":" NONE "}}", "/title must ",
      "an empty title" },
    { "{\"x-id\":1000,\"title\":\"a\\u007f\",\"description\":\"d\","
      "\"connection\":" NONE ",\"roles\":{\"input\":" NONE "}}",
      "/title must ", "a title with a control character" },

    { WITH("{\"typ\":\"string\"}"),
      "/connection/properties/a/typ unknown keyword \"typ\"",
      "an unknown keyword" },
    { "{" HEAD ",\"connection\":" NONE ",\"roles\":{\"output\":{\"type\":"
      "\"object\",\"properties\":{\"a/b~c\":{\"format\":\"x\"}}}}}",
      "/roles/output/properties/a~1b~0c/format unknown format",
      "an unknown format in a role" },
    { WITH("{\"pattern\":\"(\"}"), "/connection/properties/a/pattern ",
      "a pattern that is none" },

    { WITH("{\"items\":{\"$ref\":\"#\"}}"),
      "/connection/properties/a/items/$ref can not be used here",
      "a reference" },
    { BESIDE("\"$id\":\"http://x/y\""), "/connection/$id can not be used here",
      "an id of a schema" },
    { BESIDE("\"definitions\":{\"x\":{}}"),
      "/connection/definitions can not be used here", "definitions" },
    { WITH("{\"type\":\"object\",\"properties\":{\"$ref\":{\"type\":"
           "\"string\"},\"writeOnly\":{\"type\":\"string\"}},\"enum\":"
           "[{\"$ref\":\"x\"}]}"),
      NULL, "parameters, and values, that have the names of keywords" },

    { WITH("{\"type\":\"string\",\"writeOnly\":true}"), NULL, "a secret" },
    { WITH("{\"type\":\"array\",\"items\":{\"type\":\"object\","
           "\"additionalProperties\":{\"type\":\"string\",\"writeOnly\":true"
           "}}}"),
      NULL, "a secret further in" },
    { WITH("{\"type\":\"integer\",\"writeOnly\":true}"),
      "/connection/properties/a/writeOnly goes with",
      "a secret that is a number" },
    { WITH("{\"type\":[\"string\",\"null\"],\"writeOnly\":true}"),
      "/connection/properties/a/writeOnly goes with",
      "... or may be no string" },
    { WITH("{\"writeOnly\":true}"),
      "/connection/properties/a/writeOnly goes with", "... or anything" },
    { WITH("{\"type\":\"string\",\"writeOnly\":true,\"default\":\"x\"}"),
      "/connection/properties/a/writeOnly does not go with a default",
      "a secret that everybody knows" },
    { WITH("{\"type\":\"integer\",\"writeOnly\":false}"), NULL,
      "what is no secret" },
    { WITH("{\"anyOf\":[true,{\"type\":\"string\",\"writeOnly\":true}]}"),
      "/connection/properties/a/anyOf/1/writeOnly would not be masked",
      "a secret below a choice" },
    { BESIDE("\"patternProperties\":{\"x\":{\"type\":\"string\","
             "\"writeOnly\":true}}"),
      "/connection/patternProperties/x/writeOnly would not be masked",
      "... below a pattern" },
    { BESIDE("\"patternProperties\":{\"~/x\":{\"type\":\"string\","
             "\"writeOnly\":true}}"),
      "/connection/patternProperties/~0~1x/writeOnly would not be masked",
      "... that has what a pointer escapes" },
    { BESIDE("\"if\":{},\"then\":{\"properties\":{\"b\":{\"type\":\"string\","
             "\"writeOnly\":true}}}"),
      "/connection/then/properties/b/writeOnly would not be masked",
      "... below a condition" },
    { WITH("{\"items\":[{\"type\":\"string\",\"writeOnly\":true}]}"),
      "/connection/properties/a/items/0/writeOnly would not be masked",
      "... in a tuple" },

    { WITH("{\"type\":\"string\",\"writeOnly\":true,"
           "\"x-secret-for\":[\"a\"]}"), NULL,
      "a secret that is bound to a parameter" },
    { WITH("{\"type\":\"string\",\"writeOnly\":true,"
           "\"x-secret-for\":[]}"), NULL, "... to none" },
    { WITH("{\"type\":\"string\",\"writeOnly\":true,"
           "\"x-secret-for\":[\"a\",\"host\"]}"),
      "/connection/properties/a/x-secret-for names \"host\", which is no "
      "parameter", "... to what is no parameter" },
    { WITH("{\"type\":\"string\",\"writeOnly\":true,"
           "\"x-secret-for\":[1]}"),
      "/connection/properties/a/x-secret-for names", "... to a number" },
    { WITH("{\"type\":\"string\",\"writeOnly\":true,"
           "\"x-secret-for\":\"a\"}"),
      "/connection/properties/a/x-secret-for must be a list",
      "... and not by a list" },
    { WITH("{\"type\":\"string\",\"x-secret-for\":[\"a\"]}"),
      "/connection/properties/a/x-secret-for goes with \"writeOnly\"",
      "what is no secret is bound to nothing" },

    { WITH("{\"type\":\"string\",\"x-reference\":\"api_key\"}"), NULL,
      "a reference to a resource" },
    { WITH("{\"type\":\"string\",\"x-reference\":\"api_keys\"}"),
      "/connection/properties/a/x-reference must be \"api_key\"",
      "a reference to what is none" },
    { WITH("{\"type\":\"string\",\"x-reference\":true}"),
      "/connection/properties/a/x-reference must be \"api_key\"",
      "... to nothing" },
    { WITH("{\"x-reference\":\"job\"}"),
      "/connection/properties/a/x-reference goes with",
      "a reference that may be a number" },
    { WITH("{\"not\":{\"type\":\"string\",\"x-reference\":\"job\"}}"),
      "/connection/properties/a/not/x-reference goes with",
      "... below a choice" },

    { WITH("{\"type\":\"integer\",\"default\":7}"), NULL, "a default" },
    { WITH("{\"type\":\"integer\",\"default\":\"7\"}"),
      "/connection/properties/a/default is not valid",
      "a default that is not valid" },
    { WITH("{\"enum\":[\"x\"],\"default\":\"y\"}"),
      "/connection/properties/a/default is not valid",
      "... by its enum" },
    { WITH("{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"default\":"
           "[\"x\",1]}"),
      "/connection/properties/a/default is not valid",
      "... further in" },
    { BESIDE("\"allOf\":[{\"properties\":{\"b\":{\"default\":1}}}]"),
      "/connection/allOf/0/properties/b/default would not be filled in",
      "a default below a condition" },
    { BESIDE("\"dependencies\":{\"b\":[\"c\"],\"d\":{\"properties\":{\"e\":"
             "{\"default\":1}}}}"),
      "/connection/dependencies/d/properties/e/default would not be filled",
      "... of another member" }
};


#define JOB  "{\"type\":\"object\",\"properties\":{}}"
#define LABEL(name)  "{\"name\":\"" name "\",\"hex_color\":\"#00fF99\"}"
#define LABELS  "[" LABEL("a") "," LABEL("b") "," LABEL("c") "]"
#define CATEGORY(id, title, labels, processors)                               \
    "{\"x-id\":" id ",\"title\":\"" title "\",\"description\":\"d\","         \
    "\"labels\":" labels ",\"processors\":" processors ",\"job\":" JOB "}"


static const catalog_case_t  category_cases[] = {

    { "{\"categories\":[" CATEGORY("1", "A", LABELS, "[]") "]}", NULL,
      "a category" },
    { "{\"categories\":[" CATEGORY("1", "A", LABELS,
                                   "[\"clustering PROCESSOR\"]") "]}", NULL,
      "a category with a processor" },
    { "{\"categories\":[]}", "/categories must have at least 1",
      "no category" },
    { "[]", " must be an object", "an array" },
    { "{\"categories\":[" CATEGORY("1", "A", "[" LABEL("a") "," LABEL("b") "]",
                                   "[]") "]}",
      "/categories/0/labels must have at least 3", "two labels" },
    { "{\"categories\":[" CATEGORY("1", "A", "[" LABEL("a") "," LABEL("b") ","
                                   LABEL("a") "]", "[]") "]}",
      "/categories/0/labels/2/name job category \"A\" has the label \"a\" "
      "twice", "a label twice" },
    { "{\"categories\":[" CATEGORY("1", "A", "[" LABEL("a") "," LABEL("b") ","
                                   "{\"name\":\"c\",\"hex_color\":\"red\"}]",
                                   "[]") "]}",
      "/categories/0/labels/2/hex_color must ", "a colour that is none" },
    { "{\"categories\":[" CATEGORY("1", "A", LABELS, "[]") ","
      CATEGORY("1", "B", LABELS, "[]") "]}",
      "/categories/1 job category \"B\" has the \"x-id\" of another",
      "an id twice" },
    { "{\"categories\":[" CATEGORY("1", "A", LABELS, "[]") ","
      CATEGORY("2", "a", LABELS, "[]") "]}",
      "/categories/1 job category \"a\" has the \"title\" of another",
      "a title twice, in another letter case" },
    { "{\"categories\":[" CATEGORY("1", "A", LABELS, "[\"Nope\"]") "]}",
      "/categories/0/processors/0 \"Nope\" is no integration type",
      "a processor that is not there" },
    { "{\"categories\":[" CATEGORY("1", "A", LABELS, "[\"Kafka\"]") "]}",
      "/categories/0/processors/0 \"Kafka\" is no integration type",
      "a processor that is none" },
    { "{\"categories\":[{\"x-id\":1,\"title\":\"A\",\"description\":\"d\","
      "\"labels\":" LABELS ",\"processors\":[],\"job\":{\"type\":\"object\","
      "\"properties\":{\"x\":{\"type\":\"y\"}}}}]}",
      "/categories/0/job/properties/x/type unknown type", "a bad schema" }
};


/* 1 when the catalog takes it, and can be completed */

static int
test_add(secops_catalog_t *catalog, const char *file, const char *definition,
    secops_schema_error_t *error)
{
    return secops_catalog_init(catalog, error) == 0
           && (file ? secops_catalog_add_type(catalog, slice(file),
                                      (const unsigned char *) definition,
                                      strlen(definition), error)
                    : secops_catalog_set_categories(catalog,
                                      (const unsigned char *) definition,
                                      strlen(definition), error))
              == 0
           && secops_catalog_complete(catalog, error) == 0;
}


static void
test_definition(const catalog_case_t *c, const char *file)
{
    int                    taken;
    char                   told[600];
    secops_catalog_t       catalog;
    secops_schema_error_t  error;

    taken = test_add(&catalog, file, c->definition, &error);

    secops_catalog_free(&catalog);

    told[0] = '\0';

    if (!taken) {
        (void) snprintf(told, sizeof(told), "%s %s", error.pointer,
                        error.reason);
    }

    if (c->error == NULL) {
        is_str(told, strlen(told), "", c->name);
        return;
    }

    if (!ok(!taken && strncmp(told, c->error, strlen(c->error)) == 0,
            "refused: %s", c->name))
    {
        printf("#      got: %s\n# expected: %s\n", told, c->error);
    }
}


/* all of a definition that can be cut or be short of anything is refused or
   taken, and nothing is left behind either way */

static void
test_cut(void)
{
    size_t                 i, len, taken;
    secops_catalog_t       catalog;
    secops_schema_error_t  error;

    static const char  definition[] =
        WITH("{\"type\":\"string\",\"writeOnly\":true}");

    len = sizeof(definition) - 1;
    taken = 0;

    (void) secops_catalog_init(&catalog, &error);

    for (i = 0; i < len; i++) {
        taken += secops_catalog_add_type(&catalog, slice("x"),
                                         (const unsigned char *) definition, i,
                                         &error) == 0;
    }

    secops_catalog_free(&catalog);

    is_int((long long) taken, 0, "no beginning of a definition is one");
}


static void
test_long_names(void)
{
    char                   text[4000], name[600];
    secops_catalog_t       catalog;
    secops_schema_error_t  error;

    memset(name, '~', sizeof(name));
    name[sizeof(name) - 1] = '\0';

    (void) snprintf(text, sizeof(text), "{" HEAD ",\"connection\":{\"type\":"
                    "\"object\",\"properties\":{\"%s\":{\"properties\":{\"%s\":"
                    "{\"items\":[{\"default\":1}]}}}}},\"roles\":{\"input\":"
                    NONE "}}", name, name);

    ok(!test_add(&catalog, "x", text, &error)
       && strlen(error.pointer) < sizeof(error.pointer)
       && strstr(error.reason, "would not be filled in") != NULL,
       "the pointer to what is wrong is cut where it would be too long");

    secops_catalog_free(&catalog);
}


/* spaces around a definition do no harm, up to a megabyte */

static void
test_large(void)
{
    char                   *text;
    size_t                  len;
    secops_catalog_t        catalog;
    secops_schema_error_t   error;

    static const char  definition[] = WITH("true");

    len = 1024 * 1024;
    text = malloc(len + 2);

    memset(text, ' ', len + 1);
    memcpy(text, definition, sizeof(definition) - 1);
    text[len] = '\0';

    ok(test_add(&catalog, "x", text, &error), "a definition of a megabyte");
    secops_catalog_free(&catalog);

    text[len] = ' ';
    text[len + 1] = '\0';

    ok(!test_add(&catalog, "x", text, &error)
       && strcmp(error.reason, "is longer than 1048576 bytes") == 0,
       "... and one that is a byte longer");
    secops_catalog_free(&catalog);

    free(text);
}


static void
test_places(void)
{
    secops_catalog_t              catalog;
    secops_schema_error_t         error;
    const secops_catalog_type_t  *type;

    static const char  replacement[] =
        "{\"x-id\":1,\"title\":\"Elasticsearch\",\"description\":\"mine\","
        "\"connection\":" NONE ",\"roles\":{\"output\":" NONE "}}";

    ok(test_add(&catalog, "elasticsearch", replacement, &error),
       "a definition of a built-in one's name is taken");

    type = secops_catalog_type(&catalog, slice("Elasticsearch"));

    is_str(type->description.data, type->description.len, "mine",
           "... and takes its place");
    is_int(type->roles, 1u << SECOPS_CATALOG_OUTPUT, "... with its roles");
    secops_catalog_free(&catalog);

    ok(!test_add(&catalog, "mine", replacement, &error)
       && strcmp(error.pointer, "/x-id") == 0
       && strcmp(error.reason, "integration types \"elasticsearch\" and "
                 "\"mine\" have the same \"x-id\"") == 0,
       "under another name it is one too many");
    secops_catalog_free(&catalog);

    ok(!test_add(&catalog, "mine",
                 "{\"x-id\":1000,\"title\":\"elasticSEARCH\",\"description\":"
                 "\"d\",\"connection\":" NONE ",\"roles\":{\"input\":" NONE
                 "}}", &error)
       && strcmp(error.pointer, "/title") == 0
       && strcmp(error.reason, "integration types \"elasticsearch\" and "
                 "\"mine\" have the same \"title\"") == 0,
       "and so is a title that differs in letter case alone");
    secops_catalog_free(&catalog);

    ok(!test_add(&catalog, "mIne", WITH("true"), &error)
       && strstr(error.reason, "is called by a-z, 0-9, _ and -") != NULL,
       "a file's name has small letters");
    secops_catalog_free(&catalog);

    ok(!test_add(&catalog, "clustering-processor",
                 "{\"x-id\":103,\"title\":\"Clustering processor\","
                 "\"description\":\"d\",\"connection\":" NONE ",\"roles\":{"
                 "\"processor\":" NONE "}}", &error)
       && strcmp(error.pointer, "/categories/2/processors/0") == 0,
       "a processor of a category can not become creatable");
    secops_catalog_free(&catalog);
}


static void
test_names(const secops_catalog_t *catalog)
{
    int             role;
    size_t          i, sorted, found;
    secops_slice_t  name;

    sorted = 0;
    found = 0;

    for (i = 0; i < catalog->ntypes; i++) {
        found += secops_catalog_type(catalog, catalog->types[i].name)
                 == &catalog->types[i];
        sorted += i == 0
                  || strcasecmp((char *) catalog->types[i - 1].name.data,
                                (char *) catalog->types[i].name.data) < 0;
    }

    is_int((long long) catalog->ntypes, 21, "all types are there");
    is_int((long long) found, 21, "... and found by name");
    is_int((long long) sorted, 21, "... in the order of their names");

    ok(secops_catalog_type(catalog, slice("EXTERNAL rest api"))
       == secops_catalog_type(catalog, slice("External REST API")),
       "letter case makes no difference");
    ok(secops_catalog_type(catalog, slice("")) == NULL
       && secops_catalog_type(catalog, slice("Elastic")) == NULL
       && secops_catalog_type(catalog, slice("Elasticsearch ")) == NULL
       && secops_catalog_type(catalog, slice("Zzz")) == NULL,
       "what is not there is not found");
    ok(secops_catalog_category(catalog, slice("decision Intelligence"))
       == &catalog->categories[0]
       && secops_catalog_category(catalog, slice("Decision")) == NULL,
       "categories are found alike");

    found = 0;

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {
        name = secops_catalog_role_name(role);
        found += secops_catalog_role(name) == role;
    }

    is_int((long long) found, 6, "roles are found by their names");
    ok(secops_catalog_role(slice("Input")) == -1
       && secops_catalog_role(slice("")) == -1, "... letter case counts");
}


/* 1 when the text is valid for the schema */

static int
test_valid(const secops_catalog_schema_t *schema, const char *text)
{
    secops_json_t         json;
    secops_json_error_t   error;
    secops_json_token_t   tokens[64];
    secops_json_limits_t  limits = { 32, 1000 };

    return secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                             tokens, 64, &limits, &error) == SECOPS_JSON_OK
           && secops_schema_validate(schema->schema, &json, 0, 0, NULL, NULL,
                                      NULL)
              == 0;
}


/* what is wrong with the parameter, if anything: the rest may be absent */

static void
test_product(const secops_catalog_t *catalog, const catalog_product_t *product,
    const char *values, int sound)
{
    char                          *text;
    size_t                         n;
    const json_t                  *schema;
    secops_schema_error_t          error;
    secops_catalog_schema_t        parameter;
    const secops_catalog_type_t   *type;

    type = secops_catalog_type(catalog, slice(product->type));

    schema = product->role
             ? type->role[secops_catalog_role(slice(product->role))].json
             : type->connection.json;
    schema = json_object_get(json_object_get(schema, "properties"),
                             product->parameter);

    text = json_dumps(schema, 0);
    parameter.schema = secops_schema_compile((const unsigned char *) text,
                                             strlen(text), &error);
    free(text);

    while (*values) {
        n = strcspn(values, "\n");
        text = strndup(values, n);

        ok(test_valid(&parameter, text) == sound, "%s: \"%s\" %s %s",
           product->type, product->parameter,
           sound ? "may be" : "must not be", text);

        free(text);
        values += n + (values[n] == '\n');
    }

    secops_schema_free(parameter.schema);
}


static void
test_products(const secops_catalog_t *catalog)
{
    size_t  i;

    for (i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
        test_product(catalog, &products[i], products[i].sound, 1);
        test_product(catalog, &products[i], products[i].unsound, 0);
    }
}


static void
test_example(const secops_catalog_t *catalog)
{
    const secops_catalog_type_t  *type;

    type = secops_catalog_type(catalog, slice("Elasticsearch"));

    ok(test_valid(&type->connection, "{\"hosts\":\"192.168.175.175\","
                  "\"password\":\"elastic\",\"port\":9200,\"schema\":"
                  "\"https\",\"user\":\"elastic\"}"),
       "the example's Elasticsearch");
    ok(test_valid(&type->role[SECOPS_CATALOG_OUTPUT], "{}"),
       "... as an output without parameters");
    ok(!test_valid(&type->connection, "{\"hosts\":\"a\",\"prot\":9200}"),
       "a misspelt parameter is none");
    ok(!test_valid(&type->connection, "{\"port\":9200}"),
       "what is required is required");

    type = secops_catalog_type(catalog, slice("External REST API"));

    ok(test_valid(&type->connection, "{\"api_key\":"
                  "\"{{api_keys(name='Api Key from REST API')}}\","
                  "\"data_type\":\"JSON alerts\"}"),
       "the example's External REST API");
    ok(test_valid(&type->role[SECOPS_CATALOG_INPUT],
                  "{\"exposed_rest_api_job_tag\":\"rest_api_exposer\","
                  "\"max_batch_size\":100}"), "... as an input");
    is_int(type->roles, 1u << SECOPS_CATALOG_INPUT, "... and only as that");
}


static const char *
test_label(const secops_catalog_category_t *category, size_t i)
{
    return json_string_value(json_object_get(json_array_get(category->labels,
                                                            i), "name"));
}


static void
test_categories(const secops_catalog_t *catalog)
{
    char                              labels[200];
    size_t                            i, j;
    const secops_catalog_category_t  *category;

    /* category: name, processors, whether it has decision points */

    static const struct {
        const char  *name;
        const char  *processors[3];
        int          points;
    } expected[] = {
        { "Decision intelligence",
          { "Decision intelligence processor" }, 1 },
        { "Event centric decision intelligence",
          { "Event centric decision intelligence processor" }, 1 },
        { "Automated root cause analysis",
          { "Clustering processor",
            "Root cause-symptom classification processor" }, 1 },
        { "Automation", { NULL }, 0 }
    };

    is_int((long long) catalog->ncategories, 4, "four categories");

    for (i = 0; i < catalog->ncategories; i++) {

        category = &catalog->categories[i];

        is_str(category->name.data, category->name.len, expected[i].name,
               "a category");

        for (j = 0; j < category->nprocessors; j++) {
            is_str(category->processors[j]->name.data,
                   category->processors[j]->name.len,
                   expected[i].processors[j], "... its processor");
            ok(!category->processors[j]->creatable, "... which nobody makes");
        }

        ok(expected[i].processors[j] == NULL, "... no more of them");
        ok(json_array_size(category->labels) >= 3, "... its labels");

        is_int(test_valid(&category->job, "{\"title\":\"t\",\"category\":"
                          "\"c\",\"decision_points\":[\"a.b\"]}"),
               expected[i].points, "... may have decision points");
        is_int(test_valid(&category->job,
                          "{\"title\":\"t\",\"category\":\"c\"}"),
               !expected[i].points, "... must have them");
    }

    category = &catalog->categories[0];

    (void) snprintf(labels, sizeof(labels), "%s, %s, %s",
                    test_label(category, 0), test_label(category, 1),
                    test_label(category, 2));

    is_str(labels, strlen(labels), "Escalate, Drop, Investigate",
           "the labels of decision intelligence");
}


/* "types|role|category", or the faults */

static void
test_query(const secops_catalog_t *catalog, const char *args,
    const char *expected, const char *name)
{
    char                     text[400];
    size_t                   place, len;
    unsigned char            buffer[200];
    secops_fault_t           fault;
    secops_faults_t          faults;
    secops_catalog_query_t   query;

    memset(&faults, 0, sizeof(secops_faults_t));

    if (secops_catalog_read_query(&query, catalog, SECOPS_CATALOG_QUERY_TYPE
                                                   |SECOPS_CATALOG_QUERY_ROLE
                                                |SECOPS_CATALOG_QUERY_CATEGORY,
                                  slice(args), buffer, &faults)
        == 0)
    {
        (void) snprintf(text, sizeof(text), "%s|%d|%s",
                        query.type ? (char *) query.type->name.data : "",
                        query.role, query.category
                        ? (char *) query.category->name.data : "");

    } else {
        len = (size_t) snprintf(text, sizeof(text), "%d",
                                (int) secops_error(faults.error)->status);

        place = 0;

        while (secops_faults_next(&faults, &place, &fault)) {
            len += (size_t) snprintf(text + len, sizeof(text) - len,
                                     "; %.*s %.*s",
                                     (int) fault.pointer.len,
                                     fault.pointer.data,
                                     (int) fault.message.len,
                                     fault.message.data);
        }
    }

    is_str(text, strlen(text), expected, name);

    secops_faults_free(&faults);
}


static void
test_queries(const secops_catalog_t *catalog)
{
    test_query(catalog, "", "|-1|", "no query");
    test_query(catalog, "type=External+REST+API&role=input",
               "External REST API|0|", "a type, with plus signs, and a role");
    test_query(catalog, "integration_type=external%20rest%20api&x=y&x=y",
               "External REST API|-1|", "its other name");
    test_query(catalog, "type=&role=&category=", "|-1|", "nothing given");
    test_query(catalog, "category=Automated+root+cause+analysis",
               "|-1|Automated root cause analysis", "a category");
    test_query(catalog, "type=Nope&category=Nope",
               "404; type names no integration type; category names no job "
               "category", "what is not there");
    test_query(catalog, "role=inputs",
               "400; role must be one of input, enrichment, processor, "
               "case_creation, post_decision, output", "no role");
    test_query(catalog, "type=kafka&role=enrichment",
               "404; role is no role of Kafka, which has input, output",
               "not its role");
    test_query(catalog, "type=kafka&integration_type=kafka",
               "400; integration_type is given more than once",
               "twice, under both names");
    test_query(catalog, "type=kafka&type=kafka",
               "400; type is given more than once", "twice");
    test_query(catalog, "type=%ff%00&role=%ff",
               "400; type names no integration type; role must be one of "
               "input, enrichment, processor, case_creation, post_decision, "
               "output", "what is no text");
}


static const char *
test_string(const json_t *json, const char *one, const char *two,
    const char *three)
{
    json = json_object_get(json, one);
    json = two ? json_object_get(json, two) : json;
    json = three ? json_object_get(json, three) : json;

    return json_is_string(json) ? json_string_value(json) : "";
}


static void
test_views(const secops_catalog_t *catalog)
{
    json_t                       *view, *list, *sub;
    const secops_catalog_type_t  *type;

    type = secops_catalog_type(catalog, slice("Elasticsearch"));

    view = secops_catalog_view_schema(catalog, NULL, SECOPS_CATALOG_ANY_ROLE);
    list = json_object_get(view, "properties");

    is_int((long long) json_object_size(list), 17,
           "the schema of connections has all types that can be created");
    ok(json_object_get(list, "Clustering processor") == NULL,
       "... and no other");
    is_str(test_string(view, "$schema", NULL, NULL), 39,
           "http://json-schema.org/draft-07/schema#", "... of draft-07");
    is_str(test_string(json_object_get(list, "Elasticsearch"), "properties",
                       "hosts", "type"), 6, "string", "... with parameters");
    ok(json_is_true(json_object_get(json_object_get(json_object_get(
           json_object_get(list, "Elasticsearch"), "properties"), "password"),
           "writeOnly")), "... and secrets, so that they can be hidden");
    json_decref(view);

    view = secops_catalog_view_schema(catalog, NULL, SECOPS_CATALOG_PROCESSOR);
    is_int((long long) json_object_size(json_object_get(view, "properties")),
           4, "the schema of a role has all types that support it");
    json_decref(view);

    view = secops_catalog_view_schema(catalog, type, SECOPS_CATALOG_OUTPUT);
    list = json_object_get(view, "properties");
    ok(json_object_size(list) == 1
       && json_object_get(json_object_get(json_object_get(list,
              "Elasticsearch"), "properties"), "index"),
       "the schema of a type and a role has only that");
    json_decref(view);

    view = secops_catalog_view_types(catalog, SECOPS_CATALOG_ANY_ROLE);
    list = json_object_get(view, "integration_types");
    is_int((long long) json_array_size(list), 21, "all types are told");
    json_decref(view);

    view = secops_catalog_view_types(catalog, SECOPS_CATALOG_PROCESSOR);
    list = json_object_get(view, "integration_types");
    is_int((long long) json_array_size(list), 4, "... or those of a role");
    ok(json_is_false(json_object_get(json_array_get(list, 0), "creatable")),
       "... and whether they can be created");
    json_decref(view);

    view = secops_catalog_view_type(type, SECOPS_CATALOG_ANY_ROLE);
    is_int(json_integer_value(json_object_get(view, "id")), type->id,
           "a type has its id");
    is_str(json_string_value(json_array_get(json_object_get(view, "roles"),
                                            0)), 5, "input",
           "... the identifiers of its roles");
    ok(json_equal(json_object_get(view, "roles"),
                  json_object_get(view, "pipeline_role_identifiers")),
       "... under both names");
    is_str(test_string(json_array_get(json_object_get(view, "roles_details"),
                                      0), "name", NULL, NULL), 5, "Input",
           "... and what people call them");
    sub = json_object_get(view, "connection_parameters");
    ok(json_is_true(json_object_get(json_object_get(sub, "hosts"),
                                    "required"))
       && json_is_false(json_object_get(json_object_get(sub, "port"),
                                        "required")),
       "... the parameters of a connection, with whether they are required");
    sub = json_object_get(view, "pipeline_parameters");
    ok(json_object_size(sub) == 3
       && json_is_true(json_object_get(json_object_get(json_object_get(sub,
              "input"), "index"), "required")), "... and those of its roles");
    json_decref(view);

    view = secops_catalog_view_type(type, SECOPS_CATALOG_OUTPUT);
    is_int((long long) json_object_size(json_object_get(view,
                                                   "pipeline_parameters")), 1,
           "... or of the one asked for");
    json_decref(view);

    view = secops_catalog_view_categories(catalog);
    list = json_object_get(view, "job_categories");
    ok(json_array_size(list) == 4
       && json_object_size(json_array_get(list, 0)) == 3,
       "all categories are told, in short");
    json_decref(view);

    view = secops_catalog_view_category(&catalog->categories[0]);
    sub = json_object_get(view, "parameters");
    ok(json_is_true(json_object_get(json_object_get(sub, "decision_points"),
                                    "required"))
       && json_is_false(json_object_get(json_object_get(sub, "description"),
                                        "required")),
       "one of them has its parameters");
    json_decref(view);

    is_int((long long) json_object_size(type->connection.json), 5,
           "what is told of a definition does not change it");
}


int
main(void)
{
    size_t                 i;
    secops_catalog_t       catalog;
    secops_schema_error_t  error;

    secops_json_seed(1);

    if (!ok(secops_catalog_init(&catalog, &error) == 0
            && secops_catalog_complete(&catalog, &error) == 0,
            "what is compiled in is sound"))
    {
        printf("# \"%s\" %s\n", error.pointer, error.reason);
        return tap_done();
    }

    test_names(&catalog);
    test_products(&catalog);
    test_example(&catalog);
    test_categories(&catalog);
    test_queries(&catalog);
    test_views(&catalog);

    secops_catalog_free(&catalog);

    for (i = 0; i < sizeof(type_cases) / sizeof(catalog_case_t); i++) {
        test_definition(&type_cases[i], "x");
    }

    for (i = 0; i < sizeof(category_cases) / sizeof(catalog_case_t); i++) {
        test_definition(&category_cases[i], NULL);
    }

    test_cut();
    test_long_names();
    test_large();
    test_places();

    return tap_done();
}


/*
 * secops_resource: what a document asks for, in both its forms, and all that
 * is wrong with one; query strings.
 */

#include <stdlib.h>

#include "resource_read.h"
#include "secops_tap.h"


#define MAX  5

#define KEY(name)                                                             \
    "{\"type\":\"api_key\",\"properties\":{\"name\":\"" name "\"}}"


/* faults: "pointer: message; …", with "error|" before, or "" */

typedef struct {
    const char  *document;
    const char  *faults;
    const char  *name;
} resource_case_t;


static const resource_case_t  resource_cases[] = {

    { "{\"k\":" KEY("n") "}", "", "a key" },
    { "{\"a\":" KEY("n") ",\"b\":" KEY("m") "}", "", "two" },
    { "{\"resources\":{\"k\":" KEY("n") "}}", "", "the other form" },
    { "{\"resources\":" KEY("n") "}", "",
      "a resource that is called \"resources\"" },
    { "{\"k\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\","
      "\"title\":\"n\",\"scopes\":null,\"expire_at\":null},"
      "\"depends_on\":[]}}", "", "what clients send beside" },

    { "[]", "400|: must be an object", "an array" },
    { "7", "400|: must be an object", "a number" },
    { "{}", "400|: has no resource", "no resource" },
    { "{\"resources\":{}}", "400|/resources: has no resource",
      "... in the other form" },
    { "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1}",
      "400|: has more resources than one request may have", "too many" },
    { "{\"resources\":{\"k\":" KEY("n") "},\"x/y\":1}",
      "400|/x~1y: is not known beside \"resources\"", "something beside them" },
    { "{\"resources\":{\"k\":" KEY("n") "},\"overwrite\":\"2\"}",
      "400|/overwrite: must be true or false", "overwrite that is neither" },
    { "{\"resources\":{\"k\":" KEY("n") "},\"overwrite\":[]}",
      "400|/overwrite: must be true or false", "... or an array" },

    { "{\"k\":7}", "400|/k: must be an object", "a resource that is none" },
    { "{\"k\":{}}", "400|/k/type: is required", "without a type" },
    { "{\"k\":{\"type\":null}}", "400|/k/type: must be a string",
      "a type that is null" },
    { "{\"k\":{\"type\":\"API_KEY\",\"properties\":{}}}",
      "422|/k/type: must be \"api_key\", \"integration\" or \"job\"",
      "a type that is not known" },
    { "{\"k\":{\"type\":\"api_key\"}}", "400|/k/properties: is required",
      "without properties" },
    { "{\"k\":{\"type\":\"api_key\",\"properties\":null}}",
      "400|/k/properties: must be an object", "properties that are null" },
    { "{\"k\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\"},"
      "\"x\":1}}",
      "422|/k: may have no other members than \"type\", \"properties\" and "
      "\"depends_on\"", "a member that is not known" },

    { "{\"k\":{\"type\":\"api_key\",\"properties\":{}}}",
      "422|/k/properties/name: is required", "no name" },
    { "{\"k\":" KEY("") "}", "422|/k/properties/name: is required",
      "an empty one" },
    { "{\"k\":" KEY("a\\u007fb") "}",
      "422|/k/properties/name: must be 200 bytes at most, without control "
      "characters", "a control character" },
    { "{\"k\":" KEY("a\\nb") "}",
      "422|/k/properties/name: must be 200 bytes at most, without control "
      "characters", "a line feed: the name becomes a user's" },
    { "{\"k\":" KEY("{{'\\\"}}") "}", "", "braces and quotes" },
    { "{\"i\":{\"type\":\"integration\",\"properties\":{\"title\":"
      "\"a\\n\\tb\\r{{'\\\"}}\"}}}", "",
      "lines, tabs, braces and quotes in a title" },
    { "{\"j\":{\"type\":\"job\",\"properties\":{\"title\":\"a\\u0007\"}}}",
      "422|/j/properties/title: must be 200 bytes at most, without control "
      "characters other than line feeds and tabs", "a bell in a title" },
    { "{\"k\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\","
      "\"title\":\"m\"}}}",
      "422|/k/properties/title: must be the same as the name",
      "a title that is not the name" },
    { "{\"a~b/c\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\","
      "\"scopes\":[\"read:resources\",\"x\"]}}}",
      "422|/a~0b~1c/properties/scopes/1: ", "a scope that is not known" },

    { "{\"a\":7,\"b\":{\"type\":\"x\"}}",
      "400|/a: must be an object; /b/type: must be \"api_key\", "
      "\"integration\" or \"job\"",
      "of several errors the first in the table is answered, all are told" },
    { "{\"a\":" KEY("n") ",\"b\":" KEY("m") ",\"c\":" KEY("n") "}",
      "422|/c/properties: has the same title as another resource of this "
      "request", "the same name twice" },

    { "{\"a\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\"},"
      "\"depends_on\":[\"b\",7]}}",
      "404|/a/depends_on: names no resource of this request; "
      "/a/depends_on: names no resource of this request",
      "what is not there" },
    { "{\"a\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\"},"
      "\"depends_on\":\"a\"}}",
      "422|/a/depends_on: must be an array of identifiers", "no array" },
    { "{\"a\":{\"type\":\"api_key\",\"properties\":{\"name\":\"n\"},"
      "\"depends_on\":[\"b\",\"c\"]},\"b\":{\"type\":\"api_key\","
      "\"properties\":{\"name\":\"m\"},\"depends_on\":[\"c\"]},\"c\":"
      KEY("o") "}", "", "two ways to the same" },

    { "{\"i\":{\"type\":\"integration\",\"properties\":{\"id\":-1,"
      "\"type\":\"job\",\"parameters\":[],\"x\":1}}}",
      "422|/i/properties/title: is required; /i/properties/parameters: must be "
      "an object, not an array; /i/properties/id: must be at least 0; "
      "/i/properties/type: must be \"integration\"; /i/properties/x: is not "
      "allowed", "all that is wrong with an integration's shape" },
    { "{\"i\":{\"type\":\"integration\",\"properties\":{\"title\":\"t\","
      "\"integration_type\":null,\"parameters\":null,\"id\":null,"
      "\"created_by\":7}}}", "", "an integration with nulls" },
    { "{\"j\":{\"type\":\"job\",\"properties\":{\"title\":\"t\","
      "\"pipeline_integrations\":[{\"integration_type\":\"inputs\"},"
      "{\"integration_type\":\"input\",\"storage_tag\":\"a.b\"}],"
      "\"advanced_settings\":{\"custom_labels\":[{\"name\":\"\","
      "\"hex_color\":\"red\"}]}}}}",
      "422|/j/properties/advanced_settings/custom_labels/0/name: must not be "
      "empty; /j/properties/advanced_settings/custom_labels/0/"
      "hex_color: must match the pattern ^#[0-9a-fA-F]{6}$; "
      "/j/properties/pipeline_integrations/0/integration_type: must be one of "
      "\"input\", \"enrichment\", \"processor\", \"case_creation\", "
      "\"post_decision\", \"output\"; /j/properties/pipeline_integrations/1/"
      "storage_tag: must match the pattern ^[^ .*]*$",
      "all that is wrong with a job's shape" },
    { "{\"j\":{\"type\":\"job\",\"properties\":{\"title\":\"t\","
      "\"description\":null,\"feedback_columns\":null,"
      "\"decision_points\":null,\"advanced_settings\":{\"custom_labels\":"
      "[{\"name\":\"a\",\"hex_color\":null}],\"auto_retrain\":null,"
      "\"monitoring_settings\":null},\"pipeline_integrations\":[{"
      "\"resource\":\"r\",\"integration_type\":\"input\",\"enabled\":null,"
      "\"parameters\":null,\"auto_id\":null,\"storage_tag\":null,"
      "\"storage_tag_display_name\":null}],"
      "\"remove_missing_pipeline_integrations\":false},\"depends_on\":[]}}",
      "", "a job with all the nulls that clients send" }
};


typedef struct {
    const char  *args;
    const char  *result;        /* type|title|id|overwrite, or the faults */
    const char  *name;
} query_case_t;


static const query_case_t  query_cases[] = {
    { "", "-1|||-1", "nothing" },
    { "title=a", "-1|a||-1", "a title" },
    { "title=a+b%2Bc%26d", "-1|a b+c&d||-1", "... encoded as forms are" },
    { "id=7&resource_type=job", "2||7|-1", "an id, and a type" },
    { "resource_type=api%5Fkey&x=y&overwrite=True", "0|||1",
      "others are passed over" },
    { "overwrite=FALSE", "-1|||0", "overwrite, in any letter case" },
    { "title=&id=&resource_type=&overwrite=", "-1|||-1",
      "empty ones are not there" },
    { "resource_type=API_KEY",
      "400|resource_type: must be api_key, integration or job", "no type" },
    { "overwrite=yes", "400|overwrite: must be true or false", "neither" },
    { "title=a&id=b", "400|id: excludes the parameter title", "both" },
    { "title=a&title=a", "400|title: is given more than once", "twice" },
    { "title=a&t%69tle=b", "400|title: is given more than once",
      "... however it is written" }
};


static void test_types(void);
static void test_documents(void);
static void test_set(void);
static void test_overwrite(void);
static void test_many_faults(void);
static void test_queries(void);
static int read_document(const char *text, secops_resource_set_t *set,
    secops_faults_t *faults, size_t max);
static void print_faults(char *dst, size_t size,
    const secops_faults_t *faults);


static secops_catalog_t         catalog;
static secops_resource_model_t  model;


int
main(void)
{
    secops_schema_error_t  error;

    if (!ok(secops_resource_model_compile(&model, &catalog, &error) == 0,
            "the definitions compile"))
    {
        printf("# %s %s\n", error.pointer, error.reason);
        return tap_done();
    }

    test_types();
    test_documents();
    test_set();
    test_overwrite();
    test_many_faults();
    test_queries();

    secops_resource_model_free(&model);

    return tap_done();
}


static void
test_types(void)
{
    int             type;
    secops_slice_t  name;

    for (type = 0; type < SECOPS_RESOURCE_TYPES; type++) {
        name = secops_resource_type_name(type);
        ok(secops_resource_type(name) == type, "%.*s is a type",
           (int) name.len, (const char *) name.data);

        name.len--;
        ok(secops_resource_type(name) == -1, "... less of it is none");
    }
}


static void
test_documents(void)
{
    int                       rc;
    char                      told[1024];
    size_t                    i, len;
    const resource_case_t    *c;
    secops_resource_set_t     set;
    secops_faults_t  faults;

    for (i = 0; i < sizeof(resource_cases) / sizeof(resource_cases[0]); i++) {
        c = &resource_cases[i];

        rc = read_document(c->document, &set, &faults, MAX);
        print_faults(told, sizeof(told), &faults);

        is_int(rc, c->faults[0] ? -1 : 0, c->name);

        /* a message that ends in a blank is the schema's own */

        len = strlen(c->faults);

        if (len && c->faults[len - 1] == ' ') {
            told[len] = '\0';
        }

        is_str(told, strlen(told), c->faults, "... and so it is told");

        secops_resource_set_free(&set);
        secops_faults_free(&faults);
    }
}


static void
test_set(void)
{
    secops_resource_set_t     set;
    secops_faults_t  faults;

    (void) read_document("{\"resources\":{\"\\u20ac/\":" KEY("n\\u20ac")
                         ",\"b\":" KEY("m") "}}", &set, &faults, MAX);

    is_int(set.n, 2, "a set of two");
    is_str(set.resources[0].identifier.data, set.resources[0].identifier.len,
           "\xe2\x82\xac/", "... the first one's identifier, decoded");
    is_str(set.resources[0].title.data, set.resources[0].title.len,
           "n\xe2\x82\xac", "... its title");
    is_int(set.resources[0].type, SECOPS_RESOURCE_API_KEY, "... its type");
    ok(json_is_object(set.resources[0].properties), "... its properties");
    is_str(set.resources[1].title.data, set.resources[1].title.len, "m",
           "... the second one's title");

    secops_resource_set_free(&set);
    secops_faults_free(&faults);
}


static void
test_overwrite(void)
{
    char                      text[256];
    size_t                    i;
    secops_resource_set_t     set;
    secops_faults_t  faults;

    static const struct {
        const char  *value;
        int          overwrite;
    } cases[] = {
        { "true", 1 }, { "false", 0 }, { "1", 1 }, { "0", 0 }, { "null", -1 },
        { "\"True\"", 1 }, { "\"FALSE\"", 0 }, { "\"1\"", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        (void) snprintf(text, sizeof(text),
                        "{\"overwrite\":%s,\"resources\":{\"k\":%s}}",
                        cases[i].value, KEY("n"));

        ok(read_document(text, &set, &faults, MAX) == 0
           && set.overwrite == cases[i].overwrite, "overwrite: %s",
           cases[i].value);

        secops_resource_set_free(&set);
        secops_faults_free(&faults);
    }

    (void) read_document("{\"k\":" KEY("n") "}", &set, &faults, MAX);
    is_int(set.overwrite, -1, "the flat form does not say");

    secops_resource_set_free(&set);
    secops_faults_free(&faults);
}


static void
test_many_faults(void)
{
    char                      text[8192], *p;
    unsigned                  i;
    secops_resource_set_t     set;
    secops_faults_t  faults;

    p = text;
    *p++ = '{';

    for (i = 0; i < 300; i++) {
        p += sprintf(p, "%s\"k%u\":%u", i ? "," : "", i, i);
    }

    *p++ = '}';
    *p = '\0';

    ok(read_document(text, &set, &faults, 300) == -1, "300 faults");
    is_int(faults.told, SECOPS_FAULTS_MAX, "... of which some are told");
    ok(faults.more && set.n == SECOPS_FAULTS_MAX,
       "... and no others are looked for");

    secops_resource_set_free(&set);
    secops_faults_free(&faults);

    ok(read_document(text, &set, &faults, 299) == -1 && set.n == 0
       && faults.told == 1, "... one more than the largest set");

    secops_resource_set_free(&set);
    secops_faults_free(&faults);
}


static void
test_queries(void)
{
    int                       rc;
    char                      told[1024];
    size_t                    i;
    unsigned char            *buffer;
    secops_slice_t            args;
    const query_case_t       *c;
    secops_resource_query_t   query;
    secops_faults_t  faults;

    for (i = 0; i < sizeof(query_cases) / sizeof(query_cases[0]); i++) {
        c = &query_cases[i];

        memset(&faults, 0, sizeof(faults));

        args.len = strlen(c->args);
        args.data = (const unsigned char *) c->args;

        /* exactly as much as was promised */

        buffer = malloc(args.len ? args.len : 1);

        rc = secops_resource_read_query(&query, args, buffer, &faults);

        if (rc == 0) {
            (void) snprintf(told, sizeof(told), "%d|%.*s|%.*s|%d", query.type,
                            (int) query.title.len,
                            (const char *) query.title.data,
                            (int) query.id.len, (const char *) query.id.data,
                            query.overwrite);
        } else {
            print_faults(told, sizeof(told), &faults);
        }

        is_str(told, strlen(told), c->result, c->name);

        secops_faults_free(&faults);
        free(buffer);
    }
}


static int
read_document(const char *text, secops_resource_set_t *set,
    secops_faults_t *faults, size_t max)
{
    int                          rc;
    secops_json_t                json;
    secops_json_error_t          error;

    static secops_json_token_t   tokens[8192];
    static secops_json_limits_t  limits = { 32, 4096 };

    memset(set, 0, sizeof(secops_resource_set_t));
    memset(faults, 0, sizeof(secops_faults_t));

    rc = secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                           tokens, 8192, &limits, &error);

    if (rc != SECOPS_JSON_OK) {
        ok(0, "the case \"%s\" is JSON", text);
        return -2;
    }

    return read_all(set, &model, &json, max, faults);
}


static void
print_faults(char *dst, size_t size, const secops_faults_t *faults)
{
    size_t          place, len;
    secops_fault_t  fault;

    dst[0] = '\0';

    if (faults->error == SECOPS_ERROR_NONE) {
        return;
    }

    len = snprintf(dst, size, "%u|", secops_error(faults->error)->status);

    for (place = 0; secops_faults_next(faults, &place, &fault); /* void */ ) {
        len += snprintf(dst + len, size - len, "%s%.*s: %.*s",
                        dst[len - 1] == '|' ? "" : "; ",
                        (int) fault.pointer.len, fault.pointer.data,
                        (int) fault.message.len, fault.message.data);
    }
}

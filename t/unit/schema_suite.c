
/*
 * The official JSON Schema Test Suite, draft-07, against the validator.  What
 * the compiler refuses must be in the table of what is not supported, under
 * the very reason that it gives, and each entry of the table must still be
 * needed: a schema that is refused for another reason fails the test, and so
 * does an entry that nothing uses any more.
 *
 * The suite is read with jansson, so that the reader under test does not
 * judge itself.  Usage: schema_suite [folder], or SECOPS_SCHEMA_SUITE.
 */

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>

#include "model/schema/secops_schema.h"

#include "secops_tap.h"


#define SUITE_FOLDER  "/usr/share/json-schema-test-suite"
#define SUITE_TOKENS  4096

/* 0.0075 has to stay 0.0075, jansson's 17 digits make 0.0074999999999999997 */

#define SUITE_DUMP    (JSON_ENCODE_ANY|JSON_REAL_PRECISION(15))


typedef struct {
    const char  *file;
    const char  *group;                 /* the whole of it is passed over */
    const char  *reason;                /* a part of what the compiler says */
    unsigned     used;
} suite_refusal_t;


typedef struct {
    unsigned     tests;
    unsigned     wrong;
    unsigned     refused;               /* groups */
} suite_count_t;


static suite_refusal_t  suite_refusals[] = {

    { "definitions.json", "valid definition",
      "a reference to another document", 0 },
    { "definitions.json", "invalid definition",
      "a reference to another document", 0 },
    { "ref.json", "remote ref, containing refs itself",
      "a reference to another document", 0 },
    { "refRemote.json", "remote ref",
      "a reference to another document", 0 },
    { "refRemote.json", "fragment within remote ref",
      "a reference to another document", 0 },
    { "refRemote.json", "ref within remote ref",
      "a reference to another document", 0 },
    { "refRemote.json", "root ref in remote ref",
      "a reference to another document", 0 },

    { "ref.json", "Recursive references between schemas",
      "\"$id\" is supported at the root only", 0 },
    { "refRemote.json", "base URI change",
      "\"$id\" is supported at the root only", 0 },
    { "refRemote.json", "base URI change - change folder",
      "\"$id\" is supported at the root only", 0 },
    { "refRemote.json", "base URI change - change folder in subschema",
      "\"$id\" is supported at the root only", 0 },

    /* targets of its references are keywords that nobody knows; the escapes
       are tested with "definitions" in schema_test.c */

    { "ref.json", "escaped pointer ref", "unknown keyword", 0 },

    { NULL, NULL, NULL, 0 }
};


/* of the optional tests: those of the formats that are supported, and others
   that are not about "content", which is not, nor about numbers that the
   reader refuses (bignum.json) */

static const char  *suite_optional[] = {
    "format/date-time.json",
    "format/date.json",
    "format/email.json",
    "format/hostname.json",
    "format/ipv4.json",
    "format/ipv6.json",
    "format/json-pointer.json",
    "format/regex.json",
    "format/time.json",
    "format/uri-reference.json",
    "format/uri.json",
    "ecmascript-regex.json",
    "zeroTerminatedFloats.json",
    NULL
};


static int suite_is_test(const struct dirent *entry);
static void suite_file(const char *folder, const char *name);
static void suite_group(const char *name, const json_t *group,
    suite_count_t *count);
static int suite_refused(const char *name, const char *group,
    const secops_schema_error_t *error);
static void suite_case(const secops_schema_t *schema, const char *group,
    const json_t *test, suite_count_t *count);
static int suite_validate(const secops_schema_t *schema, const json_t *value);
static int suite_ignore(void *data, const secops_schema_fault_t *fault);


int
main(int argc, char *const *argv)
{
    int               i, n;
    char              folder[1024];
    const char       *root;
    struct dirent   **entries;
    suite_refusal_t  *refusal;

    secops_json_seed(0x0123456789abcdef);

    root = argc > 1 ? argv[1] : getenv("SECOPS_SCHEMA_SUITE");
    if (root == NULL) {
        root = SUITE_FOLDER;
    }

    snprintf(folder, sizeof(folder), "%s/tests/draft7", root);

    n = scandir(folder, &entries, suite_is_test, alphasort);

    if (n < 0) {

        if (strcmp(root, SUITE_FOLDER) == 0) {
            tap_skip("JSON Schema Test Suite", "it is not installed");

        } else {
            ok(0, "there is a suite in %s", root);
        }

        return tap_done();
    }

    ok(n > 30, "the suite has its files: %d", n);

    for (i = 0; i < n; i++) {
        suite_file(folder, entries[i]->d_name);
        free(entries[i]);
    }

    free(entries);

    snprintf(folder, sizeof(folder), "%s/tests/draft7/optional", root);

    for (i = 0; suite_optional[i]; i++) {
        suite_file(folder, suite_optional[i]);
    }

    for (refusal = suite_refusals; refusal->file; refusal++) {
        ok(refusal->used == 1, "refused: %s: %s", refusal->file,
           refusal->group);
    }

    return tap_done();
}


static int
suite_is_test(const struct dirent *entry)
{
    size_t  len;

    len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}


static void
suite_file(const char *folder, const char *name)
{
    char           path[2048];
    size_t         i;
    json_t        *groups, *group;
    json_error_t   error;
    suite_count_t  count;

    snprintf(path, sizeof(path), "%s/%s", folder, name);

    groups = json_load_file(path, JSON_ALLOW_NUL, &error);

    if (groups == NULL) {
        ok(0, "%s is read: %s", name, error.text);
        return;
    }

    memset(&count, 0, sizeof(suite_count_t));

    json_array_foreach(groups, i, group) {
        suite_group(name, group, &count);
    }

    ok(count.wrong == 0 && count.tests + count.refused > 0,
       "%s: %u of %u right, %u of %zu schemas refused", name,
       count.tests - count.wrong, count.tests, count.refused,
       json_array_size(groups));

    json_decref(groups);
}


static void
suite_group(const char *name, const json_t *group, suite_count_t *count)
{
    char                   *text;
    size_t                  i;
    json_t                 *test;
    const char             *title;
    secops_schema_t        *schema;
    secops_schema_error_t   error;

    title = json_string_value(json_object_get(group, "description"));
    text = json_dumps(json_object_get(group, "schema"), SUITE_DUMP);

    schema = secops_schema_compile((unsigned char *) text, strlen(text),
                                   &error);
    free(text);

    if (schema == NULL) {

        if (suite_refused(name, title, &error)) {
            count->refused++;
            return;
        }

        printf("# %s: refused at \"%s\": %s\n", title, error.pointer,
               error.reason);
        count->wrong++;
        return;
    }

    json_array_foreach(json_object_get(group, "tests"), i, test) {
        suite_case(schema, title, test, count);
    }

    secops_schema_free(schema);
}


static int
suite_refused(const char *name, const char *group,
    const secops_schema_error_t *error)
{
    suite_refusal_t  *refusal;

    for (refusal = suite_refusals; refusal->file; refusal++) {

        if (strcmp(refusal->file, name) == 0
            && strcmp(refusal->group, group) == 0
            && strstr(error->reason, refusal->reason))
        {
            refusal->used++;
            return 1;
        }
    }

    return 0;
}


static void
suite_case(const secops_schema_t *schema, const char *group,
    const json_t *test, suite_count_t *count)
{
    int  valid, expected;

    expected = json_is_true(json_object_get(test, "valid"));
    valid = suite_validate(schema, json_object_get(test, "data"));

    count->tests++;

    if (valid == expected) {
        return;
    }

    count->wrong++;

    printf("# %s: %s: %s\n", group,
           json_string_value(json_object_get(test, "description")),
           valid < 0 ? "not read, or the two ways to ask disagree"
                     : valid ? "found valid" : "found invalid");
}


/* with a handler and without: both must answer the same */

static int
suite_validate(const secops_schema_t *schema, const json_t *value)
{
    int                          quiet, told, nfaults;
    char                        *text;
    secops_json_t                json;
    secops_json_error_t          error;
    secops_json_limits_t         limits;
    static secops_json_token_t   tokens[SUITE_TOKENS];

    limits.depth = 100;
    limits.members = 1000;

    text = json_dumps(value, SUITE_DUMP);

    if (secops_json_parse(&json, (unsigned char *) text, strlen(text), tokens,
                          SUITE_TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        free(text);
        return -1;
    }

    nfaults = 0;

    quiet = secops_schema_validate(schema, &json, 0, 0, NULL, NULL, NULL);
    told = secops_schema_validate(schema, &json, 0, 0, NULL, suite_ignore,
                                  &nfaults);

    free(text);

    if (quiet < 0 || told != nfaults || (quiet == 0) != (told == 0)) {
        return -1;
    }

    return quiet == 0;
}


static int
suite_ignore(void *data, const secops_schema_fault_t *fault)
{
    int  *nfaults = data;

    (*nfaults)++;

    return SECOPS_SCHEMA_COUNTS;
}


/*
 * secops_scope: names and bits of scopes.  They stand here a second time on
 * purpose: a bit that changes its meaning would change what stored keys may
 * do.  The definition of an api key must name the same.
 */

#include <jansson.h>

#include "identity/secops_scope.h"
#include "model/secops_definitions.h"
#include "secops_tap.h"


typedef struct {
    const char  *name;
    unsigned     bit;
} scope_case_t;


static const scope_case_t  scope_cases[SECOPS_SCOPES] = {
    { "read:resources", 0x01 },
    { "write:resources", 0x02 },
    { "delete:resources", 0x04 },
    { "execute:job_operations", 0x08 }
};


static const char  *scope_unknown[] = {
    "", "read", "read:", "read:resource", "read:resourcess", "READ:RESOURCES",
    " read:resources", "read:resources ", "read:resources,write:resources",
    "*", "read:*", "write:events", "read:event_export", "write:event_feedback"
};


static void test_names(void);
static void test_unknown(void);
static void test_definition(void);
static secops_slice_t slice_of(const char *text);


int
main(void)
{
    test_names();
    test_unknown();
    test_definition();

    return tap_done();
}


static void
test_names(void)
{
    unsigned        i;
    secops_slice_t  name;

    for (i = 0; i < SECOPS_SCOPES; i++) {
        name = secops_scope_name(i);

        is_str(name.data, name.len, scope_cases[i].name, "a name");
        is_int(1U << i, scope_cases[i].bit, "... its bit");
        is_int(secops_scope(slice_of(scope_cases[i].name)), scope_cases[i].bit,
               "... found by its name");
    }
}


static void
test_unknown(void)
{
    size_t  i;

    for (i = 0; i < sizeof(scope_unknown) / sizeof(scope_unknown[0]); i++) {
        ok(secops_scope(slice_of(scope_unknown[i])) == SECOPS_SCOPE_NONE,
           "\"%s\" is no scope", scope_unknown[i]);
    }
}


static void
test_definition(void)
{
    json_t                     *json, *names;
    size_t                      i;
    secops_slice_t              name;
    const secops_definition_t  *definition;

    for (definition = secops_definitions; definition->kind; definition++) {
        if (strcmp(definition->kind, "resources") == 0
            && strcmp(definition->name, "api_key") == 0)
        {
            break;
        }
    }

    if (!ok(definition->kind != NULL, "there is a definition of api keys")) {
        return;
    }

    json = json_loadb((const char *) definition->data, definition->len, 0,
                      NULL);
    names = json_object_get(json, "properties");
    names = json_object_get(names, "scopes");
    names = json_object_get(names, "items");
    names = json_object_get(names, "enum");

    is_int(json_array_size(names), SECOPS_SCOPES,
           "it names as many scopes as there are");

    for (i = 0; i < json_array_size(names); i++) {
        name = slice_of(json_string_value(json_array_get(names, i)));

        ok(secops_scope(name) != SECOPS_SCOPE_NONE, "... %.*s is one",
           (int) name.len, (const char *) name.data);
    }

    json_decref(json);
}


static secops_slice_t
slice_of(const char *text)
{
    secops_slice_t  slice;

    slice.len = strlen(text);
    slice.data = (const unsigned char *) text;

    return slice;
}

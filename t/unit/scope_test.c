
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
    { "execute:job_operations", 0x08 },
    { "read:records", 0x10 },
    { "write:records", 0x20 },
    { "write:events", 0x40 },
    { "read:event_export", 0x80 },
    { "write:event_feedback", 0x100 },
    { "write:decisions", 0x200 }
};


static const char  *scope_unknown[] = {
    "", "read", "read:", "read:resource", "read:resourcess", "READ:RESOURCES",
    " read:resources", "read:resources ", "read:resources,write:resources",
    "*", "read:*", "read:events", "write:event_export", "read:event_feedback",
    "read:records:", "read:records:A", "read:records:a-b", "read:records:a:b",
    "read:records:a ", "read:recordsa", "read:record", "delete:records",
    "read:resources:a", "execute:job_operations:a", "write:records:*"
};


static void test_names(void);
static void test_unknown(void);
static void test_narrow(void);
static void test_has(void);
static void test_has_name(void);
static void test_definition(void);
static secops_slice_t slice_of(const char *text);


int
main(void)
{
    test_names();
    test_unknown();
    test_narrow();
    test_has();
    test_has_name();
    test_definition();

    return tap_done();
}


static void
test_names(void)
{
    unsigned        i;
    secops_slice_t  name, table;

    for (i = 0; i < SECOPS_SCOPES; i++) {
        name = secops_scope_name(i);

        is_str(name.data, name.len, scope_cases[i].name, "a name");
        is_int(1U << i, scope_cases[i].bit, "... its bit");
        is_int(secops_scope(slice_of(scope_cases[i].name), &table),
               scope_cases[i].bit, "... found by its name");
        is_int(table.len, 0, "... for no one table");
    }
}


static void
test_unknown(void)
{
    size_t          i;
    secops_slice_t  table;

    for (i = 0; i < sizeof(scope_unknown) / sizeof(scope_unknown[0]); i++) {
        ok(secops_scope(slice_of(scope_unknown[i]), &table)
           == SECOPS_SCOPE_NONE,
           "\"%s\" is no scope", scope_unknown[i]);
        is_int(table.len, 0, "... and names no table");
    }
}


static void
test_narrow(void)
{
    char            name[128];
    secops_slice_t  table;

    is_int(secops_scope(slice_of("read:records:sn_x1"), &table),
           SECOPS_SCOPE_READ_RECORDS, "a scope of records for one table");
    is_str(table.data, table.len, "sn_x1", "... which it names");

    is_int(secops_scope(slice_of("write:records:a"), &table),
           SECOPS_SCOPE_WRITE_RECORDS, "one to write");
    is_str(table.data, table.len, "a", "... of a short name");

    memset(name, 'a', sizeof(name));
    memcpy(name, "read:records:", 13);

    name[13 + 80] = '\0';
    ok(secops_scope(slice_of(name), &table) == SECOPS_SCOPE_READ_RECORDS,
       "the name of a table may have 80 bytes");

    name[13 + 80] = 'a';
    name[13 + 81] = '\0';
    ok(secops_scope(slice_of(name), &table) == SECOPS_SCOPE_NONE,
       "... and not more");
}


static void
test_has(void)
{
    secops_scopes_t  scopes;

    scopes.whole = SECOPS_SCOPE_READ_RESOURCES | SECOPS_SCOPE_WRITE_RECORDS;
    scopes.narrow = slice_of("read:records:a read:records:bc ");

    ok(secops_scopes_has(&scopes, SECOPS_SCOPE_WRITE_RECORDS, slice_of("a"))
       && secops_scopes_has(&scopes, SECOPS_SCOPE_WRITE_RECORDS, slice_of("")),
       "a whole scope is for every table, and for none");
    ok(secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS, slice_of("a"))
       && secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS,
                            slice_of("bc")),
       "narrowed ones are for theirs");
    ok(!secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS, slice_of("b"))
       && !secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS,
                             slice_of("bcd"))
       && !secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS,
                             slice_of("c")),
       "... not for one whose name only begins or ends like that");
    ok(!secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS, slice_of("")),
       "... and not for no table at all");
    ok(!secops_scopes_has(&scopes, SECOPS_SCOPE_WRITE_RESOURCES,
                          slice_of("a")),
       "... nor for what they are not about");
    ok(!secops_scopes_has(&scopes, SECOPS_SCOPE_NONE, slice_of("a")),
       "an operation that takes no scope is open to none");

    scopes.whole = SECOPS_SCOPE_NONE;
    scopes.narrow = slice_of("");

    ok(!secops_scopes_has(&scopes, SECOPS_SCOPE_READ_RECORDS, slice_of("a")),
       "who has no scope has none for a table");
}


static void
test_has_name(void)
{
    secops_scopes_t  scopes;

    scopes.whole = SECOPS_SCOPE_WRITE_RECORDS;
    scopes.narrow = slice_of("read:records:a read:records:bc ");

    ok(secops_scopes_has_name(&scopes, slice_of("write:records"))
       && secops_scopes_has_name(&scopes, slice_of("write:records:x")),
       "who has a whole scope has each one that is narrower");
    ok(secops_scopes_has_name(&scopes, slice_of("read:records:a"))
       && secops_scopes_has_name(&scopes, slice_of("read:records:bc")),
       "who has narrowed ones has these");
    ok(!secops_scopes_has_name(&scopes, slice_of("read:records"))
       && !secops_scopes_has_name(&scopes, slice_of("read:records:b"))
       && !secops_scopes_has_name(&scopes, slice_of("read:resources")),
       "... and no others, nor the whole one");

    scopes.whole = ~0U;

    ok(!secops_scopes_has_name(&scopes, slice_of("write:event"))
       && !secops_scopes_has_name(&scopes, slice_of("")),
       "who has all has none that is not known");
}


static void
test_definition(void)
{
    json_t                     *json, *names;
    size_t                      i;
    secops_slice_t              name, table;
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
    names = json_object_get(names, "else");
    names = json_object_get(names, "enum");

    is_int(json_array_size(names), SECOPS_SCOPES,
           "it names as many scopes as there are");

    for (i = 0; i < json_array_size(names); i++) {
        name = slice_of(json_string_value(json_array_get(names, i)));

        ok(secops_scope(name, &table) != SECOPS_SCOPE_NONE, "... %.*s is one",
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


/* Which members of a document a change has touched. */

#include <stdio.h>
#include <string.h>

#include "model/resource/secops_resource_changed.h"
#include "secops_tap.h"


static void
check(const char *before, const char *after, const char *expected)
{
    json_t         *old, *new;
    secops_text_t   list;

    memset(&list, 0, sizeof(secops_text_t));

    old = json_loads(before, JSON_DECODE_ANY, NULL);
    new = json_loads(after, JSON_DECODE_ANY, NULL);

    secops_resource_changed(&list, old, new);

    ok(old && new && !list.failed && list.len == strlen(expected)
       && (list.len == 0 || memcmp(list.data, expected, list.len) == 0),
       "%s, %s: \"%s\"", before, after, expected);

    secops_text_free(&list);
    json_decref(old);
    json_decref(new);
}


static void
test_names(void)
{
    check("{}", "{}", "");
    check("{\"a\":1}", "{\"a\":1}", "");
    check("{\"a\":1}", "{\"a\":2}", "/a");
    check("{\"a\":1,\"b\":2}", "{\"b\":3,\"a\":2}", "/b,/a");
    check("{}", "{\"a\":null}", "/a");
    check("{\"a\":null}", "{}", "/a");
    check("{\"a\":1}", "{\"a\":\"1\"}", "/a");
    check("{\"a\":{\"b\":{\"c\":1,\"d\":2}}}",
          "{\"a\":{\"b\":{\"c\":1,\"d\":3}}}", "/a/b/d");
    check("{\"a\":{\"b\":1}}", "{\"a\":[1]}", "/a");
    check("{\"a\":{\"b\":1}}", "{\"a\":{}}", "/a/b");
    check("{\"a\":[1,2,3]}", "{\"a\":[1,3,3]}", "/a/1");
    check("{\"a\":[1,2]}", "{\"a\":[1,2,3]}", "/a");
    check("{\"a\":[{\"b\":1},{\"b\":2}]}", "{\"a\":[{\"b\":1},{\"b\":3}]}",
          "/a/1/b");
    check("{\"a/b\":{\"c~d\":1}}", "{\"a/b\":{\"c~d\":2}}", "/a~1b/c~0d");
    check("{\"\":1}", "{\"\":2}", "/");
    check("{\"digest\":1,\"old_digest\":1,\"name\":1}",
          "{\"digest\":2,\"old_until\":1,\"name\":1}", "/value");
    check("{\"a\":{\"digest\":1,\"old_digest\":1}}",
          "{\"a\":{\"digest\":2}}", "/a/digest,/a/old_digest");
    check("{\"updated_by\":1,\"updated_on\":1,\"a\":{\"updated_by\":1}}",
          "{\"updated_by\":2,\"updated_on\":2,\"a\":{\"updated_by\":2}}",
          "/a/updated_by");
}


/* whatever there is, the list is short, and never has a value */

static void
test_bounds(void)
{
    char            name[400];
    int             i;
    json_t         *before, *after, *deep;
    secops_text_t   list;

    memset(&list, 0, sizeof(secops_text_t));

    before = json_object();
    after = json_object();

    for (i = 0; i < 1000; i++) {
        (void) snprintf(name, sizeof(name), "member-%d", i);
        json_object_set_new(after, name, json_string("a-secret-value"));
    }

    secops_resource_changed(&list, before, after);

    ok(list.len > 900 && list.len <= SECOPS_RESOURCE_CHANGED,
       "of many members as many as there is room for: %zu bytes", list.len);
    ok(list.len > 3 && memcmp(list.data + list.len - 4, ",…", 4) == 0,
       "... and a sign that there are others");
    ok(strstr(secops_text_string(&list), "a-secret-value") == NULL,
       "... and no value");

    list.len = 0;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';

    json_decref(after);
    after = json_object();
    json_object_set_new(after, name, json_integer(1));

    secops_resource_changed(&list, before, after);
    ok(list.len < 300, "a long name is cut: %zu bytes", list.len);

    list.len = 0;

    for (i = 0; i < 60; i++) {
        deep = json_object();
        json_object_set_new(deep, name, before);
        before = deep;
        deep = json_object();
        json_object_set_new(deep, name, after);
        after = deep;
    }

    secops_resource_changed(&list, before, after);
    ok(list.len > 0 && list.len <= SECOPS_RESOURCE_CHANGED,
       "a deep path is cut: %zu bytes", list.len);

    secops_text_free(&list);
    json_decref(before);
    json_decref(after);
}


int
main(void)
{
    test_names();
    test_bounds();

    return tap_done();
}

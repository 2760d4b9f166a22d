
/* What a change has touched; see secops_resource_changed.h. */

#include <stdio.h>
#include <string.h>

#include "model/resource/secops_resource_changed.h"
#include "util/secops_faults.h"


typedef struct {
    secops_text_t  *list;
    size_t          begin;      /* of this list in its text */
    secops_text_t   path;       /* of what is being compared */
    int             full;
} secops_resource_changes_t;


static void secops_resource_changed_value(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after);
static void secops_resource_changed_object(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after);
static void secops_resource_changed_array(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after);
static const char *secops_resource_changed_name(
    const secops_resource_changes_t *changes, const char *name);
static size_t secops_resource_changed_down(secops_resource_changes_t *changes,
    const char *name);
static void secops_resource_changed_tell(secops_resource_changes_t *changes);


void
secops_resource_changed(secops_text_t *list, const json_t *before,
    const json_t *after)
{
    secops_resource_changes_t  changes;

    memset(&changes, 0, sizeof(secops_resource_changes_t));

    changes.list = list;
    changes.begin = list->len;

    secops_resource_changed_value(&changes, before, after);

    if (changes.path.failed) {
        list->failed = 1;
    }

    secops_text_free(&changes.path);
}


/* each value is looked at once, however deep it lies */

static void
secops_resource_changed_value(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after)
{
    if (changes->full) {
        return;
    }

    if (json_is_object(before) && json_is_object(after)) {
        secops_resource_changed_object(changes, before, after);

    } else if (json_is_array(before)
               && json_is_array(after)
               && json_array_size(before) == json_array_size(after))
    {
        secops_resource_changed_array(changes, before, after);

    } else if (!json_equal(before, after)) {
        secops_resource_changed_tell(changes);
    }
}


static void
secops_resource_changed_object(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after)
{
    size_t       len;
    json_t      *value;
    const char  *name, *shown;

    json_object_foreach((json_t *) after, name, value) {

        shown = secops_resource_changed_name(changes, name);

        if (shown) {
            len = secops_resource_changed_down(changes, shown);
            secops_resource_changed_value(changes,
                                          json_object_get(before, name), value);
            changes->path.len = len;
        }
    }

    json_object_foreach((json_t *) before, name, value) {

        shown = secops_resource_changed_name(changes, name);

        if (shown && json_object_get(after, name) == NULL) {
            len = secops_resource_changed_down(changes, shown);
            secops_resource_changed_tell(changes);
            changes->path.len = len;
        }
    }
}


static void
secops_resource_changed_array(secops_resource_changes_t *changes,
    const json_t *before, const json_t *after)
{
    char    name[24];
    size_t  i, len;

    for (i = 0; i < json_array_size(after); i++) {

        (void) snprintf(name, sizeof(name), "%zu", i);

        len = secops_resource_changed_down(changes, name);
        secops_resource_changed_value(changes, json_array_get(before, i),
                                      json_array_get(after, i));
        changes->path.len = len;
    }
}


/* what a member is told as; NULL: not at all.  Below the document itself all
   names are the client's */

static const char *
secops_resource_changed_name(const secops_resource_changes_t *changes,
    const char *name)
{
    size_t  i;

    static const char *const  silent[] = {
        "updated_by", "updated_on", "old_digest", "old_until"
    };

    if (changes->path.len) {
        return name;
    }

    for (i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (strcmp(name, silent[i]) == 0) {
            return NULL;
        }
    }

    return strcmp(name, "digest") == 0 ? "value" : name;
}


/* returns the length to go back to */

static size_t
secops_resource_changed_down(secops_resource_changes_t *changes,
    const char *name)
{
    size_t  len;

    len = changes->path.len;

    if (len < SECOPS_RESOURCE_CHANGED_PATH) {
        secops_faults_append_member(&changes->path, secops_slice_of(name));
    }

    return len;
}


static void
secops_resource_changed_tell(secops_resource_changes_t *changes)
{
    size_t          len;
    secops_text_t  *list;

    static const char  more[] = "…";

    if (changes->full) {
        return;
    }

    list = changes->list;
    len = list->len - changes->begin;

    if (len) {
        secops_text_append_string(list, ",");
    }

    /* room for this one, a comma, and the sign that there are others */

    changes->full = (len + changes->path.len + 2 + sizeof(more)
                     > SECOPS_RESOURCE_CHANGED);

    if (changes->full) {
        secops_text_append_string(list, more);

    } else {
        secops_text_append(list, secops_text_slice(&changes->path));
    }
}


/* A change of a stored record; see secops_record_change.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json_tokens.h"
#include "model/record/secops_record_change.h"
#include "model/record/secops_record_internal.h"


/* the keys of the patch's fields by their hash: there may be thousands, and as
   many in the record */

typedef struct {
    const secops_json_t  *json;
    uint32_t             *keys;         /* tokens; 0: there is none */
    unsigned char        *used;         /* 1: the record has this member */
    uint32_t              mask;
} secops_record_map_t;


/* a patch at work */

typedef struct {
    secops_record_change_t        *change;
    const secops_record_stored_t  *stored;
    const secops_json_t           *json;
    uint32_t                       object;
    const secops_record_body_t    *body;
    secops_record_map_t            map;
    secops_text_t                  fields;  /* what comes out, without the
                                               server's members */
    secops_text_t                  name;    /* memory for one */
    unsigned                       differs:1;
    unsigned                       full:1;  /* so are the names of members */
} secops_record_patch_t;


/* a member that the server writes when a record is changed */

typedef struct {
    const char      *name;
    secops_slice_t   value;             /* UTF-8 */
} secops_record_server_t;

#define SECOPS_RECORD_SERVER  3

/* beyond those that a record needs, when it is read once more */

#define SECOPS_RECORD_TOKENS  64


static int secops_record_patch_subject(secops_record_patch_t *patch,
    const char *where, secops_record_faults_t *faults);
static void secops_record_patch_fact(secops_record_patch_t *patch,
    const char *where, secops_record_faults_t *faults);
static int secops_record_same_text(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j);
static int secops_record_patch_map(secops_record_patch_t *patch,
    unsigned subject);
static uint32_t *secops_record_map_slot(secops_record_map_t *map,
    uint32_t hash, secops_slice_t name);
static void secops_record_patch_merge(secops_record_patch_t *patch);
static void secops_record_patch_member(secops_record_patch_t *patch,
    uint32_t key);
static void secops_record_patch_add(secops_record_patch_t *patch);
static int secops_record_same_value(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j);
static secops_slice_t secops_record_value_text(const secops_json_t *json,
    uint32_t i);
static int secops_record_patch_finish(secops_record_patch_t *patch,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults);
static int secops_record_patch_keep(secops_record_patch_t *patch);
static int secops_record_patch_read(secops_record_patch_t *patch,
    secops_json_t *merged, const char *where, secops_record_faults_t *faults);
static void secops_record_patch_compare(secops_record_patch_t *patch,
    const secops_json_t *merged);
static void secops_record_patch_name(secops_record_patch_t *patch,
    secops_slice_t name);
static void secops_record_patch_compose(secops_record_patch_t *patch);
static void secops_record_patch_server(secops_record_patch_t *patch,
    secops_record_server_t *server);
static void secops_record_patch_text(secops_text_t *text, const char *name,
    secops_slice_t value);


int
secops_record_change(secops_record_change_t *change,
    const secops_record_stored_t *stored, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults)
{
    int                    rc;
    secops_record_patch_t  patch;

    memset(&patch, 0, sizeof(secops_record_patch_t));

    patch.change = change;
    patch.stored = stored;
    patch.json = json;
    patch.object = i;
    patch.body = body;

    change->changed = 0;
    change->mod_count = stored->mod_count;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                            "must be an object");
        return -1;
    }

    secops_record_check_patch(change->table, json, i, body, where, faults);

    rc = secops_record_patch_subject(&patch, where, faults);

    secops_record_patch_fact(&patch, where, faults);

    if (rc >= 0) {
        rc = secops_record_patch_map(&patch, (unsigned) rc);
    }

    if (rc == 0) {
        secops_record_patch_merge(&patch);
        rc = secops_record_patch_finish(&patch, options, where, faults);
    }

    if (rc == -1) {
        secops_record_fault(faults, SECOPS_ERROR_UNKNOWN, where, "no memory");
    }

    secops_text_free(&patch.fields);
    secops_text_free(&patch.name);
    free(patch.map.keys);

    return (faults->all.error == SECOPS_ERROR_NONE) ? 0 : -1;
}


/* 1: the patch has the record be about something else; 0: it does not; -1: no
   memory */

static int
secops_record_patch_subject(secops_record_patch_t *patch, const char *where,
    secops_record_faults_t *faults)
{
    size_t                 len;
    unsigned char         *buf;
    secops_slice_t         now, then;
    const secops_table_t  *table;

    table = patch->change->table;

    if (table->subject.len == 0
        || secops_json_member(patch->json, patch->object, table->subject.data,
                              table->subject.len)
           == 0)
    {
        return 0;
    }

    len = patch->stored->json.tokens[0].len;
    buf = malloc(len + patch->json->tokens[patch->object].len);

    if (buf == NULL) {
        return -1;
    }

    now = secops_record_subject(table, &patch->stored->json, 0, buf);
    then = secops_record_subject(table, patch->json, patch->object, buf + len);

    len = (size_t) secops_slice_equal(now, then);

    free(buf);

    if (len) {
        return 0;
    }

    secops_record_fault_member(faults, SECOPS_ERROR_BODY, where,
                               table->subject,
                               "cannot be changed: it says what the record is"
                               " about");

    return 1;
}


/* the record is found by these when the same is said again */

static void
secops_record_patch_fact(secops_record_patch_t *patch, const char *where,
    secops_record_faults_t *faults)
{
    size_t                 n;
    uint32_t               now, then;
    secops_slice_t         name;
    const secops_json_t   *stored, *json;
    const secops_table_t  *table;

    table = patch->change->table;
    stored = &patch->stored->json;
    json = patch->json;

    for (n = 0; n < table->ncoalesce; n++) {

        name = table->coalesce[n];
        then = secops_json_member(json, patch->object, name.data, name.len);

        if (then == 0 || secops_slice_equal(name, table->subject)) {
            continue;
        }

        now = secops_json_member(stored, 0, name.data, name.len);

        if (now == 0 || secops_record_empty(stored, now)) {

            if (secops_record_empty(json, then)) {
                continue;
            }

        } else if (secops_record_same_text(stored, now, json, then)) {
            continue;
        }

        secops_record_fault_member(faults, SECOPS_ERROR_BODY, where, name,
                                   "cannot be changed: it says which fact the"
                                   " record is");
    }
}


/* 1: the same fact, as secops_record_fact() has it */

static int
secops_record_same_text(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j)
{
    secops_slice_t  text;

    if (a->tokens[i].flags & b->tokens[j].flags & SECOPS_JSON_ESCAPED) {
        return secops_json_equal(a, i, b, j);
    }

    if (a->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        text = secops_json_raw(b, j);
        return secops_json_string_is(a, i, text.data, text.len);
    }

    text = secops_json_raw(a, i);

    return secops_json_string_is(b, j, text.data, text.len);
}


/* what is no field is left out; so is the subject if it is not to be changed.
   -1: no memory */

static int
secops_record_patch_map(secops_record_patch_t *patch, unsigned subject)
{
    uint32_t              i, n, last, *slot;
    secops_slice_t        name;
    secops_record_map_t  *map;
    const secops_json_t  *json;

    map = &patch->map;
    json = patch->json;

    for (n = 4; n < 2 * json->tokens[patch->object].size; n *= 2) {
        /* void */
    }

    map->json = json;
    map->mask = n - 1;
    map->keys = calloc(n, sizeof(uint32_t) + 1);

    if (map->keys == NULL) {
        return -1;
    }

    map->used = (unsigned char *) &map->keys[n];

    last = json->tokens[patch->object].next;

    for (i = patch->object + 1; i < last; i = json->tokens[i].next) {

        name = secops_record_key_name(json, i, &patch->name);

        if (secops_record_is_apart(patch->body, json, i)
            || secops_record_is_server(name)
            || (subject
                && secops_slice_equal(name, patch->change->table->subject)))
        {
            continue;
        }

        slot = secops_record_map_slot(map, json->tokens[i].size, name);
        *slot = i;
    }

    return patch->name.failed ? -1 : 0;
}


/* where the key with this name is, or would be */

static uint32_t *
secops_record_map_slot(secops_record_map_t *map, uint32_t hash,
    secops_slice_t name)
{
    uint32_t  n, key;

    for (n = hash & map->mask; /* void */ ; n = (n + 1) & map->mask) {

        key = map->keys[n];

        if (key == 0
            || (map->json->tokens[key].size == hash
                && secops_json_string_is(map->json, key, name.data, name.len)))
        {
            return &map->keys[n];
        }
    }
}


static void
secops_record_patch_merge(secops_record_patch_t *patch)
{
    uint32_t              key, last;
    secops_text_t        *fields;
    const secops_json_t  *json;

    fields = &patch->fields;
    json = &patch->stored->json;
    last = json->tokens[0].next;

    secops_text_append_string(fields, "{");

    for (key = 1; key < last; key = json->tokens[key].next) {
        secops_record_patch_member(patch, key);
    }

    secops_record_patch_add(patch);

    /* over the comma after the last member */

    if (fields->len > 1 && !fields->failed) {
        fields->len--;
    }

    secops_text_append_string(fields, "}");
}


/* a member of the record, as it was or as it is to be */

static void
secops_record_patch_member(secops_record_patch_t *patch, uint32_t key)
{
    uint32_t             *slot;
    secops_text_t        *fields;
    secops_slice_t        name;
    const secops_json_t  *json;

    fields = &patch->fields;
    json = &patch->stored->json;
    name = secops_record_key_name(json, key, &patch->name);

    if (secops_record_is_server(name)) {
        return;
    }

    slot = secops_record_map_slot(&patch->map, json->tokens[key].size, name);

    if (*slot) {
        patch->map.used[slot - patch->map.keys] = 1;
    }

    if (*slot == 0
        || secops_record_same_value(json, key + 1, patch->json, *slot + 1))
    {
        secops_text_append(fields, secops_record_member_text(json, key));

    } else {
        patch->differs = 1;

        secops_text_append(fields, secops_record_value_text(json, key));
        secops_text_append_string(fields, ":");
        secops_text_append(fields, secops_record_value_text(patch->json,
                                                            *slot + 1));
    }

    secops_text_append_string(fields, ",");
}


/* what the record does not have yet, in the order of the patch */

static void
secops_record_patch_add(secops_record_patch_t *patch)
{
    uint32_t              key, last, *slot;
    secops_slice_t        name;
    const secops_json_t  *json;

    json = patch->json;
    last = json->tokens[patch->object].next;

    for (key = patch->object + 1; key < last; key = json->tokens[key].next) {

        name = secops_record_key_name(json, key, &patch->name);
        slot = secops_record_map_slot(&patch->map, json->tokens[key].size,
                                      name);

        if (*slot && !patch->map.used[slot - patch->map.keys]) {
            patch->differs = 1;

            secops_text_append(&patch->fields,
                               secops_record_member_text(json, key));
            secops_text_append_string(&patch->fields, ",");
        }
    }
}


/* 1: the same bytes, or strings that differ in nothing but their escapes */

static int
secops_record_same_value(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j)
{
    return a->tokens[i].type == b->tokens[j].type
           && (secops_slice_equal(secops_json_raw(a, i), secops_json_raw(b, j))
               || (a->tokens[i].type == SECOPS_JSON_STRING
                   && secops_json_equal(a, i, b, j)));
}


/* a value, or a key, as it stands in the document: a string with its quotes */

static secops_slice_t
secops_record_value_text(const secops_json_t *json, uint32_t i)
{
    secops_slice_t  text;

    text = secops_json_raw(json, i);

    if (json->tokens[i].type == SECOPS_JSON_STRING) {
        text.data--;
        text.len += 2;
    }

    return text;
}


/* what was merged: if it may be stored, the change is made of it.  A choice may
   be respelled in it, so only then it is known what differs.  -1: no memory */

static int
secops_record_patch_finish(secops_record_patch_t *patch,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults)
{
    secops_json_t            merged;
    secops_record_body_t     body;
    secops_record_change_t  *change;

    change = patch->change;

    if (!patch->differs && !change->always) {
        return secops_record_patch_keep(patch);
    }

    switch (secops_record_patch_read(patch, &merged, where, faults)) {

    case SECOPS_JSON_OK:
        break;

    case SECOPS_JSON_ERROR:
        return 0;

    default: /* SECOPS_JSON_MORE */
        return -1;
    }

    memset(&body, 0, sizeof(secops_record_body_t));
    body.bytes = patch->fields.data;

    (void) secops_record_check(change->table, &merged, 0, &body, options,
                               where, faults);

    if (faults->all.error == SECOPS_ERROR_NONE) {
        secops_record_patch_compare(patch, &merged);

        if (change->changed) {
            secops_record_patch_compose(patch);

        } else {
            (void) secops_record_patch_keep(patch);
        }
    }

    free(merged.tokens);

    return (patch->name.failed || change->document.failed
            || change->members.failed)
           ? -1 : 0;
}


/* nothing differs: the record stays as it is.  -1: no memory */

static int
secops_record_patch_keep(secops_record_patch_t *patch)
{
    secops_text_t  *document;

    document = &patch->change->document;

    secops_text_append(document, patch->stored->json.text);

    return document->failed ? -1 : 0;
}


/* ERROR: faults says why; MORE: no memory */

static int
secops_record_patch_read(secops_record_patch_t *patch, secops_json_t *merged,
    const char *where, secops_record_faults_t *faults)
{
    int                    rc;
    char                   message[128];
    secops_slice_t         fields;
    secops_json_error_t    error;
    secops_json_reading_t  how;

    if (patch->fields.failed || patch->name.failed) {
        return SECOPS_JSON_MORE;
    }

    fields = secops_text_slice(&patch->fields);

    if (fields.len > patch->change->max
        && fields.len > patch->stored->json.tokens[0].len)
    {
        secops_record_fault(faults, SECOPS_ERROR_TOO_LARGE, where,
                            "makes the record larger than a body may be");
        return SECOPS_JSON_ERROR;
    }

    /* as many as there were will do, most of the time */

    memset(&how, 0, sizeof(secops_json_reading_t));
    how.limits = patch->change->limits;
    how.nfirst = patch->stored->json.ntokens + patch->json->ntokens
                 + patch->stored->json.tokens[0].size + SECOPS_RECORD_TOKENS;
    how.first = malloc(how.nfirst * sizeof(secops_json_token_t));

    rc = secops_json_tokens(merged, fields, &how, &error);

    if (rc != SECOPS_JSON_OK || merged->tokens != how.first) {
        free(how.first);
    }

    if (rc == SECOPS_JSON_ERROR) {
        (void) snprintf(message, sizeof(message),
                        "makes the record not acceptable: %s", error.reason);
        secops_record_fault(faults, SECOPS_ERROR_BODY, where, message);
    }

    return rc;
}


/* the record's own members come first in what was merged, in their order */

static void
secops_record_patch_compare(secops_record_patch_t *patch,
    const secops_json_t *merged)
{
    uint32_t                 key, old, last;
    secops_slice_t           name;
    const secops_json_t     *stored;
    secops_record_change_t  *change;

    change = patch->change;
    stored = &patch->stored->json;
    key = 1;
    last = stored->tokens[0].next;

    change->changed = change->always;

    for (old = 1; old < last; old = stored->tokens[old].next) {

        name = secops_record_key_name(stored, old, &patch->name);

        if (secops_record_is_server(name)) {
            continue;
        }

        if (!secops_record_same_value(stored, old + 1, merged, key + 1)) {
            change->changed = 1;
            secops_record_patch_name(patch, name);
        }

        key = merged->tokens[key].next;
    }

    last = merged->tokens[0].next;

    for ( /* void */ ; key < last; key = merged->tokens[key].next) {
        change->changed = 1;
        name = secops_record_key_name(merged, key, &patch->name);
        secops_record_patch_name(patch, name);
    }
}


static void
secops_record_patch_name(secops_record_patch_t *patch, secops_slice_t name)
{
    secops_text_t  *members;

    static const char  more[] = "…";

    members = &patch->change->members;

    if (patch->full) {
        return;
    }

    if (members->len) {
        secops_text_append_string(members, ",");
    }

    /* a name that is cut, a comma, and the sign that there are others */

    patch->full = (members->len + SECOPS_FAULTS_NAME + 1 + 2 * sizeof(more)
                   > SECOPS_RECORD_MEMBERS);

    if (patch->full) {
        secops_text_append_string(members, more);

    } else {
        secops_faults_append_name(members, name, SECOPS_FAULTS_NAME);
    }
}


/* the server's members, then what was merged */

static void
secops_record_patch_compose(secops_record_patch_t *patch)
{
    unsigned                 n;
    unsigned char            count[SECOPS_RECORD_ETAG];
    secops_slice_t           rest;
    secops_record_change_t  *change;
    secops_record_server_t   server[SECOPS_RECORD_SERVER];

    change = patch->change;
    change->mod_count++;

    server[0].name = "sys_updated_on";
    server[0].value = secops_slice_bytes(change->updated, SECOPS_TIME_LEN);
    server[1].name = "sys_mod_count";
    server[1].value = secops_slice_bytes(count + 1,
                                         secops_record_etag(count,
                                                            change->mod_count)
                                         - count - 2);
    server[2].name = "sys_updated_by";
    server[2].value = change->user;

    secops_text_append_string(&change->document, "{");

    secops_record_patch_server(patch, server);

    for (n = 0; n < SECOPS_RECORD_SERVER; n++) {
        if (server[n].name) {
            secops_record_patch_text(&change->document, server[n].name,
                                     server[n].value);
        }
    }

    rest = secops_text_slice(&patch->fields);
    rest.data++;
    rest.len--;

    secops_text_append(&change->document, rest);
}


/* those that the record has; of these, server loses the name */

static void
secops_record_patch_server(secops_record_patch_t *patch,
    secops_record_server_t *server)
{
    unsigned              n;
    uint32_t              key, last;
    secops_text_t        *document;
    secops_slice_t        name;
    const secops_json_t  *json;

    document = &patch->change->document;
    json = &patch->stored->json;
    last = json->tokens[0].next;

    for (key = 1; key < last; key = json->tokens[key].next) {

        name = secops_record_key_name(json, key, &patch->name);

        if (!secops_record_is_server(name)) {
            continue;
        }

        for (n = 0; n < SECOPS_RECORD_SERVER; n++) {
            if (server[n].name
                && secops_slice_equal(name, secops_slice_of(server[n].name)))
            {
                break;
            }
        }

        if (n < SECOPS_RECORD_SERVER) {
            secops_record_patch_text(document, server[n].name,
                                     server[n].value);
            server[n].name = NULL;

        } else {
            secops_text_append(document, secops_record_member_text(json, key));
            secops_text_append_string(document, ",");
        }
    }
}


/* "name":"value", */

static void
secops_record_patch_text(secops_text_t *text, const char *name,
    secops_slice_t value)
{
    secops_text_append_string(text, "\"");
    secops_text_append_string(text, name);
    secops_text_append_string(text, "\":\"");
    secops_text_append_escaped(text, value);
    secops_text_append_string(text, "\",");
}


void
secops_record_change_free(secops_record_change_t *change)
{
    secops_text_free(&change->document);
    secops_text_free(&change->members);

    change->changed = 0;
    change->mod_count = 0;
}


/*
 * A store of resources in memory, and one function that does to it what a
 * request does: reads it, plans it, looks up what the plan asks for, stores
 * what comes out.  Texts here have ` for " so that they can be read.
 */

#ifndef _RESOURCE_STORE_H_INCLUDED_
#define _RESOURCE_STORE_H_INCLUDED_


#include <stdlib.h>

#include "model/json/secops_json_dump.h"
#include "model/plan/secops_resource_plan.h"
#include "model/resource/secops_resource_render.h"
#include "resource_read.h"
#include "secops_tap.h"


#define STORE_MAX  12000


typedef struct {
    secops_resource_type_e  type;
    char                   *id;
    char                   *title;
    char                   *document;
} store_row_t;


static store_row_t              store[STORE_MAX];
static size_t                   nstore;
static int64_t                  store_next_id = SECOPS_RESOURCE_FIRST_ID;
static unsigned                 store_rounds, store_lookups, store_written;
static unsigned                 store_nsteps;
static const char              *store_time = "2026-01-01 00:00:00";
static const secops_secret_keys_t  *store_secrets;
static void                   (*store_before_decide)(void);
static void                   (*store_after_decide)(void);
static char                     store_told[65536];
static secops_catalog_t         catalog;
static secops_resource_model_t  model;


static inline int
store_init(void)
{
    secops_schema_error_t  error;

    memset(&error, 0, sizeof(error));

    if (!ok(secops_catalog_init(&catalog, &error) == 0
            && secops_catalog_complete(&catalog, &error) == 0
            && secops_resource_model_compile(&model, &catalog, &error) == 0,
            "the definitions compile"))
    {
        printf("# %s %s\n", error.pointer, error.reason);
        return -1;
    }

    return 0;
}


static inline void
store_clear(void)
{
    while (nstore) {
        nstore--;
        free(store[nstore].id);
        free(store[nstore].title);
        free(store[nstore].document);
    }

    store_next_id = SECOPS_RESOURCE_FIRST_ID;
}


static inline void
store_done(void)
{
    store_clear();
    secops_resource_model_free(&model);
    secops_catalog_free(&catalog);
}


static inline char *
store_copy(const unsigned char *data, size_t len)
{
    char  *copy;

    copy = malloc(len + 1);
    memcpy(copy, data, len);
    copy[len] = '\0';

    return copy;
}


static inline store_row_t *
store_find(secops_resource_type_e type, int by_id, secops_slice_t what)
{
    size_t       i;
    const char  *text;

    for (i = 0; i < nstore; i++) {

        text = by_id ? store[i].id : store[i].title;

        if (store[i].type == type && strlen(text) == what.len
            && memcmp(text, what.data, what.len) == 0)
        {
            return &store[i];
        }
    }

    return NULL;
}


/* by title; NULL: there is none */

static inline const char *
store_document(secops_resource_type_e type, const char *title)
{
    store_row_t     *row;
    secops_slice_t   what;

    what.len = strlen(title);
    what.data = (const unsigned char *) title;

    row = store_find(type, 0, what);

    return row ? row->document : NULL;
}


static inline void
store_write(const secops_resource_entry_t *entry)
{
    json_t       *key;
    store_row_t  *row;

    if (!entry->created && entry->document.len == 0
        && entry->old_title.len == 0)
    {
        return;
    }

    row = entry->created ? &store[nstore++]
                         : store_find(entry->resource->type, 1, entry->id);

    if (!entry->created) {
        free(row->id);
        free(row->title);
        free(row->document);
    }

    store_written++;

    row->type = entry->resource->type;
    row->id = store_copy(entry->id.data, entry->id.len);
    row->title = store_copy(entry->title.data, entry->title.len);

    if (row->type == SECOPS_RESOURCE_API_KEY) {
        key = json_pack("{s:s}", "name", row->title);
        row->document = json_dumps(key, 0);
        json_decref(key);

    } else {
        row->document = store_copy(entry->document.data, entry->document.len);
    }
}


/* tells the plan what there is; 0, or -1: it has none of it */

static inline int
store_answer(secops_resource_plan_t *plan)
{
    size_t                           i, n;
    store_row_t                     *row;
    secops_slice_t                   id, document;
    const secops_resource_lookup_t  *lookups;

    lookups = secops_resource_plan_lookups(plan, &n);

    for (i = 0; i < n; i++) {

        store_lookups++;
        row = store_find(lookups[i].type,
                         lookups[i].by == SECOPS_RESOURCE_BY_ID,
                         lookups[i].what);
        if (row == NULL) {
            continue;
        }

        id.len = strlen(row->id);
        id.data = (unsigned char *) row->id;
        document.len = strlen(row->document);
        document.data = (unsigned char *) row->document;

        if (secops_resource_plan_found(plan, i, id, document) != 0) {
            return -1;
        }
    }

    return 0;
}


static inline void
store_tell_faults(const secops_faults_t *faults)
{
    size_t          place, len, size;
    secops_fault_t  fault;

    size = sizeof(store_told);
    len = snprintf(store_told, size, "%u",
                   secops_error(faults->error)->status);

    place = 0;

    while (secops_faults_next(faults, &place, &fault)) {
        len += snprintf(store_told + len, size - len, "|%.*s: %.*s",
                        (int) fault.pointer.len, fault.pointer.data,
                        (int) fault.message.len, fault.message.data);
    }
}


static inline void
store_tell_entries(const secops_resource_plan_t *plan)
{
    size_t                          i, n, len, size;
    const secops_resource_entry_t  *entries, *entry;

    size = sizeof(store_told);
    len = 0;
    store_told[0] = '\0';

    entries = secops_resource_plan_entries(plan, &n);

    for (i = 0; i < n && len < size - 512; i++) {
        entry = &entries[i];

        len += snprintf(store_told + len, size - len, "%s%s%.*s%s%.*s#%.*s",
                        i ? " " : "", entry->created ? "+"
                        : entry->document.len ? "*" : "=",
                        (int) entry->title.len,
                        (const char *) entry->title.data,
                        entry->old_title.len ? "<" : "",
                        (int) entry->old_title.len,
                        (const char *) entry->old_title.data,
                        (int) entry->id.len, (const char *) entry->id.data);
    }
}


static inline void
store_tell_sealed(const secops_resource_plan_t *plan)
{
    secops_resource_sealed_t  sealed;

    secops_resource_plan_sealed(plan, &sealed);

    (void) snprintf(store_told, sizeof(store_told), "sealed #%.*s %.*s: %s",
                    (int) sealed.id.len, (const char *) sealed.id.data,
                    (int) sealed.pointer.len,
                    (const char *) sealed.pointer.data,
                    secops_secret_reason(sealed.rc));
}


/* a key's id, the same for the same place in the request */

static inline void
store_key_ids(secops_slice_t *ids, const secops_resource_set_t *set)
{
    size_t  i;

    static char  made[32][24];

    memset(ids, 0, set->n * sizeof(secops_slice_t));

    for (i = 0; i < set->n && i < 32; i++) {
        if (set->resources[i].sound
            && set->resources[i].type == SECOPS_RESOURCE_API_KEY)
        {
            ids[i].len = sprintf(made[i], "key%zu", i);
            ids[i].data = (unsigned char *) made[i];
        }
    }
}


/* a key called "Over" is, unless the request rotates it */

static inline int
store_key_over(const secops_resource_context_t *context, const json_t *stored,
    const json_t *properties)
{
    const json_t  *name;

    name = json_object_get(properties ? properties : stored, "name");

    return strcmp(json_string_value(name), "Over") == 0
           && !json_is_true(json_object_get(properties, "rotate"));
}


/* until there is something to be done by others */

static inline int
store_steps(secops_resource_plan_t *plan, int64_t *next_id,
    secops_faults_t *faults)
{
    int  rc;

    if (store_before_decide) {
        store_before_decide();
    }

    do {
        store_nsteps++;
        rc = secops_resource_plan_step(plan, next_id, faults);
    } while (rc == SECOPS_RESOURCE_BUSY);

    if (store_after_decide) {
        store_after_decide();
    }

    return rc;
}


/*
 * What a request does: for each resource "+title#id" if it was created,
 * "*title#id" if it was changed, "*title<old#id" if it was given a new title,
 * "=title#id" if it was left as it is; or the status, and "|pointer: message"
 * for every fault.
 */

static inline const char *
store_post_text(const char *text, int overwrite)
{
    int                         rc;
    size_t                      i, n, len;
    int64_t                     next_id;
    secops_json_t               json;
    secops_slice_t             *ids;
    secops_json_token_t        *tokens;
    secops_json_error_t         error;
    secops_resource_set_t       set;
    secops_resource_plan_t     *plan;
    secops_faults_t    faults;
    secops_resource_context_t   context;
    const secops_resource_entry_t  *entries;

    static secops_json_limits_t  limits = { 32, 100000 };

    memset(&faults, 0, sizeof(faults));
    memset(&context, 0, sizeof(context));

    store_rounds = 0;
    store_lookups = 0;
    store_written = 0;
    store_nsteps = 0;

    len = strlen(text);
    tokens = malloc(secops_json_max_tokens(len) * sizeof(secops_json_token_t));

    if (secops_json_parse(&json, (const unsigned char *) text, len, tokens,
                          secops_json_max_tokens(len), &limits, &error)
        != SECOPS_JSON_OK)
    {
        free(tokens);
        (void) snprintf(store_told, sizeof(store_told), "no JSON: %s at %zu",
                        error.reason, error.offset);
        return store_told;
    }

    (void) read_all(&set, &model, &json, 100000, &faults);

    free(tokens);

    if (faults.failed) {
        secops_resource_set_free(&set);
        secops_faults_free(&faults);
        (void) strcpy(store_told, "failed");
        return store_told;
    }

    ids = calloc(set.n + 1, sizeof(secops_slice_t));
    store_key_ids(ids, &set);

    context.user.len = 5;
    context.user.data = (const unsigned char *) "alice";
    context.time.len = strlen(store_time);
    context.time.data = (const unsigned char *) store_time;
    context.overwrite = overwrite;
    context.key_ids = ids;
    context.secrets = store_secrets;
    context.domain = slice("global");
    context.key_over = store_key_over;

    plan = secops_resource_plan_begin(&model, &set, &context);
    next_id = store_next_id;

    for ( ;; ) {
        rc = plan ? store_steps(plan, &next_id, &faults)
                  : SECOPS_RESOURCE_FAILED;

        if (rc != SECOPS_RESOURCE_MORE) {
            break;
        }

        store_rounds++;

        if (store_answer(plan) != 0) {
            rc = SECOPS_RESOURCE_FAILED;
            break;
        }
    }

    if (rc == SECOPS_RESOURCE_READY) {
        store_tell_entries(plan);
        store_next_id = next_id;

        entries = secops_resource_plan_entries(plan, &n);

        for (i = 0; i < n; i++) {
            store_write(&entries[i]);
        }

    } else if (rc == SECOPS_RESOURCE_FAULTY) {
        store_tell_faults(&faults);

    } else if (rc == SECOPS_RESOURCE_SEALED) {
        store_tell_sealed(plan);

    } else {
        (void) snprintf(store_told, sizeof(store_told), "failed");
    }

    secops_resource_plan_free(plan);
    secops_resource_set_free(&set);
    secops_faults_free(&faults);
    free(ids);

    return store_told;
}


/* the same with ` for " */

static inline const char *
store_post(const char *text)
{
    char        *copy, *p;
    const char  *told;

    copy = store_copy((const unsigned char *) text, strlen(text));

    for (p = copy; *p; p++) {
        if (*p == '`') {
            *p = '"';
        }
    }

    told = store_post_text(copy, 1);
    free(copy);

    return told;
}


/* a value's text, to be freed */

static inline char *
store_dump(const json_t *value)
{
    char           *copy;
    secops_text_t   text;

    memset(&text, 0, sizeof(text));

    secops_json_dump(&text, value);
    copy = store_copy(text.data, text.len);
    secops_text_free(&text);

    return copy;
}


/* what is shown of one, by title; to be freed */

static inline char *
store_get(secops_resource_type_e type, const char *title, int full)
{
    char            *text;
    json_t          *shown;
    store_row_t     *row;
    secops_slice_t   what, id, document;

    what.len = strlen(title);
    what.data = (const unsigned char *) title;

    row = store_find(type, 0, what);
    if (row == NULL) {
        return NULL;
    }

    id.len = strlen(row->id);
    id.data = (unsigned char *) row->id;
    document.len = strlen(row->document);
    document.data = (unsigned char *) row->document;

    shown = secops_resource_render(&model, type, id, document, full);
    text = store_dump(shown);
    json_decref(shown);

    return text;
}


#endif /* _RESOURCE_STORE_H_INCLUDED_ */

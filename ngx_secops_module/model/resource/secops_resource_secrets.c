
/* The secrets of a document; see secops_resource_secrets.h. */

#include <stdio.h>

#include "model/resource/secops_resource_secrets.h"
#include "model/resource/secops_resource_value.h"
#include "util/secops_pointer.h"


typedef struct {
    const secops_resource_owner_t  *owner;
    int                             plain;      /* what is plain is changed */
    int                             again;      /* ... and what is not under
                                                   the key that encrypts */
    secops_resource_secret_pt       handler;    /* or NULL */
    void                           *data;

    secops_text_t                   pointer;    /* where it is */
    int                             changed;
    int                             failed;
} secops_resource_search_secrets_t;


static int secops_resource_search(secops_resource_search_secrets_t *search,
    json_t *document);
static void secops_resource_search_pipeline(
    secops_resource_search_secrets_t *search, const json_t *pipeline);
static void secops_resource_search_step(
    secops_resource_search_secrets_t *search, const json_t *step);
static void secops_resource_search_object(
    secops_resource_search_secrets_t *search, json_t *object,
    const json_t *schema);
static void secops_resource_search_array(
    secops_resource_search_secrets_t *search, json_t *array,
    const json_t *schema);
static json_t *secops_resource_search_value(
    secops_resource_search_secrets_t *search, json_t *value,
    const json_t *schema);
static json_t *secops_resource_search_secret(
    secops_resource_search_secrets_t *search, secops_slice_t text);
static secops_secret_e secops_resource_search_change(
    secops_resource_search_secrets_t *search, secops_slice_t text,
    secops_text_t *envelope);


int
secops_resource_seal(const secops_resource_owner_t *owner, json_t *document)
{
    secops_resource_search_secrets_t  search;

    if (owner->keys == NULL) {
        return 0;
    }

    memset(&search, 0, sizeof(secops_resource_search_secrets_t));

    search.owner = owner;
    search.plain = 1;

    return secops_resource_search(&search, document) < 0 ? -1 : 0;
}


int
secops_resource_secrets(const secops_resource_owner_t *owner,
    json_t *document, int again, secops_resource_secret_pt handler,
    void *data)
{
    secops_resource_search_secrets_t  search;

    memset(&search, 0, sizeof(secops_resource_search_secrets_t));

    search.owner = owner;
    search.plain = again && owner->keys;
    search.again = search.plain;
    search.handler = handler;
    search.data = data;

    return secops_resource_search(&search, document);
}


/* how many were changed, or -1 */

static int
secops_resource_search(secops_resource_search_secrets_t *search,
    json_t *document)
{
    json_t                       *parameters;
    const secops_catalog_type_t  *type;

    type = secops_catalog_type(search->owner->model->catalog,
                               secops_resource_text(json_object_get(document,
                                                    "integration_type")));
    parameters = json_object_get(document, "parameters");

    if (json_is_object(parameters)) {
        secops_text_append_string(&search->pointer, "/parameters");
        secops_resource_search_object(search, parameters,
                                      type ? type->connection.json : NULL);
        search->pointer.len = 0;
    }

    secops_resource_search_pipeline(search,
                                    json_object_get(document,
                                                    "pipeline_integrations"));

    search->failed |= search->pointer.failed;

    secops_text_free(&search->pointer);

    return search->failed ? -1 : search->changed;
}


static void
secops_resource_search_pipeline(secops_resource_search_secrets_t *search,
    const json_t *pipeline)
{
    size_t  k;

    for (k = 0; k < json_array_size(pipeline); k++) {
        secops_resource_search_step(search, json_array_get(pipeline, k));
        search->pointer.len = 0;
    }
}


static void
secops_resource_search_step(secops_resource_search_secrets_t *search,
    const json_t *step)
{
    int                           role;
    json_t                       *parameters;
    secops_slice_t                name;
    const secops_catalog_type_t  *type;

    parameters = json_object_get(step, "parameters");

    if (!json_is_object(parameters)) {
        return;
    }

    name = secops_resource_text(json_object_get(step, "integration_type"));
    role = secops_catalog_role(name);
    type = secops_catalog_type(search->owner->model->catalog,
                               secops_resource_text(json_object_get(step,
                                                                    "type")));

    secops_resource_secret_step(&search->pointer,
                                json_object_get(step, "resource"), name);

    secops_resource_search_object(search, parameters,
                                  type && role >= 0 ? type->role[role].json
                                                    : NULL);
}


void
secops_resource_secret_step(secops_text_t *pointer, const json_t *resource,
    secops_slice_t role)
{
    secops_text_append_string(pointer, "/pipeline_integrations");
    secops_resource_secret_down(pointer, secops_resource_text(resource));
    secops_resource_secret_down(pointer, role);
    secops_text_append_string(pointer, "/parameters");
}


static void
secops_resource_search_object(secops_resource_search_secrets_t *search,
    json_t *object, const json_t *schema)
{
    void        *i;
    size_t       len;
    json_t      *made;
    const char  *name;

    len = search->pointer.len;

    for (i = json_object_iter(object);
         i && !search->failed;
         i = json_object_iter_next(object, i))
    {
        name = json_object_iter_key(i);

        secops_resource_secret_down(&search->pointer, secops_slice_of(name));

        made = secops_resource_search_value(search, json_object_iter_value(i),
                               secops_resource_member_schema(schema, name));

        if (made && json_object_iter_set_new(object, i, made) != 0) {
            search->failed = 1;
        }

        search->pointer.len = len;
    }
}


static void
secops_resource_search_array(secops_resource_search_secrets_t *search,
    json_t *array, const json_t *schema)
{
    size_t   i, len;
    json_t  *made;

    len = search->pointer.len;

    for (i = 0; i < json_array_size(array) && !search->failed; i++) {

        secops_resource_secret_item(&search->pointer, i);

        made = secops_resource_search_value(search, json_array_get(array, i),
                                        secops_resource_items_schema(schema));

        if (made && json_array_set_new(array, i, made) != 0) {
            search->failed = 1;
        }

        search->pointer.len = len;
    }
}


/* what is to take its place; NULL: it stays */

static json_t *
secops_resource_search_value(secops_resource_search_secrets_t *search,
    json_t *value, const json_t *schema)
{
    secops_slice_t  text;

    if (json_is_object(value)) {
        secops_resource_search_object(search, value, schema);
        return NULL;
    }

    if (json_is_array(value)) {
        secops_resource_search_array(search, value, schema);
        return NULL;
    }

    text = secops_resource_text(value);

    if (!json_is_string(value)
        || (!secops_secret_is_envelope(text)
            && (!secops_resource_is_secret(schema)
                || secops_resource_is_reference(text))))
    {
        return NULL;
    }

    return secops_resource_search_secret(search, text);
}


static json_t *
secops_resource_search_secret(secops_resource_search_secrets_t *search,
    secops_slice_t text)
{
    json_t                     *made;
    secops_text_t               envelope;
    secops_resource_secret_t    secret;

    made = NULL;

    memset(&envelope, 0, sizeof(secops_text_t));
    memset(&secret, 0, sizeof(secops_resource_secret_t));

    secret.rc = secops_resource_search_change(search, text, &envelope);

    if (secret.rc == SECOPS_SECRET_FAILED || search->pointer.failed) {
        search->failed = 1;
        secops_text_free(&envelope);
        return NULL;
    }

    if (envelope.len) {
        text = secops_text_slice(&envelope);
        made = secops_resource_string(text);
        search->failed |= (made == NULL);
        search->changed++;
    }

    if (search->handler) {
        secret.pointer = secops_text_slice(&search->pointer);
        secret.plain = !secops_secret_is_envelope(text);
        secret.changed = (made != NULL);
        secret.key_id = secops_secret_key_id(text);
        secret.current = secops_secret_is_current(search->owner->keys, text);
        search->handler(search->data, &secret);
    }

    secops_text_free(&envelope);

    return made;
}


/* the envelope, if there is to be another one than there is */

static secops_secret_e
secops_resource_search_change(secops_resource_search_secrets_t *search,
    secops_slice_t text, secops_text_t *envelope)
{
    secops_text_t                   secret;
    secops_secret_e                 rc;
    secops_secret_place_t           place;
    const secops_resource_owner_t  *owner;

    owner = search->owner;

    place.domain = owner->domain;
    place.type = secops_resource_type_name(owner->type);
    place.id = owner->id;
    place.pointer = secops_text_slice(&search->pointer);

    if (!secops_secret_is_envelope(text)) {
        return search->plain ? secops_secret_seal(owner->keys, &place, text,
                                                  envelope)
                             : SECOPS_SECRET_OK;
    }

    if (!search->again || secops_secret_is_current(owner->keys, text)) {
        return SECOPS_SECRET_OK;
    }

    memset(&secret, 0, sizeof(secops_text_t));

    rc = secops_secret_open(owner->keys, &place, text, &secret);

    if (rc == SECOPS_SECRET_OK) {
        rc = secops_secret_seal(owner->keys, &place,
                                secops_text_slice(&secret), envelope);
    }

    secops_secret_wipe(&secret);

    return rc;
}


void
secops_resource_secret_down(secops_text_t *pointer, secops_slice_t name)
{
    size_t       i, begin;
    const char  *escape;

    secops_text_append_string(pointer, "/");

    for (i = 0, begin = 0; i < name.len; i++) {

        escape = secops_pointer_escape(name.data[i]);

        if (escape) {
            secops_text_append(pointer, secops_slice_bytes(name.data + begin,
                                                           i - begin));
            secops_text_append_string(pointer, escape);
            begin = i + 1;
        }
    }

    if (begin < name.len) {
        secops_text_append(pointer, secops_slice_bytes(name.data + begin,
                                                       name.len - begin));
    }
}


void
secops_resource_secret_item(secops_text_t *pointer, size_t n)
{
    char  number[24];

    (void) snprintf(number, sizeof(number), "/%zu", n);

    secops_text_append_string(pointer, number);
}

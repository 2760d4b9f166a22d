
/* Secrets that masks keep; see secops_resource_secret.h. */

#include <openssl/crypto.h>

#include "model/plan/secops_resource_secret.h"


static secops_secret_e secops_resource_secret_open(
    secops_resource_plan_t *plan, size_t i, const secops_text_t *pointer,
    const json_t *old, secops_text_t *secret);
static int secops_resource_secret_is_plain(const json_t *old);
static void secops_resource_secret_seal(secops_resource_plan_t *plan,
    size_t i, const secops_text_t *pointer, const json_t *old,
    secops_secret_e rc);
static const char *secops_resource_secret_changed(const json_t *names,
    const json_t *made, const json_t *old);
static const char *secops_resource_secret_changed_any(const json_t *made,
    const json_t *old);
static int secops_resource_secret_same(const json_t *made, const json_t *old,
    const char *name);
static void secops_resource_secret_tell(secops_resource_plan_t *plan,
    size_t i, const json_t *pointer, const char *changed);


int
secops_resource_secret_try(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old)
{
    secops_text_t    secret;
    secops_secret_e  rc;

    if (secops_resource_secret_is_plain(old)) {
        return 0;
    }

    memset(&secret, 0, sizeof(secops_text_t));

    rc = secops_resource_secret_open(plan, i, pointer, old, &secret);

    secops_secret_wipe(&secret);

    if (rc != SECOPS_SECRET_OK) {
        secops_resource_secret_seal(plan, i, pointer, old, rc);
        return -1;
    }

    return 0;
}


int
secops_resource_secret_is_same(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old, const json_t *value)
{
    int              same;
    secops_slice_t   text;
    secops_text_t    secret;
    secops_secret_e  rc;

    if (secops_resource_secret_is_plain(old)) {
        return 0;
    }

    memset(&secret, 0, sizeof(secops_text_t));

    rc = secops_resource_secret_open(plan, i, pointer, old, &secret);
    text = secops_resource_text(value);

    same = rc == SECOPS_SECRET_OK && secret.len == text.len
           && (text.len == 0
               || CRYPTO_memcmp(secret.data, text.data, text.len) == 0);

    secops_secret_wipe(&secret);

    return same;
}


static int
secops_resource_secret_is_plain(const json_t *old)
{
    return !json_is_string(old)
           || !secops_secret_is_envelope(secops_resource_text(old));
}


static secops_secret_e
secops_resource_secret_open(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old, secops_text_t *secret)
{
    secops_secret_e        rc;
    secops_secret_place_t  place;

    place.domain = plan->context->domain;
    place.type = secops_resource_type_name(plan->set->resources[i].type);
    place.id = plan->entries[i].id;
    place.pointer = secops_text_slice(pointer);

    rc = pointer->failed ? SECOPS_SECRET_FAILED
                         : secops_secret_open(plan->context->secrets, &place,
                                              secops_resource_text(old),
                                              secret);

    if (rc == SECOPS_SECRET_FAILED) {
        plan->failed = 1;
    }

    return rc;
}


/* the first one is told */

static void
secops_resource_secret_seal(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old, secops_secret_e rc)
{
    if (plan->sealed != SECOPS_SECRET_OK) {
        return;
    }

    plan->sealed = rc;
    plan->sealed_entry = i;
    plan->sealed_pointer.len = 0;
    plan->sealed_key.len = 0;

    secops_text_append(&plan->sealed_pointer, secops_text_slice(pointer));
    secops_text_append(&plan->sealed_key,
                       secops_secret_key_id(secops_resource_text(old)));
}


void
secops_resource_secret_keep(secops_resource_plan_t *plan,
    secops_resource_kept_t *kept, const json_t *schema)
{
    json_t  *names, *secret;

    secret = json_object();
    names = json_object_get(schema, "x-secret-for");

    if (kept->list == NULL) {
        kept->list = json_array();
    }

    if (json_object_set_new(secret, "pointer",
                            secops_resource_string(
                                secops_text_slice(&plan->path)))
        != 0
        || json_object_set_new(secret, "for",
                               names ? json_incref(names) : json_null())
           != 0
        || json_array_append(kept->list, secret) != 0)
    {
        plan->failed = 1;
    }

    json_decref(secret);
}


void
secops_resource_secret_check(secops_resource_plan_t *plan, size_t i,
    const secops_resource_kept_t *kept, const json_t *schema,
    const json_t *made, const json_t *old)
{
    size_t       k;
    json_t      *before, *secret, *names, *compared;
    const char  *changed;

    if (kept->list == NULL) {
        return;
    }

    /* what was not stored was, and is, what its default says */

    before = secops_resource_copy(old);

    if (before == NULL || secops_resource_fill_in(before, schema) != 0) {
        plan->failed = 1;
        json_decref(before);
        return;
    }

    changed = NULL;
    compared = NULL;

    for (k = 0; k < json_array_size(kept->list); k++) {

        secret = json_array_get(kept->list, k);
        names = json_object_get(secret, "for");

        /* those of a map have the same schema: they are compared once */

        if (names != compared) {
            changed = secops_resource_secret_changed(names, made, before);
            compared = names;
        }

        if (changed) {
            secops_resource_secret_tell(plan, i,
                                        json_object_get(secret, "pointer"),
                                        changed);
        }
    }

    json_decref(before);
}


/* the first parameter of these that is not as it was, or NULL */

static const char *
secops_resource_secret_changed(const json_t *names, const json_t *made,
    const json_t *old)
{
    size_t       k;
    const char  *name;

    if (json_is_null(names)) {
        return secops_resource_secret_changed_any(made, old);
    }

    for (k = 0; k < json_array_size(names); k++) {

        name = json_string_value(json_array_get(names, k));

        if (!secops_resource_secret_same(made, old, name)) {
            return name;
        }
    }

    return NULL;
}


/* a secret that was kept is equal to itself */

static const char *
secops_resource_secret_changed_any(const json_t *made, const json_t *old)
{
    json_t      *value;
    const char  *name;

    json_object_foreach((json_t *) made, name, value) {

        if (!secops_resource_secret_same(made, old, name)) {
            return name;
        }
    }

    json_object_foreach((json_t *) old, name, value) {

        if (json_object_get(made, name) == NULL) {
            return name;
        }
    }

    return NULL;
}


static int
secops_resource_secret_same(const json_t *made, const json_t *old,
    const char *name)
{
    const json_t  *before, *now;

    before = json_object_get(old, name);
    now = json_object_get(made, name);

    return (before == NULL && now == NULL) || json_equal(before, now);
}


static void
secops_resource_secret_tell(secops_resource_plan_t *plan, size_t i,
    const json_t *pointer, const char *changed)
{
    size_t          len;
    secops_slice_t  below;

    /* the secret stands below where the plan is looking */

    len = plan->path.len;

    below = secops_resource_text(pointer);
    below.data += len;
    below.len -= len;

    secops_text_append(&plan->path, below);

    secops_resource_say(plan, "must be sent again: ");
    secops_resource_say_name(plan, secops_slice_of(changed));
    secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                         " says where the secret goes, and has changed");

    secops_resource_path_up(plan, len);
}


void
secops_resource_secret_free(secops_resource_kept_t *kept)
{
    json_decref(kept->list);
    kept->list = NULL;
}

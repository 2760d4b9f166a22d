
/* Parameters of a request, checked and made what is stored. */

#include "model/plan/secops_resource_secret.h"
#include "model/resource/secops_resource_secrets.h"


/* what parameters are translated with */

typedef struct {
    secops_resource_plan_t  *plan;
    size_t                   entry;
    secops_text_t           *where;     /* that secrets are bound to */
    secops_resource_kept_t   kept;
} secops_resource_translation_t;


static json_t *secops_resource_without_empty(const json_t *value);
static json_t *secops_resource_translate(
    secops_resource_translation_t *translation, const json_t *value,
    const json_t *schema, const json_t *old);
static json_t *secops_resource_translate_object(
    secops_resource_translation_t *translation, const json_t *value,
    const json_t *schema, const json_t *old);
static json_t *secops_resource_translate_array(
    secops_resource_translation_t *translation, const json_t *value,
    const json_t *schema, const json_t *old);
static json_t *secops_resource_translate_string(
    secops_resource_translation_t *translation, const json_t *value,
    const json_t *schema, const json_t *old);
static json_t *secops_resource_translate_mask(
    secops_resource_translation_t *translation, const json_t *schema,
    const json_t *old);
static json_t *secops_resource_translate_plain(
    secops_resource_translation_t *translation, const json_t *value,
    const json_t *schema, const json_t *old);
static json_t *secops_resource_translate_ref(
    secops_resource_translation_t *translation,
    const secops_resource_ref_t *ref, int wanted, const json_t *old);
static int secops_resource_key_is_over(const secops_resource_plan_t *plan,
    size_t node);
static int secops_resource_wanted(const json_t *schema);


json_t *
secops_resource_parameters(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value,
    const json_t *old, secops_text_t *where)
{
    json_t                         *given, *result;
    secops_resource_translation_t   translation;

    given = secops_resource_without_empty(value);

    if (given == NULL) {
        plan->failed = 1;
        secops_text_free(where);
        return NULL;
    }

    /* before they are checked: so what is shown can be sent back */

    if (secops_resource_fill_in(given, schema->json) != 0) {
        plan->failed = 1;
    }

    secops_resource_validate(plan, i, schema, given);

    memset(&translation, 0, sizeof(secops_resource_translation_t));

    translation.plan = plan;
    translation.entry = i;
    translation.where = where;

    result = secops_resource_translate(&translation, given, schema->json, old);

    if (result) {
        secops_resource_secret_check(plan, i, &translation.kept, schema->json,
                                     result, old);
    }

    secops_resource_secret_free(&translation.kept);
    secops_text_free(where);
    json_decref(given);

    return result;
}


/* null and "" mean that there is none, as in all requests */

static json_t *
secops_resource_without_empty(const json_t *value)
{
    json_t      *copy, *member;
    const char  *name;

    copy = json_object();

    json_object_foreach((json_t *) value, name, member) {

        if (json_is_null(member)
            || (json_is_string(member) && json_string_length(member) == 0))
        {
            continue;
        }

        if (json_object_set_new(copy, name, secops_resource_copy(member))
            != 0)
        {
            json_decref(copy);
            return NULL;
        }
    }

    return copy;
}


/* NULL: a fault was told, or there is no memory */

static json_t *
secops_resource_translate(secops_resource_translation_t *translation,
    const json_t *value, const json_t *schema, const json_t *old)
{
    switch (json_typeof(value)) {

    case JSON_OBJECT:
        return secops_resource_translate_object(translation, value, schema,
                                                old);

    case JSON_ARRAY:
        return secops_resource_translate_array(translation, value, schema,
                                               old);

    case JSON_STRING:
        return secops_resource_translate_string(translation, value, schema,
                                                old);

    default:
        return json_incref((json_t *) value);
    }
}


static json_t *
secops_resource_translate_object(secops_resource_translation_t *translation,
    const json_t *value, const json_t *schema, const json_t *old)
{
    int          failed;
    size_t       len, here;
    json_t      *copy, *member, *translated;
    const char  *name;

    failed = 0;
    here = translation->where->len;
    copy = json_object();

    if (copy == NULL) {
        translation->plan->failed = 1;
        return NULL;
    }

    json_object_foreach((json_t *) value, name, member) {

        len = secops_resource_path_down(translation->plan, name);
        secops_resource_secret_down(translation->where, secops_slice_of(name));

        translated = secops_resource_translate(translation, member,
                               secops_resource_member_schema(schema, name),
                               json_object_get(old, name));

        secops_resource_path_up(translation->plan, len);
        translation->where->len = here;

        if (translated == NULL) {
            failed = 1;

        } else if (json_object_set_new(copy, name, translated) != 0) {
            translation->plan->failed = 1;
            failed = 1;
        }
    }

    if (failed) {
        json_decref(copy);
        return NULL;
    }

    return copy;
}


/* secrets in arrays are recognised by their place */

static json_t *
secops_resource_translate_array(secops_resource_translation_t *translation,
    const json_t *value, const json_t *schema, const json_t *old)
{
    int      failed;
    size_t   i, len, here;
    json_t  *copy, *translated;

    failed = 0;
    here = translation->where->len;
    copy = json_array();

    if (copy == NULL) {
        translation->plan->failed = 1;
        return NULL;
    }

    for (i = 0; i < json_array_size(value); i++) {

        len = secops_resource_path_item(translation->plan, i);
        secops_resource_secret_item(translation->where, i);

        translated = secops_resource_translate(translation,
                                        json_array_get(value, i),
                                        secops_resource_items_schema(schema),
                                        json_array_get(old, i));

        secops_resource_path_up(translation->plan, len);
        translation->where->len = here;

        if (translated == NULL) {
            failed = 1;

        } else if (json_array_append_new(copy, translated) != 0) {
            translation->plan->failed = 1;
            failed = 1;
        }
    }

    if (failed
        || secops_resource_check_unique(translation->plan, translation->entry,
                                        schema, copy)
           != 0)
    {
        json_decref(copy);
        return NULL;
    }

    return copy;
}


static json_t *
secops_resource_translate_string(secops_resource_translation_t *translation,
    const json_t *value, const json_t *schema, const json_t *old)
{
    int                           wanted;
    json_t                       *result;
    secops_resource_ref_t         ref;
    secops_resource_plan_t       *plan;
    secops_resource_ref_error_t   error;

    plan = translation->plan;

    if (secops_secret_is_envelope(secops_resource_text(value))) {
        secops_resource_tell(plan, translation->entry, SECOPS_ERROR_INVALID,
                             "must not begin with \"" SECOPS_SECRET_BEGIN
                             "\", as what is encrypted here does");
        return NULL;
    }

    if (secops_resource_is_mask(value)
        && (secops_resource_is_secret(schema)
            || secops_secret_is_envelope(secops_resource_text(old))))
    {
        return secops_resource_translate_mask(translation, schema, old);
    }

    wanted = secops_resource_wanted(schema);

    switch (secops_resource_ref_parse(&ref, secops_resource_text(value),
                                      &error))
    {
    case SECOPS_RESOURCE_REF_OK:
        result = secops_resource_translate_ref(translation, &ref, wanted, old);
        secops_text_free(&ref.value);
        return result;

    case SECOPS_RESOURCE_REF_NONE:

        if (wanted >= 0) {
            secops_resource_tell_wanted(plan, translation->entry, wanted);
            return NULL;
        }

        return secops_resource_translate_plain(translation, value, schema,
                                               old);

    case SECOPS_RESOURCE_REF_BAD:
        secops_resource_tell_bad_ref(plan, translation->entry, &error);
        return NULL;

    default:
        plan->failed = 1;
        return NULL;
    }
}


static json_t *
secops_resource_translate_mask(secops_resource_translation_t *translation,
    const json_t *schema, const json_t *old)
{
    secops_resource_plan_t  *plan;

    plan = translation->plan;

    if (old == NULL) {
        secops_resource_tell(plan, translation->entry, SECOPS_ERROR_INVALID,
                             "stands for the secret that is stored, and there "
                             "is none");
        return NULL;
    }

    if (!secops_resource_is_secret(schema)) {
        secops_resource_tell(plan, translation->entry, SECOPS_ERROR_INVALID,
                             "stands for a secret, which this is not any "
                             "more: it must be sent itself");
        return NULL;
    }

    if (secops_resource_secret_try(plan, translation->entry,
                                   translation->where, old)
        != 0)
    {
        return NULL;
    }

    secops_resource_secret_keep(plan, &translation->kept, schema);

    return json_incref((json_t *) old);
}


/* the same secret once more is no change */

static json_t *
secops_resource_translate_plain(secops_resource_translation_t *translation,
    const json_t *value, const json_t *schema, const json_t *old)
{
    if (secops_resource_is_secret(schema)
        && secops_resource_secret_is_same(translation->plan,
                                          translation->entry,
                                          translation->where, old, value))
    {
        return json_incref((json_t *) old);
    }

    return json_incref((json_t *) value);
}


static json_t *
secops_resource_translate_ref(secops_resource_translation_t *translation,
    const secops_resource_ref_t *ref, int wanted, const json_t *old)
{
    size_t   node;
    json_t  *result;

    if (wanted >= 0 && wanted != (int) ref->type) {
        secops_resource_tell_wanted(translation->plan, translation->entry,
                                    wanted);
        return NULL;
    }

    node = secops_resource_plan_target(translation->plan, ref);

    if (node == SECOPS_RESOURCE_NOBODY) {
        secops_resource_tell_unknown(translation->plan, translation->entry,
                                     ref->type, ref->by_id,
                                     secops_text_slice(&ref->value));
        return NULL;
    }

    result = secops_resource_plan_refer(translation->plan, ref->type, node);

    if (result
        && ref->type == SECOPS_RESOURCE_API_KEY
        && !json_equal(result, old)
        && secops_resource_key_is_over(translation->plan, node))
    {
        secops_resource_tell(translation->plan, translation->entry,
                             SECOPS_ERROR_INVALID,
                             "refers to an api key that is revoked: rotate it "
                             "first");
        json_decref(result);
        return NULL;
    }

    return result;
}


/* who referred to it before may go on: that is how a key can be revoked */

static int
secops_resource_key_is_over(const secops_resource_plan_t *plan, size_t node)
{
    size_t                            found;
    const json_t                     *stored, *properties;
    const secops_resource_context_t  *context;

    context = plan->context;

    if (context->key_over == NULL) {
        return 0;
    }

    if (node < plan->set->n) {
        stored = secops_resource_plan_stored(plan, node);
        properties = plan->set->resources[node].properties;

    } else {
        found = node - plan->set->n;
        stored = plan->found[found].document;
        properties = NULL;
    }

    return context->key_over(context, stored, properties);
}


/* the type of resource that a string must refer to, or -1: any, or none */

static int
secops_resource_wanted(const json_t *schema)
{
    const json_t  *name;

    name = json_object_get(schema, "x-reference");

    return name ? secops_resource_type(secops_resource_text(name)) : -1;
}

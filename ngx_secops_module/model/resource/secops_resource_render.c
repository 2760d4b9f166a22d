
/* Stored integrations and jobs, as they are shown; see
   secops_resource_render.h. */

#include <stdlib.h>

#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "model/resource/secops_resource_value.h"


/* what is looked for in a document */

typedef struct {
    secops_resource_type_e   type;
    secops_slice_t           id;
    int                      found;
} secops_resource_search_t;


static json_t *secops_resource_render_integration(
    const secops_resource_model_t *model, secops_slice_t id,
    const json_t *document);
static json_t *secops_resource_render_job(
    const secops_resource_model_t *model, secops_slice_t id,
    const json_t *document, int full);
static json_t *secops_resource_render_properties(
    const secops_resource_model_t *model, secops_slice_t id,
    const json_t *document, int full);
static json_t *secops_resource_render_settings(const json_t *settings,
    int full);
static json_t *secops_resource_render_pipeline(
    const secops_resource_model_t *model, const json_t *pipeline);
static json_t *secops_resource_render_step(
    const secops_resource_model_t *model, const json_t *step);
static json_t *secops_resource_render_id(secops_slice_t id);
static json_t *secops_resource_render_parameters(const json_t *resource,
    const json_t *schema);
static int secops_resource_render_copy(json_t *object, const json_t *document,
    const char **names, size_t n);
static int secops_resource_mentions(secops_slice_t document,
    secops_slice_t id);
static int secops_resource_refers_ref(void *data,
    const secops_resource_ref_t *ref);


static const char  *secops_resource_render_stamps[] = {
    "created_by", "created_on", "updated_by", "updated_on"
};


json_t *
secops_resource_render(const secops_resource_model_t *model,
    secops_resource_type_e type, secops_slice_t id, secops_slice_t document,
    int full)
{
    json_t      *json, *shown;
    const char  *reason;

    json = secops_json_tree_of(document, &reason);

    if (secops_resource_stored_title(type, json).len == 0) {
        shown = NULL;

    } else if (type == SECOPS_RESOURCE_JOB) {
        shown = secops_resource_render_job(model, id, json, full);

    } else {
        shown = secops_resource_render_integration(model, id, json);
    }

    json_decref(json);

    return shown;
}


secops_slice_t
secops_resource_stored_title(secops_resource_type_e type,
    const json_t *document)
{
    return secops_resource_text(json_object_get(document,
                                       secops_resource_title_member(type)));
}


static json_t *
secops_resource_render_integration(const secops_resource_model_t *model,
    secops_slice_t id, const json_t *document)
{
    json_t                       *shown;
    const json_t                 *name;
    const secops_catalog_type_t  *type;

    static const char  *kind = "integration_type";

    name = json_object_get(document, "integration_type");
    type = secops_catalog_type(model->catalog, secops_resource_text(name));

    shown = json_object();

    if (json_object_set_new(shown, "id", secops_resource_render_id(id))
        != 0
        || json_object_set(shown, "title", json_object_get(document, "title"))
           != 0
        || json_object_set_new(shown, "type",
                                      json_string("integration"))
           != 0
        || json_object_set_new(shown, "subcategory_id",
                                      type ? json_integer(type->id)
                                           : json_null())
           != 0
        || secops_resource_render_copy(shown, document,
                                       &kind, 1)
           != 0
        || json_object_set_new(shown, "parameters",
                               secops_resource_render_parameters(document,
                                              type ? type->connection.json
                                                   : NULL))
           != 0
        || secops_resource_render_copy(shown, document,
                                       secops_resource_render_stamps, 4)
           != 0)
    {
        json_decref(shown);
        return NULL;
    }

    return shown;
}


/* {"its title": {"type", "properties"}} */

static json_t *
secops_resource_render_job(const secops_resource_model_t *model,
    secops_slice_t id, const json_t *document, int full)
{
    json_t  *shown, *job, *properties;

    properties = secops_resource_render_properties(model, id, document, full);

    if (properties == NULL) {
        return NULL;
    }

    job = json_object();
    shown = json_object();

    if (json_object_set_new(job, "type", json_string("job")) != 0
        || json_object_set_new(job, "properties",
                                      json_incref(properties))
           != 0
        || json_object_set(shown,
                           json_string_value(json_object_get(document,
                                                             "title")),
                           job)
           != 0)
    {
        json_decref(shown);
        shown = NULL;
    }

    json_decref(properties);
    json_decref(job);

    return shown;
}


static json_t *
secops_resource_render_properties(const secops_resource_model_t *model,
    secops_slice_t id, const json_t *document, int full)
{
    json_t        *shown;
    const json_t  *settings;

    static const char  *columns = "feedback_columns";
    static const char  *members[] = {
        "title", "category", "status", "description", "decision_points"
    };

    settings = json_object_get(document, "advanced_settings");

    shown = json_object();

    if (json_object_set_new(shown, "id", secops_resource_render_id(id))
        != 0
        || secops_resource_render_copy(shown, document, members, 5) != 0
        || json_object_set_new(shown, "advanced_settings",
                             secops_resource_render_settings(settings, full))
           != 0
        || (full
            && (secops_resource_render_copy(shown, document, &columns, 1)
                != 0
                || json_object_set_new(shown, "pipeline_integrations",
                       secops_resource_render_pipeline(model,
                           json_object_get(document,
                                           "pipeline_integrations")))
                   != 0
                || secops_resource_render_copy(shown, document,
                                            secops_resource_render_stamps, 4)
                   != 0)))
    {
        json_decref(shown);
        return NULL;
    }

    return shown;
}


static json_t *
secops_resource_render_settings(const json_t *settings, int full)
{
    json_t  *shown;

    static const char  *members[] = {
        "custom_labels", "auto_retrain", "monitoring_settings"
    };

    shown = json_object();

    if (secops_resource_render_copy(shown, settings, members, full ? 3 : 1)
        != 0)
    {
        json_decref(shown);
        return NULL;
    }

    return shown;
}


static json_t *
secops_resource_render_pipeline(const secops_resource_model_t *model,
    const json_t *pipeline)
{
    size_t   k;
    json_t  *shown;

    shown = json_array();

    for (k = 0; k < json_array_size(pipeline); k++) {

        if (json_array_append_new(shown,
                                  secops_resource_render_step(model,
                                                json_array_get(pipeline, k)))
            != 0)
        {
            json_decref(shown);
            return NULL;
        }
    }

    return shown;
}


static json_t *
secops_resource_render_step(const secops_resource_model_t *model,
    const json_t *step)
{
    int                           role;
    json_t                       *shown;
    const json_t                 *schema;
    const secops_catalog_type_t  *type;

    static const char  *members[] = {
        "resource", "integration_type", "enabled"
    };

    static const char  *tags[] = { "storage_tag", "storage_tag_display_name" };

    type = secops_catalog_type(model->catalog,
                               secops_resource_text(json_object_get(step,
                                                                    "type")));
    role = secops_catalog_role(secops_resource_text(
                               json_object_get(step, "integration_type")));

    schema = type && role >= 0 ? type->role[role].json : NULL;

    shown = json_object();

    if (secops_resource_render_copy(shown, step, members, 3) != 0
        || json_object_set_new(shown, "parameters",
                               secops_resource_render_parameters(step, schema))
           != 0
        || secops_resource_render_copy(shown, step, tags, 2) != 0)
    {
        json_decref(shown);
        return NULL;
    }

    return shown;
}


static json_t *
secops_resource_render_id(secops_slice_t id)
{
    char    text[24];
    size_t  len;

    len = id.len < sizeof(text) ? id.len : sizeof(text) - 1;

    memcpy(text, id.data, len);
    text[len] = '\0';

    return json_integer(strtoll(text, NULL, 10));
}


static json_t *
secops_resource_render_parameters(const json_t *resource,
    const json_t *schema)
{
    const json_t  *parameters;

    parameters = json_object_get(resource, "parameters");

    return parameters ? secops_resource_masked(parameters, schema)
                      : json_object();
}


/* what is not there is not shown */

static int
secops_resource_render_copy(json_t *object, const json_t *document,
    const char **names, size_t n)
{
    size_t   i;
    json_t  *value;

    for (i = 0; i < n; i++) {

        value = json_object_get(document, names[i]);

        if (value && json_object_set(object, names[i], value) != 0) {
            return -1;
        }
    }

    return 0;
}


/* most documents need not be read for that: the id is nowhere in them */

int
secops_resource_refers(secops_slice_t document,
    secops_resource_type_e target, secops_slice_t id)
{
    int                        rc;
    json_t                    *json;
    const char                *reason;
    secops_resource_search_t   search;

    if (!secops_resource_mentions(document, id)) {
        return 0;
    }

    json = secops_json_tree_of(document, &reason);

    if (json == NULL) {
        return reason ? -1 : -2;
    }

    search.type = target;
    search.id = id;
    search.found = 0;

    rc = secops_resource_refs(json, secops_resource_refers_ref, &search);

    json_decref(json);

    return rc < 0 ? -2 : search.found;
}


static int
secops_resource_mentions(secops_slice_t document, secops_slice_t id)
{
    size_t                left;
    const unsigned char  *p;

    for (p = document.data, left = document.len; left >= id.len; p++, left--) {

        p = memchr(p, id.data[0], left - id.len + 1);

        if (p == NULL) {
            break;
        }

        left = (size_t) (document.data + document.len - p);

        if (memcmp(p, id.data, id.len) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
secops_resource_refers_ref(void *data, const secops_resource_ref_t *ref)
{
    secops_resource_search_t *search = data;

    search->found = ref->by_id && ref->type == search->type
                    && secops_slice_equal(secops_text_slice(&ref->value),
                                          search->id);

    return search->found ? SECOPS_RESOURCE_REFS_ENOUGH : 0;
}

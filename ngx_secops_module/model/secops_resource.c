
/* Resources; see secops_resource.h. */

#include <stdlib.h>

#include "model/secops_resource_value.h"


/* what reading a document carries */

typedef struct {
    secops_resource_set_t           *set;
    const secops_resource_model_t   *model;
    const secops_json_t             *json;
    secops_resource_faults_t        *faults;
    json_t                          *index; /* identifier: its number */
    secops_schema_budget_t           patterns;
} secops_resource_reader_t;


/* what a schema's faults are told with */

typedef struct {
    const secops_resource_reader_t  *reader;
    const secops_resource_t         *resource;
} secops_resource_check_t;


static const json_t *secops_resource_envelope(secops_resource_set_t *set,
    secops_resource_faults_t *faults);
static void secops_resource_read_overwrite(secops_resource_set_t *set,
    const json_t *value, secops_resource_faults_t *faults);
static int secops_resource_boolean(const json_t *value);
static int secops_resource_read_all(secops_resource_reader_t *reader,
    const json_t *document, uint32_t token);
static void secops_resource_read_one(secops_resource_reader_t *reader,
    secops_resource_t *resource, const json_t *value, uint32_t token);
static int secops_resource_read_type(secops_resource_reader_t *reader,
    secops_resource_t *resource, const json_t *value);
static void secops_resource_read_properties(
    secops_resource_reader_t *reader, secops_resource_t *resource,
    uint32_t token);
static void secops_resource_read_title(secops_resource_reader_t *reader,
    secops_resource_t *resource);
static int secops_resource_is_title(secops_resource_type_e type,
    secops_slice_t text);
static int secops_resource_schema_fault(void *data,
    const secops_schema_fault_t *fault);
static void secops_resource_check_titles(secops_resource_reader_t *reader);
static void secops_resource_check_depends_on(secops_resource_reader_t *reader,
    const secops_resource_t *resource);


int
secops_resource_read(secops_resource_set_t *set,
    const secops_resource_model_t *model, const secops_json_t *json,
    size_t max, secops_resource_faults_t *faults)
{
    size_t                     i;
    uint32_t                   token;
    json_error_t               error;
    const json_t              *document;
    secops_resource_reader_t   reader;

    memset(set, 0, sizeof(secops_resource_set_t));

    set->prefix = "";
    set->overwrite = -1;

    set->json = json_loadb((const char *) json->text.data, json->text.len,
                           JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    /* the reader of bodies has found it sound, but takes any number: else what
       is left is no memory */

    if (set->json == NULL) {

        if (json_error_code(&error) == json_error_numeric_overflow) {
            secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, set, NULL,
                                  "", "has a number that does not fit in 64"
                                  " bits");

        } else {
            faults->failed = 1;
        }

        return -1;
    }

    document = secops_resource_envelope(set, faults);

    if (document == NULL) {
        return -1;
    }

    if (json_object_size(document) == 0 || json_object_size(document) > max) {
        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, set, NULL,
                              set->prefix,
                              json_object_size(document)
                              ? "has more resources than one request may have"
                              : "has no resource");
        return -1;
    }

    token = (document == set->json)
            ? 0 : secops_json_member(json, 0,
                                     (const unsigned char *) "resources", 9);

    reader.set = set;
    reader.model = model;
    reader.json = json;
    reader.faults = faults;
    reader.index = json_object();
    reader.patterns.steps = SECOPS_SCHEMA_STEPS;

    if (secops_resource_read_all(&reader, document, token) != 0) {
        faults->failed = 1;
    }

    for (i = 0; i < set->n; i++) {
        secops_resource_check_depends_on(&reader, &set->resources[i]);
    }

    secops_resource_check_titles(&reader);

    json_decref(reader.index);

    return faults->error == SECOPS_ERROR_NONE && !faults->failed ? 0 : -1;
}


/* the object whose members are the resources, or NULL */

static const json_t *
secops_resource_envelope(secops_resource_set_t *set,
    secops_resource_faults_t *faults)
{
    json_t             *value;
    const char         *name;
    const json_t       *document;
    secops_resource_t   member;

    if (!json_is_object(set->json)) {
        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, set, NULL, "",
                              "must be an object");
        return NULL;
    }

    document = json_object_get(set->json, "resources");

    if (!json_is_object(document)
        || json_is_string(json_object_get(document, "type")))
    {
        return set->json;
    }

    json_object_foreach(set->json, name, value) {

        if (strcmp(name, "resources") == 0) {
            continue;
        }

        if (strcmp(name, "overwrite") == 0) {
            secops_resource_read_overwrite(set, value, faults);
            continue;
        }

        member.identifier = secops_slice_of(name);

        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, set, &member, "",
                              "is not known beside \"resources\"");
    }

    set->prefix = "/resources";

    return faults->error == SECOPS_ERROR_NONE && !faults->failed
           ? document : NULL;
}


static void
secops_resource_read_overwrite(secops_resource_set_t *set,
    const json_t *value, secops_resource_faults_t *faults)
{
    if (json_is_null(value)) {
        return;
    }

    set->overwrite = secops_resource_boolean(value);

    if (set->overwrite < 0) {
        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, set, NULL,
                              "/overwrite", "must be true or false");
    }
}


/* 1, 0, or -1: neither.  Scripts send Python's "True" */

static int
secops_resource_boolean(const json_t *value)
{
    if (json_is_boolean(value)) {
        return json_is_true(value);
    }

    if (json_is_integer(value)) {
        return json_integer_value(value) == 1
               ? 1 : json_integer_value(value) == 0 ? 0 : -1;
    }

    return json_is_string(value)
           ? secops_text_boolean(secops_resource_text(value)) : -1;
}


/* -1: no memory */

static int
secops_resource_read_all(secops_resource_reader_t *reader,
    const json_t *document, uint32_t token)
{
    json_t                 *value;
    uint32_t                i;
    const char             *name;
    secops_resource_t      *resource;
    secops_resource_set_t  *set;

    set = reader->set;

    set->resources = calloc(json_object_size(document),
                            sizeof(secops_resource_t));
    if (set->resources == NULL) {
        return -1;
    }

    json_object_foreach((json_t *) document, name, value) {

        resource = &set->resources[set->n];

        resource->identifier = secops_slice_of(name);

        if (json_object_set_new(reader->index, name,
                                json_integer((json_int_t) set->n))
            != 0)
        {
            return -1;
        }

        set->n++;

        i = secops_json_member(reader->json, token, resource->identifier.data,
                               resource->identifier.len);

        secops_resource_read_one(reader, resource, value, i);
    }

    return 0;
}


static void
secops_resource_read_one(secops_resource_reader_t *reader,
    secops_resource_t *resource, const json_t *value, uint32_t token)
{
    json_t      *member;
    uint32_t     properties;
    const char  *name;

    if (!json_is_object(value)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, resource, "", "must be an object");
        return;
    }

    json_object_foreach((json_t *) value, name, member) {
        if (strcmp(name, "type") != 0 && strcmp(name, "properties") != 0
            && strcmp(name, "depends_on") != 0)
        {
            secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                                  reader->set, resource, "",
                                  "may have no other members than \"type\", "
                                  "\"properties\" and \"depends_on\"");
            break;
        }
    }

    resource->depends_on = json_object_get(value, "depends_on");

    if (json_is_null(resource->depends_on)) {
        resource->depends_on = NULL;
    }

    if (secops_resource_read_type(reader, resource, value) != 0) {
        return;
    }

    resource->properties = json_object_get(value, "properties");

    if (!json_is_object(resource->properties)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, resource, "/properties",
                              resource->properties
                              ? "must be an object" : "is required");
        return;
    }

    properties = secops_json_member(reader->json, token,
                                    (const unsigned char *) "properties", 10);

    secops_resource_read_properties(reader, resource, properties);
}


/* 0: it is known, and can be created here */

static int
secops_resource_read_type(secops_resource_reader_t *reader,
    secops_resource_t *resource, const json_t *value)
{
    int            type;
    const json_t  *name;

    name = json_object_get(value, "type");

    if (!json_is_string(name)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, resource, "/type",
                              name ? "must be a string" : "is required");
        return -1;
    }

    type = secops_resource_type(secops_resource_text(name));

    if (type < 0) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/type",
                              "must be \"api_key\", \"integration\" or "
                              "\"job\"");
        return -1;
    }

    resource->type = type;

    if (reader->model->schemas[type] == NULL) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/type",
                              "this type is not supported");
        return -1;
    }

    return 0;
}


static void
secops_resource_read_properties(secops_resource_reader_t *reader,
    secops_resource_t *resource, uint32_t token)
{
    int                      n;
    secops_resource_check_t  check;

    check.reader = reader;
    check.resource = resource;

    n = secops_schema_validate(reader->model->schemas[resource->type],
                               reader->json, token,
                               SECOPS_SCHEMA_EMPTY_IS_ABSENT,
                               &reader->patterns,
                               secops_resource_schema_fault, &check);
    if (n < 0) {
        reader->faults->failed = 1;
    }

    if (n == 0) {
        secops_resource_read_title(reader, resource);
    }
}


static int
secops_resource_schema_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_resource_check_t *check = data;

    secops_text_t  where;

    memset(&where, 0, sizeof(secops_text_t));

    secops_text_append_string(&where, "/properties");
    secops_text_append(&where, fault->pointer);

    if (where.failed) {
        check->reader->faults->failed = 1;

    } else {
        secops_resource_fault_at(check->reader->faults, SECOPS_ERROR_INVALID,
                                 check->reader->set, check->resource,
                                 secops_text_slice(&where), fault->message);
    }

    secops_text_free(&where);

    return SECOPS_SCHEMA_COUNTS;
}


/* the schema has seen to it that the names are strings, or empty */

static void
secops_resource_read_title(secops_resource_reader_t *reader,
    secops_resource_t *resource)
{
    int              sound;
    const char      *name;
    const json_t    *title, *other;

    sound = 1;
    name = secops_resource_title_member(resource->type);

    title = json_object_get(resource->properties, name);
    other = json_object_get(resource->properties, "title");

    resource->title = secops_resource_text(title);

    if (json_string_length(other) && !json_equal(title, other)) {
        sound = 0;
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/properties/title",
                              "must be the same as the name");
    }

    if (resource->title.len > SECOPS_RESOURCE_TITLE_MAX
        || !secops_resource_is_title(resource->type, resource->title))
    {
        sound = 0;
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource,
                              resource->type == SECOPS_RESOURCE_API_KEY
                              ? "/properties/name" : "/properties/title",
                              resource->type == SECOPS_RESOURCE_API_KEY
                              ? "must be 200 bytes at most, without control "
                                "characters"
                              : "must be 200 bytes at most, without control "
                                "characters other than line feeds and tabs");
    }

    resource->sound = sound;
}


/* text of several lines is a title too; but a key's name becomes the name of a
   user, in logs and in the audit */

static int
secops_resource_is_title(secops_resource_type_e type, secops_slice_t text)
{
    size_t          i, begin;
    secops_slice_t  part;

    if (type == SECOPS_RESOURCE_API_KEY) {
        return secops_text_is_name(text);
    }

    begin = 0;

    for (i = 0; i <= text.len; i++) {

        if (i < text.len && text.data[i] != '\n' && text.data[i] != '\r'
            && text.data[i] != '\t')
        {
            continue;
        }

        part.len = i - begin;
        part.data = text.data + begin;

        if (!secops_text_is_name(part)) {
            return 0;
        }

        begin = i + 1;
    }

    return 1;
}


/* which of two was meant, nobody knows */

static void
secops_resource_check_titles(secops_resource_reader_t *reader)
{
    size_t              i;
    json_t             *titles[SECOPS_RESOURCE_TYPES], *seen;
    const char         *title;
    secops_resource_t  *resource;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        titles[i] = json_object();
    }

    for (i = 0; i < reader->set->n; i++) {

        resource = &reader->set->resources[i];

        if (!resource->sound) {
            continue;
        }

        /* it ends with a NUL, and has none in it: it was a JSON string */

        title = (const char *) resource->title.data;
        seen = titles[resource->type];

        if (json_object_get(seen, title)) {
            resource->sound = 0;
            secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                                  reader->set, resource, "/properties",
                                  "has the same title as another resource of "
                                  "this request");

        } else if (json_object_set_new(seen, title, json_true()) != 0) {
            reader->faults->failed = 1;
        }
    }

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        json_decref(titles[i]);
    }
}


static void
secops_resource_check_depends_on(secops_resource_reader_t *reader,
    const secops_resource_t *resource)
{
    size_t         i;
    const json_t  *name;

    if (resource->depends_on && !json_is_array(resource->depends_on)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/depends_on",
                              "must be an array of identifiers");
    }

    for (i = 0; i < json_array_size(resource->depends_on); i++) {

        name = json_array_get(resource->depends_on, i);

        if (!json_is_string(name)
            || json_object_get(reader->index, json_string_value(name)) == NULL)
        {
            secops_resource_fault(reader->faults, SECOPS_ERROR_REFERENCE,
                                  reader->set, resource, "/depends_on",
                                  "names what is no resource of this request");
        }
    }
}


void
secops_resource_set_free(secops_resource_set_t *set)
{
    json_decref(set->json);
    free(set->resources);

    memset(set, 0, sizeof(secops_resource_set_t));
}


/* Resources; see secops_resource.h. */

#include <stdlib.h>

#include "model/secops_definitions.h"
#include "model/secops_resource.h"
#include "util/secops_text.h"


/* what reading a document carries */

typedef struct {
    secops_resource_set_t           *set;
    const secops_resource_model_t   *model;
    const secops_json_t             *json;
    secops_resource_faults_t        *faults;
    json_t                          *index; /* identifier: its number */
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
static void secops_resource_schema_fault(void *data,
    const secops_schema_fault_t *fault);
static void secops_resource_check_titles(secops_resource_reader_t *reader);
static void secops_resource_check_order(secops_resource_reader_t *reader,
    const json_t *document);
static int secops_resource_visit(secops_resource_reader_t *reader,
    const json_t *document, unsigned char *state, size_t i);
static const json_t *secops_resource_depends_on(const json_t *document,
    const secops_resource_t *resource);
static void secops_resource_append_token(secops_text_t *text,
    secops_slice_t token);
static json_t *secops_resource_json(secops_slice_t text);


static const secops_slice_t  secops_resource_types[SECOPS_RESOURCE_TYPES] = {
    secops_slice("api_key"),
    secops_slice("integration"),
    secops_slice("job")
};


/* how far secops_resource_visit() has come with a resource */

enum {
    SECOPS_RESOURCE_NEW = 0,
    SECOPS_RESOURCE_OPEN,               /* it is being followed */
    SECOPS_RESOURCE_DONE
};


secops_slice_t
secops_resource_type_name(secops_resource_type_e type)
{
    return secops_resource_types[type];
}


int
secops_resource_type(secops_slice_t name)
{
    int  i;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        if (secops_slice_equal(name, secops_resource_types[i])) {
            return i;
        }
    }

    return -1;
}


int
secops_resource_model_compile(secops_resource_model_t *model,
    secops_schema_error_t *error)
{
    int                         type;
    secops_slice_t              name;
    const secops_definition_t  *definition;

    memset(model, 0, sizeof(secops_resource_model_t));

    for (definition = secops_definitions; definition->kind; definition++) {

        name.len = strlen(definition->name);
        name.data = (const unsigned char *) definition->name;

        type = secops_resource_type(name);

        if (type < 0 || strcmp(definition->kind, "resources") != 0) {
            continue;
        }

        model->schemas[type] = secops_schema_compile(definition->data,
                                                     definition->len, error);

        if (model->schemas[type] == NULL) {
            secops_resource_model_free(model);
            return -1;
        }
    }

    return 0;
}


void
secops_resource_model_free(secops_resource_model_t *model)
{
    int  i;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        secops_schema_free(model->schemas[i]);
        model->schemas[i] = NULL;
    }
}


int
secops_resource_read(secops_resource_set_t *set,
    const secops_resource_model_t *model, const secops_json_t *json,
    size_t max, secops_resource_faults_t *faults)
{
    uint32_t                   token;
    const json_t              *document;
    secops_resource_reader_t   reader;

    memset(set, 0, sizeof(secops_resource_set_t));

    set->prefix = "";
    set->overwrite = -1;

    set->json = json_loadb((const char *) json->text.data, json->text.len,
                           JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, NULL);

    /* the reader of bodies has found it sound: what is left is no memory */

    if (set->json == NULL) {
        faults->failed = 1;
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

    if (secops_resource_read_all(&reader, document, token) != 0) {
        faults->failed = 1;
    }

    if (faults->error == SECOPS_ERROR_NONE && !faults->failed) {
        secops_resource_check_titles(&reader);
        secops_resource_check_order(&reader, document);
    }

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

        member.identifier.len = strlen(name);
        member.identifier.data = (const unsigned char *) name;

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
    secops_slice_t  text;

    if (json_is_boolean(value)) {
        return json_is_true(value);
    }

    if (json_is_integer(value)) {
        return json_integer_value(value) == 1
               ? 1 : json_integer_value(value) == 0 ? 0 : -1;
    }

    if (!json_is_string(value)) {
        return -1;
    }

    text.len = json_string_length(value);
    text.data = (const unsigned char *) json_string_value(value);

    return secops_text_boolean(text);
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

        resource->identifier.len = strlen(name);
        resource->identifier.data = (const unsigned char *) name;

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
    int             type;
    const json_t   *name;
    secops_slice_t  text;

    name = json_object_get(value, "type");

    if (!json_is_string(name)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, resource, "/type",
                              name ? "must be a string" : "is required");
        return -1;
    }

    text.len = json_string_length(name);
    text.data = (const unsigned char *) json_string_value(name);

    type = secops_resource_type(text);

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
                               secops_resource_schema_fault, &check);
    if (n < 0) {
        reader->faults->failed = 1;
    }

    if (n == 0) {
        secops_resource_read_title(reader, resource);
    }
}


static void
secops_resource_schema_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_resource_check_t *check = data;

    secops_text_t  where, message;

    static const secops_slice_t  nul = { 1, (const unsigned char *) "" };

    memset(&where, 0, sizeof(secops_text_t));
    memset(&message, 0, sizeof(secops_text_t));

    secops_text_append_string(&where, "/properties");
    secops_text_append(&where, fault->pointer);
    secops_text_append(&where, nul);
    secops_text_append(&message, fault->message);
    secops_text_append(&message, nul);

    if (where.failed || message.failed) {
        check->reader->faults->failed = 1;

    } else {
        secops_resource_fault(check->reader->faults, SECOPS_ERROR_INVALID,
                              check->reader->set, check->resource,
                              (const char *) where.data,
                              (const char *) message.data);
    }

    secops_text_free(&where);
    secops_text_free(&message);
}


/* the schema has seen to it that the names are strings, or empty */

static void
secops_resource_read_title(secops_resource_reader_t *reader,
    secops_resource_t *resource)
{
    const json_t    *title, *other;
    const char      *name;

    name = (resource->type == SECOPS_RESOURCE_API_KEY) ? "name" : "title";

    title = json_object_get(resource->properties, name);
    other = json_object_get(resource->properties, "title");

    resource->title.len = json_string_length(title);
    resource->title.data = (const unsigned char *) json_string_value(title);

    if (json_string_length(other) && !json_equal(title, other)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/properties/title",
                              "must be the same as the name");
    }

    if (resource->title.len > SECOPS_RESOURCE_TITLE_MAX
        || !secops_text_is_name(resource->title))
    {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource,
                              resource->type == SECOPS_RESOURCE_API_KEY
                              ? "/properties/name" : "/properties/title",
                              "must be 200 bytes at most, without control "
                              "characters");
    }
}


/* which of two was meant, nobody knows */

static void
secops_resource_check_titles(secops_resource_reader_t *reader)
{
    size_t                  i, j;
    secops_resource_t      *resource;
    secops_resource_set_t  *set;

    set = reader->set;

    for (i = 1; i < set->n; i++) {

        resource = &set->resources[i];

        for (j = 0; j < i; j++) {

            if (set->resources[j].type == resource->type
                && secops_slice_equal(set->resources[j].title,
                                      resource->title))
            {
                secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                                      set, resource, "/properties",
                                      "has the same title as another resource "
                                      "of this request");
                break;
            }
        }
    }
}


static void
secops_resource_check_order(secops_resource_reader_t *reader,
    const json_t *document)
{
    size_t          i;
    unsigned char  *state;

    state = calloc(reader->set->n, 1);

    if (state == NULL) {
        reader->faults->failed = 1;
        return;
    }

    for (i = 0; i < reader->set->n; i++) {
        if (secops_resource_visit(reader, document, state, i) != 0) {
            secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                                  reader->set, &reader->set->resources[i],
                                  "/depends_on", "goes round in a circle");
            break;
        }
    }

    free(state);
}


/* -1: what the resource depends on depends on it.  It recurses no deeper than
   there are resources */

static int
secops_resource_visit(secops_resource_reader_t *reader, const json_t *document,
    unsigned char *state, size_t i)
{
    size_t              n;
    const json_t       *list, *name, *number;
    secops_resource_t  *resource;

    if (state[i] != SECOPS_RESOURCE_NEW) {
        return state[i] == SECOPS_RESOURCE_OPEN ? -1 : 0;
    }

    resource = &reader->set->resources[i];
    list = secops_resource_depends_on(document, resource);

    if (list && !json_is_null(list) && !json_is_array(list)) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "/depends_on",
                              "must be an array of identifiers");
    }

    state[i] = SECOPS_RESOURCE_OPEN;

    for (n = 0; n < json_array_size(list); n++) {

        name = json_array_get(list, n);
        number = json_is_string(name)
                 ? json_object_get(reader->index, json_string_value(name))
                 : NULL;

        if (number == NULL) {
            secops_resource_fault(reader->faults, SECOPS_ERROR_REFERENCE,
                                  reader->set, resource, "/depends_on",
                                  "names what is no resource of this request");
            continue;
        }

        if (secops_resource_visit(reader, document, state,
                                  (size_t) json_integer_value(number))
            != 0)
        {
            return -1;
        }
    }

    state[i] = SECOPS_RESOURCE_DONE;

    return 0;
}


static const json_t *
secops_resource_depends_on(const json_t *document,
    const secops_resource_t *resource)
{
    const json_t  *value;

    value = json_object_get(document, (const char *) resource->identifier.data);

    return json_object_get(value, "depends_on");
}


void
secops_resource_set_free(secops_resource_set_t *set)
{
    json_decref(set->json);
    free(set->resources);

    memset(set, 0, sizeof(secops_resource_set_t));
}


void
secops_resource_fault(secops_resource_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    const char *where, const char *message)
{
    json_t          *fault;
    secops_text_t    pointer;
    secops_slice_t   text;

    if (faults->error == SECOPS_ERROR_NONE || error < faults->error) {
        faults->error = error;
    }

    if (faults->list == NULL) {
        faults->list = json_array();
    }

    if (json_array_size(faults->list) == SECOPS_RESOURCE_FAULTS_MAX) {
        return;
    }

    memset(&pointer, 0, sizeof(secops_text_t));

    if (resource) {
        secops_text_append_string(&pointer, set->prefix);
        secops_text_append_string(&pointer, "/");
        secops_resource_append_token(&pointer, resource->identifier);
    }

    secops_text_append_string(&pointer, where);

    text.len = pointer.len;
    text.data = pointer.data;

    fault = json_object();

    if (pointer.failed
        || json_object_set_new(fault, "resource",
                               resource
                               ? secops_resource_json(resource->identifier)
                               : json_null())
           != 0
        || json_object_set_new(fault, "pointer", secops_resource_json(text))
           != 0
        || json_object_set_new(fault, "message", json_string(message)) != 0)
    {
        faults->failed = 1;
        json_decref(fault);

    } else if (json_array_append_new(faults->list, fault) != 0) {
        faults->failed = 1;
    }

    secops_text_free(&pointer);
}


static json_t *
secops_resource_json(secops_slice_t text)
{
    return json_stringn(text.len ? (const char *) text.data : "", text.len);
}


/* a member's name as a JSON Pointer has it (RFC 6901) */

static void
secops_resource_append_token(secops_text_t *text, secops_slice_t token)
{
    size_t          i, begin;
    secops_slice_t  part;

    begin = 0;

    for (i = 0; i <= token.len; i++) {

        if (i < token.len && token.data[i] != '~' && token.data[i] != '/') {
            continue;
        }

        part.len = i - begin;
        part.data = token.data + begin;

        secops_text_append(text, part);

        if (i < token.len) {
            secops_text_append_string(text, token.data[i] == '~' ? "~0"
                                                                 : "~1");
        }

        begin = i + 1;
    }
}


void
secops_resource_faults_free(secops_resource_faults_t *faults)
{
    json_decref(faults->list);

    memset(faults, 0, sizeof(secops_resource_faults_t));
}

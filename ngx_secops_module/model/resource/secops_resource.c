
/* Resources; see secops_resource.h. */

#include <stdlib.h>

#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_value.h"


typedef enum {
    SECOPS_RESOURCE_READ_ONE = 0,
    SECOPS_RESOURCE_READ_DEPENDS_ON,
    SECOPS_RESOURCE_READ_TITLES
} secops_resource_read_e;


/* what reading a document carries from step to step */

struct secops_resource_reader_s {
    secops_resource_set_t           *set;
    const secops_resource_model_t   *model;
    const secops_json_t             *json;      /* during a step */
    secops_faults_t                 *faults;

    secops_resource_read_e           phase;
    uint32_t                         key;       /* of the next resource */
    uint32_t                         end;
    size_t                           next;      /* of those that are read */
    secops_schema_budget_t           patterns;
};


/* what a schema's faults are told with */

typedef struct {
    const secops_resource_reader_t  *reader;
    const secops_resource_t         *resource;
} secops_resource_check_t;


static int secops_resource_read_whole(secops_resource_reader_t *reader,
    size_t max);
static size_t secops_resource_count(const secops_json_t *json, uint32_t i);
static uint32_t secops_resource_envelope(secops_resource_reader_t *reader);
static void secops_resource_read_beside(secops_resource_reader_t *reader,
    uint32_t key);
static int secops_resource_boolean(const secops_json_t *json, uint32_t i);
static void secops_resource_read_next(secops_resource_reader_t *reader);
static int secops_resource_read_tree(secops_resource_reader_t *reader,
    secops_resource_t *resource, uint32_t token);
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
secops_resource_read_begin(secops_resource_set_t *set,
    const secops_resource_model_t *model, const secops_json_t *json,
    size_t max, secops_faults_t *faults)
{
    secops_resource_reader_t  *reader;

    memset(set, 0, sizeof(secops_resource_set_t));

    set->prefix = "";
    set->overwrite = -1;

    reader = calloc(1, sizeof(secops_resource_reader_t));

    set->reader = reader;
    set->json = json_object();
    set->index = json_object();

    if (reader == NULL || set->json == NULL || set->index == NULL) {
        faults->failed = 1;
        return -1;
    }

    reader->set = set;
    reader->model = model;
    reader->json = json;
    reader->faults = faults;
    reader->patterns.steps = SECOPS_SCHEMA_STEPS;

    return secops_resource_read_whole(reader, max);
}


/* what is seen of a document before any of its resources is read */

static int
secops_resource_read_whole(secops_resource_reader_t *reader, size_t max)
{
    size_t                      n;
    uint32_t                    token;
    const char                 *message;
    secops_resource_set_t      *set;
    const secops_json_token_t  *tokens;

    set = reader->set;
    tokens = reader->json->tokens;

    token = secops_resource_envelope(reader);

    if (reader->faults->error != SECOPS_ERROR_NONE || reader->faults->failed) {
        return -1;
    }

    n = tokens[token].size;

    message = (n == 0) ? "has no resource" :
              (n > max) ? "has more resources than one request may have" :
              secops_resource_count(reader->json, 0)
              > SECOPS_RESOURCE_SET_VALUES
              ? "has more than 50000 values, so many that they would take too "
                "much memory: send fewer resources at a time"
              : NULL;

    if (message) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES, set,
                              NULL, set->prefix, message);
        return -1;
    }

    set->resources = calloc(n, sizeof(secops_resource_t));

    if (set->resources == NULL) {
        reader->faults->failed = 1;
        return -1;
    }

    reader->key = token + 1;
    reader->end = tokens[token].next;

    return 0;
}


/* the values at token i; names are none.  Of a document that has too many for
   certain it is not looked which of the tokens are names */

static size_t
secops_resource_count(const secops_json_t *json, uint32_t i)
{
    size_t    n;
    uint32_t  end;

    end = json->tokens[i].next;

    if (end - i > 2 * SECOPS_RESOURCE_SET_VALUES) {
        return end - i;
    }

    for (n = 0; i < end; i++) {
        n += !(json->tokens[i].flags & SECOPS_JSON_KEY);
    }

    return n;
}


int
secops_resource_read_step(secops_resource_set_t *set,
    const secops_json_t *json)
{
    secops_resource_reader_t  *reader;

    reader = set->reader;
    reader->json = json;

    if (secops_faults_full(reader->faults)) {
        reader->faults->more = 1;
        return -1;
    }

    switch (reader->phase) {

    case SECOPS_RESOURCE_READ_ONE:

        secops_resource_read_next(reader);

        if (reader->key == reader->end) {
            reader->phase = SECOPS_RESOURCE_READ_DEPENDS_ON;
        }

        break;

    case SECOPS_RESOURCE_READ_DEPENDS_ON:

        secops_resource_check_depends_on(reader,
                                         &set->resources[reader->next++]);

        if (reader->next == set->n) {
            reader->phase = SECOPS_RESOURCE_READ_TITLES;
        }

        break;

    case SECOPS_RESOURCE_READ_TITLES:

        secops_resource_check_titles(reader);

        return reader->faults->error == SECOPS_ERROR_NONE
               && !reader->faults->failed ? 0 : -1;
    }

    return reader->faults->failed ? -1 : SECOPS_RESOURCE_BUSY;
}


/* the object whose members are the resources; or a fault was told */

static uint32_t
secops_resource_envelope(secops_resource_reader_t *reader)
{
    uint32_t                    key, value, type;
    const secops_json_t        *json;
    const secops_json_token_t  *tokens;

    static const unsigned char  resources[] = "resources";

    json = reader->json;
    tokens = json->tokens;

    if (tokens[0].type != SECOPS_JSON_OBJECT) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, NULL, "", "must be an object");
        return 0;
    }

    value = secops_json_member(json, 0, resources, sizeof(resources) - 1);

    if (value == 0 || tokens[value].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    type = secops_json_member(json, value, (const unsigned char *) "type", 4);

    if (type && tokens[type].type == SECOPS_JSON_STRING) {
        return 0;
    }

    for (key = 1;
         key < tokens[0].next && !secops_faults_full(reader->faults);
         key = tokens[key].next)
    {
        if (key + 1 != value) {
            secops_resource_read_beside(reader, key);
        }
    }

    reader->set->prefix = "/resources";

    return value;
}


/* a member of the document beside "resources" */

static void
secops_resource_read_beside(secops_resource_reader_t *reader, uint32_t key)
{
    secops_text_t       name;
    secops_resource_t   member;

    static const unsigned char  overwrite[] = "overwrite";

    if (secops_json_string_is(reader->json, key, overwrite,
                              sizeof(overwrite) - 1))
    {
        if (reader->json->tokens[key + 1].type == SECOPS_JSON_NULL) {
            return;
        }

        reader->set->overwrite = secops_resource_boolean(reader->json, key + 1);

        if (reader->set->overwrite < 0) {
            secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                                  reader->set, NULL, "/overwrite",
                                  "must be true or false");
        }

        return;
    }

    memset(&name, 0, sizeof(secops_text_t));

    /* decoded it is no longer */

    secops_text_append(&name, secops_json_raw(reader->json, key));

    if (name.failed) {
        reader->faults->failed = 1;
        return;
    }

    if (name.len) {
        name.len = secops_json_decode(reader->json, key, name.data);
    }

    member.identifier = secops_text_slice(&name);

    secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES, reader->set,
                          &member, "", "is not known beside \"resources\"");

    secops_text_free(&name);
}


/* 1, 0, or -1: neither.  Scripts send Python's "True" */

static int
secops_resource_boolean(const secops_json_t *json, uint32_t i)
{
    secops_slice_t  text;

    text = secops_json_raw(json, i);

    switch (json->tokens[i].type) {

    case SECOPS_JSON_TRUE:
        return 1;

    case SECOPS_JSON_FALSE:
        return 0;

    case SECOPS_JSON_NUMBER:
        return text.len == 1 && text.data[0] <= '1' ? text.data[0] - '0' : -1;

    case SECOPS_JSON_STRING:
        return secops_text_boolean(text);

    default:
        return -1;
    }
}


static void
secops_resource_read_next(secops_resource_reader_t *reader)
{
    uint32_t                key;
    json_t                 *holder;
    const char             *reason;
    secops_resource_t      *resource;
    secops_resource_set_t  *set;

    set = reader->set;
    resource = &set->resources[set->n];

    key = reader->key;
    reader->key = reader->json->tokens[key].next;

    /* the name is kept as the set's own: it ends with a NUL */

    holder = secops_json_tree(reader->json, key, &reason);

    if (holder == NULL
        || json_object_set_new(set->index, json_string_value(holder),
                               json_integer((json_int_t) set->n))
           != 0)
    {
        reader->faults->failed = 1;
        json_decref(holder);
        return;
    }

    resource->identifier = secops_slice_of(json_object_iter_key(
                               json_object_iter_at(set->index,
                                                   json_string_value(holder))));
    json_decref(holder);

    set->n++;

    if (resource->identifier.len > SECOPS_RESOURCE_IDENTIFIER_MAX) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID, set,
                              resource, "",
                              "must have a name of 255 bytes at most");
        return;
    }

    if (secops_resource_read_tree(reader, resource, key + 1) == 0) {
        secops_resource_read_one(reader, resource,
                                 json_object_get(set->json,
                                     (const char *) resource->identifier.data),
                                 key + 1);
    }
}


/* 0: the resource is a member of set->json now; else a fault was told */

static int
secops_resource_read_tree(secops_resource_reader_t *reader,
    secops_resource_t *resource, uint32_t token)
{
    json_t                     *value;
    const char                 *reason;
    const secops_json_token_t  *tokens;

    tokens = reader->json->tokens;

    if (tokens[token].type != SECOPS_JSON_OBJECT) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_RESOURCES,
                              reader->set, resource, "", "must be an object");
        return -1;
    }

    reason = (tokens[token].len > SECOPS_RESOURCE_SENT_BYTES)
             ? "must have 524288 bytes at most" :
             (secops_resource_count(reader->json, token)
              > SECOPS_RESOURCE_VALUES)
             ? "must have 20000 values at most" : NULL;

    value = reason ? NULL : secops_json_tree(reader->json, token, &reason);

    if (reason) {
        secops_resource_fault(reader->faults, SECOPS_ERROR_INVALID,
                              reader->set, resource, "", reason);
        return -1;
    }

    if (json_object_set_new(reader->set->json,
                            (const char *) resource->identifier.data, value)
        != 0)
    {
        reader->faults->failed = 1;
        return -1;
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
    secops_faults_append_pointer(&where, fault->pointer);

    if (where.failed) {
        check->reader->faults->failed = 1;

    } else {
        secops_resource_fault_at(check->reader->faults, SECOPS_ERROR_INVALID,
                                 check->reader->set, check->resource,
                                 secops_text_slice(&where), fault->message);
    }

    secops_text_free(&where);

    return secops_faults_full(check->reader->faults)
           ? SECOPS_SCHEMA_ENOUGH : SECOPS_SCHEMA_COUNTS;
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
    resource->rename = json_is_true(json_object_get(resource->properties,
                                                    "rename"));

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

        if (secops_faults_full(reader->faults)) {
            return;
        }

        name = json_array_get(resource->depends_on, i);

        if (!json_is_string(name)
            || json_object_get(reader->set->index, json_string_value(name))
               == NULL)
        {
            secops_resource_fault(reader->faults, SECOPS_ERROR_REFERENCE,
                                  reader->set, resource, "/depends_on",
                                  "names no resource of this request");
        }
    }
}


void
secops_resource_set_free(secops_resource_set_t *set)
{
    json_decref(set->json);
    json_decref(set->index);
    free(set->resources);
    free(set->reader);

    memset(set, 0, sizeof(secops_resource_set_t));
}

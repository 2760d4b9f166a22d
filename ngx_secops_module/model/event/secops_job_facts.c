
/*
 * Facts of jobs; see secops_job_facts.h.
 *
 * Documents are read twice: at first to see how much memory their facts take,
 * and then to write them there.
 */

#include <stdlib.h>

#include "model/event/secops_job_facts.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_ref.h"


#define SECOPS_JOB_FACTS_CATEGORY    "Decision intelligence"
#define SECOPS_JOB_FACTS_PROCESSOR   "Decision intelligence processor"
#define SECOPS_JOB_FACTS_INPUT       "External REST API"

/* of a processor whose entry does not say; see its schema */

#define SECOPS_JOB_FACTS_MIN_FEEDBACK  10
#define SECOPS_JOB_FACTS_THRESHOLD     80


/* the reading of a job's documents */

typedef struct {
    const secops_json_t             *json;      /* of the job */
    const secops_job_facts_input_t  *inputs;
    size_t                           ninputs;
    secops_job_facts_t              *facts;
    size_t                           size;      /* so far */
    int                              write;     /* 0: it is only measured */
    const char                      *reason;    /* it has failed, … */
    int                              failed;    /* … for this, or, without one,
                                                   for want of memory */
} secops_job_facts_reader_t;


static void secops_job_facts_read(secops_job_facts_reader_t *reader);
static void secops_job_facts_state(secops_job_facts_reader_t *reader);
static void secops_job_facts_labels(secops_job_facts_reader_t *reader,
    uint32_t settings);
static void secops_job_facts_points(secops_job_facts_reader_t *reader);
static void secops_job_facts_pipeline(secops_job_facts_reader_t *reader);
static void secops_job_facts_processor(secops_job_facts_reader_t *reader,
    uint32_t entry);
static void secops_job_facts_entry_key(secops_job_facts_reader_t *reader,
    uint32_t entry);
static void secops_job_facts_input_key(secops_job_facts_reader_t *reader,
    secops_slice_t document);
static int secops_job_facts_ref(secops_job_facts_reader_t *reader,
    const secops_json_t *json, uint32_t i, secops_resource_ref_t *ref,
    secops_resource_type_e type);
static uint32_t secops_job_facts_member(const secops_json_t *json, uint32_t i,
    const char *name, secops_json_type_e type);
static int secops_job_facts_is(const secops_json_t *json, uint32_t i,
    const char *name, const char *text);
static uint64_t secops_job_facts_count(const secops_json_t *json, uint32_t i,
    const char *name);
static void *secops_job_facts_array(secops_job_facts_reader_t *reader,
    size_t n, size_t size);
static secops_slice_t secops_job_facts_string(
    secops_job_facts_reader_t *reader, uint32_t i);
static secops_slice_t secops_job_facts_text(secops_job_facts_reader_t *reader,
    secops_slice_t text);
static unsigned char *secops_job_facts_room(secops_job_facts_reader_t *reader,
    size_t size);


int
secops_job_id_read(int64_t *id, secops_slice_t text)
{
    size_t  i;

    if (text.len == 0 || text.len > SECOPS_JOB_ID_MAX || text.data[0] == '0') {
        return -1;
    }

    *id = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *id = *id * 10 + (text.data[i] - '0');
    }

    return 0;
}


secops_job_facts_t *
secops_job_facts_create(int64_t id, secops_slice_t document,
    const secops_job_facts_input_t *inputs, size_t n, const char **reason)
{
    secops_json_t              json;
    secops_job_facts_t         measured;
    secops_json_error_t        error;
    secops_job_facts_reader_t  reader;

    *reason = NULL;

    switch (secops_json_tokens(&json, document, &secops_json_tree_reading,
                               &error))
    {
    case SECOPS_JSON_OK:
        break;

    case SECOPS_JSON_ERROR:
        *reason = error.reason;
        return NULL;

    default: /* SECOPS_JSON_MORE */
        return NULL;
    }

    memset(&reader, 0, sizeof(secops_job_facts_reader_t));
    memset(&measured, 0, sizeof(secops_job_facts_t));

    reader.json = &json;
    reader.inputs = inputs;
    reader.ninputs = n;
    reader.facts = &measured;

    secops_job_facts_read(&reader);

    if (!reader.failed) {
        reader.facts = calloc(1, reader.size);
    }

    if (!reader.failed && reader.facts) {
        reader.facts->size = reader.size;
        reader.facts->id = id;
        reader.write = 1;

        secops_job_facts_read(&reader);
    }

    free(json.tokens);

    *reason = reader.reason;

    if (reader.failed) {

        if (reader.write) {
            free(reader.facts);
        }

        return NULL;
    }

    return reader.facts;
}


void
secops_job_facts_free(secops_job_facts_t *facts)
{
    free(facts);
}


int
secops_job_facts_has_key(const secops_job_facts_t *facts, secops_slice_t id)
{
    size_t  i;

    for (i = 0; i < facts->nkeys; i++) {
        if (secops_slice_equal(facts->keys[i], id)) {
            return 1;
        }
    }

    return 0;
}


static void
secops_job_facts_read(secops_job_facts_reader_t *reader)
{
    uint32_t  settings, retrain;

    reader->size = sizeof(secops_job_facts_t);

    if (reader->json->tokens[0].type != SECOPS_JSON_OBJECT) {
        reader->failed = 1;
        reader->reason = "is no object";
        return;
    }

    settings = secops_job_facts_member(reader->json, 0, "advanced_settings",
                                       SECOPS_JSON_OBJECT);

    retrain = settings ? secops_job_facts_member(reader->json, settings,
                                                 "auto_retrain",
                                                 SECOPS_JSON_OBJECT)
                       : 0;

    reader->facts->auto_retrain =
        retrain && secops_job_facts_member(reader->json, retrain, "enabled",
                                           SECOPS_JSON_TRUE);

    /* arrays first: they are aligned as the struct is */

    if (settings) {
        secops_job_facts_labels(reader, settings);
    }

    secops_job_facts_points(reader);
    secops_job_facts_pipeline(reader);
    secops_job_facts_state(reader);
}


static void
secops_job_facts_state(secops_job_facts_reader_t *reader)
{
    secops_job_facts_t  *facts;

    facts = reader->facts;

    facts->title = secops_job_facts_string(reader,
                       secops_job_facts_member(reader->json, 0, "title",
                                               SECOPS_JSON_STRING));
    facts->category = secops_job_facts_string(reader,
                          secops_job_facts_member(reader->json, 0, "category",
                                                  SECOPS_JSON_STRING));

    facts->enabled = secops_job_facts_is(reader->json, 0, "status", "ENABLED");

    facts->buckets = secops_job_facts_is(reader->json, 0, "category",
                                         SECOPS_JOB_FACTS_CATEGORY);

    facts->stopped_at = secops_job_facts_count(reader->json, 0, "stopped_at");
    facts->generation = secops_job_facts_count(reader->json, 0, "generation");
    facts->trained_feedback = secops_job_facts_count(reader->json, 0,
                                                     "trained_feedback");

    facts->consensus &= facts->buckets;
}


static void
secops_job_facts_labels(secops_job_facts_reader_t *reader, uint32_t settings)
{
    uint32_t                   i, id, name, labels;
    const secops_json_t       *json;
    secops_job_facts_label_t  *label, measured;

    json = reader->json;

    labels = secops_job_facts_member(json, settings, "custom_labels",
                                     SECOPS_JSON_ARRAY);
    if (labels == 0) {
        return;
    }

    label = secops_job_facts_array(reader, json->tokens[labels].size,
                                   sizeof(secops_job_facts_label_t));
    reader->facts->labels = label;

    for (i = labels + 1; i < json->tokens[labels].next;
         i = json->tokens[i].next)
    {
        id = secops_job_facts_member(json, i, "id", SECOPS_JSON_STRING);
        name = secops_job_facts_member(json, i, "name", SECOPS_JSON_STRING);

        if (id && name) {
            measured.id = secops_job_facts_string(reader, id);
            measured.name = secops_job_facts_string(reader, name);

            if (reader->write) {
                label[reader->facts->nlabels++] = measured;
            }
        }
    }
}


static void
secops_job_facts_points(secops_job_facts_reader_t *reader)
{
    uint32_t              i, points;
    secops_slice_t       *point, measured;
    const secops_json_t  *json;

    json = reader->json;

    points = secops_job_facts_member(json, 0, "decision_points",
                                     SECOPS_JSON_ARRAY);
    if (points == 0) {
        return;
    }

    point = secops_job_facts_array(reader, json->tokens[points].size,
                                   sizeof(secops_slice_t));
    reader->facts->points = point;

    for (i = points + 1; i < json->tokens[points].next;
         i = json->tokens[i].next)
    {
        if (json->tokens[i].type == SECOPS_JSON_STRING) {
            measured = secops_job_facts_string(reader, i);

            if (reader->write) {
                point[reader->facts->npoints++] = measured;
            }
        }
    }
}


static void
secops_job_facts_pipeline(secops_job_facts_reader_t *reader)
{
    uint32_t              i, pipeline;
    const secops_json_t  *json;

    json = reader->json;

    pipeline = secops_job_facts_member(json, 0, "pipeline_integrations",
                                       SECOPS_JSON_ARRAY);
    if (pipeline == 0) {
        return;
    }

    /* one key at most for each integration */

    reader->facts->keys = secops_job_facts_array(reader, reader->ninputs,
                                                 sizeof(secops_slice_t));

    for (i = pipeline + 1; i < json->tokens[pipeline].next;
         i = json->tokens[i].next)
    {
        if (secops_job_facts_member(json, i, "enabled", SECOPS_JSON_TRUE) == 0)
        {
            continue;
        }

        if (secops_job_facts_is(json, i, "integration_type", "processor")) {
            secops_job_facts_processor(reader, i);

        } else if (secops_job_facts_is(json, i, "integration_type", "input")) {
            secops_job_facts_entry_key(reader, i);
        }
    }
}


static void
secops_job_facts_processor(secops_job_facts_reader_t *reader, uint32_t entry)
{
    uint32_t              parameters, value;
    const secops_json_t  *json;
    secops_job_facts_t   *facts;

    json = reader->json;
    facts = reader->facts;

    if (facts->consensus
        || !secops_job_facts_is(json, entry, "type",
                                SECOPS_JOB_FACTS_PROCESSOR))
    {
        return;
    }

    facts->consensus = 1;
    facts->min_feedback = SECOPS_JOB_FACTS_MIN_FEEDBACK;
    facts->confidence_threshold = SECOPS_JOB_FACTS_THRESHOLD;

    parameters = secops_job_facts_member(json, entry, "parameters",
                                         SECOPS_JSON_OBJECT);
    if (parameters == 0) {
        return;
    }

    if (secops_job_facts_count(json, parameters, "min_feedback")) {
        facts->min_feedback = secops_job_facts_count(json, parameters,
                                                     "min_feedback");
    }

    value = secops_job_facts_member(json, parameters, "confidence_threshold",
                                    SECOPS_JSON_NUMBER);
    if (value) {
        facts->confidence_threshold = secops_json_number(json, value);
    }
}


/* the key of an integration counts once, however often the pipeline names it */

static void
secops_job_facts_entry_key(secops_job_facts_reader_t *reader, uint32_t entry)
{
    size_t                 i;
    uint32_t               resource;
    secops_slice_t         id;
    secops_resource_ref_t  ref;

    resource = secops_job_facts_member(reader->json, entry, "resource",
                                       SECOPS_JSON_STRING);

    if (resource == 0
        || secops_job_facts_ref(reader, reader->json, resource, &ref,
                                SECOPS_RESOURCE_INTEGRATION)
           != SECOPS_RESOURCE_REF_OK)
    {
        return;
    }

    id = secops_text_slice(&ref.value);

    for (i = 0; i < reader->ninputs; i++) {
        if (secops_slice_equal(reader->inputs[i].id, id)) {
            secops_job_facts_input_key(reader, reader->inputs[i].document);
            break;
        }
    }

    secops_text_free(&ref.value);
}


static void
secops_job_facts_input_key(secops_job_facts_reader_t *reader,
    secops_slice_t document)
{
    uint32_t               parameters, key;
    secops_slice_t         id;
    secops_json_t          json;
    secops_json_error_t    error;
    secops_resource_ref_t  ref;

    switch (secops_json_tokens(&json, document, &secops_json_tree_reading,
                               &error))
    {
    case SECOPS_JSON_OK:
        break;

    case SECOPS_JSON_ERROR:
        reader->failed = 1;
        reader->reason = error.reason;
        return;

    default: /* SECOPS_JSON_MORE */
        reader->failed = 1;
        return;
    }

    parameters = secops_job_facts_is(&json, 0, "integration_type",
                                     SECOPS_JOB_FACTS_INPUT)
                 ? secops_job_facts_member(&json, 0, "parameters",
                                           SECOPS_JSON_OBJECT)
                 : 0;

    key = parameters ? secops_job_facts_member(&json, parameters, "api_key",
                                               SECOPS_JSON_STRING)
                     : 0;

    if (key
        && secops_job_facts_ref(reader, &json, key, &ref,
                                SECOPS_RESOURCE_API_KEY)
           == SECOPS_RESOURCE_REF_OK)
    {
        id = secops_job_facts_text(reader, secops_text_slice(&ref.value));

        if (reader->write
            && reader->facts->nkeys < reader->ninputs
            && !secops_job_facts_has_key(reader->facts, id))
        {
            reader->facts->keys[reader->facts->nkeys++] = id;
        }

        secops_text_free(&ref.value);
    }

    free(json.tokens);
}


/* what the string at token i refers to by an id; ref's value is to be freed
   after OK only */

static int
secops_job_facts_ref(secops_job_facts_reader_t *reader,
    const secops_json_t *json, uint32_t i, secops_resource_ref_t *ref,
    secops_resource_type_e type)
{
    int                          rc;
    secops_slice_t               text;
    secops_text_t                decoded;
    secops_resource_ref_error_t  error;

    memset(&decoded, 0, sizeof(secops_text_t));

    text = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {

        /* room for it */

        secops_text_append(&decoded, text);

        if (decoded.failed) {
            reader->failed = 1;
            return SECOPS_RESOURCE_REF_FAILED;
        }

        text.len = secops_json_decode(json, i, decoded.data);
        text.data = decoded.data;
    }

    rc = secops_resource_ref_parse(ref, text, &error);

    secops_text_free(&decoded);

    if (rc == SECOPS_RESOURCE_REF_FAILED) {
        reader->failed = 1;
    }

    if (rc == SECOPS_RESOURCE_REF_OK && (ref->type != type || !ref->by_id)) {
        secops_text_free(&ref->value);
        return SECOPS_RESOURCE_REF_NONE;
    }

    return rc;
}


/* the value of a member that has this type, or 0 */

static uint32_t
secops_job_facts_member(const secops_json_t *json, uint32_t i,
    const char *name, secops_json_type_e type)
{
    uint32_t  value;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    value = secops_json_member(json, i, (const unsigned char *) name,
                               strlen(name));

    return value && json->tokens[value].type == type ? value : 0;
}


static int
secops_job_facts_is(const secops_json_t *json, uint32_t i, const char *name,
    const char *text)
{
    uint32_t  value;

    value = secops_job_facts_member(json, i, name, SECOPS_JSON_STRING);

    return value
           && secops_json_string_is(json, value, (const unsigned char *) text,
                                    strlen(text));
}


/* a number that counts something, or 0 */

static uint64_t
secops_job_facts_count(const secops_json_t *json, uint32_t i, const char *name)
{
    double    number;
    uint32_t  value;

    value = secops_job_facts_member(json, i, name, SECOPS_JSON_NUMBER);
    number = value ? secops_json_number(json, value) : 0;

    return number >= 1 && number < 9007199254740992.0 ? (uint64_t) number : 0;
}


static void *
secops_job_facts_array(secops_job_facts_reader_t *reader, size_t n,
    size_t size)
{
    reader->size = (reader->size + sizeof(void *) - 1) & -sizeof(void *);

    return secops_job_facts_room(reader, n * size);
}


/* decoded; of token 0, which is none, it is empty */

static secops_slice_t
secops_job_facts_string(secops_job_facts_reader_t *reader, uint32_t i)
{
    unsigned char   *p;
    secops_slice_t   text = secops_slice("");

    if (i == 0) {
        return text;
    }

    p = secops_job_facts_room(reader, reader->json->tokens[i].len);

    if (reader->write) {
        text.len = secops_json_decode(reader->json, i, p);
        text.data = p;
    }

    return text;
}


static secops_slice_t
secops_job_facts_text(secops_job_facts_reader_t *reader, secops_slice_t text)
{
    unsigned char  *p;

    p = secops_job_facts_room(reader, text.len);

    if (reader->write && text.len) {
        memcpy(p, text.data, text.len);
        text.data = p;
    }

    return text;
}


/* while it is measured, an address that nobody may look at */

static unsigned char *
secops_job_facts_room(secops_job_facts_reader_t *reader, size_t size)
{
    unsigned char  *p;

    p = reader->write ? (unsigned char *) reader->facts + reader->size : NULL;

    reader->size += size;

    return p;
}

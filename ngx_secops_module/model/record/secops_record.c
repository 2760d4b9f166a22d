
/* Whether the fields of a record may be stored; see secops_record.h. */

#include "model/record/secops_record_internal.h"


#define SECOPS_RECORD_RESPELLED   8         /* validations of one record */


/* what a schema's faults are collected with */

typedef struct {
    const secops_table_t           *table;
    const secops_json_t            *json;
    uint32_t                        object;     /* token of the fields */
    const secops_record_body_t     *body;
    const secops_record_options_t  *options;
    const char                     *where;
    unsigned                        respelled;  /* a choice was, see below */
    secops_record_faults_t         *faults;
} secops_record_check_t;


static unsigned secops_record_check_members(
    const secops_record_check_t *check);
static void secops_record_check_schema(secops_record_check_t *check);
static int secops_record_check_data(const secops_record_check_t *check);
static int secops_record_knows_some(const secops_record_check_t *check);
static int secops_record_schema_fault(void *data,
    const secops_schema_fault_t *fault);
static int secops_record_respell(secops_record_check_t *check,
    const secops_schema_fault_t *fault);
static int secops_record_is_excused(const secops_record_check_t *check,
    const secops_schema_fault_t *fault);
static int secops_record_is_missing(const secops_record_faults_t *faults,
    secops_slice_t name);
static void secops_record_tell(secops_record_faults_t *faults,
    secops_error_e error, const char *where, secops_slice_t pointer,
    secops_slice_t message);


void
secops_record_budget(secops_record_budget_t *budget)
{
    memset(budget, 0, sizeof(secops_record_budget_t));

    budget->patterns.steps = SECOPS_SCHEMA_STEPS;
}


void
secops_record_faults_init(secops_record_faults_t *faults,
    secops_record_budget_t *budget)
{
    memset(faults, 0, sizeof(secops_record_faults_t));

    faults->budget = budget;
    faults->all.shared = &budget->faults;
    faults->all.once = 1;
}


int
secops_record_check(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults)
{
    secops_record_check_t  check;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                            "must be an object");
        return -1;
    }

    check.table = table;
    check.json = json;
    check.object = i;
    check.body = body;
    check.options = options;
    check.where = where;
    check.faults = faults;

    if (secops_record_check_members(&check) == 0
        && faults->all.error == SECOPS_ERROR_NONE)
    {
        secops_record_fault(faults, SECOPS_ERROR_NO_FIELDS, where,
                            "has no field that is filled in");
        return -1;
    }

    if (body->data && secops_record_check_data(&check) != 0) {
        return -1;
    }

    secops_record_check_schema(&check);

    if (faults->all.error == SECOPS_ERROR_NONE) {
        return 0;
    }

    if (body->data) {
        secops_record_fault_member(faults, faults->all.error, where,
                                   secops_slice_of("data"),
                                   "is taken for a field, as there are other"
                                   " fields beside it");
    }

    return -1;
}


void
secops_record_check_patch(const secops_table_t *table,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body,
    const char *where, secops_record_faults_t *faults)
{
    secops_record_check_t  check;

    memset(&check, 0, sizeof(secops_record_check_t));

    check.table = table;
    check.json = json;
    check.object = i;
    check.body = body;
    check.where = where;
    check.faults = faults;

    (void) secops_record_check_members(&check);

    if (body->data) {
        (void) secops_record_check_data(&check);
    }
}


/* the number of fields that are filled in */

static unsigned
secops_record_check_members(const secops_record_check_t *check)
{
    uint32_t              i, last;
    unsigned              filled;
    secops_text_t         buf;
    secops_slice_t        name;
    const secops_json_t  *json;

    memset(&buf, 0, sizeof(secops_text_t));

    json = check->json;
    filled = 0;
    last = json->tokens[check->object].next;

    for (i = check->object + 1; i < last; i = json->tokens[i + 1].next) {

        if (secops_record_is_apart(check->body, json, i)) {
            continue;
        }

        if (!secops_record_empty(json, i + 1)) {
            filled++;
        }

        name = secops_record_key_name(json, i, &buf);

        if (secops_record_is_server(name)) {
            secops_record_fault_member(check->faults, SECOPS_ERROR_BODY,
                                       check->where, name,
                                       "is set by the server");
        }
    }

    secops_text_free(&buf);

    return filled;
}


secops_slice_t
secops_record_key_name(const secops_json_t *json, uint32_t i,
    secops_text_t *buf)
{
    secops_slice_t  name;

    name = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {

        buf->len = 0;
        secops_text_append(buf, name);

        if (buf->len == name.len) {
            name.len = secops_json_decode(json, i, buf->data);
            name.data = buf->data;
        }
    }

    return name;
}


/*
 * What was respelled may meet other parts of the schema than before, such as
 * an "if".  So the record is validated again, as it will be stored, and only
 * what is said of that counts.
 */

static void
secops_record_check_schema(secops_record_check_t *check)
{
    int                      n;
    size_t                   bytes;
    unsigned                 times;
    secops_record_faults_t   before, *faults;

    faults = check->faults;

    for (times = 0; ; times++) {

        check->respelled = 0;

        before = *faults;
        bytes = faults->budget->faults;

        n = secops_schema_validate(check->table->schema, check->json,
                                   check->object,
                                   SECOPS_SCHEMA_EMPTY_IS_ABSENT,
                                   &faults->budget->patterns,
                                   secops_record_schema_fault, check);

        if (!check->respelled || times == SECOPS_RECORD_RESPELLED) {
            break;
        }

        /* the texts may have grown, and lie elsewhere */

        faults->all.error = before.all.error;
        faults->all.told = before.all.told;
        faults->all.more = before.all.more;
        faults->all.list.len = before.all.list.len;
        faults->missing.len = before.missing.len;
        faults->budget->faults = bytes;
    }

    if (n == -1 && faults->all.error == SECOPS_ERROR_NONE) {
        faults->all.error = SECOPS_ERROR_UNKNOWN;
    }
}


/*
 * A body that has "data" as an envelope has it, but something beside it: if
 * the table knows none of its other members, it is no record with a field of
 * that name but an envelope with a word that is misspelled.
 */

static int
secops_record_check_data(const secops_record_check_t *check)
{
    uint32_t              i, last;
    secops_text_t         buf;
    const secops_json_t  *json;

    json = check->json;

    if (secops_record_knows_some(check)) {
        return 0;
    }

    memset(&buf, 0, sizeof(secops_text_t));

    last = json->tokens[0].next;

    for (i = 1; i < last; i = json->tokens[i + 1].next) {

        if (i + 1 != check->body->data
            && !secops_record_is_apart(check->body, json, i))
        {
            secops_record_fault_member(check->faults, SECOPS_ERROR_BODY,
                                       check->where,
                                       secops_record_key_name(json, i, &buf),
                                       "must not stand beside \"data\": only"
                                       " \"config\" and parameters may");
        }
    }

    secops_text_free(&buf);

    return -1;
}


/* 1: the table has a property for one of the body's members */

static int
secops_record_knows_some(const secops_record_check_t *check)
{
    int                   known;
    uint32_t              i, last;
    secops_text_t         buf;
    secops_slice_t        name;
    const secops_json_t  *json;

    memset(&buf, 0, sizeof(secops_text_t));

    json = check->json;
    known = 0;
    last = json->tokens[0].next;

    for (i = 1; i < last && !known; i = json->tokens[i + 1].next) {

        name = secops_record_key_name(json, i, &buf);
        known = secops_schema_has_property(check->table->schema, name.data,
                                           name.len);
    }

    secops_text_free(&buf);

    return known;
}


static int
secops_record_schema_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_record_check_t  *check = data;

    secops_error_e           error;
    secops_record_faults_t  *faults;

    faults = check->faults;
    error = SECOPS_ERROR_BODY;

    if (secops_record_respell(check, fault)
        || secops_record_is_excused(check, fault))
    {
        return SECOPS_SCHEMA_EXCUSED;
    }

    if (fault->object.len == 0 && strcmp(fault->keyword, "required") == 0) {

        /* two parts of a schema may require the same field */

        if (secops_record_is_missing(faults, fault->property)) {
            return SECOPS_SCHEMA_COUNTS;
        }

        error = SECOPS_ERROR_MANDATORY;

        if (faults->missing.len) {
            secops_text_append_string(&faults->missing, ",");
        }

        secops_text_append(&faults->missing, fault->property);
    }

    secops_record_tell(faults, error, check->where, fault->pointer,
                       fault->message);

    /* until the error is known to be the one that wins, all must be seen */

    return (faults->all.more && faults->all.error == SECOPS_ERROR_BODY)
           ? SECOPS_SCHEMA_ENOUGH : SECOPS_SCHEMA_COUNTS;
}


/*
 * A choice in other letters, such as "malicious", is written over in the
 * document with what the schema has, which takes as many bytes.
 */

static int
secops_record_respell(secops_record_check_t *check,
    const secops_schema_fault_t *fault)
{
    if (fault->choice.len == 0 || check->body->bytes == NULL) {
        return 0;
    }

    memcpy(check->body->bytes + check->json->tokens[fault->token].start,
           fault->choice.data, fault->choice.len);

    check->respelled = 1;

    return 1;
}


static int
secops_record_is_excused(const secops_record_check_t *check,
    const secops_schema_fault_t *fault)
{
    secops_record_word_e  word;

    if (fault->object.len) {
        return 0;
    }

    /* in a flat body, what is no field stands among the fields */

    if (strcmp(fault->keyword, "additionalProperties") == 0) {

        word = secops_record_word(fault->property);

        return check->body->parameters
               && (word < SECOPS_RECORD_PARAMETERS
                   || (word == SECOPS_RECORD_CONFIG && check->body->config));
    }

    if (strcmp(fault->keyword, "required") == 0) {
        return check->options->ignore_mandatory_fields
               || (secops_table_has_default(check->table, fault->property)
                   && secops_json_member(check->json, check->object,
                                         fault->property.data,
                                         fault->property.len)
                      == 0);
    }

    return 0;
}


static int
secops_record_is_missing(const secops_record_faults_t *faults,
    secops_slice_t name)
{
    secops_slice_t        word;
    const unsigned char  *p, *last;

    if (faults->missing.len == 0) {
        return 0;
    }

    p = faults->missing.data;
    last = p + faults->missing.len;

    for ( ;; ) {

        word.data = p;
        p = memchr(word.data, ',', last - word.data);
        word.len = (p ? p : last) - word.data;

        if (secops_slice_equal(word, name)) {
            return 1;
        }

        if (p == NULL) {
            return 0;
        }

        p++;
    }
}


void
secops_record_fault(secops_record_faults_t *faults, secops_error_e error,
    const char *where, const char *message)
{
    secops_slice_t  none = secops_slice("");

    secops_record_tell(faults, error, where, none, secops_slice_of(message));
}


void
secops_record_fault_member(secops_record_faults_t *faults,
    secops_error_e error, const char *where, secops_slice_t name,
    const char *message)
{
    secops_text_t  pointer;

    memset(&pointer, 0, sizeof(secops_text_t));

    secops_faults_append_member(&pointer, name);

    secops_record_tell(faults, error, where, secops_text_slice(&pointer),
                       secops_slice_of(message));

    secops_text_free(&pointer);
}


static void
secops_record_tell(secops_record_faults_t *faults, secops_error_e error,
    const char *where, secops_slice_t pointer, secops_slice_t message)
{
    secops_text_t  place;

    memset(&place, 0, sizeof(secops_text_t));

    secops_text_append_string(&place, where);
    secops_faults_append_pointer(&place, pointer);

    if (place.len == 0) {
        secops_text_append_string(&place, "the body");
    }

    secops_faults_tell(&faults->all, error, secops_text_slice(&place),
                       message);

    secops_text_free(&place);
}


secops_slice_t
secops_record_detail(secops_record_faults_t *faults)
{
    faults->detail.len = 0;
    secops_faults_write(&faults->detail, &faults->all);

    return secops_text_slice(&faults->detail);
}


void
secops_record_faults_free(secops_record_faults_t *faults)
{
    secops_faults_free(&faults->all);
    secops_text_free(&faults->missing);
    secops_text_free(&faults->detail);
}

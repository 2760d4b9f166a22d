
/* References between resources; see secops_resource_ref.h. */

#include "model/resource/secops_resource_ref.h"


/* the text, and how far it was read */

typedef struct {
    secops_slice_t               text;
    size_t                       pos;
    secops_resource_ref_error_t *error;
} secops_resource_ref_reader_t;


typedef struct {
    secops_slice_t               name;
    secops_resource_type_e       type;
} secops_resource_ref_kind_t;


static int secops_resource_ref_begin(secops_resource_ref_reader_t *reader,
    secops_slice_t *word);
static int secops_resource_ref_kind(secops_resource_ref_t *ref,
    secops_slice_t word);
static int secops_resource_ref_key(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref);
static int secops_resource_ref_value(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref);
static int secops_resource_ref_quoted(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref);
static int secops_resource_ref_end(secops_resource_ref_reader_t *reader);
static int secops_resource_ref_expect(secops_resource_ref_reader_t *reader,
    unsigned char c, const char *reason);
static int secops_resource_ref_bad(secops_resource_ref_reader_t *reader,
    const char *reason);
static void secops_resource_ref_spaces(secops_resource_ref_reader_t *reader);
static secops_slice_t secops_resource_ref_word(
    secops_resource_ref_reader_t *reader);
static int secops_resource_ref_peek(
    const secops_resource_ref_reader_t *reader);


static const secops_resource_ref_kind_t  secops_resource_ref_kinds[] = {
    { secops_slice("api_keys"), SECOPS_RESOURCE_API_KEY },
    { secops_slice("integrations"), SECOPS_RESOURCE_INTEGRATION },
    { secops_slice("jobs"), SECOPS_RESOURCE_JOB }
};


int
secops_resource_ref_parse(secops_resource_ref_t *ref, secops_slice_t text,
    secops_resource_ref_error_t *error)
{
    int                           rc;
    secops_slice_t                word;
    secops_resource_ref_reader_t  reader;

    memset(ref, 0, sizeof(secops_resource_ref_t));

    reader.text = text;
    reader.pos = 0;
    reader.error = error;

    if (!secops_resource_ref_begin(&reader, &word)) {
        return SECOPS_RESOURCE_REF_NONE;
    }

    if (!secops_resource_ref_kind(ref, word)) {
        reader.pos = (size_t) (word.data - text.data);

        return secops_resource_ref_bad(&reader, "\"api_keys\", "
                                       "\"integrations\" or \"jobs\" is "
                                       "expected");
    }

    rc = secops_resource_ref_key(&reader, ref);

    if (rc == SECOPS_RESOURCE_REF_OK) {
        rc = secops_resource_ref_value(&reader, ref);
    }

    if (rc == SECOPS_RESOURCE_REF_OK) {
        rc = secops_resource_ref_end(&reader);
    }

    if (ref->value.failed) {
        rc = SECOPS_RESOURCE_REF_FAILED;
    }

    if (rc != SECOPS_RESOURCE_REF_OK) {
        secops_text_free(&ref->value);
    }

    return rc;
}


/* 1: it begins like a call, and is read up to its parenthesis */

static int
secops_resource_ref_begin(secops_resource_ref_reader_t *reader,
    secops_slice_t *word)
{
    if (reader->text.len < 2 || memcmp(reader->text.data, "{{", 2) != 0) {
        return 0;
    }

    reader->pos = 2;

    secops_resource_ref_spaces(reader);

    *word = secops_resource_ref_word(reader);

    secops_resource_ref_spaces(reader);

    if (word->len == 0 || secops_resource_ref_peek(reader) != '(') {
        return 0;
    }

    reader->pos++;

    return 1;
}


static int
secops_resource_ref_kind(secops_resource_ref_t *ref, secops_slice_t word)
{
    size_t  i;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        if (secops_slice_equal(word, secops_resource_ref_kinds[i].name)) {
            ref->type = secops_resource_ref_kinds[i].type;
            return 1;
        }
    }

    return 0;
}


static int
secops_resource_ref_key(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref)
{
    size_t          i, begin;
    secops_slice_t  word;

    static const secops_slice_t  keys[] = {
        secops_slice("name"), secops_slice("title"),
        secops_slice("internal_id"), secops_slice("id")
    };

    secops_resource_ref_spaces(reader);

    begin = reader->pos;
    word = secops_resource_ref_word(reader);

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (secops_slice_equal(word, keys[i])) {
            break;
        }
    }

    if (i == sizeof(keys) / sizeof(keys[0])) {
        reader->pos = begin;

        return secops_resource_ref_bad(reader, "\"name\", \"title\" or "
                                       "\"internal_id\" is expected");
    }

    ref->by_id = i >= 2;

    return secops_resource_ref_expect(reader, '=', "\"=\" is expected");
}


static int
secops_resource_ref_value(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref)
{
    int             c;
    secops_slice_t  word;

    secops_resource_ref_spaces(reader);

    c = secops_resource_ref_peek(reader);

    if (c == '\'' || c == '"') {
        return secops_resource_ref_quoted(reader, ref);
    }

    if (!ref->by_id) {
        return secops_resource_ref_bad(reader, "a quote is expected");
    }

    word = secops_resource_ref_word(reader);

    if (word.len == 0) {
        return secops_resource_ref_bad(reader, "an id is expected");
    }

    secops_text_append(&ref->value, word);

    return SECOPS_RESOURCE_REF_OK;
}


static int
secops_resource_ref_quoted(secops_resource_ref_reader_t *reader,
    secops_resource_ref_t *ref)
{
    int             c, quote;
    size_t          begin;
    secops_slice_t  part;

    begin = reader->pos;
    quote = secops_resource_ref_peek(reader);

    for ( ;; ) {

        part.data = reader->text.data + ++reader->pos;

        while ((c = secops_resource_ref_peek(reader)) != quote && c != '\\'
               && c >= 0)
        {
            reader->pos++;
        }

        part.len = (size_t) (reader->text.data + reader->pos - part.data);

        secops_text_append(&ref->value, part);

        if (c != '\\') {
            break;
        }

        reader->pos++;
        c = secops_resource_ref_peek(reader);

        if (c != '\'' && c != '"' && c != '\\') {
            return secops_resource_ref_bad(reader, "\"\\\" stands before "
                                           "quotes and itself only");
        }

        part.data = reader->text.data + reader->pos;
        part.len = 1;

        secops_text_append(&ref->value, part);
    }

    if (c < 0) {
        reader->pos = begin;

        return secops_resource_ref_bad(reader, "the quote is not closed");
    }

    reader->pos++;

    if (ref->value.len == 0 && !ref->value.failed) {
        reader->pos = begin;

        return secops_resource_ref_bad(reader, "the value is empty");
    }

    return SECOPS_RESOURCE_REF_OK;
}


static int
secops_resource_ref_end(secops_resource_ref_reader_t *reader)
{
    int  rc;

    rc = secops_resource_ref_expect(reader, ')', "\")\" is expected");

    if (rc == SECOPS_RESOURCE_REF_OK) {
        rc = secops_resource_ref_expect(reader, '}', "\"}}\" is expected");
    }

    if (rc != SECOPS_RESOURCE_REF_OK) {
        return rc;
    }

    if (secops_resource_ref_peek(reader) != '}') {
        return secops_resource_ref_bad(reader, "\"}}\" is expected");
    }

    if (++reader->pos != reader->text.len) {
        return secops_resource_ref_bad(reader, "nothing may follow");
    }

    return SECOPS_RESOURCE_REF_OK;
}


/* spaces may come before it */

static int
secops_resource_ref_expect(secops_resource_ref_reader_t *reader,
    unsigned char c, const char *reason)
{
    secops_resource_ref_spaces(reader);

    if (secops_resource_ref_peek(reader) != c) {
        return secops_resource_ref_bad(reader, reason);
    }

    reader->pos++;

    return SECOPS_RESOURCE_REF_OK;
}


static int
secops_resource_ref_bad(secops_resource_ref_reader_t *reader,
    const char *reason)
{
    reader->error->offset = reader->pos;
    reader->error->reason = reason;

    return SECOPS_RESOURCE_REF_BAD;
}


static void
secops_resource_ref_spaces(secops_resource_ref_reader_t *reader)
{
    int  c;

    for ( ;; ) {

        c = secops_resource_ref_peek(reader);

        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return;
        }

        reader->pos++;
    }
}


/* letters, digits, "_" and "-"; may be empty */

static secops_slice_t
secops_resource_ref_word(secops_resource_ref_reader_t *reader)
{
    int             c;
    secops_slice_t  word;

    word.data = reader->text.data + reader->pos;

    for ( ;; ) {

        c = secops_resource_ref_peek(reader);

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-'))
        {
            break;
        }

        reader->pos++;
    }

    word.len = (size_t) (reader->text.data + reader->pos - word.data);

    return word;
}


/* -1: there is no more */

static int
secops_resource_ref_peek(const secops_resource_ref_reader_t *reader)
{
    return reader->pos < reader->text.len ? reader->text.data[reader->pos]
                                          : -1;
}


/* ids are made here: of letters, digits, "_" and "-" */

void
secops_resource_ref_write(secops_text_t *text, secops_resource_type_e type,
    secops_slice_t id)
{
    const char  *quote;

    quote = (type == SECOPS_RESOURCE_API_KEY) ? "'" : "";

    secops_text_append_string(text, "{{");
    secops_text_append(text, secops_resource_ref_kinds[type].name);
    secops_text_append_string(text, "(internal_id=");
    secops_text_append_string(text, quote);
    secops_text_append(text, id);
    secops_text_append_string(text, quote);
    secops_text_append_string(text, ")}}");
}

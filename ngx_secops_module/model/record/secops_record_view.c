
/* A stored record in the Table API's form; see secops_record_view.h. */

#include "model/record/secops_record_view.h"
#include "util/secops_hex.h"


#define SECOPS_RECORD_VIEW_PATH  "/api/now/table/"


static void secops_record_view_next(secops_text_t *text, size_t begin);
static uint32_t secops_record_view_key(const secops_json_t *json,
    secops_slice_t name);
static void secops_record_view_empty(secops_text_t *text,
    const secops_record_view_t *view, secops_slice_t column);
static void secops_record_view_member(secops_text_t *text,
    const secops_record_view_t *view, const secops_json_t *json, uint32_t key);
static const secops_table_reference_t *secops_record_view_reference(
    const secops_record_view_t *view, const secops_json_t *json, uint32_t key);
static void secops_record_view_value(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_record_view_link(secops_text_t *text,
    const secops_record_view_t *view, const secops_json_t *json, uint32_t i,
    const secops_table_reference_t *reference);
static void secops_record_view_segment(secops_text_t *text,
    secops_slice_t segment);
static int secops_record_view_is_plain(unsigned char c);


int
secops_record_view_add(secops_record_view_t *view, secops_slice_t column)
{
    size_t  i;

    view->some = 1;

    for (i = 0; i < view->nfields; i++) {
        if (secops_slice_equal(view->fields[i], column)) {
            return 0;
        }
    }

    if (view->nfields == SECOPS_RECORD_VIEW_FIELDS) {
        return -1;
    }

    view->fields[view->nfields++] = column;

    return 0;
}


void
secops_record_view(secops_text_t *text, const secops_record_view_t *view,
    const secops_json_t *json)
{
    size_t    i, begin;
    uint32_t  key, last, n;

    secops_text_append_string(text, "{");

    begin = text->len;

    if (!view->some) {
        last = json->tokens[0].next;

        for (key = 1; key < last; key = json->tokens[key + 1].next) {
            secops_record_view_next(text, begin);
            secops_record_view_member(text, view, json, key);
        }

        for (n = 0; n < view->table->ncolumns; n++) {
            key = secops_record_view_key(json, view->table->columns[n]);

            if (key == 0) {
                secops_record_view_next(text, begin);
                secops_record_view_empty(text, view, view->table->columns[n]);
            }
        }
    }

    for (i = 0; i < view->nfields; i++) {
        key = secops_record_view_key(json, view->fields[i]);

        if (key) {
            secops_record_view_next(text, begin);
            secops_record_view_member(text, view, json, key);

        } else if (secops_table_has_column(view->table, view->fields[i])) {
            secops_record_view_next(text, begin);
            secops_record_view_empty(text, view, view->fields[i]);
        }
    }

    secops_text_append_string(text, "}");
}


/* before each member but the first */

static void
secops_record_view_next(secops_text_t *text, size_t begin)
{
    if (text->len > begin) {
        secops_text_append_string(text, ",");
    }
}


/* the token of a member's name; 0: the record does not have it */

static uint32_t
secops_record_view_key(const secops_json_t *json, secops_slice_t name)
{
    uint32_t  value;

    value = secops_json_member(json, 0, name.data, name.len);

    return value ? value - 1 : 0;
}


static void
secops_record_view_empty(secops_text_t *text, const secops_record_view_t *view,
    secops_slice_t column)
{
    secops_text_append_string(text, "\"");
    secops_text_append_escaped(text, column);
    secops_text_append_string(text, view->all
                              ? "\":{\"display_value\":\"\",\"value\":\"\"}"
                              : "\":\"\"");
}


static void
secops_record_view_member(secops_text_t *text,
    const secops_record_view_t *view, const secops_json_t *json, uint32_t key)
{
    const secops_table_reference_t  *reference;

    secops_text_append_string(text, "\"");
    secops_text_append(text, secops_json_raw(json, key));
    secops_text_append_string(text, "\":");

    reference = secops_record_view_reference(view, json, key);

    if (!view->all && reference == NULL) {
        secops_record_view_value(text, json, key + 1);
        return;
    }

    secops_text_append_string(text, "{");

    if (view->all || view->display) {
        secops_text_append_string(text, "\"display_value\":");
        secops_record_view_value(text, json, key + 1);
        secops_text_append_string(text, ",\"value\":");
        secops_record_view_value(text, json, key + 1);

        if (reference) {
            secops_text_append_string(text, ",");
            secops_record_view_link(text, view, json, key + 1, reference);
        }

    } else {
        secops_record_view_link(text, view, json, key + 1, reference);
        secops_text_append_string(text, ",\"value\":");
        secops_record_view_value(text, json, key + 1);
    }

    secops_text_append_string(text, "}");
}


/* NULL: its value has no link */

static const secops_table_reference_t *
secops_record_view_reference(const secops_record_view_t *view,
    const secops_json_t *json, uint32_t key)
{
    unsigned char               name[SECOPS_RECORD_VIEW_REFERENCE];
    const secops_json_token_t  *value;

    value = &json->tokens[key + 1];

    if (view->base.len == 0
        || view->table->nreferences == 0
        || value->len == 0
        || value->len > SECOPS_RECORD_VIEW_REFERENCE
        || json->tokens[key].len > sizeof(name)
        || (value->type != SECOPS_JSON_STRING
            && value->type != SECOPS_JSON_NUMBER))
    {
        return NULL;
    }

    return secops_table_reference(view->table, secops_slice_bytes(name,
                                        secops_json_decode(json, key, name)));
}


/* a string stands in the document as it is to stand in the answer */

static void
secops_record_view_value(secops_text_t *text, const secops_json_t *json,
    uint32_t i)
{
    secops_text_append_string(text, "\"");

    switch (json->tokens[i].type) {

    case SECOPS_JSON_NULL:
        break;

    case SECOPS_JSON_OBJECT:
    case SECOPS_JSON_ARRAY:
        secops_text_append_escaped(text, secops_json_raw(json, i));
        break;

    default:
        secops_text_append(text, secops_json_raw(json, i));
    }

    secops_text_append_string(text, "\"");
}


static void
secops_record_view_link(secops_text_t *text, const secops_record_view_t *view,
    const secops_json_t *json, uint32_t i,
    const secops_table_reference_t *reference)
{
    unsigned char   value[SECOPS_RECORD_VIEW_REFERENCE];
    secops_slice_t  segment;

    segment = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        segment = secops_slice_bytes(value, secops_json_decode(json, i, value));
    }

    secops_text_append_string(text, "\"link\":\"");
    secops_text_append_escaped(text, view->base);
    secops_text_append_string(text, SECOPS_RECORD_VIEW_PATH);
    secops_text_append(text, reference->table);
    secops_text_append_string(text, "/");
    secops_record_view_segment(text, segment);
    secops_text_append_string(text, "\"");
}


/* as RFC 3986 has it: what is not unreserved becomes %XX */

static void
secops_record_view_segment(secops_text_t *text, secops_slice_t segment)
{
    size_t         i;
    unsigned char  code[3];

    code[0] = '%';

    for (i = 0; i < segment.len; i++) {

        if (secops_record_view_is_plain(segment.data[i])) {
            secops_text_append(text, secops_slice_bytes(&segment.data[i], 1));
            continue;
        }

        (void) secops_hex_encode(code + 1, &segment.data[i], 1);
        secops_text_append(text, secops_slice_bytes(code, sizeof(code)));
    }
}


static int
secops_record_view_is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z')
           || c == '-' || c == '.' || c == '_' || c == '~';
}

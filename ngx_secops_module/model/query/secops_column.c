
/* Columns of a record as text; see secops_column.h. */

#include "model/json/secops_json_number.h"
#include "model/json/secops_json_text.h"
#include "model/query/secops_column.h"


static int secops_column_rank(secops_slice_t text);


secops_slice_t
secops_column_text(const secops_json_t *json, uint32_t i, unsigned char *dst,
    size_t room)
{
    int             whole;
    secops_slice_t  text;

    if (i == 0 || json->tokens[i].type == SECOPS_JSON_NULL) {
        return secops_slice_of("");
    }

    text = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        text.len = secops_json_decode_some(json, i, dst, room, &whole);
        text.data = dst;
    }

    return text;
}


int
secops_column_is_empty(const secops_json_t *json, uint32_t i)
{
    const secops_json_token_t  *token;

    token = &json->tokens[i];

    return i == 0 || token->type == SECOPS_JSON_NULL
           || (token->type == SECOPS_JSON_STRING && token->len == 0);
}


int
secops_column_is_number(secops_slice_t text)
{
    return text.len <= SECOPS_COLUMN_NUMBER && secops_json_is_number(text);
}


int
secops_column_has_number(const secops_json_t *json, uint32_t i,
    unsigned char buffer[SECOPS_COLUMN_NUMBER], secops_slice_t *text)
{
    int  whole;

    if (secops_column_is_empty(json, i)) {
        return 0;
    }

    *text = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        text->len = secops_json_decode_some(json, i, buffer,
                                            SECOPS_COLUMN_NUMBER, &whole);
        text->data = buffer;

        return whole && secops_column_is_number(*text);
    }

    return secops_column_is_number(*text);
}


int
secops_column_compare(secops_slice_t a, secops_slice_t b)
{
    int  rank;

    if (a.len > SECOPS_COLUMN_SORTED) {
        a.len = SECOPS_COLUMN_SORTED;
    }

    if (b.len > SECOPS_COLUMN_SORTED) {
        b.len = SECOPS_COLUMN_SORTED;
    }

    rank = secops_column_rank(a);

    if (rank != secops_column_rank(b)) {
        return rank - secops_column_rank(b);
    }

    return rank == 1 ? secops_json_number_compare(a, b)
                     : secops_slice_compare(a, b);
}


static int
secops_column_rank(secops_slice_t text)
{
    if (text.len == 0) {
        return 0;
    }

    return secops_column_is_number(text) ? 1 : 2;
}


void
secops_column_read(secops_column_reader_t *reader, const secops_json_t *json,
    uint32_t i)
{
    secops_slice_t  raw;

    raw = secops_column_text(json, 0, NULL, 0);

    if (i && json->tokens[i].type != SECOPS_JSON_NULL) {
        raw = secops_json_raw(json, i);
    }

    reader->pos = raw.data;
    reader->last = raw.data + raw.len;
    reader->escaped = i && (json->tokens[i].flags & SECOPS_JSON_ESCAPED);
}


secops_slice_t
secops_column_piece(secops_column_reader_t *reader, size_t max)
{
    secops_slice_t        piece;
    const unsigned char  *slash;

    piece.data = reader->pos;
    piece.len = reader->last - reader->pos;

    if (piece.len > max) {
        piece.len = max;
    }

    if (reader->escaped && piece.len) {

        if (*reader->pos == '\\') {
            piece.len = secops_json_unescape(&reader->pos, reader->bytes);
            piece.data = reader->bytes;

            return piece;
        }

        slash = memchr(piece.data, '\\', piece.len);

        if (slash) {
            piece.len = slash - piece.data;
        }
    }

    reader->pos += piece.len;

    return piece;
}

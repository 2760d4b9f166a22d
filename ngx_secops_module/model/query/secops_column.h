
/*
 * A column of a record as text: what is compared when records are looked for
 * or sorted, and what the Table API answers.
 *
 *     a string                 its characters, escapes decoded
 *     a number, true, false    its bytes
 *     null, or no such member  ""
 *     an object, an array      its JSON, as it is stored
 *
 * A column is named by the token of its value; 0, which is never a member's
 * value, stands for a member that the record does not have.  Pure C.
 */

#ifndef _SECOPS_COLUMN_H_INCLUDED_
#define _SECOPS_COLUMN_H_INCLUDED_


#include "model/json/secops_json.h"


/*
 * The text.  Of a string with escapes it is decoded into dst, as far as room
 * goes, without cutting a character; a room of the token's len is enough for
 * all of it.  Any other text is the document's bytes, whatever the room.
 */

secops_slice_t secops_column_text(const secops_json_t *json, uint32_t i,
    unsigned char *dst, size_t room);

/* 1: there is no value, or it is null or "" */

int secops_column_is_empty(const secops_json_t *json, uint32_t i);


/*
 * A text that is a number as JSON has them counts as one when it is compared.
 * Of more bytes than these it is a text, so that comparing stays cheap.
 */

#define SECOPS_COLUMN_NUMBER  64

int secops_column_is_number(secops_slice_t text);

/* the same of a column: 1, *text is it, and points into the document or to
   buffer; 0: its text is no number */

int secops_column_has_number(const secops_json_t *json, uint32_t i,
    unsigned char buffer[SECOPS_COLUMN_NUMBER], secops_slice_t *text);


/*
 * The order of two texts when records are sorted, ascending: below, equal to or
 * above 0.  Empty ones stand first, then numbers by their values, then all
 * others by their bytes.  Only so many bytes of a text count.
 */

#define SECOPS_COLUMN_SORTED  256

int secops_column_compare(secops_slice_t a, secops_slice_t b);


/* the text piece by piece, without memory for the whole of it */

typedef struct {
    const unsigned char  *pos;
    const unsigned char  *last;
    unsigned char         bytes[4];     /* of the last escape */
    unsigned              escaped;
} secops_column_reader_t;

void secops_column_read(secops_column_reader_t *reader,
    const secops_json_t *json, uint32_t i);

/*
 * The next bytes, at most max of them (of an escape all, which are 4 at most);
 * valid until the next call.  Empty: there are no more.
 */

secops_slice_t secops_column_piece(secops_column_reader_t *reader, size_t max);


#endif /* _SECOPS_COLUMN_H_INCLUDED_ */


/*
 * Text that comes from outside and goes into JSON, and a buffer that grows.
 * Pure C.
 */

#ifndef _SECOPS_TEXT_H_INCLUDED_
#define _SECOPS_TEXT_H_INCLUDED_


#include "util/secops_slice.h"


/* 1 when the bytes are UTF-8 without control characters (U+0000 to U+001F,
   U+007F to U+009F) and what turns the direction of writing (U+202A to U+202E,
   U+2066 to U+2069): what may become a user's or a domain's name.  Names get to
   logs, and to people's terminals */

int secops_text_is_name(secops_slice_t text);


/*
 * Writes text as the inside of a JSON string.  The text must be UTF-8.  dst
 * has room for secops_text_escape_max(len) bytes; returns the byte after the
 * last one written.
 */

#define secops_text_escape_max(len)  ((len) * 6)

unsigned char *secops_text_escape(unsigned char *dst, secops_slice_t text);


/*
 * Undoes application/x-www-form-urlencoded: "+" is a space, %XX a byte; a "%"
 * without two hexadecimal digits stands for itself.  dst has room for len
 * bytes; returns the byte after the last one written.
 */

unsigned char *secops_text_form_decode(unsigned char *dst, secops_slice_t text);


/*
 * Takes the next name=value from *query (both still encoded) and moves *query
 * past it.  0: there is none left.
 */

int secops_text_query_next(secops_slice_t *query, secops_slice_t *name,
    secops_slice_t *value);


/*
 * Takes the next line from *rest, without its line feed, and moves *rest past
 * it.  A last line may have none.  0: there is no line left.
 */

int secops_text_line_next(secops_slice_t *rest, secops_slice_t *line);

/* 1: there is nothing but spaces, tabs and carriage returns */

int secops_text_is_blank(secops_slice_t line);


/* 1: "true" in any letter case, or "1"; 0: "false" or "0"; -1: neither */

int secops_text_boolean(secops_slice_t text);


/*
 * A text that grows, in malloc'ed memory: secops_text_free() ends it.  An
 * append that gets no memory sets failed and leaves the text as it was.
 */

typedef struct {
    unsigned char  *data;
    size_t          len;
    size_t          size;
    int             failed;
} secops_text_t;


/* what is there; borrowed until the next append */

static inline secops_slice_t
secops_text_slice(const secops_text_t *text)
{
    secops_slice_t  slice;

    slice.len = text->len;
    slice.data = text->data;

    return slice;
}


void secops_text_append(secops_text_t *text, secops_slice_t more);
void secops_text_append_string(secops_text_t *text, const char *more);

/* as the inside of a JSON string */

void secops_text_append_escaped(secops_text_t *text, secops_slice_t more);

/* the text as a C string, which is borrowed until the next append: its NUL does
   not count.  NULL: the text has failed, or there is no memory */

const char *secops_text_string(secops_text_t *text);

void secops_text_free(secops_text_t *text);


#endif /* _SECOPS_TEXT_H_INCLUDED_ */

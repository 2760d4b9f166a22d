
/*
 * JSON values as text: the one way in which documents are written, wherever
 * that is.  Compact, members in the order in which they were set.  A number
 * has the fewest digits that read back as the same number: 35.1 is 35.1, and
 * a document that is read and written again stays the same.  Pure C.
 */

#ifndef _SECOPS_JSON_DUMP_H_INCLUDED_
#define _SECOPS_JSON_DUMP_H_INCLUDED_


#include <jansson.h>

#include "util/secops_text.h"


/* appends it; without memory the text says that it failed.  A NULL value is
   a failure, too */

void secops_json_dump(secops_text_t *text, const json_t *value);

/* how many values there are in it, itself included */

size_t secops_json_values(const json_t *value);


/* a number as it is written; dst has room for it and a NUL */

#define SECOPS_JSON_REAL_SIZE  40

size_t secops_json_dump_real(char *dst, double number);


#endif /* _SECOPS_JSON_DUMP_H_INCLUDED_ */

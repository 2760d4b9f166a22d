
/*
 * The definitions that are compiled in: the files of schema/, byte for byte.
 * scripts/embed.sh writes the array when nginx is configured.
 */

#ifndef _SECOPS_DEFINITIONS_H_INCLUDED_
#define _SECOPS_DEFINITIONS_H_INCLUDED_


#include <stddef.h>


typedef struct {
    const char           *kind;         /* folder in schema/: "tables"; "" for a
                                           file that lies in schema/ itself */
    const char           *name;         /* of the file, without ".json" */
    const unsigned char  *data;         /* NUL-terminated, len does not count
                                           the NUL */
    size_t                len;
} secops_definition_t;


/* sorted by kind, then by name; ends with a NULL kind */

extern const secops_definition_t  secops_definitions[];


#endif /* _SECOPS_DEFINITIONS_H_INCLUDED_ */


/*
 * What the keywords' files share: the table's entry, and the functions that it
 * names.  Each reads the keyword's value, token i, into the node, or refuses
 * it.  For the files that compile schemas only.
 */

#ifndef _SECOPS_SCHEMA_KEYWORD_H_INCLUDED_
#define _SECOPS_SCHEMA_KEYWORD_H_INCLUDED_


#include "model/schema/secops_schema_internal.h"


typedef struct secops_schema_keyword_s  secops_schema_keyword_t;

struct secops_schema_keyword_s {
    const char                 *name;
    int                       (*compile)(secops_schema_compiler_t *c,
                                    secops_schema_node_t *node, uint32_t i,
                                    const secops_schema_keyword_t *keyword);
    size_t                      offset;     /* of the node's field */
    unsigned                    checks;     /* that the keyword asks for */
};


/* secops_schema_assertion.c */

int secops_schema_type(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_enum(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_const(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_count_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_pattern(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_format_name(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_number_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_multiple_of(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_unique_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);

/* any annotation that is true or false */

int secops_schema_note_flag(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);

/* the pattern is the string i; a fault of it is told of the place at */

secops_schema_pattern_t *secops_schema_compile_pattern(
    secops_schema_compiler_t *c, uint32_t i, uint32_t at);


/* secops_schema_applicator.c */

int secops_schema_schema_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_list_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_pattern_properties(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_dependencies(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
int secops_schema_definitions(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);

/* "items" and "additionalItems", whose tokens are in the node */

int secops_schema_compile_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node);


#endif /* _SECOPS_SCHEMA_KEYWORD_H_INCLUDED_ */

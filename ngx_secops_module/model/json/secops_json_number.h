
/*
 * For the secops_json files, for uniqueItems, and for what compares columns.
 * All texts here are numbers as RFC 8259 has them, already found valid.
 */

#ifndef _SECOPS_JSON_NUMBER_H_INCLUDED_
#define _SECOPS_JSON_NUMBER_H_INCLUDED_


#include <stdint.h>

#include "util/secops_text.h"


/* 1 when a text of any kind is such a number, all of it */

int secops_json_is_number(secops_slice_t text);


/* 1 when an integer leaves int64_t, or a real rounds to no finite double */

int secops_json_number_is_huge(const unsigned char *pos, size_t len,
    int real);


/* 1 when both are the same number: "1", "1.0", "10e-1" */

int secops_json_number_equal(secops_slice_t a, secops_slice_t b);


/* below 0: a is less; 0: they are the same number; above 0: a is greater */

int secops_json_number_compare(secops_slice_t a, secops_slice_t b);


/* the same number has the same hash */

uint32_t secops_json_number_hash(secops_slice_t text);


/*
 * Appends the one spelling that all spellings of the same number share: an
 * integer of up to so many digits as such, anything else with an exponent.
 */

void secops_json_number_canonical(secops_text_t *text, secops_slice_t number,
    int64_t digits);


/* the nearest double; infinite if the number overflows */

double secops_json_number_double(secops_slice_t text);


#endif /* _SECOPS_JSON_NUMBER_H_INCLUDED_ */

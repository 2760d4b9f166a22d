
/*
 * How much the faults of one request may say.  A fault repeats what the client
 * sent: names stand in pointers and in sentences.  So names are cut, and all
 * faults of an answer share one budget of bytes: an answer can not become a
 * multiple of its request.  Pure C.
 */

#ifndef _SECOPS_FAULTS_H_INCLUDED_
#define _SECOPS_FAULTS_H_INCLUDED_


#include "util/secops_text.h"


/* bytes of an answer, for all that its faults say */

#define SECOPS_FAULTS_BYTES    65536

/* bytes of one name that a fault shows, and of one pointer */

#define SECOPS_FAULTS_NAME     255
#define SECOPS_FAULTS_POINTER  1024

/* what stands at the end where some are not told */

#define SECOPS_FAULTS_MORE     "and more"


/* zeroed at first */

typedef struct {
    size_t  used;
    int     more;           /* there are faults that are not told */
} secops_faults_budget_t;


/*
 * 0: a fault that takes so many bytes of the answer may be told.  -1: it may
 * not, and none that comes after it: so what is told are the first ones.
 */

int secops_faults_take(secops_faults_budget_t *budget, size_t bytes);


/* the bytes that a text takes inside of a JSON string */

size_t secops_faults_size(secops_slice_t text);


/* the beginning of a text, of max bytes at most: UTF-8 stays UTF-8 */

secops_slice_t secops_faults_cut(secops_slice_t text, size_t max);


/*
 * Appends a name, or a JSON Pointer: "…" stands for the rest of a name, and of
 * a pointer, that are longer than what a fault shows.
 */

void secops_faults_append_name(secops_text_t *text, secops_slice_t name,
    size_t max);
void secops_faults_append_pointer(secops_text_t *text,
    secops_slice_t pointer);


#endif /* _SECOPS_FAULTS_H_INCLUDED_ */


/*
 * What is wrong with a request, and how much its faults may say.  A fault
 * repeats what the client sent: names stand in pointers and in sentences.  So
 * names are cut, and all faults of an answer share one budget of bytes: an
 * answer can not become a multiple of its request.  Pure C.
 */

#ifndef _SECOPS_FAULTS_H_INCLUDED_
#define _SECOPS_FAULTS_H_INCLUDED_


#include "util/secops_error.h"
#include "util/secops_text.h"


/* bytes of an answer, for all that its faults say */

#define SECOPS_FAULTS_BYTES    65536

/* faults that an answer tells, as far as there is room */

#define SECOPS_FAULTS_MAX      100

/* bytes of one name that a fault shows, and of one pointer */

#define SECOPS_FAULTS_NAME     255
#define SECOPS_FAULTS_POINTER  1024

/* what stands at the end where some are not told */

#define SECOPS_FAULTS_MORE     "and more"


/* slices are borrowed from who adds the fault, or from the faults it is in */

typedef struct {
    secops_slice_t           about;     /* a resource's identifier; data is
                                           NULL: the fault is of none */
    secops_slice_t           pointer;   /* JSON Pointer, or a parameter's name;
                                           empty: the whole request */
    secops_slice_t           message;   /* for people */
} secops_fault_t;


/* faults as they are found; zeroed at first, secops_faults_free() ends them */

typedef struct {
    secops_error_e           error;     /* the one to answer, NONE: no fault;
                                           of several, that which comes first
                                           in the table of errors */
    secops_text_t            list;      /* see secops_faults_next() */
    unsigned                 told;      /* how many are in the list */
    size_t                   own;       /* bytes of the answer that they take */
    size_t                  *shared;    /* the same, where they share it with
                                           others'; borrowed.  NULL: own */
    unsigned                 once:1;    /* the answer has each of them once,
                                           as secops_faults_write() does; 0: as
                                           the Resources API does, thrice */
    unsigned                 more:1;    /* there are more than the list has */
    unsigned                 failed:1;  /* no memory for one of them */
} secops_faults_t;


/* adds a fault if there is room, or one that is about no resource; the error
   counts in any case */

void secops_faults_add(secops_faults_t *faults, secops_error_e error,
    const secops_fault_t *fault);
void secops_faults_tell(secops_faults_t *faults, secops_error_e error,
    secops_slice_t pointer, secops_slice_t message);

/* 1: no more of them are told, so none need be looked for */

int secops_faults_full(const secops_faults_t *faults);

/* the fault at a place, which is 0 at first, and moved on; 0: there is none */

int secops_faults_next(const secops_faults_t *faults, size_t *place,
    secops_fault_t *fault);

void secops_faults_free(secops_faults_t *faults);


/* appends "pointer: message", or the message alone; all of them, with "; "
   between them, and that there are more */

void secops_faults_write_one(secops_text_t *text, const secops_fault_t *fault);
void secops_faults_write(secops_text_t *text, const secops_faults_t *faults);


/* the beginning of a text, of max bytes at most: UTF-8 stays UTF-8 */

secops_slice_t secops_faults_cut(secops_slice_t text, size_t max);


/*
 * Appends a name, a JSON Pointer, or a slash and a member's name as a pointer
 * has it: "…" stands for the rest of a name, and of a pointer, that are longer
 * than what a fault shows.
 */

void secops_faults_append_name(secops_text_t *text, secops_slice_t name,
    size_t max);
void secops_faults_append_pointer(secops_text_t *text,
    secops_slice_t pointer);
void secops_faults_append_member(secops_text_t *pointer, secops_slice_t name);


#endif /* _SECOPS_FAULTS_H_INCLUDED_ */

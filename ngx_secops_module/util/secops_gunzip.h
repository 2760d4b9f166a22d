
/*
 * Unpacks gzip (RFC 1952) as its bytes come, up to a limit of what is unpacked.
 * Pure C, over zlib.
 */

#ifndef _SECOPS_GUNZIP_H_INCLUDED_
#define _SECOPS_GUNZIP_H_INCLUDED_


#include <zlib.h>

#include "util/secops_slice.h"


/*
 * The most that one step takes and makes: what zlib can be made to do for so
 * many bytes takes a millisecond.  Headers of blocks that hold nothing are the
 * dearest input, a long run of one byte is the largest output.
 */

#define SECOPS_GUNZIP_IN   4096
#define SECOPS_GUNZIP_OUT  65536


#define SECOPS_GUNZIP_MORE     1
#define SECOPS_GUNZIP_OK       0
#define SECOPS_GUNZIP_ERROR   -1    /* reason says what is wrong with it */
#define SECOPS_GUNZIP_LARGE   -2    /* more than the limit is in it */
#define SECOPS_GUNZIP_FAILED  -3    /* no memory */


/* created by secops_gunzip_init(), to be freed by secops_gunzip_free() */

typedef struct {
    z_stream        stream;
    unsigned char  *data;       /* unpacked so far */
    size_t          len;
    size_t          size;
    size_t          limit;
    unsigned        ended;      /* a member is over, and no other has begun */
    unsigned        more;       /* there is output that found no room yet */
    const char     *reason;
} secops_gunzip_t;


/* 0, or -1: no memory */

int secops_gunzip_init(secops_gunzip_t *gunzip, size_t limit);


/*
 * One step: takes from *input and moves it past what was taken.  MORE: call
 * again, with what is left of this input; when that is empty and gunzip->more
 * is not set, with the next one.  Several members, one behind the other, are
 * one text, as the RFC has it.
 */

int secops_gunzip_step(secops_gunzip_t *gunzip, secops_slice_t *input);


/* after the last input: OK, or ERROR when it was cut off */

int secops_gunzip_end(secops_gunzip_t *gunzip);


/* may be called twice */

void secops_gunzip_free(secops_gunzip_t *gunzip);


#endif /* _SECOPS_GUNZIP_H_INCLUDED_ */

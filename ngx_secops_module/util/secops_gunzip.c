
/* gzip, unpacked step by step; see secops_gunzip.h. */

#include <stdlib.h>

#include "util/secops_gunzip.h"


/* zlib's: the largest window there is, and gzip's header and nothing else */

#define SECOPS_GUNZIP_WINDOW  (15 + 16)

/* the first byte of a member */

#define SECOPS_GUNZIP_MAGIC   0x1f


static int secops_gunzip_reserve(secops_gunzip_t *gunzip);
static int secops_gunzip_next_member(secops_gunzip_t *gunzip,
    unsigned char first);


int
secops_gunzip_init(secops_gunzip_t *gunzip, size_t limit)
{
    memset(gunzip, 0, sizeof(secops_gunzip_t));

    gunzip->limit = limit;

    return inflateInit2(&gunzip->stream, SECOPS_GUNZIP_WINDOW) == Z_OK ? 0 : -1;
}


int
secops_gunzip_step(secops_gunzip_t *gunzip, secops_slice_t *input)
{
    int        rc;
    size_t     taken, room;
    z_stream  *stream;

    stream = &gunzip->stream;

    if (gunzip->ended && input->len) {
        if (secops_gunzip_next_member(gunzip, input->data[0]) != 0) {
            return SECOPS_GUNZIP_ERROR;
        }
    }

    if (gunzip->len == gunzip->size && secops_gunzip_reserve(gunzip) != 0) {
        return SECOPS_GUNZIP_FAILED;
    }

    taken = input->len < SECOPS_GUNZIP_IN ? input->len : SECOPS_GUNZIP_IN;
    room = gunzip->size - gunzip->len;
    room = room < SECOPS_GUNZIP_OUT ? room : SECOPS_GUNZIP_OUT;

    stream->next_in = (unsigned char *) input->data;
    stream->avail_in = (uInt) taken;
    stream->next_out = gunzip->data + gunzip->len;
    stream->avail_out = (uInt) room;

    rc = inflate(stream, Z_NO_FLUSH);

    taken -= stream->avail_in;
    input->len -= taken;
    input->data += taken;

    gunzip->len += room - stream->avail_out;
    gunzip->more = stream->avail_out == 0;

    if (gunzip->len > gunzip->limit) {
        return SECOPS_GUNZIP_LARGE;
    }

    switch (rc) {

    case Z_STREAM_END:
        gunzip->ended = 1;
        gunzip->more = 0;
        return SECOPS_GUNZIP_MORE;

    case Z_OK:
    case Z_BUF_ERROR:   /* it waits for the next input */
        return SECOPS_GUNZIP_MORE;

    case Z_MEM_ERROR:
        return SECOPS_GUNZIP_FAILED;

    default:
        gunzip->reason = stream->msg ? stream->msg : "invalid data";
        return SECOPS_GUNZIP_ERROR;
    }
}


/* one byte beyond the limit shows that there is more; twice as much each time,
   so that what is copied stays below what was unpacked */

static int
secops_gunzip_reserve(secops_gunzip_t *gunzip)
{
    size_t          size;
    unsigned char  *data;

    size = gunzip->size ? gunzip->size * 2 : SECOPS_GUNZIP_IN;

    if (size > gunzip->limit) {
        size = gunzip->limit + 1;
    }

    data = realloc(gunzip->data, size);

    if (data == NULL) {
        return -1;
    }

    gunzip->data = data;
    gunzip->size = size;

    return 0;
}


static int
secops_gunzip_next_member(secops_gunzip_t *gunzip, unsigned char first)
{
    if (first != SECOPS_GUNZIP_MAGIC
        || inflateReset(&gunzip->stream) != Z_OK)
    {
        gunzip->reason = "something else follows";
        return -1;
    }

    gunzip->ended = 0;

    return 0;
}


int
secops_gunzip_end(secops_gunzip_t *gunzip)
{
    if (!gunzip->ended) {
        gunzip->reason = "it is cut off";
        return SECOPS_GUNZIP_ERROR;
    }

    return SECOPS_GUNZIP_OK;
}


void
secops_gunzip_free(secops_gunzip_t *gunzip)
{
    (void) inflateEnd(&gunzip->stream);

    free(gunzip->data);
    gunzip->data = NULL;
}

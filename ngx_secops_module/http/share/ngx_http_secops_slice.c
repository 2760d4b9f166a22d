
/* Slices of a worker's time; see ngx_http_secops_slice.h. */

#include "http/share/ngx_http_secops_slice.h"


/* in microseconds; milliseconds until the next one, of those who had none and
   of those who had one */

#define NGX_HTTP_SECOPS_SLICE        3000
#define NGX_HTTP_SECOPS_SLICE_NONE   1
#define NGX_HTTP_SECOPS_SLICE_PAUSE  2


static int64_t ngx_http_secops_slice_clock(void);


/*
 * The worker's turn, and what of its slice was taken.  A turn is told by its
 * time: a slice takes longer than the clock stands still, so a turn that comes
 * after a slice has another time.
 */

static ngx_msec_t  ngx_http_secops_slice_turn;
static int64_t     ngx_http_secops_slice_taken;


ngx_uint_t
ngx_http_secops_slice_begin(ngx_http_secops_slice_t *slice)
{
    if (ngx_http_secops_slice_turn != ngx_current_msec) {
        ngx_http_secops_slice_turn = ngx_current_msec;
        ngx_http_secops_slice_taken = 0;
    }

    slice->began = 0;

    if (ngx_http_secops_slice_taken >= NGX_HTTP_SECOPS_SLICE) {
        return 0;
    }

    slice->before = ngx_http_secops_slice_taken;
    slice->began = ngx_http_secops_slice_clock();

    return 1;
}


ngx_uint_t
ngx_http_secops_slice_over(ngx_http_secops_slice_t *slice)
{
    ngx_http_secops_slice_taken = slice->before
                                  + ngx_http_secops_slice_clock()
                                  - slice->began;

    return ngx_http_secops_slice_taken >= NGX_HTTP_SECOPS_SLICE;
}


ngx_int_t
ngx_http_secops_slice_pause(ngx_http_secops_slice_t *slice,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_answer_pt answer, void *data)
{
    return ngx_http_secops_pause(ctx, slice->began
                                      ? NGX_HTTP_SECOPS_SLICE_PAUSE
                                      : NGX_HTTP_SECOPS_SLICE_NONE,
                                 answer, data);
}


/* microseconds */

static int64_t
ngx_http_secops_slice_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


/* Turns of one domain's requests; see ngx_http_secops_turn.h. */

#include "http/share/ngx_http_secops_turn.h"


ngx_uint_t
ngx_http_secops_turn_take(ngx_http_secops_turns_t *turns,
    ngx_http_secops_turn_t *turn, const secops_keyspace_t *space,
    ngx_uint_t max)
{
    ngx_uint_t               n;
    ngx_queue_t             *q;
    ngx_http_secops_turn_t  *other;

    if (turn->space) {
        return 1;
    }

    if (turns->queue.next == NULL) {
        ngx_queue_init(&turns->queue);
    }

    n = 0;

    for (q = ngx_queue_head(&turns->queue);
         q != ngx_queue_sentinel(&turns->queue);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_http_secops_turn_t, queue);

        if (other->space->len == space->len
            && ngx_memcmp(other->space->data, space->data, space->len) == 0)
        {
            n++;
        }
    }

    if (n >= max) {
        return 0;
    }

    ngx_queue_insert_tail(&turns->queue, &turn->queue);
    turn->space = space;

    return 1;
}


void
ngx_http_secops_turn_end(ngx_http_secops_turn_t *turn)
{
    if (turn->space) {
        ngx_queue_remove(&turn->queue);
        turn->space = NULL;
    }
}

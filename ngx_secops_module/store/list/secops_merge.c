
/* Lists of ids become one; see secops_merge.h. */

#include "store/list/secops_merge.h"


static void secops_merge_insert(secops_merge_t *merge,
    secops_merge_run_t *run, const unsigned char *id);
static int secops_merge_is_safe(const secops_merge_run_t *run);
static int secops_merge_begin(secops_merge_t *merge);
static void secops_merge_sink(secops_merge_t *merge, unsigned i);
static const unsigned char *secops_merge_head(const secops_merge_t *merge,
    unsigned i);
static int secops_merge_order(const secops_merge_t *merge,
    const unsigned char *one, const unsigned char *two);


void
secops_merge_init(secops_merge_t *merge, unsigned nruns, int oldest)
{
    memset(merge, 0, sizeof(secops_merge_t));

    merge->nruns = nruns;
    merge->oldest = oldest;
}


void
secops_merge_memory(secops_merge_t *merge, unsigned run, unsigned char *ids,
    size_t capacity)
{
    size_t               left;
    secops_merge_run_t  *r;

    r = &merge->runs[run];
    left = r->n - r->first;

    if (left) {
        memcpy(ids, r->ids + r->first * SECOPS_ID_LEN, left * SECOPS_ID_LEN);
    }

    r->ids = ids;
    r->capacity = capacity;
    r->first = 0;
    r->n = left;
}


size_t
secops_merge_left(const secops_merge_t *merge, unsigned run)
{
    return merge->runs[run].n - merge->runs[run].first;
}


void
secops_merge_add(secops_merge_t *merge, unsigned run, const unsigned char *ids,
    size_t n, int ended)
{
    size_t               i, left;
    secops_merge_run_t  *r;

    r = &merge->runs[run];
    left = r->n - r->first;

    if (left && r->first) {
        memmove(r->ids, r->ids + r->first * SECOPS_ID_LEN,
                left * SECOPS_ID_LEN);
    }

    r->first = 0;
    r->n = left;

    for (i = 0; i < n && r->n < r->capacity; i++) {
        secops_merge_insert(merge, r, ids + i * SECOPS_ID_LEN);
    }

    r->ended = ended;
    merge->ready = 0;
}


/* to its place, which is not further back than may be: so this takes a bounded
   time, whatever the order is */

static void
secops_merge_insert(secops_merge_t *merge, secops_merge_run_t *run,
    const unsigned char *id)
{
    size_t          place, least;
    unsigned char  *ids;

    ids = run->ids;
    least = run->n > SECOPS_MERGE_MOST ? run->n - SECOPS_MERGE_MOST : 0;

    for (place = run->n; place > least; place--) {
        if (secops_merge_order(merge, ids + (place - 1) * SECOPS_ID_LEN, id)
            <= 0)
        {
            break;
        }
    }

    memmove(ids + (place + 1) * SECOPS_ID_LEN, ids + place * SECOPS_ID_LEN,
            (run->n - place) * SECOPS_ID_LEN);
    memcpy(ids + place * SECOPS_ID_LEN, id, SECOPS_ID_LEN);

    run->n++;
}


int
secops_merge_next(secops_merge_t *merge, const unsigned char **id)
{
    secops_merge_run_t  *run;

    if (!merge->ready && secops_merge_begin(merge) != 0) {
        return -1;
    }

    if (merge->norder == 0) {
        return 0;
    }

    merge->last = merge->order[0];
    run = &merge->runs[merge->last];

    *id = run->ids + run->first * SECOPS_ID_LEN;
    run->first++;

    if (secops_merge_is_safe(run)) {
        secops_merge_sink(merge, 0);

    } else if (run->ended) {
        merge->norder--;
        memmove(&merge->order[0], &merge->order[1],
                merge->norder * sizeof(unsigned));

    } else {
        merge->ready = 0;
    }

    return 1;
}


/* -1: runs are wanting */

static int
secops_merge_begin(secops_merge_t *merge)
{
    unsigned  i;

    merge->norder = 0;

    for (i = merge->nruns; i > 0; i--) {

        if (secops_merge_is_wanting(merge, i - 1)) {
            return -1;
        }

        if (!secops_merge_is_safe(&merge->runs[i - 1])) {
            continue;
        }

        memmove(&merge->order[1], &merge->order[0],
                merge->norder * sizeof(unsigned));
        merge->order[0] = i - 1;
        merge->norder++;

        secops_merge_sink(merge, 0);
    }

    merge->ready = 1;

    return 0;
}


/* moves a run to its place among those behind it, which are in order */

static void
secops_merge_sink(secops_merge_t *merge, unsigned i)
{
    unsigned  run;

    for ( /* void */ ; i + 1 < merge->norder; i++) {

        if (secops_merge_order(merge, secops_merge_head(merge, i),
                               secops_merge_head(merge, i + 1))
            <= 0)
        {
            return;
        }

        run = merge->order[i];
        merge->order[i] = merge->order[i + 1];
        merge->order[i + 1] = run;
    }
}


static const unsigned char *
secops_merge_head(const secops_merge_t *merge, unsigned i)
{
    const secops_merge_run_t  *run;

    run = &merge->runs[merge->order[i]];

    return run->ids + run->first * SECOPS_ID_LEN;
}


int
secops_merge_is_wanting(const secops_merge_t *merge, unsigned run)
{
    return !merge->runs[run].ended
           && !secops_merge_is_safe(&merge->runs[run]);
}


/* 1: the run has an id, and no later one of its list can come before it */

static int
secops_merge_is_safe(const secops_merge_run_t *run)
{
    size_t    left;
    uint64_t  next, last;

    left = run->n - run->first;

    if (run->ended) {
        return left > 0;
    }

    if (left <= SECOPS_MERGE_DISORDER) {
        return 0;
    }

    if (left > SECOPS_MERGE_MOST) {
        return 1;
    }

    next = secops_id_msec(run->ids + run->first * SECOPS_ID_LEN);
    last = secops_id_msec(run->ids + (run->n - 1) * SECOPS_ID_LEN);

    return (next > last ? next - last : last - next) >= SECOPS_MERGE_TIME;
}


static int
secops_merge_order(const secops_merge_t *merge, const unsigned char *one,
    const unsigned char *two)
{
    return merge->oldest ? secops_id_compare(one, two)
                         : secops_id_compare(two, one);
}

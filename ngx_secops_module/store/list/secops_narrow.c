
/* A place is narrowed down; see secops_narrow.h. */

#include "store/list/secops_narrow.h"


/*
 * A walk through the samples of all lists in their order.  Of each list it is
 * known that so many entries at least, and so many at most, come before the
 * sample that it is at.
 */

typedef struct {
    size_t                taken;        /* samples that were passed */
    uint64_t              least;
    uint64_t              most;
} secops_narrow_walk_t;


static void secops_narrow_begin(const secops_narrow_t *narrow,
    secops_narrow_walk_t *walk);
static unsigned secops_narrow_first(const secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk);
static const unsigned char *secops_narrow_head(const secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk, unsigned list);
static void secops_narrow_pass(const secops_narrow_t *narrow,
    secops_narrow_walk_t *walk, unsigned list);
static void secops_narrow_low(secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk, uint64_t *low, unsigned list);
static void secops_narrow_high(secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk);


void
secops_narrow_init(secops_narrow_t *narrow, unsigned nlists, int oldest,
    uint64_t target)
{
    memset(narrow, 0, sizeof(secops_narrow_t));

    narrow->nlists = nlists;
    narrow->oldest = oldest;
    narrow->target = target;
}


void
secops_narrow_sample(secops_narrow_t *narrow, unsigned list, uint64_t low,
    uint64_t high)
{
    uint64_t               entries;
    secops_narrow_list_t  *l;

    l = &narrow->lists[list];
    entries = high > low ? high - low : 0;

    l->low = low;
    l->high = low + entries;
    l->step = (entries + SECOPS_NARROW_SAMPLES - 1) / SECOPS_NARROW_SAMPLES;

    if (l->step == 0) {
        l->step = 1;
    }

    l->nsamples = (size_t) ((entries + l->step - 1) / l->step);
}


void
secops_narrow_round(secops_narrow_t *narrow)
{
    unsigned              i, list;
    uint64_t              least, most, low[SECOPS_MERGE_RUNS];
    secops_narrow_walk_t  walk[SECOPS_MERGE_RUNS];

    for (i = 0; i < narrow->nlists; i++) {
        low[i] = narrow->lists[i].low;
    }

    secops_narrow_begin(narrow, walk);

    for ( ;; ) {
        list = secops_narrow_first(narrow, walk);

        if (list == narrow->nlists) {
            break;
        }

        /* before a sample there are just so many of its own list */

        walk[list].least = narrow->lists[list].low
                           + walk[list].taken * narrow->lists[list].step;
        walk[list].most = walk[list].least;

        for (i = 0, least = 0, most = 0; i < narrow->nlists; i++) {
            least += walk[i].least;
            most += walk[i].most;
        }

        if (most <= narrow->target) {
            secops_narrow_low(narrow, walk, low, list);
        }

        if (least >= narrow->target) {
            secops_narrow_high(narrow, walk);
            break;
        }

        secops_narrow_pass(narrow, walk, list);
    }

    for (i = 0, narrow->width = 0; i < narrow->nlists; i++) {
        narrow->lists[i].low = low[i];
        narrow->width += narrow->lists[i].high - low[i];
    }
}


static void
secops_narrow_begin(const secops_narrow_t *narrow, secops_narrow_walk_t *walk)
{
    unsigned                     i;
    const secops_narrow_list_t  *list;

    for (i = 0; i < narrow->nlists; i++) {
        list = &narrow->lists[i];

        walk[i].taken = 0;
        walk[i].least = list->low;
        walk[i].most = list->nsamples ? list->low : list->high;
    }
}


/* the list of the sample that is next; nlists: there is none */

static unsigned
secops_narrow_first(const secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk)
{
    int                   order;
    unsigned              i, first;
    const unsigned char  *head;

    first = narrow->nlists;

    for (i = 0; i < narrow->nlists; i++) {

        head = secops_narrow_head(narrow, walk, i);

        if (head == NULL) {
            continue;
        }

        if (first == narrow->nlists) {
            first = i;
            continue;
        }

        order = secops_id_compare(head,
                                  secops_narrow_head(narrow, walk, first));

        if (narrow->oldest ? order < 0 : order > 0) {
            first = i;
        }
    }

    return first;
}


static const unsigned char *
secops_narrow_head(const secops_narrow_t *narrow,
    const secops_narrow_walk_t *walk, unsigned list)
{
    if (walk[list].taken == narrow->lists[list].nsamples) {
        return NULL;
    }

    return narrow->lists[list].ids + walk[list].taken * SECOPS_ID_LEN;
}


static void
secops_narrow_pass(const secops_narrow_t *narrow, secops_narrow_walk_t *walk,
    unsigned list)
{
    const secops_narrow_list_t  *l;

    l = &narrow->lists[list];

    walk[list].taken++;
    walk[list].least++;
    walk[list].most = walk[list].taken < l->nsamples
                      ? l->low + walk[list].taken * l->step : l->high;
}


/* the place is not before the sample of this list */

static void
secops_narrow_low(secops_narrow_t *narrow, const secops_narrow_walk_t *walk,
    uint64_t *low, unsigned list)
{
    unsigned  i;

    for (i = 0; i < narrow->nlists; i++) {
        low[i] = walk[i].least;
    }

    narrow->found = 1;

    memcpy(narrow->pivot, secops_narrow_head(narrow, walk, list),
           SECOPS_ID_LEN);
}


/* nor is it after this one */

static void
secops_narrow_high(secops_narrow_t *narrow, const secops_narrow_walk_t *walk)
{
    unsigned  i;

    for (i = 0; i < narrow->nlists; i++) {
        narrow->lists[i].high = walk[i].most;
    }
}

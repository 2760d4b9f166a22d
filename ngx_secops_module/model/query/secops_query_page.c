
/* A page of the records that meet a query; see secops_query_page.h. */

#include <stdlib.h>

#include "model/query/secops_column.h"
#include "model/query/secops_query_page.h"


/* an offset at which there is no record any more */

#define SECOPS_QUERY_PAGE_FAR  0x100000000ULL


static int secops_query_page_order(const secops_query_page_t *page,
    const secops_query_found_t *one, const secops_query_found_t *two);
static int secops_query_page_keys(const secops_query_page_t *page,
    secops_query_found_t *found, const secops_json_t *json);
static unsigned char *secops_query_page_key(unsigned char *p,
    const secops_json_t *json, secops_slice_t column);
static int secops_query_page_compare_keys(const secops_query_page_t *page,
    const unsigned char *one, const unsigned char *two);
static int secops_query_heap_add(const secops_query_page_t *page,
    secops_query_heap_t *heap, const secops_query_found_t *found);
static int secops_query_heap_reserve(secops_query_heap_t *heap);
static void secops_query_heap_up(const secops_query_page_t *page,
    secops_query_heap_t *heap, size_t i);
static void secops_query_heap_down(const secops_query_page_t *page,
    secops_query_heap_t *heap);
static unsigned secops_query_heap_goes_first(const secops_query_page_t *page,
    const secops_query_heap_t *heap, const secops_query_found_t *one,
    const secops_query_found_t *two);
static void secops_query_page_take(secops_query_page_t *page,
    const secops_query_found_t *found, size_t i);
static void secops_query_heap_pop(const secops_query_page_t *page,
    secops_query_heap_t *heap);
static void secops_query_heap_free(secops_query_heap_t *heap);


int
secops_query_page_begin(secops_query_page_t *page)
{
    page->skip = 0;

    if (page->cursor == NULL) {
        page->skip = (page->offset < SECOPS_QUERY_PAGE_FAR)
                     ? (size_t) page->offset : SECOPS_QUERY_PAGE_FAR;
    }

    page->kept.room = page->skip + page->limit;
    page->before.room = page->cursor ? page->limit + 1 : 0;
    page->before.backward = 1;

    page->ids = malloc((page->limit ? page->limit : 1) * SECOPS_ID_LEN);
    page->origins = malloc(page->limit ? page->limit : 1);

    return (page->ids && page->origins) ? 0 : -1;
}


int
secops_query_page_add(secops_query_page_t *page,
    const unsigned char id[SECOPS_ID_LEN], const secops_json_t *json)
{
    int                    rc;
    secops_query_heap_t   *heap;
    secops_query_found_t   found;

    page->total++;

    memcpy(found.id, id, SECOPS_ID_LEN);
    found.origin = page->origin;
    found.keys = NULL;

    heap = &page->kept;

    if (page->sequence == SECOPS_QUERY_SORTED) {

        if (page->total > SECOPS_QUERY_PAGE_SORTED) {
            return SECOPS_QUERY_PAGE_MANY;
        }

        if (secops_query_page_keys(page, &found, json) != 0) {
            return -1;
        }

    } else if (page->cursor) {

        rc = secops_id_compare(id, page->cursor);

        if (page->sequence == SECOPS_QUERY_NEWEST_FIRST) {
            rc = -rc;
        }

        if (rc <= 0) {
            heap = &page->before;
        }
    }

    return secops_query_heap_add(page, heap, &found);
}


/* below 0: one stands before two */

static int
secops_query_page_order(const secops_query_page_t *page,
    const secops_query_found_t *one, const secops_query_found_t *two)
{
    int  rc;

    switch (page->sequence) {

    case SECOPS_QUERY_NEWEST_FIRST:
        return secops_id_compare(two->id, one->id);

    case SECOPS_QUERY_OLDEST_FIRST:
        return secops_id_compare(one->id, two->id);

    default: /* SECOPS_QUERY_SORTED */
        rc = secops_query_page_compare_keys(page, one->keys, two->keys);

        return rc ? rc : secops_id_compare(one->id, two->id);
    }
}


/* a key is its length, in two bytes, and its text */

static int
secops_query_page_keys(const secops_query_page_t *page,
    secops_query_found_t *found, const secops_json_t *json)
{
    size_t          i;
    unsigned char  *p, *keys;
    unsigned char   buffer[SECOPS_ENCODED_QUERY_ORDERS
                           * (2 + SECOPS_COLUMN_SORTED)];

    p = buffer;

    for (i = 0; i < page->query->norders; i++) {
        p = secops_query_page_key(p, json, page->query->orders[i].column);
    }

    keys = malloc(p - buffer);
    if (keys == NULL) {
        return -1;
    }

    memcpy(keys, buffer, p - buffer);
    found->keys = keys;

    return 0;
}


static unsigned char *
secops_query_page_key(unsigned char *p, const secops_json_t *json,
    secops_slice_t column)
{
    uint32_t        i;
    secops_slice_t  text;

    i = secops_json_member(json, 0, column.data, column.len);

    text = secops_column_text(json, i, p + 2, SECOPS_COLUMN_SORTED);

    if (text.len > SECOPS_COLUMN_SORTED) {
        text.len = SECOPS_COLUMN_SORTED;
    }

    p[0] = (unsigned char) (text.len >> 8);
    p[1] = (unsigned char) (text.len & 0xff);

    memmove(p + 2, text.data, text.len);

    return p + 2 + text.len;
}


static int
secops_query_page_compare_keys(const secops_query_page_t *page,
    const unsigned char *one, const unsigned char *two)
{
    int             rc;
    size_t          i;
    secops_slice_t  a, b;

    for (i = 0; i < page->query->norders; i++) {

        a = secops_slice_bytes(one + 2, (size_t) one[0] << 8 | one[1]);
        b = secops_slice_bytes(two + 2, (size_t) two[0] << 8 | two[1]);

        rc = secops_column_compare(a, b);

        if (rc) {
            return page->query->orders[i].descending ? -rc : rc;
        }

        one = a.data + a.len;
        two = b.data + b.len;
    }

    return 0;
}


/* takes what found owns, whatever becomes of it */

static int
secops_query_heap_add(const secops_query_page_t *page,
    secops_query_heap_t *heap, const secops_query_found_t *found)
{
    if (heap->n == heap->room) {

        heap->more = 1;

        if (heap->n == 0
            || secops_query_heap_goes_first(page, heap, found,
                                            &heap->found[0]))
        {
            free(found->keys);
            return 0;
        }

        free(heap->found[0].keys);
        heap->found[0] = *found;
        secops_query_heap_down(page, heap);

        return 0;
    }

    if (heap->n == heap->capacity && secops_query_heap_reserve(heap) != 0) {
        free(found->keys);
        return -1;
    }

    heap->found[heap->n] = *found;
    secops_query_heap_up(page, heap, heap->n++);

    return 0;
}


static int
secops_query_heap_reserve(secops_query_heap_t *heap)
{
    size_t                 capacity;
    secops_query_found_t  *found;

    capacity = heap->capacity ? 2 * heap->capacity : 64;

    if (capacity > heap->room) {
        capacity = heap->room;
    }

    found = realloc(heap->found, capacity * sizeof(secops_query_found_t));
    if (found == NULL) {
        return -1;
    }

    heap->found = found;
    heap->capacity = capacity;

    return 0;
}


/* 1: one is to be given up before two */

static unsigned
secops_query_heap_goes_first(const secops_query_page_t *page,
    const secops_query_heap_t *heap, const secops_query_found_t *one,
    const secops_query_found_t *two)
{
    int  rc;

    rc = secops_query_page_order(page, one, two);

    return heap->backward ? rc < 0 : rc > 0;
}


static void
secops_query_heap_up(const secops_query_page_t *page,
    secops_query_heap_t *heap, size_t i)
{
    size_t                parent;
    secops_query_found_t  found;

    found = heap->found[i];

    while (i) {
        parent = (i - 1) / 2;

        if (!secops_query_heap_goes_first(page, heap, &found,
                                          &heap->found[parent]))
        {
            break;
        }

        heap->found[i] = heap->found[parent];
        i = parent;
    }

    heap->found[i] = found;
}


/* the first one to its place */

static void
secops_query_heap_down(const secops_query_page_t *page,
    secops_query_heap_t *heap)
{
    size_t                i, child;
    secops_query_found_t  found;

    found = heap->found[0];
    i = 0;

    for ( ;; ) {
        child = 2 * i + 1;

        if (child >= heap->n) {
            break;
        }

        if (child + 1 < heap->n
            && secops_query_heap_goes_first(page, heap,
                                            &heap->found[child + 1],
                                            &heap->found[child]))
        {
            child++;
        }

        if (!secops_query_heap_goes_first(page, heap, &heap->found[child],
                                          &found))
        {
            break;
        }

        heap->found[i] = heap->found[child];
        i = child;
    }

    heap->found[i] = found;
}


const unsigned char *
secops_query_page_last(const secops_query_page_t *page)
{
    if (page->kept.n == 0 || page->kept.n < page->kept.room) {
        return NULL;
    }

    return page->kept.found[0].id;
}


void
secops_query_page_cut(secops_query_page_t *page)
{
    page->kept.more = 1;
}


/* those of the page, the last one first, then those of the page before it */

int
secops_query_page_end(secops_query_page_t *page, size_t n)
{
    size_t                left;
    secops_query_heap_t  *heap;

    heap = &page->kept;

    if (page->nids == 0 && heap->n > page->skip) {
        page->nids = heap->n - page->skip;
        page->more = heap->more;
    }

    left = (page->skip > page->limit) ? page->skip - page->limit : 0;

    while (heap->n > left) {

        if (n-- == 0) {
            return SECOPS_QUERY_PAGE_AGAIN;
        }

        if (heap->n > page->skip) {
            secops_query_page_take(page, &heap->found[0],
                                   heap->n - page->skip - 1);
        }

        secops_query_heap_pop(page, heap);
    }

    if (page->cursor) {
        heap = &page->before;
        left = page->limit + 1;
    }

    if (page->sequence != SECOPS_QUERY_SORTED && left && heap->n == left) {
        memcpy(page->previous, heap->found[0].id, SECOPS_ID_LEN);
        page->has_previous = 1;
    }

    return 0;
}


static void
secops_query_page_take(secops_query_page_t *page,
    const secops_query_found_t *found, size_t i)
{
    memcpy(page->ids + i * SECOPS_ID_LEN, found->id, SECOPS_ID_LEN);
    page->origins[i] = found->origin;
}


static void
secops_query_heap_pop(const secops_query_page_t *page,
    secops_query_heap_t *heap)
{
    free(heap->found[0].keys);

    heap->found[0] = heap->found[--heap->n];

    if (heap->n) {
        secops_query_heap_down(page, heap);
    }
}


void
secops_query_page_free(secops_query_page_t *page)
{
    secops_query_heap_free(&page->kept);
    secops_query_heap_free(&page->before);

    free(page->ids);
    free(page->origins);

    page->ids = NULL;
    page->origins = NULL;
}


static void
secops_query_heap_free(secops_query_heap_t *heap)
{
    size_t  i;

    for (i = 0; i < heap->n; i++) {
        free(heap->found[i].keys);
    }

    free(heap->found);

    heap->found = NULL;
    heap->n = 0;
    heap->capacity = 0;
}

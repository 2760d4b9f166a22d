
/* What is remembered of lists; see secops_retention.h. */

#include <string.h>

#include "store/retention/secops_retention.h"


/* a list's expiry is renewed after a part of the retention, at most after an
   hour; it is shed after the same part, at most after a minute */

#define SECOPS_RETENTION_PART   8
#define SECOPS_RETENTION_RENEW_MAX  3600
#define SECOPS_RETENTION_SHED_MAX   (60 * 1000)

/* before more is shed */

#define SECOPS_RETENTION_PAUSE  100


static secops_retention_place_t *secops_retention_find(
    secops_retention_t *memory, uint64_t list);
static unsigned secops_retention_due(const secops_retention_place_t *place,
    uint32_t now, const secops_retention_times_t *times);


void
secops_retention_times(secops_retention_times_t *times, int64_t retention)
{
    int64_t  seconds;

    seconds = retention / SECOPS_RETENTION_PART;

    times->renew = (uint32_t) (seconds < SECOPS_RETENTION_RENEW_MAX
                               ? seconds : SECOPS_RETENTION_RENEW_MAX);

    times->shed = (uint32_t) (seconds * 1000 < SECOPS_RETENTION_SHED_MAX
                              ? retention * 1000 / SECOPS_RETENTION_PART
                              : SECOPS_RETENTION_SHED_MAX);

    /* twice: by the time that a command may be under way, and more */

    times->list = retention + 2 * times->renew + 1;
}


/* that they mix well matters more than that nobody can find two lists that are
   told as one: all such a list lacks is its expiry */

static inline uint64_t
secops_retention_mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;

    return sum ^ (sum >> 32);
}


uint64_t
secops_retention_list(const unsigned char *key, size_t len, uint64_t where)
{
    size_t    i;
    uint64_t  word, sum;

    sum = secops_retention_mix(where, len);

    for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, key + i, sizeof(word));
        sum = secops_retention_mix(sum, word);
    }

    if (i < len && len >= sizeof(word)) {
        memcpy(&word, key + len - sizeof(word), sizeof(word));
        return secops_retention_mix(sum, word);
    }

    while (i < len) {
        sum = secops_retention_mix(sum, key[i++]);
    }

    return sum;
}


unsigned
secops_retention_written(secops_retention_t *memory, uint64_t list,
    uint64_t now, const secops_retention_times_t *times, unsigned n,
    unsigned at_once)
{
    uint32_t                   seconds;
    unsigned                   todo;
    secops_retention_place_t  *place;

    seconds = (uint32_t) (now / 1000);

    place = secops_retention_find(memory, list);

    if (place->list != (uint32_t) (list >> 32) || place->renewed == 0) {

        place->list = (uint32_t) (list >> 32);
        place->renewed = seconds;
        place->shed = (uint32_t) now;
        place->written = 0;
        place->more = 0;

        return at_once ? SECOPS_RETENTION_RENEW|SECOPS_RETENTION_SHED
                       : SECOPS_RETENTION_RENEW;
    }

    todo = 0;

    if (seconds - place->renewed >= times->renew) {
        place->renewed = seconds;
        todo |= SECOPS_RETENTION_RENEW;
    }

    n += place->written;
    place->written = (uint16_t) (n < UINT16_MAX ? n : UINT16_MAX);

    if (secops_retention_due(place, (uint32_t) now, times)) {
        place->shed = (uint32_t) now;
        place->written = 0;
        place->more = 0;
        todo |= SECOPS_RETENTION_SHED;
    }

    return todo;
}


/*
 * The list's place, which is the first of its set from now on; or that of the
 * list which was written to the longest time ago.
 */

static secops_retention_place_t *
secops_retention_find(secops_retention_t *memory, uint64_t list)
{
    unsigned                   i;
    secops_retention_place_t   found, *set;

    set = memory->places[list % SECOPS_RETENTION_SETS];

    for (i = 0; i < SECOPS_RETENTION_WAYS - 1; i++) {
        if (set[i].list == (uint32_t) (list >> 32)) {
            break;
        }
    }

    if (i) {
        found = set[i];
        memmove(&set[1], &set[0], i * sizeof(secops_retention_place_t));
        set[0] = found;
    }

    return &set[0];
}


/* twice as much is shed as is written, as long as there is more */

static unsigned
secops_retention_due(const secops_retention_place_t *place, uint32_t now,
    const secops_retention_times_t *times)
{
    if (now - place->shed >= times->shed) {
        return 1;
    }

    return place->more
           && (place->written >= SECOPS_RETENTION_BATCH / 2
               || now - place->shed >= SECOPS_RETENTION_PAUSE);
}


void
secops_retention_found(secops_retention_t *memory, uint64_t list,
    unsigned more)
{
    secops_retention_place_t  *place;

    place = secops_retention_find(memory, list);

    if (place->list == (uint32_t) (list >> 32)) {
        place->more = (uint16_t) more;
    }
}

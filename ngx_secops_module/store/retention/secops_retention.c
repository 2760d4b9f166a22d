
/* What is remembered of lists; see secops_retention.h. */

#include <string.h>

#include "store/retention/secops_retention.h"


/* a list's expiry is renewed after a part of the retention, at most after an
   hour; it is shed after the same part, at most after a minute */

#define SECOPS_RETENTION_PART   8
#define SECOPS_RETENTION_RENEW_MAX  (3600 * 1000)
#define SECOPS_RETENTION_SHED_MAX   (60 * 1000)

/* before more is shed */

#define SECOPS_RETENTION_PAUSE  100


static secops_retention_place_t *secops_retention_find(
    secops_retention_t *memory, uint64_t list);
static unsigned secops_retention_due(const secops_retention_place_t *place,
    uint64_t now, const secops_retention_times_t *times);


void
secops_retention_times(secops_retention_times_t *times, int64_t retention)
{
    uint64_t  part;

    part = (uint64_t) retention * 1000 / SECOPS_RETENTION_PART;

    times->renew = part < SECOPS_RETENTION_RENEW_MAX
                   ? part : SECOPS_RETENTION_RENEW_MAX;
    times->shed = part < SECOPS_RETENTION_SHED_MAX
                  ? part : SECOPS_RETENTION_SHED_MAX;

    /* twice: by the time that a command may be under way, and more */

    times->list = retention + (int64_t) (2 * times->renew / 1000) + 1;
}


/* eight bytes at a time; that they mix well matters more than that nobody can
   find two lists that are told as one: all such a list lacks is its expiry */

uint64_t
secops_retention_list(const unsigned char *key, size_t len, uint64_t where)
{
    uint64_t  word, sum;

    sum = (where ^ len) * 0x9e3779b97f4a7c15ULL;

    while (len) {

        word = 0;

        if (len >= sizeof(word)) {
            memcpy(&word, key, sizeof(word));
            key += sizeof(word);
            len -= sizeof(word);

        } else {
            memcpy(&word, key, len);
            len = 0;
        }

        sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
        sum ^= sum >> 32;
    }

    return sum ? sum : 1;
}


unsigned
secops_retention_written(secops_retention_t *memory, uint64_t list,
    uint64_t now, const secops_retention_times_t *times, unsigned n,
    unsigned at_once)
{
    unsigned                   todo;
    secops_retention_place_t  *place;

    place = secops_retention_find(memory, list);

    if (place->list != list) {

        place->list = list;
        place->renewed = now;
        place->shed = now;
        place->written = 0;
        place->more = 0;

        return at_once ? SECOPS_RETENTION_RENEW|SECOPS_RETENTION_SHED
                       : SECOPS_RETENTION_RENEW;
    }

    todo = 0;

    if (now - place->renewed >= times->renew) {
        place->renewed = now;
        todo |= SECOPS_RETENTION_RENEW;
    }

    place->written += n;

    if (secops_retention_due(place, now, times)) {
        place->shed = now;
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
        if (set[i].list == list) {
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
secops_retention_due(const secops_retention_place_t *place, uint64_t now,
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

    if (place->list == list) {
        place->more = more;
    }
}

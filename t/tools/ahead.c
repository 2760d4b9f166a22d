/*
 * Lets a process believe that time has passed: its monotonic clock, by which
 * nginx's timers and limits go, is ahead by so many seconds as the file
 * SECOPS_AHEAD says, eight bytes that a test may change at any time.  For
 * LD_PRELOAD.  The time of day stays what it is.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>


static volatile int64_t *
seconds(void)
{
    int                       fd;
    void                     *map;
    const char               *path;
    static volatile int64_t   none;
    static volatile int64_t  *ahead;

    if (ahead == NULL) {
        path = getenv("SECOPS_AHEAD");
        fd = (path == NULL) ? -1 : open(path, O_RDONLY);
        map = (fd == -1) ? MAP_FAILED
                         : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED,
                                fd, 0);

        ahead = (map == MAP_FAILED) ? &none : map;
    }

    return ahead;
}


int
clock_gettime(clockid_t id, struct timespec *now)
{
    int         rc;
    static int  (*real)(clockid_t, struct timespec *);

    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))
                   dlsym(RTLD_NEXT, "clock_gettime");
    }

    rc = real(id, now);

    if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE) {
        now->tv_sec += *seconds();
    }

    return rc;
}

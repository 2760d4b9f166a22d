
/* Entity tags: which lists have one, and that a weak one equals no other. */

#include "secops_tap.h"
#include "util/secops_etag.h"


int
main(void)
{
    size_t  i;

    static const struct {
        const char  *list;
        int          listed;            /* "7" is */
    } cases[] = {
        { "\"7\"", 1 },
        { "*", 1 },
        { " * ", 1 },
        { "\t\"7\"\t", 1 },
        { "\"1\", \"7\"", 1 },
        { "\"1\",\"7\"", 1 },
        { "\"7\", \"1\"", 1 },
        { ",, \"7\" ,,", 1 },
        { "W/\"7\", \"7\"", 1 },
        { "\"a,b\", \"7\"", 1 },
        { "\"\", \"7\"", 1 },
        { "", 0 },
        { " ", 0 },
        { ",", 0 },
        { "7", 0 },
        { "\"77\"", 0 },
        { "\"7", 0 },
        { "7\"", 0 },
        { "\"\"", 0 },
        { "W/\"7\"", 0 },
        { "w/\"7\"", 0 },
        { "W/", 0 },
        { "W", 0 },
        { "W/\"", 0 },
        { "\"1\"", 0 },
        { "\"1\" \"7\"", 0 },
        { "\"1\"\"7\"", 0 },
        { "\"1\", 7", 0 },
        { "1, \"7\"", 0 },
        { "**", 0 },
        { "* \"7\"", 0 },
        { "*, \"7\"", 0 },
        { "\"a\\\", \"7\"", 1 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(secops_etag_is_listed(slice(cases[i].list), slice("\"7\"")),
               cases[i].listed, cases[i].list);
    }

    return tap_done();
}


/*
 * Random sets of resources against a store that they have made.  Whatever a
 * set says: what is refused changes nothing; what is stored is left as it is by
 * the same set a second time, and by what is shown of it; no two resources of
 * a type share an id or a title; nothing refers to what does not exist.
 *
 *     resource_random_test [seed [sets]]
 */

#include "resource_store.h"


#define FIRST                                                                 \
    "{`a`:{`type`:`integration`,`properties`:{`title`:`T0`,"                  \
    "`integration_type`:`Elasticsearch`,`parameters`:{`hosts`:`h`}}},"        \
    "`b`:{`type`:`integration`,`properties`:{`title`:`T1`,"                   \
    "`integration_type`:`Elasticsearch`,`parameters`:{`hosts`:`h`}}},"        \
    "`c`:{`type`:`job`,`properties`:{`title`:`T0`,`category`:"                \
    "`Decision intelligence`,`decision_points`:[`x`],"                        \
    "`pipeline_integrations`:[{`resource`:`a`,`integration_type`:`input`,"    \
    "`parameters`:{`index`:`i`}}]}}}"

#define pick(list)  list[number(sizeof(list) / sizeof(list[0]))]


static uint64_t  state = 1;
static char      text[65536];
static size_t    len;


static unsigned
number(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;

    return (unsigned) (state >> 33) % n;
}


static void
put(const char *piece)
{
    len += (size_t) sprintf(text + len, "%s", piece);
}


static void
put_reference(void)
{
    static const char  *references[] = {
        "T0", "T1", "T0", "T1", "T2", "a", "{{integrations(title='T0')}}",
        "{{integrations(name='T1')}}", "{{integrations(internal_id=1000)}}",
        "{{integrations(id='1001')}}"
    };

    put(pick(references));
}


static void
put_step(void)
{
    static const char  *roles[] = { "input", "input", "output" };
    static const char  *more[] = {
        "", ",\"enabled\":false", ",\"enabled\":null", ",\"enabled\":true",
        ",\"storage_tag\":null"
    };

    static const char  *parameters[] = {
        ",\"parameters\":{\"index\":\"i\"}",
        ",\"parameters\":{\"index\":\"i\"}",
        ",\"parameters\":{\"index\":\"k\",\"max_batch_size\":5}",
        ",\"parameters\":null"
    };

    if (number(5) == 0) {
        put(number(2) ? "{\"integration_type\":\"processor\""
                      : "{\"resource\":\"Decision intelligence processor\","
                        "\"integration_type\":\"processor\"");
        put(pick(more));
        put("}");
        return;
    }

    put("{\"resource\":\"");
    put_reference();
    put("\",\"integration_type\":\"");
    put(pick(roles));
    put("\"");
    put(pick(more));
    put(pick(parameters));
    put("}");
}


static void
put_labels(void)
{
    unsigned  i, n;

    static const char  *ids[] = {
        "", "", "", "\"id\":\"label_0\",", "\"id\":\"label_2\",",
        "\"id\":null,", "\"id\":\"label_4\","
    };

    static const char  *names[] = { "p", "q", "r", "s", "t", "Drop" };

    n = 2 + number(4);

    put(",\"advanced_settings\":{\"custom_labels\":[");

    for (i = 0; i < n; i++) {
        put(i ? ",{" : "{");
        put(pick(ids));
        put("\"name\":\"");
        put(names[(i + number(2)) % 6]);
        put("\"}");
    }

    put("]}");
}


static void
put_job(void)
{
    unsigned  i, n;

    static const char  *categories[] = {
        "Decision intelligence", "Decision intelligence",
        "Decision intelligence", "Automated root cause analysis"
    };

    if (number(3)) {
        put(",\"category\":\"");
        put(pick(categories));
        put("\",\"decision_points\":[\"x\"]");
    }

    if (number(3) == 0) {
        put_labels();
    }

    if (number(4) == 0) {
        put(",\"remove_missing_pipeline_integrations\":true");
    }

    n = number(5);
    put(",\"pipeline_integrations\":[");

    for (i = 0; i < n; i++) {
        if (i) {
            put(",");
        }

        put_step();
    }

    put("]");
}


static void
put_integration(void)
{
    static const char  *hosts[] = {
        "h", "g", "h", "g", "h", "{{jobs(title='T0')}}",
        "{{jobs(title='T1')}}", "{{integrations(title='T2')}}",
        "{{integrations(internal_id=1000)}}", "{{jobs(internal_id=1001)}}"
    };

    if (number(4) == 0) {
        return;
    }

    put(",\"integration_type\":\"Elasticsearch\",\"parameters\":{\"hosts\":\"");
    put(pick(hosts));
    put(number(6) ? "\",\"user\":\"u\",\"password\":\"p\"}"
                  : "\",\"user\":\"u\",\"password\":\"********\"}");
}


static void
make_set(void)
{
    int                     first;
    char                    id[32];
    unsigned                i;
    secops_resource_type_e  type;

    static const char  *names[] = { "a", "b", "c", "d" };
    static const char  *titles[] = { "T0", "T1", "T2", "T3" };

    len = 0;
    first = 1;
    put("{");

    for (i = 0; i < 4; i++) {

        if (number(5) > 1) {
            continue;
        }

        type = number(2) ? SECOPS_RESOURCE_INTEGRATION : SECOPS_RESOURCE_JOB;

        put(first ? "\"" : ",\"");
        first = 0;
        put(names[i]);
        put("\":{\"type\":\"");
        put((const char *) secops_resource_type_name(type).data);
        put("\",\"properties\":{\"title\":\"");
        put(pick(titles));
        put("\"");

        if (number(8) == 0) {
            (void) sprintf(id, ",\"id\":%u", 1000 + number(6));
            put(id);
        }

        if (type == SECOPS_RESOURCE_JOB) {
            put_job();

        } else {
            put_integration();
        }

        put(number(16) ? "}}" : "},\"depends_on\":[\"a\"]}");
    }

    put("}");
}


/* all of the store, as a text; to be freed */

static char *
snapshot(void)
{
    char    *copy;
    size_t   i, size, end;

    for (i = 0, size = 1; i < nstore; i++) {
        size += strlen(store[i].id) + strlen(store[i].title)
                + strlen(store[i].document);
    }

    copy = malloc(size);
    copy[0] = '\0';

    for (i = 0, end = 0; i < nstore; i++) {
        end += (size_t) sprintf(copy + end, "%s%s%s", store[i].id,
                                store[i].title, store[i].document);
    }

    return copy;
}


static int
shown_again(void)
{
    char        *shown, *request;
    size_t       i, n;
    const char  *told;

    n = nstore;

    for (i = 0; i < n; i++) {
        shown = store_get(store[i].type, store[i].title, 1);
        request = malloc(strlen(shown) + 64);

        (void) sprintf(request, store[i].type == SECOPS_RESOURCE_JOB ? "%s"
                       : "{\"x\":{\"type\":\"integration\",\"properties\":%s}}",
                       shown);

        told = store_post_text(request, 1);

        if (told[0] != '=' || store_written) {
            printf("# shown: %s\n# %s\n", told, request);
            return 0;
        }

        free(request);
        free(shown);
    }

    return 1;
}


static int
sound(void)
{
    size_t          i, k, refers;
    secops_slice_t  document, id;

    for (i = 0; i < nstore; i++) {
        document.len = strlen(store[i].document);
        document.data = (unsigned char *) store[i].document;
        id.len = strlen(store[i].id);
        id.data = (unsigned char *) store[i].id;

        for (k = 0, refers = 0; k < nstore; k++) {

            if (k < i && strcmp(store[k].id, store[i].id) == 0) {
                return 0;
            }

            if (k < i && store[k].type == store[i].type
                && strcmp(store[k].title, store[i].title) == 0)
            {
                return 0;
            }

            id.len = strlen(store[k].id);
            id.data = (unsigned char *) store[k].id;
            refers += (size_t) secops_resource_refers(document, store[k].type,
                                                      id);
        }

        /* each id in a document is that of somebody */

        if (refers == 0 && strstr(store[i].document, "(internal_id=")) {
            return 0;
        }
    }

    return 1;
}


int
main(int argc, char **argv)
{
    char      *before, *after;
    unsigned   i, sets, stored, refused, broken;

    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    sets = argc > 2 ? (unsigned) atoi(argv[2]) : 5000;

    if (store_init() != 0) {
        return tap_done();
    }

    stored = 0;
    refused = 0;
    broken = 0;

    for (i = 0; i < sets && !broken; i++) {

        if (i % 20 == 0) {
            store_clear();
            (void) store_post(FIRST);
        }

        make_set();

        before = snapshot();
        (void) store_post_text(text, 1);

        if (strchr("+*=", store_told[0]) == NULL) {
            refused++;
            after = snapshot();
            broken = strcmp(before, after) != 0;
            free(after);

        } else {
            stored++;
            (void) store_post_text(text, 1);

            broken = store_written != 0 || store_told[0] != '='
                     || !sound() || !shown_again();
        }

        if (broken) {
            printf("# set %u: %s\n# %s\n# before: %s\n", i, store_told, text,
                   before);
        }

        free(before);
    }

    ok(!broken, "%u sets of seed %s hold what must hold", sets,
       argc > 1 ? argv[1] : "1");
    ok(stored > sets / 20 && refused > sets / 20,
       "... of which enough are stored and enough refused");
    printf("# %u stored, %u refused\n", stored, refused);

    store_done();

    return tap_done();
}


/*
 * libFuzzer target: a document that is POSTed to a store with some resources
 * in it.  What must hold whatever it says: it is refused, or stored; what is
 * refused has faults and changes nothing; what is stored is left as it is by
 * the same document a second time, and by what is shown of it.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Ingx_secops_module \
 *         -It/unit t/fuzz/resource_fuzz.c ngx_secops_module/model/secops_*.c \
 *         …
 */

#include "resource_store.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_unchanged(void);
static void fuzz_send_back(secops_resource_type_e type, const char *title);
static void fuzz_must(int condition);


static const char  fuzz_before[] =
    "{`k`:{`type`:`api_key`,`properties`:{`name`:`K`}},"
    "`e`:{`type`:`integration`,`properties`:{`title`:`E`,`integration_type`:"
    "`Elasticsearch`,`parameters`:{`hosts`:`a`,`user`:`u`,`password`:`p`}}},"
    "`w`:{`type`:`integration`,`properties`:{`title`:`W`,`integration_type`:"
    "`Webhook`,`parameters`:{`url`:`https://a/`,`headers`:{`X`:`s`}}}},"
    "`j`:{`type`:`job`,`properties`:{`title`:`J`,`category`:`Decision "
    "intelligence`,`decision_points`:[`a`],`pipeline_integrations`:["
    "{`resource`:`e`,`integration_type`:`input`,`parameters`:{`index`:`i`}},"
    "{`resource`:`w`,`integration_type`:`output`}]}}}";


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char        *text;
    size_t       i, n;
    const char  *told;
    store_row_t  row;

    static int  ready;

    if (!ready) {
        fuzz_must(store_init() == 0);
        ready = 1;
    }

    text = store_copy(data, size);

    store_clear();
    told = store_post(fuzz_before);

    if (told[0] != '+') {
        fprintf(stderr, "the store is not filled: %s\n", told);
        abort();
    }

    n = nstore;

    told = store_post_text(text, 1);

    if (told[0] == '+' || told[0] == '*' || told[0] == '=') {

        told = store_post_text(text, 1);

        if (!fuzz_unchanged()) {
            fprintf(stderr, "the second time: %s\n", told);
            abort();
        }

        for (i = 0; i < nstore; i++) {
            row = store[i];
            fuzz_send_back(row.type, row.title);
        }

    } else {
        fuzz_must(nstore == n && store_written == 0);
        fuzz_must(strcmp(told, "failed") != 0);
    }

    free(text);

    return 0;
}


/* 1: nothing was created or changed */

static int
fuzz_unchanged(void)
{
    return store_written == 0
           && (store_told[0] == '=' || store_told[0] == '4');
}


static void
fuzz_send_back(secops_resource_type_e type, const char *title)
{
    char        *shown, *text;
    const char  *told;

    if (type == SECOPS_RESOURCE_API_KEY) {
        return;
    }

    shown = store_get(type, title, 1);

    text = malloc(strlen(shown) + 64);

    (void) sprintf(text, type == SECOPS_RESOURCE_JOB ? "%s"
                   : "{\"x\":{\"type\":\"integration\",\"properties\":%s}}",
                   shown);

    told = store_post_text(text, 1);

    if (told[0] != '=' || store_written) {
        fprintf(stderr, "what is shown: %s\n%s\n", told, text);
        abort();
    }

    free(text);
    free(shown);
}


static void
fuzz_must(int condition)
{
    if (!condition) {
        abort();
    }
}

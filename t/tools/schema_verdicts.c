
/*
 * The verdicts of the module's own validator, to be compared with those of
 * another one.
 *
 *     schema_verdicts FILE
 *
 * A line that begins with "S" is a schema; each that follows it is a character
 * that does not count and an instance.  Prints for a schema "S" or what is
 * wrong with it; for an instance "1" (valid), "0" (not valid) or "?" (no JSON,
 * or not decided); one line each.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/schema/secops_schema.h"


#define VERDICTS_TOKENS  100000


static secops_json_token_t  tokens[VERDICTS_TOKENS];


static char
verdict(const secops_schema_t *schema, const char *text, size_t len)
{
    int                   n;
    secops_json_t         json;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 64, 10000 };

    if (schema == NULL
        || secops_json_parse(&json, (const unsigned char *) text, len, tokens,
                             VERDICTS_TOKENS, &limits, &error)
           != SECOPS_JSON_OK)
    {
        return '?';
    }

    n = secops_schema_validate(schema, &json, 0, 0, NULL, NULL, NULL);

    return n < 0 ? '?' : n ? '0' : '1';
}


int
main(int argc, char **argv)
{
    char                   *line;
    FILE                   *file;
    size_t                  size;
    ssize_t                 n;
    secops_schema_t        *schema;
    secops_schema_error_t   error;

    file = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (file == NULL) {
        fprintf(stderr, "usage: schema_verdicts FILE\n");
        return 2;
    }

    secops_json_seed(1);

    line = NULL;
    size = 0;
    schema = NULL;

    while ((n = getline(&line, &size, file)) > 0) {

        n -= line[n - 1] == '\n';

        if (line[0] != 'S') {
            printf("%c\n", verdict(schema, line + 1, (size_t) n - 1));
            continue;
        }

        secops_schema_free(schema);

        schema = secops_schema_compile((unsigned char *) line + 1,
                                       (size_t) n - 1, &error);

        if (schema == NULL) {
            printf("\"%s\" %s\n", error.pointer, error.reason);

        } else {
            printf("S\n");
        }
    }

    secops_schema_free(schema);
    free(line);
    (void) fclose(file);

    return 0;
}

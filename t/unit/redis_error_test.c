
/*
 * secops_redis_error: what is done about each error of Redis.  The expected
 * actions stand here a second time on purpose: a changed row must be meant.
 *
 *     redis_error_test --table
 *
 * prints the table in the form in which the documentation has it.
 */

#include "redis/resp/secops_redis_error.h"
#include "secops_tap.h"


typedef struct {
    const char             *message;
    const char             *code;
    secops_redis_action_e   action;
} error_case_t;


static const error_case_t  error_cases[] = {

    { "LOADING Redis is loading the dataset in memory", "LOADING",
      SECOPS_REDIS_RECONNECT },
    { "READONLY You can't write against a read only replica.", "READONLY",
      SECOPS_REDIS_RECONNECT },
    { "MASTERDOWN Link with MASTER is down", "MASTERDOWN",
      SECOPS_REDIS_RECONNECT },
    { "NOAUTH Authentication required.", "NOAUTH", SECOPS_REDIS_RECONNECT },

    { "CLUSTERDOWN The cluster is down", "CLUSTERDOWN",
      SECOPS_REDIS_PAUSE },
    { "TRYAGAIN Multiple keys request during rehashing of slot", "TRYAGAIN",
      SECOPS_REDIS_PAUSE },
    { "BUSY Redis is busy running a script.", "BUSY",
      SECOPS_REDIS_UNAVAILABLE },
    { "NOREPLICAS Not enough good replicas to write.", "NOREPLICAS",
      SECOPS_REDIS_UNAVAILABLE },

    { "OOM command not allowed when used memory > 'maxmemory'.", "OOM",
      SECOPS_REDIS_REFUSE },
    { "MISCONF Redis is configured to save RDB snapshots", "MISCONF",
      SECOPS_REDIS_REFUSE },
    { "MOVED 3999 127.0.0.1:6381", "MOVED", SECOPS_REDIS_FOLLOW },
    { "ASK 3999 127.0.0.1:6381", "ASK", SECOPS_REDIS_FOLLOW },
    { "NOSCRIPT No matching script. Please use EVAL.", "NOSCRIPT",
      SECOPS_REDIS_REFUSE },
    { "WRONGPASS invalid username-password pair", "WRONGPASS",
      SECOPS_REDIS_REFUSE },
    { "NOPERM this user has no permissions", "NOPERM", SECOPS_REDIS_REFUSE },
    { "EXECABORT Transaction discarded", "EXECABORT", SECOPS_REDIS_REFUSE },
    { "WRONGTYPE Operation against a key", "WRONGTYPE", SECOPS_REDIS_REFUSE },
    { "UNKILLABLE Sorry the script already executed writes", "UNKILLABLE",
      SECOPS_REDIS_REFUSE },
    { "ERR unknown command 'x'", "ERR", SECOPS_REDIS_REFUSE },

    { "LOADINGS no prefix match", "LOADINGS", SECOPS_REDIS_REFUSE },
    { "BUS no prefix match", "BUS", SECOPS_REDIS_REFUSE },
    { "loading letter case counts", "loading", SECOPS_REDIS_REFUSE },
    { "LOADING", "LOADING", SECOPS_REDIS_RECONNECT },
    { " LOADING", "", SECOPS_REDIS_REFUSE },
    { "", "", SECOPS_REDIS_REFUSE }
};


#define ERROR_CASES  (sizeof(error_cases) / sizeof(error_cases[0]))


static void print_table(void);
static void test_cases(void);
static void test_rows(void);


int
main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "--table") == 0) {
        print_table();
        return 0;
    }

    test_cases();
    test_rows();

    return tap_done();
}


static void
print_table(void)
{
    size_t                       i;
    const secops_redis_error_t  *row;

    for (i = 0; (row = secops_redis_error_row(i)) != NULL; i++) {

        if (row->code.len) {
            printf("| `%.*s` | %s | %s |\n", (int) row->code.len,
                   (const char *) row->code.data,
                   secops_redis_action_name(row->action), row->text);

        } else {
            printf("| any other | %s | %s |\n",
                   secops_redis_action_name(row->action), row->text);
        }
    }
}


static void
test_cases(void)
{
    size_t                i;
    secops_slice_t        code;
    const error_case_t   *c;

    for (i = 0; i < ERROR_CASES; i++) {
        c = &error_cases[i];

        code = secops_redis_error_code(secops_slice_of(c->message));

        is_str(code.data, code.len, c->code, c->message);

        ok(secops_redis_error(code)->action == c->action, "\"%s\" is %s",
           c->message, secops_redis_action_name(c->action));
    }
}


static void
test_rows(void)
{
    size_t                       i, j, known;
    const secops_redis_error_t  *row, *last;

    last = NULL;
    known = 0;

    for (i = 0; (row = secops_redis_error_row(i)) != NULL; i++) {

        last = row;

        ok(secops_redis_error(row->code) == row,
           "row %u is found by its code, so codes are unique", (unsigned) i);

        ok(row->text && row->text[0], "row %u says what it means",
           (unsigned) i);

        for (j = 0; j < ERROR_CASES; j++) {
            if (row->code.len == strlen(error_cases[j].code)
                && memcmp(row->code.data, error_cases[j].code, row->code.len)
                   == 0)
            {
                known++;
                break;
            }
        }
    }

    ok(known == i, "every row has a case here");
    ok(last && last->code.len == 0, "the last row is for any other code");
    ok(secops_redis_error_row((size_t) -1) == NULL, "no row beyond the last");
}


/* secops_table_options: the sysparm_ parameters of a query string. */

#include "model/query/secops_table_options.h"
#include "secops_tap.h"


typedef struct {
    const char  *args;
    const char  *fault;
} options_fault_t;


static const options_fault_t  options_faults[] = {
    { "", NULL },
    { "sysparm_limit=0", NULL },
    { "sysparm_limit=10000", NULL },
    { "sysparm_limit=10001", "sysparm_limit must be a number from 0 to 10000" },
    { "sysparm_limit=-1", "sysparm_limit must be a number from 0 to 10000" },
    { "sysparm_limit=1.5", "sysparm_limit must be a number from 0 to 10000" },
    { "sysparm_limit=x", "sysparm_limit must be a number from 0 to 10000" },
    { "sysparm_limit=99999999999999999999",
      "sysparm_limit must be a number from 0 to 10000" },
    { "sysparm_limit=", NULL },
    { "sysparm_offset=999999999999999999", NULL },
    { "sysparm_offset=1000000000000000000",
      "sysparm_offset must be a number of 18 digits at most" },
    { "sysparm_offset=x",
      "sysparm_offset must be a number of 18 digits at most" },
    { "sysparm_display_value=some",
      "sysparm_display_value must be true, false or all" },
    { "sysparm_exclude_reference_link=x",
      "sysparm_exclude_reference_link must be true or false" },
    { "sysparm_no_count=2", "sysparm_no_count must be true or false" },
    { "sysparm_suppress_pagination_header=yes",
      "sysparm_suppress_pagination_header must be true or false" },
    { "sysparm_limit=1&sysparm_limit=1",
      "a sysparm_ parameter is given twice" },
    { "sysparm_view=x&sysparm_view=y&sysparm_no=1&limit=x&x", NULL }
};


static void test_defaults(void);
static void test_all(void);
static void test_display(void);
static void test_faults(void);
static void test_fields(void);
static const char *options_read(secops_table_options_t *options,
    const char *args);


int
main(void)
{
    test_defaults();
    test_all();
    test_display();
    test_faults();
    test_fields();

    return tap_done();
}


static void
test_defaults(void)
{
    secops_table_options_t  options;

    ok(options_read(&options, "") == NULL, "no parameters");

    is_int(options.limit, 10000, "... have the greatest limit");
    is_int(options.offset, 0, "... no offset");
    is_int(options.query.len, 0, "... no query");
    is_int(options.fields.len, 0, "... all fields");
    is_int(options.cursor.len, 0, "... no cursor");
    is_int(options.display, SECOPS_TABLE_DISPLAY_FALSE, "... the values");
    ok(!options.exclude_reference_link && !options.no_count
       && !options.suppress_pagination_header, "... and no flag");
}


/* as PySNC sends them: booleans with capitals, "+" for a space */

static void
test_all(void)
{
    secops_table_options_t  options;

    ok(options_read(&options, "sysparm_query=aNOT+INb%2Cc%5EORDERBYsys_id"
                              "&sysparm_fields=sys_id%2Ca"
                              "&sysparm_display_value=all"
                              "&sysparm_exclude_reference_link=True"
                              "&sysparm_limit=100&sysparm_offset=200"
                              "&sysparm_view=x"
                              "&sysparm_no_count=1"
                              "&sysparm_suppress_pagination_header=TRUE"
                              "&sysparm_cursor=a-b")
       == NULL, "all parameters");

    is_str(options.query.data, options.query.len, "aNOT INb,c^ORDERBYsys_id",
           "... query");
    is_str(options.fields.data, options.fields.len, "sys_id,a", "... fields");
    is_str(options.cursor.data, options.cursor.len, "a-b", "... cursor");
    is_int(options.display, SECOPS_TABLE_DISPLAY_ALL, "... display value");
    is_int(options.limit, 100, "... limit");
    is_int(options.offset, 200, "... offset");
    ok(options.exclude_reference_link, "... no links");
    ok(options.no_count, "... no count");
    ok(options.suppress_pagination_header, "... no header");
}


static void
test_display(void)
{
    secops_table_options_t  options;

    (void) options_read(&options, "sysparm_display_value=True");
    is_int(options.display, SECOPS_TABLE_DISPLAY_TRUE, "display values");

    (void) options_read(&options, "sysparm_display_value=false");
    is_int(options.display, SECOPS_TABLE_DISPLAY_FALSE, "values");

    (void) options_read(&options, "sysparm_display_value=ALL");
    is_int(options.display, SECOPS_TABLE_DISPLAY_ALL, "both");
}


static void
test_faults(void)
{
    size_t                  i;
    const char             *fault;
    const options_fault_t  *c;
    secops_table_options_t  options;

    for (i = 0; i < sizeof(options_faults) / sizeof(options_faults[0]); i++) {
        c = &options_faults[i];
        fault = options_read(&options, c->args);

        ok(fault == c->fault
           || (fault && c->fault && strcmp(fault, c->fault) == 0),
           "\"%s\": %s", c->args, fault ? fault : "no fault");
    }
}


static void
test_fields(void)
{
    size_t          n;
    secops_slice_t  rest, name;

    static const char  *names[] = { "a", "b c", "d", "a" };

    rest = slice(",a, b c ,, ,d,a,");

    for (n = 0; secops_table_options_field_next(&rest, &name); n++) {
        is_str(name.data, name.len, n < 4 ? names[n] : "", "a field");
    }

    is_int(n, 4, "there are no others");
}


static const char *
options_read(secops_table_options_t *options, const char *args)
{
    static unsigned char  buffer[1024];

    return secops_table_options_read(options, slice(args), buffer);
}

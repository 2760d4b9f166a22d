
/* secops_resource_ref: what is an expression, what is text, what is neither */

#include <stdlib.h>

#include "model/resource/secops_resource_ref.h"
#include "secops_tap.h"


typedef struct {
    const char  *text;
    const char  *result;        /* kind:id or kind=title; "text"; or
                                   "offset reason" */
    const char  *name;
} ref_case_t;


static const ref_case_t  ref_cases[] = {
    { "{{api_keys(name='Api Key from REST API')}}",
      "0=Api Key from REST API", "the seed's api key" },
    { "{{integrations(title='Elastic integration')}}",
      "1=Elastic integration", "the seed's title" },
    { "{{integrations(internal_id=1001)}}", "1:1001", "the seed's id" },
    { "{{jobs(title=\"a\")}}", "2=a", "a job, in the other quotes" },
    { "{{integrations(internal_id='1001')}}", "1:1001", "an id in quotes" },
    { "{{api_keys(internal_id='a-_9')}}", "0:a-_9", "the id of a key" },
    { "{{api_keys(id=a-_9)}}", "0:a-_9", "... without quotes" },
    { "{{api_keys(title='a')}}", "0=a", "the title of a key is its name" },
    { "{{integrations(name='a')}}", "1=a", "... and the other way round" },
    { "{{ integrations\t( title = 'a' ) }}", "1=a", "spaces" },
    { "{{\njobs\n(\nname\n=\n'a'\n)\n}}", "2=a", "... and line feeds" },
    { "{{jobs(name='it\\'s')}}", "2=it's", "an escaped quote" },
    { "{{jobs(name=\"say \\\"it\\\"\")}}", "2=say \"it\"", "... two" },
    { "{{jobs(name=\"it's\")}}", "2=it's", "the other quote needs no escape" },
    { "{{jobs(name='a\\\\')}}", "2=a\\", "an escaped escape" },
    { "{{jobs(name='\\\\\\'')}}", "2=\\'", "... both" },
    { "{{jobs(name='a}}b)')}}", "2=a}}b)", "braces in a value" },
    { "{{jobs(name='\xd0\x96\xe2\x82\xac\nb')}}",
      "2=\xd0\x96\xe2\x82\xac\nb", "any script, and a line feed" },

    { "", "text", "nothing" },
    { "{", "text", "a brace" },
    { "{{", "text", "two" },
    { "{{}}", "text", "nothing in them" },
    { "a", "text", "text" },
    { " {{jobs(name='a')}}", "text", "an expression that is not the whole" },
    { "{{event.title}}", "text", "somebody else's template" },
    { "{{ event }}", "text", "... with spaces" },
    { "{{ 'jobs' }}", "text", "... or a quote" },
    { "{{(a)}}", "text", "a parenthesis without a word" },

    { "{{ keys(name='a')}}",
      "3 \"api_keys\", \"integrations\" or \"jobs\" is expected",
      "a kind that is not known" },
    { "{{jobs()}}", "7 \"name\", \"title\" or \"internal_id\" is expected",
      "nothing is said" },
    { "{{jobs(names='a')}}",
      "7 \"name\", \"title\" or \"internal_id\" is expected", "a wrong word" },
    { "{{jobs(name 'a')}}", "12 \"=\" is expected", "no equals sign" },
    { "{{jobs(name=a)}}", "12 a quote is expected", "a title without quotes" },
    { "{{jobs(id=)}}", "10 an id is expected", "no id" },
    { "{{jobs(name='')}}", "12 the value is empty", "an empty title" },
    { "{{jobs(name='a)}}", "12 the quote is not closed", "an open quote" },
    { "{{jobs(name='a\\')}}", "12 the quote is not closed",
      "... that is escaped" },
    { "{{jobs(name='a\\", "15 \"\\\" stands before quotes and itself only",
      "an escape at the end" },
    { "{{jobs(name='a\\n')}}",
      "15 \"\\\" stands before quotes and itself only", "another escape" },
    { "{{jobs(name='a'", "15 \")\" is expected", "no parenthesis" },
    { "{{jobs(name='a', id=1)}}", "15 \")\" is expected", "two things" },
    { "{{jobs(name='a')", "16 \"}}\" is expected", "no braces" },
    { "{{jobs(name='a')}", "17 \"}}\" is expected", "... one" },
    { "{{jobs(name='a')}}x", "18 nothing may follow", "more text" }
};


int
main(void)
{
    int                          rc;
    char                         told[256];
    size_t                       i, len;
    unsigned char               *copy;
    secops_text_t                text;
    secops_slice_t               slice;
    const ref_case_t            *c;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    for (i = 0; i < sizeof(ref_cases) / sizeof(ref_cases[0]); i++) {
        c = &ref_cases[i];

        /* no byte more than there is */

        len = strlen(c->text);
        copy = malloc(len ? len : 1);
        memcpy(copy, c->text, len);

        slice.len = len;
        slice.data = copy;

        rc = secops_resource_ref_parse(&ref, slice, &error);

        if (rc == SECOPS_RESOURCE_REF_OK) {
            (void) snprintf(told, sizeof(told), "%d%s%.*s", ref.type,
                            ref.by_id ? ":" : "=", (int) ref.value.len,
                            (const char *) ref.value.data);
            secops_text_free(&ref.value);

        } else if (rc == SECOPS_RESOURCE_REF_NONE) {
            (void) strcpy(told, "text");

        } else {
            (void) snprintf(told, sizeof(told), "%zu %s", error.offset,
                            error.reason);
        }

        is_str(told, strlen(told), c->result, c->name);

        free(copy);
    }

    memset(&text, 0, sizeof(text));

    slice.len = 4;
    slice.data = (const unsigned char *) "1001";

    secops_resource_ref_write(&text, SECOPS_RESOURCE_INTEGRATION, slice);
    is_str(text.data, text.len, "{{integrations(internal_id=1001)}}",
           "what is stored for an integration");
    text.len = 0;

    secops_resource_ref_write(&text, SECOPS_RESOURCE_API_KEY, slice);
    is_str(text.data, text.len, "{{api_keys(internal_id='1001')}}",
           "... for an api key");

    slice.len = text.len;
    slice.data = text.data;

    ok(secops_resource_ref_parse(&ref, slice, &error)
       == SECOPS_RESOURCE_REF_OK && ref.by_id
       && ref.type == SECOPS_RESOURCE_API_KEY && ref.value.len == 4,
       "... and it is read again");

    secops_text_free(&ref.value);
    secops_text_free(&text);

    return tap_done();
}

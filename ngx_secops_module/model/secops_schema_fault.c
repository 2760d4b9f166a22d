
/*
 * How a fault is told: its JSON Pointer from the chain of places, and a
 * message for people.  The instance's values are never in a message, they may
 * be secrets; the schema's are, within bounds.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/secops_schema_internal.h"
#include "util/secops_pointer.h"


#define SECOPS_SCHEMA_MESSAGE  512
#define SECOPS_SCHEMA_CHOICES  400          /* bytes of a message for them */
#define SECOPS_SCHEMA_INDEX    10           /* digits of an index at most */


typedef struct {
    size_t          len;
    char            data[SECOPS_SCHEMA_MESSAGE];
} secops_schema_message_t;


static int secops_schema_is_told(const secops_schema_run_t *run);
static int secops_schema_tell(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_slice_t *property, const secops_schema_message_t *message);
static int secops_schema_point(secops_schema_run_t *run,
    const secops_schema_place_t *place, secops_schema_fault_t *fault);
static size_t secops_schema_point_size(const secops_schema_run_t *run,
    const secops_schema_place_t *place);
static unsigned char *secops_schema_point_step(const secops_schema_run_t *run,
    const secops_schema_place_t *place, unsigned char *last);
static int secops_schema_grow(unsigned char **data, size_t *size,
    size_t need);
static void secops_schema_message(secops_schema_message_t *message,
    const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void secops_schema_message_args(secops_schema_message_t *message,
    const char *fmt, va_list args);
static void secops_schema_message_choice(secops_schema_message_t *message,
    const secops_json_t *json, const secops_schema_choice_t *choice);
static const char *secops_schema_type_word(unsigned type);


int
secops_schema_fault(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword, const char *fmt,
    ...)
{
    va_list                  args;
    secops_schema_message_t  message;

    if (!secops_schema_is_told(run)) {
        return 0;
    }

    message.len = 0;

    va_start(args, fmt);
    secops_schema_message_args(&message, fmt, args);
    va_end(args);

    return secops_schema_tell(run, place, keyword, NULL, &message);
}


int
secops_schema_fault_property(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_slice_t *property, const char *fmt, ...)
{
    va_list                  args;
    secops_schema_message_t  message;

    if (!secops_schema_is_told(run)) {
        return 0;
    }

    message.len = 0;

    va_start(args, fmt);
    secops_schema_message_args(&message, fmt, args);
    va_end(args);

    return secops_schema_tell(run, place, keyword, property, &message);
}


int
secops_schema_fault_exhausted(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword)
{
    unsigned  quiet;

    run->exhausted = 1;

    quiet = run->quiet;
    run->quiet = (run->handler == NULL);

    (void) secops_schema_fault(run, place, keyword,
                               "is too complex to be checked against its"
                               " pattern");
    run->quiet = quiet;

    return 0;
}


int
secops_schema_fault_type(secops_schema_run_t *run,
    const secops_schema_place_t *place, const secops_schema_node_t *node,
    uint32_t i)
{
    unsigned                    type, left, types;
    secops_schema_message_t     message;
    const secops_json_token_t  *token;

    if (!secops_schema_is_told(run)) {
        return 0;
    }

    message.len = 0;

    if (node->types == 0) {
        secops_schema_message(&message, "is not allowed");

        return secops_schema_tell(run, place, "false", NULL, &message);
    }

    /* "number" says all that "integer" does; the two of "boolean" are one */

    types = node->types;

    if (types & secops_schema_type_bit(SECOPS_JSON_NUMBER)) {
        types &= ~SECOPS_SCHEMA_INTEGER;
    }

    types &= ~secops_schema_type_bit(SECOPS_JSON_FALSE);
    left = types;

    secops_schema_message(&message, "must be ");

    for (type = 0; left; type++) {

        if (!(left & secops_schema_type_bit(type))) {
            continue;
        }

        left &= ~secops_schema_type_bit(type);

        secops_schema_message(&message, "%s%s",
                              secops_schema_type_word(type),
                              left == 0 ? "" :
                              (left & (left - 1)) ? ", " : " or ");
    }

    token = &run->json->tokens[i];

    if (token->type != SECOPS_JSON_NUMBER
        || !(types & SECOPS_SCHEMA_INTEGER))
    {
        secops_schema_message(&message, ", not %s",
                              secops_schema_type_word(token->type));
    }

    return secops_schema_tell(run, place, "type", NULL, &message);
}


int
secops_schema_fault_choices(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_schema_choices_t *choices)
{
    uint32_t                 n;
    secops_schema_message_t  message;

    if (!secops_schema_is_told(run)) {
        return 0;
    }

    message.len = 0;

    secops_schema_message(&message, choices->nelts == 1 ? "must be "
                                                        : "must be one of ");

    for (n = 0; n < choices->nelts; n++) {

        if (n) {
            secops_schema_message(&message, ", ");
        }

        if (message.len > SECOPS_SCHEMA_CHOICES - SECOPS_SCHEMA_SHORT) {
            secops_schema_message(&message, "or of %u others",
                                  choices->nelts - n);
            break;
        }

        secops_schema_message_choice(&message, &run->schema->json,
                                     &choices->elts[n]);
    }

    return secops_schema_tell(run, place, keyword, NULL, &message);
}


static void
secops_schema_message_choice(secops_schema_message_t *message,
    const secops_json_t *json, const secops_schema_choice_t *choice)
{
    secops_slice_t  text;

    text = secops_json_raw(json, choice->token);

    switch (json->tokens[choice->token].type) {

    case SECOPS_JSON_OBJECT:
        secops_schema_message(message, "a certain object");
        return;

    case SECOPS_JSON_ARRAY:
        secops_schema_message(message, "a certain array");
        return;

    case SECOPS_JSON_STRING:

        if (text.len > SECOPS_SCHEMA_SHORT) {
            secops_schema_message(message, "a certain string");
            return;
        }

        secops_schema_message(message, "\"%.*s\"", (int) text.len, text.data);
        return;

    default:
        secops_schema_message(message, "%.*s",
                              text.len > SECOPS_SCHEMA_SHORT
                              ? SECOPS_SCHEMA_SHORT : (int) text.len,
                              text.data);
        return;
    }
}


static const char *
secops_schema_type_word(unsigned type)
{
    switch (type) {

    case SECOPS_JSON_OBJECT:
        return "an object";

    case SECOPS_JSON_ARRAY:
        return "an array";

    case SECOPS_JSON_STRING:
        return "a string";

    case SECOPS_JSON_NUMBER:
        return "a number";

    case SECOPS_JSON_TRUE:
    case SECOPS_JSON_FALSE:
        return "a boolean";

    case SECOPS_JSON_NULL:
        return "null";

    default:
        return "an integer";
    }
}


static int
secops_schema_is_told(const secops_schema_run_t *run)
{
    return run->quiet == 0
           && !run->failed
           && run->nfaults < SECOPS_SCHEMA_MAX_FAULTS;
}


static int
secops_schema_tell(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_slice_t *property, const secops_schema_message_t *message)
{
    secops_schema_fault_t  fault;

    memset(&fault, 0, sizeof(secops_schema_fault_t));

    if (secops_schema_point(run, place, &fault) != SECOPS_SCHEMA_OK) {
        run->failed = 1;
        return 0;
    }

    fault.keyword = keyword;
    fault.message.len = message->len;
    fault.message.data = (const unsigned char *) message->data;

    if (property) {
        fault.property = *property;

    } else {
        fault.object = fault.pointer;
    }

    run->nfaults++;
    run->handler(run->data, &fault);

    return 0;
}


/*
 * Written from its end to its beginning, as places know their parents only.
 * The front of the buffer is where names are decoded.
 */

static int
secops_schema_point(secops_schema_run_t *run,
    const secops_schema_place_t *place, secops_schema_fault_t *fault)
{
    size_t          need;
    unsigned char  *p, *last;

    need = secops_schema_point_size(run, place);

    if (secops_schema_grow(&run->pointer, &run->pointer_size, need)
        != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    last = run->pointer + run->pointer_size;
    p = last;

    for ( /* void */ ; place->parent; place = place->parent) {

        p = secops_schema_point_step(run, place, p);

        if (fault->pointer.len == 0) {
            fault->pointer.len = last - p;
        }
    }

    /* so far the length of the last step */

    fault->object.data = p;
    fault->object.len = (last - p) - fault->pointer.len;

    fault->pointer.data = p;
    fault->pointer.len = last - p;

    return SECOPS_SCHEMA_OK;
}


/* at most what the pointer takes, and room to decode its longest name */

static size_t
secops_schema_point_size(const secops_schema_run_t *run,
    const secops_schema_place_t *place)
{
    size_t  len, size, longest;

    size = 1;
    longest = 0;

    for ( /* void */ ; place->parent; place = place->parent) {

        len = place->name ? place->name->len
                          : place->key ? run->json->tokens[place->key].len
                                       : SECOPS_SCHEMA_INDEX + 1;

        size += 1 + 2 * len;

        if (len > longest) {
            longest = len;
        }
    }

    return size + longest;
}


/* writes "/" and the name of one place so that it ends at last */

static unsigned char *
secops_schema_point_step(const secops_schema_run_t *run,
    const secops_schema_place_t *place, unsigned char *last)
{
    size_t          i;
    const char     *escape;
    unsigned char  *p;
    secops_slice_t  name;

    if (place->name) {
        name = *place->name;

    } else if (place->key) {
        name.data = run->pointer;
        name.len = secops_json_decode(run->json, place->key, run->pointer);

    } else {
        name.data = run->pointer;
        name.len = snprintf((char *) run->pointer, SECOPS_SCHEMA_INDEX + 1,
                            "%u", place->index);
    }

    p = last;

    for (i = name.len; i > 0; i--) {

        escape = secops_pointer_escape(name.data[i - 1]);

        if (escape) {
            *--p = (unsigned char) escape[1];
            *--p = (unsigned char) escape[0];

        } else {
            *--p = name.data[i - 1];
        }
    }

    *--p = '/';

    return p;
}


secops_slice_t
secops_schema_string(secops_schema_run_t *run, uint32_t i)
{
    unsigned char              *dst;
    secops_slice_t              text;
    const secops_json_token_t  *token;

    token = &run->json->tokens[i];

    if (!(token->flags & SECOPS_JSON_ESCAPED)) {
        return secops_json_raw(run->json, i);
    }

    dst = run->scratch;

    if (token->len > SECOPS_SCHEMA_SCRATCH) {

        if (secops_schema_grow(&run->decoded, &run->decoded_size, token->len)
            != SECOPS_SCHEMA_OK)
        {
            run->failed = 1;
            return secops_json_raw(run->json, i);
        }

        dst = run->decoded;
    }

    text.data = dst;
    text.len = secops_json_decode(run->json, i, dst);

    return text;
}


/* what was there is lost */

static int
secops_schema_grow(unsigned char **data, size_t *size, size_t need)
{
    if (*size >= need) {
        return SECOPS_SCHEMA_OK;
    }

    free(*data);

    *size = 0;
    *data = malloc(2 * need);

    if (*data == NULL) {
        return SECOPS_SCHEMA_ERROR;
    }

    *size = 2 * need;

    return SECOPS_SCHEMA_OK;
}


static void
secops_schema_message(secops_schema_message_t *message, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    secops_schema_message_args(message, fmt, args);
    va_end(args);
}


/* what does not fit is cut, but not within a character of UTF-8 */

static void
secops_schema_message_args(secops_schema_message_t *message, const char *fmt,
    va_list args)
{
    int     n;
    size_t  room, len;

    room = sizeof(message->data) - message->len;
    n = vsnprintf(message->data + message->len, room, fmt, args);

    if (n < 0) {
        return;
    }

    if ((size_t) n < room) {
        message->len += n;
        return;
    }

    /* the NUL stands where the first byte was that did not fit */

    len = message->len + room - 1;

    while (len > message->len && (message->data[len - 1] & 0xc0) == 0x80) {
        len--;
    }

    if (len > message->len && (message->data[len - 1] & 0x80)) {
        len--;
    }

    message->len = len;
}


/*
 * How a fault is told: its JSON Pointer from the chain of places, and a
 * message for people.  The instance's values are never in a message, they may
 * be secrets; the schema's are, within bounds.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/schema/secops_schema_internal.h"
#include "util/secops_faults.h"
#include "util/secops_pointer.h"


#define SECOPS_SCHEMA_MESSAGE  512
#define SECOPS_SCHEMA_CHOICES  400          /* bytes of a message for them */
#define SECOPS_SCHEMA_INDEX    10           /* digits of an index at most */
#define SECOPS_SCHEMA_CUT      "…"          /* what a name that is cut ends
                                               with */
#define SECOPS_SCHEMA_NAME                                                    \
    (SECOPS_FAULTS_NAME + sizeof(SECOPS_SCHEMA_CUT) - 1)


typedef struct {
    size_t          len;
    char            data[SECOPS_SCHEMA_MESSAGE];
} secops_schema_message_t;


static int secops_schema_is_told(const secops_schema_run_t *run);
static int secops_schema_tell(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_slice_t *property, const secops_schema_message_t *message);
static int secops_schema_tell_fault(secops_schema_run_t *run,
    const secops_schema_place_t *place, secops_schema_fault_t *fault,
    const secops_slice_t *property, const secops_schema_message_t *message);
static secops_slice_t secops_schema_same_letters(
    const secops_schema_run_t *run, const secops_schema_choices_t *choices,
    uint32_t i);
static int secops_schema_point(secops_schema_run_t *run,
    const secops_schema_place_t *place, secops_schema_fault_t *fault);
static size_t secops_schema_point_size(const secops_schema_run_t *run,
    const secops_schema_place_t *place);
static unsigned char *secops_schema_point_step(const secops_schema_run_t *run,
    const secops_schema_place_t *place, unsigned char *last);
static size_t secops_schema_point_name(const secops_schema_run_t *run,
    const secops_schema_place_t *place,
    unsigned char name[SECOPS_SCHEMA_NAME]);
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
    const secops_schema_place_t *place, const char *keyword,
    const char *reason)
{
    unsigned  quiet;

    run->exhausted = 1;

    quiet = run->quiet;
    run->quiet = (run->handler == NULL);

    (void) secops_schema_fault(run, place, keyword, "%s", reason);

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
    const secops_schema_choices_t *choices, uint32_t i)
{
    uint32_t                 n;
    secops_schema_fault_t    fault;
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

    memset(&fault, 0, sizeof(secops_schema_fault_t));

    fault.keyword = keyword;

    if (strcmp(keyword, "enum") == 0) {
        fault.choice = secops_schema_same_letters(run, choices, i);
        fault.token = i;
    }

    return secops_schema_tell_fault(run, place, &fault, NULL, &message);
}


/* of a text without escapes: it takes as many bytes as the choice */

static secops_slice_t
secops_schema_same_letters(const secops_schema_run_t *run,
    const secops_schema_choices_t *choices, uint32_t i)
{
    size_t                      k;
    uint32_t                    n;
    unsigned char               a, b;
    secops_slice_t              text, choice, none, found;
    const secops_json_token_t  *token;

    none.len = 0;
    none.data = NULL;

    found = none;
    token = &run->json->tokens[i];

    if (token->type != SECOPS_JSON_STRING
        || (token->flags & SECOPS_JSON_ESCAPED))
    {
        return none;
    }

    text = secops_json_raw(run->json, i);

    for (n = 0; n < choices->nelts; n++) {

        choice = choices->elts[n].string;

        if (choice.len != text.len || text.len == 0) {
            continue;
        }

        for (k = 0; k < text.len; k++) {

            a = text.data[k];
            b = choice.data[k];

            if (a != b
                && ((a ^ b) != 0x20 || (a | 0x20) < 'a' || (a | 0x20) > 'z'))
            {
                break;
            }
        }

        if (k < text.len) {
            continue;
        }

        if (found.len) {
            return none;
        }

        found = choice;
    }

    return found;
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

    fault.keyword = keyword;

    return secops_schema_tell_fault(run, place, &fault, property, message);
}


static int
secops_schema_tell_fault(secops_schema_run_t *run,
    const secops_schema_place_t *place, secops_schema_fault_t *fault,
    const secops_slice_t *property, const secops_schema_message_t *message)
{
    if (secops_schema_point(run, place, fault) != SECOPS_SCHEMA_OK) {
        run->failed = 1;
        return 0;
    }

    fault->message.len = message->len;
    fault->message.data = (const unsigned char *) message->data;

    if (property) {
        fault->property = *property;

    } else {
        fault->object = fault->pointer;
    }

    run->told = 1;

    switch (run->handler(run->data, fault)) {

    case SECOPS_SCHEMA_EXCUSED:
        break;

    case SECOPS_SCHEMA_COUNTS:
        run->nfaults++;
        break;

    default: /* SECOPS_SCHEMA_ENOUGH */
        run->nfaults = SECOPS_SCHEMA_MAX_FAULTS;
    }

    return 0;
}


/*
 * Written from its end to its beginning, as places know their parents only.
 * Long names are cut: they are the client's, and each of many faults may have
 * them in its pointer.
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


/* at most what the pointer takes */

static size_t
secops_schema_point_size(const secops_schema_run_t *run,
    const secops_schema_place_t *place)
{
    size_t  len, size;

    size = 1;

    for ( /* void */ ; place->parent; place = place->parent) {

        len = place->name ? place->name->len
                          : place->key ? run->json->tokens[place->key].len
                                       : SECOPS_SCHEMA_INDEX + 1;

        if (len > SECOPS_FAULTS_NAME) {
            len = SECOPS_SCHEMA_NAME;
        }

        size += 1 + 2 * len;
    }

    return size;
}


/* writes "/" and the name of one place so that it ends at last */

static unsigned char *
secops_schema_point_step(const secops_schema_run_t *run,
    const secops_schema_place_t *place, unsigned char *last)
{
    size_t          i;
    const char     *escape;
    unsigned char  *p, name[SECOPS_SCHEMA_NAME];

    p = last;

    for (i = secops_schema_point_name(run, place, name); i > 0; i--) {

        escape = secops_pointer_escape(name[i - 1]);

        if (escape) {
            *--p = (unsigned char) escape[1];
            *--p = (unsigned char) escape[0];

        } else {
            *--p = name[i - 1];
        }
    }

    *--p = '/';

    return p;
}


/* the name or the index of one place; returns its bytes */

static size_t
secops_schema_point_name(const secops_schema_run_t *run,
    const secops_schema_place_t *place,
    unsigned char name[SECOPS_SCHEMA_NAME])
{
    int     whole;
    size_t  len;

    if (place->name == NULL && place->key == 0) {
        return snprintf((char *) name, SECOPS_SCHEMA_INDEX + 1, "%u",
                        place->index);
    }

    if (place->name) {
        len = place->name->len;
        whole = (len <= SECOPS_FAULTS_NAME);

        if (!whole) {
            len = SECOPS_FAULTS_NAME;

            while ((place->name->data[len] & 0xc0) == 0x80) {
                len--;
            }
        }

        memcpy(name, place->name->data, len);

    } else {
        len = secops_json_decode_some(run->json, place->key, name,
                                      SECOPS_FAULTS_NAME, &whole);
    }

    if (!whole) {
        memcpy(name + len, SECOPS_SCHEMA_CUT, sizeof(SECOPS_SCHEMA_CUT) - 1);
        len += sizeof(SECOPS_SCHEMA_CUT) - 1;
    }

    return len;
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


/* Faults, and how much they may say; see secops_faults.h. */

#include "util/secops_faults.h"
#include "util/secops_pointer.h"


/* what of an answer of the Resources API is the same for all faults, and how
   often it has each: as one of "errors", of "reason_details", in "detail" */

#define SECOPS_FAULTS_FRAME  64
#define SECOPS_FAULTS_TIMES  3


static size_t secops_faults_size(secops_slice_t text);
static size_t secops_faults_name(secops_slice_t pointer);


void
secops_faults_tell(secops_faults_t *faults, secops_error_e error,
    secops_slice_t pointer, secops_slice_t message)
{
    secops_fault_t  fault;

    memset(&fault, 0, sizeof(secops_fault_t));

    fault.pointer = pointer;
    fault.message = message;

    secops_faults_add(faults, error, &fault);
}


void
secops_faults_add(secops_faults_t *faults, secops_error_e error,
    const secops_fault_t *fault)
{
    size_t          len, bytes, *used;
    secops_text_t  *list;

    if (faults->error == SECOPS_ERROR_NONE || error < faults->error) {
        faults->error = error;
    }

    if (secops_faults_full(faults)) {
        faults->more = 1;
        return;
    }

    bytes = secops_faults_size(fault->pointer)
            + secops_faults_size(fault->message);

    bytes = faults->once
            ? bytes + strlen(faults->told ? "; : " : ": ")
            : bytes * SECOPS_FAULTS_TIMES + SECOPS_FAULTS_FRAME
              + secops_faults_size(fault->about);

    used = faults->shared ? faults->shared : &faults->own;

    if (bytes > SECOPS_FAULTS_BYTES - *used) {

        /* what is told are the first ones: no shorter one follows */

        *used = SECOPS_FAULTS_BYTES;
        faults->more = 1;
        return;
    }

    *used += bytes;

    list = &faults->list;
    len = list->len;

    secops_text_append(list, secops_slice_bytes((const unsigned char *) fault,
                                                sizeof(secops_fault_t)));
    secops_text_append(list, fault->about);
    secops_text_append(list, fault->pointer);
    secops_text_append(list, fault->message);

    if (list->failed) {
        faults->failed = 1;
        list->len = len;
        return;
    }

    faults->told++;
}


int
secops_faults_full(const secops_faults_t *faults)
{
    return faults->more || faults->told == SECOPS_FAULTS_MAX;
}


/* in the list each fault has its bytes behind it, whose place changes while the
   list grows */

int
secops_faults_next(const secops_faults_t *faults, size_t *place,
    secops_fault_t *fault)
{
    const unsigned char  *p;

    if (*place == faults->list.len) {
        return 0;
    }

    p = faults->list.data + *place;

    memcpy(fault, p, sizeof(secops_fault_t));
    p += sizeof(secops_fault_t);

    if (fault->about.data) {
        fault->about.data = p;
    }

    fault->pointer.data = p + fault->about.len;
    fault->message.data = fault->pointer.data + fault->pointer.len;

    *place = fault->message.data + fault->message.len - faults->list.data;

    return 1;
}


void
secops_faults_free(secops_faults_t *faults)
{
    secops_text_free(&faults->list);
    memset(faults, 0, sizeof(secops_faults_t));
}


void
secops_faults_write_one(secops_text_t *text, const secops_fault_t *fault)
{
    if (fault->pointer.len) {
        secops_text_append(text, fault->pointer);
        secops_text_append_string(text, ": ");
    }

    secops_text_append(text, fault->message);
}


void
secops_faults_write(secops_text_t *text, const secops_faults_t *faults)
{
    size_t          place;
    const char     *between;
    secops_fault_t  fault;

    place = 0;
    between = "";

    while (secops_faults_next(faults, &place, &fault)) {
        secops_text_append_string(text, between);
        secops_faults_write_one(text, &fault);
        between = "; ";
    }

    if (faults->more) {
        secops_text_append_string(text, between);
        secops_text_append_string(text, SECOPS_FAULTS_MORE);
    }
}


/* the bytes that a text takes inside of a JSON string */

static size_t
secops_faults_size(secops_slice_t text)
{
    size_t         i, size;
    unsigned char  c;

    size = text.len;

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if (c < 0x20) {
            size += 5;

        } else if (c == '"' || c == '\\') {
            size++;
        }
    }

    return size;
}


secops_slice_t
secops_faults_cut(secops_slice_t text, size_t max)
{
    if (text.len > max) {
        text.len = max;

        while (text.len && (text.data[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }

    return text;
}


void
secops_faults_append_name(secops_text_t *text, secops_slice_t name, size_t max)
{
    secops_text_append(text, secops_faults_cut(name, max));

    if (name.len > max) {
        secops_text_append_string(text, "…");
    }
}


void
secops_faults_append_pointer(secops_text_t *text, secops_slice_t pointer)
{
    size_t          end, n;
    secops_slice_t  name;

    end = text->len + SECOPS_FAULTS_POINTER;

    while (pointer.len) {

        n = secops_faults_name(pointer);

        name.len = n;
        name.data = pointer.data;

        if (text->len + (n < SECOPS_FAULTS_NAME ? n : SECOPS_FAULTS_NAME)
            > end)
        {
            secops_text_append_string(text, "/…");
            return;
        }

        secops_faults_append_name(text, name, SECOPS_FAULTS_NAME);

        pointer.len -= n;
        pointer.data += n;
    }
}


/* the length of its first step: a slash, and what is up to the next one */

static size_t
secops_faults_name(secops_slice_t pointer)
{
    const unsigned char  *next;

    next = memchr(pointer.data + 1, '/', pointer.len - 1);

    return next ? (size_t) (next - pointer.data) : pointer.len;
}


void
secops_faults_append_member(secops_text_t *pointer, secops_slice_t name)
{
    size_t          i;
    const char     *escape;
    secops_slice_t  shown;

    secops_text_append_string(pointer, "/");

    shown = secops_faults_cut(name, SECOPS_FAULTS_NAME);

    for (i = 0; i < shown.len; i++) {

        escape = secops_pointer_escape(shown.data[i]);

        secops_text_append(pointer, escape
                           ? secops_slice_of(escape)
                           : secops_slice_bytes(&shown.data[i], 1));
    }

    if (shown.len < name.len) {
        secops_text_append_string(pointer, "…");
    }
}

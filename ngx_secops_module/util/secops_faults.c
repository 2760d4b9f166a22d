
/* How much faults may say; see secops_faults.h. */

#include "util/secops_faults.h"


static size_t secops_faults_name(secops_slice_t pointer);


int
secops_faults_take(secops_faults_budget_t *budget, size_t bytes)
{
    if (budget->more || bytes > SECOPS_FAULTS_BYTES - budget->used) {
        budget->more = 1;
        return -1;
    }

    budget->used += bytes;

    return 0;
}


size_t
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


/*
 * Entries of the audit about several records: what is written must be read as
 * the same records again, whatever is in them; and of what somebody else has
 * written nothing may be read that is not there.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/audit/secops_audit_parts.h"
#include "secops_tap.h"


#define ALSO_MAX  65536


static secops_slice_t
text(const char *s)
{
    return secops_slice_bytes((const unsigned char *) s, strlen(s));
}


static unsigned
draw(unsigned n)
{
    static uint64_t  state = 88172645463325252ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return (unsigned) (state >> 33) % n;
}


static void
entry_of(secops_audit_entry_t *entry)
{
    memset(entry, 0, sizeof(secops_audit_entry_t));

    entry->position.msec = 5;
    entry->position.seq = 6;
    entry->position.stream = 7;
    entry->position.part = 8;
    entry->fields[SECOPS_AUDIT_USER] = text("alice");
    entry->fields[SECOPS_AUDIT_REQUEST] = text("first");
    entry->fields[SECOPS_AUDIT_OPERATION] = text("records.create");
    entry->fields[SECOPS_AUDIT_ID] = text("42");
}


static size_t
parts_of(const char *also, secops_audit_entry_t *parts)
{
    secops_audit_entry_t  entry;

    entry_of(&entry);
    entry.also = text(also);

    return secops_audit_parts(&entry, parts);
}


static int
is_text(secops_slice_t slice, const char *s)
{
    return secops_slice_equal(slice, text(s));
}


static void
test_also(void)
{
    secops_audit_entry_t  parts[SECOPS_AUDIT_PARTS];

    is_int(parts_of("", parts), 1, "an entry of one record is one");
    ok(is_text(parts[0].fields[SECOPS_AUDIT_ID], "42")
       && parts[0].position.part == 0 && parts[0].position.stream == 7,
       "... as it is");

    is_int(parts_of("request:6:second,id:2:43;user:3:bob,id:2:44;", parts), 3,
           "an entry of three records");
    ok(is_text(parts[0].fields[SECOPS_AUDIT_USER], "alice")
       && is_text(parts[0].fields[SECOPS_AUDIT_REQUEST], "first")
       && is_text(parts[0].fields[SECOPS_AUDIT_ID], "42")
       && parts[0].position.part == 0,
       "... the first has the entry's fields");
    ok(is_text(parts[1].fields[SECOPS_AUDIT_USER], "alice")
       && is_text(parts[1].fields[SECOPS_AUDIT_REQUEST], "second")
       && is_text(parts[1].fields[SECOPS_AUDIT_ID], "43")
       && is_text(parts[1].fields[SECOPS_AUDIT_OPERATION], "records.create")
       && parts[1].position.part == 1,
       "... the second those too, but for its own");
    ok(is_text(parts[2].fields[SECOPS_AUDIT_USER], "bob")
       && is_text(parts[2].fields[SECOPS_AUDIT_REQUEST], "second")
       && is_text(parts[2].fields[SECOPS_AUDIT_ID], "44")
       && parts[2].position.part == 2,
       "... the third those of the second, but for its own");
    ok(parts[2].position.msec == 5 && parts[2].position.seq == 6
       && parts[2].position.stream == 7 && parts[2].also.len == 0,
       "... in one place");

    is_int(parts_of("user:9:a,b;:1:x\n,id:0:;", parts), 2,
           "what separates may be in a value");
    ok(is_text(parts[1].fields[SECOPS_AUDIT_USER], "a,b;:1:x\n")
       && is_text(parts[1].fields[SECOPS_AUDIT_ID], ""),
       "... and a value may be empty");

    is_int(parts_of("colour:3:red,id:2:43;", parts), 2,
           "a field of a later version");
    ok(is_text(parts[1].fields[SECOPS_AUDIT_ID], "43"), "... is passed over");
}


static void
test_ids(void)
{
    secops_audit_entry_t  entry, parts[SECOPS_AUDIT_PARTS];

    entry_of(&entry);
    entry.fields[SECOPS_AUDIT_ID] = text("00112233445566778899aabbccddeeff,"
                                         "ffeeddccbbaa99887766554433221100");

    is_int(secops_audit_parts(&entry, parts), 2, "two ids of a batch are two");
    ok(is_text(parts[0].fields[SECOPS_AUDIT_ID],
               "00112233445566778899aabbccddeeff")
       && is_text(parts[1].fields[SECOPS_AUDIT_ID],
                  "ffeeddccbbaa99887766554433221100")
       && parts[0].position.part == 0 && parts[1].position.part == 1
       && is_text(parts[1].fields[SECOPS_AUDIT_USER], "alice"),
       "... in their order");

    entry.fields[SECOPS_AUDIT_OPERATION] = text("events.ingest");
    is_int(secops_audit_parts(&entry, parts), 1,
           "of something else than records they are one id");

    entry_of(&entry);
    entry.fields[SECOPS_AUDIT_ID] = text("00112233445566778899aabbccddeeff;"
                                         "ffeeddccbbaa99887766554433221100");
    is_int(secops_audit_parts(&entry, parts), 1, "no comma: one");
    entry.fields[SECOPS_AUDIT_ID] = text("a,b");
    is_int(secops_audit_parts(&entry, parts), 1, "other ids: one");
}


static void
test_others(void)
{
    size_t                i;
    secops_audit_entry_t  parts[SECOPS_AUDIT_PARTS];

    static const char *const  others[] = {
        ";", ",", ":", "id", "id:", "id:2", "id:2:", "id:2:4", "id:2:43",
        "id:2:43:", "id:2:43,", "id:2:43,;", "id:3:43;", "id:1:43;", ":2:43;",
        "id::43;", "id:-2:43;", "id:+2:43;", "id:2 :43;", "id:2x:43;",
        "id:18446744073709551618:43;", "id:99999999999999999999999:43;",
        "id:2:43;x", "id:2:43;;", "id:2:43;id:2:44",
        "a_name_of_more_than_thirty_two_bytes:1:x;",
        ("id:1:1;id:1:2;id:1:3;id:1:4;id:1:5;id:1:6;id:1:7;id:1:8;id:1:9;"
         "id:1:1;id:1:2;id:1:3;id:1:4;id:1:5;id:1:6;id:1:7;")
    };

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ok(parts_of(others[i], parts) == 1
           && is_text(parts[0].fields[SECOPS_AUDIT_ID], "42")
           && is_text(parts[0].fields[SECOPS_AUDIT_REQUEST], "first"),
           "not ours: %s", others[i]);
    }

    is_int(parts_of("id:1:1;id:1:2;id:1:3;id:1:4;id:1:5;id:1:6;id:1:7;id:1:8;"
                    "id:1:9;id:1:1;id:1:2;id:1:3;id:1:4;id:1:5;id:1:6;",
                    parts),
           SECOPS_AUDIT_PARTS, "as many as an entry may have");
}


static secops_slice_t
random_text(unsigned char *buffer, secops_slice_t before)
{
    size_t  i;

    static const char  bytes[] = "0123456789:,;ab";

    if (draw(3)) {
        return before;
    }

    before.data = buffer;
    before.len = draw(40);

    for (i = 0; i < before.len; i++) {
        buffer[i] = (unsigned char) (draw(8) ? bytes[draw(sizeof(bytes) - 1)]
                                             : (int) draw(256));
    }

    return before;
}


/* in memory of just its size, so that the sanitizer sees who reads beyond */

static size_t
read_back(const secops_slice_t *fields, const unsigned char *also, size_t len,
    secops_audit_entry_t *parts)
{
    size_t                n;
    unsigned char        *copy;
    secops_audit_entry_t  entry;

    memset(&entry, 0, sizeof(secops_audit_entry_t));
    memcpy(entry.fields, fields, sizeof(entry.fields));

    copy = malloc(len ? len : 1);
    memcpy(copy, also, len);

    entry.also = secops_slice_bytes(copy, len);

    n = secops_audit_parts(&entry, parts);

    free(copy);

    return n;
}


static int
differs(const secops_slice_t *a, const secops_slice_t *b)
{
    unsigned  field;

    for (field = 0; field < SECOPS_AUDIT_FIELDS; field++) {
        if (!secops_slice_equal(a[field], b[field])) {
            return 1;
        }
    }

    return 0;
}


static void
test_random(void)
{
    size_t                 n, len, wrong, room;
    unsigned               round, i, field;
    unsigned char         *p, *last;
    secops_audit_entry_t   entry, parts[SECOPS_AUDIT_PARTS];
    secops_audit_entry_t   records[SECOPS_AUDIT_PARTS];

    static unsigned char  also[ALSO_MAX];
    static unsigned char  bytes[SECOPS_AUDIT_PARTS][SECOPS_AUDIT_FIELDS][40];

    wrong = 0;
    room = 0;

    for (round = 0; round < 20000; round++) {

        memset(records, 0, sizeof(records));
        n = 2 + draw(SECOPS_AUDIT_PARTS - 1);
        p = also;

        for (i = 0; i < n; i++) {

            for (field = 0; field < SECOPS_AUDIT_FIELDS; field++) {
                records[i].fields[field] = random_text(bytes[i][field],
                              i ? records[i - 1].fields[field] : text(""));
            }

            if (i == 0) {
                continue;
            }

            if (!differs(records[i - 1].fields, records[i].fields)) {
                n = i;
                break;
            }

            len = secops_audit_also_max(records[i - 1].fields,
                                        records[i].fields);
            last = p + len;
            p = secops_audit_write_also(p, records[i - 1].fields,
                                        records[i].fields);

            room += (p > last);
        }

        memset(&entry, 0, sizeof(secops_audit_entry_t));
        memcpy(entry.fields, records[0].fields, sizeof(entry.fields));
        entry.also = secops_slice_bytes(also, (size_t) (p - also));

        if (entry.also.len == 0) {
            continue;
        }

        wrong += (secops_audit_parts(&entry, parts) != n);

        for (i = 0; i < n; i++) {
            wrong += (differs(parts[i].fields, records[i].fields)
                      || parts[i].position.part != i);
        }

        /* and with a byte of it changed, or without its end */

        len = entry.also.len;

        if (draw(2)) {
            also[draw((unsigned) len)] = (unsigned char) draw(256);

        } else {
            len = draw((unsigned) len);
        }

        n = read_back(records[0].fields, also, len, parts);
        wrong += (n < 1 || n > SECOPS_AUDIT_PARTS);
    }

    is_int(wrong, 0, "20000 entries are read as they were written");
    is_int(room, 0, "... which fit into the room that was asked for");
}


int
main(void)
{
    test_also();
    test_ids();
    test_others();
    test_random();

    return tap_done();
}

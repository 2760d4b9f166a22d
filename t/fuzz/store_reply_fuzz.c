
/*
 * libFuzzer target: any values as the replies that the store reads: to find,
 * to commit, to add, to the pointer of an api key, to a part of an audit
 * stream, to the scripts that read lists and that count events, to what is
 * known about a subject.
 *
 * What is handed out must hold what store/secops_reply.h promises: a number
 * that becomes an index is one of the array that it is for, and every text lies
 * within the reply.  The values are in memory of just their size, so that the
 * sanitizer sees who reads beyond them.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/audit/secops_audit_parts.h"
#include "store/list/secops_reply_ids.h"
#include "store/secops_keys.h"
#include "store/secops_reply.h"
#include "util/secops_id.h"


#define STORE_FUZZ_ID      64
#define STORE_FUZZ_DOMAIN  1024


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const uint8_t  *store_fuzz_begin, *store_fuzz_end;

/* a fuzzer does not come upon one by itself */

static const uint8_t  store_fuzz_id[] = "01a2041fa7d50a9543e7bbd8efc78f3c";


static void
store_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void
store_fuzz_text(secops_slice_t text)
{
    store_fuzz_require(text.len == 0
                       || text.data == store_fuzz_id
                       || (text.data >= store_fuzz_begin
                           && text.data + text.len <= store_fuzz_end),
                       "a text outside of the reply");
}


/* five bytes of input are a value: its type, how many elements it has, where
   the next one is, a number or a length; a text is taken from the input */

static size_t
store_fuzz_values(secops_redis_value_t *values, const uint8_t *data,
    size_t size)
{
    size_t          n;
    const uint8_t  *p;

    n = 0;

    for (p = data; p + 5 <= data + size; p += 5, n++) {

        values[n].type = (secops_redis_type_e) (1 + p[0] % 6);
        values[n].elements = p[1] == 255 ? (size_t) -1 : p[1];
        values[n].next = n + p[2];
        values[n].integer = (int16_t) (p[3] << 8 | p[4]);

        if (p[3] == 128) {
            values[n].integer = p[4] & 1 ? INT64_MAX : INT64_MIN;
        }

        values[n].text.data = p;
        values[n].text.len = p[4] % ((size_t) (data + size - p) + 1);

        if (p[1] == 254) {
            values[n].text = secops_slice_bytes(store_fuzz_id, SECOPS_ID_LEN);
        }
    }

    return n;
}


static void
store_fuzz_keys(const secops_redis_value_t *values, size_t n)
{
    size_t          i, nkeys;
    secops_slice_t  cursor;

    if (secops_reply_keys(values, n, &cursor, &nkeys) != 0) {
        return;
    }

    store_fuzz_require(cursor.len && cursor.len <= SECOPS_REPLY_KEYS_CURSOR
                       && nkeys + SECOPS_REPLY_KEYS_FIRST == n,
                       "a cursor or keys that there are not");
    store_fuzz_text(cursor);

    for (i = 0; i < nkeys; i++) {
        store_fuzz_text(values[SECOPS_REPLY_KEYS_FIRST + i].text);
    }
}


static void
store_fuzz_find(const secops_redis_value_t *values, size_t n, size_t nlookups)
{
    size_t                i;
    secops_reply_find_t   find;
    secops_reply_found_t  found;

    if (secops_reply_find(&find, values, n, nlookups) != 0) {
        return;
    }

    store_fuzz_text(find.revision);
    store_fuzz_text(find.next_id);
    store_fuzz_text(find.rest);
    store_fuzz_require(find.rest.len <= SECOPS_REPLY_REST_MAX, "the rest");
    store_fuzz_require(find.bytes >= -1 && find.total >= 0 && find.listed >= 0,
                       "a number");

    for (i = 0; i < find.nfound; i++) {
        secops_reply_found(&found, values, i);

        store_fuzz_require(found.lookup < nlookups, "a lookup");
        store_fuzz_text(found.id);
        store_fuzz_text(found.document);
        store_fuzz_text(found.last_used);
    }
}


static void
store_fuzz_parts(const secops_audit_entry_t *entry)
{
    size_t                i, n, field;
    secops_audit_entry_t  parts[SECOPS_AUDIT_PARTS];

    n = secops_audit_parts(entry, parts);

    store_fuzz_require(n >= 1 && n <= SECOPS_AUDIT_PARTS, "an entry's parts");

    for (i = 0; i < n; i++) {
        for (field = 0; field < SECOPS_AUDIT_FIELDS; field++) {
            store_fuzz_text(parts[i].fields[field]);
        }
    }
}


static void
store_fuzz_audit(const secops_redis_value_t *values, size_t n)
{
    int                   rc;
    size_t                i, before;
    secops_audit_entry_t  entry;

    if (secops_reply_audit(values, n) < 0) {
        return;
    }

    i = 1;

    do {
        before = i;
        rc = secops_reply_audit_next(values, n, &i, &entry);

        if (rc == 1) {
            store_fuzz_require(i > before && i <= n, "an entry's place");

            store_fuzz_parts(&entry);

            /* any text as what the field has that a fuzzer does not find */

            entry.also = values[n - 1].text;
            store_fuzz_parts(&entry);
        }

    } while (rc == 1);
}


static void
store_fuzz_subject(const secops_redis_value_t *values, size_t n)
{
    size_t                       i, k, before;
    secops_reply_about_t         list;
    secops_reply_about_record_t  record;

    i = 1;

    for ( ;; ) {
        before = i;

        if (secops_reply_about(values, n, &i, &list) != 0) {
            return;
        }

        store_fuzz_require(i > before && i + 2 * list.nread <= n,
                           "a list's place");

        if (list.oldest) {
            store_fuzz_text(secops_slice_bytes(list.oldest, SECOPS_ID_LEN));
        }

        for (k = 0; k < list.nread; k++) {

            if (secops_reply_about_record(values, n, &i, &record) != 0) {
                return;
            }

            store_fuzz_text(secops_slice_bytes(record.id, SECOPS_ID_LEN));
            store_fuzz_text(record.document);
        }
    }
}


/* written to memory of just their size */

static void
store_fuzz_copy(const secops_reply_id_list_t *ids)
{
    size_t          i;
    unsigned char  *copy;

    copy = malloc(ids->n * SECOPS_ID_LEN + 1);

    for (i = 0; i < 2; i++) {
        secops_reply_ids_copy(copy, ids, (int) i);
    }

    for (i = 0; i < ids->n; i++) {
        store_fuzz_require(
            secops_id_shard(secops_slice_bytes(copy + i * SECOPS_ID_LEN,
                                               SECOPS_ID_LEN))
            >= 0, "what is no id");
    }

    free(copy);
}


/* those of three steps */

static void
store_fuzz_marks(const secops_reply_scan_t *scan)
{
    size_t                i;
    secops_reply_marks_t  marks;

    memset(&marks, 0, sizeof(secops_reply_marks_t));

    for (i = 0; i < 3; i++) {
        secops_reply_marks_take(&marks, scan);

        store_fuzz_require(marks.nbefore <= SECOPS_REPLY_MARKS
                           && marks.nbefore >= scan->before.n
                           && marks.nafter == scan->after.n, "marks");
    }
}


static void
store_fuzz_lists(const secops_redis_value_t *values, size_t n, size_t max)
{
    size_t               i;
    int64_t              documents;
    secops_reply_ids_t   ids;
    secops_reply_scan_t  scan;

    if (secops_reply_ids(&ids, values, n, max) == 0) {
        store_fuzz_require(ids.ids.n <= max && ids.begin <= ids.total
                           && ids.rank >= -1
                           && ids.rank <= (int64_t) ids.total, "a place");
        store_fuzz_copy(&ids.ids);
    }

    if (secops_reply_scan(&scan, values, n, max) == 0) {
        store_fuzz_require(scan.ids.n <= max
                           && scan.passed <= max + SECOPS_REPLY_PASSED
                           && scan.before.n <= SECOPS_REPLY_MARKS
                           && scan.after.n <= SECOPS_REPLY_MARKS
                           && (scan.left == 0 || scan.before.n), "a step");
        store_fuzz_copy(&scan.ids);
        store_fuzz_copy(&scan.before);
        store_fuzz_copy(&scan.after);
        store_fuzz_marks(&scan);
    }

    documents = secops_reply_documents(values, n, max / 2, max);

    if (documents >= 0) {
        store_fuzz_require((size_t) documents <= max
                           && (size_t) documents >= max / 2
                           && (size_t) documents < n, "documents");

        for (i = 1; i <= (size_t) documents; i++) {
            if (values[i].type == SECOPS_REDIS_STRING) {
                store_fuzz_text(values[i].text);
            }
        }
    }
}


/* about so many jobs: in memory of just their size */

static void
store_fuzz_counts(const secops_redis_value_t *values, size_t n, size_t njobs)
{
    size_t                i;
    secops_job_counts_t  *counts;

    counts = calloc(njobs + 1, sizeof(secops_job_counts_t));

    if (secops_reply_event_count(values, n, counts, njobs) == 0) {
        store_fuzz_require(4 * njobs < n, "a job");

        for (i = 0; i < njobs; i++) {
            store_fuzz_require(counts[i].processed <= INT64_MAX
                               && counts[i].feedback <= INT64_MAX, "a count");
        }

    } else {
        for (i = 0; i < njobs; i++) {
            store_fuzz_require(counts[i].processed == 0
                               && counts[i].last_feedback == 0,
                               "a count of what is no reply");
        }
    }

    free(counts);
}


/* digests are copied to where there is room for one, or for nothing */

static void
store_fuzz_feedback(const secops_redis_value_t *values, size_t n)
{
    secops_reply_feedback_t  feedback;

    if (secops_reply_feedback(values, n, &feedback) >= 0) {
        store_fuzz_require((feedback.digest.len == 0
                            || feedback.digest.len == SECOPS_KEYS_DIGEST_LEN)
                           && (feedback.old.len == 0
                               || feedback.old.len == SECOPS_KEYS_DIGEST_LEN),
                           "a digest");
        store_fuzz_text(feedback.digest);
        store_fuzz_text(feedback.old);
        store_fuzz_text(feedback.label);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                 n;
    secops_slice_t         id, domain, document;
    const unsigned char   *found;
    secops_redis_value_t  *values;

    if (size < 6) {
        return 0;
    }

    store_fuzz_begin = data;
    store_fuzz_end = data + size;

    values = calloc((size - 1) / 5, sizeof(secops_redis_value_t));
    n = store_fuzz_values(values, data + 1, size - 1);

    /* most inputs have an outer array that is whole */

    if (data[0] & 1) {
        values[0].type = SECOPS_REDIS_ARRAY;
        values[0].elements = n - 1;
    }

    store_fuzz_find(values, n, data[0] >> 1);
    store_fuzz_keys(values, n);
    store_fuzz_audit(values, n);
    store_fuzz_subject(values, n);
    store_fuzz_lists(values, n, data[0] >> 1);

    store_fuzz_counts(values, n, (n - 1) / 4);
    store_fuzz_feedback(values, n);

    (void) secops_reply_commit(values);

    switch (secops_reply_add(values, n, &found, &document)) {

    case 0:
        store_fuzz_text(document);

        /* fall through */

    case 1:
        store_fuzz_text(secops_slice_bytes(found, SECOPS_ID_LEN));
    }

    if (secops_reply_pointer(values, n, &id, STORE_FUZZ_ID, &domain,
                             STORE_FUZZ_DOMAIN)
        == 1)
    {
        store_fuzz_text(id);
        store_fuzz_text(domain);
        store_fuzz_require(id.len <= STORE_FUZZ_ID
                           && domain.len <= STORE_FUZZ_DOMAIN, "a length");
    }

    free(values);

    return 0;
}

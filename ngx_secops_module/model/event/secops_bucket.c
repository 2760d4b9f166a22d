
/* What makes a bucket, and its votes; see secops_bucket.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/event/secops_bucket.h"
#include "model/event/secops_job_label.h"
#include "model/json/secops_json_number.h"
#include "util/codec/secops_sha256.h"
#include "util/secops_hex.h"


/* what a value in another one counts for, besides its bytes */

#define SECOPS_BUCKET_VALUE  64

/* digits of an integer that needs no second look: it is below 2^63 */

#define SECOPS_BUCKET_PLAIN_DIGITS  18


static int secops_bucket_spell_points(secops_text_t *text,
    const secops_json_t *json, uint32_t i, const secops_slice_t *points,
    size_t npoints);
static uint32_t secops_bucket_value(const secops_json_t *json, uint32_t i,
    secops_slice_t path, size_t *lookups);
static uint32_t secops_bucket_member(const secops_json_t *json, uint32_t i,
    const unsigned char *name, size_t len, size_t *lookups);
static size_t secops_bucket_size(const secops_json_t *json, uint32_t i);
static void secops_bucket_spell(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_string(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_number(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_array(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_object(secops_text_t *text,
    const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_member(secops_text_t *text,
    unsigned char *digest, const secops_json_t *json, uint32_t i);
static void secops_bucket_spell_bytes(secops_text_t *text, char tag,
    const unsigned char *data, size_t len);
static void secops_bucket_spell_size(secops_text_t *text, char tag,
    size_t size);
static int secops_bucket_compare_digests(const void *one, const void *two);
static int secops_bucket_compare_points(const void *one, const void *two);
static int secops_bucket_number(int64_t *number, secops_slice_t text);


int
secops_bucket_digest(const secops_json_t *json, uint32_t i,
    const secops_slice_t *points, size_t npoints,
    unsigned char digest[SECOPS_BUCKET_DIGEST_LEN])
{
    int             found;
    secops_text_t   text;
    unsigned char   sha[SECOPS_SHA256_LEN];

    memset(&text, 0, sizeof(secops_text_t));

    found = secops_bucket_spell_points(&text, json, i, points, npoints);

    if (found >= 0) {
        secops_sha256(secops_text_slice(&text), sha);

        (void) secops_hex_encode(digest, sha, SECOPS_BUCKET_DIGEST_LEN / 2);

        found = text.failed ? SECOPS_BUCKET_FAILED : found;
    }

    secops_text_free(&text);

    return found;
}


/* all values are spelled one after the other, each with its type and its size
   before it, so that no two lists of values look the same */

static int
secops_bucket_spell_points(secops_text_t *text, const secops_json_t *json,
    uint32_t i, const secops_slice_t *points, size_t npoints)
{
    int       found;
    size_t    n, lookups, left, size;
    uint32_t  value;

    found = 0;
    lookups = SECOPS_BUCKET_LOOKUPS;
    left = SECOPS_BUCKET_VALUES;

    for (n = 0; n < npoints; n++) {

        value = secops_bucket_value(json, i, points[n], &lookups);
        size = points[n].len + (value ? secops_bucket_size(json, value) : 0);

        if (lookups == 0 || size > left) {
            return SECOPS_BUCKET_LARGE;
        }

        left -= size;

        secops_bucket_spell_bytes(text, 'p', points[n].data, points[n].len);

        if (value) {
            secops_bucket_spell(text, json, value);
            found++;

        } else {
            secops_bucket_spell_size(text, '-', 0);
        }
    }

    return found;
}


/* what it takes to spell the value at token i, about */

static size_t
secops_bucket_size(const secops_json_t *json, uint32_t i)
{
    return json->tokens[i].len
           + (size_t) (json->tokens[i].next - i) * SECOPS_BUCKET_VALUE;
}


void
secops_bucket_sort(secops_slice_t *points, size_t npoints)
{
    if (npoints > 1) {
        qsort(points, npoints, sizeof(secops_slice_t),
              secops_bucket_compare_points);
    }
}


static int
secops_bucket_compare_points(const void *one, const void *two)
{
    const secops_slice_t  *a = one;
    const secops_slice_t  *b = two;

    return secops_slice_compare(*a, *b);
}


/*
 * The token of the value that the path leads to from the object at token i, or
 * 0: there is none.  It may go back and try a longer name, but it comes to each
 * object of the event at most once: by the names above it.  So the event bounds
 * the work.
 */

static uint32_t
secops_bucket_value(const secops_json_t *json, uint32_t i, secops_slice_t path,
    size_t *lookups)
{
    size_t    len;
    uint32_t  value;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    for (len = 0; len < path.len; len++) {

        if (path.data[len] != '.') {
            continue;
        }

        value = secops_bucket_member(json, i, path.data, len, lookups);

        if (value) {
            value = secops_bucket_value(json, value,
                                        secops_slice_bytes(path.data + len + 1,
                                                           path.len - len - 1),
                                        lookups);
        }

        if (value || *lookups == 0) {
            return value;
        }
    }

    return secops_bucket_member(json, i, path.data, path.len, lookups);
}


/* 0 also: no more may be looked at, which *lookups says by being 0 from then
   on */

static uint32_t
secops_bucket_member(const secops_json_t *json, uint32_t i,
    const unsigned char *name, size_t len, size_t *lookups)
{
    size_t  cost;

    cost = json->tokens[i].size + len;

    if (*lookups <= cost) {
        *lookups = 0;
        return 0;
    }

    *lookups -= cost;

    return secops_json_member(json, i, name, len);
}


static void
secops_bucket_spell(secops_text_t *text, const secops_json_t *json, uint32_t i)
{
    switch (json->tokens[i].type) {

    case SECOPS_JSON_OBJECT:
        secops_bucket_spell_object(text, json, i);
        break;

    case SECOPS_JSON_ARRAY:
        secops_bucket_spell_array(text, json, i);
        break;

    case SECOPS_JSON_STRING:
        secops_bucket_spell_string(text, json, i);
        break;

    case SECOPS_JSON_NUMBER:
        secops_bucket_spell_number(text, json, i);
        break;

    default: /* true, false and null are told by their spelling */
        secops_bucket_spell_bytes(text, 'l', secops_json_raw(json, i).data,
                                  json->tokens[i].len);
    }
}


static void
secops_bucket_spell_string(secops_text_t *text, const secops_json_t *json,
    uint32_t i)
{
    size_t          len;
    secops_slice_t  raw;
    unsigned char  *decoded;

    raw = secops_json_raw(json, i);

    if (!(json->tokens[i].flags & SECOPS_JSON_ESCAPED)) {
        secops_bucket_spell_bytes(text, 's', raw.data, raw.len);
        return;
    }

    decoded = malloc(raw.len);

    if (decoded == NULL) {
        text->failed = 1;
        return;
    }

    len = secops_json_decode(json, i, decoded);

    secops_bucket_spell_bytes(text, 's', decoded, len);

    free(decoded);
}


static void
secops_bucket_spell_number(secops_text_t *text, const secops_json_t *json,
    uint32_t i)
{
    secops_text_t   number;
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    if (!(json->tokens[i].flags & SECOPS_JSON_REAL)
        && raw.len <= SECOPS_BUCKET_PLAIN_DIGITS && raw.data[0] != '-')
    {
        secops_bucket_spell_bytes(text, 'n', raw.data, raw.len);
        return;
    }

    memset(&number, 0, sizeof(secops_text_t));

    secops_json_number_canonical(&number, raw, SECOPS_BUCKET_PLAIN_DIGITS);

    secops_bucket_spell_bytes(text, 'n', number.data, number.len);

    text->failed |= number.failed;

    secops_text_free(&number);
}


static void
secops_bucket_spell_array(secops_text_t *text, const secops_json_t *json,
    uint32_t i)
{
    uint32_t  k;

    secops_bucket_spell_size(text, 'a', json->tokens[i].size);

    for (k = i + 1; k < json->tokens[i].next; k = json->tokens[k].next) {
        secops_bucket_spell(text, json, k);
    }
}


/* each member has a digest of its own, and these are put in order: names do
   not repeat */

static void
secops_bucket_spell_object(secops_text_t *text, const secops_json_t *json,
    uint32_t i)
{
    size_t          n;
    uint32_t        k;
    unsigned char  *digests;

    n = 0;
    digests = malloc((size_t) json->tokens[i].size * SECOPS_SHA256_LEN + 1);

    if (digests == NULL) {
        text->failed = 1;
        return;
    }

    for (k = i + 1; k < json->tokens[i].next; k = json->tokens[k].next) {
        secops_bucket_spell_member(text, digests + n * SECOPS_SHA256_LEN, json,
                                   k);
        n++;
    }

    qsort(digests, n, SECOPS_SHA256_LEN, secops_bucket_compare_digests);

    secops_bucket_spell_size(text, 'o', n);
    secops_text_append(text, secops_slice_bytes(digests,
                                                n * SECOPS_SHA256_LEN));

    free(digests);
}


/* behind the text, which is left as it was */

static void
secops_bucket_spell_member(secops_text_t *text, unsigned char *digest,
    const secops_json_t *json, uint32_t i)
{
    size_t  len;

    len = text->len;

    secops_bucket_spell_string(text, json, i);
    secops_bucket_spell(text, json, i + 1);

    secops_sha256(secops_slice_bytes(text->data + len, text->len - len),
                  digest);

    text->len = len;
}


static int
secops_bucket_compare_digests(const void *one, const void *two)
{
    return memcmp(one, two, SECOPS_SHA256_LEN);
}


static void
secops_bucket_spell_bytes(secops_text_t *text, char tag,
    const unsigned char *data, size_t len)
{
    secops_bucket_spell_size(text, tag, len);

    if (len) {
        secops_text_append(text, secops_slice_bytes(data, len));
    }
}


static void
secops_bucket_spell_size(secops_text_t *text, char tag, size_t size)
{
    char  head[32];

    (void) snprintf(head, sizeof(head), "%c%zu:", tag, size);

    secops_text_append_string(text, head);
}


void
secops_bucket_begin(secops_bucket_t *bucket)
{
    memset(bucket, 0, sizeof(secops_bucket_t));
}


void
secops_bucket_field(secops_bucket_t *bucket, const secops_job_facts_t *facts,
    secops_slice_t name, secops_slice_t value)
{
    size_t                           i;
    int64_t                          number;
    secops_slice_t                   id;
    const secops_job_facts_label_t  *label;

    static const secops_slice_t  generation = secops_slice("gen");
    static const secops_slice_t  model = secops_slice("in:");
    static const secops_slice_t  fresh = secops_slice("new:");

    if (secops_bucket_number(&number, value) != 0) {
        return;
    }

    if (secops_slice_equal(name, generation)) {
        bucket->generation = number > 0 ? (uint64_t) number : 0;
        return;
    }

    for (i = 0; i < name.len && name.data[i] != ':'; i++) { /* void */ }

    if (i == name.len) {
        return;
    }

    id = secops_slice_bytes(name.data + i + 1, name.len - i - 1);
    name.len = i + 1;

    label = secops_job_label_of(facts, id);

    if (label == NULL || label - facts->labels >= SECOPS_BUCKET_LABELS_MAX) {
        return;
    }

    if (secops_slice_equal(name, model)) {
        bucket->model[label - facts->labels] = number;

    } else if (secops_slice_equal(name, fresh)) {
        bucket->fresh[label - facts->labels] = number;
    }
}


/* the decimal form of an integer that no sum of votes comes near to */

static int
secops_bucket_number(int64_t *number, secops_slice_t text)
{
    int     negative;
    size_t  i;

    negative = text.len && text.data[0] == '-';

    if (text.len == (size_t) negative
        || text.len > SECOPS_BUCKET_PLAIN_DIGITS)
    {
        return -1;
    }

    *number = 0;

    for (i = negative; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *number = *number * 10 + (text.data[i] - '0');
    }

    if (negative) {
        *number = -*number;
    }

    return 0;
}


void
secops_bucket_train(secops_bucket_t *bucket, const secops_job_facts_t *facts)
{
    size_t  i;

    if (bucket->generation >= facts->generation) {
        return;
    }

    bucket->generation = facts->generation;

    for (i = 0; i < SECOPS_BUCKET_LABELS_MAX; i++) {
        bucket->model[i] += bucket->fresh[i];
        bucket->fresh[i] = 0;
    }
}


/*
 * Buckets: which values at the decision points make the same one, where a path
 * leads, and how votes that are stored are read and trained.
 */

#include <stdlib.h>

#include "model/event/secops_bucket.h"
#include "secops_tap.h"


#define TOKENS  4000


static secops_json_token_t         tokens[TOKENS];
static secops_slice_t              points[8];
static size_t                      npoints;
static int                         found;
static const secops_json_limits_t  limits = { 1000, 1000 };


static secops_json_t
parse(const char *text)
{
    secops_json_t        json;
    secops_json_error_t  error;

    if (secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                          tokens, TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        printf("Bail out! %s: %s\n", text, error.reason);
        exit(1);
    }

    return json;
}


/* separated by spaces */

static void
set_points(const char *text)
{
    const char  *space;

    npoints = 0;

    while (*text) {
        space = strchr(text, ' ');
        space = space ? space : text + strlen(text);

        points[npoints++] = secops_slice_bytes((const unsigned char *) text,
                                               (size_t) (space - text));
        text = space + (*space == ' ');
    }

    secops_bucket_sort(points, npoints);
}


static void
digest_of(const char *event, unsigned char *digest)
{
    secops_json_t  json;

    json = parse(event);
    found = secops_bucket_digest(&json, 0, points, npoints, digest);
}


static void
same(const char *a, const char *b, const char *name)
{
    unsigned char  da[SECOPS_BUCKET_DIGEST_LEN], db[SECOPS_BUCKET_DIGEST_LEN];

    digest_of(a, da);
    digest_of(b, db);

    ok(memcmp(da, db, SECOPS_BUCKET_DIGEST_LEN) == 0, "one bucket: %s", name);
}


static void
differ(const char *a, const char *b, const char *name)
{
    unsigned char  da[SECOPS_BUCKET_DIGEST_LEN], db[SECOPS_BUCKET_DIGEST_LEN];

    digest_of(a, da);
    digest_of(b, db);

    ok(memcmp(da, db, SECOPS_BUCKET_DIGEST_LEN) != 0, "two buckets: %s", name);
}


static void
test_paths(void)
{
    set_points("a.b");

    same("{\"a\":{\"b\":1}}", "{\"x\":2,\"a\":{\"c\":3,\"b\":1}}",
         "other members are of no account");
    is_int(found, 1, "one point was found");

    same("{\"a\":{\"b\":1}}", "{\"a.b\":1}", "a name with a dot");
    differ("{\"a\":{\"b\":1},\"a.b\":2}", "{\"a.b\":2}",
           "the shortest name is taken");
    same("{\"a\":{\"c\":1},\"a.b\":2}", "{\"a.b\":2}",
         "... of those that lead somewhere");
    same("{\"a\":[{\"b\":1}]}", "{}", "no path leads through an array");
    is_int(found, 0, "no point was found");
    same("{\"a\":\"b\"}", "{}", "nor through a string");
    differ("{\"a\":{\"b\":null}}", "{}", "null is a value");
    differ("{\"a\":{\"b\":\"\"}}", "{}", "an empty string is one");

    set_points("a..b");
    differ("{\"a\":{\"\":{\"b\":1}}}", "{}", "a name may be empty");

    set_points("a.b.c.d");
    differ("{\"a.b\":{\"c.d\":1}}", "{}", "names with dots below others");
}


static void
test_values(void)
{
    set_points("v");

    same("{\"v\":1}", "{\"v\":1.0}", "1 and 1.0");
    same("{\"v\":100}", "{\"v\":1e2}", "100 and 1e2");
    same("{\"v\":0}", "{\"v\":-0.0e7}", "all zeros");
    same("{\"v\":-5}", "{\"v\":-50e-1}", "-5 and -50e-1");
    same("{\"v\":12.5}", "{\"v\":0.00125e4}", "12.5 and 0.00125e4");
    same("{\"v\":10000000000000000000000}", "{\"v\":1e22}", "1e22");
    same("{\"v\":123456789012345678}", "{\"v\":1.23456789012345678e17}",
         "18 digits");
    differ("{\"v\":1}", "{\"v\":-1}", "1 and -1");
    differ("{\"v\":1.5}", "{\"v\":15}", "1.5 and 15");
    differ("{\"v\":9007199254740993}", "{\"v\":9007199254740992}",
           "numbers that are the same double");
    differ("{\"v\":1}", "{\"v\":\"1\"}", "a number and a string");
    differ("{\"v\":true}", "{\"v\":\"true\"}", "true and a string");
    differ("{\"v\":true}", "{\"v\":false}", "true and false");
    same("{\"v\":\"a\\u00e9\"}", "{\"v\":\"a\xc3\xa9\"}", "escapes");
    differ("{\"v\":\"A\"}", "{\"v\":\"a\"}", "case");
    differ("{\"v\":\"a\"}", "{\"v\":\"a \"}", "a space");
}


static void
test_containers(void)
{
    set_points("v");

    same("{\"v\":{\"a\":1,\"b\":[2]}}",
         "{\"v\": {\"b\":[ 2.0 ],\"\\u0061\":1}}", "members in any order");
    differ("{\"v\":{\"a\":1,\"b\":2}}", "{\"v\":{\"a\":2,\"b\":1}}",
           "their values changed places");
    differ("{\"v\":[1,2]}", "{\"v\":[2,1]}", "elements have an order");
    differ("{\"v\":[]}", "{\"v\":{}}", "an array and an object");
    differ("{\"v\":[[],[1]]}", "{\"v\":[[[]],1]}", "nested otherwise");
    differ("{\"v\":[\"a\",\"b\"]}", "{\"v\":[\"as1:b\"]}",
           "a string that looks like two");
    differ("{\"v\":{\"a\":null}}", "{\"v\":{}}", "a member that is null");
}


static void
test_points(void)
{
    unsigned char  one[SECOPS_BUCKET_DIGEST_LEN];
    unsigned char  two[SECOPS_BUCKET_DIGEST_LEN];

    set_points("a b");

    differ("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", "values of other points");
    differ("{\"a\":1}", "{\"b\":1}", "the other point is absent");
    is_int(found, 1, "one of two points was found");
    differ("{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"x1:by\"}",
           "a value that looks like two points");

    digest_of("{\"a\":1,\"b\":2}", one);
    set_points("b a");
    digest_of("{\"a\":1,\"b\":2}", two);
    ok(memcmp(one, two, sizeof(one)) == 0,
       "the order in which a job names its points is of no account");

    set_points("a b c");
    digest_of("{\"a\":1,\"b\":2}", two);
    ok(memcmp(one, two, sizeof(one)) != 0, "one more point: other buckets");

    /* a digest is stored: another one for the same values would lose votes */

    set_points("source.ip event.outcome");
    digest_of("{\"source\":{\"ip\":\"192.0.2.1\"},\"event.outcome\":1.50}",
              one);
    is_str(one, sizeof(one), "4c5755346160600f369706abfd93a988",
           "the digest is the one that earlier versions stored");
}


static secops_job_facts_label_t  labels[] = {
    { secops_slice("label_0"), secops_slice("A") },
    { secops_slice("label_3"), secops_slice("B") }
};


static void
test_votes(void)
{
    secops_bucket_t     bucket;
    secops_job_facts_t  facts;

    memset(&facts, 0, sizeof(secops_job_facts_t));

    facts.labels = labels;
    facts.nlabels = 2;
    facts.generation = 7;

    secops_bucket_begin(&bucket);

    secops_bucket_field(&bucket, &facts, slice("new:label_3"), slice("-2"));
    secops_bucket_field(&bucket, &facts, slice("gen"), slice("7"));
    secops_bucket_field(&bucket, &facts, slice("in:label_3"), slice("5"));
    secops_bucket_field(&bucket, &facts, slice("in:label_0"), slice("1"));

    secops_bucket_field(&bucket, &facts, slice("in:label_1"), slice("9"));
    secops_bucket_field(&bucket, &facts, slice("in"), slice("9"));
    secops_bucket_field(&bucket, &facts, slice("out:label_0"), slice("9"));
    secops_bucket_field(&bucket, &facts, slice("in:label_0"), slice("x"));
    secops_bucket_field(&bucket, &facts, slice("in:label_0"), slice("-"));
    secops_bucket_field(&bucket, &facts, slice("in:label_0"), slice(""));
    secops_bucket_field(&bucket, &facts, slice(""), slice("9"));

    secops_bucket_train(&bucket, &facts);

    is_int(bucket.model[0], 1, "votes in the model");
    is_int(bucket.model[1], 5, "... of the label with that id");
    is_int(bucket.fresh[0], 0, "no fresh votes");
    is_int(bucket.fresh[1], -2, "votes that were taken away");

    facts.generation = 8;
    secops_bucket_train(&bucket, &facts);

    is_int(bucket.model[1], 3, "a training takes what is fresh into the model");
    is_int(bucket.fresh[1], 0, "... and nothing is fresh after it");

    facts.generation = 6;
    bucket.fresh[1] = 1;
    secops_bucket_train(&bucket, &facts);

    is_int(bucket.model[1], 3,
           "a job that is out of date trains no bucket that knows better");
}


/* an object of n members, or an array of as many values */

static void
many(char *text, unsigned n, int object)
{
    unsigned  i;

    *text++ = object ? '{' : '[';

    for (i = 0; i < n; i++) {
        text += object ? sprintf(text, "%s\"k%u\":1", i ? "," : "", i)
                       : sprintf(text, "%s1", i ? "," : "");
    }

    (void) sprintf(text, "%c", object ? '}' : ']');
}


static void
test_bounds(void)
{
    size_t         i;
    unsigned char  digest[SECOPS_BUCKET_DIGEST_LEN];
    static char    path[500], other[500], event[32000], values[16000];

    /* each dot is looked at in vain, among all the members */

    for (i = 0; i < sizeof(path) - 1; i++) {
        path[i] = i % 2 ? '.' : 'x';
        other[i] = i % 2 ? '.' : 'y';
    }

    points[0] = secops_slice_bytes((unsigned char *) path, sizeof(path) - 1);
    points[1] = secops_slice_bytes((unsigned char *) other, sizeof(other) - 1);
    npoints = 1;

    many(event, 900, 1);
    digest_of(event, digest);
    is_int(found, 0, "a long path among many members leads nowhere");

    npoints = 2;
    digest_of(event, digest);
    is_int(found, SECOPS_BUCKET_LARGE, "two of them are looked for in vain");

    many(values, 3000, 0);
    (void) sprintf(event, "{\"a\":%s,\"b\":1}", values);

    set_points("a b");
    digest_of(event, digest);
    is_int(found, 2, "a value that has many");

    many(values, 3980, 0);
    (void) sprintf(event, "{\"a\":%s,\"b\":1}", values);

    digest_of(event, digest);
    is_int(found, SECOPS_BUCKET_LARGE, "one that has too many");

    set_points("b");
    digest_of(event, digest);
    is_int(found, 1, "... does not matter when it is not asked for");
}


int
main(void)
{
    secops_json_seed(1);

    test_paths();
    test_values();
    test_containers();
    test_points();
    test_bounds();
    test_votes();

    return tap_done();
}


/*
 * libFuzzer target: any bytes, under any limits, in any capacity.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -I ngx_secops_module \
 *         -I t/unit t/fuzz/json_fuzz.c ngx_secops_module/model/secops_json*.c \
 *         -ljansson
 *
 * The first bytes of an input choose capacity and limits, the rest is the
 * document.  Stops at a disagreement with jansson, at an answer that depends
 * on capacity, and at an accessor that contradicts another.
 */

#include "json_compare.h"


#define JSON_FUZZ_HEAD  4


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
json_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* whatever the tokens say must lie within the text, the array, the parent */

static void
json_fuzz_walk(const secops_json_t *json)
{
    uint32_t              i;
    secops_slice_t        raw;
    unsigned char        *buf;
    secops_json_token_t  *token;

    buf = malloc(json->text.len + 1);
    json_fuzz_require(buf != NULL, "no memory");

    for (i = 0; i < json->ntokens; i++) {
        token = &json->tokens[i];
        raw = secops_json_raw(json, i);

        json_fuzz_require(token->start + raw.len <= json->text.len
                          && token->next > i && token->next <= json->ntokens,
                          "token leaves the document");

        json_fuzz_require(secops_json_equal(json, i, json, i),
                          "not equal to itself");

        (void) secops_json_member(json, i, (const unsigned char *) "a", 1);

        if (token->type == SECOPS_JSON_STRING) {
            raw.len = secops_json_decode(json, i, buf);

            json_fuzz_require(raw.len <= token->len
                              && secops_json_string_is(json, i, buf, raw.len)
                              && secops_json_string_length(json, i) <= raw.len,
                              "string contradicts itself");
        }

        if (token->type == SECOPS_JSON_NUMBER) {
            (void) secops_json_number(json, i);
        }
    }

    free(buf);
}


/* as a batch: no less is accepted, and unsound strings are decoded in bounds */

static void
json_fuzz_batch(const uint8_t *data, size_t size, secops_json_token_t *tokens,
    uint32_t capacity, const secops_json_limits_t *limits, int strict)
{
    int                   rc;
    uint32_t              i;
    secops_json_t         json;
    unsigned char        *buf;
    secops_json_error_t   error;

    rc = secops_json_parse_batch(&json, data, size, tokens, capacity, limits,
                                 &error);

    json_fuzz_require(rc == strict || strict == SECOPS_JSON_ERROR,
                      "less is accepted of a batch");

    if (rc != SECOPS_JSON_OK) {
        return;
    }

    buf = malloc(size + 1);
    json_fuzz_require(buf != NULL, "no memory");

    for (i = 0; i < json.ntokens; i++) {

        json_fuzz_require((size_t) tokens[i].start + tokens[i].len <= size
                          && tokens[i].next > i
                          && tokens[i].next <= json.ntokens,
                          "token of a batch leaves the document");

        if (tokens[i].type == SECOPS_JSON_STRING) {
            json_fuzz_require(secops_json_decode(&json, i, buf)
                              <= tokens[i].len, "decoded to more");
        }
    }

    free(buf);
}


static void
json_fuzz_limits(const uint8_t *data, size_t size, const uint8_t *head,
    int accepted)
{
    int                    rc;
    uint32_t               capacity;
    secops_json_t          json;
    secops_json_error_t    error;
    secops_json_token_t   *tokens;
    secops_json_limits_t   limits;

    capacity = head[0];
    limits.depth = head[1];
    limits.members = head[2];

    tokens = malloc(capacity * sizeof(secops_json_token_t));

    error.reason = NULL;
    error.offset = size + 1;

    rc = secops_json_parse(&json, data, size, tokens, capacity, &limits,
                           &error);

    if (rc == SECOPS_JSON_OK) {
        json_fuzz_require(accepted || limits.depth >= JSON_COMPARE_DEPTH,
                          "limits made it acceptable");
        json_fuzz_walk(&json);

    } else if (rc == SECOPS_JSON_MORE) {
        json_fuzz_require(capacity < secops_json_max_tokens(size),
                          "more than the promised maximum");

    } else {
        json_fuzz_require(rc == SECOPS_JSON_ERROR && error.reason != NULL
                          && error.offset <= size, "error is not told");
    }

    json_fuzz_batch(data, size, tokens, capacity, &limits, rc);

    free(tokens);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char      *fault;
    json_compare_t   result;

    if (size < JSON_FUZZ_HEAD) {
        return 0;
    }

    memset(&result, 0, sizeof(json_compare_t));

    secops_json_seed(data[3]);

    fault = json_compare(&result, data + JSON_FUZZ_HEAD,
                         size - JSON_FUZZ_HEAD);

    json_fuzz_require(fault == NULL, fault);

    json_fuzz_limits(data + JSON_FUZZ_HEAD, size - JSON_FUZZ_HEAD, data,
                     result.accepted);

    return 0;
}

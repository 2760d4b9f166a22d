
/*
 * Reading a document is a loop over two questions: what value stands here,
 * and what may follow a value.  There is no stack: while a container is open
 * its token's "next" holds the index of the container around it.
 *
 * The functions are given the position and return the one that they have read
 * up to, so that it stays in a register; NULL: p->rc says why.
 *
 * The unused tail of the caller's token array is the only working memory: an
 * escaped key is decoded there to be hashed, and the keys of a large object
 * are put in a hash table there to find the one that occurs twice.
 */

#include "model/json/secops_json.h"
#include "model/json/secops_json_number.h"
#include "model/json/secops_json_text.h"
#include "util/secops_utf8.h"


/* bits of a hash that are compared first */

#define SECOPS_JSON_HASH_BITS  8


typedef struct {
    const unsigned char          *start;
    const unsigned char          *last;
    secops_json_token_t          *tokens;
    const secops_json_limits_t   *limits;
    secops_json_error_t          *error;
    uint32_t                      ntokens;
    uint32_t                      capacity;
    uint32_t                      depth;    /* open containers */
    uint32_t                      open;     /* the innermost, if depth > 0 */
    int                           ended;    /* 1: a value has ended; 0: one must
                                               stand here */
    int                           batch;    /* 1: elements may be unsound */
    int                           rc;       /* SECOPS_JSON_MORE or _ERROR */
} secops_json_parser_t;


typedef signed char  secops_json_bytes_t __attribute__((vector_size(16)));


static int secops_json_begin(secops_json_t *json, secops_json_parser_t *p,
    const unsigned char *data, size_t len);
static int secops_json_document(secops_json_parser_t *p);
static const unsigned char *secops_json_value(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_follow(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_open(secops_json_parser_t *p,
    const unsigned char *pos, unsigned type);
static const unsigned char *secops_json_close(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_key(secops_json_parser_t *p,
    const unsigned char *pos);
static int secops_json_key_hash(secops_json_parser_t *p,
    secops_json_token_t *key);
static int secops_json_apart(secops_json_parser_t *p);
static int secops_json_unique(secops_json_parser_t *p);
static const unsigned char *secops_json_string_rest(secops_json_parser_t *p,
    const unsigned char *pos, secops_json_token_t *token);
static const unsigned char *secops_json_escape(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_surrogate(secops_json_parser_t *p,
    const unsigned char *pos, uint32_t unit);
static const unsigned char *secops_json_no_text(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_literal(secops_json_parser_t *p,
    const unsigned char *pos, const char *text, size_t len, unsigned type);
static const unsigned char *secops_json_numeral(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_digits(secops_json_parser_t *p,
    const unsigned char *pos);
static const unsigned char *secops_json_more(secops_json_parser_t *p);
static int secops_json_mind(secops_json_parser_t *p, const unsigned char *at,
    secops_json_kind_e kind, const char *reason);
static const unsigned char *secops_json_fail(secops_json_parser_t *p,
    const unsigned char *at, const char *reason);


int
secops_json_parse(secops_json_t *json, const unsigned char *data, size_t len,
    secops_json_token_t *tokens, uint32_t capacity,
    const secops_json_limits_t *limits, secops_json_error_t *error)
{
    secops_json_parser_t  p;

    p.tokens = tokens;
    p.capacity = capacity;
    p.limits = limits;
    p.error = error;
    p.batch = 0;

    return secops_json_begin(json, &p, data, len);
}


int
secops_json_parse_batch(secops_json_t *json, const unsigned char *data,
    size_t len, secops_json_token_t *tokens, uint32_t capacity,
    const secops_json_limits_t *limits, secops_json_error_t *error)
{
    secops_json_parser_t  p;

    p.tokens = tokens;
    p.capacity = capacity;
    p.limits = limits;
    p.error = error;
    p.batch = 1;

    return secops_json_begin(json, &p, data, len);
}


static int
secops_json_begin(secops_json_t *json, secops_json_parser_t *p,
    const unsigned char *data, size_t len)
{
    int  rc;

    p->start = data;
    p->last = data + len;
    p->ntokens = 0;
    p->depth = 0;
    p->open = 0;
    p->ended = 0;
    p->rc = SECOPS_JSON_OK;

    if ((uint64_t) len > UINT32_MAX) {
        (void) secops_json_fail(p, data, "document too long");
        return p->rc;
    }

    rc = secops_json_document(p);

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    json->text.data = data;
    json->text.len = len;
    json->tokens = p->tokens;
    json->ntokens = p->ntokens;

    return SECOPS_JSON_OK;
}


static inline const unsigned char *
secops_json_skip_space(secops_json_parser_t *p, const unsigned char *pos)
{
    while (pos < p->last
           && *pos <= ' '
           && (*pos == ' ' || *pos == '\n' || *pos == '\r' || *pos == '\t'))
    {
        pos++;
    }

    return pos;
}


/* a token that begins at pos, or NULL when the array is full */

static inline secops_json_token_t *
secops_json_add(secops_json_parser_t *p, const unsigned char *pos,
    unsigned type)
{
    secops_json_token_t  *token;

    if (p->ntokens == p->capacity) {
        return NULL;
    }

    token = &p->tokens[p->ntokens++];

    token->start = (uint32_t) (pos - p->start);
    token->len = 0;
    token->next = p->ntokens;
    token->size = 0;
    token->type = (uint8_t) type;
    token->flags = 0;

    return token;
}


/* the zero bytes of a word that stand before the first other one in memory */

#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define secops_json_zeros(word)  (__builtin_ctzll(word) / 8)
#else
#define secops_json_zeros(word)  (__builtin_clzll(word) / 8)
#endif


/* the index of the first byte that is not zero, or 16; those are all ones */

static inline ptrdiff_t
secops_json_first(secops_json_bytes_t bytes)
{
    uint64_t  half[2];

    memcpy(half, &bytes, sizeof(half));

    return half[0] ? secops_json_zeros(half[0])
         : half[1] ? secops_json_zeros(half[1]) + 8
         : 16;
}


/*
 * The first byte that is not plain ASCII inside a string.  The compiler makes
 * of the vectors what the machine has.  A byte that is not ASCII is negative;
 * '"' is the one byte from 0x20 on that is below 0x21 with its second bit
 * changed.
 */

static inline const unsigned char *
secops_json_plain(const unsigned char *pos, const unsigned char *last)
{
    ptrdiff_t            n;
    secops_json_bytes_t  bytes, found;

    while (last - pos >= (ptrdiff_t) sizeof(bytes)) {
        memcpy(&bytes, pos, sizeof(bytes));

        found = ((bytes ^ 0x02) < 0x21) | (bytes == '\\');
        n = secops_json_first(found);

        if (n < (ptrdiff_t) sizeof(bytes)) {
            return pos + n;
        }

        pos += sizeof(bytes);
    }

    while (pos < last
           && *pos >= 0x20 && *pos < 0x80 && *pos != '"' && *pos != '\\')
    {
        pos++;
    }

    return pos;
}


/* most strings are plain to their end */

static inline const unsigned char *
secops_json_string(secops_json_parser_t *p, const unsigned char *pos,
    unsigned flags)
{
    secops_json_token_t  *token;

    pos++;

    token = secops_json_add(p, pos, SECOPS_JSON_STRING);
    if (token == NULL) {
        return secops_json_more(p);
    }

    token->flags = (uint8_t) flags;

    pos = secops_json_plain(pos, p->last);

    if (pos == p->last || *pos != '"') {
        pos = secops_json_string_rest(p, pos, token);

        if (pos == NULL) {
            return NULL;
        }
    }

    token->len = (uint32_t) (pos - p->start) - token->start;

    return pos + 1;
}


static int
secops_json_document(secops_json_parser_t *p)
{
    const unsigned char  *pos;

    pos = p->start;

    do {
        if (p->depth > 0 && p->tokens[p->open].type == SECOPS_JSON_OBJECT) {
            pos = secops_json_key(p, pos);
        }

        if (pos) {
            pos = secops_json_value(p, pos);
        }

        while (pos && p->ended && p->depth > 0) {
            pos = secops_json_follow(p, pos);
        }

        if (pos == NULL) {
            return p->rc;
        }

    } while (!p->ended);

    pos = secops_json_skip_space(p, pos);

    if (pos < p->last) {
        (void) secops_json_fail(p, pos, "unexpected bytes after the value");
        return p->rc;
    }

    return SECOPS_JSON_OK;
}


static const unsigned char *
secops_json_value(secops_json_parser_t *p, const unsigned char *pos)
{
    pos = secops_json_skip_space(p, pos);

    if (pos == p->last) {
        return secops_json_fail(p, pos, "unexpected end");
    }

    p->ended = 1;

    switch (*pos) {

    case '"':
        return secops_json_string(p, pos, 0);

    case '{':
        return secops_json_open(p, pos, SECOPS_JSON_OBJECT);

    case '[':
        return secops_json_open(p, pos, SECOPS_JSON_ARRAY);

    case 't':
        return secops_json_literal(p, pos, "true", 4, SECOPS_JSON_TRUE);

    case 'f':
        return secops_json_literal(p, pos, "false", 5, SECOPS_JSON_FALSE);

    case 'n':
        return secops_json_literal(p, pos, "null", 4, SECOPS_JSON_NULL);

    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return secops_json_numeral(p, pos);

    default:
        return secops_json_fail(p, pos, "value expected");
    }
}


/* what stands after a value in a container */

static const unsigned char *
secops_json_follow(secops_json_parser_t *p, const unsigned char *pos)
{
    unsigned char         end;
    secops_json_token_t  *container;

    pos = secops_json_skip_space(p, pos);

    if (pos == p->last) {
        return secops_json_fail(p, pos, "unexpected end");
    }

    container = &p->tokens[p->open];

    if (*pos == ',') {
        container->size++;
        p->ended = 0;

        return pos + 1;
    }

    end = (container->type == SECOPS_JSON_OBJECT) ? '}' : ']';

    if (*pos == end) {
        return secops_json_close(p, pos);
    }

    return secops_json_fail(p, pos,
                            (end == '}') ? "\",\" or \"}\" expected"
                                         : "\",\" or \"]\" expected");
}


static const unsigned char *
secops_json_open(secops_json_parser_t *p, const unsigned char *pos,
    unsigned type)
{
    unsigned char         end;
    secops_json_token_t  *container;

    if (p->depth >= p->limits->depth
        && secops_json_mind(p, pos, SECOPS_JSON_NESTED, "nested too deep"))
    {
        return NULL;
    }

    container = secops_json_add(p, pos, type);
    if (container == NULL) {
        return secops_json_more(p);
    }

    container->next = p->open;

    p->open = p->ntokens - 1;
    p->depth++;
    p->ended = 0;

    pos = secops_json_skip_space(p, pos + 1);

    end = (type == SECOPS_JSON_OBJECT) ? '}' : ']';

    if (pos < p->last && *pos == end) {
        return secops_json_close(p, pos);
    }

    container->size = 1;

    return pos;
}


static const unsigned char *
secops_json_close(secops_json_parser_t *p, const unsigned char *pos)
{
    uint32_t              parent;
    secops_json_token_t  *container;

    container = &p->tokens[p->open];

    if (container->type == SECOPS_JSON_OBJECT && container->size > 1
        && !secops_json_apart(p)
        && secops_json_unique(p) != SECOPS_JSON_OK)
    {
        return NULL;
    }

    pos++;
    p->depth--;
    p->ended = 1;

    parent = container->next;

    container->len = (uint32_t) (pos - p->start) - container->start;
    container->next = p->ntokens;

    if (p->depth > 0 && p->tokens[parent].type == SECOPS_JSON_OBJECT) {
        container[-1].next = p->ntokens;
    }

    p->open = parent;

    return pos;
}


/* a member's name and the colon */

static const unsigned char *
secops_json_key(secops_json_parser_t *p, const unsigned char *pos)
{
    secops_json_token_t  *key;

    pos = secops_json_skip_space(p, pos);

    if (pos == p->last) {
        return secops_json_fail(p, pos, "unexpected end");
    }

    if (*pos != '"') {
        return secops_json_fail(p, pos, "member name expected");
    }

    if (p->tokens[p->open].size > p->limits->members
        && secops_json_mind(p, pos, SECOPS_JSON_CONTENT, "too many members"))
    {
        return NULL;
    }

    pos = secops_json_string(p, pos, SECOPS_JSON_KEY);

    if (pos == NULL) {
        return NULL;
    }

    key = &p->tokens[p->ntokens - 1];

    /* true of a scalar; a container's end corrects it */
    key->next = p->ntokens + 1;

    if (secops_json_key_hash(p, key) != SECOPS_JSON_OK) {
        return NULL;
    }

    pos = secops_json_skip_space(p, pos);

    if (pos == p->last) {
        return secops_json_fail(p, pos, "unexpected end");
    }

    if (*pos != ':') {
        return secops_json_fail(p, pos, "\":\" expected");
    }

    return pos + 1;
}


static int
secops_json_key_hash(secops_json_parser_t *p, secops_json_token_t *key)
{
    size_t                len;
    unsigned char        *tail;
    const unsigned char  *name;

    name = p->start + key->start;

    if (!(key->flags & SECOPS_JSON_ESCAPED)) {
        key->size = secops_json_hash(name, key->len);
        return SECOPS_JSON_OK;
    }

    if ((size_t) (p->capacity - p->ntokens) * sizeof(secops_json_token_t)
        < key->len)
    {
        (void) secops_json_more(p);
        return p->rc;
    }

    tail = (unsigned char *) &p->tokens[p->ntokens];
    len = secops_json_unescape_all(name, key->len, tail);

    key->size = secops_json_hash(tail, len);

    return SECOPS_JSON_OK;
}


/* 1: all keys of the innermost container differ, in some bits of their hashes
   alone, as those of a small object mostly do */

static int
secops_json_apart(secops_json_parser_t *p)
{
    uint32_t  i, bits;
    uint64_t  bit, seen[(1 << SECOPS_JSON_HASH_BITS) / 64];

    if (p->tokens[p->open].size > SECOPS_JSON_FEW_KEYS) {
        return 0;
    }

    memset(seen, 0, sizeof(seen));

    for (i = p->open + 1; i < p->ntokens; i = p->tokens[i].next) {

        bits = p->tokens[i].size >> (32 - SECOPS_JSON_HASH_BITS);
        bit = (uint64_t) 1 << (bits % 64);

        if (seen[bits / 64] & bit) {
            return 0;
        }

        seen[bits / 64] |= bit;
    }

    return 1;
}


static int
secops_json_unique(secops_json_parser_t *p)
{
    uint32_t  key;

    switch (secops_json_find_duplicate(p->start, p->tokens, p->open,
                                       p->ntokens, p->capacity, &key))
    {

    case SECOPS_JSON_MORE:
        (void) secops_json_more(p);
        return p->rc;

    case SECOPS_JSON_ERROR:

        if (secops_json_mind(p, p->start + p->tokens[key].start - 1,
                             SECOPS_JSON_CONTENT, "duplicate key"))
        {
            return p->rc;
        }
    }

    return SECOPS_JSON_OK;
}


/* a string from its first byte that is not plain ASCII to its closing quote */

static const unsigned char *
secops_json_string_rest(secops_json_parser_t *p, const unsigned char *pos,
    secops_json_token_t *token)
{
    const unsigned char  *next;

    for ( ;; ) {

        if (pos == p->last) {
            return secops_json_fail(p, pos, "unexpected end");
        }

        if (*pos == '"') {
            return pos;
        }

        if (*pos == '\\') {
            token->flags |= SECOPS_JSON_ESCAPED;
            pos = secops_json_escape(p, pos);

        } else if (*pos < 0x20) {
            return secops_json_fail(p, pos, "control character in a string");

        } else {
            next = secops_utf8_next(pos, p->last);
            pos = next ? next : secops_json_no_text(p, pos);
        }

        if (pos == NULL) {
            return NULL;
        }

        pos = secops_json_plain(pos, p->last);
    }
}


static const unsigned char *
secops_json_escape(secops_json_parser_t *p, const unsigned char *pos)
{
    int  unit;

    if (p->last - pos < 2) {
        return secops_json_fail(p, p->last, "unexpected end");
    }

    switch (pos[1]) {

    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return pos + 2;

    case 'u':
        unit = secops_json_hex4(pos + 2, p->last);

        if (unit > 0 && (unit & 0xf800) != 0xd800) {
            return pos + 6;
        }

        if (unit == 0) {
            return secops_json_mind(p, pos, SECOPS_JSON_CONTENT, "escaped NUL")
                   ? NULL : pos + 6;
        }

        if (unit > 0) {
            return secops_json_surrogate(p, pos, (uint32_t) unit);
        }

        /* fall through */

    default:
        return secops_json_fail(p, pos, "invalid escape");
    }
}


static const unsigned char *
secops_json_surrogate(secops_json_parser_t *p, const unsigned char *pos,
    uint32_t unit)
{
    int  low;

    if (unit < 0xdc00 && p->last - pos >= 12
        && pos[6] == '\\' && pos[7] == 'u')
    {
        low = secops_json_hex4(pos + 8, p->last);

        if (low >= 0xdc00 && low <= 0xdfff) {
            return pos + 12;
        }
    }

    return secops_json_mind(p, pos, SECOPS_JSON_CONTENT, "lone surrogate")
           ? NULL : pos + 6;
}


static const unsigned char *
secops_json_no_text(secops_json_parser_t *p, const unsigned char *pos)
{
    return secops_json_mind(p, pos, SECOPS_JSON_CONTENT, "invalid UTF-8")
           ? NULL : pos + 1;
}


static const unsigned char *
secops_json_literal(secops_json_parser_t *p, const unsigned char *pos,
    const char *text, size_t len, unsigned type)
{
    secops_json_token_t  *token;

    if ((size_t) (p->last - pos) < len || memcmp(pos, text, len) != 0) {
        return secops_json_fail(p, pos, "value expected");
    }

    token = secops_json_add(p, pos, type);
    if (token == NULL) {
        return secops_json_more(p);
    }

    token->len = (uint32_t) len;

    return pos + len;
}


static const unsigned char *
secops_json_numeral(secops_json_parser_t *p, const unsigned char *pos)
{
    const unsigned char  *first;
    secops_json_token_t  *token;

    token = secops_json_add(p, pos, SECOPS_JSON_NUMBER);
    if (token == NULL) {
        return secops_json_more(p);
    }

    first = pos;

    if (*pos == '-') {
        pos++;
    }

    if (pos < p->last && *pos == '0') {
        pos++;

    } else {
        pos = secops_json_digits(p, pos);
    }

    if (pos && pos < p->last && *pos == '.') {
        token->flags = SECOPS_JSON_REAL;
        pos = secops_json_digits(p, pos + 1);
    }

    if (pos && pos < p->last && (*pos | 0x20) == 'e') {
        token->flags = SECOPS_JSON_REAL;
        pos++;

        if (pos < p->last && (*pos == '+' || *pos == '-')) {
            pos++;
        }

        pos = secops_json_digits(p, pos);
    }

    if (pos == NULL) {
        return NULL;
    }

    token->len = (uint32_t) (pos - first);

    /* 18 digits always fit in int64_t */

    if ((token->len > 18 || token->flags != 0)
        && secops_json_number_is_huge(first, token->len, token->flags != 0))
    {
        token->flags |= SECOPS_JSON_HUGE;
    }

    return pos;
}


static const unsigned char *
secops_json_digits(secops_json_parser_t *p, const unsigned char *pos)
{
    const unsigned char  *first;

    first = pos;

    while (pos < p->last && *pos >= '0' && *pos <= '9') {
        pos++;
    }

    if (pos == first) {
        return secops_json_fail(p, pos, (pos == p->last) ? "unexpected end"
                                                         : "digit expected");
    }

    return pos;
}


/*
 * Every whole document fits in the promised capacity.  So one that does not
 * opens more containers than it has bytes left to close.
 */

static const unsigned char *
secops_json_more(secops_json_parser_t *p)
{
    if (p->capacity < secops_json_max_tokens((size_t) (p->last - p->start))) {
        p->rc = SECOPS_JSON_MORE;
        return NULL;
    }

    return secops_json_fail(p, p->last, "unexpected end");
}


/* 0: it is passed over, as it lies in an element of a batch */

static int
secops_json_mind(secops_json_parser_t *p, const unsigned char *at,
    secops_json_kind_e kind, const char *reason)
{
    if (p->batch
        && p->depth < SECOPS_JSON_BATCH_NESTED
        && (p->depth > SECOPS_JSON_BATCH_DEPTH
            || (p->depth == SECOPS_JSON_BATCH_DEPTH
                && p->tokens[p->open].type == SECOPS_JSON_ARRAY)))
    {
        return 0;
    }

    (void) secops_json_fail(p, at, reason);

    p->error->kind = kind;

    return 1;
}


static const unsigned char *
secops_json_fail(secops_json_parser_t *p, const unsigned char *at,
    const char *reason)
{
    p->error->kind = SECOPS_JSON_GRAMMAR;
    p->error->offset = (size_t) (at - p->start);
    p->error->reason = reason;
    p->rc = SECOPS_JSON_ERROR;

    return NULL;
}

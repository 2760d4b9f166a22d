
/*
 * Reading a document is a loop over two questions: what value stands here,
 * and what may follow a value.  There is no stack: while a container is open
 * its token's "next" holds the index of the container around it.
 *
 * The unused tail of the caller's token array is the only working memory: an
 * escaped key is decoded there to be hashed, and the keys of a large object
 * are put in a hash table there to find the one that occurs twice.
 */

#include "model/secops_json.h"
#include "model/secops_json_number.h"
#include "model/secops_json_text.h"


/* a value must stand at pos; beside SECOPS_JSON_OK: a value has ended */

#define SECOPS_JSON_VALUE     2

/* objects up to this size are searched for duplicates without the tail */

#define SECOPS_JSON_FEW_KEYS  32


typedef struct {
    const unsigned char          *start;
    const unsigned char          *pos;
    const unsigned char          *last;
    secops_json_token_t          *tokens;
    const secops_json_limits_t   *limits;
    secops_json_error_t          *error;
    uint32_t                      ntokens;
    uint32_t                      capacity;
    uint32_t                      depth;    /* open containers */
    uint32_t                      open;     /* the innermost, if depth > 0 */
} secops_json_parser_t;


typedef signed char  secops_json_bytes_t __attribute__((vector_size(16)));


static int secops_json_document(secops_json_parser_t *p);
static int secops_json_value(secops_json_parser_t *p);
static int secops_json_follow(secops_json_parser_t *p);
static int secops_json_open(secops_json_parser_t *p, unsigned type);
static int secops_json_close(secops_json_parser_t *p);
static int secops_json_key(secops_json_parser_t *p);
static int secops_json_key_hash(secops_json_parser_t *p,
    secops_json_token_t *key);
static int secops_json_unique(secops_json_parser_t *p);
static int secops_json_insert(secops_json_parser_t *p, unsigned char *table,
    uint32_t nslots, uint32_t key);
static int secops_json_string(secops_json_parser_t *p, unsigned flags);
static const unsigned char *secops_json_plain(const unsigned char *pos,
    const unsigned char *last);
static int secops_json_escape(secops_json_parser_t *p);
static int secops_json_surrogate(secops_json_parser_t *p, uint32_t unit);
static int secops_json_sequence(secops_json_parser_t *p);
static int secops_json_literal(secops_json_parser_t *p, const char *text,
    size_t len, unsigned type);
static int secops_json_numeral(secops_json_parser_t *p);
static int secops_json_digits(secops_json_parser_t *p);
static int secops_json_more(secops_json_parser_t *p);
static int secops_json_fail(secops_json_parser_t *p, const unsigned char *at,
    const char *reason);


int
secops_json_parse(secops_json_t *json, const unsigned char *data, size_t len,
    secops_json_token_t *tokens, uint32_t capacity,
    const secops_json_limits_t *limits, secops_json_error_t *error)
{
    int                   rc;
    secops_json_parser_t  p;

    p.start = data;
    p.pos = data;
    p.last = data + len;
    p.tokens = tokens;
    p.limits = limits;
    p.error = error;
    p.ntokens = 0;
    p.capacity = capacity;
    p.depth = 0;
    p.open = 0;

    if ((uint64_t) len > UINT32_MAX) {
        return secops_json_fail(&p, data, "document too long");
    }

    rc = secops_json_document(&p);

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    json->text.data = data;
    json->text.len = len;
    json->tokens = tokens;
    json->ntokens = p.ntokens;

    return SECOPS_JSON_OK;
}


static inline void
secops_json_skip_space(secops_json_parser_t *p)
{
    const unsigned char  *pos;

    pos = p->pos;

    while (pos < p->last
           && (*pos == ' ' || *pos == '\n' || *pos == '\r' || *pos == '\t'))
    {
        pos++;
    }

    p->pos = pos;
}


/* a token that begins at pos, or NULL when the array is full */

static inline secops_json_token_t *
secops_json_add(secops_json_parser_t *p, unsigned type)
{
    secops_json_token_t  *token;

    if (p->ntokens == p->capacity) {
        return NULL;
    }

    token = &p->tokens[p->ntokens++];

    token->start = (uint32_t) (p->pos - p->start);
    token->len = 0;
    token->next = p->ntokens;
    token->size = 0;
    token->type = (uint8_t) type;
    token->flags = 0;

    return token;
}


static int
secops_json_document(secops_json_parser_t *p)
{
    int  rc;

    do {
        rc = secops_json_value(p);

        while (rc == SECOPS_JSON_OK && p->depth > 0) {
            rc = secops_json_follow(p);
        }

    } while (rc == SECOPS_JSON_VALUE);

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    secops_json_skip_space(p);

    if (p->pos < p->last) {
        return secops_json_fail(p, p->pos, "unexpected bytes after the value");
    }

    return SECOPS_JSON_OK;
}


static int
secops_json_value(secops_json_parser_t *p)
{
    secops_json_skip_space(p);

    if (p->pos == p->last) {
        return secops_json_fail(p, p->pos, "unexpected end");
    }

    switch (*p->pos) {

    case '"':
        return secops_json_string(p, 0);

    case '{':
        return secops_json_open(p, SECOPS_JSON_OBJECT);

    case '[':
        return secops_json_open(p, SECOPS_JSON_ARRAY);

    case 't':
        return secops_json_literal(p, "true", 4, SECOPS_JSON_TRUE);

    case 'f':
        return secops_json_literal(p, "false", 5, SECOPS_JSON_FALSE);

    case 'n':
        return secops_json_literal(p, "null", 4, SECOPS_JSON_NULL);

    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return secops_json_numeral(p);

    default:
        return secops_json_fail(p, p->pos, "value expected");
    }
}


/* what stands after a value in a container */

static int
secops_json_follow(secops_json_parser_t *p)
{
    unsigned char         end;
    secops_json_token_t  *container;

    secops_json_skip_space(p);

    if (p->pos == p->last) {
        return secops_json_fail(p, p->pos, "unexpected end");
    }

    container = &p->tokens[p->open];

    if (*p->pos == ',') {
        p->pos++;

        if (container->type == SECOPS_JSON_OBJECT) {
            return secops_json_key(p);
        }

        container->size++;

        return SECOPS_JSON_VALUE;
    }

    end = (container->type == SECOPS_JSON_OBJECT) ? '}' : ']';

    if (*p->pos == end) {
        return secops_json_close(p);
    }

    return secops_json_fail(p, p->pos,
                            (end == '}') ? "\",\" or \"}\" expected"
                                         : "\",\" or \"]\" expected");
}


static int
secops_json_open(secops_json_parser_t *p, unsigned type)
{
    unsigned char         end;
    secops_json_token_t  *container;

    if (p->depth == p->limits->depth) {
        return secops_json_fail(p, p->pos, "nested too deep");
    }

    container = secops_json_add(p, type);
    if (container == NULL) {
        return secops_json_more(p);
    }

    container->next = p->open;

    p->open = p->ntokens - 1;
    p->depth++;
    p->pos++;

    secops_json_skip_space(p);

    end = (type == SECOPS_JSON_OBJECT) ? '}' : ']';

    if (p->pos < p->last && *p->pos == end) {
        return secops_json_close(p);
    }

    if (type == SECOPS_JSON_OBJECT) {
        return secops_json_key(p);
    }

    container->size = 1;

    return SECOPS_JSON_VALUE;
}


static int
secops_json_close(secops_json_parser_t *p)
{
    int                   rc;
    uint32_t              parent;
    secops_json_token_t  *container;

    container = &p->tokens[p->open];

    if (container->type == SECOPS_JSON_OBJECT && container->size > 1) {
        rc = secops_json_unique(p);

        if (rc != SECOPS_JSON_OK) {
            return rc;
        }
    }

    p->pos++;
    p->depth--;

    parent = container->next;

    container->len = (uint32_t) (p->pos - p->start) - container->start;
    container->next = p->ntokens;

    if (p->depth > 0 && p->tokens[parent].type == SECOPS_JSON_OBJECT) {
        container[-1].next = p->ntokens;
    }

    p->open = parent;

    return SECOPS_JSON_OK;
}


/* a member's name and the colon */

static int
secops_json_key(secops_json_parser_t *p)
{
    int                   rc;
    secops_json_token_t  *key;

    secops_json_skip_space(p);

    if (p->pos == p->last) {
        return secops_json_fail(p, p->pos, "unexpected end");
    }

    if (*p->pos != '"') {
        return secops_json_fail(p, p->pos, "member name expected");
    }

    if (p->tokens[p->open].size == p->limits->members) {
        return secops_json_fail(p, p->pos, "too many members");
    }

    rc = secops_json_string(p, SECOPS_JSON_KEY);

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    key = &p->tokens[p->ntokens - 1];

    /* true of a scalar; a container's end corrects it */
    key->next = p->ntokens + 1;

    rc = secops_json_key_hash(p, key);

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    p->tokens[p->open].size++;

    secops_json_skip_space(p);

    if (p->pos == p->last) {
        return secops_json_fail(p, p->pos, "unexpected end");
    }

    if (*p->pos != ':') {
        return secops_json_fail(p, p->pos, "\":\" expected");
    }

    p->pos++;

    return SECOPS_JSON_VALUE;
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
        return secops_json_more(p);
    }

    tail = (unsigned char *) &p->tokens[p->ntokens];
    len = secops_json_unescape_all(name, key->len, tail);

    key->size = secops_json_hash(tail, len);

    return SECOPS_JSON_OK;
}


/*
 * Looks for duplicates among the keys of the innermost container, all of
 * which are known: a hash table of key indices, half full at most.  Members
 * take 5 bytes of text at least, for which secops_json_max_tokens() has half
 * a token more than they use: room for the 8 bytes that each needs here.
 */

static int
secops_json_unique(secops_json_parser_t *p)
{
    size_t                need;
    uint32_t              i, nslots;
    unsigned char        *table;
    unsigned char         few[SECOPS_JSON_FEW_KEYS * 2 * sizeof(uint32_t)];

    nslots = p->tokens[p->open].size * 2;
    need = (size_t) nslots * sizeof(uint32_t);

    table = few;

    if (need > sizeof(few)) {
        if ((size_t) (p->capacity - p->ntokens) * sizeof(secops_json_token_t)
            < need)
        {
            return secops_json_more(p);
        }

        table = (unsigned char *) &p->tokens[p->ntokens];
    }

    memset(table, 0, need);

    for (i = p->open + 1; i < p->ntokens; i = p->tokens[i].next) {

        if (!secops_json_insert(p, table, nslots, i)) {
            return secops_json_fail(p, p->start + p->tokens[i].start - 1,
                                    "duplicate key");
        }
    }

    return SECOPS_JSON_OK;
}


/*
 * 0 when the same key is there already.  An empty slot is 0, which is no
 * key's index.  The table is bytes, not integers, as it may lie in tokens.
 */

static int
secops_json_insert(secops_json_parser_t *p, unsigned char *table,
    uint32_t nslots, uint32_t key)
{
    size_t                slot;
    uint32_t              other;
    secops_json_token_t  *token;

    token = &p->tokens[key];
    slot = ((uint64_t) token->size * nslots) >> 32;

    for ( ;; ) {
        memcpy(&other, table + slot * sizeof(uint32_t), sizeof(uint32_t));

        if (other == 0) {
            memcpy(table + slot * sizeof(uint32_t), &key, sizeof(uint32_t));
            return 1;
        }

        if (p->tokens[other].size == token->size
            && secops_json_same_string(p->start, &p->tokens[other],
                                       p->start, token))
        {
            return 0;
        }

        if (++slot == nslots) {
            slot = 0;
        }
    }
}


static int
secops_json_string(secops_json_parser_t *p, unsigned flags)
{
    int                   rc;
    secops_json_token_t  *token;

    token = secops_json_add(p, SECOPS_JSON_STRING);
    if (token == NULL) {
        return secops_json_more(p);
    }

    token->start++;
    p->pos++;

    for ( ;; ) {
        p->pos = secops_json_plain(p->pos, p->last);

        if (p->pos == p->last) {
            return secops_json_fail(p, p->pos, "unexpected end");
        }

        if (*p->pos == '"') {
            break;
        }

        if (*p->pos == '\\') {
            flags |= SECOPS_JSON_ESCAPED;
            rc = secops_json_escape(p);

        } else if (*p->pos < 0x20) {
            rc = secops_json_fail(p, p->pos, "control character in a string");

        } else {
            rc = secops_json_sequence(p);
        }

        if (rc != SECOPS_JSON_OK) {
            return rc;
        }
    }

    token->len = (uint32_t) (p->pos - p->start) - token->start;
    token->flags = (uint8_t) flags;

    p->pos++;

    return SECOPS_JSON_OK;
}


/*
 * The first byte that is not plain ASCII inside a string.  The compiler makes
 * of the vectors what the machine has; a byte that is not ASCII is negative.
 */

static const unsigned char *
secops_json_plain(const unsigned char *pos, const unsigned char *last)
{
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

    uint64_t             half[2];
    secops_json_bytes_t  bytes, found;

    while (last - pos >= (ptrdiff_t) sizeof(bytes)) {
        memcpy(&bytes, pos, sizeof(bytes));

        found = (bytes < 0x20) | (bytes == '"') | (bytes == '\\');
        memcpy(half, &found, sizeof(found));

        if (half[0]) {
            return pos + __builtin_ctzll(half[0]) / 8;
        }

        if (half[1]) {
            return pos + 8 + __builtin_ctzll(half[1]) / 8;
        }

        pos += sizeof(bytes);
    }

#endif

    while (pos < last
           && *pos >= 0x20 && *pos < 0x80 && *pos != '"' && *pos != '\\')
    {
        pos++;
    }

    return pos;
}


static int
secops_json_escape(secops_json_parser_t *p)
{
    int  unit;

    if (p->last - p->pos < 2) {
        return secops_json_fail(p, p->last, "unexpected end");
    }

    switch (p->pos[1]) {

    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        p->pos += 2;
        return SECOPS_JSON_OK;

    case 'u':
        unit = secops_json_hex4(p->pos + 2, p->last);

        if (unit > 0 && (unit & 0xf800) != 0xd800) {
            p->pos += 6;
            return SECOPS_JSON_OK;
        }

        if (unit == 0) {
            return secops_json_fail(p, p->pos, "escaped NUL");
        }

        if (unit > 0) {
            return secops_json_surrogate(p, (uint32_t) unit);
        }

        /* fall through */

    default:
        return secops_json_fail(p, p->pos, "invalid escape");
    }
}


static int
secops_json_surrogate(secops_json_parser_t *p, uint32_t unit)
{
    int  low;

    if (unit < 0xdc00 && p->last - p->pos >= 12
        && p->pos[6] == '\\' && p->pos[7] == 'u')
    {
        low = secops_json_hex4(p->pos + 8, p->last);

        if (low >= 0xdc00 && low <= 0xdfff) {
            p->pos += 12;
            return SECOPS_JSON_OK;
        }
    }

    return secops_json_fail(p, p->pos, "lone surrogate");
}


/* one well-formed UTF-8 sequence of two to four bytes (RFC 3629, section 4) */

static int
secops_json_sequence(secops_json_parser_t *p)
{
    size_t                n;
    unsigned char         lead, min, max;
    const unsigned char  *pos;

    pos = p->pos;
    lead = *pos++;

    /* the second byte keeps out what is overlong, a surrogate, or too large */
    min = (lead == 0xe0) ? 0xa0 : (lead == 0xf0) ? 0x90 : 0x80;
    max = (lead == 0xed) ? 0x9f : (lead == 0xf4) ? 0x8f : 0xbf;

    if (lead < 0xc2 || lead > 0xf4) {
        return secops_json_fail(p, p->pos, "invalid UTF-8");
    }

    n = (lead < 0xe0) ? 1 : (lead < 0xf0) ? 2 : 3;

    if ((size_t) (p->last - pos) < n || *pos < min || *pos > max) {
        return secops_json_fail(p, p->pos, "invalid UTF-8");
    }

    for (pos++, n--; n > 0; pos++, n--) {
        if ((*pos & 0xc0) != 0x80) {
            return secops_json_fail(p, p->pos, "invalid UTF-8");
        }
    }

    p->pos = pos;

    return SECOPS_JSON_OK;
}


static int
secops_json_literal(secops_json_parser_t *p, const char *text, size_t len,
    unsigned type)
{
    secops_json_token_t  *token;

    if ((size_t) (p->last - p->pos) < len || memcmp(p->pos, text, len) != 0) {
        return secops_json_fail(p, p->pos, "value expected");
    }

    token = secops_json_add(p, type);
    if (token == NULL) {
        return secops_json_more(p);
    }

    token->len = (uint32_t) len;
    p->pos += len;

    return SECOPS_JSON_OK;
}


static int
secops_json_numeral(secops_json_parser_t *p)
{
    int                   rc;
    const unsigned char  *first;
    secops_json_token_t  *token;

    token = secops_json_add(p, SECOPS_JSON_NUMBER);
    if (token == NULL) {
        return secops_json_more(p);
    }

    first = p->pos;

    if (*p->pos == '-') {
        p->pos++;
    }

    if (p->pos < p->last && *p->pos == '0') {
        p->pos++;
        rc = SECOPS_JSON_OK;

    } else {
        rc = secops_json_digits(p);
    }

    if (rc == SECOPS_JSON_OK && p->pos < p->last && *p->pos == '.') {
        token->flags = SECOPS_JSON_REAL;
        p->pos++;
        rc = secops_json_digits(p);
    }

    if (rc == SECOPS_JSON_OK && p->pos < p->last && (*p->pos | 0x20) == 'e') {
        token->flags = SECOPS_JSON_REAL;
        p->pos++;

        if (p->pos < p->last && (*p->pos == '+' || *p->pos == '-')) {
            p->pos++;
        }

        rc = secops_json_digits(p);
    }

    if (rc != SECOPS_JSON_OK) {
        return rc;
    }

    token->len = (uint32_t) (p->pos - first);

    /* 18 digits always fit in int64_t */

    if ((token->len > 18 || token->flags != 0)
        && secops_json_number_overflows(first, token->len, token->flags != 0))
    {
        return secops_json_fail(p, first, "number out of range");
    }

    return SECOPS_JSON_OK;
}


static int
secops_json_digits(secops_json_parser_t *p)
{
    const unsigned char  *pos;

    pos = p->pos;

    while (pos < p->last && *pos >= '0' && *pos <= '9') {
        pos++;
    }

    if (pos == p->pos) {
        return secops_json_fail(p, pos, (pos == p->last) ? "unexpected end"
                                                         : "digit expected");
    }

    p->pos = pos;

    return SECOPS_JSON_OK;
}


/*
 * Every whole document fits in the promised capacity.  So one that does not
 * opens more containers than it has bytes left to close.
 */

static int
secops_json_more(secops_json_parser_t *p)
{
    if (p->capacity < secops_json_max_tokens((size_t) (p->last - p->start))) {
        return SECOPS_JSON_MORE;
    }

    return secops_json_fail(p, p->last, "unexpected end");
}


static int
secops_json_fail(secops_json_parser_t *p, const unsigned char *at,
    const char *reason)
{
    p->error->offset = (size_t) (at - p->start);
    p->error->reason = reason;

    return SECOPS_JSON_ERROR;
}


/*
 * redisReader hands each element to a function of ours and treats what that
 * returns as an opaque object: here, the index of the value plus one.  While a
 * reply is incomplete its strings are offsets into reply->bytes, which may
 * still move; they become pointers when the last element is there.
 *
 * Where redisReader stands in its buffer is in fields that hiredis does not
 * document.  "config" tries them: with NGX_SECOPS_HIREDIS_FIELDS they are what
 * they are taken for.  Without, nothing here looks at them.
 */

#include "redis/link/ngx_secops_redis_reply.h"


#define NGX_SECOPS_REDIS_REPLY_MIN_VALUES  64
#define NGX_SECOPS_REDIS_REPLY_MIN_BYTES   4096

/* memory above this is given back after the reply that needed it */
#define NGX_SECOPS_REDIS_REPLY_KEEP        (1024 * 1024)


/* a reader that has held more than this is given back, too */
#define NGX_SECOPS_REDIS_REPLY_READER      REDIS_READER_MAX_BUF


#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_secops_redis_elements_t;
#else
typedef int  ngx_secops_redis_elements_t;
#endif


static void *ngx_secops_redis_reply_string(const redisReadTask *task,
    char *str, size_t len);
static void *ngx_secops_redis_reply_array(const redisReadTask *task,
    ngx_secops_redis_elements_t elements);
static void *ngx_secops_redis_reply_integer(const redisReadTask *task,
    long long integer);
static void *ngx_secops_redis_reply_nil(const redisReadTask *task);
#if (HIREDIS_MAJOR >= 1)
static void *ngx_secops_redis_reply_double(const redisReadTask *task,
    double value, char *str, size_t len);
static void *ngx_secops_redis_reply_bool(const redisReadTask *task,
    int value);
#endif
static void ngx_secops_redis_reply_object_free(void *object);

static redisReader *ngx_secops_redis_reply_reader(
    ngx_secops_redis_reply_t *reply);
static secops_redis_value_t *ngx_secops_redis_reply_add(
    ngx_secops_redis_reply_t *reply, secops_redis_type_e type);
static void *ngx_secops_redis_reply_fault(ngx_secops_redis_reply_t *reply,
    const char *fault);
static ngx_int_t ngx_secops_redis_reply_copy(ngx_secops_redis_reply_t *reply,
    secops_redis_value_t *value, char *str, size_t len);
#if (NGX_SECOPS_HIREDIS_FIELDS)
static void ngx_secops_redis_reply_renew(ngx_secops_redis_reply_t *reply);
static ngx_uint_t ngx_secops_redis_reply_line(
    ngx_secops_redis_reply_t *reply);
static ngx_uint_t ngx_secops_redis_reply_endless(
    ngx_secops_redis_reply_t *reply);
#else
static void ngx_secops_redis_reply_note_line(ngx_secops_redis_reply_t *reply,
    const u_char *data, size_t len);
static ngx_uint_t ngx_secops_redis_reply_waits(
    ngx_secops_redis_reply_t *reply);
#endif
static void ngx_secops_redis_reply_reset(ngx_secops_redis_reply_t *reply);
static void ngx_secops_redis_reply_link(ngx_secops_redis_reply_t *reply);


static redisReplyObjectFunctions  ngx_secops_redis_reply_functions = {
    .createString = ngx_secops_redis_reply_string,
    .createArray = ngx_secops_redis_reply_array,
    .createInteger = ngx_secops_redis_reply_integer,
    .createNil = ngx_secops_redis_reply_nil,
#if (HIREDIS_MAJOR >= 1)
    .createDouble = ngx_secops_redis_reply_double,
    .createBool = ngx_secops_redis_reply_bool,
#endif
    .freeObject = ngx_secops_redis_reply_object_free
};


ngx_int_t
ngx_secops_redis_reply_init(ngx_secops_redis_reply_t *reply)
{
    ngx_memzero(reply, sizeof(ngx_secops_redis_reply_t));

    reply->reader = ngx_secops_redis_reply_reader(reply);

    return reply->reader ? NGX_OK : NGX_ERROR;
}


/*
 * When its buffer is empty and larger than maxbuf, redisReader gives it back
 * and makes a new one; hiredis 0.14 ends the process if there is no memory for
 * that.  With a maxbuf of 0 it keeps its buffer, and _renew() does this in its
 * place.  _renew() needs hiredis' fields.  Without them, later versions do it
 * by themselves: they only report that there is no memory.  0.14 then keeps its
 * buffer, which takes a few times the largest reply, until the link ends.
 */

static redisReader *
ngx_secops_redis_reply_reader(ngx_secops_redis_reply_t *reply)
{
    redisReader  *reader;

    reader = redisReaderCreateWithFunctions(&ngx_secops_redis_reply_functions);

    if (reader == NULL) {
        return NULL;
    }

    reader->privdata = reply;

#if (NGX_SECOPS_HIREDIS_FIELDS || HIREDIS_MAJOR < 1)
    reader->maxbuf = 0;
#endif

#if (HIREDIS_MAJOR >= 1)
    reader->maxelements = NGX_SECOPS_REDIS_REPLY_VALUES;
#endif

    return reader;
}


void
ngx_secops_redis_reply_free(ngx_secops_redis_reply_t *reply)
{
    if (reply->reader) {
        redisReaderFree(reply->reader);
    }

    free(reply->values);
    free(reply->bytes);

    ngx_memzero(reply, sizeof(ngx_secops_redis_reply_t));
}


ngx_int_t
ngx_secops_redis_reply_feed(ngx_secops_redis_reply_t *reply, u_char *data,
    size_t len)
{
    redisReader  *reader;

    reader = reply->reader;

    if (len > NGX_SECOPS_REDIS_REPLY_BYTES - reply->unread) {
        (void) ngx_secops_redis_reply_fault(reply, "reply too large");
        return NGX_ERROR;
    }

    reply->unread += len;

#if !(NGX_SECOPS_HIREDIS_FIELDS)
    ngx_secops_redis_reply_note_line(reply, data, len);
#endif

    if (redisReaderFeed(reader, (char *) data, len) != REDIS_OK) {
        (void) ngx_secops_redis_reply_fault(reply, reader->errstr);
        return NGX_ERROR;
    }

#if (NGX_SECOPS_HIREDIS_FIELDS)
    reply->peak = ngx_max(reply->peak, reader->len);
#endif

    return NGX_OK;
}


ngx_int_t
ngx_secops_redis_reply_next(ngx_secops_redis_reply_t *reply)
{
    void         *object;
    redisReader  *reader;

    if (reply->complete) {
        ngx_secops_redis_reply_reset(reply);
    }

    reader = reply->reader;

#if (NGX_SECOPS_HIREDIS_FIELDS)

    if (reader->ridx == -1 && ngx_secops_redis_reply_line(reply)) {
        reply->complete = 1;
        return NGX_OK;
    }

#else

    if (ngx_secops_redis_reply_waits(reply)) {
        return NGX_AGAIN;
    }

#endif

    object = NULL;

    if (redisReaderGetReply(reader, &object) != REDIS_OK) {

        if (reply->fault == NULL) {
            (void) ngx_secops_redis_reply_fault(reply, reader->errstr);
        }

        return NGX_ERROR;
    }

    if (object == NULL) {

#if (NGX_SECOPS_HIREDIS_FIELDS)

        if (ngx_secops_redis_reply_endless(reply)) {
            (void) ngx_secops_redis_reply_fault(reply, "line too long");
            return NGX_ERROR;
        }

#endif

        return NGX_AGAIN;
    }

    ngx_secops_redis_reply_link(reply);

#if (NGX_SECOPS_HIREDIS_FIELDS)
    reply->unread = reader->len - reader->pos;
#else
    reply->unread = 0;
    reply->asked = 0;
#endif

    reply->complete = 1;

    return NGX_OK;
}


#if (NGX_SECOPS_HIREDIS_FIELDS)

/*
 * A reader whose buffer has become large is given back once there is nothing in
 * it.  If there is no memory for another one it stays, until after the next
 * reply: nothing is lost, and the link goes on.
 */

static void
ngx_secops_redis_reply_renew(ngx_secops_redis_reply_t *reply)
{
    redisReader  *reader;

    reader = reply->reader;

    if (reply->peak <= NGX_SECOPS_REDIS_REPLY_READER
        || reader->ridx != -1
        || reader->pos != reader->len)
    {
        return;
    }

    reader = ngx_secops_redis_reply_reader(reply);

    if (reader == NULL) {
        return;
    }

    redisReaderFree(reply->reader);

    reply->reader = reader;
    reply->peak = 0;
}


/*
 * Most replies are one of these: a transaction has the one for MULTI, the other
 * for each of its commands.  Between two replies redisReader holds nothing but
 * the bytes to come, so they are taken without its help, at a tenth of the
 * cost.
 */

static ngx_uint_t
ngx_secops_redis_reply_line(ngx_secops_redis_reply_t *reply)
{
    char                  *p;
    size_t                 rest;
    const secops_slice_t  *text;
    redisReader           *reader;
    secops_redis_value_t  *value;

    static const secops_slice_t  queued = secops_slice("QUEUED");
    static const secops_slice_t  ok = secops_slice("OK");

    reader = reply->reader;

    p = reader->buf + reader->pos;
    rest = reader->len - reader->pos;

    if (rest >= 9 && ngx_memcmp(p, "+QUEUED\r\n", 9) == 0) {
        text = &queued;

    } else if (rest >= 5 && ngx_memcmp(p, "+OK\r\n", 5) == 0) {
        text = &ok;

    } else {
        return 0;
    }

    value = ngx_secops_redis_reply_add(reply, SECOPS_REDIS_STATUS);
    if (value == NULL) {
        return 0;
    }

    value->text = *text;
    value->next = 1;

    /* and "+", CR, LF */

    reader->pos += text->len + 3;
    reply->unread -= text->len + 3;

    return 1;
}


/* 1: what is incomplete is not a string that is still to come, but a line */

static ngx_uint_t
ngx_secops_redis_reply_endless(ngx_secops_redis_reply_t *reply)
{
    redisReader  *reader;

    reader = reply->reader;

    return reader->len - reader->pos > NGX_SECOPS_REDIS_REPLY_LINE
           && memchr(reader->buf + reader->pos, LF,
                     NGX_SECOPS_REDIS_REPLY_LINE)
              == NULL;
}

#else

/* whether a line ends in what was fed: only then may a reply be whole */

static void
ngx_secops_redis_reply_note_line(ngx_secops_redis_reply_t *reply,
    const u_char *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (data[i] == LF && reply->last == CR) {
            reply->ends = 1;
        }

        reply->last = data[i];
    }
}


/*
 * 1: the reader need not be asked.  It looks for the end of a line from its
 * beginning each time, so of one that has no end it is asked only as often as
 * the line has grown by a part of itself.
 */

static ngx_uint_t
ngx_secops_redis_reply_waits(ngx_secops_redis_reply_t *reply)
{
    if (!reply->ends
        && reply->unread - reply->asked < reply->asked / 8
        && reply->asked > NGX_SECOPS_REDIS_REPLY_LINE)
    {
        return 1;
    }

    reply->asked = reply->unread;
    reply->ends = 0;

    return 0;
}

#endif


static void
ngx_secops_redis_reply_reset(ngx_secops_redis_reply_t *reply)
{
    if (reply->size > NGX_SECOPS_REDIS_REPLY_KEEP) {
        free(reply->bytes);
        reply->bytes = NULL;
        reply->size = 0;
    }

    if (reply->capacity * sizeof(secops_redis_value_t)
        > NGX_SECOPS_REDIS_REPLY_KEEP)
    {
        free(reply->values);
        reply->values = NULL;
        reply->capacity = 0;
    }

#if (NGX_SECOPS_HIREDIS_FIELDS)
    ngx_secops_redis_reply_renew(reply);
#endif

    reply->nvalues = 0;
    reply->len = 0;
    reply->errors = 0;
    reply->complete = 0;
}


/* offsets become pointers, and each value learns where the next one is */

static void
ngx_secops_redis_reply_link(ngx_secops_redis_reply_t *reply)
{
    ngx_uint_t             i, n, next;
    secops_redis_value_t  *value;

    i = reply->nvalues;

    while (i > 0) {
        i--;
        value = &reply->values[i];

        if (value->text.len) {
            value->text.data = reply->bytes + (uintptr_t) value->text.data;

        } else {
            value->text.data = (u_char *) "";
        }

        next = i + 1;

        for (n = value->elements; n > 0; n--) {
            next = reply->values[next].next;
        }

        value->next = next;
    }
}


static void *
ngx_secops_redis_reply_string(const redisReadTask *task, char *str, size_t len)
{
    secops_redis_type_e        type;
    ngx_secops_redis_reply_t  *reply;
    secops_redis_value_t      *value;

    reply = task->privdata;

    switch (task->type) {

    case REDIS_REPLY_STRING:
        type = SECOPS_REDIS_STRING;
        break;

    case REDIS_REPLY_STATUS:
        type = SECOPS_REDIS_STATUS;
        break;

    case REDIS_REPLY_ERROR:
        type = SECOPS_REDIS_ERROR;
        reply->errors++;
        break;

    default:
        return ngx_secops_redis_reply_fault(reply, "reply of unknown type");
    }

    value = ngx_secops_redis_reply_add(task->privdata, type);

    if (value == NULL
        || ngx_secops_redis_reply_copy(reply, value, str, len) != NGX_OK)
    {
        return NULL;
    }

    return (void *) (uintptr_t) reply->nvalues;
}


static void *
ngx_secops_redis_reply_array(const redisReadTask *task,
    ngx_secops_redis_elements_t elements)
{
    ngx_uint_t                 depth;
    const redisReadTask       *parent;
    ngx_secops_redis_reply_t  *reply;
    secops_redis_value_t      *value;

    reply = task->privdata;

    if (task->type != REDIS_REPLY_ARRAY) {
        return ngx_secops_redis_reply_fault(reply, "reply of unknown type");
    }

    depth = 0;

    for (parent = task; parent; parent = parent->parent) {
        if (++depth > NGX_SECOPS_REDIS_REPLY_DEPTH) {
            return ngx_secops_redis_reply_fault(reply, "reply nested too deep");
        }
    }

    if (elements > NGX_SECOPS_REDIS_REPLY_VALUES) {
        return ngx_secops_redis_reply_fault(reply, "too many values in reply");
    }

    value = ngx_secops_redis_reply_add(task->privdata, SECOPS_REDIS_ARRAY);
    if (value == NULL) {
        return NULL;
    }

    value->elements = elements;

    return (void *) (uintptr_t) reply->nvalues;
}


static void *
ngx_secops_redis_reply_integer(const redisReadTask *task, long long integer)
{
    ngx_secops_redis_reply_t  *reply;
    secops_redis_value_t      *value;

    value = ngx_secops_redis_reply_add(task->privdata,
                                       SECOPS_REDIS_INTEGER);
    if (value == NULL) {
        return NULL;
    }

    value->integer = integer;

    reply = task->privdata;

    return (void *) (uintptr_t) reply->nvalues;
}


static void *
ngx_secops_redis_reply_nil(const redisReadTask *task)
{
    ngx_secops_redis_reply_t  *reply;

    if (ngx_secops_redis_reply_add(task->privdata, SECOPS_REDIS_NIL)
        == NULL)
    {
        return NULL;
    }

    reply = task->privdata;

    return (void *) (uintptr_t) reply->nvalues;
}


#if (HIREDIS_MAJOR >= 1)

/* types of RESP3, which no link of ours ever asks for */

static void *
ngx_secops_redis_reply_double(const redisReadTask *task, double value,
    char *str, size_t len)
{
    return ngx_secops_redis_reply_fault(task->privdata,
                                        "reply of unknown type");
}


static void *
ngx_secops_redis_reply_bool(const redisReadTask *task, int value)
{
    return ngx_secops_redis_reply_fault(task->privdata,
                                        "reply of unknown type");
}

#endif


/* an object is an index: there is nothing to free */

static void
ngx_secops_redis_reply_object_free(void *object)
{
    return;
}


static secops_redis_value_t *
ngx_secops_redis_reply_add(ngx_secops_redis_reply_t *reply,
    secops_redis_type_e type)
{
    ngx_uint_t             n;
    secops_redis_value_t  *value;

    if (reply->nvalues == NGX_SECOPS_REDIS_REPLY_VALUES) {
        return ngx_secops_redis_reply_fault(reply, "too many values in reply");
    }

    if (reply->nvalues == reply->capacity) {
        n = ngx_max(2 * reply->capacity, NGX_SECOPS_REDIS_REPLY_MIN_VALUES);

        value = realloc(reply->values, n * sizeof(secops_redis_value_t));
        if (value == NULL) {
            return ngx_secops_redis_reply_fault(reply, "no memory for reply");
        }

        reply->values = value;
        reply->capacity = n;
    }

    value = &reply->values[reply->nvalues++];

    ngx_memzero(value, sizeof(secops_redis_value_t));
    value->type = type;

    return value;
}


static ngx_int_t
ngx_secops_redis_reply_copy(ngx_secops_redis_reply_t *reply,
    secops_redis_value_t *value, char *str, size_t len)
{
    size_t   size;
    u_char  *bytes;

    if (len > NGX_SECOPS_REDIS_REPLY_BYTES - reply->len) {
        (void) ngx_secops_redis_reply_fault(reply, "reply too large");
        return NGX_ERROR;
    }

    if (len > reply->size - reply->len) {
        size = ngx_max(2 * reply->size, NGX_SECOPS_REDIS_REPLY_MIN_BYTES);
        size = ngx_max(size, reply->len + len);

        bytes = realloc(reply->bytes, size);
        if (bytes == NULL) {
            (void) ngx_secops_redis_reply_fault(reply, "no memory for reply");
            return NGX_ERROR;
        }

        reply->bytes = bytes;
        reply->size = size;
    }

    if (len) {
        ngx_memcpy(reply->bytes + reply->len, str, len);
    }

    value->text.len = len;
    value->text.data = (u_char *) (uintptr_t) reply->len;

    reply->len += len;

    return NGX_OK;
}


/* NULL is what redisReader takes for "out of memory": it stops, and the fault
   says what really was the matter */

static void *
ngx_secops_redis_reply_fault(ngx_secops_redis_reply_t *reply,
    const char *fault)
{
    reply->fault = fault;

    return NULL;
}

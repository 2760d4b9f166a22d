
/* Records about one subject, gathered; see secops_subject.h. */

#include <stdlib.h>

#include "model/json/secops_json_tree.h"
#include "model/subject/secops_subject.h"


#define SECOPS_SUBJECT_TOKENS  256      /* of a usual record */
#define SECOPS_SUBJECT_ROOM    16       /* results, at first */


static int secops_subject_read(secops_subject_t *subject,
    secops_subject_result_t *result);
static int secops_subject_take(secops_subject_t *subject,
    const secops_json_t *json, secops_subject_result_t *result);
static void secops_subject_id_time(secops_subject_time_t time,
    const unsigned char *id);
static void secops_subject_seen(secops_subject_time_t seen,
    const secops_table_t *table, const secops_json_t *json,
    const unsigned char *id);
static void secops_subject_see(secops_subject_list_t *list,
    const secops_subject_result_t *result);
static int secops_subject_may_be_young(const secops_subject_t *subject,
    const secops_subject_list_t *list);
static size_t secops_subject_finding(const secops_table_t *table,
    const secops_json_t *json);
static void secops_subject_engine(secops_subject_t *subject,
    const secops_json_t *json, secops_subject_result_t *result);
static secops_subject_result_t *secops_subject_same(
    const secops_subject_t *subject, const secops_subject_result_t *result);
static int secops_subject_add(secops_subject_t *subject,
    const secops_subject_result_t *result);
static int secops_subject_compare(const void *one, const void *two);


/* as the text of a time, or of an id */

static inline int
secops_subject_older(const secops_subject_time_t one,
    const secops_subject_time_t two)
{
    return memcmp(one, two, SECOPS_TIME_LEN) < 0;
}


void
secops_subject_begin(secops_subject_t *subject, secops_subject_list_t *lists,
    const unsigned char *since)
{
    memset(subject, 0, sizeof(secops_subject_t));

    subject->lists = lists;

    if (since) {
        memcpy(subject->since, since, SECOPS_TIME_LEN);
    }
}


void
secops_subject_domain(secops_subject_t *subject, secops_slice_t domain)
{
    subject->domain = domain;
}


void
secops_subject_table(secops_subject_t *subject, const secops_table_t *table,
    uint64_t records, uint64_t told, const unsigned char *oldest)
{
    secops_subject_list_t  *list;

    list = &subject->lists[subject->nlists++];

    memset(list, 0, sizeof(secops_subject_list_t));

    list->table = table;
    list->domain = subject->domain;
    list->records = records;
    list->rest = (records > told);

    if (list->rest && oldest) {
        secops_subject_id_time(list->first, oldest);
    }
}


void
secops_subject_record(secops_subject_t *subject,
    const unsigned char id[SECOPS_ID_LEN], secops_slice_t document)
{
    secops_subject_list_t    *list;
    secops_subject_result_t   result;

    list = &subject->lists[subject->nlists - 1];

    secops_subject_id_time(list->reached, id);

    if (document.data == NULL) {
        list->records -= (list->records > 0);
        return;
    }

    if (document.len == 0) {
        list->truncated |= secops_subject_may_be_young(subject, list);
        return;
    }

    list->examined++;

    memset(&result, 0, sizeof(secops_subject_result_t));

    result.list = subject->nlists - 1;
    result.id = id;
    result.document = document;

    if (secops_subject_read(subject, &result) != 0) {
        subject->failed = 1;
    }
}


/* -1: no memory */

static int
secops_subject_read(secops_subject_t *subject, secops_subject_result_t *result)
{
    int                     rc;
    secops_json_t           json;
    secops_json_token_t     tokens[SECOPS_SUBJECT_TOKENS];
    secops_json_error_t     unused;
    secops_json_reading_t   reading;

    reading = secops_json_tree_reading;
    reading.first = tokens;
    reading.nfirst = SECOPS_SUBJECT_TOKENS;

    rc = secops_json_tokens(&json, result->document, &reading, &unused);

    if (rc != SECOPS_JSON_OK) {
        return rc == SECOPS_JSON_MORE ? -1 : 0;
    }

    rc = (json.tokens[0].type == SECOPS_JSON_OBJECT)
         ? secops_subject_take(subject, &json, result) : 0;

    if (json.tokens != tokens) {
        free(json.tokens);
    }

    return rc;
}


/* -1: no memory */

static int
secops_subject_take(secops_subject_t *subject, const secops_json_t *json,
    secops_subject_result_t *result)
{
    secops_subject_list_t    *list;
    secops_subject_result_t  *same;

    list = &subject->lists[result->list];

    secops_subject_seen(result->seen, list->table, json, result->id);
    secops_subject_see(list, result);

    if (secops_subject_older(result->seen, subject->since)) {
        return 0;
    }

    result->finding = secops_subject_finding(list->table, json);

    if (result->finding < list->table->nfindings) {
        list->findings[result->finding]++;
    }

    secops_subject_engine(subject, json, result);

    if (subject->names.failed) {
        return -1;
    }

    same = secops_subject_same(subject, result);

    if (same == NULL) {
        return secops_subject_add(subject, result);
    }

    /* its name is there already */

    subject->names.len = result->engine;

    if (secops_subject_older(same->seen, result->seen)) {
        result->order = same->order;
        result->engine = same->engine;
        *same = *result;
    }

    return 0;
}


static void
secops_subject_id_time(secops_subject_time_t time, const unsigned char *id)
{
    secops_time_format(time, (int64_t) (secops_id_msec(id) / 1000));
}


/*
 * When it was said: when the record was created, or, where whoever says it
 * again changes the record, when it was changed.  What somebody has put there
 * by hand may lack that.
 */

static void
secops_subject_seen(secops_subject_time_t seen, const secops_table_t *table,
    const secops_json_t *json, const unsigned char *id)
{
    uint32_t        i;
    secops_slice_t  name;

    static const secops_slice_t  created = secops_slice("sys_created_on");
    static const secops_slice_t  updated = secops_slice("sys_updated_on");

    name = table->ncoalesce ? updated : created;

    i = secops_json_member(json, 0, name.data, name.len);

    if (i == 0
        || json->tokens[i].type != SECOPS_JSON_STRING
        || json->tokens[i].flags & SECOPS_JSON_ESCAPED
        || json->tokens[i].len != SECOPS_TIME_LEN)
    {
        secops_subject_id_time(seen, id);
        return;
    }

    memcpy(seen, secops_json_raw(json, i).data, SECOPS_TIME_LEN);
}


static void
secops_subject_see(secops_subject_list_t *list,
    const secops_subject_result_t *result)
{
    /* reached is when the record was created */

    if (!list->rest
        && (list->first[0] == '\0'
            || secops_subject_older(list->reached, list->first)))
    {
        memcpy(list->first, list->reached, SECOPS_TIME_LEN);
    }

    if (secops_subject_older(list->last, result->seen)) {
        memcpy(list->last, result->seen, SECOPS_TIME_LEN);
    }
}


/* the record that was told last, or one that is older: a record that changes
   may be young, however long ago it was created */

static int
secops_subject_may_be_young(const secops_subject_t *subject,
    const secops_subject_list_t *list)
{
    return list->table->ncoalesce > 0
           || !secops_subject_older(list->reached, subject->since);
}


static size_t
secops_subject_finding(const secops_table_t *table, const secops_json_t *json)
{
    size_t    n;
    uint32_t  i;

    i = table->finding.len ? secops_json_member(json, 0, table->finding.data,
                                                table->finding.len)
                           : 0;

    if (i == 0 || json->tokens[i].type != SECOPS_JSON_STRING) {
        return table->nfindings;
    }

    for (n = 0; n < table->nfindings; n++) {

        if (secops_json_string_is(json, i, table->findings[n].data,
                                  table->findings[n].len))
        {
            break;
        }
    }

    return n;
}


/* its name, appended to the others; what is no string counts as it stands */

static void
secops_subject_engine(secops_subject_t *subject, const secops_json_t *json,
    secops_subject_result_t *result)
{
    uint32_t               i;
    secops_text_t         *names;
    const secops_table_t  *table;

    names = &subject->names;
    table = subject->lists[result->list].table;

    result->engine = names->len;

    i = table->engine.len ? secops_json_member(json, 0, table->engine.data,
                                               table->engine.len)
                          : 0;

    if (i == 0 || json->tokens[i].type == SECOPS_JSON_NULL) {
        return;
    }

    secops_text_append(names, secops_json_raw(json, i));

    if (names->failed) {
        return;
    }

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        names->len = result->engine
                     + secops_json_decode(json, i,
                                          names->data + result->engine);
    }

    result->len = names->len - result->engine;
}


/* of the same table, which is the last one; NULL: the engine is new there */

static secops_subject_result_t *
secops_subject_same(const secops_subject_t *subject,
    const secops_subject_result_t *result)
{
    size_t                    i;
    secops_subject_result_t  *same;

    for (i = subject->nresults; i > 0; i--) {

        same = &subject->results[i - 1];

        if (same->list != result->list) {
            break;
        }

        if (same->len == result->len
            && (same->len == 0
                || memcmp(subject->names.data + same->engine,
                          subject->names.data + result->engine, same->len)
                   == 0))
        {
            return same;
        }
    }

    return NULL;
}


/* -1: no memory */

static int
secops_subject_add(secops_subject_t *subject,
    const secops_subject_result_t *result)
{
    size_t                    room;
    secops_subject_result_t  *results;

    if (subject->nresults == subject->room) {

        room = subject->room ? 2 * subject->room : SECOPS_SUBJECT_ROOM;

        results = realloc(subject->results,
                          room * sizeof(secops_subject_result_t));
        if (results == NULL) {
            return -1;
        }

        subject->results = results;
        subject->room = room;
    }

    results = &subject->results[subject->nresults];

    *results = *result;
    results->order = subject->nresults++;

    return 0;
}


int
secops_subject_end(secops_subject_t *subject)
{
    size_t                  i;
    secops_subject_list_t  *list;

    if (subject->failed) {
        return -1;
    }

    for (i = 0; i < subject->nlists; i++) {

        list = &subject->lists[i];

        /* what was not told is older than what was */

        if (list->rest && secops_subject_may_be_young(subject, list)) {
            list->truncated = 1;
        }
    }

    if (subject->nresults == 0) {
        return 0;
    }

    qsort(subject->results, subject->nresults,
          sizeof(secops_subject_result_t), secops_subject_compare);

    return 1;
}


/* by table; then the worst first, then the newest */

static int
secops_subject_compare(const void *one, const void *two)
{
    int                             rc;
    const secops_subject_result_t  *a = one;
    const secops_subject_result_t  *b = two;

    if (a->list != b->list) {
        return a->list < b->list ? -1 : 1;
    }

    if (a->finding != b->finding) {
        return a->finding < b->finding ? -1 : 1;
    }

    rc = memcmp(b->seen, a->seen, SECOPS_TIME_LEN);

    if (rc != 0) {
        return rc;
    }

    return a->order < b->order ? -1 : 1;
}


void
secops_subject_free(secops_subject_t *subject)
{
    free(subject->results);
    secops_text_free(&subject->names);
}

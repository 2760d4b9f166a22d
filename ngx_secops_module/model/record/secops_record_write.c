
/* What is stored of a record; see secops_record.h. */

#include "model/record/secops_record_internal.h"


static unsigned char *secops_record_write_plain(unsigned char *dst,
    const char *name, secops_slice_t value);
static unsigned char *secops_record_write_text(unsigned char *dst,
    const char *name, secops_slice_t value);
static unsigned char *secops_record_write_name(unsigned char *dst,
    const char *name);
static unsigned char *secops_record_write_members(unsigned char *dst,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body);
static unsigned char *secops_record_write_defaults(unsigned char *dst,
    const secops_table_t *table, const secops_json_t *json, uint32_t i);


secops_slice_t
secops_record_subject(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, unsigned char *dst)
{
    uint32_t        value;
    secops_slice_t  subject = secops_slice("");

    if (table->subject.len == 0) {
        return subject;
    }

    value = secops_json_member(json, i, table->subject.data,
                               table->subject.len);

    if (value == 0 || secops_record_empty(json, value)) {
        return subject;
    }

    subject = secops_json_raw(json, value);

    if (json->tokens[value].flags & SECOPS_JSON_ESCAPED) {
        subject.len = secops_json_decode(json, value, dst);
        subject.data = dst;
    }

    return subject;
}


size_t
secops_record_size(const secops_record_t *record, const secops_json_t *json,
    uint32_t i)
{
    return json->tokens[i].len
           + secops_text_escape_max(record->user.len + record->domain.len)
           + record->table->name.len + SECOPS_ID_LEN + 2 * SECOPS_TIME_LEN
           + record->table->defaults_size
           + 256;       /* the names of the server's fields */
}


unsigned char *
secops_record_write(unsigned char *dst, const secops_record_t *record,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body)
{
    secops_slice_t  id, created, zero = secops_slice("0");

    id.len = SECOPS_ID_LEN;
    id.data = record->sys_id;

    created.len = SECOPS_TIME_LEN;
    created.data = record->created;

    *dst++ = '{';

    dst = secops_record_write_plain(dst, "sys_id", id);
    dst = secops_record_write_plain(dst, "sys_class_name",
                                    record->table->name);
    dst = secops_record_write_plain(dst, "sys_created_on", created);
    dst = secops_record_write_text(dst, "sys_created_by", record->user);
    dst = secops_record_write_plain(dst, "sys_updated_on", created);
    dst = secops_record_write_text(dst, "sys_domain", record->domain);
    dst = secops_record_write_plain(dst, "sys_mod_count", zero);

    dst = secops_record_write_members(dst, json, i, body);

    if (record->table->ndefaults) {
        dst = secops_record_write_defaults(dst, record->table, json, i);
    }

    /* over the comma after the last member */
    dst[-1] = '}';

    return dst;
}


unsigned char *
secops_record_write_fields(unsigned char *dst, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body)
{
    *dst++ = '{';

    dst = secops_record_write_members(dst, json, i, body);

    /* over the comma after the last member */
    dst[-1] = '}';

    return dst;
}


/* "name":"value", of a value in which nothing needs an escape */

static unsigned char *
secops_record_write_plain(unsigned char *dst, const char *name,
    secops_slice_t value)
{
    dst = secops_record_write_name(dst, name);

    memcpy(dst, value.data, value.len);
    dst += value.len;

    *dst++ = '"';
    *dst++ = ',';

    return dst;
}


static unsigned char *
secops_record_write_text(unsigned char *dst, const char *name,
    secops_slice_t value)
{
    dst = secops_text_escape(secops_record_write_name(dst, name), value);

    *dst++ = '"';
    *dst++ = ',';

    return dst;
}


/* up to the quote before the value */

static unsigned char *
secops_record_write_name(unsigned char *dst, const char *name)
{
    size_t  len;

    len = strlen(name);

    *dst++ = '"';
    memcpy(dst, name, len);
    memcpy(dst + len, "\":\"", 3);

    return dst + len + 3;
}


static unsigned char *
secops_record_write_members(unsigned char *dst, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body)
{
    uint32_t        last, key;
    secops_slice_t  member;

    last = json->tokens[i].next;

    for (key = i + 1; key < last; key = json->tokens[key + 1].next) {

        if (secops_record_is_apart(body, json, key)) {
            continue;
        }

        member = secops_record_member_text(json, key);

        memcpy(dst, member.data, member.len);
        dst += member.len;
        *dst++ = ',';
    }

    return dst;
}


/* what the client has sent stays, even if it is null or "" */

static unsigned char *
secops_record_write_defaults(unsigned char *dst, const secops_table_t *table,
    const secops_json_t *json, uint32_t i)
{
    size_t                         n;
    const secops_table_default_t  *value;

    for (n = 0; n < table->ndefaults; n++) {

        value = &table->defaults[n];

        if (secops_json_member(json, i, value->name.data, value->name.len)) {
            continue;
        }

        memcpy(dst, value->member.data, value->member.len);
        dst += value->member.len;
        *dst++ = ',';
    }

    return dst;
}


secops_slice_t
secops_record_member_text(const secops_json_t *json, uint32_t key)
{
    secops_slice_t              text;
    const secops_json_token_t  *value;

    value = &json->tokens[key + 1];

    text.data = json->text.data + json->tokens[key].start - 1;
    text.len = json->text.data + value->start + value->len - text.data;

    if (value->type == SECOPS_JSON_STRING) {
        text.len++;
    }

    return text;
}

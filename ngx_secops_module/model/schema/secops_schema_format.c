
/*
 * The formats: each a pure function of a string's decoded bytes, by the RFC
 * that JSON Schema names for it.
 */

#include <arpa/inet.h>

#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_MAX_HOSTNAME  253
#define SECOPS_SCHEMA_MAX_LABEL     63
#define SECOPS_SCHEMA_MAX_LOCAL     64      /* an address before its "@" */
#define SECOPS_SCHEMA_MAX_ADDRESS   46      /* of IPv6, as text, with a NUL */


/* sets of bytes, by RFC 3986 */

#define SECOPS_SCHEMA_ALPHA         0x01
#define SECOPS_SCHEMA_DIGIT         0x02
#define SECOPS_SCHEMA_HEX           0x04
#define SECOPS_SCHEMA_UNRESERVED    0x08    /* "-._~" */
#define SECOPS_SCHEMA_SUB_DELIM     0x10    /* "!$&'()*+,;=" */
#define SECOPS_SCHEMA_AT_COLON      0x20
#define SECOPS_SCHEMA_SLASH         0x40
#define SECOPS_SCHEMA_QUESTION      0x80

#define SECOPS_SCHEMA_NAME_CHAR                                               \
    (SECOPS_SCHEMA_ALPHA|SECOPS_SCHEMA_DIGIT|SECOPS_SCHEMA_UNRESERVED         \
     |SECOPS_SCHEMA_SUB_DELIM)
#define SECOPS_SCHEMA_PATH_CHAR                                               \
    (SECOPS_SCHEMA_NAME_CHAR|SECOPS_SCHEMA_AT_COLON|SECOPS_SCHEMA_SLASH)
#define SECOPS_SCHEMA_QUERY_CHAR                                              \
    (SECOPS_SCHEMA_PATH_CHAR|SECOPS_SCHEMA_QUESTION)


static int secops_schema_is_date_time(const unsigned char *data, size_t len);
static int secops_schema_is_glide(const unsigned char *data, size_t len);
static int secops_schema_is_glide_date(const unsigned char *data, size_t len);
static int secops_schema_is_date(const unsigned char *data, size_t len);
static int secops_schema_is_time(const unsigned char *data, size_t len);
static int secops_schema_is_email(const unsigned char *data, size_t len);
static int secops_schema_is_hostname(const unsigned char *data, size_t len);
static int secops_schema_is_ipv4(const unsigned char *data, size_t len);
static int secops_schema_is_ipv6(const unsigned char *data, size_t len);
static int secops_schema_is_uri(const unsigned char *data, size_t len);
static int secops_schema_is_uri_reference(const unsigned char *data,
    size_t len);
static int secops_schema_is_uuid(const unsigned char *data, size_t len);
static int secops_schema_is_json_pointer(const unsigned char *data,
    size_t len);

static int secops_schema_is_clock(const unsigned char *data, size_t len,
    int glide);
static int secops_schema_zone(const unsigned char *p,
    const unsigned char *last, int glide);
static unsigned secops_schema_digits(const unsigned char *p, unsigned n);
static int secops_schema_is_local(const unsigned char *data, size_t len);
static int secops_schema_is_quoted(const unsigned char *data, size_t len);
static int secops_schema_is_literal(const unsigned char *data, size_t len);
static int secops_schema_is_address(int family, const unsigned char *data,
    size_t len);
static const unsigned char *secops_schema_uri_scheme(const unsigned char *p,
    const unsigned char *last);
static int secops_schema_uri_rest(const unsigned char *p,
    const unsigned char *last);
static int secops_schema_uri_authority(const unsigned char *p,
    const unsigned char *last);
static int secops_schema_uri_chars(const unsigned char *p,
    const unsigned char *last, unsigned set);
static unsigned secops_schema_class(unsigned char c);


static const secops_schema_format_t  secops_schema_formats[] = {

    { "date-time",
      "must be a date and time such as \"2024-05-31T16:20:00Z\"",
      secops_schema_is_date_time },

    { "glide-date-time",
      "must be a date and time such as \"2024-05-31 16:20:00\" or"
      " \"2024-05-31T16:20:00.5+02:00\", in UTC where there is no offset",
      secops_schema_is_glide },

    { "glide-date-or-time",
      "must be a date such as \"2024-05-31\", or a date and time such as"
      " \"2024-05-31 16:20:00\" or \"2024-05-31T16:20:00.5+02:00\", in UTC"
      " where there is no offset",
      secops_schema_is_glide_date },

    { "date",
      "must be a date such as \"2024-05-31\"",
      secops_schema_is_date },

    { "time",
      "must be a time such as \"16:20:00Z\"",
      secops_schema_is_time },

    { "email",
      "must be an email address",
      secops_schema_is_email },

    { "hostname",
      "must be a host name",
      secops_schema_is_hostname },

    { "ipv4",
      "must be an IPv4 address",
      secops_schema_is_ipv4 },

    { "ipv6",
      "must be an IPv6 address",
      secops_schema_is_ipv6 },

    { "uri",
      "must be a URI such as \"https://example.com/path\"",
      secops_schema_is_uri },

    { "uri-reference",
      "must be a URI or a relative reference to one",
      secops_schema_is_uri_reference },

    { "uuid",
      "must be a UUID such as \"123e4567-e89b-12d3-a456-426614174000\"",
      secops_schema_is_uuid },

    { "json-pointer",
      "must be a JSON Pointer such as \"/a/0\"",
      secops_schema_is_json_pointer },

    { "regex",
      "must be a regular expression",
      secops_schema_pattern_valid },

    { NULL, NULL, NULL }
};


const secops_schema_format_t *
secops_schema_format(const unsigned char *name, size_t len)
{
    const secops_schema_format_t  *format;

    for (format = secops_schema_formats; format->name; format++) {
        if (strlen(format->name) == len
            && memcmp(format->name, name, len) == 0)
        {
            return format;
        }
    }

    return NULL;
}


static int
secops_schema_is_date_time(const unsigned char *data, size_t len)
{
    return len > 11
           && (data[10] == 'T' || data[10] == 't')
           && secops_schema_is_date(data, 10)
           && secops_schema_is_time(data + 11, len - 11);
}


/* as scripts and engines write it: "T" or a space, a fraction or none, an
   offset or none */

static int
secops_schema_is_glide(const unsigned char *data, size_t len)
{
    return len > 11
           && (data[10] == ' ' || data[10] == 'T' || data[10] == 't')
           && secops_schema_is_date(data, 10)
           && secops_schema_is_clock(data + 11, len - 11, 1);
}


static int
secops_schema_is_glide_date(const unsigned char *data, size_t len)
{
    return (len == 10) ? secops_schema_is_date(data, len)
                       : secops_schema_is_glide(data, len);
}


static int
secops_schema_is_date(const unsigned char *data, size_t len)
{
    unsigned  year, month, day, last;

    static const unsigned char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (len != 10 || data[4] != '-' || data[7] != '-') {
        return 0;
    }

    year = secops_schema_digits(data, 4);
    month = secops_schema_digits(data + 5, 2);
    day = secops_schema_digits(data + 8, 2);

    if (year > 9999 || month < 1 || month > 12) {
        return 0;
    }

    last = days[month - 1];

    if (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0)) {
        last++;
    }

    return day >= 1 && day <= last;
}


/* RFC 3339 "full-time" */

static int
secops_schema_is_time(const unsigned char *data, size_t len)
{
    return secops_schema_is_clock(data, len, 0);
}


/*
 * Second 60 only where UTC has its leap seconds, and where an offset says that
 * it is UTC as the world keeps it.  glide: no offset is needed, and its colon
 * neither.
 */

static int
secops_schema_is_clock(const unsigned char *data, size_t len, int glide)
{
    int                   zone;
    unsigned              hour, minute, second, utc;
    const unsigned char  *p, *last;

    if (len < 8 || data[2] != ':' || data[5] != ':') {
        return 0;
    }

    p = data + 8;
    last = data + len;

    hour = secops_schema_digits(data, 2);
    minute = secops_schema_digits(data + 3, 2);
    second = secops_schema_digits(data + 6, 2);

    if (hour > 23 || minute > 59 || second > 60) {
        return 0;
    }

    if (p < last && *p == '.') {
        if (++p == last || *p < '0' || *p > '9') {
            return 0;
        }

        while (p < last && *p >= '0' && *p <= '9') {
            p++;
        }
    }

    if (p == last) {
        return glide && second < 60;
    }

    zone = secops_schema_zone(p, last, glide);

    if (zone < 0) {
        return 0;
    }

    utc = hour * 60 + minute + 1440 - (unsigned) zone;

    return second < 60 || utc % 1440 == 1439;
}


/* minutes that an offset is east of UTC, from 0 to 1439: one to the west is as
   far from the other side.  -1: it is none */

static int
secops_schema_zone(const unsigned char *p, const unsigned char *last,
    int glide)
{
    unsigned  hour, minute;

    if (last - p == 1 && (*p == 'Z' || *p == 'z')) {
        return 0;
    }

    if (*p != '+' && *p != '-') {
        return -1;
    }

    if (last - p == 6 && p[3] == ':') {
        minute = secops_schema_digits(p + 4, 2);

    } else if (last - p == 5 && glide) {
        minute = secops_schema_digits(p + 3, 2);

    } else {
        return -1;
    }

    hour = secops_schema_digits(p + 1, 2);

    if (hour > 23 || minute > 59) {
        return -1;
    }

    minute += hour * 60;

    return (int) ((*p == '+' ? minute : 1440 - minute) % 1440);
}


/* a number of n digits, or UINT_MAX, which is above every bound */

static unsigned
secops_schema_digits(const unsigned char *p, unsigned n)
{
    unsigned  value;

    for (value = 0; n; n--, p++) {
        if (*p < '0' || *p > '9') {
            return (unsigned) -1;
        }

        value = value * 10 + (*p - '0');
    }

    return value;
}


/* RFC 5321 "Mailbox" */

static int
secops_schema_is_email(const unsigned char *data, size_t len)
{
    size_t                at;
    const unsigned char  *domain;

    for (at = len; at && data[at - 1] != '@'; at--) { /* void */ }

    if (at < 2 || at - 1 > SECOPS_SCHEMA_MAX_LOCAL) {
        return 0;
    }

    domain = data + at;

    if (!secops_schema_is_local(data, at - 1)
        && !secops_schema_is_quoted(data, at - 1))
    {
        return 0;
    }

    return secops_schema_is_hostname(domain, len - at)
           || secops_schema_is_literal(domain, len - at);
}


static int
secops_schema_is_local(const unsigned char *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (data[i] == '.') {
            if (i == 0 || i == len - 1 || data[i - 1] == '.') {
                return 0;
            }

            continue;
        }

        if (!(secops_schema_class(data[i])
              & (SECOPS_SCHEMA_ALPHA|SECOPS_SCHEMA_DIGIT))
            && (data[i] == '\0'
                || strchr("!#$%&'*+-/=?^_`{|}~", data[i]) == NULL))
        {
            return 0;
        }
    }

    return 1;
}


static int
secops_schema_is_quoted(const unsigned char *data, size_t len)
{
    size_t  i;

    if (len < 2 || data[0] != '"' || data[len - 1] != '"') {
        return 0;
    }

    for (i = 1; i < len - 1; i++) {

        if (data[i] == '\\' && ++i == len - 1) {
            return 0;
        }

        if (data[i] < ' ' || data[i] > '~'
            || (data[i] == '"' && data[i - 1] != '\\'))
        {
            return 0;
        }
    }

    return 1;
}


/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */

static int
secops_schema_is_literal(const unsigned char *data, size_t len)
{
    if (len < 2 || data[0] != '[' || data[len - 1] != ']') {
        return 0;
    }

    if (len > 7 && memcmp(data + 1, "IPv6:", 5) == 0) {
        return secops_schema_is_ipv6(data + 6, len - 7);
    }

    return secops_schema_is_ipv4(data + 1, len - 2);
}


/* RFC 1123 */

static int
secops_schema_is_hostname(const unsigned char *data, size_t len)
{
    size_t  i, label;

    if (len == 0 || len > SECOPS_SCHEMA_MAX_HOSTNAME) {
        return 0;
    }

    label = 0;

    for (i = 0; i < len; i++) {

        if (data[i] == '.') {
            if (label == 0 || data[i - 1] == '-') {
                return 0;
            }

            label = 0;
            continue;
        }

        if (!(secops_schema_class(data[i])
              & (SECOPS_SCHEMA_ALPHA|SECOPS_SCHEMA_DIGIT))
            && (data[i] != '-' || label == 0))
        {
            return 0;
        }

        if (++label > SECOPS_SCHEMA_MAX_LABEL) {
            return 0;
        }
    }

    return label != 0 && data[len - 1] != '-';
}


static int
secops_schema_is_ipv4(const unsigned char *data, size_t len)
{
    return secops_schema_is_address(AF_INET, data, len);
}


static int
secops_schema_is_ipv6(const unsigned char *data, size_t len)
{
    return secops_schema_is_address(AF_INET6, data, len);
}


static int
secops_schema_is_address(int family, const unsigned char *data, size_t len)
{
    char             text[SECOPS_SCHEMA_MAX_ADDRESS];
    struct in6_addr  address;

    if (len >= sizeof(text)) {
        return 0;
    }

    memcpy(text, data, len);
    text[len] = '\0';

    return inet_pton(family, text, &address) == 1;
}


/* RFC 3986 "URI" */

static int
secops_schema_is_uri(const unsigned char *data, size_t len)
{
    const unsigned char  *p;

    p = secops_schema_uri_scheme(data, data + len);

    return p != NULL && secops_schema_uri_rest(p, data + len);
}


/* RFC 3986 "URI-reference": the first segment of a relative path has no ":" */

static int
secops_schema_is_uri_reference(const unsigned char *data, size_t len)
{
    const unsigned char  *p, *last;

    last = data + len;

    p = secops_schema_uri_scheme(data, last);
    if (p) {
        return secops_schema_uri_rest(p, last);
    }

    for (p = data; p < last && strchr("/?#", *p) == NULL; p++) {
        if (*p == ':') {
            return 0;
        }
    }

    return secops_schema_uri_rest(data, last);
}


/* what follows "scheme:", or NULL if there is none */

static const unsigned char *
secops_schema_uri_scheme(const unsigned char *p, const unsigned char *last)
{
    if (p == last || !(secops_schema_class(*p) & SECOPS_SCHEMA_ALPHA)) {
        return NULL;
    }

    for ( /* void */ ; p < last && *p != ':'; p++) {
        if (!(secops_schema_class(*p)
              & (SECOPS_SCHEMA_ALPHA|SECOPS_SCHEMA_DIGIT))
            && *p != '+' && *p != '-' && *p != '.')
        {
            return NULL;
        }
    }

    return (p < last) ? p + 1 : NULL;
}


static int
secops_schema_uri_rest(const unsigned char *p, const unsigned char *last)
{
    const unsigned char  *end;

    if (last - p >= 2 && p[0] == '/' && p[1] == '/') {
        p += 2;

        for (end = p;
             end < last && *end != '/' && *end != '?' && *end != '#';
             end++)
        { /* void */ }

        if (!secops_schema_uri_authority(p, end)) {
            return 0;
        }

        p = end;
    }

    for (end = p; end < last && *end != '?' && *end != '#'; end++) {
        /* void */
    }

    if (!secops_schema_uri_chars(p, end, SECOPS_SCHEMA_PATH_CHAR)) {
        return 0;
    }

    if (end < last && *end == '?') {
        p = ++end;

        while (end < last && *end != '#') {
            end++;
        }

        if (!secops_schema_uri_chars(p, end, SECOPS_SCHEMA_QUERY_CHAR)) {
            return 0;
        }
    }

    return end == last
           || secops_schema_uri_chars(end + 1, last, SECOPS_SCHEMA_QUERY_CHAR);
}


/* [ userinfo "@" ] host [ ":" port ] */

static int
secops_schema_uri_authority(const unsigned char *p, const unsigned char *last)
{
    const unsigned char  *at, *end;

    for (at = last; at > p && at[-1] != '@'; at--) { /* void */ }

    if (at > p) {
        for (end = p; end < at - 1; end++) {
            if (*end == '@') {
                return 0;
            }
        }

        if (!secops_schema_uri_chars(p, at - 1, SECOPS_SCHEMA_NAME_CHAR
                                                |SECOPS_SCHEMA_AT_COLON))
        {
            return 0;
        }

        p = at;
    }

    /* the port */

    for (end = last;
         end > p && (secops_schema_class(end[-1]) & SECOPS_SCHEMA_DIGIT);
         end--)
    { /* void */ }

    if (end > p && end[-1] == ':') {
        last = end - 1;
    }

    if (p < last && *p == '[') {
        return last - p > 2 && last[-1] == ']'
               && secops_schema_is_ipv6(p + 1, last - p - 2);
    }

    return secops_schema_uri_chars(p, last, SECOPS_SCHEMA_NAME_CHAR);
}


/* only bytes of the set and %-escapes */

static int
secops_schema_uri_chars(const unsigned char *p, const unsigned char *last,
    unsigned set)
{
    for ( /* void */ ; p < last; p++) {

        if (*p != '%') {
            if (!(secops_schema_class(*p) & set)) {
                return 0;
            }

            continue;
        }

        if (last - p < 3
            || !(secops_schema_class(p[1]) & SECOPS_SCHEMA_HEX)
            || !(secops_schema_class(p[2]) & SECOPS_SCHEMA_HEX))
        {
            return 0;
        }

        p += 2;
    }

    return 1;
}


static unsigned
secops_schema_class(unsigned char c)
{
    unsigned char  lower;

    lower = c | 0x20;

    if (lower >= 'a' && lower <= 'z') {
        return SECOPS_SCHEMA_ALPHA | (lower <= 'f' ? SECOPS_SCHEMA_HEX : 0);
    }

    if (c >= '0' && c <= '9') {
        return SECOPS_SCHEMA_DIGIT|SECOPS_SCHEMA_HEX;
    }

    switch (c) {

    case '-': case '.': case '_': case '~':
        return SECOPS_SCHEMA_UNRESERVED;

    case '!': case '$': case '&': case '\'': case '(': case ')':
    case '*': case '+': case ',': case ';': case '=':
        return SECOPS_SCHEMA_SUB_DELIM;

    case '@': case ':':
        return SECOPS_SCHEMA_AT_COLON;

    case '/':
        return SECOPS_SCHEMA_SLASH;

    case '?':
        return SECOPS_SCHEMA_QUESTION;

    default:
        return 0;
    }
}


static int
secops_schema_is_uuid(const unsigned char *data, size_t len)
{
    size_t  i;

    if (len != 36) {
        return 0;
    }

    for (i = 0; i < len; i++) {

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (data[i] != '-') {
                return 0;
            }

            continue;
        }

        if (!(secops_schema_class(data[i]) & SECOPS_SCHEMA_HEX)) {
            return 0;
        }
    }

    return 1;
}


/* RFC 6901 */

static int
secops_schema_is_json_pointer(const unsigned char *data, size_t len)
{
    size_t  i;

    if (len && data[0] != '/') {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (data[i] == '~'
            && (++i == len || (data[i] != '0' && data[i] != '1')))
        {
            return 0;
        }
    }

    return 1;
}

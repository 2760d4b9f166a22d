
/*
 * libFuzzer target: the same with a hiredis of which nothing is known but what
 * it documents.
 */

#define NGX_SECOPS_HIREDIS_FIELDS  0

#include "ngx_redis_reply_fuzz.c"

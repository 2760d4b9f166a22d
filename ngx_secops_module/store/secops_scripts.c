
/* The scripts; see secops_scripts.h. */

#include <openssl/sha.h>

#include "store/secops_scripts.h"


const secops_script_t  secops_script_find = { "find", secops_slice(
    "local out = { redis.call('GET', KEYS[1]) or '0' }\n"
    "\n"
    "local function add(lookup, k, id)\n"
    "    local document = redis.call('HGET', KEYS[k], id)\n"
    "    if document then\n"
    "        out[#out + 1] = lookup\n"
    "        out[#out + 1] = id\n"
    "        out[#out + 1] = document\n"
    "        out[#out + 1] = redis.call('HGET', KEYS[k + 2], id) or ''\n"
    "    end\n"
    "end\n"
    "\n"
    "for i = 1, #ARGV, 3 do\n"
    "    local lookup = (i - 1) / 3\n"
    "    local k = 3 + 3 * tonumber(ARGV[i])\n"
    "    local by, what = ARGV[i + 1], ARGV[i + 2]\n"
    "\n"
    "    if by == 'all' then\n"
    "        for _, id in ipairs(redis.call('HKEYS', KEYS[k])) do\n"
    "            add(lookup, k, id)\n"
    "        end\n"
    "\n"
    "    elseif by == 'id' then\n"
    "        add(lookup, k, what)\n"
    "\n"
    "    else\n"
    "        local id = redis.call('HGET', KEYS[k + 1], what)\n"
    "        if id then\n"
    "            add(lookup, k, id)\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "return out\n"
) };


const secops_script_t  secops_script_commit = { "commit", secops_slice(
    "if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then\n"
    "    return 0\n"
    "end\n"
    "\n"
    "redis.call('INCR', KEYS[1])\n"
    "\n"
    "local i = 2\n"
    "\n"
    "while i <= #ARGV do\n"
    "    local last = i + 2 + tonumber(ARGV[i + 2])\n"
    "    redis.call(ARGV[i], KEYS[tonumber(ARGV[i + 1])],\n"
    "               unpack(ARGV, i + 3, last))\n"
    "    i = last + 1\n"
    "end\n"
    "\n"
    "return 1\n"
) };


const secops_script_t  secops_script_touch = { "touch", secops_slice(
    "local k = 3 + 3 * tonumber(ARGV[1])\n"
    "\n"
    "if redis.call('HEXISTS', KEYS[k], ARGV[2]) == 0 then\n"
    "    return 0\n"
    "end\n"
    "\n"
    "redis.call('HSET', KEYS[k + 2], ARGV[2], ARGV[3])\n"
    "\n"
    "return 1\n"
) };


void
secops_script_sha(const secops_script_t *script,
    unsigned char sha[SECOPS_SCRIPTS_SHA_LEN])
{
    size_t         i;
    unsigned char  bytes[SHA_DIGEST_LENGTH];

    static const char  hex[] = "0123456789abcdef";

    (void) SHA1(script->text.data, script->text.len, bytes);

    for (i = 0; i < SHA_DIGEST_LENGTH; i++) {
        sha[2 * i] = hex[bytes[i] >> 4];
        sha[2 * i + 1] = hex[bytes[i] & 0xf];
    }
}


/* The scripts; see secops_scripts.h. */

#include <openssl/sha.h>

#include "store/secops_scripts.h"


const secops_script_t  secops_script_find = { "find", secops_slice(
    "local out = {\n"
    "    redis.call('GET', KEYS[1]) or '0',\n"
    "    redis.call('GET', KEYS[3]) or ''\n"
    "}\n"
    "\n"
    "local function add(lookup, id, document, used)\n"
    "    out[#out + 1] = lookup\n"
    "    out[#out + 1] = id\n"
    "    out[#out + 1] = document\n"
    "    out[#out + 1] = used or ''\n"
    "end\n"
    "\n"
    "local function add_id(lookup, k, id)\n"
    "    local document = redis.call('HGET', KEYS[k], id)\n"
    "    if document then\n"
    "        add(lookup, id, document, redis.call('HGET', KEYS[k + 2], id))\n"
    "    end\n"
    "end\n"
    "\n"
    "local function add_all(lookup, k, text)\n"
    "    local all = redis.call('HGETALL', KEYS[k])\n"
    "    local times = redis.call('HGETALL', KEYS[k + 2])\n"
    "    local used = {}\n"
    "\n"
    "    for i = 1, #times, 2 do\n"
    "        used[times[i]] = times[i + 1]\n"
    "    end\n"
    "\n"
    "    for i = 1, #all, 2 do\n"
    "        if string.find(all[i + 1], text, 1, true) then\n"
    "            add(lookup, all[i], all[i + 1], used[all[i]])\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "for i = 1, #ARGV, 3 do\n"
    "    local lookup = (i - 1) / 3\n"
    "    local k = 5 + 3 * tonumber(ARGV[i])\n"
    "    local by, what = ARGV[i + 1], ARGV[i + 2]\n"
    "\n"
    "    if by == 'text' then\n"
    "        add_all(lookup, k, what)\n"
    "\n"
    "    elseif by == 'id' then\n"
    "        add_id(lookup, k, what)\n"
    "\n"
    "    else\n"
    "        local id = redis.call('HGET', KEYS[k + 1], what)\n"
    "        if id then\n"
    "            add_id(lookup, k, id)\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "return out\n"
) };


const secops_script_t  secops_script_commit = { "commit", secops_slice(
    "local now = redis.call('GET', KEYS[1]) or '0'\n"
    "\n"
    "local function number(revision)\n"
    "    return tonumber(string.match(revision, '^%d+'))\n"
    "end\n"
    "\n"
    "local n = number(ARGV[1]) + 1\n"
    "\n"
    "if now ~= ARGV[1] then\n"
    "    local token = redis.call('HGET', KEYS[4], n)\n"
    "\n"
    "    if token == ARGV[2] then\n"
    "        return 1\n"
    "    end\n"
    "\n"
    "    return (token or number(now) < n) and 0 or -1\n"
    "end\n"
    "\n"
    "redis.call('XLEN', KEYS[2])\n"
    "redis.call('HLEN', KEYS[4])\n"
    "\n"
    "for k = 5, #KEYS do\n"
    "    redis.call('HLEN', KEYS[k])\n"
    "end\n"
    "\n"
    "redis.call('SET', KEYS[1], n .. '-' .. ARGV[2])\n"
    "redis.call('HSET', KEYS[4], n, ARGV[2])\n"
    "redis.call('HDEL', KEYS[4], n - 100)\n"
    "\n"
    "if ARGV[3] ~= '' then\n"
    "    redis.call('SET', KEYS[3], ARGV[3])\n"
    "end\n"
    "\n"
    "local i = 4\n"
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
    "local k = 5 + 3 * tonumber(ARGV[1])\n"
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

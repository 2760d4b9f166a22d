-- Adds a record, unless there is one of the same fact.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local id, document, expire, keep = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local records, other = ARGV[5], ARGV[7]
local fact = ARGV[6] == '1' and KEYS[#KEYS]
local last = fact and #KEYS - 1 or #KEYS

if redis.call('STRLEN', KEYS[1]) > 0 then
    return { id }
end

local known = fact and redis.call('GET', fact)

if known and known ~= other then
    local len = redis.call('STRLEN', records .. known)

    if len > 65536 then
        return { known, '' }
    elseif len > 0 then
        return { known, redis.call('GET', records .. known) }
    end
end

redis.call('XLEN', KEYS[2])

for k = 3, last do
    redis.call('LLEN', KEYS[k])
end

local function set(key, value)
    if expire ~= '' then
        redis.call('SET', key, value, 'EX', expire)
    else
        redis.call('SET', key, value)
    end
end

redis.call('XADD', KEYS[2], unpack(ARGV, 8))
set(KEYS[1], document)

for k = 3, last do
    redis.call('LPUSH', KEYS[k], id)

    if keep == '0' then
        redis.call('PERSIST', KEYS[k])
    elseif keep ~= '' then
        redis.call('EXPIRE', KEYS[k], keep)
    end
end

if fact then
    set(fact, id)
end

return { id }

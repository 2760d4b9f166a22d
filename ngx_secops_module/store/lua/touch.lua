-- Notes that a resource was used, unless it is no more.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local k = 7 + 3 * tonumber(ARGV[1])

if redis.call('HEXISTS', KEYS[k], ARGV[2]) == 0 then
    return 0
end

redis.call('HSET', KEYS[k + 2], ARGV[2], ARGV[3])

return 1

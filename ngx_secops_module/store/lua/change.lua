-- Changes a record, provided that it is still the one that was read.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local len = redis.call('STRLEN', KEYS[1])

if len == 0 then
    return -1
end

if len ~= tonumber(ARGV[2])
   or redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1]
then
    return redis.call('GET', KEYS[1]) == ARGV[3] and 2 or 0
end

redis.call('XADD', KEYS[2], unpack(ARGV, 4))
redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')

return 1

-- Changes a record, provided that it is still the one that was read.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local now = redis.call('GET', KEYS[1])

if not now then
    return -1
end

if redis.sha1hex(now) ~= ARGV[1] then
    return now == ARGV[2] and 2 or 0
end

redis.call('XADD', KEYS[2], unpack(ARGV, 3))
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')

return 1

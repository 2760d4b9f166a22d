-- Stores what a processor decided on an event, and announces it.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local head = redis.call('GETRANGE', KEYS[1], 0, 1023)

if head == '' then
    return -1
end

local ingested = string.match(head, '"ingest_timestamp":(%d+)') or ''

if ARGV[1] ~= '' and ARGV[1] ~= ingested then
    return 0
end

local decision = ARGV[2] .. ingested .. ','

if redis.call('GETRANGE', KEYS[2], 0, #decision - 1) == decision then
    return 2
end

redis.call('XLEN', KEYS[3])
redis.call('XLEN', KEYS[4])

local left = redis.call('PTTL', KEYS[1])
local announced = 6 + tonumber(ARGV[5])

redis.call('XADD', KEYS[4], unpack(ARGV, announced))

if left > 0 then
    redis.call('SET', KEYS[2], decision .. ARGV[3], 'PX', left)
else
    redis.call('SET', KEYS[2], decision .. ARGV[3])
end

local words = { unpack(ARGV, 6, announced - 1) }

words[#words + 1] = 'ingest_timestamp'
words[#words + 1] = ingested

if ARGV[4] ~= '' then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', unpack(words))
else
    redis.call('XADD', KEYS[3], '*', unpack(words))
end

return 1

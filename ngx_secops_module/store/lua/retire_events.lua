-- Takes events that are over from a sorted set.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local events = KEYS[1]
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1] * 1000

local over = redis.call('ZCOUNT', events, '-inf', string.format('(%.0f', ms))
local n = math.min(over, tonumber(ARGV[2]))

if n > 0 then
    redis.call('ZREMRANGEBYRANK', events, 0, n - 1)
end

return n

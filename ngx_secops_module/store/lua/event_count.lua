-- Counts what a shard has of jobs' events.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local out = {}

for i = 1, #KEYS, 2 do
    local events = redis.call('ZCARD', KEYS[i])
    local told = redis.call('HMGET', KEYS[i + 1], 'feedback', 'last_feedback')
    local last = {}

    if events > 0 then
        last = redis.call('ZREVRANGE', KEYS[i], 0, 0, 'WITHSCORES')
    end

    out[#out + 1] = events
    out[#out + 1] = last[2] or ''
    out[#out + 1] = told[1] or ''
    out[#out + 1] = told[2] or ''
end

return out

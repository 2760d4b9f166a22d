-- The votes of the feedback on an event are where they belong: counts it.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local stored = redis.call('GET', KEYS[1])
local feedback = stored and cjson.decode(stored) or nil

if not feedback or feedback.n ~= ARGV[1] then
    return 0
end

if feedback.open == '' then
    return 1
end

local label, counted = feedback.label, feedback.counted
local last = redis.call('HGET', KEYS[2], 'last_feedback') or '0'

if counted == '' then
    redis.call('HINCRBY', KEYS[2], 'feedback', 1)
elseif counted ~= label then
    redis.call('HINCRBY', KEYS[2], 'label:' .. counted, -1)
end

if counted ~= label then
    redis.call('HINCRBY', KEYS[2], 'label:' .. label, 1)
end

-- milliseconds: three digits less
local time = string.sub(feedback.n, 1, -4)

if tonumber(time) > tonumber(last) then
    redis.call('HSET', KEYS[2], 'last_feedback', time)
end

if tonumber(feedback.gen) < tonumber(ARGV[2]) then
    feedback.gen = ARGV[2]
end

feedback.counted = label
feedback.old = ''
feedback.open = ''

redis.call('SET', KEYS[1], cjson.encode(feedback), 'KEEPTTL')

return 1

-- Makes size and references of what is there, in steps.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local now = redis.call('GET', KEYS[1]) or '0'
local total = 0

redis.call('ZCARD', KEYS[6])

for k = 7, #KEYS, 3 do
    total = total + redis.call('HLEN', KEYS[k])
end

local state = now .. ' ' .. total

if state ~= ARGV[1] .. ' ' .. ARGV[2] then
    return 0
end

if redis.call('HGET', KEYS[5], 'build') ~= state then

    if ARGV[3] ~= '1' then
        return 0
    end

    redis.call('DEL', KEYS[5])
    redis.call('UNLINK', KEYS[6])
    redis.call('HSET', KEYS[5], 'build', state)
end

for i = 5, #ARGV do
    redis.call('ZADD', KEYS[6], 0, ARGV[i])
end

if ARGV[4] ~= '' then
    redis.call('HSET', KEYS[5], 'state', state, 'bytes', ARGV[4])
end

return 1

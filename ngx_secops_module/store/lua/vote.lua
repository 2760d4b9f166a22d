-- Gives the vote of an event to its bucket, or takes it away.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local event, n, label, expire = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local generation = tonumber(ARGV[4])
local known = tonumber(redis.call('HGET', KEYS[1], 'gen') or '0')
local vote = redis.call('HGET', KEYS[2], event)
local was = ''

if vote then
    local last

    last, was = string.match(vote, '^(%d+) (.*)$')

    if tonumber(last) >= tonumber(n) then
        return math.max(known, generation)
    end
end

-- a training since: what was new then is in the model
if known < generation then
    local votes = redis.call('HGETALL', KEYS[1])

    for i = 1, #votes, 2 do
        local fresh = string.match(votes[i], '^new:(.*)$')

        if fresh then
            if redis.call('HINCRBY', KEYS[1], 'in:' .. fresh, votes[i + 1])
               == 0
            then
                redis.call('HDEL', KEYS[1], 'in:' .. fresh)
            end

            redis.call('HDEL', KEYS[1], votes[i])
        end
    end

    redis.call('HSET', KEYS[1], 'gen', generation)
    known = generation
end

local function count(which, by)
    if which ~= ''
       and redis.call('HINCRBY', KEYS[1], 'new:' .. which, by) == 0
    then
        redis.call('HDEL', KEYS[1], 'new:' .. which)
    end
end

count(was, -1)
count(label, 1)

redis.call('HSET', KEYS[2], event, n .. ' ' .. label)

for k = 1, 2 do
    if expire == '0' then
        redis.call('PERSIST', KEYS[k])
    elseif expire ~= '' then
        redis.call('EXPIRE', KEYS[k], expire)
    end
end

return known

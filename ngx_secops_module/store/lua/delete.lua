-- Deletes a record, provided that it is still the one that was read.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local len = redis.call('STRLEN', KEYS[1])

if len == 0 then
    return -1
end

if len ~= tonumber(ARGV[2])
   or redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1]
then
    return 0
end

-- util/secops_id.h: the time of an id, in milliseconds; of what is none, 0

local function time(id)
    local first = string.find(id, '^0[^0]') and 1 or 2
    return tonumber(string.sub(id, first, first + 11), 16) or 0
end

local id, mine, left = ARGV[3], time(ARGV[3]), 140000
local fact = ARGV[4] == '1' and KEYS[#KEYS]
local lists = fact and #KEYS - 1 or #KEYS

local function forget(list, n)
    if n == 0 or left == 0 then
        return
    end

    local middle = time(redis.call('LINDEX', list, math.floor(n / 2)))
    local rank = mine < middle and -1 or 1
    local last = redis.call('LINDEX', list, rank == 1 and left or -1 - left)

    if last and rank * mine < rank * time(last) then
        return
    end

    local at = redis.call('LPOS', list, id, 'RANK', rank, 'MAXLEN', left)
    local looked = not at and n or rank == 1 and at + 1 or n - at

    if at then
        redis.call('LREM', list, rank, id)
    end

    left = math.max(left - looked, 0)
end

local lens = {}

for k = 3, lists do
    lens[k] = redis.call('LLEN', KEYS[k])
end

local known = fact and redis.call('GET', fact)

redis.call('XADD', KEYS[2], unpack(ARGV, 5))
redis.call('UNLINK', KEYS[1])

if known == id then
    redis.call('UNLINK', fact)
end

for k = lists, 3, -1 do
    forget(KEYS[k], lens[k])
end

return 1

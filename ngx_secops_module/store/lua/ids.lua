-- Reads ids of a list of records, and sheds what is dead at its tail.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local list, records = KEYS[1], KEYS[2]
local at, oldest = ARGV[2], ARGV[3] == '1'
local skip, n, step = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

for _ = 1, tonumber(ARGV[1]) do
    local id = redis.call('LINDEX', list, -1)

    if not id
        or redis.call('EXISTS', records .. id) == 1
        or type(redis.pcall('RPOP', list)) == 'table'
    then
        break
    end
end

local len = redis.call('LLEN', list)

local function entry(i)
    return redis.call('LINDEX', list, oldest and -1 - i or i)
end

local function time(id)
    local first = string.find(id, '^0[^0]') and 1 or 2
    return tonumber(string.sub(id, first, first + 11), 16) or 0
end

local function comes_before(id, when)
    local t = time(id)

    if t == when then
        return id ~= at and (id < at) == oldest
    end

    return (t < when) == oldest
end

local function find(when)
    local low, high = 0, len

    while low < high do
        local middle = math.floor((low + high) / 2)

        if comes_before(entry(middle), when) then
            low = middle + 1
        else
            high = middle
        end
    end

    return low
end

local rank = -1
local begin = skip < 0 and len + skip or skip

if at ~= '' then
    rank = find(time(at))
    begin = rank - skip
end

if step == 0 then
    begin, step = 0, math.max(1, math.ceil(len / n))
end

begin = math.max(0, math.min(begin, len))
n = math.min(n, math.ceil((len - begin) / step))

local ids = {}

if step > 1 then
    for i = 1, n do
        ids[i] = entry(begin + (oldest and n - i or i - 1) * step)
    end

elseif n > 0 then
    local first = oldest and -begin - n or begin
    ids = redis.call('LRANGE', list, first, first + n - 1)
end

return { len, rank, begin, ids }

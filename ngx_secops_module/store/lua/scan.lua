-- Which records of a list come next, newest first, and how many fit.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local list, records = KEYS[1], KEYS[2]
local n, bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local from, to = tonumber(ARGV[4]), tonumber(ARGV[5])
local disorder, marks, around = 60000, 7, 8
local windows, window = 6, 500
local len = redis.call('LLEN', list)

local function time(id)
    local first = string.find(id, '^0[^0]') and 1 or 2
    return tonumber(string.sub(id, first, first + 11), 16) or 0
end

-- how many entries are newer than this time, or come before this id
local function find(when, id)
    local low, high = 0, len

    while low < high do
        local middle = math.floor((low + high) / 2)
        local other = redis.call('LINDEX', list, middle)
        local t = time(other)

        if t > when or t == when and id and other > id then
            low = middle + 1
        else
            high = middle
        end
    end

    return low
end

-- between what was read and what was not; if all marks of both were taken away,
-- where the newest of the former would be
local function go_on(begin)
    local read = marks - 1 + tonumber(ARGV[6])
    local mark, newest, place = {}, ARGV[marks], nil

    if begin > 0 and redis.call('LINDEX', list, begin - 1) == ARGV[read]
        or redis.call('LINDEX', list, begin) == ARGV[read + 1]
    then
        return begin
    end

    for i = marks, #ARGV do
        mark[ARGV[i]] = i <= read and 'read' or 'unread'

        if i <= read and time(ARGV[i]) > time(newest) then
            newest = ARGV[i]
        end
    end

    for first = math.max(0, begin - around), begin + 5000, 500 do
        local ids = redis.call('LRANGE', list, first, first + 499)

        if #ids == 0 then
            break
        end

        for i = 1, #ids do
            if mark[ids[i]] == 'read' then
                place = first + i

            elseif place or mark[ids[i]] then
                return place or first + i - 1
            end
        end
    end

    return place or math.max(begin, find(time(newest), newest))
end

local begin = 0

if ARGV[1] ~= '' then
    begin = go_on(math.max(0, len - tonumber(ARGV[1])))

elseif to then
    begin = find(to + disorder)
end

-- from begin on: the entries, how many of them were passed, whether that was all
-- that is wanted, and the records that fit
local function look(size)
    local ids = redis.call('LRANGE', list, begin, begin + size + around - 1)
    local passed, out = 0, {}

    for i = 1, math.min(size, #ids) do
        local t = (from or to) and time(ids[i])
        local length = 0

        if from and t < from - disorder then
            return ids, passed, true, out
        end

        if not (from and t < from or to and t > to) then
            length = redis.call('STRLEN', records .. ids[i])
        end

        if length > 0 then
            if bytes < length and #out > 0 or #out == n then
                break
            end

            bytes = bytes - length
            out[#out + 1] = ids[i]
        end

        passed = i
    end

    return ids, passed, false, out
end

-- the marks of what was passed must have no gap
local read, unread = {}, {}

local function mark(ids, passed)
    local last = {}

    for i = math.max(1, #read + passed - around + 1), #read do
        last[#last + 1] = read[i]
    end

    for i = math.max(1, passed - around + 1), passed do
        last[#last + 1] = ids[i]
    end

    read = last
end

-- entries of which none is wanted are passed by, many at a time: where records
-- come fast, a minute of them may stand before the first
local ids, passed, done, out = look(n)
local before = 0

mark(ids, passed)

for _ = 1, windows do
    if done or #out > 0 or passed == 0 or begin + passed >= len then
        break
    end

    before = before + passed
    begin = begin + passed
    ids, passed, done, out = look(window)
    mark(ids, passed)
end

local left = done and 0 or math.max(0, len - begin - passed)

if left > 0 then
    for i = passed + 1, math.min(passed + around, #ids) do
        unread[#unread + 1] = ids[i]
    end
else
    read = {}
end

return { left, before + passed, read, unread, out }

-- Takes entries of records that are over from the tail of a list.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local list, records = KEYS[1], KEYS[2]
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1] * 1000
local first = math.max(0, ms)

-- twelve digits, in two halves: not every Lua has integers of 64 bits
local oldest = string.format('%06x%06x', math.floor(first / 0x1000000),
                             first % 0x1000000)

-- util/secops_id.h: an id of the old form has its shard before its time
local function over(id)
    local one, two = string.byte(id, 1, 2)
    local time = one == 48 and two ~= 48 and id or string.sub(id, 2)
    return time < oldest
end

local ids = redis.call('LRANGE', list, -ARGV[2], -1)
local gone, n = {}, 0

for i = #ids, 1, -1 do
    local record = records .. ids[i]

    if over(ids[i]) then
        gone[#gone + 1] = record

    elseif redis.call('EXISTS', record) == 1 then
        break
    end

    n = n + 1
end

if #gone > 0 then
    redis.call('UNLINK', unpack(gone))
end

if n > 0 then
    redis.call('LTRIM', list, 0, -n - 1)
end

return n

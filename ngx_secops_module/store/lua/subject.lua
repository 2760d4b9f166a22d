-- Reads what several tables know about one subject.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local most, steps = tonumber(ARGV[1]), tonumber(ARGV[2])
local bytes = tonumber(ARGV[3])
local total, lists, out = {}, 0, {}

for k = 1, #KEYS do
    total[k] = redis.call('LLEN', KEYS[k])

    if total[k] > 0 then
        lists = lists + 1
    end
end

local function time(id)
    if string.find(id, '^0[^0]') then
        return string.sub(id, 1, 12)
    end

    return string.sub(id, 2, 13)
end

local function oldest(key, records)
    local tail = redis.call('LRANGE', key, -16, -1)

    for j = #tail, 1, -1 do
        if redis.call('STRLEN', records .. tail[j]) > 0 then
            return tail[j]
        end
    end

    return ''
end

local function read(key, left)
    local len = redis.call('STRLEN', key)

    if len == 0 then
        return false
    end

    return len <= left and redis.call('GET', key) or ''
end

for k = 1, #KEYS do
    local records, since = ARGV[2 + 2 * k], ARGV[3 + 2 * k]
    local head = #out
    local n = 0

    out[head + 1] = total[k]
    out[head + 2] = ''

    if total[k] > 0 then
        local share = math.max(1, math.floor(steps / lists))
        local left = bytes / lists
        local ids = redis.call('LRANGE', KEYS[k], 0,
                               math.min(most, share) - 1)

        lists = lists - 1

        for j = 1, #ids do
            local document = read(records .. ids[j], left)

            n = n + 1
            out[head + 2 + 2 * n] = ids[j]
            out[head + 3 + 2 * n] = document

            if document then
                left = left - #document
                bytes = bytes - #document
            end

            if time(ids[j]) < since then
                break
            end
        end

        steps = steps - n

        if n < total[k] then
            out[head + 2] = oldest(KEYS[k], records)
        end
    end

    out[head + 3] = n
end

return out

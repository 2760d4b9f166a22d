-- Which events of a job come next, newest first, and what decides on each.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local events, since = KEYS[1], tonumber(ARGV[3])
local n, bytes, head = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

-- as Redis has them in order, whatever language it runs in
local function below(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = string.byte(a, i), string.byte(b, i)

        if x ~= y then
            return x < y
        end
    end

    return #a < #b
end

local function find(time, id)
    local low = redis.call('ZCOUNT', events, '(' .. time, '+inf')
    local high = low + redis.call('ZCOUNT', events, time, time)

    while low < high do
        local middle = math.floor((low + high) / 2)

        if below(redis.call('ZREVRANGE', events, middle, middle)[1], id) then
            high = middle
        else
            low = middle + 1
        end
    end

    return low
end

local begin = ARGV[1] == '' and 0 or find(ARGV[1], ARGV[2])
local found = redis.call('ZREVRANGE', events, begin, begin + n - 1,
                         'WITHSCORES')
local out = { #found == 2 * n and '1' or '0' }

for i = 1, #found, 2 do
    local id, time = found[i], found[i + 1]

    if tonumber(time) < since then
        out[1] = '0'
        break
    end

    if bytes <= 0 then
        out[1] = '1'
        break
    end

    out[#out + 1] = id
    out[#out + 1] = time
    out[#out + 1] = redis.call('GETRANGE', KEYS[2] .. id, 0, head - 1)

    for k = 3, 4 do
        out[#out + 1] = redis.call('GET', KEYS[k] .. id) or ''
    end

    for k = #out - 2, #out do
        bytes = bytes - #out[k]
    end
end

return out

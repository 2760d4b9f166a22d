-- Reads resources and the revision they are of.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local now = redis.call('GET', KEYS[1]) or '0'
local left, steps = tonumber(ARGV[2]), tonumber(ARGV[3])
local first, from = string.match(ARGV[1], '^(%d+) (.*)$')
local total, listed = 0, 0

for k = 7, #KEYS, 3 do
    total = total + redis.call('HLEN', KEYS[k])
end

for i = 4, #ARGV, 3 do
    if ARGV[i + 1] == 'all' then
        listed = listed
                 + redis.call('HLEN', KEYS[7 + 3 * tonumber(ARGV[i])])
    end
end

local known = redis.call('HMGET', KEYS[5], 'state', 'bytes')
local size = known[1] == now .. ' ' .. total and known[2]
             or total == 0 and '0'
             or ''

local out = {
    now, redis.call('GET', KEYS[3]) or '', size, total, listed, ''
}

local function add(lookup, k, id, document)
    out[#out + 1] = lookup
    out[#out + 1] = id
    out[#out + 1] = document
    out[#out + 1] = redis.call('HGET', KEYS[k + 2], id) or ''
    left = left - #document
end

local function add_id(lookup, k, id)
    local document = redis.call('HGET', KEYS[k], id)
    if document then
        add(lookup, k, id, document)
    end
end

local function add_all(lookup, k, at)
    repeat
        if left <= 0 or steps <= 0 then
            return at
        end

        local page = redis.call('HSCAN', KEYS[k], at, 'COUNT', 1)
        at = page[1]
        steps = steps - 1

        for j = 1, #page[2], 2 do
            add(lookup, k, page[2][j], page[2][j + 1])
        end
    until at == '0'
end

local function add_refs(lookup, k, what, at)
    if left <= 0 or steps <= 0 then
        return at
    end

    steps = steps - 1

    local last = string.gsub(what, ':$', ';')
    local list = redis.call('ZRANGEBYLEX', KEYS[6], at, '(' .. last,
                            'LIMIT', 0, steps + 1)

    for j = 1, #list do
        if left <= 0 or steps <= 0 then
            return '[' .. list[j]
        end

        add_id(lookup, k, string.sub(list[j], #what + 1))
        steps = steps - 1
    end
end

for i = 4 + 3 * tonumber(first or 0), #ARGV, 3 do
    local lookup = (i - 4) / 3
    local k = 7 + 3 * tonumber(ARGV[i])
    local by, what = ARGV[i + 1], ARGV[i + 2]
    local rest

    if by == 'all' then
        rest = add_all(lookup, k, from or '0')

    elseif by == 'refs' then
        rest = add_refs(lookup, k, what, from or '[' .. what)

    elseif left <= 0 or steps <= 0 then
        rest = ''

    else
        local id = what

        if by == 'title' then
            id = redis.call('HGET', KEYS[k + 1], what)
        end

        if id then
            add_id(lookup, k, id)
        end

        steps = steps - 1
    end

    if rest then
        out[6] = lookup .. ' ' .. rest
        break
    end

    from = nil
end

return out

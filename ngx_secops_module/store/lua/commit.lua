-- Makes changes, provided that nobody has made any since.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local now = redis.call('GET', KEYS[1]) or '0'

local function number(revision)
    return tonumber(string.match(revision, '^%d+'))
end

local n = number(ARGV[1]) + 1

if now ~= ARGV[1] then
    local token = redis.call('HGET', KEYS[4], n)

    if token == ARGV[2] then
        return 1
    end

    return (token or number(now) < n) and 0 or -1
end

redis.call('XLEN', KEYS[2])
redis.call('HLEN', KEYS[4])
redis.call('ZCARD', KEYS[6])

local total = 0

for k = 7, #KEYS do
    local len = redis.call('HLEN', KEYS[k])
    if k % 3 == 1 then
        total = total + len
    end
end

local known = redis.call('HMGET', KEYS[5], 'state', 'bytes')
local bytes = tonumber(known[2])

if total == 0 then
    bytes = 0

elseif known[1] ~= now .. ' ' .. total or not bytes then
    return 0
end

local more, wanted, growth = 0, 0, 0
local i = 8

for j = 1, tonumber(ARGV[7]) do
    local k = tonumber(ARGV[i])
    local old = redis.call('HSTRLEN', KEYS[k], ARGV[i + 1])
    local len = tonumber(ARGV[i + 2])

    if len > tonumber(ARGV[6]) and len > old then
        return -4
    end

    if old == 0 or len == 0 then
        more = more + (len > 0 and 1 or old > 0 and -1 or 0)
    end

    if old == 0 or k ~= 7 then
        wanted = wanted + len - old
    end

    growth = growth + len - old
    i = i + 3
end

if more > 0 and total + more > tonumber(ARGV[4]) then
    return -2
end

if wanted > 0 and bytes + growth > tonumber(ARGV[5]) then
    return -3
end

if total == 0 then
    redis.call('UNLINK', KEYS[6])
end

local revision = n .. '-' .. ARGV[2]

redis.call('SET', KEYS[1], revision)
redis.call('HSET', KEYS[4], n, ARGV[2])
redis.call('HDEL', KEYS[4], n - 100)
redis.call('HSET', KEYS[5], 'state', revision .. ' ' .. total + more,
           'bytes', string.format('%.0f', bytes + growth))

if ARGV[3] ~= '' then
    redis.call('SET', KEYS[3], ARGV[3])
end

while i <= #ARGV do
    local last = i + 2 + tonumber(ARGV[i + 2])
    redis.call(ARGV[i], KEYS[tonumber(ARGV[i + 1])],
               unpack(ARGV, i + 3, last))
    i = last + 1
end

return 1

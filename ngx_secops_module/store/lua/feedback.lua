-- Stores the feedback on an event; the votes follow.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local label, generation, token = ARGV[1], ARGV[4], ARGV[5]
local head = redis.call('GETRANGE', KEYS[1], 0, 1023)

if head == '' then
    return {}
end

local digest = string.match(head, '"bucket":"(%x*)"') or ''
local stored = redis.call('GET', KEYS[2])
local was = stored and cjson.decode(stored) or nil

if was and was.token == token then
    return { '1', was.n, was.digest, was.old, was.label, was.gen }
end

local now = redis.call('TIME')
local n = tonumber(now[1]) * 1000000 + tonumber(now[2])
local old, model, model_digest, counted = '', '', '', ''

if was then
    n = math.max(n, tonumber(was.n) + 1)
    counted = was.counted

    if was.digest ~= digest then
        old = was.digest
    end

    -- the vote may still be in a third bucket: that comes first
    if was.open ~= '' and was.old ~= '' and was.old ~= digest then
        if old ~= '' then
            return { '0', was.n, was.digest, was.old, was.label, was.gen }
        end

        old = was.old
    end

    if tonumber(was.gen) < tonumber(generation) then
        model, model_digest = was.label, was.digest
    else
        model, model_digest = was.model, was.model_digest
    end
end

n = string.format('%.0f', n)

local feedback = cjson.encode({
    n = n, label = label, user = ARGV[2], notes = ARGV[3], gen = generation,
    token = token, digest = digest, old = old, model = model,
    model_digest = model_digest, counted = counted, open = '1'
})

redis.call('XLEN', KEYS[3])

local left = redis.call('PTTL', KEYS[1])

redis.call('XADD', KEYS[3], unpack(ARGV, 6))

if left > 0 then
    redis.call('SET', KEYS[2], feedback, 'PX', left)
else
    redis.call('SET', KEYS[2], feedback)
end

return { '1', n, digest, old, label, generation }

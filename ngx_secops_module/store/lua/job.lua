-- Reads a job, the inputs that may have keys, and the revision they are of.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local most, longest = 256, 16384
local head = '{{integrations(internal_id='

local out = { redis.call('GET', KEYS[1]) or '0' }
local document = redis.call('HGET', KEYS[2], ARGV[1])

if not document then
    return out
end

out[2] = document

local seen, n, at = {}, 0, 1

while n < most do
    local first, last = string.find(document, head, at, true)

    if not first then
        break
    end

    at = last + 1

    local id = string.match(document, '^(%d+)%)', at)

    if id and not seen[id] then
        seen[id] = true
        n = n + 1

        local len = redis.call('HSTRLEN', KEYS[3], id)

        if len > 0 and len <= longest then
            local input = redis.call('HGET', KEYS[3], id)

            if string.find(input, '{{api_keys(', 1, true) then
                out[#out + 1] = id
                out[#out + 1] = input
            end
        end
    end
end

return out

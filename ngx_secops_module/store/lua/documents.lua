-- Reads the documents of ids.
-- KEYS, ARGV and the answer: store/secops_scripts.h

local bytes = tonumber(ARGV[1])
local out = {}

for i = 2, #ARGV do
    local document = redis.call('GET', KEYS[1] .. ARGV[i])

    out[i - 1] = document
    bytes = bytes - (document and #document or 0)

    if bytes <= 0 then
        break
    end
end

return out

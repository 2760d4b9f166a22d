-- What wrk sends.  bench/lib/Bench/Load.pm sets the environment:
--
--   BENCH_KIND      post, batch or get
--   BENCH_LINES     a file: one JSON body a line, or one path a line for get
--   BENCH_HEADERS   a file: one "Name: value" a line
--   BENCH_BATCH     records in one batch
--   BENCH_SUBJECTS  so many different observables, at random, instead of the
--                   64 of the bodies
--   BENCH_DELAY     mean wait of a connection between answer and next request,
--                   in milliseconds: uniform from 0 to twice that
--   BENCH_STATUS    the status that every answer must have; looking at each
--                   costs wrk time, so for the warm-up only
--
-- At the end one line "BENCH name=value ...".

local kind = os.getenv("BENCH_KIND")
local batch = tonumber(os.getenv("BENCH_BATCH") or 1)
local subjects = tonumber(os.getenv("BENCH_SUBJECTS"))
local mean = tonumber(os.getenv("BENCH_DELAY"))
local expected = tonumber(os.getenv("BENCH_STATUS"))

local threads = {}
local requests, last = {}, 0

-- read by done() from each thread
good, bad, odd = 0, 0, 0


local function headers()
    local found = {}

    for line in io.lines(os.getenv("BENCH_HEADERS")) do
        local name, value = line:match("^([^:]+): (.*)$")
        found[name] = value
    end

    return found
end


local function lines()
    local found = {}

    for line in io.lines(os.getenv("BENCH_LINES")) do
        found[#found + 1] = line
    end

    return found
end


local function batches(bodies, head)
    for first = 1, 4 do
        local records = {}

        for i = 1, batch do
            records[i] = bodies[(first * 16 + i) % #bodies + 1]
        end

        requests[first] = wrk.format("POST", nil, head,
            '{"data":[' .. table.concat(records, ",") .. "]}")
    end
end


-- the number in "host-0000007.example.net": all of one length

local function split(request)
    local before, after = request:match('^(.-"host%-)%d%d%d%d%d%d%d(.*)$')
    return { before, after }
end


function setup(thread)
    threads[#threads + 1] = thread
    thread:set("number", #threads)
end


function init()
    local head, all = headers(), lines()

    math.randomseed(number * 7919)

    if kind == "batch" then
        batches(all, head)
        return
    end

    for i, line in ipairs(all) do
        requests[i] = kind == "get" and wrk.format("GET", line, head)
                      or wrk.format("POST", nil, head, line)

        if subjects then
            requests[i] = split(requests[i])
        end
    end

    -- the threads do not walk in step
    last = (number - 1) * 29 % #requests
end


function request()
    last = last % #requests + 1

    if subjects then
        local parts = requests[last]
        local subject = math.random(0, subjects - 1)
        return string.format("%s%07d%s", parts[1], subject, parts[2])
    end

    return requests[last]
end


if mean then
    function delay()
        return math.floor(math.random() * 2 * mean + 0.5)
    end
end


if expected then
    function response(status)
        if status == expected then
            good = good + 1
        else
            bad = bad + 1
            odd = status
        end
    end
end


function done(summary, latency)
    local errors = summary.errors
    local sums = { good = 0, bad = 0, odd = 0 }

    for _, thread in ipairs(threads) do
        sums.good = sums.good + thread:get("good")
        sums.bad = sums.bad + thread:get("bad")
        sums.odd = math.max(sums.odd, thread:get("odd"))
    end

    io.write(string.format("BENCH requests=%d us=%d p50=%d p99=%d errors=%d "
        .. "good=%d bad=%d odd=%d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout
        + errors.status, sums.good, sums.bad, sums.odd))
end

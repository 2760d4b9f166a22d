-- The job in nginx + lua: one connection of the pool for each request, the
-- whole transaction in one write.

local cjson = require "cjson.safe"
local redis = require "nginx.redis"

local encode, decode = cjson.encode, cjson.decode
local type, gmatch = type, string.gmatch

local role = "sn_sec_cmn.api_write"
local mandatory = { "observable", "finding", "source_engine" }

local address = os.getenv("BENCH_REDIS")        -- unix:/path


local function answer(status, body)
    ngx.status = status
    ngx.header.content_length = #body
    ngx.print(body)
    return ngx.exit(ngx.OK)
end


local function refuse(status, message, detail)
    return answer(status, encode({
        error = { message = message, detail = detail },
        status = "failure",
    }))
end


local function may_write(roles)
    if roles == role then
        return true
    end

    for name in gmatch(roles or "", "[^, \t]+") do
        if name == role then
            return true
        end
    end

    return false
end


local function read()
    ngx.req.read_body()

    local body = ngx.req.get_body_data()
    local record = body and decode(body)

    return type(record) == "table" and record or nil
end


local function missing(record)
    for i = 1, #mandatory do
        local value = record[mandatory[i]]

        if type(value) ~= "string" or value == "" then
            return mandatory[i]
        end
    end
end


local function store(id, user, text)
    local link = redis:new()

    link:set_timeout(2000)

    local ok, why = link:connect(address)
    if not ok then
        return nil, why
    end

    link:init_pipeline(5)
    link:multi()
    link:set("rec:" .. id, text)
    link:zadd("idx", ngx.now() * 1000, id)
    link:xadd("audit", "MAXLEN", "~", 100000, "*", "user", user, "action",
              "create", "id", id)
    link:exec()

    local replies, err = link:commit_pipeline()
    local done = replies and replies[5]

    -- each of the three: EXEC answers a list even when one of them failed
    if type(done) ~= "table" or done[1] ~= "OK" or type(done[2]) ~= "number"
        or type(done[3]) ~= "string"
    then
        link:close()
        return nil, err or "transaction failed"
    end

    link:set_keepalive(60000, 256)
    return true
end


local _M = {}


function _M.create()
    local var = ngx.var

    if not may_write(var.http_x_secops_roles) then
        return refuse(403, "Insufficient access", role .. " is needed")
    end

    local record = read()
    if not record then
        return refuse(400, "Invalid post body", "no JSON object")
    end

    local name = missing(record)
    if name then
        return refuse(400, "Mandatory fields missing: " .. name)
    end

    local id = var.request_id       -- 16 random bytes in hexadecimal
    local user = var.http_x_secops_user or "guest"

    record.sys_id = id
    record.sys_created_by = user
    record.sys_created_on = ngx.utctime()
    record.sys_domain = var.http_x_secops_domain or "global"

    local text = encode(record)
    local stored, why = store(id, user, text)

    if not stored then
        return refuse(503, "Unable to persist record", why)
    end

    return answer(201, text)
end


return _M

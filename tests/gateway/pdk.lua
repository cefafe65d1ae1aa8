-- The part of Kong that kong/*.lua use, for LuaJIT: runs functions of kong.yml as one worker of Kong does.
-- stdin: {codes = {TEXT, ...}, requests = {...}} as Lua. stdout: what became of each request, a JSON object a line.
local input = assert(loadstring("return " .. io.read("*a")))()

local now
local exited = {}
local balancer = {replicas = {}}
-- Names of headers are the same in small letters and in capitals.
local function set(headers, name, value)
  for known in pairs(headers) do
    if known:lower() == name:lower() then
      headers[known] = nil
    end
  end
  headers[name] = value
end
local function get(headers, name)
  for known, value in pairs(headers) do
    if known:lower() == name:lower() then
      return value
    end
  end
end
local kong = {
  client = {get_consumer = function() return now.consumer end},
  log = {err = error},
  ctx = {shared = setmetatable({}, {
    __index = function(_, name) return now.shared[name] end,
    __newindex = function(_, name, value) now.shared[name] = value end,
  })},
  request = {
    get_method = function() return now.method end,
    get_header = function(name) return get(now.headers, name) end,
    get_headers = function()
      return setmetatable({}, {__index = function(_, name) return get(now.headers, name) end})
    end,
    get_path = function() return now.path end,
    get_scheme = function() return now.scheme end,
  },
  response = {
    exit = function(status, body, headers)
      now.status, now.answer, now.said = status, headers or {}, body or {}
      error(exited)
    end,
    get_source = function() return now.source end,
    get_status = function() return now.status end,
    get_header = function(name) return now.answer[name] end,
    set_header = function(name, value) now.answer[name] = value end,
    clear_header = function(name) now.answer[name] = nil end,
    get_raw_body = function() return now.body end,
    set_raw_body = function(body) now.body = body end,
  },
  router = {
    get_service = function() return now.service end,
    get_route = function() return now.route end,
  },
  service = {
    request = {
      clear_header = function(name) set(now.headers, name, nil) end,
      set_header = function(name, value) set(now.headers, name, value) end,
    },
    set_upstream = function(name) now.upstream = name return true end,
  },
}
-- nginx's variables: only those that are there can be set.
local var = setmetatable({}, {
  __index = function(_, name) return now.variables[name] end,
  __newindex = function(_, name, value)
    assert(now.variables[name], name .. " is not a variable")
    now.variables[name] = value
  end,
})

-- As ngx.decode_base64: nil where it is not.
local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function decode_base64(text)
  if #text % 4 ~= 0 or not text:find("^[%w+/]*=?=?$") then
    return nil
  end
  local bytes = text:gsub("....", function(four)
    local number, padding = 0, select(2, four:gsub("=", ""))
    for letter in four:gmatch(".") do
      number = number * 64 + ((letters:find(letter, 1, true) or 1) - 1)
    end
    local three = string.char(math.floor(number / 65536), math.floor(number / 256) % 256, number % 256)
    return three:sub(1, 3 - padding)
  end)
  return bytes
end

-- What Kong's balancer has chosen for the request: `replica` names an address of a target.
local function balancer_data()
  if not now.replica then
    return nil
  end
  local known = balancer.replicas[now.replica] or {weight = now.weight, target = {weight = now.weight}}
  balancer.replicas[now.replica] = known
  return {balancer = balancer, balancer_handle = {address = known}}
end
local ctx = setmetatable({}, {__index = function(_, name) return name == "balancer_data" and balancer_data() or nil end})

-- What Kong's sandbox lets a function see.
local sandbox = {kong = kong, ngx = {var = var, ctx = ctx, time = os.time, decode_base64 = decode_base64}, string = string, table = table}
sandbox.math = {random = math.random, floor = math.floor, max = math.max, min = math.min}
for _, name in ipairs({"assert", "error", "ipairs", "next", "pairs", "pcall", "select", "tonumber", "tostring", "type"}) do
  sandbox[name] = _G[name]
end
-- What docker-entrypoint.sh adds to it.
function sandbox.require(name)
  assert(name == "cjson.safe", name)
  return require(name)
end

local function json(value)
  if type(value) == "table" then
    local members = {}
    for name, member in pairs(value) do
      members[#members + 1] = json(tostring(name)) .. ":" .. json(member)
    end
    return "{" .. table.concat(members, ",") .. "}"
  end
  if type(value) == "string" then
    return '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
  end
  return tostring(value)
end

local calls = {}
for number, code in ipairs(input.codes) do
  calls[number] = setfenv(assert(loadstring(code)), sandbox)()
end
for _, request in ipairs(input.requests) do
  now = request
  for _, call in ipairs(calls) do
    local ok, err = pcall(call)
    if err == exited then
      break
    end
    assert(ok, err)
  end
  now.weight = now.replica and ("%.17g"):format(balancer.replicas[now.replica].weight)
  print(json(now))
end

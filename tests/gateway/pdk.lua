-- The part of Kong that kong/*.lua use, for LuaJIT: runs one function of kong.yml as one worker of Kong does.
-- stdin: {code = TEXT, requests = {...}} as Lua. stdout: what became of each request, a JSON object a line.
local input = assert(loadstring("return " .. io.read("*a")))()

local now
local kong = {
  client = {get_consumer = function() return now.consumer end},
  log = {err = error},
  request = {
    get_method = function() return now.method end,
    get_path = function() return now.path end,
    get_scheme = function() return now.scheme end,
  },
  response = {
    exit = function(status, _, headers) now.status, now.answer = status, headers or {} end,
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
    request = {clear_header = function(name) now.headers[name] = nil end},
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

-- What Kong's sandbox lets a function see.
local sandbox = {kong = kong, ngx = {var = var}, string = string, table = table}
sandbox.math = {random = math.random, floor = math.floor, max = math.max, min = math.min}
for _, name in ipairs({"assert", "error", "ipairs", "next", "pairs", "pcall", "select", "tonumber", "tostring", "type"}) do
  sandbox[name] = _G[name]
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

local call = setfenv(assert(loadstring(input.code)), sandbox)()
for _, request in ipairs(input.requests) do
  now = request
  call()
  print(json(now))
end

-- One operation under load, for wrk. The environment says which:
--   OPERATION  create_user, update_user, create_order or list_orders
--   TAG        makes the e-mail addresses of this run its own
--   USERS      a file of user ids, one a line
--   HEADERS    set: each request has a key of its own, and each PUT demands a state
-- The last line of the output is JSON: requests, microseconds, p50 and p99 in microseconds, failed.

local operation, tag = os.getenv("OPERATION"), os.getenv("TAG")
local headers = {["Content-Type"] = "application/json"}
local users, number = {}, 0
for id in io.lines(os.getenv("USERS")) do users[#users + 1] = id end

local function address()
  return string.format(
    '{"street":"%d Technology Boulevard","city":"San Francisco","state":"CA",'
    .. '"postalCode":"94107","country":"USA"}', number)
end

local function email(name)
  return string.format("%s.%s.%d@example.com", name, tag, number)
end

local requests = {
  create_user = function()
    return wrk.format("POST", "/users/", headers, string.format(
      '{"firstName":"Jane","lastName":"Smith","emails":["%s"],"deliveryAddress":%s,'
      .. '"phoneNumber":"14155551234"}', email("jane"), address()))
  end,
  update_user = function()
    return wrk.format("PUT", "/users/" .. users[number % #users + 1], headers, string.format(
      '{"emails":["%s","%s"],"deliveryAddress":%s}', email("home"), email("work"), address()))
  end,
  create_order = function()
    return wrk.format("POST", "/orders/", headers, string.format(
      '{"userId":"%s","items":[{"itemId":"item001","quantity":2,"price":29.99},'
      .. '{"itemId":"item002","quantity":1,"price":49.99}],"userEmails":["%s"],'
      .. '"deliveryAddress":%s,"orderStatus":"under process"}',
      users[number % #users + 1], email("jane"), address()))
  end,
  list_orders = function()
    return wrk.format("GET", "/orders/?status=under%20process&limit=20")
  end,
}

local has_headers = os.getenv("HEADERS") ~= nil
if has_headers and operation == "update_user" then headers["If-Match"] = "*" end

function request()
  number = number + 1
  if has_headers then headers["Idempotency-Key"] = string.format("%s-%032d", tag, number) end
  return requests[operation]()
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), failed))
end

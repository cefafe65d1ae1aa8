-- The split. Each worker of Kong counts for itself and spreads evenly: of any 100 requests in a row, P go to version 1.
-- They begin anywhere, lest all workers begin alike. A caller that may ask for a version gets it, and is not counted.
local percent = tonumber("${USER_SERVICE_V1_WEIGHT}")
local callers = ",${VERSION_CALLERS},"
local due = math.random(0, 99)
local upstreams = {v1 = "user_service_v1_upstream", v2 = "user_service_v2_upstream"}

local function may_ask(consumer)
  local name = consumer and consumer.username
  return string.find(callers, ",*,", 1, true) or name and string.find(callers, "," .. name .. ",", 1, true)
end

return function()
  local service = kong.router.get_service()
  if not service or service.name ~= "kong_user_service" then
    return
  end
  local version = kong.request.get_header("X-Service-Version")
  if version and not may_ask(kong.client.get_consumer()) then
    return kong.response.exit(403, {message = "problem:version-not-allowed"})
  end
  if version and not upstreams[version] then
    return kong.response.exit(400, {message = "problem:unknown-version"})
  end
  if not version then
    due, version = due + percent, "v2"
    if due >= 100 then
      due, version = due - 100, "v1"
    end
    kong.ctx.shared.gateway_split = version
  end
  local ok, err = kong.service.set_upstream(upstreams[version])
  if not ok then
    kong.log.err(err)
  end
end

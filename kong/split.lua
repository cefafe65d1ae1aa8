-- The split. Each worker of Kong counts for itself and spreads evenly: of any 100 requests in a row, P go to the first version.
-- They begin anywhere, lest all workers begin alike. A caller that may ask for a version gets it, and is not counted.
local percent = tonumber("${SPLIT_WEIGHT}")
local callers = ",${VERSION_CALLERS},"
local due = math.random(0, 99)
local first, rest = "${SPLIT_FIRST}", "${SPLIT_REST}"
local upstreams = {[first] = "${SPLIT_SERVICE}_" .. first .. "_upstream", [rest] = "${SPLIT_SERVICE}_" .. rest .. "_upstream"}

local function may_ask(consumer)
  local name = consumer and consumer.username
  return string.find(callers, ",*,", 1, true) or name and string.find(callers, "," .. name .. ",", 1, true)
end

return function()
  local service = kong.router.get_service()
  if not service or service.name ~= "kong_${SPLIT_SERVICE}" then
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
    due, version = due + percent, rest
    if due >= 100 then
      due, version = due - 100, first
    end
    kong.ctx.shared.gateway_split = version
  end
  local ok, err = kong.service.set_upstream(upstreams[version])
  if not ok then
    kong.log.err(err)
  end
end

-- The splits. Each worker of Kong counts for itself and spreads evenly: of any 100 requests in a row, P go to the first version.
-- They begin anywhere, lest all workers begin alike. A caller that may ask for a version gets it, and is not counted.
local splits = {${SPLITS}}
local callers = ",${VERSION_CALLERS},"
for service, split in pairs(splits) do
  split.due, split.upstreams, split.processes = math.random(0, 99), {}, {}
  for _, version in ipairs({split.first, split.rest}) do
    split.upstreams[version] = string.sub(service, #"kong_" + 1) .. "_" .. version .. "_upstream"
    split.processes[version] = split.name .. "-" .. version
  end
end

local function may_ask(consumer)
  local name = consumer and consumer.username
  return string.find(callers, ",*,", 1, true) or name and string.find(callers, "," .. name .. ",", 1, true)
end

return function()
  local service = kong.router.get_service()
  local split = service and splits[service.name]
  if not split then
    return
  end
  local version = kong.request.get_header("X-Service-Version")
  if version and not may_ask(kong.client.get_consumer()) then
    return kong.response.exit(403, {message = "problem:version-not-allowed"})
  end
  if version and not split.upstreams[version] then
    return kong.response.exit(400, {message = "problem:unknown-version"})
  end
  if not version then
    split.due, version = split.due + split.percent, split.rest
    if split.due >= 100 then
      split.due, version = split.due - 100, split.first
    end
    kong.ctx.shared.gateway_split = split.processes[version]
  end
  local ok, err = kong.service.set_upstream(split.upstreams[version])
  if not ok then
    kong.log.err(err)
  end
end

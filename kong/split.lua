-- The splits. Each worker of Kong counts for itself and spreads evenly: of any 100 requests in a row, P go to the first version.
-- They begin anywhere, lest all workers begin alike. A caller that may ask for a version gets it, and is not counted.
local splits = {${SPLITS}}
local callers = ",${VERSION_CALLERS},"

-- Which upstream a request goes to that asks for a version, or for none; nil where there is no such version.
local function chooser(service, split)
  local percent, due = split.percent, math.random(0, 99)
  local prefix = string.sub(service, #"kong_" + 1) .. "_"
  local first, rest = prefix .. split.first .. "_upstream", prefix .. split.rest .. "_upstream"
  local first_process, rest_process = split.name .. "-" .. split.first, split.name .. "-" .. split.rest
  local upstreams = {[split.first] = first, [split.rest] = rest}
  return function(wanted)
    if wanted then
      return upstreams[wanted]
    end
    due = due + percent
    if due >= 100 then
      due = due - 100
      kong.ctx.shared.gateway_split = first_process
      return first
    end
    kong.ctx.shared.gateway_split = rest_process
    return rest
  end
end

for service, split in pairs(splits) do
  splits[service] = chooser(service, split)
end

local function may_ask(consumer)
  local name = consumer and consumer.username
  return string.find(callers, ",*,", 1, true) or name and string.find(callers, "," .. name .. ",", 1, true)
end

return function()
  local service = kong.router.get_service()
  local choose = service and splits[service.name]
  if not choose then
    return
  end
  local wanted = kong.request.get_header("X-Service-Version")
  if wanted and not may_ask(kong.client.get_consumer()) then
    return kong.response.exit(403, {message = "problem:version-not-allowed"})
  end
  local upstream = choose(wanted)
  if not upstream then
    return kong.response.exit(400, {message = "problem:unknown-version"})
  end
  local ok, err = kong.service.set_upstream(upstream)
  if not ok then
    kong.log.err(err)
  end
end

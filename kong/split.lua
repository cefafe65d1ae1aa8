-- The split. Each worker of Kong counts for itself and spreads evenly: of any 100 requests in a row, P go to version 1.
-- They begin anywhere, lest all workers begin alike.
local percent = tonumber("${USER_SERVICE_V1_WEIGHT}")
local due = math.random(0, 99)
return function()
  local service = kong.router.get_service()
  if not service or service.name ~= "kong_user_service" then
    return
  end
  due = due + percent
  local upstream = "user_service_v2_upstream"
  if due >= 100 then
    due, upstream = due - 100, "user_service_v1_upstream"
  end
  local ok, err = kong.service.set_upstream(upstream)
  if not ok then
    kong.log.err(err)
  end
end

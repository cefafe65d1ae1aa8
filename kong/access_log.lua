-- Who called which operation, for access_log.conf. A route's tags name its operations: METHOD=operationId.
return function()
  if not ngx.var.gateway_operation then
    return -- This Kong was not started with access_log.conf.
  end
  local consumer, route = kong.client.get_consumer(), kong.router.get_route()
  if consumer and consumer.username == "_token" then
    ngx.var.gateway_caller = kong.ctx.shared.caller or "jwt:"
  elseif consumer and string.sub(consumer.username, 1, 1) ~= "_" then
    ngx.var.gateway_caller = consumer.username
  end
  -- What split.lua chose by itself: a version that was asked for says nothing about P.
  ngx.var.gateway_split = kong.ctx.shared.gateway_split or ""
  local method = string.gsub(kong.request.get_method(), "^HEAD$", "GET") .. "="
  for _, tag in ipairs(route and route.tags or {}) do
    if string.sub(tag, 1, #method) == method then
      ngx.var.gateway_operation = string.sub(tag, #method + 1)
    end
  end
end

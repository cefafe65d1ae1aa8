-- Callers that may only read: whatever else they ask for is refused, before a version is chosen for it.
local callers = ",${READ_ONLY_CALLERS},"
local reads = {GET = true, HEAD = true, OPTIONS = true}
return function()
  local consumer = kong.client.get_consumer()
  local is_named = consumer and string.find(callers, "," .. consumer.username .. ",", 1, true)
  if not reads[kong.request.get_method()] and (is_named or string.find(callers, ",*,", 1, true)) then
    return kong.response.exit(403, {message = "problem:read-only"})
  end
end

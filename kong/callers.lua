-- Only the gateway says who calls: what a client claims in its headers goes before a plugin runs.
local names = {
  "X-Consumer-Username", "X-Consumer-ID", "X-Consumer-Custom-ID", "X-Credential-Identifier", "X-Anonymous-Consumer",
  "X-Gateway-Token", "X-Gateway-Caller",
}
return function()
  for _, name in ipairs(names) do
    kong.service.request.clear_header(name)
  end
  -- It is logged, here and by the services. What is no plain name is replaced by one of ours.
  local id = kong.request.get_header("X-Request-Id")
  if id and (#id > 128 or string.find(id, "[^%w._-]") or id == "") then
    kong.service.request.clear_header("X-Request-Id")
  end
end

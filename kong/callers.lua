-- Only the gateway says who calls: what a client claims in its headers goes before a plugin runs.
local names = {
  "X-Consumer-Username", "X-Consumer-ID", "X-Consumer-Custom-ID", "X-Credential-Identifier", "X-Anonymous-Consumer",
  "X-Gateway-Token", "X-Gateway-Caller",
}
return function()
  for _, name in ipairs(names) do
    kong.service.request.clear_header(name)
  end
end

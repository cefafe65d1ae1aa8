-- Only the gateway says who calls: what a client claims in key-auth's headers goes before key-auth runs.
local names = {
  "X-Consumer-Username", "X-Consumer-ID", "X-Consumer-Custom-ID", "X-Credential-Identifier", "X-Anonymous-Consumer",
}
return function()
  for _, name in ipairs(names) do
    kong.service.request.clear_header(name)
  end
end

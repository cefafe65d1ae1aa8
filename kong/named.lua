-- The service is told who calls: by the name of a key, or by the subject of a token. Nobody is called nothing.
return function()
  local request, consumer = kong.service.request, kong.client.get_consumer()
  request.clear_header("X-Gateway-Token")
  request.clear_header("X-Gateway-Caller")
  request.clear_header("apikey") -- key-auth leaves it where a token was right, and it looks for none
  if consumer and consumer.username == "_token" then
    request.set_header("X-Consumer-Username", kong.ctx.shared.caller or "jwt:")
  elseif consumer and consumer.username == "_anonymous" then
    request.clear_header("X-Consumer-Username")
    request.clear_header("X-Consumer-ID")
  end
end

-- The headers of every answer, and the media type of the gateway's own errors.
local asked = {_without_key = "Key", _without_token = "%s", _without_either = "${JWT_ALGORITHM}" ~= "" and "%s, Key" or "Key"}

-- What was missing. The consumer that stands for whoever has not got it says which.
local function challenge()
  local consumer = kong.client.get_consumer()
  local sent = string.lower(kong.request.get_header("Authorization") or "")
  local bearer = string.sub(sent, 1, 7) == "bearer " and 'Bearer error="invalid_token"' or "Bearer"
  return consumer and asked[consumer.username] and string.format(asked[consumer.username], bearer)
end

return function()
  local response = kong.response
  if response.get_source() ~= "service" and response.get_status() ~= 204 then
    response.set_header("Content-Type", "application/problem+json")
    response.clear_header("Content-Length")
    if response.get_status() == 503 then
      response.set_header("Retry-After", "1")
    elseif response.get_status() == 401 and challenge() then
      response.set_header("WWW-Authenticate", challenge())
    end
  end
  response.set_header("X-Content-Type-Options", "nosniff")
  -- Nearly every answer holds personal data. A service that says otherwise knows better.
  if not response.get_header("Cache-Control") then
    response.set_header("Cache-Control", "no-store")
  end
  if kong.request.get_scheme() == "https" then
    response.set_header("Strict-Transport-Security", "max-age=31536000")
  end
end

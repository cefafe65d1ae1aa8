-- The headers of every answer, and the media type of the gateway's own errors.
return function()
  local response = kong.response
  if response.get_source() ~= "service" and response.get_status() ~= 204 then
    response.set_header("Content-Type", "application/problem+json")
    response.clear_header("Content-Length")
    if response.get_status() == 503 then
      response.set_header("Retry-After", "1")
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

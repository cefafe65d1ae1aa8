-- A bearer token goes to the jwt plugin, which checks its signature and its end, if its other claims are right: in a
-- header of its own, so that Authorization reaches the service as it was sent, whatever it holds.
local algorithm, issuer, audience = "${JWT_ALGORITHM}", "${JWT_ISSUER}", "${JWT_AUDIENCE}"
local cjson = algorithm ~= "" and require "cjson.safe"

local function decoded(text)
  local base64 = string.gsub(string.gsub(text or "", "-", "+"), "_", "/")
  local value = cjson.decode(ngx.decode_base64(base64 .. string.rep("=", -#base64 % 4)) or "")
  return type(value) == "table" and value
end

local function is_for_us(claim)
  for _, one in ipairs(type(claim) == "table" and claim or {claim}) do
    if one == audience then
      return true
    end
  end
  return audience == ""
end

local function is_name(claim)
  return type(claim) == "string" and #claim > 0 and #claim <= 255 and not string.find(claim, "[^!-~]")
end

-- The jwt plugin looks at `exp`. It stumbles over what has another form than a token's, and over a signature of ES256
-- that has not its 64 bytes.
local function is_right(header, claims, signature)
  return header and claims and header.alg == algorithm and claims.alg == nil
    and (algorithm ~= "ES256" or #signature == 86)
    and (issuer == "" or claims.iss == issuer) and is_for_us(claims.aud)
    and (claims.nbf == nil or type(claims.nbf) == "number" and claims.nbf <= ngx.time())
    and (claims.sub == nil or is_name(claims.sub))
end

return function()
  local sent = kong.request.get_headers()["authorization"]
  if algorithm == "" or type(sent) ~= "string" or string.lower(string.sub(sent, 1, 7)) ~= "bearer " then
    return
  end
  local header, claims, signature = string.match(sent, "^%a+ +([%w_-]+)%.([%w_-]+)%.([%w_-]+)$")
  local token = header and header .. "." .. claims .. "." .. signature
  header, claims = decoded(header), decoded(claims)
  if not is_right(header, claims, signature) then
    token = "invalid"
  elseif claims.sub then
    -- The jwt plugin knows no more than that somebody has a token. Nobody's key is called so.
    kong.ctx.shared.caller = "jwt:" .. claims.sub
    kong.service.request.set_header("X-Gateway-Caller", kong.ctx.shared.caller)
  end
  kong.service.request.set_header("X-Gateway-Token", "Bearer " .. token)
end

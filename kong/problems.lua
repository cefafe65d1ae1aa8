-- The body of every error of the gateway's own, as problem+json: status | type | title | detail. Of several with one
-- status the first is meant, unless the message names another: problem:TYPE.
local problems = {}
for status, kind, title, detail in string.gmatch([[
${problems.txt}
]], "(%d+) | ([^|\n]+) | ([^|\n]+) | ([^\n]+)") do
  problems[kind] = {kind, title, detail}
  problems[tonumber(status)] = problems[tonumber(status)] or problems[kind]
end
local unknown = {"gateway-error", "Gateway error", "The gateway failed."}
-- nginx's 494, of which Kong makes a 400 with this message.
local too_large = "Request header or cookie too large"
return function()
  if kong.response.get_source() == "service" or kong.response.get_status() == 204 then
    return
  end
  local body = kong.response.get_raw_body()
  if not body then
    return
  end
  local status = kong.response.get_status()
  local problem = problems[string.match(body, "problem:([a-z-]+)")] or problems[status] or unknown
  if status == 400 and string.find(body, too_large, 1, true) then
    problem = problems[431]
  end
  kong.response.set_raw_body(string.format(
    '{"type":"urn:aware:problem:%s","title":"%s","status":%d,"detail":"%s"}',
    problem[1], problem[2], status, problem[3]))
end

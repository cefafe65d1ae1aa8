-- What no route takes: a path of the specs answers OPTIONS and refuses other methods, anything else is not there.
local paths = {}
for allowed, path in string.gmatch([[
${methods.txt}
]], "([A-Z, ]+) | ([^\n]+)") do
  local pattern = string.gsub(string.gsub(path, "[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"), "{}", "[^/]+")
  paths[#paths + 1] = {allowed, "^" .. pattern .. "/?$"}
end
return function()
  local path, method = kong.request.get_path(), kong.request.get_method()
  for _, known in ipairs(paths) do
    if string.find(path, known[2]) then
      local headers = {Allow = known[1]}
      if method == "OPTIONS" then
        return kong.response.exit(204, nil, headers)
      end
      -- A method that the path has did not get here by itself: no route takes such an id.
      if not string.find(known[1], "%f[%u]" .. method .. "%f[%U]") then
        return kong.response.exit(405, {message = "Method not allowed"}, headers)
      end
    end
  end
  return kong.response.exit(404, {message = "Not found"})
end

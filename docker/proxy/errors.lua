-- Four small things that plain configuration cannot say. Bodies of successes are never touched, so they stream.

-- MLflow's error codes by status; other statuses take the code of their class.
local CODES = {
  [400] = "BAD_REQUEST", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "ENDPOINT_NOT_FOUND",
  [409] = "ALREADY_EXISTS", [429] = "REQUEST_LIMIT_EXCEEDED", [500] = "INTERNAL_ERROR", [501] = "NOT_IMPLEMENTED",
  [503] = "TEMPORARILY_UNAVAILABLE", [504] = "DEADLINE_EXCEEDED",
}

-- `text` without URLs, for they name internal hosts and buckets.
local function without_addresses(text)
  return (text:gsub("%a[%w+.-]*://[^%s\"'<>\\]+", "[address]"))
end

-- A JSON string of `text`: at most 300 bytes, printable ASCII, no URLs.
local function quoted(text)
  text = without_addresses(text:sub(1, 300)):gsub("[^\32-\126]+", " ")
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

function envoy_on_request(handle)
  local headers = handle:headers()
  -- The access log shows the path that the client asked for; the router rewrites it later.
  local path = headers:get(":path"):gsub("[?#].*", "")
  local method = headers:get(":method")
  local asked = handle:streamInfo():dynamicMetadata()
  asked:set("registry", "path", path)
  asked:set("registry", "method", method)
  asked:set("registry", "door", path:match("^/api/mlflow%f[/]") or path:match("^/mlflow%f[/]") or "")
  -- Reading twice is safe: GET and HEAD are repeated on a reset, 502 or 503 as well (the route's policy knows these).
  -- Artifacts on a reset alone: a 503 there says that MLflow has tried the store several times already.
  if method == "GET" or method == "HEAD" then
    local artifact = path:find("artifact", 1, true)
    headers:replace("x-envoy-retry-on", artifact and "reset" or "reset,retriable-status-codes")
  end
end

-- A redirect names the host that MLflow was asked by; the client is sent to the same door instead.
local function redirect_to_door(handle)
  local asked = handle:streamInfo():dynamicMetadata():get("registry")
  local place = handle:headers():get("location")
  local path = place and place:match("^https?://localhost(/.*)$")
  if asked and path then
    handle:headers():replace("location", asked["door"] .. path)
  end
end

-- What is longer than this is passed on as it is: holding it would break the answer.
local LONGEST = 262144

-- Errors in another form than MLflow's JSON become that form, with the same status. An error body is small, as a rule.
function envoy_on_response(handle)
  local status = tonumber(handle:headers():get(":status"))
  if status < 400 then
    redirect_to_door(handle)
    return
  end
  if tonumber(handle:headers():get("content-length") or 0) > LONGEST then
    return
  end
  local asked = handle:streamInfo():dynamicMetadata():get("registry")
  local body = handle:body(asked ~= nil and asked["method"] ~= "HEAD")  -- HEAD alone is answered without a body
  local headers = handle:headers()  -- only now: waiting for the body ends the life of an earlier one
  local kind = (headers:get("content-type") or ""):lower()
  local text = body and body:getBytes(0, body:length()) or ""
  if kind:find("application/json", 1, true) and text:find('"error_code"', 1, true) then
    if body and status >= 500 and text:find("://", 1, true) then
      headers:replace("content-length", body:setBytes(without_addresses(text)))
    end
    return
  end
  headers:replace("content-type", "application/json")
  headers:remove("content-encoding")
  if status == 503 and not headers:get("retry-after") then
    headers:add("retry-after", "5")
  end
  if not body then
    return
  end
  local message
  if kind:find("application/json", 1, true) then
    local detail = text:match('"detail"%s*:%s*"(.-)"%s*[,}]')
    message = quoted(detail or text)
  elseif kind:find("text/plain", 1, true) then
    message = quoted(text)
  else
    message = '"MLflow answered ' .. status .. ' and no message."'
  end
  local code = CODES[status] or (status < 500 and "BAD_REQUEST" or "INTERNAL_ERROR")
  headers:replace("content-length", body:setBytes('{"error_code":"' .. code .. '","message":' .. message .. "}"))
end

-- The question to the auth service, by a socket of Lua's: auth_request keeps nothing of a denial but its status, and a
-- subrequest of Lua's is not to be had over HTTP/2.
local auth = {}

-- Longer than the auth service waits for the key service.
local CONNECT, ANSWER, IDLE = 2000, 8000, 4000
local LONGEST = 65536
-- What the auth service needs of a request; a client cannot speak for the proxy.
local CARRIERS = {authorization = true, ["x-api-key"] = true}

local function question(path)
  local query = ngx.var.args and "?" .. ngx.var.args or ""
  local lines = {ngx.req.get_method() .. " /check" .. path .. query .. " HTTP/1.1", "Host: auth"}
  for name, values in pairs(ngx.req.get_headers(0)) do
    if CARRIERS[name] then
      for _, value in ipairs(type(values) == "table" and values or {values}) do
        lines[#lines + 1] = name .. ": " .. value
      end
    end
  end
  lines[#lines + 1] = "X-Request-Id: " .. ngx.var.registry_id
  lines[#lines + 1] = "X-Hokusai-Client-Ip: " .. ngx.var.remote_addr
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function answer(socket)
  local line = socket:receive("*l")
  local status = line and tonumber(line:match("^HTTP/1%.1 (%d%d%d)"))
  local headers = {}
  while status do
    line = socket:receive("*l")
    if not line then
      return nil
    elseif line == "" then
      break
    end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    headers[(name or ""):lower()] = value
  end
  local length = tonumber(headers["content-length"])
  if not status or not length or length > LONGEST then
    return nil
  end
  local bodiless = ngx.req.get_method() == "HEAD" or length == 0
  local body = bodiless and "" or socket:receive(length)
  return body and {status = status, headers = headers, body = body}
end

-- What the service at `address`, HOST:PORT, says of this request at `path`; nil where it says nothing that is understood.
function auth.decision(address, path)
  local socket = ngx.socket.tcp()
  socket:settimeouts(CONNECT, ANSWER, ANSWER)
  local host, port = address:match("^(.*):(%d+)$")
  if not socket:connect(host, tonumber(port)) or not socket:send(question(path)) then
    return nil
  end
  local said = answer(socket)
  if said then
    socket:setkeepalive(IDLE, 64)
  else
    socket:close()
  end
  return said
end

return auth

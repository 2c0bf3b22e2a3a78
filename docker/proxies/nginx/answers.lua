-- What every answer passes: a request id, redirects that stay at their door, and errors in MLflow's JSON form.
local answers = {}

-- MLflow's error codes by status; other statuses take the code of their class.
local CODES = {
  [400] = "BAD_REQUEST", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "ENDPOINT_NOT_FOUND",
  [409] = "ALREADY_EXISTS", [429] = "REQUEST_LIMIT_EXCEEDED", [500] = "INTERNAL_ERROR", [501] = "NOT_IMPLEMENTED",
  [502] = "TEMPORARILY_UNAVAILABLE", [503] = "TEMPORARILY_UNAVAILABLE", [504] = "DEADLINE_EXCEEDED",
}
local MESSAGES = {
  [404] = "The proxy serves nothing under this path.", [413] = "The body of this request is larger than the proxy takes.",
  [502] = "MLflow cannot be reached.", [504] = "MLflow did not answer in time.",
}
-- What is longer than this is passed on as it is: holding it would cost memory.
local LONGEST = 262144

-- `text` without URLs, for they name internal hosts and buckets.
local function without_addresses(text)
  return (text:gsub("%a[%w+.-]*://[^%s\"'<>\\]+", "[address]"))
end

-- A JSON string of `text`: at most 300 bytes, printable ASCII, no URLs.
local function quoted(text)
  text = without_addresses(text:sub(1, 300)):gsub("[^\32-\126]+", " ")
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- nginx refuses a second Authorization header before anybody is asked; to its client that is a key that cannot be used.
local function two_keys()
  local read, head = pcall(ngx.req.raw_header)
  local found = 0
  for name in ("\n" .. (read and head or "")):gmatch("\n([%w-]+):") do
    found = found + (name:lower() == "authorization" and 1 or 0)
  end
  return found > 1
end

local function from_mlflow()
  return ngx.var.upstream_status ~= nil and ngx.ctx.denial == nil and ngx.ctx.message == nil
    and ngx.var.upstream_status:match("(%d+)$") == tostring(ngx.status)
end

-- Whether MLflow's own form can be told from the head alone: what is changed loses its length, which goes out before it.
local function in_form(status)
  local api = ngx.var.registry_path:find("^/api/[23]%.0/mlflow/") or ngx.var.registry_path:find("^/ajax%-api/[23]%.0/mlflow/")
  return api and status < 500 and (ngx.header["Content-Type"] or ""):lower():find("application/json", 1, true)
end

-- The body of an error whose own body is `text`, of the type `kind`.
local function worded(status, kind, text)
  if ngx.ctx.denial then
    return ngx.ctx.denial
  end
  local own = not ngx.ctx.from_mlflow
  if not own and kind:find("application/json", 1, true) and text:find('"error_code"', 1, true) then
    return status >= 500 and without_addresses(text) or text
  end
  local message
  if own then
    message = quoted(ngx.ctx.message or MESSAGES[status] or ("The proxy refuses this request with status " .. status .. "."))
  elseif kind:find("application/json", 1, true) then
    message = quoted(text:match('"detail"%s*:%s*"(.-)"%s*[,}]') or text)
  elseif kind:find("text/plain", 1, true) then
    message = quoted(text)
  else
    message = '"MLflow answered ' .. status .. ' and no message."'
  end
  local code = CODES[status] or (status < 500 and "BAD_REQUEST" or "INTERNAL_ERROR")
  return '{"error_code":"' .. code .. '","message":' .. message .. "}"
end

function answers.head()
  if ngx.is_subrequest then
    return
  end
  ngx.header["X-Request-Id"] = ngx.var.registry_id
  local refused_unread = ngx.var.registry_path == nil or ngx.var.registry_path == ""
  if refused_unread and ngx.status == 400 and two_keys() then
    ngx.status, ngx.ctx.message = 401, "The request has more than one Authorization header."
    ngx.ctx.challenge = 'Bearer realm="mlflow", error="invalid_token"'
  elseif refused_unread and ngx.status == 405 then
    ngx.header["Allow"] = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"  -- not TRACE, nor CONNECT
  end
  local status = ngx.status
  if status < 400 then
    local place = ngx.header["Location"]
    local path = place and place:match("^https?://localhost(/.*)$")
    if path then
      ngx.header["Location"] = ngx.var.registry_door .. path
    end
    return
  end
  if ngx.ctx.challenge then
    ngx.header["WWW-Authenticate"] = ngx.ctx.challenge
  end
  ngx.header["Retry-After"] = ngx.ctx.wait or ngx.header["Retry-After"] or (status == 503 and "5" or nil)
  ngx.ctx.from_mlflow = from_mlflow()
  if ngx.ctx.from_mlflow and in_form(status) then
    return
  end
  if tonumber(ngx.header["Content-Length"] or 0) > LONGEST then
    return
  end
  ngx.ctx.kind = (ngx.header["Content-Type"] or ""):lower()
  ngx.ctx.pieces = {}
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Encoding"] = nil
  ngx.header["Content-Length"] = nil
end

function answers.body()
  local pieces = ngx.ctx.pieces
  if ngx.is_subrequest or pieces == nil then
    return
  end
  pieces[#pieces + 1] = ngx.arg[1]
  ngx.arg[1] = nil
  if ngx.arg[2] then
    ngx.ctx.pieces = nil
    ngx.arg[1] = worded(ngx.status, ngx.ctx.kind, table.concat(pieces))
  end
end

return answers

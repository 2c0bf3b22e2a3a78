-- What every request passes before it is proxied: its path in one form, its route, and the auth service's leave.
local auth = require("auth")

local gate = {}

local DOORS = {"/api/mlflow", "/mlflow"}

local function api(rest)
  return {"^/api" .. rest, "^/ajax%-api" .. rest}
end

local function served(kind, ...)
  local routes = {}
  for _, patterns in ipairs({...}) do
    for _, pattern in ipairs(type(patterns) == "table" and patterns or {patterns}) do
      routes[#routes + 1] = {pattern, kind}
    end
  end
  return routes
end

-- Patterns of paths behind a door, each with the kind of location that serves them. The first match wins.
local ROUTES = {}
for _, family in ipairs({
  served("bytes", api("/2%.0/mlflow%-artifacts/artifacts$"), api("/2%.0/mlflow%-artifacts/artifacts/.+"),
    "^/get%-artifact$", "^/model%-versions/get%-artifact$", "^/ajax%-api/[23]%.0/mlflow/upload%-artifact$",
    "^/ajax%-api/[23]%.0/mlflow/get%-trace%-artifact$",
    "^/ajax%-api/[23]%.0/mlflow/logged%-models/[^/]+/artifacts/files$"),
  served("slow", api("/2%.0/mlflow%-artifacts/mpu/.+")),
  served("metadata", api("/2%.0/mlflow%-artifacts/presigned/.+"), "^/api/[23]%.0/mlflow/.+",
    "^/ajax%-api/[23]%.0/mlflow$", "^/ajax%-api/[23]%.0/mlflow/.*", "^/ajax%-api/[23]%.0/jobs$",
    "^/ajax%-api/[23]%.0/jobs/.*", "^/graphql$", "^/version$", "^/$", "^/static%-files/.*"),
  served("health", "^/health$"),
}) do
  for _, route in ipairs(family) do
    ROUTES[#ROUTES + 1] = route
  end
end

-- `path` without dot segments and doubled slashes.
local function plain(path)
  path = path:gsub("%%2[eE]", "."):gsub("\\", "/"):gsub("//+", "/")
  local kept = {}
  for segment in path:gmatch("/([^/]*)") do
    if segment == ".." then
      kept[#kept] = nil
    elseif segment ~= "." then
      kept[#kept + 1] = segment
    end
  end
  local folder = path:match("/%.?%.?$") and kept[#kept] ~= "" and "/" or ""
  return "/" .. table.concat(kept, "/") .. (#kept > 0 and folder or "")
end

-- The door that a path goes through, and the path behind it.
local function behind(path)
  for _, door in ipairs(DOORS) do
    if path:sub(1, #door + 1) == door .. "/" then
      return door, path:sub(#door + 1)
    end
  end
  return "", path
end

local READS = {GET = true, HEAD = true, OPTIONS = true}

local function location_of(method, path)
  for _, route in ipairs(ROUTES) do
    if path:find(route[1]) then
      if route[2] == "metadata" then
        return READS[method] and "@read" or "@write"
      elseif route[2] == "health" and not READS[method] then
        return "@unknown"
      end
      return "@" .. route[2]
    end
  end
  return "@unknown"
end

-- Headers that speak for the proxy are taken away from clients.
local function take_identity_away()
  for name in pairs(ngx.req.get_headers(0)) do
    local lower = name:lower()
    if lower:find("^x%-hokusai%-") or lower:find("^x%-envoy%-") then
      ngx.req.clear_header(name)
    end
  end
end

function gate.route()
  local asked = ngx.var.request_uri:match("^[^?#]*")
  -- An escaped slash could mean two paths; the MLflow client escapes slashes in queries only.
  if asked:find("%%2[fF]") or asked:find("%%5[cC]") or asked:find("[%z\1-\32\127]") then
    return ngx.exit(400)
  end
  take_identity_away()
  local door, path = behind(plain(asked))
  ngx.var.registry_door, ngx.var.registry_path = door, path
  local place = location_of(ngx.req.get_method(), path)
  -- nginx takes a bare line feed for the end of a chunk's line, others do not. Artifacts alone need chunks.
  if ngx.var.http_transfer_encoding and place ~= "@bytes" then
    return ngx.exit(411)
  end
  return ngx.exec(place)
end

-- Denials that are the auth service's own to word.
local DENIALS = {[401] = true, [403] = true, [429] = true}

function gate.ask(address)
  local said = auth.decision(address, ngx.var.registry_door .. ngx.var.registry_path)
  if said and said.status == 200 then
    ngx.var.registry_user = said.headers["x-hokusai-user-id"] or ""
    ngx.var.registry_key = said.headers["x-hokusai-api-key-id"] or ""
  elseif said and DENIALS[said.status] then
    ngx.ctx.denial = said.body
    ngx.ctx.challenge, ngx.ctx.wait = said.headers["www-authenticate"], said.headers["retry-after"]
    ngx.exit(said.status)
  else
    ngx.ctx.message = "The API key cannot be checked now; try again."
    ngx.exit(503)
  end
end

return gate

-- SPDX-License-Identifier: MIT
-- npm, yarn, pnpm and node.

-- A small web application: some 300 packages, 64 MB with the tools of development, 18 MB
-- without; `npm ci` spares resolving.
local FULL_BYTES, PRODUCTION_BYTES = 64000000, 18000000
local times = { npm = { install = 32, ci = 20 }, yarn = { install = 24, ci = 22 },
                pnpm = { install = 15, ci = 13 } }
-- What only starts node and reads package.json.
local NOTHING_TIME = 1
-- A bundler over a small front end; tests and linters write nothing.
local BUILD_TIME, BUILD_BYTES, TEST_TIME = 12, 1200000, 6
-- One command-line tool with what it needs.
local GLOBAL_TIME, GLOBAL_BYTES = 6, 9000000

local function package_json(c, tool)
  local text = c:read("package.json")
  if text then return text end
  if tool == "npm" then
    c:fail(254, "npm ERR! code ENOENT\nnpm ERR! enoent ENOENT: no such file or directory, "
      .. "open '" .. c.cwd .. "/package.json'")
  end
  c:fail(1, "error Couldn't find a package.json file in \"" .. c.cwd .. "\"")
end

-- The names below "dependencies" or "devDependencies".
local function dependencies(text, key)
  local names = {}
  local body = text:match("\"" .. key .. "\"%s*:%s*(%b{})")
  for name in (body or ""):gmatch("\"([^\"]+)\"%s*:") do names[#names + 1] = name end
  table.sort(names)
  return names
end

local LOCKS = { npm = { "package-lock.json", "npm-shrinkwrap.json" },
                yarn = { "yarn.lock" }, pnpm = { "pnpm-lock.yaml" } }

local function lock_of(c, tool)
  for _, name in ipairs(LOCKS[tool]) do
    if c:exists(name) then return name end
  end
end

local function is_production(c, opts)
  if opts.production or opts.prod or opts.P then return true end
  for _, kind in ipairs(type(opts.omit) == "table" and opts.omit or {}) do
    if kind == "dev" then return true end
  end
  for _, kind in ipairs(type(opts.only) == "table" and opts.only or {}) do
    if kind:match("^prod") then return true end
  end
  return c.env.NODE_ENV == "production"
end

local function install_all(c, tool, clean, opts)
  local text = package_json(c, tool)
  local lock = lock_of(c, tool)
  if clean and not lock then
    if tool == "npm" then
      c:fail(1, "npm ERR! code EUSAGE\nnpm ERR! The `npm ci` command can only install with "
        .. "an existing package-lock.json")
    end
    c:fail(1, "error Your lockfile needs to be updated, but " .. tool .. " was run with "
      .. "a frozen lockfile")
  end
  local production = is_production(c, opts)
  local names = dependencies(text, "dependencies")
  if not production then
    for _, name in ipairs(dependencies(text, "devDependencies")) do
      names[#names + 1] = name
    end
  end
  if #names == 0 then
    c:time(NOTHING_TIME)
    return
  end
  local from = text .. "\0" .. (lock and c:read(lock) or "")
  local items = {}
  for i, name in ipairs(names) do
    items[i] = { path = "node_modules/" .. name .. "/index.js", from = name .. "\0" .. from }
  end
  c:spread(production and PRODUCTION_BYTES or FULL_BYTES, items)
  if not lock and tool == "npm" then
    c:write("package-lock.json", { size = 150000, from = from })
  end
  local time = times[tool][clean and "ci" or "install"]
  c:time(production and time / 2 or time)
  c:print("added packages for " .. #names .. " dependencies")
end

local function install_global(c, packages)
  for _, name in ipairs(packages) do
    c:write("/usr/local/lib/node_modules/" .. name .. "/index.js",
      { size = GLOBAL_BYTES, from = name })
    c:time(GLOBAL_TIME)
  end
end

local function run_script(c, tool, name)
  local text = package_json(c, tool)
  local scripts = text:match("\"scripts\"%s*:%s*(%b{})") or ""
  if not scripts:find("\"" .. name .. "\"", 1, true) then
    c:fail(1, tool == "npm" and "npm ERR! Missing script: \"" .. name .. "\""
      or "error Command \"" .. name .. "\" not found.")
  end
  if name:match("build") or name:match("compile") or name:match("bundle") then
    c:write("dist/bundle.js", { size = BUILD_BYTES, from = c:digest(".") })
    c:time(BUILD_TIME)
  else
    c:time(TEST_TIME)
  end
end

local function package_manager(tool)
  return function(c)
    local opts, rest = c:opts(2, { "prefix", "omit", "only", "registry", "cache", "C",
                                   "loglevel", "network-timeout", "filter" })
    local verb = table.remove(rest, 1)
    local frozen = opts["frozen-lockfile"] or opts.immutable
    if opts.version or (opts.v and not verb) then
      c:print("10.8.2")
    elseif not verb and tool ~= "yarn" then
      c:fail(1, tool .. " <command>")
    elseif verb == "ci" or verb == "clean-install" then
      install_all(c, tool, true, opts)
    elseif opts.g or opts.global or verb == "global" then
      if verb == "global" then table.remove(rest, 1) end
      install_global(c, rest)
    elseif not verb or verb == "install" or verb == "i" or verb == "add" then
      if #rest > 0 and verb ~= nil then
        for _, name in ipairs(rest) do
          c:write("node_modules/" .. name:gsub("(.)@.*", "%1") .. "/index.js",
            { size = GLOBAL_BYTES, from = name })
          c:time(GLOBAL_TIME)
        end
      else
        install_all(c, tool, frozen and true or false, opts)
      end
    elseif verb == "run" or verb == "run-script" then
      run_script(c, tool, rest[1] or "")
    elseif verb == "test" or verb == "t" or verb == "build" or verb == "lint" then
      run_script(c, tool, verb == "t" and "test" or verb)
    elseif verb == "prune" then
      c:time(3)
    else -- cache, config, set, init, audit, exec, …: no files that a lesson needs
      c:time(NOTHING_TIME)
    end
  end
end

model "npm" { why = "300 packages: 64 MB; ci 20 s, install 32 s", run = package_manager("npm") }
model "yarn" { why = "as npm, with a faster linker", run = package_manager("yarn") }
model "pnpm" { why = "as npm, linking from a store", run = package_manager("pnpm") }

model "corepack" { why = "writes two shims", time = "0.5s" }

model "npx" { why = "fetches a tool and runs it", time = "8s" }

model "node" {
  why = "a start of node: a tenth of a second; a script of a build: one second",
  run = function(c)
    local script = c.argv[2]
    if script == "-v" or script == "--version" then
      c:print("v" .. (c.env.NODE_VERSION or "20.0.0"))
    elseif script and script:sub(1, 1) ~= "-" then
      if not c:exists(script) and not c:exists(script .. ".js") then
        c:fail(1, "Error: Cannot find module '" .. c.cwd .. "/" .. script .. "'")
      end
      c:time(1)
    else
      c:time(0.1)
    end
  end,
}

-- SPDX-License-Identifier: MIT
-- pip and python. A model's figures are those of one plausible project; what they teach
-- is the order of magnitude between an install and a copy.

-- The published example of the lesson: 45 s and 21.3 MB for `pip install -r
-- requirements.txt` (a Flask app with its dependencies over an ordinary line).
local INSTALL_TIME, INSTALL_BYTES = 45, 21300000
-- pip, setuptools and wheel alone: three wheels, no dependencies.
local TOOLS_TIME, TOOLS_BYTES = 4, 10400000
-- Nothing to install: the interpreter starts and reads an empty list.
local NOTHING_TIME = 1
-- A venv copies pip and setuptools and links the interpreter.
local VENV_TIME, VENV_BYTES = 4, 10400000

local VALUED = {
  "r", "requirement", "c", "constraint", "t", "target", "i", "index-url", "f",
  "find-links", "e", "editable", "prefix", "root", "d", "dest", "w", "wheel-dir",
  "extra-index-url", "trusted-host", "timeout", "retries", "platform", "python-version",
  "implementation", "abi", "progress-bar", "cache-dir", "no-binary", "only-binary",
  "proxy", "cert", "upgrade-strategy", "root-user-action", "config-settings",
}

local function python_version(c)
  local full = c.env.PYTHON_VERSION or ""
  return full:match("^%d+%.%d+")
end

-- The folder of the environment pip works for: that of pip's own path, of VIRTUAL_ENV,
-- or the first of PATH that is a venv.
local function venv_of(c)
  local own = c.argv[1]:match("^(.*)/bin/[^/]*$")
  if own and c:exists(own .. "/pyvenv.cfg") then return own end
  if c.env.VIRTUAL_ENV and c:exists(c.env.VIRTUAL_ENV .. "/pyvenv.cfg") then
    return c.env.VIRTUAL_ENV
  end
  for dir in (c.env.PATH or ""):gmatch("[^:]+") do
    local root = dir:match("^(.*)/bin$")
    if root and root ~= "" and c:exists(root .. "/pyvenv.cfg") then return root end
  end
end

-- python3.X below a lib folder of the view, else of the environment's version.
local function site_below(c, lib, name)
  for _, entry in ipairs(c:list(lib)) do
    if entry:match("^python3%.%d+$") and c:is_dir(lib .. "/" .. entry .. "/" .. name) then
      return lib .. "/" .. entry .. "/" .. name
    end
  end
end

local function site_packages(c, opts)
  local target = opts.t or opts.target
  if target then return target[1] end
  local version = "python" .. (python_version(c) or "3.11")
  if opts.user then
    return (c.env.HOME or "/root") .. "/.local/lib/" .. version .. "/site-packages"
  end
  local prefix = (opts.prefix and opts.prefix[1]) or venv_of(c)
  if prefix then return prefix .. "/lib/" .. version .. "/site-packages" end
  local root = opts.root and opts.root[1] or ""
  return root .. (site_below(c, "/usr/local/lib", "site-packages")
    or (c:is_dir("/usr/lib/python3") and "/usr/local/lib/" .. version .. "/dist-packages")
    or "/usr/local/lib/" .. version .. "/site-packages")
end

-- The requirements of a file, `-r` lines followed; a list of lines without comments.
local function read_requirements(c, path, list, depth)
  local text = c:read(path)
  if not text then
    c:fail(1, "ERROR: Could not open requirements file: [Errno 2] No such file or "
      .. "directory: '" .. path .. "'")
  end
  if depth > 10 then c:fail(1, "ERROR: requirements files include each other") end
  text = text:gsub("\r", ""):gsub("\\\n", " ")
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    line = line:gsub("^#.*", ""):gsub("%s#.*", ""):gsub("^%s+", ""):gsub("%s+$", "")
    local include = line:match("^%-r%s*(.+)$") or line:match("^%-%-requirement[=%s](.+)$")
    local editable = line:match("^%-e%s*(.+)$") or line:match("^%-%-editable[=%s](.+)$")
    if include then
      local dir = path:match("^(.*/)[^/]*$") or ""
      read_requirements(c, include:sub(1, 1) == "/" and include or dir .. include, list,
        depth + 1)
    elseif editable then
      list[#list + 1] = editable
    elseif line ~= "" and line:sub(1, 1) ~= "-" then
      list[#list + 1] = line
    end
  end
end

-- "Flask[async]==3.0 ; python_version > '3'" -> "flask"; a folder by its last part.
local function package_name(requirement)
  local name = requirement:match("^([%w%._%-]+)")
  if not name or name:match("^%.*$") then
    name = requirement:match("([%w_%-]+)/*$") or "project"
  end
  return (name:lower():gsub("[%.%-]+", "_"))
end

local function is_tool(requirement)
  local name = package_name(requirement)
  return name == "pip" or name == "setuptools" or name == "wheel"
end

-- A local project counts with all its files.
local function decided_by(c, requirement)
  if not requirement:match("^[%.%/]") then return requirement end
  local path = requirement:match("^([^%[]*)")
  if not c:exists(path) then
    c:fail(1, "ERROR: Invalid requirement: '" .. requirement .. "': Expected package name "
      .. "at the start of dependency specifier")
  end
  if c:is_dir(path) and not c:exists(path .. "/pyproject.toml")
    and not c:exists(path .. "/setup.py") then
    c:fail(1, "ERROR: Directory '" .. requirement .. "' is not installable. Neither "
      .. "'setup.py' nor 'pyproject.toml' found.")
  end
  return requirement .. "\0" .. c:digest(path)
end

local function write_packages(c, folder, total, list)
  local items, seen = {}, {}
  for _, requirement in ipairs(list) do
    local name, from = package_name(requirement), decided_by(c, requirement)
    if not seen[name] then
      seen[name] = { path = folder .. "/" .. name .. "/__init__.py", from = from }
      items[#items + 1] = seen[name]
    else
      seen[name].from = seen[name].from .. "\0" .. from
    end
  end
  c:spread(total, items)
end

local function collect(c, opts, rest)
  local list = {}
  for _, path in ipairs(opts.r or {}) do read_requirements(c, path, list, 0) end
  for _, path in ipairs(opts.requirement or {}) do read_requirements(c, path, list, 0) end
  for _, path in ipairs(opts.e or {}) do list[#list + 1] = path end
  for _, path in ipairs(opts.editable or {}) do list[#list + 1] = path end
  for _, word in ipairs(rest) do list[#list + 1] = word end
  return list
end

local function fetch(c, opts, rest, folder)
  local list = collect(c, opts, rest)
  if #list == 0 then
    if not (opts.r or opts.requirement) then
      c:fail(1, "ERROR: You must give at least one requirement to install (see \"pip "
        .. "help install\")")
    end
    c:time(NOTHING_TIME)
    return
  end
  local tools = true
  for _, requirement in ipairs(list) do tools = tools and is_tool(requirement) end
  write_packages(c, folder, tools and TOOLS_BYTES or INSTALL_BYTES, list)
  c:time(tools and TOOLS_TIME or INSTALL_TIME)
  if not (opts.q or opts.quiet) then
    local names = {}
    for i, requirement in ipairs(list) do names[i] = package_name(requirement) end
    c:print("Successfully installed " .. table.concat(names, " "))
  end
end

local function uninstall(c, opts, rest)
  local site = site_packages(c, opts)
  for _, requirement in ipairs(collect(c, opts, rest)) do
    c:remove(site .. "/" .. package_name(requirement))
  end
  c:time(NOTHING_TIME)
end

model "pip" {
  why = "the published example: 45 s and 21.3 MB for an install of requirements.txt",
  run = function(c)
    local at = 2
    while c.argv[at] and c.argv[at]:sub(1, 1) == "-" do
      if c.argv[at] == "--version" or c.argv[at] == "-V" then
        c:print("pip 24.0 (python " .. (python_version(c) or "3.11") .. ")")
        return
      end
      at = at + 1
    end
    local verb = c.argv[at] or "help"
    local opts, rest = c:opts(at + 1, VALUED)
    if verb == "install" then
      fetch(c, opts, rest, site_packages(c, opts))
    elseif verb == "wheel" or verb == "download" then
      local dir = opts.w or opts["wheel-dir"] or opts.d or opts.dest
      fetch(c, opts, rest, dir and dir[1] or c.cwd)
    elseif verb == "uninstall" then
      uninstall(c, opts, rest)
    elseif verb == "list" or verb == "freeze" then
      for _, name in ipairs(c:list(site_packages(c, opts))) do c:print(name) end
      c:time(NOTHING_TIME)
    elseif verb == "cache" or verb == "config" or verb == "check" or verb == "show"
      or verb == "help" then
      c:time(NOTHING_TIME)
    else
      c:fail(1, "ERROR: unknown command \"" .. verb .. "\"")
    end
  end,
}

local function make_venv(c, folder)
  local version = python_version(c) or "3.11"
  c:write(folder .. "/pyvenv.cfg", "home = /usr/local/bin\nversion = " .. version .. "\n")
  c:symlink("/usr/local/bin/python3", folder .. "/bin/python3")
  c:symlink("python3", folder .. "/bin/python")
  c:write(folder .. "/bin/pip", { size = 230, mode = "0755", from = "venv" })
  c:write(folder .. "/lib/python" .. version .. "/site-packages/pip/__init__.py",
    { size = VENV_BYTES - 230, from = "venv " .. version })
  c:time(VENV_TIME)
end

model "python" {
  why = "a start of the interpreter: a tenth of a second; a script of a build: one second",
  run = function(c)
    local argv = c.argv
    local at = 2
    while argv[at] and argv[at]:match("^%-[^mcV]") do at = at + 1 end
    local what = argv[at]
    if what == "-V" or what == "--version" then
      c:print("Python " .. (c.env.PYTHON_VERSION or "3.11"))
    elseif what == "-m" then
      local module, words = argv[at + 1] or "", {}
      if module == "pip" then
        words[1] = argv[1]:match("^(.*/bin/)") and argv[1]:match("^(.*/bin/)") .. "pip" or "pip"
        for i = at + 2, #argv do words[#words + 1] = argv[i] end
        c:run(words)
      elseif module == "venv" or module == "virtualenv" then
        local _, rest = c:opts(at + 2, { "prompt" })
        for _, folder in ipairs(rest) do make_venv(c, folder) end
      else
        c:time(1)
      end
    elseif what and what:sub(1, 1) ~= "-" then
      if not c:exists(what) then
        c:fail(2, argv[1] .. ": can't open file '" .. what .. "': [Errno 2] No such file "
          .. "or directory")
      end
      c:time(1)
    else
      c:time(0.1)
    end
  end,
}

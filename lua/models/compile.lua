-- SPDX-License-Identifier: MIT
-- Compilers and build tools: go, cargo, make, gcc.

-- A service with a web framework and a database driver.
local GO_DOWNLOAD_TIME, GO_DOWNLOAD_BYTES = 12, 95000000
local GO_BUILD_TIME, GO_BINARY_BYTES, GO_CACHE_BYTES = 18, 12000000, 110000000
local GO_TEST_TIME = 8
-- A service on tokio: 150 crates; an optimised build is the slow part.
local CARGO_FETCH_TIME, CARGO_FETCH_BYTES = 14, 120000000
local CARGO_BUILD_TIME, CARGO_BINARY_BYTES, CARGO_DEPS_BYTES = 75, 8000000, 180000000
local CARGO_INSTALL_TIME = 60
-- A C project of some fifty files.
local MAKE_TIME, MAKE_BYTES = 20, 1500000
-- One file of C: half a second, a small object.
local CC_TIME, CC_BYTES = 0.5, 16000

-- Digest of what can decide a build here: the folder with all its sources.
local function sources(c)
  return c:digest(".")
end

local function binary_name(c, module)
  return (module or c.cwd):match("([^/]+)$") or "main"
end

local function go_mod(c)
  local text = c:read("go.mod")
  if not text then
    c:fail(1, "go: go.mod file not found in current directory or any parent directory; "
      .. "see 'go help modules'")
  end
  return text, text:match("module%s+(%S+)")
end

local function go_download(c)
  local text = go_mod(c)
  local place = (c.env.GOPATH or "/root/go") .. "/pkg/mod/cache/download"
  if not text:find("require", 1, true) then
    c:time(0.2)
    return
  end
  local from = text .. "\0" .. (c:read("go.sum") or "")
  local path = place .. "/modules"
  if not c:exists(path) then
    c:time(GO_DOWNLOAD_TIME)
    c:write(path, { size = GO_DOWNLOAD_BYTES, from = from })
  end
end

local function go_build(c, at)
  local opts, rest = c:opts(at, { "o", "ldflags", "tags", "gcflags", "mod", "p" })
  for i, word in ipairs(rest) do
    if word:match("%.go$") and not c:exists(word) then
      c:fail(1, "no required module provides package " .. word)
    end
    rest[i] = word
  end
  local module
  if c:exists("go.mod") or not (rest[1] and rest[1]:match("%.go$")) then
    local _, name = go_mod(c)
    module = name
    go_download(c)
  end
  local out = opts.o and opts.o[1] or binary_name(c, rest[1] and rest[1]:match("(%w+)%.go$")
    or (rest[1] and rest[1]:match("([%w_%-]+)/*$")) or module)
  local from = sources(c)
  if out:sub(-1) == "/" then out = out .. binary_name(c, module) end
  c:write(out, { size = GO_BINARY_BYTES, mode = "0755", from = from })
  c:write((c.env.HOME or "/root") .. "/.cache/go-build/objects",
    { size = GO_CACHE_BYTES, from = from })
  c:time(GO_BUILD_TIME)
end

model "go" {
  why = "modules 12 s and 95 MB; a build 18 s, its binary 12 MB",
  run = function(c)
    local verb, second = c.argv[2], c.argv[3]
    if verb == "version" then
      c:print("go version go" .. (c.env.GOLANG_VERSION or "1.22") .. " linux/amd64")
    elseif verb == "mod" and (second == "download" or second == "tidy" or second == "vendor")
      or verb == "get" then
      go_download(c)
    elseif verb == "build" or verb == "install" then
      go_build(c, 3)
    elseif verb == "test" or verb == "vet" or verb == "run" or verb == "generate" then
      go_mod(c)
      c:time(GO_TEST_TIME)
    elseif verb == "env" or verb == "mod" or verb == "clean" or verb == "fmt" then
      c:time(0.1)
    else
      c:fail(2, "go " .. (verb or "") .. ": unknown command")
    end
  end,
}

local function cargo_toml(c)
  local text = c:read("Cargo.toml")
  if not text then
    c:fail(101, "error: could not find `Cargo.toml` in `" .. c.cwd .. "` or any parent "
      .. "directory")
  end
  return text, text:match("name%s*=%s*\"([^\"]+)\"")
end

model "cargo" {
  why = "150 crates: fetched in 14 s, built in 75 s",
  run = function(c)
    local opts, rest = c:opts(2, { "target", "features", "bin", "manifest-path", "j",
                                   "jobs", "root", "version", "path" })
    local verb = rest[1]
    local registry = (c.env.CARGO_HOME or "/usr/local/cargo") .. "/registry/crates"
    if verb == "fetch" or verb == "vendor" then
      local text = cargo_toml(c)
      c:write(registry, { size = CARGO_FETCH_BYTES, from = text .. (c:read("Cargo.lock") or "") })
      c:time(CARGO_FETCH_TIME)
    elseif verb == "build" or verb == "b" or verb == "rustc" then
      local text, name = cargo_toml(c)
      local folder = "target/" .. ((opts.release or opts.r) and "release" or "debug")
      local from = text .. (c:read("Cargo.lock") or "") .. sources(c)
      if not c:exists(registry) then
        c:write(registry, { size = CARGO_FETCH_BYTES, from = text .. (c:read("Cargo.lock") or "") })
        c:time(CARGO_FETCH_TIME)
      end
      c:write(folder .. "/deps/objects", { size = CARGO_DEPS_BYTES, from = from })
      c:write(folder .. "/" .. (name or "main"),
        { size = CARGO_BINARY_BYTES, mode = "0755", from = from })
      c:time(CARGO_BUILD_TIME)
    elseif verb == "install" then
      local name = rest[2] or select(2, cargo_toml(c)) or "tool"
      c:write((c.env.CARGO_HOME or "/usr/local/cargo") .. "/bin/" .. name,
        { size = CARGO_BINARY_BYTES, mode = "0755", from = table.concat(c.argv, " ") })
      c:time(CARGO_INSTALL_TIME)
    elseif verb == "test" or verb == "check" or verb == "clippy" then
      cargo_toml(c)
      c:time(CARGO_BUILD_TIME // 2)
    elseif verb == "new" or verb == "init" then
      local name = rest[2] or "."
      c:write(name .. "/Cargo.toml", "[package]\nname = \"" .. binary_name(c, name)
        .. "\"\nversion = \"0.1.0\"\n")
      c:write(name .. "/src/main.rs", "fn main() {\n    println!(\"Hello, world!\");\n}\n")
      c:time(0.2)
    else
      c:time(0.2)
    end
  end,
}

model "make" {
  aliases = { "gmake" },
  why = "fifty files of C: 20 s, 1.5 MB",
  run = function(c)
    local opts, rest = c:opts(2, { "C", "directory", "f", "file", "j", "I", "o" })
    local folder = (opts.C or opts.directory or { "." })[1]
    local file = opts.f or opts.file
    local found = file and c:exists(folder .. "/" .. file[1])
    for _, name in ipairs { "GNUmakefile", "makefile", "Makefile" } do
      found = found or (not file and c:exists(folder .. "/" .. name))
    end
    if not found then
      c:fail(2, "make: *** No targets specified and no makefile found.  Stop.")
    end
    local target = "all"
    for _, word in ipairs(rest) do
      if not word:find("=", 1, true) then target = word end
    end
    local from = target .. "\0" .. c:digest(folder)
    if target == "clean" or target == "distclean" then
      c:remove(folder .. "/build")
      c:time(0.1)
    elseif target == "install" then
      local root = ""
      for _, word in ipairs(rest) do root = word:match("^DESTDIR=(.*)$") or root end
      c:write(root .. "/usr/local/bin/" .. binary_name(c, folder ~= "." and folder or nil),
        { size = MAKE_BYTES, mode = "0755", from = from })
      c:time(1)
    elseif target == "test" or target == "check" then
      c:time(MAKE_TIME // 2)
    else
      c:write(folder .. "/build/output", { size = MAKE_BYTES, mode = "0755", from = from })
      c:time(MAKE_TIME)
    end
  end,
}

local function compile(c)
  local opts, rest = c:opts(2, { "o", "I", "L", "l", "D", "std", "x", "W", "O", "f", "m", "include" })
  if opts.version or opts.v then
    c:print(c.argv[1] .. " (Debian 12.2.0-14) 12.2.0")
    return
  end
  if #rest == 0 then c:fail(1, c.argv[1] .. ": fatal error: no input files\ncompilation terminated.") end
  local from, units = { table.concat(c.argv, " ") }, 0
  for _, file in ipairs(rest) do
    if not c:exists(file) then
      c:fail(1, c.argv[1] .. ": error: " .. file .. ": No such file or directory")
    end
    from[#from + 1] = c:digest(file)
    units = units + 1
    c:time(CC_TIME)
  end
  from = table.concat(from, "\0")
  if opts.c and not opts.o then
    for _, file in ipairs(rest) do
      c:write((file:match("([^/]+)%.%w+$") or file) .. ".o", { size = CC_BYTES, from = from .. file })
    end
  else
    c:write(opts.o and opts.o[1] or "a.out",
      { size = CC_BYTES * units, mode = opts.c and "0644" or "0755", from = from })
  end
end

model "gcc" {
  aliases = { "cc", "g++", "c++", "clang", "clang++" },
  why = "half a second and 16 kB a file",
  run = compile,
}

-- SPDX-License-Identifier: MIT
-- Methods of c that are written in Lua, and what a model without `run` does. Returns
-- the methods and the function that applies a declaration to a command.

local methods = {}

-- Sets of option names, kept as long as the lists they are made of: a model mostly has
-- one list for all its commands.
local sets, none = setmetatable({}, { __mode = "k" }), {}

local function is_made_of(set, list)
  if #set.list ~= #list then return false end
  for i = 1, #list do
    if set.list[i] ~= list[i] then return false end
  end
  return true
end

local function set_of(list)
  if not list then return none end
  local set = sets[list]
  if set and is_made_of(set, list) then return set.names end
  set = { list = {}, names = {} }
  for i, name in ipairs(list) do
    set.list[i] = name
    set.names[name] = true
  end
  sets[list] = set
  return set.names
end

-- The words of argv from `first` on, sorted into options and operands. `valued` lists
-- the options that take a value ("r", "requirement"); "-r x", "-rx", "--requirement x"
-- and "--requirement=x" all give opts.r or opts.requirement = { "x" }; other options
-- are true, short ones also when joined ("-qy").
function methods:opts(first, valued)
  local argv, takes, opts, rest = self.argv, set_of(valued), {}, {}
  local function add(name, value)
    if value == nil then
      opts[name] = opts[name] or true
    else
      if type(opts[name]) ~= "table" then opts[name] = {} end
      table.insert(opts[name], value)
    end
  end
  local i = first or 2
  while i <= #argv do
    local word = argv[i]
    local name, value = word:match("^%-%-([^=]+)=?(.*)$")
    if word == "--" then
      for k = i + 1, #argv do rest[#rest + 1] = argv[k] end
      break
    elseif name then
      local joined = word:find("=", 1, true)
      if not joined and takes[name] then
        i = i + 1
        value = argv[i] or ""
      end
      add(name, (joined or takes[name]) and value or nil)
    elseif #word > 1 and word:sub(1, 1) == "-" then
      local at = 2
      while at <= #word do
        local letter = word:sub(at, at)
        if takes[letter] then
          local tail = word:sub(at + 1)
          if tail == "" then
            i = i + 1
            tail = argv[i] or ""
          end
          add(letter, tail)
          break
        end
        add(letter)
        at = at + 1
      end
    else
      rest[#rest + 1] = word
    end
    i = i + 1
  end
  return opts, rest
end

-- Writes `total` bytes in one file for each item, equal shares but for the last, which
-- takes what is left: the sum is exact. An item is { path =, from = }.
function methods:spread(total, items)
  local share = total // #items
  for i, item in ipairs(items) do
    local size = i == #items and total - share * (#items - 1) or share
    self:write(item.path, { size = size, from = item.from })
  end
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do
    if type(key) ~= "string" then error("writes is a table of [\"/path\"] = size", 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function declared(c, spec)
  for _, path in ipairs(spec.reads or {}) do
    if not c:exists(path) then
      c:fail(1, c.argv[1] .. ": " .. path .. ": No such file or directory")
    end
  end
  for _, path in ipairs(spec.removes or {}) do c:remove(path) end
  if spec.writes then
    for _, path in ipairs(sorted(spec.writes)) do
      local what = spec.writes[path]
      if type(what) ~= "table" then
        local from = { table.concat(c.argv, "\0") }
        for _, read in ipairs(spec.reads or {}) do from[#from + 1] = c:digest(read) end
        what = { size = what, from = table.concat(from, "\0") }
      end
      c:write(path, what)
    end
  end
  if spec.time then c:time(spec.time) end
  if spec.output then c:print(spec.output) end
  if spec.status and spec.status ~= 0 then c:fail(spec.status) end
end

local function apply(c, spec)
  if not spec.run then return declared(c, spec) end
  local result = spec.run(c)
  declared(c, spec)
  if type(result) == "table" then declared(c, result) end
end

return methods, apply

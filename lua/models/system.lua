-- SPDX-License-Identifier: MIT
-- The package managers of Debian and Alpine.

-- Debian 12's package lists: 19 MB unpacked, 8 s from a mirror.
local LISTS_TIME, LISTS_BYTES = 8, 19000000
-- Reading lists and running triggers, then a little for every package and its needs.
local APT_TIME, APT_PACKAGE_TIME, APT_PACKAGE_BYTES = 4, 3, 6000000
-- Installed sizes with dependencies in bookworm-slim, in round figures.
local apt_bytes = {
  ["build-essential"] = 245000000, ["gcc"] = 160000000, ["g++"] = 215000000,
  ["git"] = 94000000, ["curl"] = 11000000, ["wget"] = 4500000,
  ["ca-certificates"] = 1500000, ["libpq-dev"] = 18000000, ["make"] = 1700000,
  ["unzip"] = 400000, ["xz-utils"] = 700000, ["python3"] = 31000000,
  ["python3-pip"] = 380000000, ["nginx"] = 18000000, ["vim"] = 40000000,
  ["openssh-client"] = 6000000, ["default-jre-headless"] = 190000000,
  ["ffmpeg"] = 450000000, ["gnupg"] = 13000000, ["jq"] = 3200000,
}

-- Alpine's index is 2.2 MB; packages are small and unpack fast.
local APK_INDEX_TIME, APK_INDEX_BYTES = 1, 2200000
local APK_TIME, APK_PACKAGE_TIME, APK_PACKAGE_BYTES = 0.5, 0.6, 1800000
local apk_bytes = {
  ["build-base"] = 205000000, ["gcc"] = 150000000, ["git"] = 9500000,
  ["curl"] = 5200000, ["python3"] = 43000000, ["nodejs"] = 58000000,
  ["bash"] = 2300000, ["ca-certificates"] = 600000, ["make"] = 250000,
}

local function plain(word)
  return (word:gsub("[=<>~:/].*$", ""))
end

local function apt_install(c, opts, packages)
  if not (opts.y or opts.yes or opts["assume-yes"] or opts.qq) then
    c:fail(1, "Do you want to continue? [Y/n] Abort.")
  end
  local lists = false
  for _, name in ipairs(c:list("/var/lib/apt/lists")) do
    lists = lists or (name ~= "partial" and name ~= "lock" and name ~= "auxfiles")
  end
  c:time(APT_TIME)
  for _, word in ipairs(packages) do
    local name = plain(word)
    if word:sub(1, 1) == "." or word:sub(1, 1) == "/" then
      if not c:exists(word) then c:fail(100, "E: Unsupported file " .. word) end
      name = word:match("([^/_]+)[^/]*$")
    elseif not lists then
      c:fail(100, "E: Unable to locate package " .. name)
    end
    local bytes = apt_bytes[name] or APT_PACKAGE_BYTES
    if opts["no-install-recommends"] or opts["no-install-suggests"] then
      bytes = bytes * 3 // 4 -- what a package recommends is about a quarter
    end
    c:write("/usr/share/" .. name .. "/content", { size = bytes, from = word })
    c:write("/var/lib/dpkg/info/" .. name .. ".list", "/usr/share/" .. name .. "/content\n")
    c:time(APT_PACKAGE_TIME)
    c:print("Setting up " .. name .. " ...")
  end
end

local function apt_remove(c, packages)
  for _, word in ipairs(packages) do
    c:remove("/usr/share/" .. plain(word))
    c:remove("/var/lib/dpkg/info/" .. plain(word) .. ".list")
  end
  c:time(2)
end

model "apt-get" {
  aliases = { "apt", "aptitude" },
  why = "update 8 s and 19 MB of lists; install 4 s and then 3 s a package",
  run = function(c)
    local opts, rest = c:opts(2, { "o", "t", "target-release", "c" })
    local verb = table.remove(rest, 1)
    if verb == "update" then
      c:write("/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_Packages",
        { size = LISTS_BYTES, from = "bookworm" })
      c:time(LISTS_TIME)
    elseif verb == "install" or verb == "reinstall" then
      apt_install(c, opts, rest)
    elseif verb == "remove" or verb == "purge" then
      apt_remove(c, rest)
    elseif verb == "upgrade" or verb == "dist-upgrade" or verb == "full-upgrade" then
      c:write("/usr/share/upgraded/content", { size = APT_PACKAGE_BYTES, from = verb })
      c:time(APT_TIME + APT_PACKAGE_TIME)
    elseif verb == "clean" or verb == "autoclean" or verb == "autoremove" then
      c:time(0.5)
    else
      c:fail(100, "E: Invalid operation " .. (verb or ""))
    end
  end,
}

model "apk" {
  why = "Alpine's packages are small: 0.6 s each, the index 1 s",
  run = function(c)
    local opts, rest = c:opts(2, { "t", "virtual", "X", "repository", "p", "root" })
    local verb = table.remove(rest, 1)
    local index = "/var/cache/apk/APKINDEX.tar.gz"
    if verb == "update" then
      c:write(index, { size = APK_INDEX_BYTES, from = "v3.20" })
      c:time(APK_INDEX_TIME)
    elseif verb == "add" then
      if opts.update or opts.U then
        c:write(index, { size = APK_INDEX_BYTES, from = "v3.20" })
      elseif not opts["no-cache"] and not c:exists(index) then
        c:fail(1, "ERROR: unable to select packages (no index: run apk update, or add "
          .. "--no-cache)")
      end
      c:time(APK_TIME + (opts["no-cache"] and APK_INDEX_TIME or 0))
      for _, word in ipairs(rest) do
        local name = plain(word)
        c:write("/usr/share/" .. name .. "/content",
          { size = apk_bytes[name] or APK_PACKAGE_BYTES, from = word })
        c:time(APK_PACKAGE_TIME)
      end
      local group = opts.t or opts.virtual
      if group then
        c:write("/lib/apk/virtual/" .. group[1], table.concat(rest, "\n") .. "\n")
      end
    elseif verb == "del" then
      for _, name in ipairs(rest) do
        local group = c:read("/lib/apk/virtual/" .. name)
        for word in (group or name):gmatch("%S+") do
          c:remove("/usr/share/" .. plain(word))
        end
        c:remove("/lib/apk/virtual/" .. name)
      end
      c:time(APK_TIME)
    elseif verb == "upgrade" or verb == "cache" or verb == "fix" then
      c:time(APK_TIME)
    else
      c:fail(1, "apk: unknown command " .. (verb or ""))
    end
  end,
}

model "update-ca-certificates" { why = "hashes 140 certificates", time = "0.5s" }
model "locale-gen" { why = "compiles one locale", time = "2s",
                     writes = { ["/usr/lib/locale/locale-archive"] = "3MB" } }

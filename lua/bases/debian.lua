-- SPDX-License-Identifier: MIT
-- Debian and the images built on it. Sizes: the SIZE column of `docker history` for the
-- linux/amd64 images on Docker Hub at the end of 2023 to the middle of 2024, rounded as
-- Docker prints them (debian:bookworm-slim 74.8MB, and so on). python:3.11-slim is
-- 125 MB in all, the figure the lessons publish.

local PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

local passwd = [[
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
]]

local group = [[
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
sudo:x:27:
www-data:x:33:
backup:x:34:
shadow:x:42:
staff:x:50:
users:x:100:
nogroup:x:65534:
]]

local os_release = [[
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
]]

local function debian_files()
  return {
    ["/bin"] = { symlink = "usr/bin" },
    ["/sbin"] = { symlink = "usr/sbin" },
    ["/lib"] = { symlink = "usr/lib" },
    ["/boot"] = { dir = true }, ["/dev"] = { dir = true }, ["/home"] = { dir = true },
    ["/media"] = { dir = true }, ["/mnt"] = { dir = true }, ["/opt"] = { dir = true },
    ["/proc"] = { dir = true }, ["/root"] = { dir = true, mode = "0700" },
    ["/run"] = { dir = true }, ["/srv"] = { dir = true }, ["/sys"] = { dir = true },
    ["/tmp"] = { dir = true, mode = "1777" },
    ["/var/tmp"] = { dir = true, mode = "1777" },
    ["/var/lib/apt/lists"] = { dir = true },
    ["/var/lib/dpkg/info"] = { dir = true },
    ["/usr/sbin"] = { dir = true },
    ["/usr/local/bin"] = { dir = true },
    ["/usr/bin/dash"] = { size = 125688, mode = "0755" },
    ["/usr/bin/sh"] = { symlink = "dash" },
    ["/usr/bin/bash"] = { size = 1265648, mode = "0755" },
    ["/etc/passwd"] = passwd,
    ["/etc/group"] = group,
    ["/etc/shadow"] = { text = "root:*:19700:0:99999:7:::\n", mode = "0640", gid = 42 },
    ["/etc/os-release"] = { symlink = "../usr/lib/os-release" },
    ["/usr/lib/os-release"] = os_release,
    ["/etc/debian_version"] = "12.5\n",
    ["/root/.bashrc"] = "# ~/.bashrc: executed by bash(1) for non-login shells.\n",
    ["/root/.profile"] = "# ~/.profile: executed by Bourne-compatible login shells.\n",
  }
end

local debian_bulk = { "/usr/lib/x86_64-linux-gnu/libraries", "/usr/share/data",
                      "/usr/bin/coreutils" }

base "debian:bookworm-slim" {
  layers = { { size = "74.8MB", created_by = "/bin/sh -c #(nop) ADD file:bookworm-slim in / ",
               files = debian_files(), bulk = debian_bulk } },
  env = { "PATH=" .. PATH },
  cmd = { "bash" },
}

base "debian:bookworm" {
  layers = { { size = "117MB", created_by = "/bin/sh -c #(nop) ADD file:bookworm in / ",
               files = debian_files(), bulk = debian_bulk } },
  env = { "PATH=" .. PATH },
  cmd = { "bash" },
}

-- The packages Python needs at run time: 9.2 MB, the same layer below every version.
local python_needs = {
  size = "9.2MB",
  created_by = "RUN /bin/sh -c set -eux; apt-get update; apt-get install -y "
    .. "--no-install-recommends ca-certificates netbase tzdata; rm -rf "
    .. "/var/lib/apt/lists/* # buildkit",
  files = { ["/etc/protocols"] = "ip\t0\tIP\ntcp\t6\tTCP\nudp\t17\tUDP\n" },
  bulk = { "/usr/share/zoneinfo/tzdata", "/etc/ssl/certs/ca-certificates.crt" },
}

local function python(version, full, bytes)
  local lib = "/usr/local/lib/python" .. version
  base("python:" .. version .. "-slim") {
    from = "debian:bookworm-slim",
    layers = {
      python_needs,
      { size = bytes,
        created_by = "RUN /bin/sh -c set -eux; # builds Python " .. full .. " # buildkit",
        files = {
          ["/usr/local/bin/python" .. version] = { size = 14424, mode = "0755" },
          ["/usr/local/bin/pip" .. version] = { size = 221, mode = "0755" },
          [lib .. "/site-packages/README.txt"] =
            "This directory exists so that 3rd party packages can be installed\nhere.\n",
        },
        bulk = { "/usr/local/lib/libpython" .. version .. ".so.1.0", lib .. "/library",
                 lib .. "/site-packages/pip/__init__.py" } },
      { created_by = "RUN /bin/sh -c set -eux; for src in idle3 pip3 pydoc3 python3 "
          .. "python3-config; do ln -svT … ; done # buildkit",
        files = {
          ["/usr/local/bin/pip"] = { symlink = "pip" .. version },
          ["/usr/local/bin/pip3"] = { symlink = "pip" .. version },
          ["/usr/local/bin/python3"] = { symlink = "python" .. version },
          ["/usr/local/bin/python"] = { symlink = "python3" },
        } },
    },
    env = { "PATH=/usr/local/bin:" .. PATH, "LANG=C.UTF-8", "PYTHON_VERSION=" .. full },
    cmd = { "python3" },
  }
end

python("3.11", "3.11.9", "41MB") -- 74.8 + 9.2 + 41 = 125 MB
python("3.12", "3.12.3", "41.4MB")

-- node:20-slim: user, Node.js 20 and its npm, yarn, entry point.
base "node:20-slim" {
  from = "debian:bookworm-slim",
  layers = {
    { created_by = "RUN /bin/sh -c groupadd --gid 1000 node && useradd --uid 1000 --gid "
        .. "node --shell /bin/bash --create-home node # buildkit",
      files = {
        ["/etc/passwd"] = passwd .. "node:x:1000:1000::/home/node:/bin/bash\n",
        ["/etc/group"] = group .. "node:x:1000:\n",
        ["/home/node"] = { dir = true, uid = 1000, gid = 1000 },
      } },
    { size = "119MB",
      created_by = "RUN /bin/sh -c ARCH= && … # installs Node.js 20.14.0 # buildkit",
      files = {
        ["/usr/local/bin/npm"] = { symlink = "../lib/node_modules/npm/bin/npm-cli.js" },
        ["/usr/local/bin/npx"] = { symlink = "../lib/node_modules/npm/bin/npx-cli.js" },
        ["/usr/local/lib/node_modules/npm/bin/npm-cli.js"] = { size = 54, mode = "0755" },
        ["/usr/local/lib/node_modules/npm/bin/npx-cli.js"] = { size = 2923, mode = "0755" },
        ["/usr/local/bin/node"] = { size = 97000000, mode = "0755" },
        ["/usr/local/bin/nodejs"] = { symlink = "/usr/local/bin/node" },
      },
      bulk = "/usr/local/lib/node_modules/npm/content" },
    { size = "5.34MB",
      created_by = "RUN /bin/sh -c set -ex … # installs yarn 1.22.22 # buildkit",
      files = {
        ["/usr/local/bin/yarn"] = { symlink = "/opt/yarn-v1.22.22/bin/yarn" },
        ["/opt/yarn-v1.22.22/bin/yarn"] = { size = 1025, mode = "0755" },
      },
      bulk = "/opt/yarn-v1.22.22/lib/cli.js" },
    { created_by = "COPY docker-entrypoint.sh /usr/local/bin/ # buildkit",
      files = { ["/usr/local/bin/docker-entrypoint.sh"] = { mode = "0755", text =
        "#!/bin/sh\nset -e\nexec \"$@\"\n" } } },
  },
  env = { "PATH=" .. PATH, "NODE_VERSION=20.14.0", "YARN_VERSION=1.22.22" },
  entrypoint = { "docker-entrypoint.sh" },
  cmd = { "node" },
}

-- golang:1.22 stands on buildpack-deps:bookworm-scm.
base "golang:1.22" {
  from = "debian:bookworm",
  layers = {
    { size = "48.5MB", bulk = "/usr/share/curl-wget-gnupg/content",
      created_by = "RUN /bin/sh -c apt-get install ca-certificates curl gnupg netbase "
        .. "sq wget # buildkit" },
    { size = "64.1MB", bulk = "/usr/share/git-mercurial/content",
      created_by = "RUN /bin/sh -c apt-get install git mercurial openssh-client "
        .. "subversion procps # buildkit" },
    { size = "268MB", bulk = "/usr/lib/gcc/content",
      created_by = "RUN /bin/sh -c apt-get install g++ gcc libc6-dev make pkg-config # buildkit" },
    { size = "227MB", bulk = "/usr/local/go/pkg/content",
      created_by = "COPY /target/ / # buildkit",
      files = {
        ["/usr/local/go/bin/go"] = { size = 13000000, mode = "0755" },
        ["/usr/local/go/VERSION"] = "go1.22.4\n",
      } },
    { created_by = "RUN /bin/sh -c mkdir -p \"$GOPATH/src\" \"$GOPATH/bin\" && chmod -R "
        .. "1777 \"$GOPATH\" # buildkit",
      files = {
        ["/go"] = { dir = true, mode = "1777" },
        ["/go/src"] = { dir = true, mode = "1777" },
        ["/go/bin"] = { dir = true, mode = "1777" },
      } },
  },
  env = { "PATH=/go/bin:/usr/local/go/bin:" .. PATH, "GOLANG_VERSION=1.22.4",
          "GOTOOLCHAIN=local", "GOPATH=/go" },
  cmd = { "bash" },
  workdir = "/go",
}

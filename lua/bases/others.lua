-- SPDX-License-Identifier: MIT
-- Alpine and busybox. Sizes: `docker history` of the linux/amd64 images on Docker Hub
-- in 2024 (alpine:3.20 7.8MB, busybox 4.26MB).

local PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

base "alpine:3.20" {
  layers = { {
    size = "7.8MB",
    created_by = "/bin/sh -c #(nop) ADD file:alpine-minirootfs-3.20 in / ",
    files = {
      ["/bin/busybox"] = { size = 808712, mode = "0755" },
      ["/bin/sh"] = { symlink = "/bin/busybox" },
      ["/sbin/apk"] = { size = 69904, mode = "0755" },
      ["/etc/alpine-release"] = "3.20.0\n",
      ["/etc/os-release"] = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.0\n"
        .. "PRETTY_NAME=\"Alpine Linux v3.20\"\n",
      ["/etc/passwd"] = "root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\n"
        .. "daemon:x:2:2:daemon:/sbin:/sbin/nologin\n"
        .. "guest:x:405:100:guest:/dev/null:/sbin/nologin\n"
        .. "nobody:x:65534:65534:nobody:/:/sbin/nologin\n",
      ["/etc/group"] = "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\n"
        .. "users:x:100:games\nnogroup:x:65533:\nnobody:x:65534:\n",
      ["/etc/shadow"] = { text = "root:*::0:::::\nnobody:!::0:::::\n", mode = "0640", gid = 42 },
      ["/etc/apk/repositories"] = "https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n"
        .. "https://dl-cdn.alpinelinux.org/alpine/v3.20/community\n",
      ["/dev"] = { dir = true }, ["/home"] = { dir = true }, ["/mnt"] = { dir = true },
      ["/opt"] = { dir = true }, ["/proc"] = { dir = true },
      ["/root"] = { dir = true, mode = "0700" }, ["/run"] = { dir = true },
      ["/srv"] = { dir = true }, ["/sys"] = { dir = true },
      ["/tmp"] = { dir = true, mode = "1777" },
      ["/usr/local/bin"] = { dir = true }, ["/usr/bin"] = { dir = true },
      ["/var/cache/apk"] = { dir = true }, ["/var/tmp"] = { dir = true, mode = "1777" },
    },
    bulk = { "/lib/ld-musl-x86_64.so.1", "/lib/libcrypto.so.3", "/lib/libssl.so.3" },
  } },
  env = { "PATH=" .. PATH },
  cmd = { "/bin/sh" },
}

base "busybox" {
  layers = { {
    size = "4.26MB",
    created_by = "BusyBox 1.36.1 (glibc), Debian 12",
    files = {
      ["/bin/sh"] = { symlink = "busybox" },
      ["/etc/passwd"] = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        .. "www-data:x:33:33:www-data:/var/www:/bin/false\n"
        .. "nobody:x:65534:65534:nobody:/home:/bin/false\n",
      ["/etc/group"] = "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n",
      ["/home"] = { dir = true }, ["/root"] = { dir = true, mode = "0700" },
      ["/tmp"] = { dir = true, mode = "1777" }, ["/usr/bin"] = { dir = true },
      ["/usr/sbin"] = { dir = true }, ["/var/www"] = { dir = true },
    },
    bulk = "/bin/busybox",
  } },
  env = { "PATH=" .. PATH },
  cmd = { "sh" },
}

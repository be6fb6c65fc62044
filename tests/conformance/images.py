# SPDX-License-Identifier: MIT
"""Images as both sides write them: reading OCI layouts and docker-archives, the file
system their layers make, and the small base image that cases start from.

Left out: zstd layers and more than one platform."""
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

STAMP = 1_600_000_000  # times of files that a case writes lie in [STAMP, STAMP_END)
STAMP_END = STAMP + 50_000_000

KINDS = {
    tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink", tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo",
}


def clean(name):
    return "/" + os.path.normpath("/" + name).lstrip("/")


def read_layer(blob):
    """[(path, entry)] of a layer's tar, in its order."""
    if blob[:2] == b"\x1f\x8b":
        blob = gzip.decompress(blob)
    entries = []
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:") as tar:
        for member in tar:
            kind = KINDS.get(member.type, "file")
            entry = {"type": kind, "mode": "%04o" % (member.mode & 0o7777),
                     "owner": f"{member.uid}:{member.gid}", "mtime": int(member.mtime)}
            if kind == "file":
                data = tar.extractfile(member).read() if member.size else b""
                entry["content"] = hashlib.sha256(data).hexdigest()[:16]
                if len(data) <= 2000:
                    entry["text"] = data.decode(errors="backslashreplace")
            elif kind in ("symlink", "hardlink"):
                entry["target"] = member.linkname
            elif kind in ("char", "block"):
                entry["device"] = f"{member.devmajor}:{member.devminor}"
            xattrs = {k[13:]: v.encode("utf-8", "surrogateescape").hex()
                      for k, v in member.pax_headers.items() if k.startswith("SCHILY.xattr.")}
            if xattrs:
                entry["xattrs"] = xattrs
            entries.append((clean(member.name), entry))
    return entries


class Image:
    """A config and its layers."""

    memo = {}  # layer digest or diff_id -> entries: the base is read once

    def __init__(self, config, layers):
        self.config = config
        self.layers = layers

    @classmethod
    def layer(cls, key, read):
        if key not in cls.memo:
            if len(cls.memo) > 400:
                cls.memo.clear()
            cls.memo[key] = read_layer(read())
        return cls.memo[key]

    @classmethod
    def from_layout(cls, folder, digest=None):
        def blob(name):
            with open(os.path.join(folder, "blobs", *name.split(":")), "rb") as f:
                return f.read()

        if digest is None:
            with open(os.path.join(folder, "index.json")) as f:
                digest = json.load(f)["manifests"][-1]["digest"]
        manifest = json.loads(blob(digest))
        if "manifests" in manifest:
            manifest = json.loads(blob(manifest["manifests"][0]["digest"]))
        layers = [cls.layer(entry["digest"], lambda d=entry["digest"]: blob(d))
                  for entry in manifest["layers"] or []]
        return cls(json.loads(blob(manifest["config"]["digest"])), layers)

    @classmethod
    def from_archive(cls, path):
        with tarfile.open(path) as tar:
            manifest = json.load(tar.extractfile("manifest.json"))[0]
            config = json.load(tar.extractfile(manifest["Config"]))
            layers = [cls.layer(diff_id, lambda n=name: tar.extractfile(n).read())
                      for diff_id, name in zip(config["rootfs"]["diff_ids"] or [], manifest["Layers"] or [])]
        return cls(config, layers)

    def rootfs(self):
        """path -> entry, with the whiteouts of each layer applied to those below."""
        tree = {}

        def remove(path, itself):
            for below in [p for p in tree if p.startswith(path.rstrip("/") + "/")]:
                del tree[below]
            if itself:
                tree.pop(path, None)

        for layer in self.layers:
            for path, _ in layer:
                folder, name = os.path.split(path)
                if name == ".wh..wh..opq":
                    remove(folder, False)
                elif name.startswith(".wh."):
                    remove(os.path.join(folder, name[4:]), True)
            for path, entry in layer:
                if os.path.basename(path).startswith(".wh."):
                    continue
                if entry["type"] == "hardlink":
                    tree[path] = tree.get(clean(entry["target"]), entry)
                    continue
                if entry["type"] != "dir" and path in tree:
                    remove(path, True)
                tree[path] = entry
        return tree


BASE_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/usr/sbin:/bin/false\n"
                  "app:x:1000:1000::/home/app:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group": "root:x:0:\ndaemon:x:1:\nusers:x:100:app\nstaff:x:50:app,daemon\n"
                 "app:x:1000:\nnogroup:x:65534:\n",
    "etc/motd": "conformance\n",
}
BASE_FOLDERS = ["bin", "dev", "etc", "home", "home/app", "proc", "sys", "usr", "usr/bin", "var"]


def base_layer(busybox):
    """A root with busybox, its applets as symlinks, users and groups; the same bytes
    each time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        def add(name, kind=tarfile.REGTYPE, mode=0o644, data=b"", target=""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname, info.size = kind, mode, target, len(data)
            info.mtime = STAMP_END
            tar.addfile(info, io.BytesIO(data))

        for name in BASE_FOLDERS:
            add(name, tarfile.DIRTYPE, 0o755)
        add("root", tarfile.DIRTYPE, 0o700)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        for name, text in BASE_FILES.items():
            add(name, data=text.encode())
        add("etc/link", tarfile.SYMTYPE, 0o777, target="motd")
        add("var/link", tarfile.SYMTYPE, 0o777, target="/home/app")
        with open(busybox, "rb") as f:
            add("bin/busybox", mode=0o755, data=f.read())
        applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
        for name in sorted(set(applets.stdout.split()) - {"busybox"}):
            add("bin/" + name, tarfile.SYMTYPE, 0o777, target="/bin/busybox")
    return out.getvalue()


def write_base(folder, busybox):
    """The base image below FOLDER as an OCI layout (oci/) and a docker-archive (base.tar);
    returns the manifest's digest."""
    def sha(data):
        return hashlib.sha256(data).hexdigest()

    layer = base_layer(busybox)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                   "Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer)]},
        "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "base"}]}).encode()
    blobs = os.path.join(folder, "oci", "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def blob(data, kind):
        with open(os.path.join(blobs, sha(data)), "wb") as f:
            f.write(data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + sha(data),
                "size": len(data)}

    manifest = blob(json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(config, "config.v1+json"),
        "layers": [blob(gzip.compress(layer, 1, mtime=0), "layer.v1.tar+gzip")]}).encode(),
        "manifest.v1+json")
    digest = manifest["digest"]
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    with open(os.path.join(folder, "oci", "index.json"), "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, f)
    with open(os.path.join(folder, "oci", "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')
    with tarfile.open(os.path.join(folder, "base.tar"), "w") as tar:
        index = [{"Config": "config.json", "RepoTags": ["base:latest"], "Layers": ["layer.tar"]}]
        for name, data in (("config.json", config), ("layer.tar", layer),
                           ("manifest.json", json.dumps(index).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return digest

# SPDX-License-Identifier: MIT
"""A case on disk: its files, its Dockerfile, and the edits between two builds.

A case is a value that JSON can hold:
  files       {"main/a.txt": {"text":…, "mode":…} | {"link":…} | {"dir":true, "mode":…} |
               {"hard":"main/b.txt"} | {"tar":{name:text}, "pack":""|"gz"|"bz2"|"xz"}}
  dockerfile  [[id, text]…]: an id names an instruction for edits, whatever else is dropped
  options     {"target":…, "args":{…}, "no_cache":true, "no_cache_filter":…,
               "contexts":{name: folder}, "form":["bom"|"crlf"|"bare"…]}: of the
               Dockerfile, with a byte order mark, such line ends, none at its end
  edits       [[[verb, …]…]…]: what changes before the second build, the third, …
Every file written gets a time of its own (STAMP, STAMP + 1, …), so that no engine is
tempted to reuse what it knows of a file of equal size and time."""
import copy
import io
import os
import shutil
import tarfile

from images import STAMP


def dockerfile_text(lines, form=()):
    text = "\n".join(text for _, text in lines) + ("" if "bare" in form else "\n")
    if "crlf" in form:
        text = text.replace("\n", "\r\n")
    return ("\ufeff" if "bom" in form else "") + text


def archive(spec):
    out = io.BytesIO()
    pack = spec.get("pack", "")
    with tarfile.open(fileobj=out, mode="w:" + pack, format=tarfile.GNU_FORMAT) as tar:
        for number, (name, text) in enumerate(sorted(spec["tar"].items())):
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mtime = STAMP + number
            info.uid, info.gid, info.mode = 7, 8, 0o640
            if name.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o750
                tar.addfile(info)
            elif text.startswith("->"):
                info.type, info.linkname = tarfile.SYMTYPE, text[2:]
                tar.addfile(info)
            else:
                data = text.encode()
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Workspace:
    """The folders of one case below ROOT, and its state after the edits so far."""

    def __init__(self, root, case):
        self.root = root
        self.clock = STAMP
        case = copy.deepcopy(case)
        self.lines = case["dockerfile"]
        self.options = case["options"]
        shutil.rmtree(root, ignore_errors=True)
        for folder in ["main"] + list(self.options.get("contexts", {}).values()):
            os.makedirs(os.path.join(root, folder), mode=0o755, exist_ok=True)
        for path in sorted(case["files"], key=lambda p: ("hard" in case["files"][p], p)):
            self.put(path, case["files"][path])
        self.write_dockerfile()

    def path(self, name):
        return os.path.join(self.root, name)

    def stamp(self, path):
        self.clock += 1
        os.utime(path, (self.clock, self.clock), follow_symlinks=False)

    def put(self, name, spec):
        path = self.path(name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), mode=0o755)
        if os.path.lexists(path) and not (os.path.isdir(path) and spec.get("dir")):
            self.remove(path)
        if "link" in spec:
            os.symlink(spec["link"], path)
        elif spec.get("dir"):
            os.makedirs(path, exist_ok=True)
        elif "hard" in spec:
            if not os.path.isfile(self.path(spec["hard"])):
                return
            os.link(self.path(spec["hard"]), path)
        else:
            data = archive(spec) if "tar" in spec else spec["text"].encode()
            with open(path, "wb") as f:
                f.write(data)
        if "link" not in spec and "hard" not in spec:
            os.chmod(path, int(spec.get("mode", "755" if spec.get("dir") else "644"), 8))
        self.stamp(path)

    @staticmethod
    def remove(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def dockerfile(self):
        return dockerfile_text(self.lines, self.options.get("form", ()))

    def write_dockerfile(self):
        self.put("main/Dockerfile", {"text": self.dockerfile()})

    def edit_lines(self, verb, args):
        where = [i for i, (number, _) in enumerate(self.lines) if number == args[0]]
        if where and verb == "line":
            self.lines[where[0]][1] = args[1]
        elif where and verb == "drop":
            del self.lines[where[0]]
        elif where and verb == "insert":
            self.lines.insert(where[0] + 1, [args[1], args[2]])
        self.write_dockerfile()

    def apply(self, edit):
        """One edit; one that no longer fits (its file was dropped by shrinking) does nothing."""
        verb, args = edit[0], edit[1:]
        if verb in ("line", "drop", "insert"):
            self.edit_lines(verb, args)
            return
        if verb == "option":
            self.options[args[0]] = args[1]
            return
        path = self.path(args[0])
        if verb == "put":
            if os.path.lexists(path) or os.path.isdir(os.path.dirname(path)):
                self.put(args[0], args[1])
        elif not os.path.lexists(path):
            pass
        elif verb == "touch":
            self.stamp(path)
        elif verb == "chmod":
            if not os.path.islink(path):
                os.chmod(path, int(args[1], 8))
                self.stamp(path)
        elif verb == "rename":
            target = self.path(args[1])
            if not os.path.lexists(target) and os.path.isdir(os.path.dirname(target)):
                os.rename(path, target)
        elif verb == "remove":
            self.remove(path)

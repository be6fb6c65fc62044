# SPDX-License-Identifier: MIT
"""An engine's answers to a case as a file, and back: what differs from the base image,
since its program is each machine's own."""
import images
from compare import CONFIG_FIELDS, STUBS, stamped

STEP = ("stage", "word", "number", "total", "cached", "error")


def plain(entry):
    """What is compared of an entry; times only where they are the context's."""
    kept = {k: v for k, v in entry.items() if k != "mtime"}
    kept["mtime"] = entry["mtime"] if stamped(entry) else 0
    return kept


def answer(result, base):
    """One build as JSON can hold it. BASE: path -> entry of the base image."""
    found = {"ok": result.ok, "error": result.error[-200:],
             "steps": [[step[key] for key in STEP] for step in result.steps]}
    if not result.ok:
        return found
    tree = {p: e for p, e in result.image.rootfs().items() if not STUBS.match(p)}
    found["files"] = {p: plain(e) for p, e in sorted(tree.items()) if base.get(p) != e}
    found["based"] = bool(tree.keys() & base.keys() - found["files"].keys())
    found["gone"] = sorted(p for p in base if p not in tree and not STUBS.match(p))
    if not found["based"]:
        found["gone"] = []
    config = result.image.config
    found["config"] = {k: config["config"][k] for k in CONFIG_FIELDS if config["config"].get(k)}
    found["platform"] = [config["architecture"], config["os"]]
    found["history"] = [{k: v for k, v in entry.items() if k != "created"}
                        for entry in config.get("history") or []]
    found["layers"] = [None if number == 0 and found["based"] else [p for p, _ in layer]
                       for number, layer in enumerate(result.image.layers)]
    return found


class Answer:
    """A recorded build where compare.py expects an image."""

    def __init__(self, found, base, base_layer):
        self.ok, self.error = found["ok"], found["error"]
        self.steps = [dict(zip(STEP, values)) for values in found["steps"]]
        self.image = self
        if not self.ok:
            return
        self.tree = {p: e for p, e in base.items() if p not in found["gone"]}
        if not found["based"]:
            self.tree = {}
        self.tree.update(found["files"])
        architecture, system = found["platform"]
        self.config = {"config": found["config"], "history": found["history"],
                       "architecture": architecture, "os": system}
        self.layers = [base_layer if paths is None else [(p, {}) for p in paths]
                       for paths in found["layers"]]

    def rootfs(self):
        return self.tree


def base_of(folder):
    """The base image written below FOLDER: (path -> entry, its layer)."""
    image = images.Image.from_layout(folder + "/oci")
    return image.rootfs(), image.layers[0]

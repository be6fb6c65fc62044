# SPDX-License-Identifier: MIT
"""Two builds of one input side by side: what agrees, and what does not.

A verdict is (class, None) where both agree, else (class, text). Classes are the word of
an instruction with its kind of source or mount for reuse, and outcome, files, times,
layers, config and history for the image."""
import re

from engines import VERTICES
from images import STAMP, STAMP_END

CONFIG_FIELDS = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes",
                 "Labels", "OnBuild", "Shell", "StopSignal", "Healthcheck", "ArgsEscaped")
# Mount points that a RUN leaves behind differ between engines and their versions.
STUBS = re.compile(r"^/(dev|proc|sys|run|etc/(hosts|hostname|resolv\.conf))?(/|$)")
FIELDS = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes",
                 "Labels", "OnBuild", "Shell", "StopSignal", "Healthcheck", "ArgsEscaped")
# Mount points that a RUN leaves behind differ between engines and their versions.
STUBS = re.compile(r"^/(dev|proc|sys|run|etc/(hosts|hostname|resolv\.conf))?(/|$)")
# Errors of BuildKit that simbench does not repeat: a folder before a wildcard that holds
# no match is not sent to the daemon, unless another COPY happens to name it.
KNOWN = re.compile(r"lstat /\S+: no such file or directory")
FIELDS = ("type", "mode", "owner", "target", "device", "content", "xattrs")


def step_class(text):
    """COPY --from --chmod, RUN bind, ADD heredoc: what a step is about."""
    words = text.split()
    flags = set()
    for word in words[1:]:
        if not word.startswith("--"):
            break
        name = word[2:].split("=", 1)[0]
        kind = re.search(r"type=([a-z]+)", word)
        flags.add(kind.group(1) if kind else "bind" if name == "mount" else "--" + name)
    if "<<" in text:
        flags.add("heredoc")
    return " ".join([words[0].upper()] + sorted(flags))


def vertices(steps):
    """Of all instructions, by stage, those that BuildKit has a vertex for."""
    found = {}
    for step in steps:
        if step["word"] in VERTICES and step.get("status") != "meta":
            found.setdefault(step["stage"], []).append(step)
    return found


def only_asked(step, steps):
    """A WORKDIR on scratch is listed as run where only its key was asked for: nothing
    after it ran."""
    later = [s for s in steps if s["stage"] == step["stage"] and s["number"] > step["number"]]
    return step["word"] == "WORKDIR" and not step["cached"] and bool(later) and all(
        s["cached"] for s in later)


def compare_steps(ours, theirs, engine):
    mine = vertices(ours.steps)
    for step in theirs.steps:
        stage = mine.get(step["stage"], [])
        where = f"stage {step['stage']}, {step['word']} {step['number']}/{step['total']}"
        index = step["number"] - 1
        if not stage and ours.ok:
            yield step["word"], f"{where}: not a step of simbench's"
        if not 0 <= index < len(stage):
            continue
        own = stage[index]
        name = step_class(own.get("text", own["word"]))
        if only_asked(step, theirs.steps):
            continue
        if "--link" in name and engine.name == "docker":
            continue  # its plain progress shows a reused link as done anew
        if own["word"] == "WORKDIR" and step["cached"] and own.get("asked"):
            continue  # --no-cache: BuildKit spares a WORKDIR before all else
        if own["word"] != step["word"]:
            yield name, f"{where}: simbench lists {own.get('text')}"
        elif own["cached"] != step["cached"]:
            verdict = {True: "reused", False: "ran"}
            yield name, (f"{where}, {own.get('text')}: {verdict[own['cached']]}, "
                         f"engine {verdict[step['cached']]}")
        else:
            yield name, None


def compare_linear_steps(ours, theirs):
    """Classic and buildah list every instruction of every stage they build."""
    mine = {}
    for step in ours.steps:
        mine.setdefault(step["stage"], []).append(step)
    other = {}
    for step in theirs.steps:
        other.setdefault(step["stage"], []).append(step)
    for stage in sorted(set(mine) & set(other)):
        for own, step in zip(mine[stage], other[stage]):
            if own["word"] != step["word"]:
                yield own["word"], f"stage {stage}: {own.get('text')}, engine lists {step['word']}"
                break
            if own["word"] == "FROM":
                continue
            reused = own["status"] != "ran"
            if own["status"] != "meta" and reused != step["cached"]:
                yield step_class(own.get("text", own["word"])), (
                    f"stage {stage}, {own.get('text')}: {own['status']}, "
                    f"engine {'reused' if step['cached'] else 'ran'}")
            else:
                yield step_class(own.get("text", own["word"])), None


def stamped(entry):
    return entry["type"] == "file" and STAMP <= entry["mtime"] < STAMP_END


def compare_files(ours, theirs):
    mine, other = ours.rootfs(), theirs.rootfs()
    problems, times = [], []
    for path in sorted(set(mine) | set(other)):
        if STUBS.match(path) or path == "/":
            continue
        a, b = mine.get(path), other.get(path)
        if a is None or b is None:
            problems.append(f"{path}: only in {'simbench' if b is None else 'the engine'}: "
                            f"{a or b}")
            continue
        for field in FIELDS:
            if a.get(field) != b.get(field):
                detail = f"{a.get(field)}, engine {b.get(field)}"
                if field == "content" and "text" in a and "text" in b:
                    detail = f"{a['text']!r}, engine {b['text']!r}"
                problems.append(f"{path}: {field} {detail}")
        if (stamped(a) or stamped(b)) and a["mtime"] != b["mtime"]:
            times.append(f"{path}: time {a['mtime']}, engine {b['mtime']}")
    yield "files", "\n".join(problems) or None
    yield "times", "\n".join(times) or None


def layer_paths(layer):
    return sorted({path for path, entry in layer if not STUBS.match(path)} - {"/"})


def compare_layers(ours, theirs):
    if len(ours.layers) != len(theirs.layers):
        yield "layers", f"{len(ours.layers)} layers, engine {len(theirs.layers)}"
        return
    tree_a, tree_b = ours.rootfs(), theirs.rootfs()
    for number, (a, b) in enumerate(zip(ours.layers, theirs.layers)):
        if a is b:
            continue
        mine, other = layer_paths(a), layer_paths(b)
        # A folder that only got another time: Docker writes it, BuildKit 0.32 does not.
        for path in set(mine) ^ set(other):
            if all(tree.get(path, {}).get("type") == "dir" for tree in (tree_a, tree_b)):
                mine, other = ([p for p in side if p != path] for side in (mine, other))
        if mine == other:
            yield "layers", None
        else:
            yield "layers", (f"layer {number}: only simbench {sorted(set(mine) - set(other))}, "
                             f"only the engine {sorted(set(other) - set(mine))}")


def history(image):
    return [(entry.get("created_by", ""), bool(entry.get("empty_layer")), entry.get("comment", ""))
            for entry in image.config.get("history") or []]


def compare_config(ours, theirs):
    mine, other = ours.config.get("config") or {}, theirs.config.get("config") or {}
    labels = {k: v for k, v in (other.get("Labels") or {}).items()
              if k != "io.buildah.version"}  # buildah's own signature
    other = dict(other, Labels=labels)
    problems = [f"{field}: {mine.get(field)!r}, engine {other.get(field)!r}"
                for field in CONFIG_FIELDS
                if (mine.get(field) or None) != (other.get(field) or None)]
    for field in ("architecture", "os"):
        if ours.config.get(field) != theirs.config.get(field):
            problems.append(f"{field}: {ours.config.get(field)!r}, "
                            f"engine {theirs.config.get(field)!r}")
    yield "config", "\n".join(problems) or None
    mine, other = history(ours), history(theirs)
    problems = [f"{a!r}, engine {b!r}" for a, b in zip(mine, other) if a != b]
    if len(mine) != len(other):
        problems.append(f"{len(mine)} entries, engine {len(other)}")
    yield "history", "\n".join(problems) or None


def compare_warnings(ours, theirs):
    """What --check says, as far as there are differences."""
    problems = [f"only simbench: {w}" for w in ours if w not in theirs]
    problems += [f"only the engine: {w}" for w in theirs if w not in ours]
    yield "check", "\n".join(problems) or None


def compare(ours, theirs, engine, exact=True):
    """All verdicts of one build. EXACT: the engine is the reference, also for layers and
    history; otherwise only what older engines share with it."""
    if ours.ok != theirs.ok:
        error = ours.error if not ours.ok else theirs.error
        yield "outcome", (f"{'built' if ours.ok else 'failed'}, "
                          f"engine {'built' if theirs.ok else 'failed'}: {error}")
        return
    yield "outcome", None
    if not ours.ok:
        return
    if ours.warnings is not None:
        yield from compare_warnings(ours.warnings, theirs.warnings)
    elif engine.semantics == "buildkit":
        yield from compare_steps(ours, theirs, engine)
    else:
        yield from compare_linear_steps(ours, theirs)
    yield from compare_files(ours.image, theirs.image)
    for verdict in compare_config(ours.image, theirs.image):
        if exact or verdict[0] != "history":
            yield verdict
    if exact:
        yield from compare_layers(ours.image, theirs.image)

# SPDX-License-Identifier: MIT
"""Makes a failing case smaller while it goes on failing in the same class."""
import copy


def candidates(case):
    """Smaller cases, the boldest first."""
    for keep in range(len(case["edits"])):
        yield dict(case, edits=case["edits"][:keep])
    for number, edits in enumerate(case["edits"]):
        for drop in range(len(edits)):
            smaller = copy.deepcopy(case)
            del smaller["edits"][number][drop]
            yield smaller
        smaller = copy.deepcopy(case)
        merged = smaller["edits"].pop(number)
        if number < len(smaller["edits"]):
            smaller["edits"][number] = merged + smaller["edits"][number]
            yield smaller
    for index in range(len(case["dockerfile"]) - 1, -1, -1):
        smaller = copy.deepcopy(case)
        del smaller["dockerfile"][index]
        yield smaller
    for path in sorted(case["files"], reverse=True):
        smaller = copy.deepcopy(case)
        smaller["files"] = {p: s for p, s in case["files"].items()
                            if p != path and not p.startswith(path + "/")}
        yield smaller
    if "main/.dockerignore" in case["files"]:
        lines = case["files"]["main/.dockerignore"]["text"].splitlines()
        for index in range(len(lines)):
            smaller = copy.deepcopy(case)
            smaller["files"]["main/.dockerignore"]["text"] = "\n".join(
                lines[:index] + lines[index + 1:]) + "\n"
            yield smaller
    for key in list(case["options"]):
        if case["options"][key]:
            smaller = copy.deepcopy(case)
            del smaller["options"][key]
            yield smaller


def shrink(case, fails, limit=250):
    """The smallest case found with at most LIMIT tries; FAILS(case) tells whether the
    mismatch is still there."""
    tries = 0
    again = True
    while again and tries < limit:
        again = False
        for smaller in candidates(case):
            tries += 1
            if tries > limit:
                break
            if fails(smaller):
                case, again = smaller, True
                break
    return case


def show(case):
    """The case as a person would write it down."""
    out = []
    for path, spec in sorted(case["files"].items()):
        what = (f"-> {spec['link']}" if "link" in spec else
                f"folder {spec.get('mode', '')}" if spec.get("dir") else
                f"hard link to {spec['hard']}" if "hard" in spec else
                f"tar {spec.get('pack') or 'plain'} {sorted(spec['tar'])}" if "tar" in spec else
                f"{spec.get('mode', '644')} {spec['text']!r}")
        out.append(f"  {path}: {what}")
    out.append("  --- Dockerfile")
    out += ["  " + line for _, text in case["dockerfile"] for line in text.split("\n")]
    options = {k: v for k, v in case["options"].items() if v}
    out.append(f"  --- options {options}")
    for edits in case["edits"]:
        out.append(f"  --- then {edits}, build again")
    return "\n".join(out)

# SPDX-License-Identifier: MIT
"""Random words of a Dockerfile that expand variables: every form of the reference, nested
and quoted, and forms at its edge."""

NAMES = ["V", "W", "X", "D", "NONE"]
PATTERNS = ["*/", "/*", "?", "*", "a", "b", "*b", "[a]", "\\*", "/", "#", "%", "a*c"]
LITERALS = ["a", "b c", "x", ".", "/", "-", "", "a/b", "1", "é"]


def variable(random, patterns, depth):
    def pick(values):
        return values[random.randrange(len(values))]

    name = pick(NAMES)
    kind = random.randrange(12)
    if not patterns and kind in (8, 9, 10):
        kind = 0
    if kind <= 2:
        return "$" + name
    if kind <= 4:
        return "${" + name + "}"
    inner = word(random, patterns, depth + 1, bare=True) if depth < 2 else pick(["d", ""])
    if kind <= 7:
        return "${" + name + pick([":-", ":+"] + ["-", "+"] * patterns) + inner + "}"
    if kind <= 9:
        return "${" + name + pick(["#", "##", "%", "%%"]) + pick(PATTERNS) + "}"
    if kind == 10:
        return "${" + name + pick(["/", "//"]) + pick([p for p in PATTERNS if p != "/"]) + "/" + inner + "}"
    return pick(["$$", "\\$V", "\\\\", "$1", "\\}", "$", "\\n"])


def word(random, patterns=True, depth=0, bare=False):
    """One word without unquoted blanks, so that ENV k=WORD takes it whole. PATTERNS: with
    ${V#…} and its kin. BARE: as the inside of ${V:-…}, where no closing brace stands."""
    parts = []
    for _ in range(random.randrange(1, 4)):
        kind = random.randrange(6)
        literal = LITERALS[random.randrange(len(LITERALS))]
        if kind <= 1:
            parts.append(variable(random, patterns, depth))
        elif kind == 2:
            parts.append('"' + literal + variable(random, patterns, depth) + '"')
        elif kind == 3:
            parts.append("'" + literal + "$V'")
        else:
            parts.append(literal.replace(" ", "\\ "))
    text = "".join(parts)
    return text.replace("\\}", "") if bare else text

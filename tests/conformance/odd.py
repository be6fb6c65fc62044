# SPDX-License-Identifier: MIT
"""Small odd Dockerfiles from a seed: how things may be written, and how they may not.

Where generate.py means its builds to work, here every second one is wrong somewhere:
spelling, quotes, continuations, flags, heredocs, directives, forms of each instruction.
The context is always the same few files."""
import random

from generate import Generator
from words import word

FILES = {
    "main/a.txt": {"text": "alpha\n", "mode": "644"},
    "main/b.txt": {"text": "beta\n", "mode": "600"},
    "main/d": {"dir": True, "mode": "755"},
    "main/d/x.txt": {"text": "x\n", "mode": "644"},
    "main/d/s": {"dir": True, "mode": "755"},
    "main/d/s/y": {"text": "y\n", "mode": "755"},
    "main/sp ace": {"text": "blank\n", "mode": "644"},
    "main/l": {"link": "a.txt"},
    "main/.dockerignore": {"text": "ignored\nd/no*\n", "mode": "644"},
}
SPACES = [" ", " ", " ", " ", "  ", "\t", " \t "]
FLAG_VALUES = ["", "=", "=true", "=false", "=1", "=0", "=x", "=True", "=\"true\"", "=${T}", "='a b'"]
PATHS = ["a.txt", "b.txt", "d", "d/", "d/x.txt", ".", "/", "./a.txt", "$P", "${P}", "\"a.txt\"", "'d'",
         "\"sp ace\"", "sp\\ ace", "*.txt", "l", "d/../a.txt", "${U:-a.txt}", "a.tx[t]", "ignored", "d/none*"]
TARGETS = ["/", "/t", "/t/", ".", "./", "t", "t/", "$D", "${D}/", "\"/q t\"", "'/s'", "/x/../y/", "/t/.", "\"\"", "~"]
NUMBERS = ["0", "1", "1000", "-1", "x", "4294967296", "1.5", "", "007"]
MODES = ["644", "0755", "777", "1777", "4755", "07777", "17777", "888", "u+x", "a=rX", "g-w,o=r", "$M", "+x", "u=", "z+x",
         "0", "0o644", "-1", "7 7"]
OWNERS = ["0", "0:0", "1:2", "app", "app:users", ":3", "3:", "nobody:nogroup", "none", "$O", "1:2:3", "-1", "app:5", "'1'"]
DURATIONS = ["5s", "1m30s", "0", "0s", "500us", "1ms", "5", "-1s", "1h", "abc", "1.5s", "", "100000000h", "1us", "+3s", ".5s"]
NAMES = ["V", "W", "T", "U", "D", "P", "O", "M", "_x", "X1", "a.b", "a-b", "PATH", "HOME", "é", "1a"]
JSON = ['["a"]', '["a", "b c"]', "[]", '[ "a" ]', '["a",]', "['a']", '["a"', '["a" "b"]', '["a", 1]', '["a", null]',
        '[["a"]]', '["\\u0041"]', '["a"] x', '["a\\"b"]', '["$V"]', '[""]', '["a",\\\n"b"]', '{"a":1}', '"a"',
        '["a"]#', '["\\x"]', '["t\tab"]', '["\\ud83d\\ude00"]', '[ ]', '["é"]', '[true]', '["a"],']
SIGNALS = ["9", "SIGTERM", "TERM", "sigint", "64", "65", "0", "-1", "SIGRTMIN+3", "RTMIN", "RTMAX-1", "SIGFOO", "", "$S", "1 2",
           "SIGRTMIN+31", "09", "SIGCLD", "SIGIOT", "rtmin+1"]
PORTS = ["80", "80/tcp", "80/udp", "80/sctp", "80/TCP", "80/x", "1-3", "3-1", "1:2", "127.0.0.1:80:80", "0", "65535", "65536",
         "-1", "a", "80-", "$N", "80 81/udp", "", "1-3:4-6", "80/", "/tcp", "80//tcp", "80/tcp/udp", "[::1]:80:80", "1:2/udp",
         "1-3/udp", "080", "+80", "8 0"]
STAGE_NAMES = ["a", "b", "Build", "a-b", "a.b", "a_b", "1a", "0", "scratch", "context", "x y", "é", "_a", "A", "${V}"]
WORDS = ["FROM", "RUN", "CMD", "LABEL", "MAINTAINER", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER",
         "WORKDIR", "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"]
MOUNT_KEYS = ["type=bind", "type=cache", "type=tmpfs", "type=secret", "type=ssh", "type=none", "type=", "type=$T", "target=/m",
              "target=/", "target=m", "dst=/n", "destination=/o", "target=", "source=a.txt", "src=d", "source=none",
              "from=base", "from=0", "from=9", "from=", "from=a", "ro", "rw", "readonly", "readwrite", "ro=true", "rw=false",
              "readonly=x", "id=i", "id=", "sharing=shared", "sharing=locked", "sharing=private", "sharing=x", "mode=0755",
              "mode=755", "mode=9", "uid=1", "gid=1", "uid=x", "uid=-1", "size=1m", "size=1", "size=x", "size=-1", "size=1.5g",
              "required", "required=false", "required=x", "env=E", "env", "x=y", "x", "", "TYPE=cache", "Target=/z",
              "\"target=/q\"", "target=\"/q\"", "target=$D", "size=10MiB", "size=1 k", "from=$B"]


class Odd(Generator):
    def __init__(self, seed, features):
        super().__init__(seed, features)
        self.form = []

    def gap(self):
        return self.pick(SPACES)

    def value(self):
        kind = self.random.randrange(8)
        if kind <= 3:
            return word(self.random, "patterns" in self.features)
        return self.pick(["", "v", "\"a b\"", "'a b'", "a\\ b", "\"", "'", "a\"b", "\"a'b\"", "\\", "a\\", "$", "${", "${}", "${V",
                          "$V$W", "\"$V\"", "'$V'", "${V:-x}", "${V:?no}", "${U:?no}", "${V:x}", "#", "a#b", "a=b", "=", "\\\"q\\\"",
                          "`", "é", "\"\\n\"", "\\n", "{}", "a,b", "<<", "<<E", "$é", "${é}", "${V//a/$é}", "\\\\", "\"\\\\\"", "$(x)",
                          "`x`", "${V^}", "${V:1}", "${V,,}", "${1}", "$1", "${V-}", "${:-x}", "${V%}", "${V#}", "${V/}", "${V/a}",
                          "${V//}", "${V/a/b/c}", "${V/\\/}", "$$", "$-", "${V:=x}", "${!V}", "%{V}", "$V-$", "a\tb", "\"a\tb\""])

    def pairs(self):
        count = self.pick([1, 1, 1, 2, 3])
        out = []
        for _ in range(count):
            kind = self.random.randrange(12)
            name, value = self.pick(NAMES), self.value()
            out.append({0: name, 1: f"{name}={value} ", 2: f"\"{name}\"={value}", 3: f"{name} = {value}",
                        4: f"={value}", 5: f"{name}{self.gap()}{value}", 6: f"'{name}'={value}",
                        7: f"${name}={value}"}.get(kind, f"{name}={value}"))
        return self.gap().join(out)

    def flag(self, names, values=FLAG_VALUES):
        return "--" + self.pick(names) + self.pick(values)

    def heredoc(self):
        name = self.pick(["EOF", '"EOF"', "'EOF'", "-EOF", "E\"O\"F", "E\\OF", "1", "a.b", "$V", "\"E F\"", "-\"EOF\"", "", "é"])
        end = name.lstrip("-").replace('"', "").replace("'", "").replace("\\", "")
        body = self.pick(["", "x\n", "echo $V\n", "\ttab\n", "a\\\nb\n", "# note\n", "\n\n", "$U ${V}\n", "\"q\" 'r' \\$V\n", "${V:-\"d\"}\n",
                          "FROM x\n", "#!/bin/sh\necho\n", "${\n", "é\n", "\\\n"])
        tail = self.pick(["", "", "", "", " ", "x", "\t"])
        lead = self.pick(["", "", "", "\t", " "]) if name.startswith("-") or self.chance(0.1) else ""
        number = self.pick(["", "", "", "", "3", "0"])
        return f"{number}<<{name}", body + lead + end + tail

    def with_heredocs(self, head, rest, count=None):
        words, bodies = [], []
        for _ in range(count or self.pick([1, 1, 1, 2])):
            start, body = self.heredoc()
            words.append(start)
            bodies.append(body)
        if self.chance(0.08):
            bodies = bodies[:-1]
        return "\n".join([self.gap().join([head] + words + rest).rstrip("\n")] + bodies)

    def mount(self):
        count = self.random.randrange(1, 5)
        keys = [self.pick(MOUNT_KEYS) for _ in range(count)]
        if self.chance(0.6):
            keys = ["type=" + self.pick(["bind", "cache", "tmpfs", "secret", "ssh"]),
                    "target=" + self.pick(["/m", "m", "/m/n", "$D"])] + keys[:2]
        return "--mount=" + ",".join(keys)

    def run_text(self):
        return self.pick(["true", ":", "true  && true", "echo \"a b\" 'c'", "# x", "true # x", "true \\\n && true", "true \\\n# c\n\n && true", "\\\ntrue",
                          "true \\", "echo $V > /v", "echo \\$V", "true;\\", "true\\\n", "[ -e /x ] || true", "echo é > /e", "echo '\\' > /b"] + JSON[:8])

    def copy_words(self):
        sources = [self.pick(PATHS) for _ in range(self.pick([1, 1, 1, 1, 2, 3, 0]))]
        dest = [self.pick(TARGETS)] if self.chance(0.95) else []
        if self.chance(0.15):
            return "[" + self.pick([", ", ","]).join('"' + s.strip("\"'") + '"' for s in sources + dest) + "]" + self.pick(["", "", " ", "x"])
        return self.gap().join(sources + dest)

    def body(self, name):
        """What follows the instruction's word."""
        flags = []
        if name in ("COPY", "ADD"):
            for _ in range(self.pick([0, 0, 1, 1, 2])):
                kind = self.random.randrange(9)
                flags.append(
                    "--chown=" + self.pick(OWNERS) if kind <= 1 else
                    "--chmod=" + self.pick(MODES) if kind <= 3 else
                    self.flag(["link", "parents", "keep-git-dir", "unpack", "Link"]) if kind <= 5 else
                    "--exclude=" + self.pick(["*.txt", "d", "[", "", "$V", "!a", "**"]) if kind == 6 else
                    "--from=" + self.pick(STAGE_NAMES + ["0", "1", "9", "-1", "base", "$V", "", "BASE"]) if kind == 7 else
                    self.flag(["x", "chown", "chmod", "from", "checksum", "exclude", ""]))
            if self.chance(0.25):
                return self.with_heredocs(self.gap().join(flags), [self.pick(TARGETS)])
            return self.gap().join(flags + [self.copy_words()])
        if name == "RUN":
            for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
                kind = self.random.randrange(6)
                flags.append(self.mount() if kind <= 3 else
                             "--network=" + self.pick(["none", "default", "x", "", "None", "\"none\"", "$N"]) if kind == 4 else
                             self.pick(["--security=sandbox", "--security=x", "--security=", "--x", "--", "--device=x", "--network"]))
            if self.chance(0.2):
                return self.with_heredocs(self.gap().join(flags), self.pick([[], [], [], ["true"]]))
            return self.gap().join(flags + [self.run_text()])
        if name in ("CMD", "ENTRYPOINT", "SHELL"):
            if self.chance(0.1):
                flags = [self.flag(["x", "interval"])]
            return self.gap().join(flags + [self.pick(JSON) if self.chance(0.6) else self.pick([self.run_text(), "", self.value()])])
        if name == "VOLUME":
            return self.pick(JSON + ["/v", "/v /w", "v", "$D", "\"/v\"", "'/v w'", "", "/v:/w", "/a\\ b", "/v/", "\"\"", self.value()])
        if name in ("ENV", "LABEL"):
            return self.pairs()
        if name == "ARG":
            return self.pick([self.pairs(), self.pick(NAMES), f"{self.pick(NAMES)}={self.value()}", "", f"{self.pick(NAMES)}={self.value()}",
                              "V W=2", "\"V=1\"", "V ="])
        if name == "FROM":
            base = self.pick(["scratch", "base", "base", "SCRATCH", "$B", "${B}", "${U:-base}", "a", "A", "0", "base:latest", "", "\"base\"", "base@x",
                              "Base", "base:", ":x", "--platform"])
            flags = [self.pick(["--platform=linux/amd64", "--platform=$BUILDPLATFORM", "--platform=x", "--platform=", "--platform",
                                "--x", "--platform=$TARGETPLATFORM", "--platform=linux"])] if self.chance(0.15) else []
            tail = self.pick(["", "", "AS " + self.pick(STAGE_NAMES), "as " + self.pick(STAGE_NAMES), "As x", "AS", "x", "AS a b", "# c"])
            return self.gap().join(flags + [base] + ([tail] if tail else []))
        if name == "HEALTHCHECK":
            for _ in range(self.pick([0, 0, 1, 1, 2])):
                key = self.pick(["interval", "timeout", "start-period", "start-interval", "retries", "x", "Interval"])
                flags.append(f"--{key}=" + self.pick(NUMBERS if key == "retries" else DURATIONS))
            return self.gap().join(flags + [self.pick(["NONE", "none", "NONE x", "CMD true", "cmd true", "CMD", 'CMD ["a"]', "CMD []", "x", "",
                                                       "CMD-SHELL true", "CMD $V", "CMD [\"a\"", "NONE []"])])
        if name == "ONBUILD":
            inner = self.pick(WORDS + ["FOO", "", "onbuild", "run"])
            return (inner + self.gap() + self.body(inner.upper())) if inner.upper() in WORDS and inner != "ONBUILD" else inner + " x"
        if name == "STOPSIGNAL":
            return self.pick(SIGNALS)
        if name == "EXPOSE":
            return self.gap().join(self.pick(PORTS) for _ in range(self.pick([1, 1, 1, 2])))
        if name == "USER":
            return self.pick(OWNERS + ["a b", "", "\"app\"", "$V", "${U:-0}", self.value()])
        if name == "WORKDIR":
            return self.pick(TARGETS + ["a b", "", "/a b/c", "$U", "..", "c:\\x", "\\a", self.value()])
        if name == "MAINTAINER":
            return self.pick(["me", "", "a b <c>", "\"q\"", "$V", self.value()])
        return self.value()

    def spelled(self, name):
        return self.pick([name, name, name, name, name.lower(), name.capitalize(), name])

    def break_line(self, text):
        """A continuation where a blank was."""
        at = [i for i, c in enumerate(text.split("\n")[0]) if c == " "]
        if not at or "<<" in text:
            return text
        i = self.pick(at)
        return text[:i] + self.pick([" \\\n ", "\\\n ", " \\ \n", " \\\n\n", " \\\n# note\n ", "\\\n", " \\\t\n\t", " \\\n  # note\n", " `\n", " \\\\\n"]) + text[i + 1:]

    def spoil(self, text):
        i = self.random.randrange(len(text) + 1)
        kind = self.random.randrange(4)
        if kind == 0:
            return text[:i] + text[i + 1:]
        if kind == 1:
            return text[:i] + self.pick(list("\\\"'$ \t#=,[]{}<-:/`") + ["\0", "\xa0", "\v", "\f", "\r", "\u2028", "\x85"]) + text[i:]
        if kind == 2:
            return text[:i] + text[i:i + 2][::-1] + text[i + 2:]
        return text[:i] + text[i:i + 1] + text[i:]

    def odd_line(self):
        if self.chance(0.06):
            return self.pick(["", "  ", "# note", "  # note", "#", "\t", "# escape=`", "# syntax=x", "FOO bar", "RUN", "COPY", "ENV", "\\", "\\\n", "x", "<<EOF\nEOF",
                              "#!x", "R\\\nUN true", "FROM", "\ufeff# x", "LABEL", "ARG", "# check=skip=all", "COPY a.txt /x # c", "----", "EOF"])
        name = self.pick(WORDS[1:])
        text = self.pick(["", "", "", "", " ", "\t"]) + self.spelled(name) + self.gap() + self.body(name) + self.pick(["", "", "", "", " ", "\t "])
        if self.chance(0.12):
            text = self.break_line(text)
        if self.chance(0.07):
            text = self.spoil(text)
        return text

    def directive(self):
        return self.pick(["# escape=\\", "# escape=`", "#escape = `", "# ESCAPE=`", "# escape=x", "# escape=", "# check=skip=all", "# check=error=true",
                          "# check=skip=JSONArgsRecommended;error=true", "# check=x", "# check=error=x", "# note", "# check = skip=StageNameCasing , UndefinedVar",
                          "# unknown=1", "# escape=`\n# escape=`", "", "# check=skip=", "# check=experimental=all", "#check=error=true;skip=all", "# esc ape=`",
                          "# check=SKIP=all", "# check=skip=undefinedvar", "# check=skip=JSONArgsRecommended,UndefinedVar", "// x", "#!/bin/x", "#  escape  =  `  "])

    def case(self, seed):
        if self.chance(0.2):
            self.add(self.directive())
        if self.chance(0.3):
            self.add("ARG " + self.pick(["B=base", "V=g", "B", "V", "B=", "T=true D=/dd", "U=$V", "B=b\\ase"]))
        for number in range(self.pick([1, 1, 1, 2, 3])):
            if self.chance(0.12):
                self.add(self.spelled("FROM") + self.gap() + self.body("FROM"))
            else:
                self.add(self.pick(["FROM base", "FROM scratch"]) + ("" if self.chance(0.6) else f" AS {'abc'[number]}"))
            if self.chance(0.5):
                self.add("ENV V=val W=\"two words\" D=/dir P=a.txt")
            for _ in range(self.pick([1, 1, 2, 3])):
                self.add(self.odd_line())
        form = [name for name, share in (("bom", 0.04), ("crlf", 0.06), ("bare", 0.1)) if self.chance(share)]
        args = {self.pick(["V", "W", "T", "B", "HTTP_PROXY"]): self.pick(["1", "", "a b", "base", "true"])} if self.chance(0.1) else {}
        return {"seed": seed, "files": FILES, "dockerfile": self.lines, "options": {"args": args, "form": form},
                "edits": []}


def generate(seed, features):
    return Odd(seed, features).case(seed)

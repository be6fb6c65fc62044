# SPDX-License-Identifier: MIT
"""A random case from a seed: a context, a Dockerfile, and edits between builds.

Mostly valid inputs: a case whose first build fails says little. What the engine at hand
does not know (FEATURES) is not used."""
import random

from words import word

NAMES = ["a.txt", "b.txt", "c.md", ".hid", "run.sh", "with space", "odd[1].txt"]
FOLDERS = ["d", "d/s", "e", "n", "d/s/t", "empty"]
MODES = ["644", "644", "644", "600", "755", "664", "4755", "440"]
FOLDER_MODES = ["755", "755", "700", "775", "2775", "1777"]
DESTINATIONS = ["/dst", "/dst/", ".", "./", "sub/", "/a/b/c/", "/w/f.txt", "$D/", "/", "/etc/",
                "../up/", "/tmp/x", "${D:-/dd}/", "/etc/link", "/var/link/", "/d", "x y/", "/l",
                "/home/app/", "f", "/etc/motd", "/dst/sub/.", "/q/../r/"]
OWNERS = ["1:2", "5", "app", "app:users", "0:0", "nobody", ":7", "root:app", "1000:staff", "$U"]
CHMODS = ["600", "0755", "4755", "1777", "0644"]
CHMOD_WORDS = ["u+x", "go-rwx", "a+rX", "u=rw,go=r", "g+w"]
SCRIPTS = [
    "echo $((1+{n})) > /n", "mkdir -p /m/n && touch /m/n/{n}", "rm -rf /dst", "rm -f /w/f.txt /f",
    "ln -sf /etc/motd /sl{n}", "echo x > /h1; ln -f /h1 /h2", "chmod 70{n} /tmp",
    "test -e /dst && chmod 4711 /dst || true", "chown -R 3:4 /dst 2>/dev/null || true",
    "mv /dst /moved 2>/dev/null || true", "env | grep -v -e HOSTNAME -e PWD -e OTEL -e TRACEPARENT | sort > /env",
    "id > /id", "pwd > /pwd", "umask > /umask", "grep -h Cap /proc/self/status > /caps",
    "true", "mkfifo /fifo{n}", "rm -rf /etc && mkdir /etc && echo {n} > /etc/x",
    "cat /dst 2>/dev/null >> /log; echo {n} >> /log", "find /dst /w /a /sub 2>/dev/null | sort > /ls",
    "stat -c '%a %u:%g %s %n' /dst/* /w/* /d/* 2>/dev/null > /st || true",
    "mkdir -p /k && echo {n} > /k/a && rm -r /k", "rm -rf /m && mkdir /m && echo {n} > /m/o",
    "echo $V-$W-$D > /vars", "touch -d @1500000000 /etc/motd", "rm /bin/vi; ln -s x /bin/vi",
    "mkdir /z{n} && chmod 2750 /z{n} && chown 9:9 /z{n}", "echo '#{n}' # comment", "cd /tmp; >f{n}",
    "cp -a /etc /etc{n}", "rm -rf /home && ln -s /tmp /home", "printf '%s\\n' a b > /p; cat /p",
    "[ -d /d ] && rm -rf /d && echo file > /d || mkdir -p /d/n{n}", "setuidgid app id > /g || true",
    "sleep 0; date +%Y | wc -c > /y", "mknod /tmp/null c 1 3 || echo no > /mk", "chmod -x /bin/busybox; chmod +x /bin/busybox",
]
OPTION_NAMES = ["V", "W", "D", "U"]
EXTENSIONS = ["txt", "md", "sh"]


class Generator:
    def __init__(self, seed, features):
        self.random = random.Random(seed)
        self.features = features
        self.salt = f"{seed:x}"
        self.ids = 0
        self.stages = []
        self.lines = []
        self.contexts = {}
        self.args = {}
        self.files = {}

    def chance(self, share):
        return self.random.random() < share

    def pick(self, values):
        return values[self.random.randrange(len(values))]

    def number(self):
        return self.random.randrange(8)

    # ---- files

    def text(self):
        return f"{self.salt} {self.random.randrange(1000)}\n" * self.random.randrange(1, 3)

    def file(self):
        mode = self.pick(MODES)
        return {"text": self.text(), "mode": mode}

    def make_files(self, root):
        folders = [f for f in FOLDERS if self.chance(0.9 if f == "d" else 0.6)]
        for folder in folders:
            parts = folder.split("/")
            for end in range(1, len(parts) + 1):
                self.files.setdefault(root + "/".join(parts[:end]),
                                      {"dir": True, "mode": self.pick(FOLDER_MODES)})
        places = [""] + [f + "/" for f in folders if f != "empty"]
        for name in ["a.txt", "b.txt"] + NAMES:
            if name == "a.txt" or self.chance(0.35):
                self.files[root + self.pick(places if name != "a.txt" else [""]) + name] = self.file()
        for folder in folders:
            if folder != "empty" and self.chance(0.7):
                self.files[root + folder + "/x.txt"] = self.file()
        if self.chance(0.3):
            self.files[root + self.pick(places) + "l"] = {
                "link": self.pick(["a.txt", "d", "x.txt", "nowhere", "/a.txt", "../a.txt", "d/s"])}
        if self.chance(0.15):
            self.files[root + self.pick(places) + "hard"] = {"hard": root + "a.txt"}
        if self.chance(0.25):
            self.files[root + self.pick(["t.tar", "t.tgz", "d.bin"])] = {
                "tar": {"in/": "", "in/f": self.text(), "g": self.text(), "in/l": "->f",
                        "dst/deep/h": self.text()},
                "pack": self.pick(["", "gz", "bz2", "xz"])}

    def ignore_line(self):
        base = self.pick(["*.md", "d", "d/", "**/x.txt", "*", "d/s", "Dockerfile", ".dockerignore", "e/**",
                          "**", "/a.txt", "?.txt", "d/*", "**/*.sh", "[ab].txt", "*/x.txt", "a.txt",
                          "./n", "n/../e", "# note", "", ".hid", "**/s/**", "!", "e/x.txt"])
        if base and not base.startswith(("#", "!")) and self.chance(0.35):
            base = "!" + base
        return base if base != "!" else "!d/x.txt"

    def names(self, root, kinds):
        found = []
        for path, spec in self.files.items():
            kind = ("dir" if spec.get("dir") else "link" if "link" in spec else
                    "tar" if "tar" in spec else "file")
            if path.startswith(root) and kind in kinds:
                found.append(path[len(root):])
        return sorted(found)

    # ---- instructions

    def source(self, root):
        kind = self.random.random()
        if kind < 0.5:
            names = [n for n in self.names(root, ("file",)) if "odd" not in n]
            return self.pick(names or ["a.txt"])
        if kind < 0.72:
            return self.pick(self.names(root, ("dir",)) or ["."]) + self.pick(["", "/", "/."])
        if kind < 0.8:
            return self.pick([".", "./", "/", "./a.txt", "../a.txt"])
        if kind < 0.93:
            return self.pick(["*.txt", "*", "*", "d*/*", "?.txt", "*/x.txt", "d*", "*.none", "d/s/*", "[a-b].txt",
                              "**/x.txt", "./*.txt", "e*/*"])
        return self.pick(self.names(root, ("link", "tar")) or ["a.txt"])

    def stage_source(self):
        if self.chance(0.15):
            return self.pick(["/dst", "/m", "/env", "/w", "/d", "/sub"])
        return self.pick(["/etc/motd", "/etc", "/tmp", "/etc/mot*", "/", "/bin/busybox", "etc/link", "/var/link",
                          "/n*", "/home", "/no*thing", "/home/", "/d*", "/et*/motd", "/[mw]*"])

    def quoted(self, sources, dest):
        if any(" " in s for s in sources + [dest]) or self.chance(0.15):
            return "[" + ", ".join('"' + s + '"' for s in sources + [dest]) + "]"
        return " ".join(sources + [dest])

    def copy(self):
        flags, sources = [], []
        word_ = "COPY"
        if self.stages and self.chance(0.35):
            index = self.random.randrange(len(self.stages))
            flags.append("--from=" + self.pick([str(index), self.stages[index] or str(index)]))
            sources = [self.stage_source() for _ in range(self.random.randrange(1, 3))]
        elif self.contexts and self.chance(0.5):
            flags.append("--from=other")
            sources = [self.source("other/")]
        else:
            sources = [self.source("main/") for _ in range(self.pick([1, 1, 1, 2, 3]))]
            if self.chance(0.25):
                word_ = "ADD"
        tars = self.names("main/", ("tar",))
        if tars and self.chance(0.15):
            word_, sources = "ADD", [self.pick(tars)]
            flags = []
        if self.chance(0.15):
            flags.append("--chown=" + self.pick(OWNERS))
        if self.chance(0.12) and "heredoc" in self.features:
            flags.append("--chmod=" + self.pick(
                CHMODS + (CHMOD_WORDS if "chmod-words" in self.features else [])))
        if "link" in self.features and self.chance(0.12):
            flags.append("--link" + self.pick(["", "=true", "=false"]))
        if "exclude" in self.features and self.chance(0.12):
            flags.append("--exclude=" + self.pick(["*.md", "**/x.txt", "d", "s", "*", "a.txt", "!a.txt", "d/s"]))
        if "parents" in self.features and word_ == "COPY" and self.chance(0.1):
            flags.append("--parents")
            if self.chance(0.4) and "--from" not in " ".join(flags):
                sources = [self.pick(["d/./s", "./d/x.txt", "d/s/./t", "**/x.txt", "d/./*.txt"])]
        if "unpack" in self.features and word_ == "ADD" and self.chance(0.2):
            flags.append("--unpack=" + self.pick(["true", "false"]))
        self.random.shuffle(flags)
        dest = self.pick(DESTINATIONS)
        if dest == "/etc/motd" and self.chance(0.7):
            dest = "/opt/x/"
        if len(sources) > 1 and not dest.endswith(("/", ".")) and self.chance(0.9):
            dest += "/"
        return " ".join([word_] + flags + [self.quoted(sources, dest)])

    def copy_heredoc(self):
        name = self.pick(["EOF", '"EOF"', "-EOF", "file.txt"])
        end = name.strip('-"')
        body = self.pick(["hello $V\n", "\ttab ${W:-w}\n", "plain\n", "", "a\\$b \\n 'x' \"$V\"\n"])
        if body:
            body += f"{self.salt}\n"
        return f"COPY <<{name} {self.pick(DESTINATIONS[:8]).replace(' ', '')}\n{body}{end}"

    def script(self):
        count = self.pick([1, 1, 1, 2])
        return self.pick([" && ", "; "]).join(
            self.pick(SCRIPTS).replace("{n}", str(self.number())) for _ in range(count))

    def mount(self):
        kind = self.random.random()
        if kind < 0.45:
            keys = ["type=bind"] if self.chance(0.8) else []
            if self.stages and self.chance(0.5):
                index = self.random.randrange(len(self.stages))
                keys += ["from=" + (self.stages[index] or str(index))]
                keys += self.pick([["source=/etc"], ["src=/etc/motd"], []])
            else:
                keys += self.pick([["source=a.txt"], ["source=d"], [], ["source=/a.txt"]])
            keys.append("target=" + self.pick(["/mnt", "/mnt/deep/er", "mnt2", "/etc/bind"]))
            if self.chance(0.2):
                keys.append(self.pick(["rw", "readwrite", "ro", "rw=false", "readonly=true"]))
        elif kind < 0.8:
            keys = ["type=cache", "target=" + self.pick(["/cache", "/tmp", "/c/d", "cc"])]
            if any(self.stages) and self.chance(0.3):
                keys += ["from=" + self.pick([s for s in self.stages if s])]
                keys += self.pick([["source=/etc"], ["source=/home"], ["source=/etc/motd"], ["source=/dst"]])
            keys += self.pick([[], [], ["id=one"], ["sharing=locked"], ["uid=5"], ["mode=0700"], ["gid=3", "uid=1"],
                               ["readonly"]])
        elif kind < 0.95:
            keys = ["type=tmpfs", "target=" + self.pick(["/tmp", "/mnt/t"])]
        else:
            keys = ["type=secret", "id=none"]
        self.random.shuffle(keys)
        return "--mount=" + ",".join(keys)

    def run(self):
        flags = []
        script = self.script()
        if self.chance(0.2) and "mount" in self.features:
            flags.append(self.mount())
            if self.chance(0.2):
                flags.append(self.mount())
            script = self.pick(["ls /mnt /cache /c /etc/bind 2>/dev/null >> /seen || true", "cat /mnt/a.txt /mnt > /got || true",
                                "echo {n} >> /cache/f; cat /cache/f 2>/dev/null | wc -l > /count",
                                "ls -A /cache > /kept; stat -c '%a %u' /cache >> /kept; echo {n} >> /cache/motd || true",
                                "find /cache /mnt -type f 2>/dev/null | sort > /found; chmod 700 /cache 2>/dev/null || true",
                                "stat -c '%a %u:%g %F' /mnt /cache /c/d /tmp /mnt/t 2>/dev/null > /stat || true",
                                "touch /mnt/new /tmp/new 2>/dev/null || true"]).replace("{n}", str(self.number()))
        if self.chance(0.03) and "mount" in self.features:
            flags.append("--network=" + self.pick(["none", "default"]))
        if self.chance(0.15):
            return " ".join(["RUN"] + flags + ['["/bin/sh", "-c", "' + script.replace("\\", "\\\\").replace('"', '\\"') + '"]'])
        if "heredoc" in self.features and self.chance(0.15):
            name = self.pick(["EOF", "-EOF", '"EOF"', "X"])
            head = self.pick(["", "", "", "#!/bin/sh\n"])
            body = self.pick(["", "set -e\n", "\t"]) + script + "\n"
            return " ".join(["RUN"] + flags + [f"<<{name}\n{head}{body}{name.strip('-' + chr(34))}"])
        if self.chance(0.1):
            script = script.replace("; ", "; \\\n    ").replace(" && ", " && \\\n# note\n  ")
        return " ".join(["RUN"] + flags + [script])

    def config(self):
        kind = self.random.randrange(14)
        value = lambda: word(self.random, "patterns" in self.features)
        if kind <= 2:
            if self.chance(0.2):
                return f"ENV {self.pick(OPTION_NAMES[:2])} {self.pick(['a b', 'x $V', '  two  words'])}"
            return "ENV " + " ".join(f"{self.pick(OPTION_NAMES + ['X'])}={value()}"
                                     for _ in range(self.pick([1, 1, 2]))).replace("U=", "E=")
        if kind <= 4:
            name = self.pick(["V", "W", "X", "TARGETARCH", "HTTP_PROXY", "D"])
            return "ARG " + name + self.pick(["", "=1", f"={value()}" if name != "D" else "=/darg"])
        if kind == 5:
            return f"LABEL {self.pick(['k', 'k.$V', 'org.x'])}={value()}"
        if kind == 6:
            return "WORKDIR " + self.pick(["/w", "w", "/w/x", "sub dir", "$D", "../x", "/", "/var/link/y", "/w/",
                                           "\"/q\"", "./.", "${W:-zz}", "/etc/link2"])
        if kind == 7:
            return "USER " + self.pick(["0", "1000", "app", "app:users", "1000:100", "root", "0:0", "app:0", "$U"])
        if kind == 8:
            return self.pick(["CMD ", "ENTRYPOINT "]) + self.pick(
                ["echo hi", '["a", "b"]', "[]", "", '["x" "y"]', "exec $V", "[ 'a' ]"])
        if kind == 9:
            return "EXPOSE " + self.pick(["80", "80/tcp 53/udp", "90-92", "$V", "8000-8001/udp", "80 80/TCP", "1:2"])
        if kind == 10:
            return self.pick(["VOLUME /v", 'VOLUME ["/v1", "/v 2"]', "VOLUME /dst /$D", "STOPSIGNAL SIGTERM",
                              "STOPSIGNAL 9", "STOPSIGNAL ${V:+9}4", "MAINTAINER me $V"])
        if kind == 11:
            return self.pick(["HEALTHCHECK NONE", "HEALTHCHECK CMD true", "HEALTHCHECK --interval=5s --retries=3 CMD [\"a\"]",
                              "HEALTHCHECK --timeout=1m30s --start-period=2s CMD x $V"])
        if kind == 12:
            return "SHELL " + self.pick(['["/bin/sh", "-ec"]', '["/bin/sh","-c"]', '["/bin/busybox", "ash", "-xc"]'])
        return "ONBUILD " + self.pick(["RUN echo on > /onbuild", "COPY a.txt /onb/", "ENV ON=1", "WORKDIR /onw",
                                       "LABEL on=$V", "USER 3", "ARG Q=2", "CMD x", "COPY --chown=5 . /onb/", "RUN echo $V$Q >> /onv",
                                       "WORKDIR onx", "ADD *.txt /ona/", "ENTRYPOINT [\"e\"]", "SHELL [\"/bin/sh\", \"-ec\"]"])

    def instruction(self):
        kind = self.random.random()
        if kind < 0.36:
            return self.copy()
        if kind < 0.4 and "heredoc" in self.features:
            return self.copy_heredoc()
        if kind < 0.7:
            return self.run()
        return self.config()

    def add(self, text):
        self.lines.append([self.ids, text])
        self.ids += 1

    def add_stage(self):
        kind = self.random.random()
        base = "base"
        if self.stages and kind < 0.3:
            index = self.random.randrange(len(self.stages))
            base = self.stages[index] or "base"
        elif kind < 0.38:
            base = "scratch"
        elif kind < 0.42:
            base = "${B:-base}"
        name = f"s{len(self.stages)}" if self.chance(0.75) else ""
        self.add(f"FROM {base}" + (f" {self.pick(['AS', 'as'])} {name}" if name else ""))
        if base.endswith(("base", "base}")):
            self.add(f"ENV SALT={self.salt}")  # no RUN is known from another case
        self.stages.append(None)
        own = len(self.stages) - 1
        earlier = self.stages
        self.stages = self.stages[:own]
        if base == "base" and self.chance(0.3):
            self.add("ENV D=/dir U=1:1")
        for _ in range(self.random.randrange(1, 7)):
            text = self.instruction()
            if base == "scratch" and text.startswith("RUN"):
                text = "COPY a.txt /" + self.pick(["", "x/"])
            self.add(text)
        self.stages = earlier
        self.stages[own] = name

    # ---- edits

    def edit_file(self, roots):
        root = self.pick(roots)
        files = self.names(root, ("file",))
        every = self.names(root, ("file", "link", "dir"))
        kind = self.random.randrange(11)
        path = root + self.pick(files)
        if kind <= 3:
            spec = dict(self.files[path], text=self.text())
            return ["put", path, spec]
        if kind == 4:
            return ["touch", root + self.pick(every)]
        if kind == 5:
            # Not of a folder: BuildKit 0.32 and Docker 26 do not notice, simbench does.
            return ["chmod", path, self.pick(MODES)]
        if kind == 6:
            return ["rename", path, path + self.pick(["2", ".txt"])]
        if kind == 7:
            return ["put", root + self.pick(["new.txt", "d/new.txt", "d/s/new", ".new"]), self.file()]
        if kind == 10:
            lines = [self.ignore_line() for _ in range(self.random.randrange(0, 4))]
            return ["put", "main/.dockerignore", {"text": "\n".join(lines) + "\n", "mode": "644"}]
        if kind == 8:
            return ["remove", root + self.pick(every)]
        return ["put", root + self.pick(["l", "d/l"]), {"link": self.pick(["a.txt", "b.txt", "x.txt", "s"])}]

    def edit_line(self):
        number, text = self.pick(self.lines)
        kind = self.random.random()
        if text.startswith("FROM"):
            return ["insert", number, self.next_id(), self.instruction()]
        if kind < 0.3:
            return ["drop", number]
        if kind < 0.55:
            return ["insert", number, self.next_id(), self.instruction()]
        if kind < 0.7:
            return ["line", number, text + " " if not text.endswith("EOF") else text]
        if kind < 0.8:
            return ["line", number, "# comment\n" + text]
        if kind < 0.9 and text.startswith(("RUN", "ENV", "LABEL", "ARG")):
            return ["line", number, text.replace("=", "=z", 1) if not text.startswith("RUN") else text + "; true"]
        return ["line", number, self.instruction()]

    def next_id(self):
        self.ids += 1
        return self.ids - 1

    def edit_options(self):
        kind = self.random.randrange(5)
        if kind <= 2:
            return ["option", "args", {n: self.pick(["1", "2", "/p", ""]) for n in ("V", "W") if self.chance(0.6)}]
        if kind == 3 and "filter" in self.features and any(self.stages):
            return ["option", "no_cache_filter", self.pick([s for s in self.stages if s])]
        return ["option", "no_cache", self.chance(0.5)]

    def edits(self):
        rounds = []
        roots = ["main/"] + (["other/"] if self.contexts else [])
        for _ in range(self.random.randrange(0, 4)):
            edits = []
            for _ in range(self.pick([0, 1, 1, 1, 2])):
                kind = self.random.random()
                edits.append(self.edit_file(roots) if kind < 0.6 else
                             self.edit_line() if kind < 0.9 else self.edit_options())
            rounds.append(edits)
        return rounds

    def case(self, seed):
        self.make_files("main/")
        if "context" in self.features and self.chance(0.2):
            self.contexts = {"other": "other"}
            self.make_files("other/")
        if self.chance(0.3):
            lines = [self.ignore_line() for _ in range(self.random.randrange(1, 5))]
            self.files["main/.dockerignore"] = {"text": "\n".join(lines) + "\n", "mode": "644"}
        if self.chance(0.2):
            self.add("ARG " + self.pick(["B=base", "V=global", "B"]))
        for _ in range(self.pick([1, 1, 2, 2, 3, 4])):
            self.add_stage()
        if self.chance(0.3):
            self.args = {"V": self.pick(["1", "v w", ""])}
        options = {"args": self.args, "contexts": self.contexts}
        if self.chance(0.12):
            options["target"] = self.pick([s for s in self.stages if s] or ["S0"])
        return {"seed": seed, "files": self.files, "dockerfile": self.lines, "options": options,
                "edits": self.edits()}


def generate(seed, features):
    return Generator(seed, features).case(seed)

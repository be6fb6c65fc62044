# SPDX-License-Identifier: MIT
"""Builders behind one face: simbench, Docker's embedded BuildKit, its classic builder, a
buildkitd of one's own, buildah. Each builds a folder and says what became of each step.

Environment: DOCKER, DOCKERD, BUILDCTL, BUILDKITD name other programs than those in PATH.
An engine gets a daemon of its own below a temporary folder, so its cache may be emptied
between cases."""
import json
import os
import re
import shutil
import subprocess
import time

import images

LIMIT_SECONDS = 120
VERTICES = ("RUN", "COPY", "ADD", "WORKDIR")


class Missing(Exception):
    """The engine is not here and cannot be installed."""


class Result:
    """One build. steps: [{stage: index, word, number, total, cached, error}]."""

    def __init__(self, ok, error, steps, image=None, seconds=0.0):
        self.ok, self.error, self.steps, self.image = ok, error, steps, image
        self.seconds = seconds
        self.warnings = None  # of --check: [(line, rule, text)]


def run(argv, env=None, check=False, cwd=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=env, cwd=cwd,
                          timeout=LIMIT_SECONDS)
    done.stdout = done.stdout.decode(errors="replace")
    done.stderr = done.stderr.decode(errors="replace")
    if check and done.returncode != 0:
        raise Missing(f"{' '.join(argv)}: {done.stderr.strip()[-400:]}")
    return done


DEBIAN = "/usr/sbin:/usr/bin:/sbin:/bin"


def install(program, packages):
    """The program's path, Debian's before others; where root may and it is missing, the
    packages are installed, as far as this release of Debian has them."""
    def find():
        return shutil.which(program, path=DEBIAN) or shutil.which(program)

    if not find() and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {packages}")
        run(["apt-get", "update", "-qq"])
        for package in packages.split():
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package])
    if not find():
        raise Missing(f"{program} is missing: install Debian's package {packages.split()[0]}")
    return find()


def stage_names(text):
    """Lower-case AS names ('' without) of the Dockerfile's FROM lines."""
    names = []
    for words in re.findall(r"^[ \t]*FROM[ \t]+(.*)$", text, re.M | re.I):
        words = [w for w in words.split() if not w.startswith("--")]
        names.append(words[2].lower() if len(words) > 2 else "")
    return names


def stages_on_images(text):
    """The stages whose base is an image, not scratch or an earlier stage."""
    found, names = set(), ["scratch"]
    bases = re.findall(r"^[ \t]*FROM[ \t]+(.*)$", text, re.M | re.I)
    for index, (words, name) in enumerate(zip(bases, stage_names(text))):
        base = [w for w in words.split() if not w.startswith("--")][0]
        if base.lower() not in names:
            found.add(index)
        names.append(name or "scratch")
    return found


VERTEX = re.compile(r"^\[(?:(\S+) )?(?:(\S+) )?(\d+)/(\d+)\] (.*)$", re.S)


def vertex_step(name, stages):
    """The step that a vertex's name speaks of, or None."""
    match = VERTEX.match(name)
    if not match:
        return None
    stage = match.group(2) or match.group(1) or ""
    word = match.group(5).split(None, 1)[0].upper()
    if word not in VERTICES:
        return None
    if stage.lower() in stages and stage:
        index = stages.index(stage.lower())
    else:
        number = re.match(r"stage-(\d+)$", stage)
        index = int(number.group(1)) if number else 0
    return {"stage": index, "word": word, "number": int(match.group(3)),
            "total": int(match.group(4)), "cached": False, "error": ""}


class Engine:
    name = ""
    semantics = "buildkit"
    features = frozenset()

    def start(self, folder, base):
        raise NotImplementedError

    def build(self, root, text, options):
        raise NotImplementedError

    def reset(self):
        """Forget every cached step."""

    def stop(self):
        pass

    def version(self):
        return ""


class Daemon:
    """A daemon on a Unix socket, stopped by its process id."""

    def __init__(self, argv, ready, log, env=None):
        self.process = None
        with open(log, "w") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env=env, cwd="/",
                                            start_new_session=True)
        for _ in range(300):
            if ready():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        with open(log) as out:
            raise Missing(f"{argv[0]} did not start: {out.read().strip()[-600:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def engine_env():
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("DOCKER_", "BUILDKIT_", "BUILDX_", "BUILDCTL_"))}
    env.pop("SOURCE_DATE_EPOCH", None)
    return env


class Docker(Engine):
    """dockerd's embedded BuildKit."""

    name = "docker"
    buildkit = "1"

    def start(self, folder, base):
        dockerd = os.environ.get("DOCKERD") or install("dockerd", "docker.io docker-buildx")
        self.docker = os.environ.get("DOCKER") or install("docker", "docker-cli docker.io")
        self.env = engine_env()
        home = os.path.join(folder, "docker")
        os.makedirs(home + "/cli", exist_ok=True)
        self.env.update(DOCKER_HOST=f"unix://{home}/sock", DOCKER_BUILDKIT=self.buildkit,
                        DOCKER_CONFIG=os.environ.get("DOCKER_CONFIG", home + "/cli"),
                        BUILDX_NO_DEFAULT_ATTESTATIONS="1", BUILDX_GIT_INFO="0",
                        DOCKER_CLI_HINTS="false",
                        PATH=os.path.dirname(dockerd) + ":" + self.env.get("PATH", ""))
        argv = [dockerd, "--iptables=false", "--ip6tables=false", "--bridge=none",
                "--data-root", home + "/data", "--exec-root", home + "/exec",
                "-H", f"unix://{home}/sock", "--pidfile", home + "/pid"]
        self.daemon = Daemon(argv, lambda: self.call("version").returncode == 0,
                             home + "/log", self.env)
        self.home = home
        self.call("load", "-i", os.path.join(base, "base.tar"), check=True)
        server = self.version()
        if self.buildkit == "1" and int(server.split(".")[0]) >= 23:
            self.features = frozenset({"heredoc", "link", "context", "filter", "mount",
                                       "patterns"})
        elif self.buildkit == "1":
            self.features = frozenset({"mount"})

    def call(self, *args, check=False, cwd=None):
        return run([self.docker, *args], self.env, check, cwd)

    def version(self):
        return self.call("version", "-f", "{{.Server.Version}}").stdout.strip()

    def flags(self, root, options):
        argv = []
        if options.get("target"):
            argv += ["--target", options["target"]]
        for key, value in options.get("args", {}).items():
            argv += ["--build-arg", f"{key}={value}"]
        if options.get("no_cache"):
            argv += ["--no-cache"]
        if options.get("no_cache_filter"):
            argv += ["--no-cache-filter", options["no_cache_filter"]]
        for name, folder in options.get("contexts", {}).items():
            argv += ["--build-context", f"{name}={os.path.join(root, folder)}"]
        return argv

    def build(self, root, text, options):
        begun = time.monotonic()
        iid = root + ".iid"
        done = self.call("build", "--progress=plain", "--network=none", "--iidfile", iid,
                         *self.flags(root, options), os.path.join(root, "main"))
        seconds = time.monotonic() - begun
        steps = self.steps(done, text)
        if done.returncode != 0:
            return Result(False, last_error(done.stderr), steps, None, seconds)
        with open(iid) as f:
            image = f.read().strip()
        return Result(True, "", steps, self.image(image, root + ".image.tar"), seconds)

    def image(self, name, archive):
        found = json.loads(self.call("image", "inspect", name, check=True).stdout)[0]
        if not found["RootFS"].get("Layers"):  # docker save refuses an image without layers
            return images.Image({"config": found["Config"], "os": found["Os"],
                                 "architecture": found["Architecture"]}, [])
        self.call("save", "-o", archive, name, check=True)
        image = images.Image.from_archive(archive)
        os.unlink(archive)
        return image

    def steps(self, done, text):
        stages, found, order = stage_names(text), {}, []
        for number, rest in re.findall(r"^#(\d+) (.*)$", done.stderr, re.M):
            if number not in found:
                found[number] = vertex_step(rest, stages)
                order.append(number)
            elif found[number] and rest == "CACHED":
                found[number]["cached"] = True
            elif found[number] and rest.startswith("ERROR"):
                found[number]["error"] = rest[6:].strip()
        images_below = stages_on_images(text)
        for step in filter(None, found.values()):  # such a FROM is a step of its own
            step["number"] -= step["stage"] in images_below
        return [found[n] for n in order if found[n]]

    def reset(self):
        self.call("builder", "prune", "-af")
        self.call("image", "prune", "-f")

    def stop(self):
        self.daemon.stop()


class Classic(Docker):
    """dockerd's builder before BuildKit."""

    name = "classic"
    semantics = "classic"
    buildkit = "0"

    def build(self, root, text, options):
        begun = time.monotonic()
        iid = root + ".iid"
        done = self.call("build", "--network=none", "--iidfile", iid, *self.flags(root, options),
                         os.path.join(root, "main"))
        seconds = time.monotonic() - begun
        steps = linear_steps(done.stdout, r"^Step (\d+)/(\d+) : (.*)$", r"^ ---> Using cache")
        if done.returncode != 0:
            return Result(False, last_error(done.stderr), steps, None, seconds)
        with open(iid) as f:
            image = f.read().strip()
        return Result(True, "", steps, self.image(image, root + ".image.tar"), seconds)

    def reset(self):
        self.call("image", "prune", "-af", "--filter", "label!=keep")
        self.call("load", "-i", os.path.join(os.path.dirname(self.home), "base", "base.tar"))


def linear_steps(text, step, cached):
    """Steps of a builder that lists every instruction, one after the other."""
    steps, stage = [], -1
    for line in text.splitlines():
        match = re.search(step, line)
        if match:
            word = match.group(3).split(None, 1)[0].upper()
            stage += word == "FROM"
            steps.append({"stage": stage, "word": word, "number": len(steps), "total": 0,
                          "cached": False, "error": ""})
        elif steps and re.match(cached, line):
            steps[-1]["cached"] = True
    return steps


def last_error(text):
    lines = [line for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        if re.match(r"^(ERROR|error|Error): ", line):
            return line.split(": ", 1)[1]
    return lines[-1] if lines else ""


class BuildKit(Engine):
    """A buildkitd, started from BUILDKITD or found at BUILDKIT_HOST."""

    name = "buildkit"
    features = frozenset({"heredoc", "link", "context", "filter", "exclude", "parents",
                          "chmod-words", "unpack", "mount", "patterns"})

    def start(self, folder, base):
        self.buildctl = os.environ.get("BUILDCTL") or shutil.which("buildctl")
        if not self.buildctl:
            raise Missing("buildctl is missing: name it in BUILDCTL")
        self.env = engine_env()
        self.daemon = None
        self.builds = 0
        self.folder = os.path.join(folder, "buildkit")
        os.makedirs(self.folder, exist_ok=True)
        buildkitd = os.environ.get("BUILDKITD")
        host = os.environ.get("BUILDKIT_HOST", f"unix://{self.folder}/sock")
        self.env["BUILDKIT_HOST"] = host
        if buildkitd:
            config = os.path.join(self.folder, "config.toml")
            with open(config, "w") as f:
                f.write('[worker.oci]\n  networkMode = "host"\n  gc = false\n'
                        f'[otel]\n  socketPath = "{self.folder}/otel"\n')
            self.env["PATH"] = os.path.dirname(buildkitd) + ":/usr/sbin:" + self.env["PATH"]
            self.daemon = Daemon(
                [buildkitd, "--config", config, "--root", self.folder + "/data", "--addr", host,
                 "--containerd-worker=false"],
                lambda: run([self.buildctl, "debug", "workers"], self.env).returncode == 0,
                self.folder + "/log", self.env)
        elif "BUILDKIT_HOST" not in os.environ:
            raise Missing("name a buildkitd in BUILDKITD or its address in BUILDKIT_HOST")
        self.base = os.path.join(base, "oci")
        with open(os.path.join(self.base, "index.json")) as f:
            self.base_digest = json.load(f)["manifests"][0]["digest"]

    def version(self):
        return run([self.buildctl, "debug", "info"], self.env).stdout.split("\n")[0][-40:].strip()

    def command(self, root, options):
        # A local folder is known by its name: a new name a build, so that no knowledge of
        # an earlier transfer decides.
        self.builds += 1
        local = f"c{os.getpid()}-{self.builds}-"
        main = os.path.join(root, "main")
        argv = [self.buildctl, "build", "--progress=rawjson", "--frontend", "dockerfile.v0",
                "--local", f"{local}main={main}", "--opt", f"contextkey={local}main",
                "--local", f"{local}file={main}", "--opt", f"dockerfilekey={local}file",
                "--local", f"context={main}",
                "--oci-layout", f"base={self.base}",
                "--opt", f"context:base=oci-layout://base@{self.base_digest}",
                "--opt", "force-network-mode=none"]
        if options.get("target"):
            argv += ["--opt", "target=" + options["target"]]
        for key, value in options.get("args", {}).items():
            argv += ["--opt", f"build-arg:{key}={value}"]
        if options.get("no_cache"):
            argv += ["--no-cache"]
        if options.get("no_cache_filter"):
            argv += ["--opt", "no-cache=" + options["no_cache_filter"]]
        for name, folder in options.get("contexts", {}).items():
            argv += ["--local", f"{local}{name}={os.path.join(root, folder)}",
                     "--opt", f"context:{name}=local:{local}{name}"]
        return argv

    def check(self, root, options):
        done = run(self.command(root, options) + ["--opt", "requestid=frontend.lint"], self.env)
        return sorted((int(line or 0), rule, text) for rule, text, line in re.findall(
            r"^WARNING: (\w+)[^\n]*\n(.*?)\n(?:Dockerfile:(\d+)\n|\n|\Z)", done.stdout,
            re.M | re.S))

    def build(self, root, text, options):
        argv = self.command(root, options)
        meta = root + ".meta"
        argv += ["--metadata-file", meta, "--output",
                 f"type=oci,tar=false,dest={self.folder}/images,name=case"]
        begun = time.monotonic()
        done = run(argv, self.env)
        seconds = time.monotonic() - begun
        steps, rest = self.steps(done.stderr, text)
        if done.returncode != 0:
            return Result(False, last_error(rest), steps, None, seconds)
        with open(meta) as f:
            digest = json.load(f)["containerimage.digest"]
        image = images.Image.from_layout(self.folder + "/images", digest)
        return Result(True, "", steps, image, seconds)

    def steps(self, output, text):
        stages, found, rest = stage_names(text), {}, []
        for line in filter(None, output.split("\n")):
            if not line.startswith("{"):
                rest.append(line)
                continue
            for vertex in json.loads(line).get("vertexes") or []:
                step = found.setdefault(vertex["digest"], vertex_step(vertex["name"], stages))
                if step is None:
                    continue
                step["seen"] = step.get("seen") or bool(vertex.get("started"))
                step["cached"] = step["cached"] or bool(vertex.get("cached"))
                step["error"] = step["error"] or vertex.get("error", "")
        merged = {}
        for step in found.values():
            if step is None or not (step.pop("seen", False) or step["cached"]):
                continue
            key = (step["stage"], step["number"])
            if key in merged:  # COPY --link: the copy, and the merge that follows it
                merged[key]["cached"] = merged[key]["cached"] or step["cached"]
            else:
                merged[key] = step
        return list(merged.values()), "\n".join(rest)

    def reset(self):
        run([self.buildctl, "prune", "--all"], self.env)
        shutil.rmtree(self.folder + "/images", ignore_errors=True)

    def stop(self):
        if self.daemon:
            self.daemon.stop()


class Buildah(Engine):
    """buildah build --layers in a storage of its own."""

    name = "buildah"
    semantics = "buildah"
    features = frozenset()

    def start(self, folder, base):
        self.program = install("buildah", "buildah")
        self.base = base
        self.folder = os.path.join(folder, "buildah")
        os.makedirs(self.folder, exist_ok=True)
        self.reset()

    def call(self, *args, check=False):
        return run([self.program, "--root", self.folder + "/root", "--runroot",
                    self.folder + "/run", "--storage-driver", "vfs", *args], None, check)

    def version(self):
        return self.call("--version").stdout.split()[2]

    def build(self, root, text, options):
        argv = Docker.flags(self, root, options)
        iid = root + ".iid"
        begun = time.monotonic()
        done = self.call("build", "--layers", "--isolation", "chroot", "--pull=never",
                         "--format", "docker", "--network=host", "--iidfile", iid, *argv,
                         os.path.join(root, "main"))
        seconds = time.monotonic() - begun
        steps = linear_steps(done.stdout + done.stderr, r"STEP (\d+)/(\d+): (.*)$",
                             r"^ *-+> Using cache")
        if done.returncode != 0:
            return Result(False, last_error(done.stderr), steps, None, seconds)
        with open(iid) as f:
            image = f.read().strip()
        archive = root + ".image.tar"
        self.call("push", "-q", image, "docker-archive:" + archive + ":case:latest", check=True)
        result = Result(True, "", steps, images.Image.from_archive(archive), seconds)
        os.unlink(archive)
        return result

    def reset(self):
        self.call("rmi", "-af")
        self.call("pull", "-q", "docker-archive:" + os.path.join(self.base, "base.tar"),
                  check=True)


class Simbench(Engine):
    """The program under test; its store is new for every case."""

    name = "simbench"
    features = BuildKit.features

    def __init__(self, program, semantics="buildkit"):
        self.program = os.path.abspath(program)
        self.semantics = semantics

    def start(self, folder, base):
        self.folder = os.path.join(folder, "simbench")
        os.makedirs(self.folder, exist_ok=True)
        self.template = os.path.join(self.folder, "template")
        run([self.program, "--store", self.template, "import", os.path.join(base, "oci"),
             "-t", "base:latest"], None, True)
        self.reset()

    def version(self):
        return run([self.program, "--version"]).stdout.strip()

    def build(self, root, text, options):
        image = root + ".image"
        shutil.rmtree(image, ignore_errors=True)
        argv = [self.program, "--store", self.folder + "/store", "build", "--exec", "sandbox",
                "--progress", "json", "--semantics", self.semantics, "-t", "case",
                "--output", "type=oci-dir,dest=" + image]
        argv += Docker.flags(self, root, options)
        begun = time.monotonic()
        done = run(argv + [os.path.join(root, "main")])
        seconds = time.monotonic() - begun
        self.status = done.returncode
        steps, error = self.steps(done.stdout, text)
        if done.returncode != 0:
            return Result(False, error or done.stderr.strip() or f"exit {done.returncode}",
                          steps, None, seconds)
        return Result(True, "", steps, images.Image.from_layout(image), seconds)

    def check(self, root, options):
        done = run([self.program, "--store", self.folder + "/store", "build", "--check",
                    *Docker.flags(self, root, options), os.path.join(root, "main")])
        return sorted((int(line), rule, text) for line, rule, text in re.findall(
            r"^[^\n]*?Dockerfile:(\d+): (\w+): (.*)$", done.stdout, re.M))

    def steps(self, output, text):
        stages, steps, error = stage_names(text), [], ""
        for line in filter(None, output.split("\n")):
            event = json.loads(line)
            if event["event"] == "error":
                error = event["message"]
            if event["event"] != "step":
                continue
            stage = event["stage"]
            index = (stages.index(stage) if stage in stages else
                     int(stage) if stage.isdigit() else 0)
            steps.append({"stage": index, "word": event["instruction"].split(None, 1)[0].upper(),
                          "text": event["instruction"], "line": event["line"],
                          "status": event["status"], "cached": event["status"] == "cached",
                          "asked": (event["miss"] or {}).get("reason") == "no-cache",
                          "error": ""})
        return steps, error

    def reset(self):
        shutil.rmtree(self.folder + "/store", ignore_errors=True)
        shutil.copytree(self.template, self.folder + "/store", symlinks=True)


ENGINES = {engine.name: engine for engine in (Docker, Classic, BuildKit, Buildah)}

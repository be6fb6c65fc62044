# SPDX-License-Identifier: MIT
# What the lists of inputs share; sourced before each.

dockerfile() { # LINE...
    printf '%s\n' "$@" >Dockerfile
}

built() { # LINE...: a build of this Dockerfile
    dockerfile "$@"
    simbench build -q .
}

modelled() { # WORDS: a RUN of these on the virtual clock
    built 'FROM python:3.11-slim' "RUN $1"
}

script() { # a RUN of a script (standard input) on the virtual clock
    { printf 'FROM python:3.11-slim\nRUN <<END\n'; cat; echo END; } >Dockerfile
    simbench build -q .
}

scenario() { # a scenario file (standard input)
    cat >s.lua
    simbench run -q --no-plots -o report s.lua
}

steps() { # LUA...: a scenario whose steps are these; b is the builder
    {
        cat <<'END'
scenario "x" { context = { a = "1\n", ["d/f"] = "2\n" },
  variants = { v = "FROM scratch\nCOPY a /\n" },
  steps = function(b)
END
        printf '%s\n' "$@"
        echo 'end }'
    } >s.lua
    simbench run -q --no-plots -o report s.lua
}

image() { # an image "i" in the store, of one file
    echo 1 >f
    touch -d @1000000000 f
    dockerfile 'FROM scratch' 'COPY f /'
    simbench build -q -t i . >id
}

sandbox() { # LINE...: RUNs for real on busybox; left out where that is not possible
    busybox=$(command -v busybox) || exit 77
    mkdir -p bin etc
    cp "$busybox" bin/sh
    echo 'root:x:0:0::/:/bin/sh' >etc/passwd
    echo 'root:x:0:' >etc/group
    { printf 'FROM scratch\nCOPY bin /bin\nCOPY etc /etc\n'; printf '%s\n' "$@"; } >Dockerfile
    simbench build -q --exec sandbox .
    status=$?
    [ $status -ne 3 ] || exit 77
    return $status
}

tar_of() { # PYTHON: a layer's tar, made by statements over t, a tarfile, and info(name)
    python3 - "$1" <<'END'
import io, sys, tarfile
t = tarfile.open("layer.tar", "w", format=tarfile.PAX_FORMAT)
def info(name, **more):
    i = tarfile.TarInfo(name)
    for k, v in more.items():
        setattr(i, k, v)
    return i
exec(sys.argv[1])
t.close()
END
}

archive() { # PYTHON: changes the exported image i (docker-archive) by statements over
    # files, a dict name -> bytes; written to x.tar, and imported
    image
    simbench export --format docker i e.tar >/dev/null
    repack "$1"
}

layout() { # the same for an OCI image layout
    image
    simbench export --format oci i e.tar >/dev/null
    repack "$1"
}

repack() {
    python3 - "$1" <<'END'
import hashlib, io, json, sys, tarfile
with tarfile.open("e.tar") as t:
    files = {m.name: t.extractfile(m).read() for m in t if m.isreg()}
def sha(data):
    return hashlib.sha256(data).hexdigest()
exec(sys.argv[1])
with tarfile.open("x.tar", "w") as t:
    for name, data in files.items():
        i = tarfile.TarInfo(name)
        i.size = len(data)
        t.addfile(i, io.BytesIO(data))
END
    simbench import --store other x.tar -t x
}

# Every program that an engine can stand for, when it does not do what it should: it
# hangs, dies, fails, prints what nobody knows, is newer, leaves no image. Each is a
# clear error of that engine; what the built-in one measured is kept.
. "$TESTS/cli/lib.sh"
mkdir ctx
printf 'FROM scratch\nWORKDIR /w\nCOPY f /w\n' >ctx/Dockerfile
printf '1\n' >ctx/f
sb --store made build -q --output type=docker,dest=image.tar ctx
cat >s.lua <<'END'
scenario "s" {
  context = { f = "1\n" },
  variants = { v = "FROM busybox\nWORKDIR /w\nCOPY f .\n" },
  steps = function(b) b:build "one" b:build "two" end,
}
END

# One program with the tongues of all. FAKE says how it behaves, FAKE_LOG what it
# prints; it is found under its name alone, so its own PATH is the usual one.
mkdir fake
cat >fake/program <<'END'
#!/bin/sh
PATH=/usr/bin:/bin
name=$(basename "$0")
echo "$name $*" | cut -c 1-300 >>program.log
cached=
[ ! -e built ] || cached=yes
rawjson() {
    flag=${cached:+'"cached":true,'}
    echo '{"vertexes":[{"digest":"1","name":"[1/3] FROM docker.io/library/x","cached":true},'
    echo '{"digest":"2","name":"[2/3] WORKDIR /w",'$flag'"started":"2024-01-01T00:00:00Z"},'
    echo '{"digest":"3","name":"[3/3] COPY f .",'$flag'"started":"2024-01-01T00:00:01Z",'
    echo '"completed":"2024-01-01T00:00:01.5Z"}]}'
}
plain() {
    printf '#1 [1/3] FROM x\n#1 CACHED\n#2 [2/3] WORKDIR /w\n%s\n' "#2 ${cached:+CACHED}"
    printf '#3 [3/3] COPY f .\n#3 %s\n' "${cached:+CACHED}"
}
classic() {
    printf 'Step 1/3 : FROM x\n ---> 1\nStep 2/3 : WORKDIR /w\n%s ---> 2\n' \
        "${cached:+ ---> Using cache
}"
    printf 'Step 3/3 : COPY f .\n%s ---> 3\n' "${cached:+ ---> Using cache
}"
}
buildah() {
    printf 'STEP 1/3: FROM x\nSTEP 2/3: WORKDIR /w\n--> %s12\n' "${cached:+Using cache }"
    printf 'STEP 3/3: COPY f .\n--> %s34\n' "${cached:+Using cache }"
}
newer() { # the same in words of another version
    "$FAKE_LOG" | sed 's/vertexes/vertices/; s/^#/>/; s/^Step /Task /; s/^STEP /TASK /'
}
build() {
    case $FAKE in
    hang) sleep 1000 & echo $! >hung; wait ;;
    die) "$FAKE_LOG" | head -n 2; kill -9 $$ ;;
    fail) "$FAKE_LOG" | head -n 2; echo "Error: no room" >&2; exit 125 ;;
    garbage) head -c 100000 /dev/urandom ;;
    silent) ;;
    newer) newer ;;
    *) "$FAKE_LOG"; touch built ;;
    esac
}
save() { # FILE
    if [ "$FAKE" = noimage ]; then echo >"$1"; else cp image.tar "$1"; fi
}
case "$name $*" in
"docker buildx version") [ "$FAKE_LOG" = rawjson ] && echo "buildx v0.99.0" ;;
"docker version "*) echo 99.0 ;;
*" --version") echo "$name version 99.0" ;;
"buildctl debug workers") ;;
*" debug "*) exit 9 ;;
"buildctl build "*type=docker,dest=*)
    dest=${*#*type=docker,dest=}
    save "${dest%%,*}" && rawjson ;;
*" build "*) build ;;
*" load "* | *" pull "* | *" rmi "*) ;;
"docker save "*) save "$3" ;;
"podman save "*) save "$5" ;;
"buildah push "*) save "${4#docker-archive:}" ;;
*) exit 9 ;;
esac
END
chmod +x fake/program
result() { # FILTER WANTED: in the results of the last run
    cp report/results.json $out
    json ".[0].scenarios[0].variants$1" "$2"
}
busybox=$(command -v busybox)
program() { # NAME ENGINE TONGUE WORD: the word is in its errors
    name=$1 engine=$2 tongue=$3 word=$4
    mkdir -p "path-$tongue-$name"
    ln -sf "$PWD/fake/program" "path-$tongue-$name/$name"
    ln -sf "$busybox" "path-$tongue-$name/busybox"
    for behaviour in good hang die fail garbage silent newer noimage; do
        rm -f built
        limit=60s
        [ $behaviour != hang ] || limit=700ms
        run env FAKE=$behaviour FAKE_LOG="$tongue" PATH="$PWD/path-$tongue-$name" \
            "$SIMBENCH" run --no-plots -o report --engine-timeout $limit \
            --semantics "$engine" --engine builtin --engine "$engine" s.lua
        if [ $behaviour = good ]; then
            exits 0
            result '[1].builds | map("\(.ran) \(.reused)") | join(", ")' "$(
                cp report/results.json $out
                jq -r '.scenarios[0].variants[0].builds |
                    map("\(.ran) \(.reused)") | join(", ")' $out)"
            continue
        fi
        exits 1
        case $behaviour in
        hang) err_has "no answer within 700 ms" "--engine-timeout" ;;
        die) err_has "ended by signal 9" ;;
        fail) err_has "ended with status 125" "no room" ;;
        noimage) err_has "the image that" ;;
        *) err_has "not understood" "newer version" ;;
        esac
        [ $behaviour = hang ] || err_has "$word"
        err_has "on $engine" "$name"
        result '[0].builds | length' 2
        result '[0].builds | map(.error) | unique | tostring' '[null]'
        result '[1].builds[0].error | type' string
    done
    holds "what hung is gone" gone "$(cat hung)"
    holds "names are taken back" sh -c \
        "test $name = buildctl || grep -q '^$name rmi .*simbench-' program.log"
}
program docker buildkit rawjson "docker buildx"
program docker buildkit plain "docker build"
program buildctl buildkit rawjson buildctl
program docker classic classic "docker build"
program buildah buildah buildah buildah
program podman buildah buildah podman
holds "temporary folders are gone" sh -c 'test -z "$(ls -d simbench.* 2>/dev/null)"'

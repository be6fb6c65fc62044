# engines and pull: other programs, found or not.
. "$TESTS/cli/lib.sh"
mkdir bin
printf '#!/bin/sh\necho "buildah version 9.9.9 (fake)"\n' >bin/buildah
printf '#!/bin/sh\nexit 3\n' >bin/podman
chmod +x bin/*
run env PATH="$PWD/bin" "$SIMBENCH" engines
exits 0
out_has "builtin" "0.1.0" "9.9.9" "not found" "does not tell its version"
run env PATH="$PWD/bin" "$SIMBENCH" pull busybox
exits 3
err_has "skopeo is not installed" "apt-get install skopeo"
sb pull 'not a name'
exits 2

# A skopeo that answers from a folder.
mkdir ctx
printf 'FROM scratch\nCOPY f /\n' >ctx/Dockerfile
echo f >ctx/f
sb --store made build -q --output type=oci-dir,dest=layout ctx
id=$(cat $out)
cat >bin/skopeo <<'END'
#!/bin/sh
echo "$@" >>skopeo.log
for last; do :; done
target=${last#oci:}
cp -r layout "${target%:*}"
END
chmod +x bin/skopeo
run env PATH="$PWD/bin:$PATH" "$SIMBENCH" pull team/base:1
exits 0
holds "the image's ID" grep -qxF "$id" $out
holds "asked the registry" grep -q "docker://team/base:1" skopeo.log
sb history team/base:1
exits 0
holds "temporary files are gone" sh -c 'test -z "$(ls store/tmp)"'
printf 'FROM team/base:1\nCOPY f /g\n' >ctx/Dockerfile
sb build --progress json ctx
json '.[1] | "\(.status) \(.base.name) \(.base.layers)"' "cached team/base:1 1"
printf '#!/bin/sh\necho no such image >&2; exit 1\n' >bin/skopeo
run env PATH="$PWD/bin:$PATH" "$SIMBENCH" pull team/other
exits 1
err_has "no such image" "skopeo could not copy"

cat >s.lua <<'END'
scenario "s" {
  context = { f = "1\n" },
  variants = { v = "FROM busybox\nWORKDIR /w\nCOPY f .\nENV A=b\n" },
  steps = function(b)
    b:build "one"
    b:build "two"
  end,
  expect = function(r) check(r.v.two.reused == 3, "all is reused") end,
}
END
mkdir none
for engine in buildkit classic buildah; do
    run env PATH="$PWD/none" "$SIMBENCH" run --engine $engine s.lua
    exits 3
    err_has "$engine" "is not on PATH" "hint: " "apt-get install"
done
sb run --engine warp s.lua
exits 2
err_has "unknown engine 'warp'"
for bad in --engine-timeout=never --engine-timeout=0 --time-scale=11 --time-scale=x; do
    sb run $bad s.lua
    exits 2
    err_has "${bad%%=*}"
done

# An engine of our own making, which keeps a log and behaves as FAKE says.
mkdir fake ctx2
printf 'FROM scratch\nWORKDIR /w\nCOPY f /w\n' >ctx2/Dockerfile
printf '1\n' >ctx2/f
sb --store made2 build -q --output type=docker,dest=image.tar ctx2
cat >fake/docker <<'END'
#!/bin/sh
echo "$@" | cut -c 1-300 >>fake.log
lines() { # CACHED
    echo '{"vertexes":[{"digest":"1","name":"[1/3] FROM docker.io/library/x","cached":true},'
    echo '{"digest":"2","name":"[2/3] WORKDIR /w",'$1'"started":"2024-01-01T00:00:00Z"},'
    echo '{"digest":"3","name":"[3/3] COPY f .",'$1'"started":"2024-01-01T00:00:01Z",'
    echo '"completed":"2024-01-01T00:00:01.5Z"}]}'
}
case "$FAKE $1 $2" in
"down version "*) echo "Cannot connect to the Docker daemon" >&2; exit 1 ;;
*" version "*) echo 99.0 ;;
*" buildx version") echo "github.com/docker/buildx v0.99.0 1f" ;;
*" --version "*) echo "Docker version 99.0" ;;
*" save "*) cp image.tar "$3" ;;
*" load "* | *" rmi "*) ;;
"hang buildx build") sleep 1000 & echo $! >hung; wait ;;
"die buildx build") lines; kill -9 $$ ;;
"fail buildx build") lines; echo "ERROR: failed to solve: no room" >&2; exit 1 ;;
"garbage buildx build") head -c 100000 /dev/urandom ;;
"newer buildx build") lines | sed 's/vertexes/vertices/'; echo '{"v":2}' ;;
"noimage buildx build") lines; echo >image.tar ;;
*" buildx build") if [ -e built ]; then lines '"cached":true,'; else lines; fi; touch built ;;
*) exit 9 ;;
esac
END
chmod +x fake/docker
fake() { # BEHAVIOUR OPTION...
    behaviour=$1
    shift
    rm -f built
    run env FAKE=$behaviour PATH="$PWD/fake:$PATH" "$SIMBENCH" run --no-plots -o report "$@" s.lua
}
result() { # FILTER WANTED: in the results of the last run
    cp report/results.json $out
    json ".[0].scenarios[0].variants$1" "$2"
}
fake good --engine builtin --engine buildkit
exits 0
out_has "6 of 6 steps agree" "1 of 1 hold"
result '[1].engine_version' "docker buildx: github.com/docker/buildx v0.99.0 1f"
result '[1].builds[0].steps[2].status' ran
result '[1].builds[0].steps[2].wall.median' 0.5
result '[1].builds[0].steps[2].layer.size' 2
result '[1].builds[1] | "\(.ran) \(.reused)"' "0 3"
holds "no network for twins" grep -q -- "--network=none" fake.log
holds "names are taken back" grep -q "^rmi simbench-" fake.log
holds "nothing else is removed" sh -c '! grep -q "prune\|rm -f" fake.log'
holds "the base is a twin's name" grep -q "^rmi sb[a-z2-7]* *$" fake.log
fake good --engine buildkit --own-images
exits 0
out_has "1 of 1 hold"
holds "cold without twins" grep -q -- "--no-cache" fake.log

fake down --engine buildkit
exits 3
err_has "docker buildx: Cannot connect to the Docker daemon" "DOCKER_HOST"
run env FAKE=down PATH="$PWD/fake:$PWD/none" "$SIMBENCH" engines
exits 0
out_has "builtin" "no answer" "Cannot connect"
for case in "hang:no answer within 700 ms" "die:ended by signal 9" "fail:no room" \
    "garbage:not understood" "newer:not understood" "noimage:image that docker"; do
    cp image.tar keep.tar
    fake "${case%%:*}" --engine-timeout 700ms --engine builtin --engine buildkit
    exits 1
    err_has "on buildkit" "${case#*:}"
    result '[0].builds | length' 2
    mv keep.tar image.tar
done
holds "what hung is gone" gone "$(cat hung)"
holds "temporary folders are gone" sh -c 'test -z "$(ls -d simbench.* 2>/dev/null)"'

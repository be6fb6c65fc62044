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
scenario "s" { variants = { v = "FROM scratch\n" }, steps = function(b) b:build "one" end }
END
for engine in buildkit classic buildah; do
    sb run --engine $engine s.lua
    exits 3
    err_has "$engine" "hint: "
done
sb run --engine warp s.lua
exits 2
err_has "unknown engine 'warp'"

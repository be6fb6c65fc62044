# simbench parse: where it reads from and how it refuses. The tree itself is tested in
# tests/unit/dockerfile.
. "$TESTS/cli/lib.sh"

printf '# syntax=docker/dockerfile:1\nFROM a AS b\nRUN echo x \\\n  y\nFOO bar\n' >Dockerfile
sb parse
exits 0
err_empty
json '.[0].directives.syntax' docker/dockerfile:1
json '.[0].instructions | map(.instruction) | join(",")' from,run,foo
json '.[0].instructions[1] | "\(.line) \(.end_line) \(.args[0])"' "3 4 echo x   y"
cp $out tree.json
sb parse Dockerfile
holds "the default is Dockerfile" cmp -s tree.json $out
"$SIMBENCH" parse - <Dockerfile >$out 2>$err
code=$?
last="parse -"
exits 0
holds "- is standard input" cmp -s tree.json $out

sb parse nowhere
exits 2
out_empty
err_has "nowhere"
sb parse .
exits 2
out_empty
printf 'FROM a\nRUN <<EOF\nx\n' >open
sb parse open
exits 2
out_empty
err_has "simbench: open:2: "
: >empty
sb parse empty
exits 2
out_empty
head -c 3000000 /dev/zero | tr '\0' 'x' >huge
sb parse huge
exits 2
out_empty
run sh -c '"$SIMBENCH" parse - <huge'
exits 2
sb parse a b
exits 2

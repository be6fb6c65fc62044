# simbench build --check, and what `# check=error=true` does.
. "$TESTS/cli/lib.sh"
mkdir ctx
printf 'FROM scratch as base\nCOPY a /\n' >ctx/Dockerfile
echo a >ctx/a
sb build --check ctx
exits 0
out_has "Dockerfile:1: FromAsCasing: "
err_empty
sb images -q
out_empty
printf '# check=error=true\nFROM scratch as base\nCOPY a /\n' >ctx/Dockerfile
sb build --check ctx
exits 1
out_has "Dockerfile:2: FromAsCasing: "
err_has "1 warning"
sb build ctx
exits 1
err_has "FromAsCasing"
printf 'FROM scratch AS base\nCOPY a /\n' >ctx/Dockerfile
sb build --check ctx
exits 0
out_is "no warnings"
sb build --check missing
exits 2
printf 'FROM scratch\nFROB\n' >ctx/Dockerfile
sb build --check ctx
exits 2
err_has "Dockerfile:2: "
run sh -c 'printf "from scratch\nCOPY a /\n" | "$SIMBENCH" build --check -f - ctx'
exits 0
out_has ":1: " "Casing"

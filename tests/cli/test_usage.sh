# Help, versions, unknown words, the places options may stand in.
. "$TESTS/cli/lib.sh"

sb --help
exits 0
out_has "usage: simbench [run] [OPTIONS] SCENARIO.lua..." "exit status: 0 done"
err_empty
for c in run build history images df rmi prune inspect export import parse \
    check-ignore plan context diff pull compare engines; do
    sb --help
    out_has "  $c "
    sb "$c" --help
    exits 0
    out_has "usage: simbench $c [OPTIONS]" "--store DIR"
    cp $out direct.txt
    sb help "$c"
    holds "help $c says the same" cmp direct.txt $out
done
sb build --help
out_has "-f, --file FILE" "--target STAGE" "--build-arg K[=V]" "--no-cache" \
    "--no-cache-filter STAGE" "--build-context NAME=DIR" "--exec model|sandbox" \
    "--progress auto|tty|plain|json|quiet" "--output type=TYPE,dest=DEST" \
    "none|gzip|zstd" "--semantics buildkit|classic|buildah" "--check" "--jobs N" \
    "--network none|host" "--secret id=ID" "--explain" "--iidfile FILE" "-t, --tag"
sb run --help
out_has "--output DIR" "--runs N" "--warmup N" "--engine NAME" "--save FILE.json" \
    "--baseline FILE.json" "table|markdown|csv|json|junit" "--filter PATTERN" "--list" \
    "--jobs N" "--no-plots"

sb --version
exits 0
out_is "simbench 0.1.0"
sb build --version
out_is "simbench 0.1.0"

sb
exits 2
out_empty
err_has "simbench: no scenario and no command was given" "hint: "
sb biuld .
exits 2
err_has "simbench: unknown command 'biuld'" "did you mean 'build'?"
sb frobnicate
exits 2
err_has "unknown command 'frobnicate'" "hint: "
sb help biuld
exits 2
err_has "unknown command 'biuld'"
sb build --targett x .
exits 2
err_has "unknown option '--targett'" "did you mean --target?"
sb --frobnicate
exits 2
err_has "unknown option '--frobnicate'"
sb build
exits 2
err_has "build: CONTEXT is missing" "hint: usage: simbench build"
sb build a b
exits 2
err_has "build: unexpected 'b'"
sb build --progress loud .
exits 2
err_has "--progress knows no 'loud'" "one of auto|tty|plain|json|quiet"
sb build --exec
exits 2
err_has "--exec needs a value: model|sandbox"
sb run --runs 0 x.lua
exits 2
err_has "--runs"
sb nothing.lua
exits 2
err_has "nothing.lua"
sb run --list
exits 2

# Options before the command, and with = or without.
sb --store s1 images
exits 0
holds "--store before the command" test -d s1
sb images --store=s2
exits 0
holds "--store= after it" test -d s2
sb --color always --store s2 -v images
exits 0

# The store's default place.
run env -u SIMBENCH_STORE XDG_DATA_HOME="$PWD/xdg" "$SIMBENCH" images
exits 0
holds "store in XDG_DATA_HOME" test -d xdg/simbench
run env -u SIMBENCH_STORE "$SIMBENCH" images
exits 0
holds "store in HOME" test -d home/.local/share/simbench
run env -u SIMBENCH_STORE -u HOME "$SIMBENCH" images
exits 3
err_has "HOME is not set" "--store"

# Standard output that cannot be written; a reader that goes away.
if [ -w /dev/full ]; then
    "$SIMBENCH" --help >/dev/full 2>$err
    code=$?
    : >$out
    exits 1
    err_has "cannot write to standard output"
fi
{ "$SIMBENCH" --help 2>$err; echo $? >status.txt; } | true
err_empty

# No control characters of an argument reach the terminal.
sb "$(printf 'a\033[31mb')"
exits 2
holds "no escape character" sh -c "! grep -q \"$(printf '\033')\" err.txt"

# The man page knows every command and every option.
page=$TESTS/../docs/simbench.1
for c in run build history images df rmi prune inspect export import parse \
    check-ignore plan context diff pull compare engines; do
    last="$c --help against the man page"
    word=$(echo "$c" | sed 's/-/\\\\-/')
    holds "the man page has $c" grep -qE "^\\.(B|BR|BI) $word( |$)" "$page"
    "$SIMBENCH" "$c" --help >$out
    for option in $(grep -oE '^ +(-[a-z], )?--[a-z-]+' $out | grep -oE '[-][-][a-z-]+'); do
        word=$(echo "$option" | sed 's/-/\\\\-/g')
        holds "the man page has $option of $c" grep -qE -- "$word([ ]|\$)" "$page"
    done
done

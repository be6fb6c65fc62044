# A disk that is full (here: files that may not grow) or a folder that is read-only: exit
# status 1, what and where, and nothing half-written in the place of a good report.
. "$TESTS/cli/lib.sh"
cat >one.lua <<'END'
scenario "one" {
  context  = { a = "1\n" },
  variants = { x = "FROM scratch\nCOPY a /\n", y = "FROM scratch\nCOPY a /b\n" },
  steps = function(b) b:build "cold" b:append("a", "2") b:build "edit" b:build "no change" end,
}
END
sb run -q --handout -o report --save saved.json --history runs.db one.lua
exits 0
sb run -q --handout -o report --save saved.json --history runs.db one.lua
exits 0
state() { find report saved.json runs.db -type f -exec cksum {} + | sort; }
state >before.txt

# Each limit stops another of the writers: from the first file to the largest picture.
trap '' XFSZ
limited() { # BLOCKS OF 512 BYTES, WORDS...
    blocks=$1
    shift
    last="with files of $blocks blocks at most: $*"
    (
        ulimit -f "$blocks"
        exec "$SIMBENCH" "$@"
    ) >$out 2>$err </dev/null
    code=$?
}
largest=$(find report -type f -printf '%s\n' | sort -n | tail -1)
for blocks in 1 4 16 $((largest / 512)); do
    limited $blocks run -q --handout -o report one.lua
    exits 1
    err_has "the report report is not written"
    state >after.txt
    holds "the old report stands ($blocks)" cmp before.txt after.txt
    holds "nothing temporary stays ($blocks)" test -z "$(find report -name '.simbench*')"
    limited $blocks run -q --handout -o fresh one.lua
    exits 1
    holds "no half report ($blocks)" test ! -e fresh
done
limited 4 run -q --no-plots -o other --save saved.json one.lua
exits 1
err_has "saved.json: cannot write"
limited 4 run -q --no-plots -o other --history runs.db one.lua
exits 1
err_has "runs.db: cannot write the history"
holds "results and history stand" test "$(state)" = "$(cat before.txt)"
if command -v gnuplot >/dev/null; then
    limited 16 trend runs.db --plots drawn
    exits 1
    err_has "no room for the plots"
    holds "no half plot" test -z "$(ls -A drawn)"
fi
trap - XFSZ

# Standard output.
if [ -w /dev/full ]; then
    for format in table csv markdown json junit; do
        "$SIMBENCH" run -q --no-plots --format $format one.lua >/dev/full 2>$err
        code=$?
        last="run --format $format, to a full device"
        exits 1
        err_has "standard output"
    done
fi

# A folder nobody may write to; root may anyway.
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w report
    sb run -q -o report one.lua
    exits 1
    err_has "report"
    chmod u+w report
    holds "it stands" test "$(state)" = "$(cat before.txt)"
fi
echo file >taken
sb run -q -o taken/report one.lua
exits 1
err_has "taken"

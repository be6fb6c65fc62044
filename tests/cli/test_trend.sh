# run --history and simbench trend.
. "$TESTS/cli/lib.sh"
cat >one.lua <<'EOF'
scenario "one" {
  context  = { a = "1\n" },
  variants = { only = "FROM scratch\nCOPY a /\n" },
  steps = function(b) b:build "cold" b:build "no change" end,
}
EOF
export SOURCE_DATE_EPOCH=1700000000
sb run --no-plots -q --history runs.db one.lua
exits 0
sb run --no-plots -q --history runs.db one.lua
exits 0
sed 's/COPY a/WORKDIR \/x\\nCOPY a/' one.lua >slower.lua
sb run --no-plots -q --history runs.db slower.lua
exits 0
sb trend runs.db
exits 0
out_has "machine " "processors" "one / only / cold, virtual_ms: 3 runs, 0.1 s first, 0.2 s last, 1 change" \
    "changed at run 3, 2023-11-14T22:13:20Z" "0.1 s -> 0.2 s (+100.0%)" \
    "one / only / no change, virtual_ms: 3 runs, 0.0 s first, 0.0 s last, 0 changes"
sb trend --history runs.db --metric steps_run --format json
exits 0
json '.[0].schema' simbench.trend/1
json '[.[0].series[] | select(.build == "cold") | .points[].value] | join(" ")' "1 1 2"
json '[.[0].series[] | select(.build == "cold") | .changes[]] | tojson' '[{"run":3,"from":1,"to":2}]'
json '.[0].series[0].points[0].commit' null
sb trend runs.db --metric wall_s -v
exits 0
out_has "run 1, 2023-11-14T22:13:20Z" "wall_s: 3 runs"
sb trend runs.db --last 1 --format csv
exits 0
holds "a row a build" test "$(wc -l <$out)" -eq 3
sb trend runs.db --format markdown
exits 0
out_has "### machine " "**one / only / cold"
cp $out first.txt
sb trend runs.db --format markdown
holds "deterministic" cmp $out first.txt
sb trend runs.db --filter 'two*'
exits 2
err_has "it holds no virtual_ms"
sb trend runs.db --machine 000000000000
exits 2

# Drawn, with the change marked; in the report of a run with a history as well.
if command -v gnuplot >/dev/null; then
    mkdir drawn
    echo mine >drawn/mine.svg
    sb trend runs.db --plots drawn
    exits 0
    holds "svg and png" test -s drawn/one-trend-virtual-ms.svg -a -s drawn/one-trend-virtual-ms.png
    holds "the change is in the data" grep -q '^3 0.2 100$' drawn/one-trend-virtual-ms.dat
    holds "other files stay" test "$(cat drawn/mine.svg)" = mine
    holds "nothing temporary stays" test "$(ls -A drawn | wc -l)" -eq 5
    (cd drawn && rm -f one*.png && gnuplot -d one-trend-virtual-ms.gp 2>errors; rm -f errors)
    holds "its script runs alone" test -s drawn/one-trend-virtual-ms.png
    sb run -q -o with --history runs.db one.lua
    exits 0
    holds "on the page" grep -q 'href="plots/one-trend-virtual-ms.svg"' with/index.html
    sb run -q --no-plots --history fresh.db one.lua
    sb trend fresh.db --plots nothing
    exits 2
    err_has "nothing to draw"
    echo file >taken
    sb trend runs.db --plots taken/here
    exits 1
    err_has "taken"
fi
mkdir -p empty
run env PATH="$PWD/empty" "$SIMBENCH" trend runs.db --plots drawn2
exits 3
err_has "gnuplot not found: no plots (apt-get install gnuplot-nox)"

# In a checkout the commit is kept.
if command -v git >/dev/null; then
    git init -q checkout
    git -C checkout -c user.name=t -c user.email=t@t commit -q --allow-empty -m x
    commit=$(git -C checkout rev-parse HEAD)
    (cd checkout && "$SIMBENCH" run --no-plots -q --history ../commits.db ../one.lua >/dev/null)
    sb trend commits.db --format json
    json '.[0].series[0].points[0].commit' "$commit"
fi

# Files that are none, and none of ours.
sb trend
exits 2
err_has "no history file"
sb trend missing.db
exits 2
err_has "missing.db"
holds "reading makes no file" test ! -e missing.db
echo "no database" >text.db
sb trend text.db
exits 2
err_has "text.db" "no history"
sb run --no-plots -q --history text.db one.lua
exits 2
err_has "text.db" "no history"
holds "left alone" test "$(cat text.db)" = "no database"
sb run --no-plots -q --history nowhere/runs.db one.lua
exits 2
err_has "nowhere/runs.db"

# Several at once.
for i in 1 2 3 4; do
    "$SIMBENCH" run --no-plots -q -o report$i --history many.db one.lua >/dev/null 2>&1 &
done
wait
sb trend many.db --format json
json '[.[0].series[0].points[].run] | length' 4

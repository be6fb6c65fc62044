# make bench's program: its table, and a result file that compare reads.
. "$TESTS/cli/lib.sh"
speed=$(dirname "$(readlink -f "$SIMBENCH")")/speed

run "$speed" "$SIMBENCH" bench.json report RUNS=2 SEED=3 'ONLY=100 files'
exits 0
out_has "100 files: no change" "100 files: an edit" "100 files: first build" "LIMIT"
check "$(yes_if test -s report/index.html)" "a report"
check "$(yes_if jq -e '.scenarios[0] | .name == "100 files" and
    .scan.point == [{"axis": "files", "value": 100}]' bench.json)" "a point of a scan"
check "$(yes_if jq -e '[.scenarios[0].variants[] | .engine] == ["builtin", "machine"]' \
    bench.json)" "our builds, and what the machine does at best"
check "$(yes_if jq -e 'all(.scenarios[].variants[].builds[]; .wall.n == 2)' bench.json)" \
    "two samples of each, the round that warms up left out"
check "$(yes_if jq -e 'all(.scenarios[].variants[0].builds[]; .peak_bytes > 1000000)' \
    bench.json)" "memory of our builds"
check "$(yes_if jq -e '[.scenarios[0].variants[].turns] == [[2, 3], [1, 4]]' bench.json)" \
    "turns, each second round backwards"
sb compare bench.json bench.json
exits 0

run "$speed" "$SIMBENCH" bench.json report RUNS=many
exits 2
err_has "RUNS"
run "$speed" "$SIMBENCH" bench.json report WALKS=2
exits 2
err_has "unknown setting WALKS"
run "$speed" "$SIMBENCH" bench.json report PEERS=nobody
exits 3
err_has "PEERS=nobody" "simbench engines"

# Repetitions, their order, and the gates of compare and run --baseline.
. "$TESTS/cli/lib.sh"
cat >edit.lua <<'EOF'
scenario "edit app.py" {
  context  = { ["app.py"] = "print('hello')\n", ["requirements.txt"] = "flask==3.0.0\n",
               data = string.rep("0123456789", 400000) },
  variants = {
    bad  = "FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt\n",
    good = "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
  },
  steps = function(b)
    b:build "cold"
    b:build "no change"
    b:append("app.py", "print('v2')\n")
    b:build "edit"
  end,
}
EOF
results=simbench-report/results.json

# Each build of a scenario is a metric of its own; variants take turns, A B B A.
sb run --runs 8 --no-plots -q edit.lua
exits 0
out_has "WALL TIME OF" "no change" "95% INTERVAL"
run jq -c '[.scenarios[0].variants[] | .turns]' $results
out_is '[[1,4,5,8,9,12,13,16],[2,3,6,7,10,11,14,15]]'
run jq -c '[.scenarios[0].variants[].builds[].wall.n] | unique' $results
out_is '[8]'
run jq -c '[.scenarios[0].variants[].builds[] | .wall.samples | length] | unique' $results
out_is '[8]'
run jq -c '[.scenarios[0].variants[1].builds[] | [.label, .ran]]' $results
out_is '[["cold",4],["no change",0],["edit",1]]'
run jq -r '(.machine.id | length), (.machine.text | contains("processors"))' $results
out_is "12
true"
run jq -r '.scenarios[0].variants[0].engine_version' $results
out_is "$("$SIMBENCH" --version | head -n 1 | sed 's/[^0-9]*//')"

# One run is as it was: nothing about repetitions.
sb run --no-plots -q edit.lua
exits 0
out_lacks "WALL TIME OF" "warning:"
run jq -c '.scenarios[0].variants[0] | has("turns")' $results
out_is false
sb run --runs 3 --no-plots -q edit.lua
out_has "warning: too few repetitions"

# Precision and time limit.
sb run --precision 50% --runs 2 --no-plots -q edit.lua
exits 0
holds "precision repeats" test "$(jq '.scenarios[0].variants[0].builds[0].wall.n' $results)" -ge 6
sb run --precision 0.0001% --max-time 50ms --no-plots -q edit.lua
exits 0
out_has "was not reached"
sb run --runs 1000000 --max-time 50ms --no-plots -q edit.lua
exits 0
for wrong in "--precision 0%" "--max-time soon" "--warmup -1" "--gate walls" "--min-effect 200"; do
    sb run $wrong --no-plots edit.lua
    exits 2
    err_has "${wrong%% *}"
done

# The same twice.
sb run --aa --runs 6 --no-plots -q edit.lua
exits 0
out_has "THE SAME TWICE" "Noise floor:"
run jq -c '.scenarios[0].variants[0].turns[:4]' $results
out_is '[1,8,9,16]'

# A scenario that does something else each time has no samples.
cat >turns.lua <<'EOF'
local n = 0
scenario "turns" { variants = { v = "FROM scratch\nCOPY a /\n" }, context = { a = "1" },
  steps = function(b)
    n = n + 1
    b:build "one"
    if n > 2 then b:append("a", "2") end
    b:build "two"
  end }
EOF
sb run --runs 4 --no-plots -q turns.lua
exits 1
err_has "build 'two' did not run and reuse the same steps in every repetition"

# Wall time: advice, or the gate. Figures are put in by hand: ten builds of 100 ms.
wall() { # FACTOR FILE: sets every build's samples
    jq --argjson f "$1" '(.scenarios[].variants[].builds[] | .wall) |=
        (.samples = [range(10) | (0.1 + 0.0001 * (. * 7 % 5)) * $f])' $results >"$2"
}
sb run --runs 10 --no-plots -q edit.lua
wall 1 base.json
wall 1.2 slow.json
wall 0.8 fast.json
sb compare base.json slow.json
exits 0
out_has "slower" "wall_s" "wall time (advice): 6 slower, 0 faster"
sb compare --gate wall base.json slow.json
exits 1
out_has "REGRESSION" "wall_s" "x1.200"
sb compare --gate wall --min-effect 50% base.json slow.json
exits 0
sb compare --gate wall base.json fast.json
exits 0
out_has "improved" "run --save"
sb compare --gate wall -v base.json base.json
exits 0
out_has "~"
sb compare --gate wall --format json base.json slow.json
exits 1
json '.[0].regressions' 6
json '.[0].differences[0] | [.metric, .verdict, .samples[0]] | join(" ")' "wall_s regression 10"
sb compare --gate wall --format junit base.json slow.json
exits 1
out_has '<failure message="100 ms -&gt; 120 ms (x1.200'
sb compare --gate wall --format markdown base.json slow.json
out_has "**Regression.**" "| REGRESSION |"

# What cannot be compared is said.
jq '.machine = {id: "000000000000", text: "an <abacus>"}' slow.json >elsewhere.json
sb compare --gate wall base.json elsewhere.json
exits 0
out_has "different machines" "an <abacus>"
sb compare --gate wall --format junit base.json elsewhere.json
out_has "an &lt;abacus&gt;"
jq '.scenarios[0].variants[0].engine_version = "9.9"' base.json >engine.json
sb compare base.json engine.json
exits 0
out_has "builtin was version" "9.9"
jq '.schema = "simbench.results/2"' base.json >schema.json
sb compare base.json schema.json
exits 2
err_has "schema.json" "simbench.results/2"
jq '(.scenarios[].variants[].builds[].wall.samples) |= .[:3]' base.json >few.json
sb compare --gate wall base.json few.json
exits 0
out_has "wall time of 6 builds is not judged"
jq '.scenarios[0].name = "renamed"' base.json >renamed.json
sb compare base.json renamed.json
exits 0
out_has "new       renamed" "missing   edit app.py"

# run's own gate. The baseline's scenarios are measured again, in turns, if this simbench
# made it: samples that no machine can have are then not looked at.
sb run --runs 10 --no-plots -q --baseline slow.json --gate wall --min-effect 100% edit.lua
exits 0
jq '(.scenarios[].variants[].builds[] | .wall) |= (.samples = [range(10) | 0.0000001])' \
    base.json >again.json
sb run --runs 10 --no-plots -q --baseline again.json --gate wall --min-effect 100% edit.lua
exits 0
holds "the program is named" jq -e '.program | startswith("sha256:")' $results
holds "the scenario is kept" jq -e '.scenarios[0].source | startswith("scenario ")' $results
holds "processor time is kept" jq -e \
    '[.scenarios[].variants[].builds[] | (.cpu.n, .waited.n)] | unique == [10]' $results
sed 's/400000/500000/' edit.lua >larger.lua
sb run --runs 10 --no-plots -q --baseline again.json --gate wall --min-effect 100% larger.lua
exits 1
out_has "REGRESSION" "new_bytes"
out_lacks "wall_s"
jq 'del(.program, .scenarios[].variants[].builds[].cpu)' again.json >impossible.json
sb run --runs 10 --no-plots -q --baseline impossible.json edit.lua
exits 0
out_has "slower"
sb run --runs 10 --no-plots -q --baseline impossible.json --gate wall --min-effect 100% edit.lua
exits 1
out_has "REGRESSION" "compared between two separate runs"
err_has "against the baseline"

# simbench run: output, exit codes, report folder, baseline.
. "$TESTS/cli/lib.sh"
cat >edit.lua <<'END'
scenario "edit app.py" {
  lesson   = "A COPY of everything placed before the install makes every edit pay for the install.",
  context  = {
    ["app.py"] = "print('hello')\n",
    ["requirements.txt"] = "flask==3.0.0\n",
  },
  variants = {
    bad  = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
    good = "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
  },
  steps = function(b)
    b:build "first build"
    b:append("app.py", "print('v2')\n")
    b:build "edit app.py"
  end,
  expect = function(r)
    check(r.good["edit app.py"].ran == 1, "only the last COPY runs")
    check(r.bad["edit app.py"].seconds.virtual > 40, "the install is paid again")
  end,
}
END
sb edit.lua --no-plots
exits 0
err_empty
out_has "== edit app.py ==" "good: first build" "bad: edit app.py" \
    "Step 4/5: RUN pip install -r requirements.txt [CACHED] 0.0 s" \
    "Step 4/5: RUN pip install -r requirements.txt [RAN] 45.0 s" \
    "Total: 57.3 s (virtual clock), 5 ran, 0 reused" \
    "Total: 45.1 s (virtual clock), 2 ran, 2 reused" "Checks: 2 of 2 hold"
holds "the last line names the report" \
    test "$(tail -n 1 $out)" = "report: simbench-report/index.html"
for file in index.html report.md results.json results.csv trace.json; do
    holds "report has $file" test -s simbench-report/$file
done
holds "no handout unless asked" test ! -e simbench-report/handout.html
holds "a step in the trace" test \
    "$(jq '[.traceEvents[] | select(.ph == "X" and .dur == 45000000)] | length' \
        simbench-report/trace.json)" = 3
sb edit.lua --no-plots --handout -q -o sheets
exits 0
holds "handout" test -s sheets/handout.html -a -s sheets/handout.md
holds "schema" test "$(jq -r .schema simbench-report/results.json)" = simbench.results/1
sb --no-plots run edit.lua -o elsewhere -q
exits 0
out_lacks "Step "
holds "-o" test -s elsewhere/index.html

sb run --format json --no-plots edit.lua
exits 0
json '.[0].schema' simbench.results/1
json '.[0].scenarios[0].variants | map(.name) | join(" ")' "bad good"
json '.[0].scenarios[0].variants[1].builds[1].steps | map(.status) | join(" ")' \
    "cached cached cached cached ran"
err_has "report: simbench-report/index.html"
for format in markdown csv junit; do
    sb run --format $format --no-plots edit.lua
    exits 0
    out_lacks "report:"
    holds "$format says something" test -s $out
done

# Equal runs give equal results but for wall times and the time of the run.
mask='del(.. | .wall?) | del(.started?, .started_s?, .time?)'
jq "$mask" simbench-report/results.json >a.json
sb run --no-plots -q edit.lua
jq "$mask" simbench-report/results.json >b.json
holds "deterministic" cmp a.json b.json

sb run --list edit.lua
exits 0
out_has "edit app.py" "bad,good" "edit.lua:1"
sb run --filter 'nothing*' edit.lua
exits 2
err_has "no scenario matches 'nothing*'"
sb run --filter 'edit*' --no-plots -q edit.lua
exits 0

sb run --runs 3 --warmup 1 --no-plots -q edit.lua
exits 0
holds "three samples" test \
    "$(jq '.scenarios[0].variants[0].builds[0].wall.samples | length' simbench-report/results.json)" = 3

# A check that fails: all the others still run, exit 1.
sed 's/ran == 1/ran == 2/; s/edit app.py" {/wrong" {/' edit.lua >wrong.lua
sb run --no-plots -q wrong.lua edit.lua
exits 1
err_has "simbench: wrong.lua:" "check failed: only the last COPY runs"
out_has "Checks: 1 of 2 hold" "Checks: 2 of 2 hold"
sb run --no-plots -q --jobs 2 wrong.lua edit.lua
exits 1
out_has "Checks: 1 of 2 hold" "Checks: 2 of 2 hold"

# Broken scenarios: exit 2 and the place.
printf 'scenario "x" {\n  variants = {\n' >syntax.lua
sb run syntax.lua
exits 2
err_has "syntax.lua:"
out_empty
cat >loop.lua <<'END'
scenario "loop" { variants = { v = "FROM scratch\n" }, steps = function(b) while true do end end }
END
sb run --no-plots loop.lua
exits 2
err_has "loop.lua:1: "
cat >fails.lua <<'END'
scenario "fails" { variants = { v = "FROM scratch\nCOPY nothing /\n" },
  steps = function(b)
    b:build "one"
  end }
END
sb run --no-plots fails.lua edit.lua
exits 1
err_has "fails.lua:3" "nothing"
out_has "Checks: 2 of 2 hold"
cat >misspelt.lua <<'END'
scenario "m" { variants = { v = "FROM scratch\n" },
  steps = function(b)
    b:biuld "one"
  end }
END
sb run --no-plots misspelt.lua
exits 2
err_has "misspelt.lua:3"

# Baselines.
sb run --no-plots -q --save base.json edit.lua
exits 0
sb run --no-plots -q --baseline base.json edit.lua
exits 0
out_has "0 regressions"
sed 's/good = "FROM python:3.11-slim/good = "FROM python:3.11-slim\\nRUN true/' edit.lua >worse.lua
sb run --no-plots -q --baseline base.json --save worse.json worse.lua
exits 1
out_has "REGRESSION" "steps_run"
err_has "against the baseline"
holds "changes come first in report.md" sh -c \
    "sed -n '3,5p' simbench-report/report.md | grep -q '^\*\*Regression'"
sb compare base.json worse.json
exits 1
out_has "REGRESSION"
sb compare worse.json base.json
exits 0
out_has "improved" "0 regressions"
sb compare base.json base.json -v
exits 0
out_has "same"
for format in markdown json junit; do
    sb compare --format $format base.json worse.json
    exits 1
    holds "$format" test -s $out
done
sb compare base.json missing.json
exits 2
err_has missing.json
echo '{"schema":"other/9"}' >other.json
sb compare base.json other.json
exits 2
err_has other.json
sb run --baseline missing.json edit.lua
exits 2

# A report folder that holds something else, or cannot be written.
mkdir mine
echo precious >mine/file
sb run --no-plots -q -o mine edit.lua
holds "refused" test "$code" -ne 0
holds "left alone" test "$(ls mine)" = file

# The lessons teach BuildKit's rules; where the others' differ, their checks say so.
for semantics in buildkit classic buildah; do
    sb run --no-plots -q --semantics $semantics "$TESTS"/../scenarios/*.lua
    exits 0
    holds "every check holds under $semantics" sh -c "! grep -q 'check failed' $err"
done

# scan = {…}: a scenario at several sizes, and how its figures grow.
. "$TESTS/cli/lib.sh"
cat >files.lua <<'EOF'
scenario "files" {
  scan = { files = {10, 100, 1000}, layers = {2, 5} },
  context = function(p)
    local files = {}
    for i = 1, p.files do files["f" .. i] = "1234567890" end
    return files
  end,
  variants = function(p)
    local text = "FROM scratch\nCOPY f* /\n"
    for i = 1, p.layers do text = text .. "WORKDIR /w" .. i .. "\n" end
    return { only = text }
  end,
  steps = function(b, p)
    b:build "cold"
    b:append("f" .. p.files, "!")
    b:build "edit"
  end,
  expect = function(r, p)
    check(r.only.cold.ran == p.layers + 1, "a step for each layer")
  end,
}
EOF
sb run --no-plots -q files.lua
exits 0
out_has "files [files=10, layers=2]" "files [files=1000, layers=5]" "GROWTH WITH" \
    "Checks: 1 of 1 hold"
# Ten bytes a file: new_bytes grows with exponent 1; steps do not grow with files.
holds "exponent of bytes" grep -qE '^files +layers=2 +only +cold +new_bytes +3 +1\.000 \+- 0\.000$' $out
holds "exponent of steps" grep -qE '^files +layers=5 +only +cold +steps_run +3 +0\.000 \+- 0\.000$' $out
holds "the other axis" grep -qE '^layers +files=10 +only +cold +steps_run +2 +0\.756$' $out
run jq -c '.scenarios[1].scan' simbench-report/results.json
out_is '{"name":"files","point":[{"axis":"files","value":10},{"axis":"layers","value":5}]}'
run jq -r '.scenarios | length' simbench-report/results.json
out_is 6
# The exponents are in the report too.
run jq -c '[.growth[] | select(.axis == "files" and .metric == "new_bytes" and .at == "layers=2")
    | [.build, .points, (.exponent * 1000 | round), .factor > 9.9 and .factor < 10.1]]' simbench-report/results.json
out_is '[["cold",3,1000,true],["edit",3,998,false]]'
holds "in report.md" grep -qF '| files | layers=2 | only | cold | new layers | 100 B → 10.0 kB | 1.000 ± 0.000 |' simbench-report/report.md
holds "on the page" grep -qF 'files: how it grows</h2>' simbench-report/index.html
sb compare simbench-report/results.json simbench-report/results.json
exits 0
out_has "0 regressions"
sb run --list files.lua
out_has "files [files=100, layers=2]"

# Declarations that make no sense.
bad() { # SCAN WORDS...: a scenario with this scan is refused
    printf 'scenario "s" { scan = %s,\n variants = { v = "FROM scratch\\n" }, steps = function(b) b:build "x" end }\n' \
        "$1" >bad.lua
    shift
    sb run --no-plots bad.lua
    exits 2
    err_has "bad.lua:" "$@"
}
bad '5' "table"
bad '{}' "one to 4 names"
bad '{ n = {} }' "scan.n"
bad '{ n = { 2, 1 } }' "greater than"
bad '{ n = { 0 } }' "positive"
bad '{ n = { "2" } }' "positive"
bad '{ a = {1}, b = {1}, c = {1}, d = {1}, e = {1} }' "one to 4 names"
bad '{ a = {1,2,3,4,5,6,7,8,9,10,11}, b = {1,2,3,4,5,6,7,8,9,10} }' "at most 100 points"
cat >noscan.lua <<'EOF'
scenario "s" { context = function() return {} end,
  variants = { v = "FROM scratch\n" }, steps = function(b) b:build "x" end }
EOF
sb run --no-plots noscan.lua
exits 2
err_has "only in a scenario with a scan"

# The report folder as a whole: every script draws its plot by itself, and page, trace and
# results agree on when a step began.
. "$TESTS/cli/lib.sh"
cat >all.lua <<'END'
scenario "stages" {
  context = { a = "1\n" },
  variants = {
    one = [[
FROM python:3.11-slim AS base
ARG WHICH=slow
FROM base AS quick
# simbench: time=20s writes=/q:5MB
RUN quick
FROM base AS slow
# simbench: time=30s writes=/s:5MB
RUN slow
FROM scratch
COPY --from=quick /q /
# simbench: time=3s writes=/r:1MB
RUN --mount=from=slow,target=/x last
COPY a /
]],
    two = "FROM scratch\nCOPY a /\n",
  },
  steps = function(b) b:build "first" b:append("a", "x") b:build "edit" b:build "nothing" end,
}
scenario "sizes" {
  scan = { files = { 1, 10 } },
  context = function(p)
    local files = {}
    for i = 1, p.files do files["f" .. i] = "1234567890" end
    return files
  end,
  variants = { only = "FROM scratch\nCOPY f* /\n" },
  steps = function(b) b:build "first" end,
}
END
sb run -q --runs 3 --history runs.db -o report all.lua
exits 0
sb run -q --runs 3 --history runs.db -o report all.lua
exits 0

# The builder's own clock: 12 s of fetch, then both stages, then what reads from them.
run jq -c '[.scenarios[0].variants[0].builds[0].steps[] | select(.status == "ran")
    | [.start_ms, .seconds.virtual]]' report/results.json
out_is '[[0,12],[12000,20],[12000,30],[32000,0.105],[42000,3],[45000,0.1]]'
run jq -c '[.traceEvents[] | select(.ph == "X" and .dur > 0) | [.ts / 1000, .dur / 1000000]][:6]' report/trace.json
out_is '[[0,12],[12000,20],[12000,30],[32000,0.105],[42000,3],[45000,0.1]]'
holds "the page has the same" grep -q 'data-t=3000 data-s=42000' report/index.html
sb compare report/results.json report/results.json
exits 0

command -v gnuplot >/dev/null || skip "no gnuplot"
cd report/plots || exit 1
for kind in stages-builds stages-timeline stages-layers stages-disk stages-spread \
    sizes-growth-1-bytes sizes-growth-1-wall stages-trend-virtual-ms; do
    holds "a plot of $kind" test -s $kind.gp
done
for script in *.gp; do
    name=${script%.gp}
    rm -f "$name.svg" "$name.png"
    gnuplot -d "$script" 2>"../$name.err"
    holds "$script runs alone" test -s "$name.svg" -a -s "$name.png"
    holds "$script is whole" grep -q '</svg>' "$name.svg"
done

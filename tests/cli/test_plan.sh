# simbench plan and context: predictions and what COPY sees.
. "$TESTS/cli/lib.sh"
reference ctx

sb plan --progress json ctx
exits 0
json 'map(.event) | unique | tostring' '["build","step"]'
json '.[1:6] | map(.status) | unique | tostring' '["run"]'
sb images -q
out_empty
sb build -q ctx
sb plan --progress json ctx
json '.[1:6] | map(.status) | unique | tostring' '["cached"]'
echo x >>ctx/app.py
sb plan ctx
exits 0
out_has "Step 4/5: RUN pip install -r requirements.txt [CACHED]" \
    "Step 5/5: COPY . . [RUN]" "4 would be reused, 1 would run"
sb plan missing
exits 2
sb plan --target nope ctx
exits 2

mkdir -p ctx/logs ctx/src/deep
head -c 1000 /dev/zero >ctx/logs/a.log
head -c 500 /dev/zero >ctx/src/deep/x
printf '# c\nlogs\n' >ctx/.dockerignore
sb context ctx
exits 0
out_has "kept" "dropped" "2: logs" "src/deep" "BIGGEST FOLDERS"
sb context --format json ctx
json '.[0].dropped | "\(.files) \(.bytes)"' "1 1000"
json '.[0].lines[0] | "\(.line) \(.pattern) \(.bytes)"' "2 logs 1000"
json '.[0].folders[0] | "\(.path) \(.bytes)"' "src 500"
sb context nowhere
exits 2

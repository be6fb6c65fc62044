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

# Costs are those of the last run, and a plan leaves the store as it was.
rm -f ctx/.dockerignore
sb build -q ctx
echo y >>ctx/requirements.txt
sums() { find "$SIMBENCH_STORE" -type f ! -name 'stat-*' ! -name '*-shm' -exec sha256sum {} + | sort; }
sums >before.txt
sb plan ctx
exits 0
out_has "RUN pip install -r requirements.txt [RUN] 45.0 s" "expected cost: 45.2 s virtual"
sb plan ctx
sums >after.txt
holds "the store is as it was" cmp -s before.txt after.txt

# What hangs on the output of another step, and on which.
mkdir two
printf 'FROM python:3.11-slim AS b\nCOPY in /in\nRUN cat /in > /out\nFROM python:3.11-slim\nCOPY --from=b /out /o\n' >two/Dockerfile
echo 1 >two/in
sb build -q two
echo 2 >two/in
sb plan two
out_has "[DEPENDS] on the output of step 3"
sb plan --progress json two
json '.[-1] | "\(.status) \(.depends_on)"' "depends 3"

# Files that change often above an install.
for i in 1 2 3; do
    echo "$i" >>two/in
    sb build -q two
done
sb context two
out_has "Changed often in the last 4 builds" "in "
sb context --format json two
json '.[0].often[0] | "\(.path) \(.changes) \(.copy) \(.run)"' "in 3 2 3"

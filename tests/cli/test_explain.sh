# simbench explain: the cause of each run, the same as `build --explain` tells.
. "$TESTS/cli/lib.sh"

mkdir ctx
echo "print('hello')" >ctx/app.py
echo "flask==3.0.0" >ctx/requirements.txt
cat >ctx/Dockerfile <<'END'
FROM python:3.11-slim
WORKDIR /app
ARG VERSION=1
COPY . .
RUN pip install -r requirements.txt
END

sb explain
exits 1
err_has "no build is recorded" "hint:"

sb build -q -t app ctx
exits 0
sb explain
exits 0
out_has "build 1 of Dockerfile: 4 of 5 steps ran" "nothing to compare with"

# Nothing changed: nothing is named.
touch ctx/app.py
sb build -q -t app ctx
sb explain
out_has "every step was reused"
out_lacks "cascade" "ran because"
sb explain --format json
json '.[0].steps | map(.miss) | unique | tostring' '[null]'

# A content: the file, its sizes, the remedy, what would have hit, what follows.
echo "print('v2')" >>ctx/app.py
sb build --explain --progress plain -t app ctx
sed -n '/^build /,$p' $out >shown.txt
sb explain app
exits 0
holds "explain says what build --explain said" cmp -s shown.txt $out
out_has "app.py: content 15 → 27 bytes" "closest record: build 2" \
    "remedy: split this COPY: requirements.txt before step 5" "cascade from step 4"
out_lacks "$(printf '\033')"
holds "80 columns" awk '{ gsub(/→/, "x"); if (length($0) > 80) exit 1 }' $out
sb explain --format json 3
json '.[0] | "\(.build) \(.against)"' "3 2"
json '.[0].steps[3].miss | "\(.reason) \(.root) \(.changes[0].path)"' "input 4 app.py"
json '.[0].steps[4].miss | "\(.reason) \(.root)"' "parent 4"
json '.[0].steps[3].closest | "\(.build) \(.differences)"' "2 1"

# A file nobody excludes, many of them, a mode.
mkdir ctx/logs
echo x >ctx/logs/x.log
sb build -q ctx
sb explain
out_has "new file logs/x.log (not excluded; there is no .dockerignore)"
echo "*.tmp" >ctx/.dockerignore
sb build -q ctx
echo y >ctx/logs/y.log
sb build -q ctx
sb explain
out_has "(not excluded; .dockerignore has no" "add to .dockerignore: **/*.log"
echo "**/*.log" >>ctx/.dockerignore
sb build -q ctx
sb explain
out_has "logs/x.log: now excluded by line 2 of .dockerignore: **/*.log"
for i in $(seq 12); do echo "$i" >"ctx/f$i"; done
chmod 755 ctx/app.py
sb build -q ctx
sb explain
out_has "13 changes" "app.py: mode 0644 → 0755" "and 3 more (--all lists them)"
sb explain --all
out_has "new file f9 "
out_lacks "more (--all"

# An argument nobody names; words of an instruction; --no-cache; --against.
sb build -q --build-arg VERSION=2 ctx
sb explain
out_has "ARG VERSION: 1 → 2 (used by no instruction" "move ARG VERSION to the end"
sed 's/r requirements.txt/r requirements.txt -q/' ctx/Dockerfile >d && mv d ctx/Dockerfile
sb build -q --build-arg VERSION=2 ctx
sb explain
out_has "instruction text changed: RUN pip install -r requirements.txt [added: -q]"
sb build -q --no-cache ctx
sb explain
out_has "ran because of --no-cache"
sb explain --against 3
out_has "compared with build 3"
sb explain 4 --against 1
out_has "build 4 of Dockerfile, compared with build 1"
sb prune --all
sb build -q ctx
sb explain
out_has "record was collected"

# Two projects with a Dockerfile of the same name are two stories.
cp -r ctx two
sb build -q two
echo 3 >>ctx/app.py
sb build -q ctx
sb explain
out_has "app.py: content"
out_lacks "Dockerfile: content"

sb explain nope
exits 1
sb explain 999
exits 1
sb explain --format yaml
exits 2
sb explain 1 2
exits 2

# An image or a build by number: layers, paths, waste.
sb diff 2 3
exits 0
out_has "shared" "only A" "only B" "changed  app/app.py" "wasted"
sb diff --format json 2 3
json '.[0] | "\(.added) \(.changed) \(.deleted)"' "0 1 0"
sb diff 2 999
exits 1

# simbench build on the virtual clock: the reference example, events, names, failures.
. "$TESTS/cli/lib.sh"
reference ctx

sb build -t app --progress json ctx
exits 0
err_empty
holds "one object a line" sh -c 'jq -ce . out.txt >/dev/null'
json 'map(.event) | join(" ")' "build step step step step step image"
json '.[0] | "\(.engine) \(.exec) \(.dockerfile) \(.context)"' "builtin model Dockerfile ctx"
json '.[1:6] | map(.status) | join(" ")' "ran ran ran ran ran"
json '.[1:6] | map(.index) | tostring' "[1,2,3,4,5]"
json '.[1:6] | map(.total) | unique | tostring' "[5]"
json '.[1:6] | map(.seconds.virtual) | tostring' "[12,0.1,0.1,45,0.1]"
json '.[1] | "\(.layer) \(.base.name) \(.base.size > 100000000)"' "null python:3.11-slim true"
json '.[3] | .instruction' "COPY requirements.txt ."
json '.[4].layer.modelled' true
json '.[4].layer.size' 21300000
json '.[1:6] | map(.miss.reason) | unique | tostring' '["no-record"]'
json '.[1:6] | map(.line) | tostring' "[1,2,3,4,5]"
json '.[1:6] | map(.stage) | unique | tostring' '["0"]'
json '.[6] | .name' app:latest
json '.[6].seconds.virtual' 57.3
json '.[6].layers | length > 4' true
cp $out first.json

sb build -t app --progress json ctx
json '.[1:6] | map(.status) | join(" ")' "cached cached cached cached cached"
json '.[6].seconds.virtual' 0
json '.[1:6] | map(.miss) | unique | tostring' "[null]"
holds "the same image" sh -c \
    'test "$(jq -r "select(.event==\"image\").id" first.json)" = "$(jq -r "select(.event==\"image\").id" out.txt)"'

echo "print('v2')" >>ctx/app.py
sb build --progress=plain ctx --explain
exits 0
out_has "Step 1/5: FROM python:3.11-slim [CACHED] 0.0 s" \
    "Step 4/5: RUN pip install -r requirements.txt [CACHED] 0.0 s" \
    "Step 5/5: COPY . . [RAN] 0.1 s" "step 5/5, line 5: COPY . ." \
    "app.py: content"
sb build -q ctx
exits 0
holds "quiet prints the ID" grep -qxE 'sha256:[0-9a-f]{64}' $out
err_empty
id=$(cat $out)

sb build -q --iidfile id.txt ctx
holds "iidfile has it too" test "$(cat id.txt)" = "$id"
sb build -q -t one -t two:v1 ctx
sb images
out_has "one" "two" "v1"

# Whatever the machine's habits, equal input gives equal layers; with a fixed time of
# creation, equal images.
cp -a ctx again
layers='select(.event == "image").layers'
sb build --progress json ctx
jq -c "$layers" $out >layers1
(umask 077 && TZ=Asia/Tokyo "$SIMBENCH" --store other build --progress json again >$out)
last="build in another store, folder, umask and time zone"
jq -c "$layers" $out >layers2
holds "the same layers" cmp layers1 layers2
run env SOURCE_DATE_EPOCH=7 "$SIMBENCH" --store third build -q ctx
cp $out id3
run env SOURCE_DATE_EPOCH=7 "$SIMBENCH" --store fourth build -q again
holds "the same image" cmp id3 $out

# The Dockerfile: elsewhere, from standard input, missing, a folder, junk.
echo 'FROM scratch' >plain.Dockerfile
sb build -f plain.Dockerfile --progress json ctx
exits 0
json '.[0].dockerfile' plain.Dockerfile
json '.[1].status' meta
run sh -c 'printf "FROM scratch\nCOPY app.py /\n" | "$SIMBENCH" build -f - ctx --progress plain'
exits 0
out_has "Step 2/2: COPY app.py /"
sb build -f nowhere ctx
exits 2
err_has nowhere
sb build -f ctx ctx
exits 2
head -c 5000 /dev/urandom >junk
sb build -f junk ctx
exits 2
sb build missing
exits 2
err_has "context 'missing': No such file or directory" "hint: "
sb build ctx/app.py
exits 2
err_has "is no folder"

# Failures: one message, FILE:LINE, the event, nothing stored.
printf 'FROM scratch\nCOPY nothing.txt /\n' >ctx/Bad
sb build -f ctx/Bad -t bad --progress json ctx
exits 1
err_has "ctx/Bad:2: " nothing.txt
json '.[-1] | "\(.event) \(.line)"' "error 2"
holds "no image event" sh -c '! grep -q "\"image\"" out.txt'
sb images
out_lacks bad
printf 'FROM scratch\nFROB x\n' >ctx/Unknown
sb build -f ctx/Unknown ctx
exits 2
err_has "ctx/Unknown:2: " FROB
printf 'FROM no/such:image\n' >ctx/Base
sb build -f ctx/Base ctx
exits 1
err_has "ctx/Base:1: " "no/such" "hint: "
printf 'FROM alpine:3.20\nRUN frobnicate --all\n' >ctx/Model
sb build -f ctx/Model ctx
exits 1
err_has "ctx/Model:2: " frobnicate "hint: " model "# simbench:"
sb build --target nope ctx
exits 2
err_has nope
sb build -t 'UPPER CASE' ctx
exits 2

# Arguments and the environment.
printf 'FROM scratch\nARG V=0\nLABEL v=$V\n' >ctx/Arg
sb build -t arg -f ctx/Arg --build-arg V=7 ctx
sb inspect arg
json '.[0].config.Labels.v' 7
run env V=8 "$SIMBENCH" build -t arg -f ctx/Arg --build-arg V ctx
sb inspect arg
json '.[0].config.Labels.v' 8
run env SOURCE_DATE_EPOCH=soon "$SIMBENCH" build ctx
exits 2
err_has SOURCE_DATE_EPOCH
run env SOURCE_DATE_EPOCH=1000000000 "$SIMBENCH" build -t epoch -f ctx/Arg ctx
sb inspect epoch
json '.[0].created' 2001-09-09T01:46:40Z
sb build -t epoch -f ctx/Arg --build-arg SOURCE_DATE_EPOCH=1 ctx
sb inspect epoch
json '.[0].created' 1970-01-01T00:00:01Z

# Secrets and contexts are checked before any work.
sb build --secret src=x ctx
exits 2
err_has "has no id"
sb build --secret id=x,src=nowhere ctx
exits 2
err_has "no such file: nowhere"
sb build --build-context x ctx
exits 2
err_has "NAME=DIR"
sb build --build-context x=missing ctx
exits 2
mkdir extra
echo hi >extra/hi.txt
printf 'FROM scratch\nCOPY --from=extra hi.txt /\n' >ctx/From
sb build -f ctx/From --build-context extra=extra --progress plain ctx
exits 0
out_has "[RAN]"

# An archive under --chown: what it holds gets the owner, a folder that it only implies none.
mkdir -p packed/in packed/implied archive
: >packed/in/f
: >packed/implied/f
tar -C packed -czf archive/a.tgz in implied/f
printf 'FROM scratch\nADD --chown=7:8 a.tgz /x/\n' >archive/Dockerfile
sb build -q --output type=tar,dest=unpacked.tar archive
exits 0
holds "owners" test "$(tar --numeric-owner -tvf unpacked.tar | awk '{ print $2, $6 }' | tr '\n' ' ')" = \
    "7/8 x/ 0/0 x/implied/ 7/8 x/implied/f 7/8 x/in/ 7/8 x/in/f "

# --no-cache, --no-cache-filter
sb build --no-cache --progress json ctx
json '.[2:6] | map(.status) | unique | tostring' '["ran"]'
json '.[2:6] | map(.miss.reason) | unique | tostring' '["no-cache"]'
sb build --progress json ctx
json '.[1:6] | map(.status) | unique | tostring' '["cached"]'

# A store that cannot be.
: >file
sb --store file build ctx
holds "status 1 or 2" test "$code" -eq 1 -o "$code" -eq 2
err_has file

# images, history, inspect, df, rmi, prune, diff, export, import.
. "$TESTS/cli/lib.sh"
reference ctx

sb images
exits 0
holds "headings only" test "$(wc -l <$out)" -eq 1
sb history app
exits 1
err_has "app"
sb inspect app
exits 1
sb rmi app
exits 1

sb build -q -t app ctx
id=$(cat $out)
echo "# more" >>ctx/app.py
sb build -q -t app:2 ctx
sb images
out_has "REPOSITORY" "IMAGE ID" "latest"
holds "two images" test "$(wc -l <$out)" -eq 3
sb images -q --no-trunc
holds "whole IDs" grep -qxF "$id" $out
sb images --format json
json 'length' 2
json 'map(.names[0]) | sort | join(" ")' "app:2 app:latest"
json 'map(.size > 146000000) | unique | tostring' "[true]"

sb history app
exits 0
out_has "IMAGE" "CREATED BY" "SIZE" "SHARED WITH" "COMMENT" \
    "RUN /bin/sh -c pip install" "21.3 MB   1 image"
holds "newest first" sh -c 'sed -n 2p out.txt | grep -q "COPY \. \."'
sb history --format json --no-trunc app
json '.[0].created_by' "COPY . . # buildkit"
json '.[1].size' 21300000
json '.[0:2] | map(.shared_with) | tostring' "[0,1]"
json '.[0].id' "$id"
sb history "$(echo "$id" | cut -c8-19)"
exits 0

sb inspect app
exits 0
json '.[0].config.WorkingDir' /app
json '.[0].rootfs.type' layers
"$SIMBENCH" inspect --raw app >raw.json
holds "raw config has the image's digest" sh -c \
    "test sha256:\$(sha256sum <raw.json | cut -d' ' -f1) = $id"

sb df
exits 0
out_has "Images" "Build Cache" "layers. Without sharing"
out_has "TYPE" "RECLAIMABLE" "SAVED BY SHARING"
sb df -v
exits 0
out_has "SHARED SIZE" "UNIQUE SIZE" "app:2" "app:latest"
sb df --format json
json '.[0].images' 2
json '.[0] | .unshared_bytes > .image_bytes + 140000000' true
sb df --verify
exits 0
out_has "verified"

sb diff app app:2
exits 0
out_has "shared" "changed  app/app.py" "wasted" "1 changed"
sb diff --format json app app:2
json '.[0] | "\(.added) \(.changed) \(.deleted)"' "0 1 0"
json '.[0].paths[0] | "\(.path) \(.what[0])"' "app/app.py content"
json '.[0].shared_layers | length >= 4' true
sb diff app app
out_has "0 added, 0 changed, 0 deleted"

# A small real image through every archive.
mkdir -p small/d
echo data >small/d/f
printf 'FROM scratch\nCOPY d /d\nENV A=1\nCMD ["/x"]\n' >small/Dockerfile
sb build -q -t small --output type=tar,dest=root.tar --output type=local,dest=root \
    --output type=oci,dest=oci.tar --output type=oci-dir,dest=oci \
    --output type=docker,dest=docker.tar small
exits 0
small=$(cat $out)
holds "rootfs tar" sh -c 'tar tf root.tar | grep -qx d/f'
holds "rootfs folder" grep -qx data root/d/f
for archive in oci.tar oci docker.tar; do
    sb --store "from-$archive" import "$archive" -t again:1
    exits 0
    out_is "$small"
    sb --store "from-$archive" inspect again:1
    json '.[0].config.Env | map(select(. == "A=1")) | length' 1
done
sb --store from-root import root.tar -t rootfs
exits 0
sb --store from-root images
out_has rootfs
sb import nowhere.tar -t x
exits 2
err_has "nowhere.tar"
sb import small/Dockerfile -t x
exits 2
sb export small out1
exits 0
holds "default for a folder is an OCI layout" test -f out1/oci-layout
sb export small out2.tar
holds "and for .tar the same as a tar" sh -c 'tar tf out2.tar | grep -qx oci-layout'
sb export --format docker small - 
exits 0
holds "- is standard output" sh -c 'tar tf out.txt | grep -qx manifest.json'
sb export --format what small x
exits 2
sb export small /nonexistent/dir/x.tar
exits 1
holds "nothing half-written" test ! -e /nonexistent
mkdir full
echo x >full/x
sb build -q --output type=local,dest=full small
holds "a folder in use is refused" test "$code" -ne 0
holds "and left alone" test "$(ls full)" = x
sb build -q --output type=what,dest=x small
exits 2
err_has "unknown type"
sb build --output type=tar,dest=- small
exits 0
holds "an archive alone on standard output" sh -c 'tar tf out.txt | grep -qx d/f'

sb rmi app:2
exits 0
holds "one line" grep -qx "Untagged: app:2" $out
sb rmi app small
exits 0
sb images -q
holds "no image left" test ! -s $out
sb prune --all
exits 0
out_has "freed"
sb df --format json
json '.[0].layers' 0
sb prune --keep nonsense
exits 2
sb prune --older-than soon
exits 2

# ADD of a repository, from a git daemon on loopback: what decides the hit is the commit.
. "$TESTS/cli/lib.sh"
[ -x "$(git --exec-path)/git-daemon" ] || skip "no git daemon (package git)"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q -b main work
git -C work config user.email a@example.org
git -C work config user.name a
mkdir -p work/sub
echo one >work/f
echo x >work/sub/run
chmod 755 work/sub/run
git -C work add .
git -C work commit -q -m 1
git -C work tag v1
git clone -q --bare work repo.git

# The first free port of a few; ready when it answers.
daemon= port=$((20000 + $$ % 20000))
for try in 1 2 3 4 5 6 7 8; do
    port=$((port + try))
    git daemon --listen=127.0.0.1 --port=$port --base-path="$PWD" --export-all 2>daemon.log &
    daemon=$!
    while kill -0 $daemon 2>/dev/null; do
        git ls-remote git://127.0.0.1:$port/repo.git >/dev/null 2>&1 && break 2
    done
    wait $daemon
    daemon=
done
trap '[ -z "$daemon" ] || kill $daemon' EXIT
url=git://127.0.0.1:$port/repo.git
mkdir ctx

build() { # WORDS OF ADD: status of the step
    printf 'FROM scratch\nADD %s\n' "$1" >ctx/Dockerfile
    sb build -t git --progress json ctx
}
status() { # EXPECTED: of the ADD
    exits 0
    check "$(yes_if test "$(jq -r 'select(.index == 2) | .status' $out)" = "$1")" "ADD is $1"
}
paths() { # EXPECTED: "mode path" of what is in the image
    rm -f git.tar
    sb build --output type=tar,dest=git.tar ctx
    check "$(yes_if test "$(tar tvf git.tar | awk '{print $1, $6}' | grep -v '/\.git/' |
        sort -k2 | tr '\n' ' ')" = "$1")" "the image has $1"
}

build "$url /g"
status ran
paths "drwxr-xr-x g/ -rw-r--r-- g/f drwxr-xr-x g/sub/ -rwxr-xr-x g/sub/run "
build "$url /g"
status cached
build "$url#v1 /g" # another name of the same commit
status cached
build "--keep-git-dir $url /g"
status ran
build "--keep-git-dir $url /g"
status cached
check "$(yes_if test "$(jq -r 'select(.index == 2) | .layer.size > 20' $out)" = true)" "there is a .git"
paths "drwxr-xr-x g/ -rw-r--r-- g/f drwxr-xr-x g/sub/ -rwxr-xr-x g/sub/run "
build "$url#main:sub /g"
status ran
paths "drwxr-xr-x g/ -rwxr-xr-x g/run "

# A commit with the same files: only .git is another.
git -C work commit -q --allow-empty -m 2
git -C work push -q "$PWD/repo.git" main
build "$url /g"
status cached
build "--keep-git-dir $url /g"
status ran
echo two >work/f
git -C work commit -q -a -m 3
git -C work push -q "$PWD/repo.git" main
build "$url /g"
status ran
build "$url#main:sub /g"
status cached
build "$url#v1 /g"
status cached

build "$url#main:none /g"
exits 1
err_has "no folder none in main"
build "$url#nothing /g"
exits 1
err_has "nothing"
build "git://127.0.0.1:$port/none.git /g"
exits 1
err_has "none.git"

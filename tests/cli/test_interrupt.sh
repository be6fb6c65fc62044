# Ctrl-C and SIGTERM: exit 130, nothing left running, nothing half-written.
. "$TESTS/cli/lib.sh"

# Waits until a file has something in it, at most ten seconds.
wait_for() {
    tries=0
    while [ ! -s "$1" ] && [ $tries -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}

# A scenario that goes on for long.
cat >long.lua <<'END'
scenario "long" { variants = { v = "FROM scratch\nENV A=1\n" },
  steps = function(b)
    print("started")
    for i = 1, 100000 do pcall(function() b:build("n") end) end
  end }
END
for signal in INT TERM; do
    : >$err
    # A background job of a script ignores SIGINT: env gives it its default back.
    env --default-signal=INT "$SIMBENCH" run -q --no-plots long.lua >$out 2>$err &
    pid=$!
    last="run, then SIG$signal"
    wait_for $err
    kill -$signal $pid
    wait $pid
    code=$?
    exits 130
    err_has "simbench: interrupted"
    holds "no report" test ! -e simbench-report
done

# A RUN in the sandbox, where there is one.
busybox=$(command -v busybox) || skip "no busybox"
mkdir ctx
cp "$busybox" ctx/busybox
cat >ctx/Dockerfile <<'END'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "echo started; exec /bin/busybox sleep 918273"]
END
printf 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "true"]\n' >ctx/Probe
sb build --exec sandbox -f ctx/Probe ctx
[ $code -ne 3 ] || skip "no sandbox on this machine"
exits 0
: >$out
env --default-signal=INT "$SIMBENCH" build --exec sandbox --progress plain -t never ctx >$out 2>$err &
pid=$!
last="build --exec sandbox, then SIGINT"
tries=0
while ! grep -q "| started" $out && [ $tries -lt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -INT $pid
wait $pid
code=$?
exits 130
err_has "simbench: " "interrupted"
holds "the command is gone" sh -c '! grep -qs 91827[3] /proc/[0-9]*/cmdline'
holds "no temporary files" sh -c 'test -z "$(ls "$SIMBENCH_STORE/tmp" 2>/dev/null)"'
sb images
out_lacks never
sb df --verify
exits 0

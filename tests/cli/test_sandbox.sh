# RUN in the sandbox: what it asks of the machine, it asks when a RUN has to run.
. "$TESTS/cli/lib.sh"
busybox=$(command -v busybox) || skip "no busybox"
mkdir ctx
cp "$busybox" ctx/sh
printf 'FROM scratch\nCOPY sh /bin/sh\nRUN echo one >/one\n' >ctx/Dockerfile
sb build --exec sandbox -q ctx
[ $code -ne 3 ] || skip "no sandbox on this machine"
exits 0
cp $out first.txt

# Where nobody may make a user namespace, as nobody in particular.
refused() { # simbench's words
    run unshare --user --map-root-user sh -c '
        echo 0 >/proc/sys/user/max_user_namespaces &&
        exec setpriv --bounding-set -all --inh-caps -all "$@"' sh "$SIMBENCH" "$@"
}
refused --version
[ $code -eq 0 ] || skip "user namespaces cannot be forbidden here"
refused build --exec sandbox -q ctx
exits 0
holds "the RUN is reused" cmp -s first.txt $out
echo 'RUN echo two >/two' >>ctx/Dockerfile
refused build --exec sandbox -q ctx
exits 3
out_empty
err_has "Dockerfile:4: --exec sandbox: no user namespace can be made" "hint: " "max_user_namespaces"
holds "nothing half-made" test -z "$(ls -A "$SIMBENCH_STORE/tmp")"
sb build --exec sandbox -q ctx
exits 0

# Stages that run at the same time set it up once.
printf 'FROM scratch AS s%d\nCOPY sh /bin/sh\nRUN echo %d >/n\n' 1 1 2 2 3 3 4 4 >ctx/Stages
printf 'FROM scratch\n' >>ctx/Stages
for i in 1 2 3 4; do echo "COPY --from=s$i /n /n$i" >>ctx/Stages; done
sb build --exec sandbox --jobs 4 --output type=local,dest=all -q -f ctx/Stages ctx
exits 0
holds "all four ran" test "$(cat all/n?)" = "$(printf '1\n2\n3\n4')"
holds "nothing is left" test -z "$(ls -A "$SIMBENCH_STORE/tmp")"

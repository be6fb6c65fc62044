# On a terminal: lines fit its width, reused steps are folded, dumb terminals get plain
# lines; in a pipe nothing is cut. `script` (bsdutils, always there) gives the terminal.
. "$TESTS/cli/lib.sh"
command -v script >/dev/null || skip "no script (package bsdutils)"
esc=$(printf '\033')
long="WORKDIR /some/long/path/that/does/not/fit/on/a/line/of/eighty/columns/because/it/has/far/too/many/folders"
mkdir ctx
printf 'FROM scratch\nCOPY a /\n%s\nWORKDIR /short\n' "$long" >ctx/Dockerfile
echo 1 >ctx/a

on_tty() { # COLUMNS WORDS...: simbench on a terminal of this width; $out is what it got
    width=$1
    shift
    last="on a terminal of $width columns: $*"
    script -qec "stty cols $width rows 24; exec '$SIMBENCH' $*" /dev/null \
        </dev/null >raw.txt 2>$err
    code=$?
    # What the living line showed meanwhile was overwritten.
    sed "s/\r*\$//; s/.*\r$esc\[K//" raw.txt >$out
}
fits() { # no line is wider (ASCII: a byte is a column); sentences may wrap below 80
    sed "s/$esc\\[[0-9;]*[mKA]//g" $out >bare.txt
    [ "$width" -ge 80 ] || sed -i '/^image /d; / would be reused, /d' bare.txt
    holds "no line is wider than $width" \
        awk -v most="$width" 'length($0) > most { bad = 1 } END { exit bad }' bare.txt
}

export TERM=xterm
on_tty 80 build -t app ctx
exits 0
fits
out_has "2/4 RAN       0.1 s  COPY a /" "$esc[33m" "..."
out_lacks "too/many/folders"
on_tty 80 build -t app ctx
fits
out_has "3 steps reused: COPY WORKDIR WORKDIR"
NO_COLOR=1 on_tty 40 build --no-cache ctx
fits
out_has "2/4 RAN       0.1 s  COPY a /"
out_lacks "$esc[33m"
TERM=dumb on_tty 60 build --no-cache ctx
fits
out_has "Step 3/4: WORKDIR /some/long" "... [RAN] 0.1 s"
out_lacks "$esc"
on_tty 60 plan --progress plain ctx
fits
out_has "[CACHED]" " 0.0 s"
on_tty 80 history app
fits
out_has "SHARED WITH"
on_tty 80 df
fits
out_has "SAVED BY SHARING"
cat >long.lua <<END
scenario "long" { context = { a = "1" }, variants = { v = "FROM scratch\nCOPY a /\n$long\n" },
  steps = function(b) b:build "first" end }
END
sed -i 's/\(FROM scratch\)$/\1\\/; s/\(COPY a \/\)$/\1\\/; s/folders$/folders\\/' long.lua
on_tty 80 run --no-plots long.lua
exits 0
fits
out_has "Step 3/3: WORKDIR /some/long" "... $esc[33m[RAN]$esc[0m 0.1 s"

# In a pipe every word is there.
sb build --no-cache ctx
out_has "Step 3/4: $long [RAN] 0.1 s"
sb plan ctx
out_has "$long"
sb run --no-plots long.lua
out_has "Step 3/3: $long [RAN] 0.1 s"

# What the command line tests share. A test runs a command with `run` or `sb` and then
# says what must hold; every statement is one check.
out=out.txt err=err.txt code=0 last=

run() { # COMMAND...: standard output in $out, standard error in $err, status in $code
    last=$*
    "$@" >$out 2>$err </dev/null
    code=$?
}

sb() { # simbench's words
    run "$SIMBENCH" "$@"
}

check() { # true|false, what was expected
    if [ "$1" = true ]; then
        echo pass >>"$CHECK_LOG"
        return
    fi
    echo fail >>"$CHECK_LOG"
    echo "FAILED $(basename "$0"): $2"
    echo "  after: $last"
    echo "  status $code; standard output:"
    head -n 20 $out | sed 's/^/    /'
    echo "  standard error:"
    head -n 20 $err | sed 's/^/    /'
}

skip() { # WHAT IS MISSING: ends the script, which did not fail
    echo skip >>"$CHECK_LOG"
    echo "skipped $(basename "$0"), from here on: $*"
    exit 0
}

yes_if() { # COMMAND...: prints true or false
    if "$@" >/dev/null 2>&1; then echo true; else echo false; fi
}

exits() { # STATUS
    check "$(yes_if test "$code" -eq "$1")" "exit status $1"
}

out_has() { # TEXT...: each in standard output
    for text; do
        check "$(yes_if grep -qF -- "$text" $out)" "standard output has '$text'"
    done
}

out_lacks() {
    for text; do
        check "$(if grep -qF -- "$text" $out; then echo false; else echo true; fi)" \
            "standard output lacks '$text'"
    done
}

err_has() {
    for text; do
        check "$(yes_if grep -qF -- "$text" $err)" "standard error has '$text'"
    done
}

out_is() { # TEXT: the whole of standard output, a newline after it
    printf '%s\n' "$1" >wanted.txt
    check "$(yes_if cmp -s wanted.txt $out)" "standard output is '$1'"
}

out_empty() {
    check "$(yes_if test ! -s $out)" "nothing on standard output"
}

err_empty() {
    check "$(yes_if test ! -s $err)" "nothing on standard error"
}

holds() { # WHAT COMMAND...
    what=$1
    shift
    check "$(yes_if "$@")" "$what"
}

json() { # FILTER WANTED: jq over standard output, all lines together
    got=$(jq -rs "$1" $out 2>&1)
    check "$(yes_if test "$got" = "$2")" "jq '$1' gives '$2', not '$got'"
}

# The reference example of the contract, section 3, in folder $1.
reference() {
    mkdir -p "$1"
    echo "print('hello')" >"$1/app.py"
    echo "flask==3.0.0" >"$1/requirements.txt"
    cat >"$1/Dockerfile" <<'END'
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
END
}

gone() { # PID: ended, though perhaps not yet reaped
    tries=0
    while grep -qs "^State:[[:space:]]*[RSDT]" "/proc/$1/status"; do
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || return 1
        sleep 0.1
    done
}

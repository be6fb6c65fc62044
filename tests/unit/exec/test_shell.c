/* SPDX-License-Identifier: MIT */
/* The shell front end: what scripts print, how they exit, what they refuse. */
#include "tests/support.h"

#include "tests/unit/exec/fixture.h"

struct row {
    const char *script, *out;
    int status;
};

static const struct row rows[] = {
    /* lists and status */
    {"echo a && echo b", "a\nb\n", 0},
    {"false && echo b", "", 1},
    {"false || echo b", "b\n", 0},
    {"true || echo b; echo c", "c\n", 0},
    {"false; echo $?", "1\n", 0},
    {"echo a & echo b", "a\nb\n", 0},
    {"! false; echo $?", "0\n", 0},
    {"exit 7", "", 7},
    {"(exit 3); echo $?", "3\n", 0},
    {"(cd /tmp; pwd); pwd", "/tmp\n/app\n", 0},
    {"{ echo a; echo b; } | cat", "a\nb\n", 0},
    {"a=1; (a=2); echo $a", "1\n", 0},
    /* quotes and words */
    {"echo 'a  b' \"c  d\" e\\ f", "a  b c  d e f\n", 0},
    {"echo \"$NAME\" '$NAME' \\$NAME ${NAME}x", "world $NAME $NAME worldx\n", 0},
    {"a='x  y'; echo $a \"$a\"", "x y x  y\n", 0},
    {"set -- a 'b c' ''; echo $#; for i in \"$@\"; do echo \"[$i]\"; done",
     "3\n[a]\n[b c]\n[]\n", 0},
    {"set -- a b; for i; do echo $i; done; shift; echo $1", "a\nb\nb\n", 0},
    {"echo ${u:-d} ${u-} ${NAME:+y} ${#NAME}", "d y 5\n", 0},
    {"echo ${v:=set} $v", "set set\n", 0},
    {"p=/a/b.tar.gz; echo ${p##*/} ${p%/*} ${p%%.*} ${p#*/}",
     "b.tar.gz /a /a/b a/b.tar.gz\n", 0},
    {"echo ${u:?gone}; echo never", "", 2},
    {"echo $(echo a; echo b) `echo c`", "a b c\n", 0},
    {"echo \"$(printf 'a\\n\\n')\"", "a\n", 0},
    {"x=$(false); echo $?", "1\n", 0},
    {"echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7 % 4)) $((1 < 2 && 3 > 4))", "7 9 3 0\n",
     0},
    {"n=5; echo $((n - 1)) $((n << 2)) $((n > 3 ? 10 : 20))", "4 20 10\n", 0},
    {"echo $((0x10)) $((-7 / 2))", "16 -3\n", 0},
    {"echo a#b # comment", "a#b\n", 0},
    {"echo a \\\n b", "a b\n", 0},
    {"echo ~", "/root\n", 0},
    {"echo {a,b}", "{a,b}\n", 0},
    {"IFS=:; p=a:b:c; for i in $p; do echo $i; done", "a\nb\nc\n", 0},
    /* redirections */
    {"echo a > f; echo b >> f; cat < f", "a\nb\n", 0},
    {"cat nofile 2>/dev/null || echo gone", "gone\n", 0},
    {"ls /nofile > f 2>&1; cat f",
     "ls: cannot access '/nofile': No such file or directory\n", 0},
    {"ls /nofile &> f; wc -l f", "1 f\n", 0},
    {"echo x >&2", "", 0},
    {"cat <<EOF\nhi $NAME\nEOF\n", "hi world\n", 0},
    {"cat <<'EOF'\nhi $NAME\nEOF\n", "hi $NAME\n", 0},
    {"cat <<-EOF | grep b\n\ta\n\tb\n\tEOF\necho z", "b\nz\n", 0},
    {"cat <<A <<B\none\nA\ntwo\nB\n", "two\n", 0},
    {"echo a > /no/f; echo $?", "2\n", 0},
    {"echo a | cat | tee g | wc -c; cat g", "2\na\n", 0},
    {"printf 'a\\nb\\n' | while read x; do echo \"<$x>\"; done", "<a>\n<b>\n", 0},
    {"{ echo a; echo b; } > f; cat f", "a\nb\n", 0},
    {"if true; then echo x; fi > f; cat f", "x\n", 0},
    {"> empty; test -f empty && echo made", "made\n", 0},
    /* compound commands */
    {"if false; then echo a; elif true; then echo b; else echo c; fi", "b\n", 0},
    {"if false; then echo a; fi; echo $?", "0\n", 0},
    {"for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done", "1\n3\n", 0},
    {"for i in 1 2; do for j in 1 2; do break 2; done; echo no; done; echo end",
     "end\n", 0},
    {"i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n", 0},
    {"i=0; until [ $i -ge 3 ]; do i=$((i+1)); done; echo $i", "3\n", 0},
    {"case abc in x|a*) echo yes;; *) echo no;; esac", "yes\n", 0},
    {"case 'a*' in \"a*\") echo q;; esac", "q\n", 0},
    {"case x in a) ;; esac; echo $?", "0\n", 0},
    {"case \"$NAME\" in [a-m]*) echo lo;; [!a-m]*) echo hi ;; esac", "hi\n", 0},
    /* options */
    {"set -e; false; echo no", "", 1},
    {"set -e; false || true; if false; then :; fi; ! true; echo yes", "yes\n", 0},
    {"set -e; false && true; echo yes", "yes\n", 0},
    {"set -e; (false); echo no", "", 1},
    {"set -eu; echo $nope; echo no", "", 2},
    {"false | true; echo $?", "0\n", 0},
    {"set -o pipefail; false | true; echo $?", "1\n", 0},
    {"set -euo pipefail; false | true; echo no", "", 1},
    {"set -f; echo /et*", "/et*\n", 0},
    /* environment */
    {"A=1 env | grep '^A='", "A=1\n", 0},
    {"A=1; sh -c 'echo [$A]'; export A; sh -c 'echo [$A]'", "[]\n[1]\n", 0},
    {"A=1 true; echo [$A]", "[]\n", 0},
    {"export B=2; unset B; echo [$B]", "[]\n", 0},
    {"sh -c 'echo $0 $1' x y", "x y\n", 0},
    {"eval 'echo a; echo b'", "a\nb\n", 0},
    {"echo 'echo sourced; V=1' > s.sh; . ./s.sh; echo $V", "sourced\n1\n", 0},
    {"printf '#!/bin/sh\\necho script $1\\n' > s; chmod +x s; ./s a", "script a\n", 0},
    {"./nothing; echo $?", "127\n", 0},
    {"echo x > plain; ./plain; echo $?", "126\n", 0},
    {"echo 'echo piped' | sh", "piped\n", 0},
    {"cd /nowhere; echo $?", "2\n", 0},
    {"command -v cat; which cat", "/usr/bin/cat\n/usr/bin/cat\n", 0},
    {"exec echo last; echo no", "last\n", 0},
    /* globbing */
    {"touch b a .h; echo *", "a b\n", 0},
    {"touch a1 a2; echo a? a[2-9] 'a*' z*", "a1 a2 a2 a* z*\n", 0},
    {"mkdir -p d/e; touch d/e/f; echo d/*/f /ap*/d", "d/e/f /app/d\n", 0},
};

static void shell__script__prints_and_exits_as_sh(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        fixture_init(&f);
        int rc = fixture_run(&f, rows[i].script);
        if (rc != 0 || strcmp(buf_str(&f.out), rows[i].out) != 0 ||
            f.result.exit_status != rows[i].status)
            fail_msg(
                "%s\n rc %d %s\n status %d, expected %d\n printed \"%s\"\nexpected "
                "\"%s\"\n stderr \"%s\"",
                rows[i].script, rc, f.err.msg, f.result.exit_status, rows[i].status,
                buf_str(&f.out), rows[i].out, buf_str(&f.errs));
        fixture_free(&f);
    }
}

static void shell__unsupported_construct__is_named_with_the_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *script, *fragment;
    } refused[] = {
        {"f() { echo a; }", "a function definition"},
        {"function f { echo a; }", "function is not modelled"},
        {"[[ -f a ]]", "[[ is not modelled"},
        {"echo a\ndiff <(ls) b", "line 2 of the script: a process substitution"},
        {"a=(1 2)", "an array"},
        {"cat <<< x", "a here-string"},
        {"echo 3>&1 3>f", "a file descriptor above 2"},
        {"echo ${NAME^^}", "the expansion ${NAME^^}"},
        {"echo $((1 +))", "the arithmetic"},
        {"while true; do :; done", "a loop of over 10000 rounds"},
        {"echo 'abc", "is not closed"},
        {"if true; then echo", "expected \"fi\""},
        {"echo )", "a closing word or )"},
        {"cat <<EOF\nx", "no closing delimiter"},
        {"frobnicate --now", "no model for the command \"frobnicate\""},
        {"cp --reflink a b", "cp with the option --reflink"},
        {"a='$a'; b() { :; }", "a function definition"},
        {"x='eval $x'; eval $x", "nested this deep"},
        {"umask 077", "a umask other than 022"},
        {"sleep infinity", "sleep infinity is not modelled"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct fixture f;
        fixture_init(&f);
        int rc = fixture_run(&f, refused[i].script);
        if (rc != ERR_FAILED || strstr(f.err.msg, refused[i].fragment) == NULL)
            fail_msg("%s: rc %d, \"%s\"", refused[i].script, rc, f.err.msg);
        assert_non_null(strstr(f.err.hint, "# simbench: "));
        fixture_free(&f);
    }
}

static void shell__deep_or_long_script__is_bounded(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct buf text = BUF_INIT;
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, "( ");
    assert_int_equal(fixture_run(&f, buf_str(&text)), ERR_FAILED);
    buf_clear(&text);
    for (int i = 0; i < 5000; i++)
        buf_adds(&text, "$(");
    assert_int_equal(fixture_run(&f, buf_str(&text)), ERR_FAILED);
    buf_clear(&text);
    for (int i = 0; i < 50000; i++)
        buf_adds(&text, ":\n");
    assert_int_equal(fixture_run(&f, buf_str(&text)), 0);
    buf_clear(&text);
    for (int i = 0; i < 50000; i++)
        buf_adds(&text, ": && ");
    buf_adds(&text, ":");
    assert_int_equal(fixture_run(&f, buf_str(&text)), ERR_FAILED);
    buf_free(&text);
    fixture_free(&f);
}

static void shell__sleep__costs_virtual_time_and_built_ins_cost_none(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(fixture_run(&f, "echo a; sleep 1.5; mkdir x; sleep 100ms"), 0);
    assert_int_equal(f.result.virtual_ms, 1600);
    fixture_free(&f);
}

static void shell__exec_form__expands_nothing(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct strv argv = STRV_INIT;
    strv_add(&argv, "echo");
    strv_add(&argv, "$NAME");
    strv_add(&argv, "*");
    assert_int_equal(fixture_run_argv(&f, &argv), 0);
    assert_string_equal(buf_str(&f.out), "$NAME *\n");
    strv_free(&argv);
    fixture_free(&f);
}

/* A source with one model, "tool": 3 s, status as its first argument says. */
static int one_model(void *self, const struct model_command *command,
                     struct model_outcome *out, struct err *err)
{
    (void)self, (void)err;
    if (strcmp(command->argv->items[0], "tool") != 0)
        return ERR_NOT_FOUND;
    out->virtual_ms = 3000;
    out->exit_status = command->argv->len > 1 ? atoi(command->argv->items[1]) : 0;
    buf_add(&out->output, command->input, command->input_len);
    buf_adds(&out->output, env_get(command->env, "V") != NULL ? "V\n" : "-\n");
    return 0;
}

static void shell__model__gets_input_and_environment_and_costs_its_time(void **state)
{
    (void)state;
    struct model_source source = {.run = one_model};
    struct fixture f;
    fixture_init(&f);
    f.source = &source;
    assert_int_equal(fixture_run(&f, "echo in | tool; V=1 tool; tool 4 || echo $?"), 0);
    assert_string_equal(buf_str(&f.out), "in\n-\nV\n4\n");
    assert_int_equal(f.result.virtual_ms, 9000);
    fixture_free(&f);
}

static void shell__user__owns_what_it_makes_and_is_refused_elsewhere(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(fixture_run(&f, "mkdir home; chown www:www home"), 0);
    f.user = "www";
    f.cwd = "/app/home";
    assert_int_equal(fixture_run(&f, "whoami; echo x > f; echo $HOME"), 0);
    assert_string_equal(buf_str(&f.out), "www\n/srv\n");
    assert_int_equal(view_lookup(f.view, "app/home/f")->uid, 33);
    assert_int_equal(fixture_run(&f, "touch /app/g"), 0);
    assert_int_equal(f.result.exit_status, 1);
    assert_string_equal(buf_str(&f.errs),
                        "touch: cannot touch '/app/g': Permission denied\n");
    f.user = "nobody-knows";
    assert_int_equal(fixture_run(&f, "true"), ERR_FAILED);
    assert_non_null(strstr(f.err.msg, "unable to find user nobody-knows"));
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shell__script__prints_and_exits_as_sh),
        cmocka_unit_test(shell__unsupported_construct__is_named_with_the_remedy),
        cmocka_unit_test(shell__deep_or_long_script__is_bounded),
        cmocka_unit_test(shell__sleep__costs_virtual_time_and_built_ins_cost_none),
        cmocka_unit_test(shell__exec_form__expands_nothing),
        cmocka_unit_test(shell__model__gets_input_and_environment_and_costs_its_time),
        cmocka_unit_test(shell__user__owns_what_it_makes_and_is_refused_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

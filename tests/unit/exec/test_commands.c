/* SPDX-License-Identifier: MIT */
/* Built-in commands, annotations and mounts: effects on the view, messages, status. */
#include "tests/support.h"

#include "tests/unit/exec/fixture.h"

struct row {
    const char *script, *out, *errs;
    int status;
};

static const struct row rows[] = {
    {"rm x", "", "rm: cannot remove 'x': No such file or directory\n", 1},
    {"rm -f x; mkdir d; rm d", "", "rm: cannot remove 'd': Is a directory\n", 1},
    {"mkdir -p a/b; touch a/b/c; rm -rf a; ls", "", "", 0},
    {"mkdir d; mkdir d", "", "mkdir: cannot create directory 'd': File exists\n", 1},
    {"mkdir a/b", "",
     "mkdir: cannot create directory 'a/b': No such file or directory\n", 1},
    {"mkdir -m 700 d; ls -ld d", "drwx------ 1 0 0 0 Jan  1  2024 d\n", "", 0},
    {"mkdir d; touch d/f; rmdir d", "",
     "rmdir: failed to remove 'd': Directory not empty\n", 1},
    {"echo a > f; cp f g; cat g", "a\n", "", 0},
    {"cp nof g", "", "cp: cannot stat 'nof': No such file or directory\n", 1},
    {"mkdir d; cp d e", "", "cp: -r not specified; omitting directory 'd'\n", 1},
    {"mkdir d e; echo a > d/f; cp -r d e; cp -r d/. e; cat e/d/f e/f", "a\na\n", "", 0},
    {"touch a b; cp a b nodir", "", "cp: target 'nodir' is not a directory\n", 1},
    {"mkdir d; echo a > d/f; mv d e; cat e/f; ls d", "a\n",
     "ls: cannot access 'd': No such file or directory\n", 2},
    {"echo a > f; ln -s f l; cat l; readlink l; ln -s x l", "a\nf\n",
     "ln: failed to create symbolic link 'l': File exists\n", 1},
    {"ln -s /app/d l; mkdir d; echo a > l/f; cat d/f; ln -sfn /tmp l; readlink l",
     "a\n/tmp\n", "", 0},
    {"echo a > f; ln f g; cat g", "a\n", "", 0},
    {"touch f; chmod 4755 f; ls -l f; chmod u-s,go=r f; ls -l f",
     "-rwsr-xr-x 1 0 0 0 Jan  1  2024 f\n-rwxr--r-- 1 0 0 0 Jan  1  2024 f\n", "", 0},
    {"touch f; chmod +x f; test -x f && echo yes; chmod -x f; test -x f || echo no",
     "yes\nno\n", "", 0},
    {"chmod 99 f; chmod 755 nof", "",
     "chmod: cannot access 'f': No such file or directory\n"
     "chmod: cannot access 'nof': No such file or directory\n",
     1},
    {"mkdir -p d/e; touch d/e/f; chown -R www:www d; ls -l d/e",
     "-rw-r--r-- 1 33 33 0 Jan  1  2024 f\n", "", 0},
    {"touch f; chown nobody f", "", "chown: invalid user: 'nobody'\n", 1},
    {"echo x > f; install -D -m 640 -o www f /opt/a/b; ls -l /opt/a/b",
     "-rw-r----- 1 33 0 2 Jan  1  2024 /opt/a/b\n", "", 0},
    {"install -d -m 700 /opt/x; ls -ld /opt/x",
     "drwx------ 1 0 0 0 Jan  1  2024 /opt/x\n", "", 0},
    {"printf '%s-%d\\n' a 1 b 2; printf 'x\\ty'", "a-1\nb-2\nx\ty", "", 0},
    {"echo -n a; echo -e 'b\\tc'", "ab\tc\n", "", 0},
    {"printf '1\\n2\\n3\\n' > f; head -n 1 f; tail -n 1 f; tail -n +2 f; head -2 f",
     "1\n3\n2\n3\n1\n2\n", "", 0},
    {"printf 'a b\\nc\\n' > f; wc f; wc -l < f", "2 3 6 f\n2\n", "", 0},
    {"printf 'b\\na\\nb\\n' | sort -u", "a\nb\n", "", 0},
    {"printf 'ax\\nbx\\n' > f; grep a f; grep -v a f; grep -c x f; grep -n b f",
     "ax\nbx\n2\n2:bx\n", "", 0},
    {"echo hello | grep -q '^h.*o$' && echo yes; echo a | grep b; echo $?", "yes\n1\n",
     "", 0},
    {"printf 'a\\nb\\n' | grep -E 'a|b' | wc -l; echo 'x.y' | grep -F '.'", "2\nx.y\n",
     "", 0},
    {"grep a nof", "", "grep: nof: No such file or directory\n", 2},
    {"cat nof", "", "cat: nof: No such file or directory\n", 1},
    {"basename /a/b.c .c; dirname /a/b; dirname x", "b\n/a\n.\n", "", 0},
    {"mkdir -p d/e; touch d/a.py d/e/b.py d/c; find d -name '*.py'; find d -type d",
     "d/a.py\nd/e/b.py\nd\nd/e\n", "", 0},
    {"mkdir d; touch d/a.pyc d/b; find d -name '*.pyc' -delete; ls d", "b\n", "", 0},
    {"[ a = a ] && [ 1 -lt 2 -a ! -e x ] && echo yes; [ -z '' ] && test abc; echo $?",
     "yes\n0\n", "", 0},
    {"[ 1 -eq x ]", "", "test: Illegal number: x\n", 2},
    {"id -u; whoami; id", "0\nroot\nuid=0(root) gid=0(root) groups=0(root)\n", "", 0},
    {"useradd -m -s /bin/bash app; tail -n 1 /etc/passwd; ls -ld /home/app",
     "app:x:1000:1000::/home/app:/bin/bash\ndrwxr-xr-x 1 1000 1000 0 Jan  1  2024 "
     "/home/app\n",
     "", 0},
    {"adduser -D -u 1234 app && id app; adduser app www; tail -n 2 /etc/group",
     "uid=1234(app) gid=1234(app) groups=1234(app)\nwww:x:33:app\napp:x:1234:\n", "",
     0},
    {"groupadd -r g; useradd -r -g g s; tail -n 1 /etc/passwd",
     "s:x:100:100::/home/s:/usr/sbin/nologin\n", "", 0},
    {"useradd www", "", "useradd: user 'www' already exists\n", 9},
    {"useradd -m a:b", "", "useradd: invalid user name 'a:b'\n", 3},
    {"useradd -u 1x a", "", "useradd: invalid user ID '1x'\n", 3},
    {"useradd -d /a:b a", "", "useradd: invalid home directory '/a:b'\n", 3},
    {"groupadd -g -1 a", "", "groupadd: invalid group ID '-1'\n", 3},
    {"groupadd a/b", "", "groupadd: invalid group name 'a/b'\n", 3},
    {"date +%Y-%m-%d; date -u +%s", "2024-01-01\n1704067200\n", "", 0},
    {"uname -s -m; nproc; seq 3", "Linux x86_64\n2\n1\n2\n3\n", "", 0},
};

static void commands__built_in__acts_and_complains_as_the_real_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        fixture_init(&f);
        int rc = fixture_run(&f, rows[i].script);
        if (rc != 0 || strcmp(buf_str(&f.out), rows[i].out) != 0 ||
            strcmp(buf_str(&f.errs), rows[i].errs) != 0 ||
            f.result.exit_status != rows[i].status)
            fail_msg("%s\n rc %d %s\n status %d\n printed \"%s\"\n stderr \"%s\"",
                     rows[i].script, rc, f.err.msg, f.result.exit_status,
                     buf_str(&f.out), buf_str(&f.errs));
        fixture_free(&f);
    }
}

static void annotation__sizes_and_times__are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } sizes[] =
        {{"0", 0},        {"10", 10},        {"21MB", 21000000},  {"21.3MB", 21300000},
         {"1.5kB", 1500}, {"2MiB", 2097152}, {"1GB", 1000000000}, {"74.8mb", 74800000}},
      times[] = {{"45s", 45000}, {"100ms", 100}, {"1m30s", 90000}, {"2h", 7200000},
                 {"0.1s", 100},  {"45", 45000},  {"1.001s", 1001}};
    struct err err = ERR_INIT;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t value = 1;
        assert_int_equal(model_parse_size(sizes[i].text, &value, &err), 0);
        assert_int_equal(value, sizes[i].value);
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint64_t value = 1;
        assert_int_equal(model_parse_time(times[i].text, &value, &err), 0);
        assert_int_equal(value, times[i].value);
    }
    static const char *const bad[] = {
        "", "x", "-1", "1.", "1XB", "99999999999999999", "1e3", ".5", "1 2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t value = 0;
        assert_int_equal(model_parse_size(bad[i], &value, &err), ERR_INPUT);
        assert_int_equal(model_parse_time(bad[i], &value, &err), ERR_INPUT);
        assert_true(err.hint[0] != '\0');
    }
}

static void annotation__run__decides_everything_and_runs_nothing(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_file(&f, "app/old", "x", 0644);
    f.annotation = "time=1m5s writes=/usr/lib/app:21MB,/opt/b:1kB removes=/app/old "
                   "reads=/etc/passwd";
    assert_int_equal(fixture_run(&f, "no-such-command; exit 3"), 0);
    assert_int_equal(f.result.virtual_ms, 65000);
    assert_int_equal(f.result.exit_status, 0);
    assert_int_equal(view_lookup(f.view, "usr/lib/app")->size, 21000000);
    assert_int_equal(view_lookup(f.view, "opt/b")->content.kind, CONTENT_SEED);
    assert_null(view_lookup(f.view, "app/old"));
    fixture_free(&f);
}

static void annotation__bad_text__is_refused_with_the_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fragment;
    } bad[] = {{"", "nothing after"},
               {"time", "is not KEY=VALUE"},
               {"tiem=45s", "unknown key \"tiem\""},
               {"time=fast", "bad time \"fast\""},
               {"writes=/a", "is not /PATH:SIZE"},
               {"writes=a:1MB", "is not /PATH:SIZE"},
               {"writes=/a:big", "bad size \"big\""},
               {"reads=x", "not an absolute path"},
               {"writes=", "has no value"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct annotation a;
        struct err err = ERR_INIT;
        int rc = annotation_parse(bad[i].text, &a, &err);
        if (rc != ERR_INPUT || strstr(err.msg, bad[i].fragment) == NULL)
            fail_msg("%s: %d %s", bad[i].text, rc, err.msg);
    }
    struct fixture f;
    fixture_init(&f);
    f.annotation = "reads=/nothing";
    assert_int_equal(fixture_run(&f, "true"), ERR_FAILED);
    fixture_free(&f);
}

static void mounts__during_the_run__are_seen_and_leave_nothing(void **state)
{
    (void)state;
    struct fixture f, other;
    fixture_init(&f);
    fixture_init(&other);
    fixture_file(&other, "app/in", "from the context\n", 0644);
    fixture_file(&f, "tmp/kept", "kept\n", 0644);
    struct exec_mount mounts[] = {
        {.kind = EXEC_MOUNT_TREE,
         .target = "/mnt/ctx",
         .source = other.view,
         .source_path = "app"},
        {.kind = EXEC_MOUNT_FILE, .target = "/run/secrets/key", .data = "s3", .len = 2},
        {.kind = EXEC_MOUNT_FILE, .env = "TOKEN", .data = "t", .len = 1},
        {.kind = EXEC_MOUNT_TMPFS, .target = "/tmp"},
    };
    f.mounts = mounts;
    f.mount_count = 4;
    assert_int_equal(fixture_run(&f,
                                 "cat /mnt/ctx/in /run/secrets/key; echo $TOKEN; ls "
                                 "/tmp; touch /tmp/x /mnt/ctx/y; cp /mnt/ctx/in /app"),
                     0);
    assert_string_equal(buf_str(&f.out), "from the context\ns3t\n");
    assert_null(view_lookup(f.view, "mnt"));
    assert_null(view_lookup(f.view, "run"));
    assert_null(view_lookup(f.view, "tmp/x"));
    assert_non_null(view_lookup(f.view, "tmp/kept"));
    assert_non_null(view_lookup(f.view, "app/in"));
    fixture_free(&f);
    fixture_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands__built_in__acts_and_complains_as_the_real_one),
        cmocka_unit_test(annotation__sizes_and_times__are_exact),
        cmocka_unit_test(annotation__run__decides_everything_and_runs_nothing),
        cmocka_unit_test(annotation__bad_text__is_refused_with_the_keys),
        cmocka_unit_test(mounts__during_the_run__are_seen_and_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The scenario language: declarations, b, results, errors with their lines. */
#include "tests/support.h"

#include "tests/unit/lua/fixture.h"

static void script__contract_example__is_read_whole(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    int rc = fixture_load(
        &f, "scenario \"edit app.py\" {\n"
            "  lesson = \"L\",\n"
            "  context = { [\"app.py\"] = \"x\", [\"s\"] = { symlink = \"app.py\" },\n"
            "    [\"r.sh\"] = { text = \"r\", mode = \"0755\" }, [\"b\"] = { size = 9 "
            "} },\n"
            "  variants = { good = \"FROM g\\n\", bad = \"FROM b\\n\" },\n"
            "  steps = function(b) b:build \"first build\" end,\n"
            "  expect = function(r) end,\n"
            "}\n"
            "scenario \"two\" { variants = { v = \"FROM x\" }, steps = print }\n");
    if (rc != 0)
        fail_msg("%s", f.err.msg);
    assert_int_equal(script_scenario_count(f.script), 2);
    const struct script_scenario *s = script_scenario(f.script, 0);
    assert_string_equal(s->name, "edit app.py");
    assert_string_equal(s->lesson, "L");
    assert_string_equal(s->file, f.path);
    assert_int_equal(s->line, 1);
    assert_int_equal(s->variant_count, 2);
    assert_string_equal(s->variants[0].name, "bad");
    assert_string_equal(s->variants[1].dockerfile, "FROM g\n");
    assert_true(s->has_expect);
    assert_false(script_scenario(f.script, 1)->has_expect);
    assert_int_equal(fixture_run(&f), 0);
    assert_non_null(
        strstr(buf_str(&f.log), "build first build target=- args= files=6 df=7\n"));
    fixture_free(&f);
}

static void b__every_method__reaches_workspace_and_host(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    int rc = fixture_steps(
        &f,
        "assert(b.variant == 'v')\n"
        "b:write('d/x', 'text') b:append('d/x', '+') assert(b:read 'd/x' == 'text+')\n"
        "b:edit('d/x', function(t) return t:upper() end) assert(b:read 'd/x' == "
        "'TEXT+')\n"
        "b:rename('d/x', 'y') assert(b:exists 'y' and not b:exists 'd/x')\n"
        "b:mkdir 'e' b:symlink('y', 'l') b:chmod('y', 755) b:touch 'y' b:remove 'e'\n"
        "b:write('big', { size = '3kB' }) b:write('m', { text = 'a', mode = 0600 })\n"
        "b:dockerfile 'FROM z' b:dockerfile(function(t) return t .. 'z' end)\n"
        "assert(b:read 'Dockerfile' == 'FROM zz')\n"
        "b:ignore { 'a', 'b' } assert(b:read '.dockerignore' == 'a\\nb\\n')\n"
        "local r = b:build('one', { target = 't', args = { K = 1 }, no_cache = true "
        "})\n"
        "assert(r.ran == 1 and r.reused == 1 and r.seconds.virtual == 0.1)\n"
        "assert(b:plan().steps[2].status == 'run')\n"
        "assert(b:build().ran == 1 and b:build(nil, { no_cache = true }).label == '')\n"
        "b:prune { all = true, keep = '1kB' } b:fresh_machine()\n"
        "local p = b:pull 'python' assert(p.seconds.virtual == 1.5 and p.bytes == 42)\n"
        "b:cache_to('c', { mode = 'max' }) b:cache_from 'c'\n"
        "print('said', 1, nil)\n");
    if (rc != 0)
        fail_msg("%s:%u: %s\n%s", f.err.file, f.err.line, f.err.msg, f.err.hint);
    assert_non_null(strstr(buf_str(&f.log), "build one target=t args=K=1 no_cache"));
    assert_non_null(strstr(buf_str(&f.log), " plan files="));
    assert_non_null(strstr(buf_str(&f.log), "\nbuild  target=- args= no_cache files="));
    assert_non_null(strstr(buf_str(&f.log),
                           "prune all=1 keep=1000\nfresh\npull python\ncache_to c 1\n"
                           "cache_from c\nsaid\t1\tnil\n"));
    fixture_free(&f);
}

static void expect__results__hold_what_the_builds_gave(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.result.config_json =
        (char *)(uintptr_t) "{\"architecture\":\"amd64\",\"os\":\"linux\",\"history\":["
                            "{\"created_by\":\"COPY . .\"},{\"created_by\":\"CMD\","
                            "\"empty_layer\":true}]}";
    int rc = fixture_load(
        &f,
        "scenario \"s\" { variants = { v = \"FROM x\" },\n"
        "steps = function(b) b:build 'one' b:build 'two' end,\n"
        "expect = function(r)\n"
        "  local o = r.v.one\n"
        "  check(o.ran == 1 and o.reused == 1 and o.size == 10, 'counts')\n"
        "  check(o.new_bytes == 10 and o.fetched_bytes == 0 and not o.failed, "
        "'bytes')\n"
        "  check(o.steps[1].base.name == 'x' and o.steps[1].cached, 'from')\n"
        "  check(#o.steps == 2 and o.steps[3] == nil, 'length')\n"
        "  local s = o.steps[2]\n"
        "  check(s.status == 'ran' and s.layer.size == 10 and s.line == 2, 'step')\n"
        "  check(s.miss.reason == 'input' and s.miss.changes[1].path == 'app.py', "
        "'miss')\n"
        "  check(o.steps[1].miss == nil and o.steps[1].layer == nil, 'null')\n"
        "  check(o.history[1].size == 10 and o.history[2].empty, 'history')\n"
        "  check(o.steps == o.steps, 'the same table twice')\n"
        "  check(false, 'fails')\n"
        "end }\n");
    if (rc != 0)
        fail_msg("%s", f.err.msg);
    assert_int_equal(fixture_run(&f), 0);
    struct script_check *checks = NULL;
    size_t len = 0;
    rc = script_expect(f.script, 0, &checks, &len, &f.err);
    if (rc != 0)
        fail_msg("%s", f.err.msg);
    assert_int_equal(len, 10);
    for (size_t i = 0; i + 1 < len; i++)
        if (!checks[i].ok)
            fail_msg("%s", checks[i].message);
    assert_false(checks[9].ok);
    assert_string_equal(checks[9].message, "fails");
    assert_int_equal(checks[9].line, 15);
    script_checks_free(checks, len);
    fixture_free(&f);
}

struct bad {
    const char *body, *fragment;
    unsigned line;
};

static void steps__misuse__is_an_error_at_the_callers_line(void **state)
{
    (void)state;
    static const struct bad rows[] = {
        {"b:biuld 'x'", "did you mean \"build\"", 3},
        {"\nb:frob()", "b has no \"frob\"; there are:", 4},
        {"b:build('x', { no_cahce = true })", "did you mean \"no_cache\"", 3},
        {"b:build('x', { args = 1 })", "\"args\" is a table", 3},
        {"b:build ''", "a label is not empty", 3},
        {"b:build 'a' b:build 'a'", "labels are unique", 3},
        {"b:edit('app.py', function() end)", "must return the new text", 3},
        {"b:edit('no', function(t) return t end)", "no file \"no\" to edit", 3},
        {"b:write('../x', 'y')", "..", 3},
        {"b:chmod('app.py', 'u+x')", "a mode is written", 3},
        {"local r = b:build 'a'\nprint(r.rann)", "did you mean \"ran\"", 4},
        {"print(b:build('a').steps[1].sttus)", "did you mean \"status\"", 3},
        {"print(b:build('a').seconds.virtul)", "did you mean \"virtual\"", 3},
        {"b:prune { keeep = 1 }", "did you mean \"keep\"", 3},
        {"b:cache_to('c', { mode = 'mx' })", "mode is \"min\" or \"max\"", 3},
        {"b:pull 'missing'", "no image missing", 3},
        {"check(true)", "check() belongs in expect", 3},
        {"scenario 'x'", "belongs at the top", 3},
        {"error('mine')", "mine", 3},
        {"error { 1 }", "table", 3},
        {"local t = nil\nt.x = 1", "attempt to index a nil value", 4},
        {"os.exit()", "attempt to index a nil value (global 'os')", 3},
        {"setmetatable({}, { __gc = print })", "__gc is not available", 3},
        {"getmetatable('').__index = nil", "attempt to index a boolean", 3},
        {"load('return 1')", "global 'load'", 3},
        {"string.dump(print)", "field 'dump'", 3},
        {"coroutine.wrap(function() b:biuld() end)()", "did you mean \"build\"", 3},
    };
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f.err = (struct err)ERR_INIT;
        int rc = fixture_steps(&f, rows[i].body);
        if (rc >= 0 || strstr(f.err.msg, rows[i].fragment) == NULL ||
            f.err.line != rows[i].line || strcmp(f.err.file, f.path) != 0)
            fail_msg("%s\n gave %d %s:%u: %s", rows[i].body, rc, f.err.file, f.err.line,
                     f.err.msg);
        assert_non_null(strstr(f.err.hint, "stack traceback"));
    }
    fixture_free(&f);
}

static void steps__endless_or_huge__is_stopped(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local co = coroutine.wrap(function() while true do end end) while true do "
        "pcall(co) end",
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
        "local s = ('x'):rep(1e9)",
        "local s = 'x' while true do s = s .. s end",
        "print((('a'):rep(100000)):find(('a-'):rep(20) .. 'b'))",
        "print((('a'):rep(30000)):match(('.-'):rep(9) .. 'b'))",
        "while true do local s = ('x'):rep(1000000) end",
        "table.move({}, 1, math.maxinteger - 1, 2)",
        "table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, "
        "1)",
        "string.format('%99999d', 1)",
        "local function f() return f() end f()",
        "local function f() return 1 + f() end f()",
        "xpcall(function() while true do end end, function() while true do end end)",
        "table.concat(setmetatable({}, { __index = function() return 'x' end }), '', "
        "1, "
        "1e15)",
        "(('x'):rep(1e6)):gsub('', ('y'):rep(1e4))",
        "setmetatable(_G, { __index = function(t, k) return t[k] end }) print(zzz)",
    };
    struct fixture f;
    fixture_init(&f);
    f.options.memory_limit = (uint64_t)32 << 20;
    f.options.instruction_limit = 5000000;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f.err = (struct err)ERR_INIT;
        /* a row that is not stopped would hang here: SIGALRM ends the program */
        alarm(200);
        int rc = fixture_steps(&f, rows[i]);
        if (rc >= 0 || strcmp(f.err.file, f.path) != 0)
            fail_msg("%s\n gave %d %s:%u: %s", rows[i], rc, f.err.file, f.err.line,
                     f.err.msg);
    }
    fixture_free(&f);
}

static void build__failing__is_an_error_unless_expected(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.build_rc = ERR_FAILED;
    assert_int_equal(fixture_steps(&f, "\nb:build 'x'"), ERR_FAILED);
    assert_non_null(strstr(f.err.msg, "Dockerfile:2: step 2 exited with 1"));
    assert_int_equal(f.err.line, 4);
    assert_int_equal(fixture_steps(&f, "local r = b:build('x', { fails = true })\n"
                                       "assert(r.failed and r.error:find 'exited')"),
                     0);
    assert_int_equal(fixture_steps(&f, "b:build('x', { fails = 'exited with' })"), 0);
    assert_true(fixture_steps(&f, "b:build('x', { fails = 'other' })") < 0);
    assert_int_equal(fixture_steps(&f, "assert(not pcall(b.build, b, 'x'))"), 0);
    f.build_rc = 0;
    assert_true(fixture_steps(&f, "b:build('x', { fails = true })") < 0);
    assert_non_null(strstr(f.err.msg, "expected to fail and did not"));
    fixture_free(&f);
}

static void b__after_steps_or_inside_an_edit__is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_true(fixture_steps(
                    &f, "b:edit('app.py', function(t) b:build 'x' return t end)") < 0);
    assert_non_null(strstr(f.err.msg, "while a build is under way"));
    assert_int_equal(fixture_load(&f, "local kept\nscenario \"s\" { variants = { v = "
                                      "\"FROM x\" }, steps = function(b)\n"
                                      "if kept then kept:build 'late' end kept = b\n"
                                      "end }\n"),
                     0);
    assert_int_equal(fixture_run(&f), 0);
    assert_true(fixture_run(&f) < 0);
    assert_non_null(strstr(f.err.msg, "b works only while steps runs"));
    fixture_free(&f);
}

static void strings__patterns__agree_with_the_manual(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    int rc = fixture_steps(
        &f,
        "local function same(a, b) if a ~= b then error(tostring(a) .. ' ~= ' .. "
        "tostring(b), 2) end end\n"
        "same(('hello world'):find('o w'), 5) same(('a.b'):find('.', 1, true), 2)\n"
        "same(('  x '):match('^%s*(.-)%s*$'), 'x')\n"
        "same(('key = val'):gsub('(%w+) = (%w+)', '%2 = %1'), 'val = key')\n"
        "same(('abc'):gsub('%w', '%0%0'), 'aabbcc') same(('abc'):gsub('', '-'), "
        "'-a-b-c-')\n"
        "same(('THE (quick) fox'):find('%((%a+)%)'), 5)\n"
        "same(('f(a(b)c)d'):match('%b()'), '(a(b)c)')\n"
        "same(('THE END'):gsub('%f[%a]%a+', 'x'), 'x x')\n"
        "local t = {} for w in ('one two'):gmatch('%a+') do t[#t + 1] = w end\n"
        "same(#t, 2) same(t[2], 'two')\n"
        "same(('hello'):gsub('l', { l = 'L' }), 'heLLo')\n"
        "same(('hello'):gsub('l', function() return nil end), 'hello')\n"
        "same(select(2, ('aaa'):gsub('a', 'b', 2)), 2) same(('abc'):match('()b()'), "
        "2)\n"
        "same(('x=1, y=2'):gsub('(%w)=(%w)', function(k, v) return v .. k end), '1x, "
        "2y')\n"
        "same(('a-b'):gsub('[%-]', '+'), 'a+b') same(('ab]'):match('[]]'), ']')\n"
        "same(('abab'):match('(ab)%1'), 'ab') same(('abc'):find('b', -2), 2)\n"
        "same(('a\\0b'):find('%z') ~= nil or ('a\\0b'):find('\\0') ~= nil, true)\n"
        "same(pcall(string.find, 'a', '[a'), false) same(pcall(string.rep), false)\n"
        "same(pcall(string.gsub, 'a', '(', ''), false) same(('x'):rep(3, ','), "
        "'x,x,x')\n"
        "same(('abc'):match('^b'), nil) same(('äb'):len(), 3)\n"
        "for k, v in ('a=1,b=2'):gmatch('(%w)=(%w)') do same(#k + #v, 2) end\n");
    if (rc != 0)
        fail_msg("%u: %s", f.err.line, f.err.msg);
    fixture_free(&f);
}

static void random__each_run__draws_the_same(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(fixture_steps(&f, "print(math.random(1000000))"), 0);
    char *first = xstrdup(buf_str(&f.log));
    buf_clear(&f.log);
    assert_int_equal(fixture_run(&f), 0);
    assert_string_equal(buf_str(&f.log), first);
    free(first);
    fixture_free(&f);
}

static void files__do_not_see_each_others_globals(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(fixture_load(&f, "leak = 1 string.upper = nil\n"
                                      "scenario \"s\" { variants = { v = \"FROM x\" }, "
                                      "steps = function() end }\n"),
                     0);
    char *second = xasprintf("%s/b.lua", f.folder);
    static const char text[] =
        "assert(leak == nil and string.upper('a') == 'A')\n"
        "scenario \"s\" { variants = { v = \"FROM x\" }, steps = function() end }\n";
    assert_int_equal(file_write(second, text, sizeof text - 1, &f.err), 0);
    int rc = script_load(f.script, second, &f.err);
    if (rc != 0)
        fail_msg("%s", f.err.msg);
    free(second);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script__contract_example__is_read_whole),
        cmocka_unit_test(b__every_method__reaches_workspace_and_host),
        cmocka_unit_test(expect__results__hold_what_the_builds_gave),
        cmocka_unit_test(steps__misuse__is_an_error_at_the_callers_line),
        cmocka_unit_test(steps__endless_or_huge__is_stopped),
        cmocka_unit_test(build__failing__is_an_error_unless_expected),
        cmocka_unit_test(b__after_steps_or_inside_an_edit__is_refused),
        cmocka_unit_test(strings__patterns__agree_with_the_manual),
        cmocka_unit_test(random__each_run__draws_the_same),
        cmocka_unit_test(files__do_not_see_each_others_globals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

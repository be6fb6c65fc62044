/* SPDX-License-Identifier: MIT */
/*
 * Configs as JSON. The recorded ones were written by BuildKit 0.32.2 for the
 * Dockerfiles given beside them (times and DiffIDs as they came), through `buildctl
 * build` with the oci exporter.
 */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/image/config.h"
#include "sim/image/json.h"

/*
 * FROM scratch · MAINTAINER Jane <j@x> · ENV B=2 A="one & two <x> é \u2028" ·
 * ENV PATH=/bin · LABEL z=1 a="x\"y" m= · EXPOSE 80 53/udp 8000-8002/tcp ·
 * VOLUME /data /b · WORKDIR /w · USER 1000:1000 · COPY a /a · STOPSIGNAL SIGTERM ·
 * HEALTHCHECK --interval=5m --timeout=3s --start-period=1s --start-interval=2s
 * --retries=4 CMD curl -f http://x || exit 1 · SHELL ["/bin/bash","-c"] ·
 * ONBUILD RUN echo hi > x · ENTRYPOINT ["/a"] · CMD echo hi. Its history is cut to two
 * lines here.
 */
static const char rich[] =
    "{\"architecture\":\"amd64\",\"author\":\"Jane \\u003cj@x\\u003e\",\"config\":{"
    "\"User\":\"1000:1000\",\"ExposedPorts\":{\"53/udp\":{},\"80/tcp\":{},\"8000/"
    "tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{}},\"Env\":[\"PATH=/bin\",\"B=2\",\"A=one "
    "\\u0026 two \\u003cx\\u003e \xc3\xa9 \\\\u2028\"],\"Entrypoint\":[\"/a\"],"
    "\"Cmd\":[\"/bin/bash\",\"-c\",\"echo "
    "hi\"],\"Volumes\":{\"/b\":{},\"/data\":{}},\"WorkingDir\":\"/w\",\"Labels\":{"
    "\"a\":\"x\\\"y\",\"m\":\"\",\"z\":\"1\"},\"StopSignal\":\"SIGTERM\","
    "\"ArgsEscaped\":true,\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl -f http://x "
    "|| exit "
    "1\"],\"Interval\":300000000000,\"Timeout\":3000000000,\"StartPeriod\":1000000000,"
    "\"StartInterval\":2000000000,\"Retries\":4},\"OnBuild\":[\"RUN echo hi \\u003e "
    "x\"],\"Shell\":[\"/bin/bash\",\"-c\"]},\"created\":\"2026-11-23T05:57:56."
    "492052036Z\",\"history\":[{\"created\":\"2026-11-23T05:57:56.478445116Z\","
    "\"created_by\":\"MAINTAINER Jane "
    "\\u003cj@x\\u003e\",\"comment\":\"buildkit.dockerfile.v0\",\"empty_layer\":true},{"
    "\"created\":\"2026-11-23T05:57:56.478445116Z\",\"created_by\":\"WORKDIR "
    "/w\",\"comment\":\"buildkit.dockerfile.v0\"}],\"os\":\"linux\",\"rootfs\":{"
    "\"type\":\"layers\",\"diff_ids\":[\"sha256:"
    "47b773f89e8cdbf2b525bb3e683387ef2eac0f0b19995f5efb4af39d8f0e000b\",\"sha256:"
    "9630f33701f067cc2b8cb5bd8f510dcbb22bf70a854b9a69b385dfdfe3114a61\"]}}";

/* FROM scratch · COPY a / · CMD [] · HEALTHCHECK NONE · LABEL "we ird"="a\tb" ·
 * ENTRYPOINT [] */
static const char plain[] =
    "{\"architecture\":\"amd64\",\"config\":{\"Env\":[\"PATH=/usr/local/sbin:/usr/"
    "local/bin:/usr/sbin:/usr/bin:/sbin:/"
    "bin\"],\"WorkingDir\":\"/\",\"Labels\":{\"we "
    "ird\":\"a\\tb\"},\"ArgsEscaped\":true,\"Healthcheck\":{\"Test\":[\"NONE\"]}},"
    "\"created\":\"2026-11-23T05:57:57.920689433Z\",\"history\":[{\"created\":\"2026-"
    "11-23T05:57:57.920689433Z\",\"created_by\":\"COPY a / # "
    "buildkit\",\"comment\":\"buildkit.dockerfile.v0\"},{\"created\":\"2026-11-23T05:"
    "57:57.920689433Z\",\"created_by\":\"CMD "
    "[]\",\"comment\":\"buildkit.dockerfile.v0\",\"empty_layer\":true}],\"os\":"
    "\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
    "79bc44042e8a62e15e24b7dc0a75523c9c323ee97d7c138fce1bdff4374866d4\"]}}";

/* --platform=linux/arm/v7 · FROM scratch · CMD ["x"]: no layers, no times. */
static const char bare[] =
    "{\"architecture\":\"arm\",\"config\":{\"Env\":[\"PATH=/usr/local/sbin:/usr/local/"
    "bin:/usr/sbin:/usr/bin:/sbin:/"
    "bin\"],\"Cmd\":[\"x\"],\"WorkingDir\":\"/"
    "\",\"Labels\":{\"a\":\"\\\\b\\b\\f\\u000b "
    "x\x7f\"},\"ArgsEscaped\":true},\"created\":null,\"history\":[{\"created_by\":"
    "\"CMD [\\\"x\\\"]\",\"comment\":\"buildkit.dockerfile.v0\",\"empty_layer\":true}"
    "],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null},\"variant\":"
    "\"v7\"}";

static void config__when_read_and_written__then_same_bytes(void **state)
{
    (void)state;
    const char *cases[] = {rich, plain, bare};
    for (size_t i = 0; i < 3; i++) {
        struct image_config *c = NULL;
        struct err err = ERR_INIT;
        assert_int_equal(image_config_from_json(cases[i], strlen(cases[i]), &c, &err),
                         0);
        struct image_config *copy = image_config_copy(c);
        image_config_free(c);
        struct buf out = BUF_INIT;
        image_config_to_json(copy, &out);
        assert_string_equal(buf_str(&out), cases[i]);
        buf_free(&out);
        image_config_free(copy);
    }
}

static void config__when_read__then_members(void **state)
{
    (void)state;
    struct image_config *c = NULL;
    assert_int_equal(image_config_from_json(rich, strlen(rich), &c, NULL), 0);
    assert_string_equal(c->author, "Jane <j@x>");
    assert_string_equal(env_get(&c->env, "A"), "one & two <x> \xc3\xa9 \\u2028");
    assert_string_equal(env_get(&c->labels, "a"), "x\"y");
    assert_int_equal(c->exposed.len, 5);
    assert_int_equal(c->created_s, 1795413476);
    assert_int_equal(c->created_nanos, 492052036);
    assert_true(c->has_cmd && c->has_entrypoint && c->has_shell && c->has_healthcheck);
    assert_int_equal(c->healthcheck.interval_ns, 300000000000);
    assert_int_equal(c->healthcheck.retries, 4);
    assert_int_equal(c->diff_id_count, 2);
    assert_int_equal(c->history_count, 2);
    assert_true(c->history[0].empty_layer && !c->history[1].empty_layer);
    assert_null(c->variant);
    image_config_free(c);
}

static void config__when_from_docker__then_tolerated(void **state)
{
    (void)state;
    static const char json[] =
        "{\"id\":\"x\",\"container_config\":{\"Cmd\":7},\"docker_version\":\"1\","
        "\"config\":{\"Hostname\":\"\",\"Cmd\":null,\"Entrypoint\":[],\"Env\":null,"
        "\"Labels\":null,\"ExposedPorts\":null,\"Volumes\":{\"/v\":null},"
        "\"Healthcheck\":null,\"User\":\"\",\"OnBuild\":null},"
        "\"created\":\"2020-02-29T23:59:60.5+05:30\"}";
    struct image_config *c = NULL;
    struct err err = ERR_INIT;
    if (image_config_from_json(json, strlen(json), &c, &err) != 0)
        fail_msg("%s", err.msg);
    assert_false(c->has_cmd || c->has_healthcheck);
    assert_true(c->has_entrypoint);
    assert_null(c->user);
    assert_int_equal(c->volumes.len, 1);
    assert_string_equal(c->os, "linux");
    assert_string_equal(c->architecture, image_architecture());
    assert_int_equal(c->created_s, 1583001000); /* by date -u +%s */
    assert_int_equal(c->created_nanos, 500000000);
    image_config_free(c);
}

static void config__when_wrong__then_member_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *what;
    } cases[] = {
        {"", "JSON"},
        {"{", "JSON"},
        {"[]", "object"},
        {"7", "JSON"},
        {"{\"os\":7}", "os"},
        {"{\"config\":[]}", "config"},
        {"{\"config\":{\"Env\":{}}}", "Env"},
        {"{\"config\":{\"Env\":[1]}}", "Env"},
        {"{\"config\":{\"Cmd\":\"sh\"}}", "Cmd"},
        {"{\"config\":{\"Labels\":{\"a\":1}}}", "Labels"},
        {"{\"config\":{\"Labels\":[]}}", "Labels"},
        {"{\"config\":{\"Volumes\":[]}}", "Volumes"},
        {"{\"config\":{\"Healthcheck\":[]}}", "Healthcheck"},
        {"{\"config\":{\"Healthcheck\":{\"Interval\":\"1s\"}}}", "Interval"},
        {"{\"created\":\"yesterday\"}", "created"},
        {"{\"created\":7}", "created"},
        {"{\"history\":{}}", "history"},
        {"{\"history\":[7]}", "history"},
        {"{\"history\":[{\"created_by\":[]}]}", "created_by"},
        {"{\"rootfs\":[]}", "rootfs"},
        {"{\"rootfs\":{\"diff_ids\":{}}}", "diff_ids"},
        {"{\"rootfs\":{\"diff_ids\":[\"sha256:zz\"]}}", "diff_ids"},
        {"{\"os\":\"a\\u0000b\"}", "JSON"},
        {"{\"os\":\"\xff\"}", "JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image_config *c = NULL;
        struct err err = ERR_INIT;
        int rc = image_config_from_json(cases[i].json, strlen(cases[i].json), &c, &err);
        if (rc != ERR_INPUT || strstr(err.msg, cases[i].what) == NULL)
            fail_msg("%s gave %d %s", cases[i].json, rc, err.msg);
    }
    char *huge = xcalloc(1, (16 << 20) + 2);
    memset(huge, ' ', (16 << 20) + 1);
    struct image_config *c = NULL;
    assert_int_equal(image_config_from_json(huge, (16 << 20) + 1, &c, NULL), ERR_INPUT);
    free(huge);
}

static void json_string__when_written__then_as_go_does(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", "\"\""},
        {"a/b 'c'", "\"a/b 'c'\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
        {"<>&", "\"\\u003c\\u003e\\u0026\""},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7", "\"\\u2028\\u2029\xe2\x80\xa7\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b\xc3",
         "\"a\\ufffdb\\ufffd\""},
        {"\xc0\xaf\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = BUF_INIT;
        image_json_string(&out, cases[i].in);
        assert_string_equal(buf_str(&out), cases[i].out);
        buf_free(&out);
    }
}

static void set__when_added__then_sorted_once(void **state)
{
    (void)state;
    struct strv set = STRV_INIT;
    const char *adds[] = {"80/tcp", "53/udp", "80/tcp", "8000/tcp", "1/tcp"};
    for (size_t i = 0; i < 5; i++)
        image_config_add_sorted(&set, adds[i]);
    assert_int_equal(set.len, 4);
    const char *want[] = {"1/tcp", "53/udp", "80/tcp", "8000/tcp"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(set.items[i], want[i]);
    assert_null(set.items[4]);
    strv_free(&set);
}

static void time__when_formatted_or_parsed__then_rfc_3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* by `date -u -d TEXT +%s` */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-01-01T00:00:00Z", 1704067200},
        {"2024-02-29T12:34:56Z", 1709210096},
        {"2000-03-01T00:00:00Z", 951868800},
        {"1969-12-31T23:59:59Z", -1},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        int64_t seconds = 7;
        image_format_time(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
        assert_true(image_parse_time(cases[i].text, &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
    int64_t s;
    assert_true(image_parse_time("2024-01-01T02:00:00.123456789+02:00", &s));
    assert_int_equal(s, 1704067200);
    static const char *const bad[] = {
        "",
        "2024-01-01",
        "2024-01-01 00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+0200",
        "2024-01-01T00:00:00Zx",
        "24-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (image_parse_time(bad[i], &s))
            fail_msg("%s was accepted", bad[i]);
    char text[32];
    image_format_time(INT64_MAX, text); /* clamped to what the format can say */
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__when_read_and_written__then_same_bytes),
        cmocka_unit_test(config__when_read__then_members),
        cmocka_unit_test(config__when_from_docker__then_tolerated),
        cmocka_unit_test(config__when_wrong__then_member_is_named),
        cmocka_unit_test(json_string__when_written__then_as_go_does),
        cmocka_unit_test(set__when_added__then_sorted_once),
        cmocka_unit_test(time__when_formatted_or_parsed__then_rfc_3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

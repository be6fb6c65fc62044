/* SPDX-License-Identifier: MIT */
/* ADD of URLs against a small server on loopback: what is transferred again and when.
 */
#include "tests/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/build/remote.h"
#include "tests/unit/build/lab.h"

struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    const char *body, *etag, *modified; /* NULL: the header is not sent */
    unsigned requests, transfers;
};

static void answer(struct server *s, int fd)
{
    char request[4096];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof request - 1 &&
           (n = read(fd, request + len, sizeof request - 1 - len)) > 0) {
        len += (size_t)n;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL)
            break;
    }
    s->requests++;
    AUTO_BUF out = BUF_INIT;
    AUTO_FREE char *match = xasprintf("If-None-Match: %s\r\n", s->etag ? s->etag : "-");
    if (strncmp(request, "GET /missing", 12) == 0) {
        buf_adds(
            &out,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else if (strstr(request, match) != NULL) {
        buf_adds(&out, "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
    } else {
        s->transfers++;
        buf_addf(&out,
                 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n",
                 strlen(s->body));
        if (s->etag != NULL)
            buf_addf(&out, "ETag: %s\r\n", s->etag);
        if (s->modified != NULL)
            buf_addf(&out, "Last-Modified: %s\r\n", s->modified);
        buf_addf(&out, "\r\n%s", s->body);
    }
    for (size_t at = 0; at < out.len; at += (size_t)n)
        if ((n = write(fd, out.data + at, out.len - at)) <= 0)
            break;
}

static void *serve(void *payload)
{
    struct server *s = payload;
    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        answer(s, fd);
        close(fd);
    }
}

static void server_start(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    *s = (struct server){.body = "one", .etag = "\"1\""};
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

struct fixture {
    struct lab lab;
    struct server server;
};

static void set_up(struct fixture *f)
{
    lab_open(&f->lab, SEMANTICS_BUILDKIT);
    server_start(&f->server);
}

static void tear_down(struct fixture *f)
{
    server_stop(&f->server);
    lab_close(&f->lab);
}

/* Builds ADD <flags> <url of path> /x and gives the letters of its steps. */
static int build(struct fixture *f, const char *flags, const char *path, char *letters,
                 struct err *err)
{
    AUTO_FREE char *text =
        xasprintf("FROM busybox\nADD %s http://127.0.0.1:%u%s /x\nRUN cat /x\n", flags,
                  f->server.port, path);
    struct build_result result;
    int rc = lab_build(&f->lab, text, &result, err);
    lab_letters(&result, letters);
    build_result_free(&result);
    return rc;
}

static void add__unchanged__is_asked_and_not_transferred(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16];
    set_up(&f);
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    assert_string_equal(letters, "CC");
    assert_int_equal(f.server.requests, 2);
    assert_int_equal(f.server.transfers, 1);
    tear_down(&f);
}

static void add__body_changed__runs(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16];
    set_up(&f);
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    f.server.body = "two";
    f.server.etag = "\"2\"";
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    assert_string_equal(letters, "RR");
    tear_down(&f);
}

static void add__only_last_modified_or_query_changed__hits(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16];
    set_up(&f);
    f.server.etag = NULL;
    f.server.modified = "Mon, 01 Jan 2024 00:00:00 GMT";
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    f.server.modified = "Tue, 02 Jan 2024 00:00:00 GMT";
    assert_int_equal(build(&f, "", "/f.txt", letters, &err), 0);
    assert_string_equal(letters, "CC");
    assert_int_equal(build(&f, "", "/f.txt?v=2", letters, &err), 0);
    assert_string_equal(letters, "CC");
    tear_down(&f);
}

static void add__checksum_known__asks_nobody(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16], sum[DIGEST_TEXT + 1];
    struct digest d = digest_of("one", 3);
    digest_text(&d, sum);
    AUTO_FREE char *flag = xasprintf("--checksum=%s", sum);
    set_up(&f);
    assert_int_equal(build(&f, flag, "/f.txt", letters, &err), 0);
    assert_int_equal(f.server.requests, 1);
    assert_int_equal(build(&f, flag, "/f.txt", letters, &err), 0);
    assert_int_equal(f.server.requests, 1);
    assert_string_equal(letters, "CC");
    tear_down(&f);
}

static void add__checksum_wrong__fails(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16];
    struct digest d = digest_of("other", 5);
    char sum[DIGEST_TEXT + 1];
    digest_text(&d, sum);
    AUTO_FREE char *flag = xasprintf("--checksum=%s", sum);
    set_up(&f);
    assert_int_equal(build(&f, flag, "/f.txt", letters, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "digest mismatch"));
    assert_int_equal(err.line, 2);
    tear_down(&f);
}

static void add__missing__says_what_the_server_said(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    char letters[16];
    set_up(&f);
    assert_int_equal(build(&f, "", "/missing", letters, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "404"));
    tear_down(&f);
}

static void remote_word__of_each_form__is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum plan_remote kind;
        const char *name;
    } words[] = {
        {"http://h/a/f.txt?q=1#x", PLAN_REMOTE_HTTP, "f.txt"},
        {"HTTPS://h/", PLAN_REMOTE_HTTP, ""},
        {"https://h/r.git", PLAN_REMOTE_GIT, "r.git"},
        {"https://h/r.git#main:sub", PLAN_REMOTE_GIT, "r.git"},
        {"git@h:o/r.git", PLAN_REMOTE_GIT, NULL},
        {"git://h/r", PLAN_REMOTE_GIT, "r"},
        {"http", PLAN_REMOTE_NONE, NULL},
        {"./http:/x", PLAN_REMOTE_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(plan_remote_kind(words[i].word), words[i].kind);
        if (words[i].name == NULL)
            continue;
        AUTO_FREE char *name = plan_remote_name(words[i].word);
        assert_string_equal(name, words[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add__unchanged__is_asked_and_not_transferred),
        cmocka_unit_test(add__body_changed__runs),
        cmocka_unit_test(add__only_last_modified_or_query_changed__hits),
        cmocka_unit_test(add__checksum_known__asks_nobody),
        cmocka_unit_test(add__checksum_wrong__fails),
        cmocka_unit_test(add__missing__says_what_the_server_said),
        cmocka_unit_test(remote_word__of_each_form__is_told_apart),
    };
    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}

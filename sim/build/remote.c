/* SPDX-License-Identifier: MIT */
/*
 * ADD of an http(s) URL: asked of the server with every build, but transferred again
 * only when ETag or Last-Modified say so; with --checksum a file that is here already
 * needs no request (cache-semantics 1, ADD). Repositories are remote_git.c.
 */
#include "sim/build/remote.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/build/libcurl.h"

enum { BODY_MOST = 1 << 30, META_MOST = 1 << 16 };

struct reply {
    struct buf body;
    char *etag, *modified, *name; /* headers; NULL if absent */
    long status;
    int64_t modified_s;
};

static void reply_free(struct reply *r)
{
    buf_free(&r->body);
    free(r->etag);
    free(r->modified);
    free(r->name);
}

static size_t take_body(char *data, size_t one, size_t count, void *payload)
{
    struct reply *r = payload;
    if (r->body.len + one * count > BODY_MOST)
        return 0;
    buf_add(&r->body, data, one * count);
    return one * count;
}

static void take_value(char **to, const char *line, size_t len)
{
    while (len > 0 && strchr(" \t", *line) != NULL)
        line++, len--;
    while (len > 0 && strchr("\r\n \t", line[len - 1]) != NULL)
        len--;
    free(*to);
    *to = xstrndup(line, len);
}

static size_t take_header(char *line, size_t one, size_t count, void *payload)
{
    struct reply *r = payload;
    size_t len = one * count;
    if (len > 5 && strncasecmp(line, "etag:", 5) == 0)
        take_value(&r->etag, line + 5, len - 5);
    if (len > 14 && strncasecmp(line, "last-modified:", 14) == 0)
        take_value(&r->modified, line + 14, len - 14);
    const char *name = len > 20 && strncasecmp(line, "content-disposition:", 20) == 0
                           ? memmem(line, len, "filename=", 9)
                           : NULL;
    if (name != NULL) {
        name += 9;
        bool quoted = *name == '"';
        name += quoted;
        take_value(&r->name, name, strcspn(name, quoted ? "\"\r\n" : ";\r\n"));
    }
    return len;
}

static void set_up(const struct libcurl *lib, CURL *curl, const char *url,
                   struct curl_slist *headers, struct reply *reply, char *why)
{
    lib->curl_easy_setopt(curl, CURLOPT_URL, url);
    lib->curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    lib->curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    lib->curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    lib->curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
    lib->curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    lib->curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    lib->curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    lib->curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    lib->curl_easy_setopt(curl, CURLOPT_USERAGENT, "simbench");
    lib->curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    lib->curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    lib->curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    lib->curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    lib->curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    lib->curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    lib->curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
}

static int ask(const char *url, const char *etag, const char *modified,
               struct reply *reply, struct err *err)
{
    struct libcurl lib;
    int rc = libcurl_load(&lib, err);
    if (rc != 0)
        return rc;
    CURL *curl = lib.curl_easy_init();
    if (curl == NULL)
        return err_set(err, ERR_FAILED, "libcurl cannot start");
    struct curl_slist *headers = NULL;
    AUTO_FREE char *match = xasprintf("If-None-Match: %s", etag != NULL ? etag : "");
    AUTO_FREE char *since =
        xasprintf("If-Modified-Since: %s", modified != NULL ? modified : "");
    if (etag != NULL)
        headers = lib.curl_slist_append(headers, match);
    else if (modified != NULL)
        headers = lib.curl_slist_append(headers, since);
    char why[CURL_ERROR_SIZE] = "";
    set_up(&lib, curl, url, headers, reply, why);
    CURLcode code = lib.curl_easy_perform(curl);
    curl_off_t filetime = -1;
    lib.curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    lib.curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &filetime);
    reply->modified_s = filetime > 0 ? filetime : 0;
    lib.curl_slist_free_all(headers);
    lib.curl_easy_cleanup(curl);
    if (code != CURLE_OK)
        return err_set(err, ERR_FAILED, "cannot fetch %s: %s", url,
                       why[0] != '\0' ? why : lib.curl_easy_strerror(code));
    if (reply->status != 200 && reply->status != 304)
        return err_set(err, ERR_FAILED, "cannot fetch %s: the server answers %ld", url,
                       reply->status);
    return 0;
}

/* ---- what the store keeps of an URL ---- */

struct kept {
    json_t *meta; /* etag, modified, modified_s, name, content */
    struct digest content;
};

static void key_of(const char *kind, const char *text, struct digest *out)
{
    AUTO_FREE char *key = xasprintf("%s %s", kind, text);
    *out = digest_of(key, strlen(key));
}

static bool load_kept(struct store *store, const struct digest *key, struct kept *out)
{
    struct digest id;
    AUTO_BUF text = BUF_INIT;
    if (store_alias_get(store, key, &id, NULL) != 0 ||
        store_object_get(store, &id, &text, NULL) != 0 || text.len > META_MOST)
        return false;
    out->meta = json_loadb(buf_str(&text), text.len, 0, NULL);
    const char *content = json_string_value(json_object_get(out->meta, "content"));
    if (content != NULL && digest_parse(content, &out->content))
        return true;
    json_decref(out->meta);
    out->meta = NULL;
    return false;
}

static const char *meta_string(const struct kept *kept, const char *name)
{
    return json_string_value(json_object_get(kept->meta, name));
}

static void set_string(json_t *o, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(o, name, json_string(value));
}

static int keep(struct store *store, const struct digest *key,
                const struct reply *reply, struct kept *out, struct err *err)
{
    char hex[DIGEST_TEXT + 1];
    int rc = store_object_put(store, buf_str(&reply->body), reply->body.len,
                              &out->content, err);
    if (rc != 0)
        return rc;
    digest_text(&out->content, hex);
    out->meta = json_object();
    set_string(out->meta, "etag", reply->etag);
    set_string(out->meta, "modified", reply->modified);
    set_string(out->meta, "name", reply->name);
    set_string(out->meta, "content", hex);
    json_object_set_new(out->meta, "modified_s", json_integer(reply->modified_s));
    char *text = json_dumps(out->meta, JSON_COMPACT | JSON_SORT_KEYS);
    struct digest id, sum;
    rc = store_object_put(store, text, strlen(text), &id, err);
    free(text);
    if (rc == 0)
        rc = store_alias_put(store, key, &id, err);
    key_of("remote checksum", hex, &sum);
    return rc == 0 ? store_alias_put(store, &sum, &id, err) : rc;
}

/* ---- the file as a tree ---- */

static int check_sum(const struct plan_copy *copy, const char *url,
                     const struct kept *kept, struct err *err)
{
    char text[DIGEST_TEXT + 1];
    digest_text(&kept->content, text);
    if (copy->checksum == NULL || strcmp(copy->checksum, text) == 0)
        return 0;
    return err_set(err, ERR_FAILED,
                   "digest mismatch of %s: it is %s, --checksum says %s", url, text,
                   copy->checksum);
}

static int make_tree(struct store *store, const char *url, const struct kept *kept,
                     struct tree **out, char **path, struct err *err)
{
    AUTO_BUF body = BUF_INIT;
    int rc = store_object_get(store, &kept->content, &body, err);
    if (rc != 0)
        return rc;
    const char *given = meta_string(kept, "name");
    char *name = given != NULL && given[0] != '\0' && strchr(given, '/') == NULL
                     ? xstrdup(given)
                     : plan_remote_name(url);
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        free(name);
        name = xstrdup("download");
    }
    struct entry e = {.path = name, .type = ENTRY_FILE, .mode = 0600, .size = body.len};
    e.mtime_ns =
        json_integer_value(json_object_get(kept->meta, "modified_s")) * 1000000000;
    e.content.kind = body.len != 0 ? CONTENT_INLINE : CONTENT_NONE;
    e.content.from.bytes = buf_str(&body);
    *out = tree_new();
    tree_add(*out, &e);
    tree_sort(*out);
    *path = name;
    return 0;
}

static int fetch_http(struct store *store, const struct plan_copy *copy,
                      const char *url, struct kept *kept, struct err *err)
{
    struct digest key;
    if (copy->checksum != NULL) {
        key_of("remote checksum", copy->checksum, &key);
        if (load_kept(store, &key, kept))
            return 0;
    }
    struct kept old = {0};
    key_of("remote url", url, &key);
    bool known = load_kept(store, &key, &old);
    struct reply reply = {0};
    int rc = ask(url, known ? meta_string(&old, "etag") : NULL,
                 known ? meta_string(&old, "modified") : NULL, &reply, err);
    if (rc == 0 && reply.status == 304 && known) {
        *kept = old;
        old.meta = NULL;
    } else if (rc == 0) {
        rc = keep(store, &key, &reply, kept, err);
    }
    json_decref(old.meta);
    reply_free(&reply);
    return rc;
}

int remote_fetch(struct store *store, const struct plan_copy *copy, const char *url,
                 struct tree **out, char **path, struct err *err)
{
    if (plan_remote_kind(url) == PLAN_REMOTE_GIT) {
        int rc = remote_git(store, copy, url, out, err);
        if (rc == 0)
            *path = xstrdup("");
        return rc;
    }
    struct kept kept = {0};
    int rc = fetch_http(store, copy, url, &kept, err);
    if (rc == 0)
        rc = check_sum(copy, url, &kept, err);
    if (rc == 0)
        rc = make_tree(store, url, &kept, out, path, err);
    json_decref(kept.meta);
    return rc;
}

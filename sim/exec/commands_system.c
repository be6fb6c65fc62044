/* SPDX-License-Identifier: MIT */
/* Commands about the system: users, identity, clock; ls and find; sleep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/exec/commands.h"
#include "sim/exec/commands_user.h"
#include "sim/exec/files.h"
#include "sim/exec/glob.h"

static int yes(struct shell *sh, const struct strv *argv)
{
    (void)sh, (void)argv;
    return 0;
}

static int no(struct shell *sh, const struct strv *argv)
{
    (void)sh, (void)argv;
    return 1;
}

/* The one built-in that costs time on the virtual clock: what it is told to wait. */
static int sleep_for(struct shell *sh, const struct strv *argv)
{
    if (argv->len < 2) {
        shell_complain(sh, "sleep: missing operand\n");
        return 1;
    }
    for (size_t i = 1; i < argv->len; i++) {
        uint64_t ms = 0;
        struct err err = ERR_INIT;
        if (strcmp(argv->items[i], "infinity") == 0)
            return shell_unsupported(sh, "sleep infinity");
        if (model_parse_time(argv->items[i], &ms, &err) != 0) {
            shell_complain(sh, "sleep: invalid time interval '%s'\n", argv->items[i]);
            return 1;
        }
        sh->ms += ms;
    }
    return 0;
}

/* ---- who and where -----------------------------------------------------------------
 */

static char *name_of(struct shell *sh, const char *file, uint32_t id)
{
    char text[16];
    snprintf(text, sizeof text, "%u", id);
    char *name = files_lookup(sh->root, file, 2, text, 0);
    if (name == NULL && id == 0)
        name = xstrdup("root");
    return name;
}

static void print_id(struct shell *sh, const char *name, uint32_t id, bool names)
{
    if (names && name != NULL)
        shell_print(sh, "%s\n", name);
    else
        shell_print(sh, "%u\n", id);
}

static int print_ids(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "ugnrG", NULL, &o, &first);
    if (status != 0)
        return status;
    uint32_t uid = sh->uid, gid = sh->gid;
    if (first < argv->len &&
        !files_owner(sh->root, argv->items[first], true, &uid, &gid)) {
        shell_complain(sh, "id: '%s': no such user\n", argv->items[first]);
        return 1;
    }
    AUTO_FREE char *user = name_of(sh, "/etc/passwd", uid);
    AUTO_FREE char *group = name_of(sh, "/etc/group", gid);
    bool names = command_has(&o, 'n');
    if (command_has(&o, 'u')) {
        print_id(sh, user, uid, names);
    } else if (command_has(&o, 'g') || command_has(&o, 'G')) {
        print_id(sh, group, gid, names);
    } else {
        shell_print(sh, "uid=%u%s%s%s gid=%u%s%s%s groups=%u%s%s%s\n", uid,
                    user != NULL ? "(" : "", user != NULL ? user : "",
                    user != NULL ? ")" : "", gid, group != NULL ? "(" : "",
                    group != NULL ? group : "", group != NULL ? ")" : "", gid,
                    group != NULL ? "(" : "", group != NULL ? group : "",
                    group != NULL ? ")" : "");
    }
    return 0;
}

static int who_am_i(struct shell *sh, const struct strv *argv)
{
    (void)argv;
    AUTO_FREE char *user = name_of(sh, "/etc/passwd", sh->uid);
    if (user == NULL) {
        shell_complain(sh, "whoami: cannot find name for user ID %u\n", sh->uid);
        return 1;
    }
    shell_print(sh, "%s\n", user);
    return 0;
}

/* A fixed machine, so that what is printed into an image is the same everywhere. */
static int print_system(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "asnrvmpio", NULL, &o, &first);
    if (status != 0)
        return status;
    static const struct {
        char letter;
        const char *text;
    } parts[] = {{'s', "Linux"},
                 {'n', "buildkitsandbox"},
                 {'r', "6.1.0"},
                 {'m', "x86_64"},
                 {'o', "GNU/Linux"}};
    const char *gap = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool wanted = command_has(&o, 'a') || command_has(&o, parts[i].letter) ||
                      (o.letters[0] == '\0' && i == 0);
        if (wanted) {
            shell_print(sh, "%s%s", gap, parts[i].text);
            gap = " ";
        }
    }
    shell_print(sh, "\n");
    return 0;
}

static int print_host(struct shell *sh, const struct strv *argv)
{
    (void)argv;
    shell_print(sh, "%s\n",
                sh->run->hostname != NULL ? sh->run->hostname : "buildkitsandbox");
    return 0;
}

/* The clock of the build, which stands still. */
static int print_date(struct shell *sh, const struct strv *argv)
{
    const char *format = "%a %b %e %H:%M:%S UTC %Y";
    for (size_t i = 1; i < argv->len; i++) {
        const char *word = argv->items[i];
        if (word[0] == '+')
            format = word + 1;
        else if (strcmp(word, "-u") != 0 && strcmp(word, "--utc") != 0)
            return shell_unsupported(sh, "date with the option %s", word);
    }
    time_t now = (time_t)sh->run->now_s;
    struct tm tm;
    gmtime_r(&now, &tm);
    AUTO_BUF out = BUF_INIT;
    for (const char *p = format; *p != '\0' && out.len < 4096; p++) {
        char spec[3] = {'%', p[1], '\0'}, room[128] = "";
        if (*p != '%') {
            buf_addc(&out, *p);
            continue;
        }
        p++;
        if (*p == 's')
            buf_addf(&out, "%lld", (long long)now);
        else if (*p == 'N')
            buf_adds(&out, "000000000");
        else if (*p == '%')
            buf_addc(&out, '%');
        else if (*p == '\0' || strchr("aAbBdDeFHIjklmMnpSTuUwyYZzc", *p) == NULL)
            return shell_unsupported(sh, "date +%.40s", format);
        else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            strftime(room, sizeof room, spec, &tm);
#pragma GCC diagnostic pop
            buf_adds(&out, *p == 'Z' ? "UTC" : room);
        }
    }
    shell_print(sh, "%s\n", buf_str(&out));
    return 0;
}

static int print_environment(struct shell *sh, const struct strv *argv)
{
    for (size_t i = 1; i < argv->len; i++) {
        const char *value = env_get(&sh->env, argv->items[i]);
        if (value == NULL)
            return 1;
        shell_print(sh, "%s\n", value);
    }
    for (size_t i = 0; argv->len < 2 && i < sh->env.len; i++)
        shell_print(sh, "%s\n", sh->env.items[i]);
    return 0;
}

static int print_numbers(struct shell *sh, const struct strv *argv)
{
    long first = 1, step = 1, last = 0;
    size_t n = argv->len;
    for (size_t i = 1; i < n; i++)
        if (strspn(argv->items[i], "-0123456789") != strlen(argv->items[i]) ||
            strlen(argv->items[i]) > 9)
            return shell_unsupported(sh, "seq %s", argv->items[i]);
    if (n < 2 || n > 4) {
        shell_complain(sh, "seq: missing operand\n");
        return 1;
    }
    last = strtol(argv->items[n - 1], NULL, 10);
    if (n > 2)
        first = strtol(argv->items[1], NULL, 10);
    if (n > 3)
        step = strtol(argv->items[2], NULL, 10);
    if (step == 0 || (last - first) / step > 1000000)
        return shell_unsupported(sh, "seq of over a million numbers");
    for (long k = first; step > 0 ? k <= last : k >= last; k += step)
        shell_print(sh, "%ld\n", k);
    return 0;
}

static int print_processors(struct shell *sh, const struct strv *argv)
{
    (void)argv;
    shell_print(sh, "2\n");
    return 0;
}

/* ---- ls, find ----------------------------------------------------------------------
 */

static void mode_text(const struct entry *e, char out[11])
{
    static const char bits[] = "rwxrwxrwx";
    out[0] = "-dl"[e->type == ENTRY_DIR ? 1 : e->type == ENTRY_SYMLINK ? 2 : 0];
    for (int i = 0; i < 9; i++)
        out[i + 1] = '-';
    for (int i = 0; i < 9; i++)
        if ((e->mode >> (8 - i)) & 1)
            out[i + 1] = bits[i];
    if (e->mode & 04000)
        out[3] = e->mode & 0100 ? 's' : 'S';
    if (e->mode & 02000)
        out[6] = e->mode & 0010 ? 's' : 'S';
    if (e->mode & 01000)
        out[9] = e->mode & 0001 ? 't' : 'T';
    out[10] = '\0';
}

static void list_entry(struct shell *sh, const char *path, const char *name, bool lines)
{
    const struct entry *e = view_lookup(sh->root, path);
    if (!lines || e == NULL) {
        shell_print(sh, "%s\n", name);
        return;
    }
    char mode[11], when[32] = "";
    mode_text(e, mode);
    time_t t = (time_t)(e->mtime_ns / 1000000000);
    struct tm tm;
    strftime(when, sizeof when, "%b %e  %Y", gmtime_r(&t, &tm));
    shell_print(sh, "%s 1 %u %u %llu %s %s", mode, e->uid, e->gid,
                (unsigned long long)e->size, when, name);
    if (e->type == ENTRY_SYMLINK)
        shell_print(sh, " -> %s", e->target);
    shell_print(sh, "\n");
}

static int list_one(struct shell *sh, const char *name, const struct command_options *o,
                    bool titles)
{
    AUTO_FREE char *path = files_path(sh, name, !command_has(o, 'l'));
    const struct entry *e = path != NULL ? view_lookup(sh->root, path) : NULL;
    if (e == NULL) {
        shell_complain(sh, "ls: cannot access '%s': No such file or directory\n", name);
        return 2;
    }
    bool lines = command_has(o, 'l');
    if (e->type != ENTRY_DIR || command_has(o, 'd')) {
        list_entry(sh, path, name, lines);
        return 0;
    }
    if (titles)
        shell_print(sh, "%s:\n", name);
    struct strv names = STRV_INIT;
    view_list(sh->root, path, &names);
    bool hidden = command_has(o, 'a') || command_has(o, 'A');
    if (command_has(o, 'a') && !lines)
        shell_print(sh, ".\n..\n");
    for (size_t i = 0; i < names.len; i++) {
        AUTO_FREE char *child = path_join(path, names.items[i]);
        if (hidden || names.items[i][0] != '.')
            list_entry(sh, child, names.items[i], lines);
    }
    strv_free(&names);
    return 0;
}

static int list_files(struct shell *sh, const struct strv *argv)
{
    struct command_options o;
    size_t first = 0;
    int status = command_options(sh, argv, "1laAdhFtr", NULL, &o, &first);
    if (status != 0)
        return status;
    if (first >= argv->len)
        return list_one(sh, ".", &o, false);
    for (size_t i = first; i < argv->len; i++)
        status |= list_one(sh, argv->items[i], &o, argv->len - first > 1);
    return status;
}

struct finding {
    const char *name, *type;
    unsigned long maxdepth, mindepth;
    bool remove;
};

static int read_finding(struct shell *sh, const struct strv *argv, size_t i,
                        struct finding *f)
{
    *f = (struct finding){.maxdepth = 1000};
    for (; i < argv->len; i++) {
        const char *word = argv->items[i];
        const char *value = i + 1 < argv->len ? argv->items[i + 1] : NULL;
        if (strcmp(word, "-delete") == 0) {
            f->remove = true;
            continue;
        }
        if (strcmp(word, "-print") == 0)
            continue;
        i++;
        if (value != NULL && strcmp(word, "-name") == 0)
            f->name = value;
        else if (value != NULL && strcmp(word, "-type") == 0)
            f->type = value;
        else if (value != NULL && strcmp(word, "-maxdepth") == 0)
            f->maxdepth = strtoul(value, NULL, 10);
        else if (value != NULL && strcmp(word, "-mindepth") == 0)
            f->mindepth = strtoul(value, NULL, 10);
        else
            return shell_unsupported(sh, "find with %s", word);
    }
    return 0;
}

static bool finding_matches(const struct finding *f, const struct entry *e,
                            const char *shown, size_t depth)
{
    if (depth < f->mindepth || depth > f->maxdepth)
        return false;
    const char *base = path_base(shown);
    if (f->name != NULL && !shell_pattern_matches(f->name, base, strlen(base)))
        return false;
    if (f->type == NULL)
        return true;
    char type = "fdl"[e->type == ENTRY_DIR ? 1 : e->type == ENTRY_SYMLINK ? 2 : 0];
    return strchr(f->type, type) != NULL;
}

static int find_below(struct shell *sh, const char *start, const struct finding *f)
{
    AUTO_FREE char *root = files_path(sh, start, false);
    if (root == NULL || view_lookup(sh->root, root) == NULL) {
        shell_complain(sh, "find: '%s': No such file or directory\n", start);
        return 1;
    }
    struct tree *tree = view_subtree(sh->root, root);
    for (size_t n = tree->len; n > 0; n--) {
        /* -delete goes from the bottom up; printing from the top down */
        size_t i = f->remove ? n - 1 : tree->len - n;
        const struct entry *e = &tree->entries[i];
        const char *rest = e->path + strlen(root);
        rest += *rest == '/' ? 1 : 0;
        size_t depth = *rest != '\0' ? 1 : 0;
        for (const char *p = rest; *p != '\0'; p++)
            depth += *p == '/';
        AUTO_FREE char *shown = *rest != '\0' ? path_join(start, rest) : xstrdup(start);
        if (!finding_matches(f, e, shown, depth))
            continue;
        if (!f->remove)
            shell_print(sh, "%s\n", shown);
        else if (depth > 0)
            view_remove(sh->root, e->path);
    }
    tree_free(tree);
    return 0;
}

static int find_files(struct shell *sh, const struct strv *argv)
{
    size_t first = 1;
    while (first < argv->len && argv->items[first][0] != '-' &&
           argv->items[first][0] != '(' && argv->items[first][0] != '!')
        first++;
    struct finding f;
    int status = read_finding(sh, argv, first, &f);
    if (status == 0 && first == 1)
        return find_below(sh, ".", &f);
    for (size_t i = 1; status >= 0 && i < first; i++)
        status |= find_below(sh, argv->items[i], &f);
    return status;
}

const struct command commands_system[] = {
    {"true", yes},
    {"false", no},
    {"sync", yes},
    {"ldconfig", yes},
    {"sleep", sleep_for},
    {"id", print_ids},
    {"whoami", who_am_i},
    {"uname", print_system},
    {"hostname", print_host},
    {"date", print_date},
    {"printenv", print_environment},
    {"seq", print_numbers},
    {"nproc", print_processors},
    {"ls", list_files},
    {"find", find_files},
    {"test", command_test},
    {"[", command_test},
    {"useradd", command_useradd},
    {"adduser", command_adduser},
    {"groupadd", command_groupadd},
    {"addgroup", command_groupadd},
    {NULL, NULL},
};

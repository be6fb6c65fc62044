/* SPDX-License-Identifier: MIT */
/* Reads the environment for everybody: store folder, colour, width, characters. */
#include "bench/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { WIDTH_DEFAULT = 80, WIDTH_LEAST = 20, WIDTH_MOST = 400 };

const char *environment_get(const char *name)
{
    return getenv(name);
}

const char *environment_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

char **environment_all(void)
{
    return environ;
}

int environment_store(char **out, struct err *err)
{
    const char *dir = environment_set("SIMBENCH_STORE");
    if (dir != NULL) {
        *out = xstrdup(dir);
        return 0;
    }
    dir = environment_set("XDG_DATA_HOME");
    if (dir != NULL) {
        *out = path_join(dir, "simbench");
        return 0;
    }
    dir = environment_set("HOME");
    if (dir != NULL) {
        *out = path_join(dir, ".local/share/simbench");
        return 0;
    }
    err_set(err, ERR_ENVIRONMENT, "no folder for the store: HOME is not set");
    return err_hint(err, "give one with --store DIR or SIMBENCH_STORE");
}

int source_date_epoch_parse(const char *text, int64_t *out, struct err *err)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0) {
        err_set(err, ERR_INPUT, "SOURCE_DATE_EPOCH '%s' is no number of seconds", text);
        return err_hint(err, "give whole seconds since 1970-01-01 UTC");
    }
    *out = value;
    return 0;
}

int environment_source_date_epoch(int64_t *out, struct err *err)
{
    const char *text = environment_set("SOURCE_DATE_EPOCH");
    *out = -1;
    return text != NULL ? source_date_epoch_parse(text, out, err) : 0;
}

static unsigned stream_columns(int fd)
{
    struct winsize size;
    unsigned columns = 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    const char *text = environment_set("COLUMNS");
    if (columns == 0 && text != NULL)
        columns = (unsigned)strtoul(text, NULL, 10);
    if (columns == 0)
        columns = WIDTH_DEFAULT;
    if (columns < WIDTH_LEAST)
        return WIDTH_LEAST;
    return columns < WIDTH_MOST ? columns : WIDTH_MOST;
}

static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = environment_set(names[i]);
        if (value != NULL) /* the first that is set decides */
            return strcasestr(value, "UTF-8") != NULL ||
                   strcasestr(value, "UTF8") != NULL;
    }
    return false;
}

bool environment_can_move(void)
{
    const char *term = environment_set("TERM");
    return term != NULL && strcmp(term, "dumb") != 0;
}

struct report_style environment_style(FILE *stream, enum color_choice color)
{
    int fd = fileno(stream);
    bool capable = fd >= 0 && isatty(fd) && environment_set("NO_COLOR") == NULL &&
                   environment_can_move();
    struct report_style style = {
        .columns = stream_columns(fd),
        .color = color == COLOR_ALWAYS || (color == COLOR_AUTO && capable),
        .utf8 = locale_is_utf8(),
    };
    return style;
}

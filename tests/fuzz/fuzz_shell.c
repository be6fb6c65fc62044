/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the model's shell: parser, expansion, built-ins. Input: a script, run on a
 * small view. What must hold beyond memory safety: it ends (the shell's own bounds are
 * the only ones here), a refusal has a message, and a run that ended has a status of a
 * process.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/exec/model.h"
#include "sim/layer/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view *small_view(void)
{
    static const char passwd[] =
        "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n";
    struct view *view = view_new();
    struct entry folder = {.type = ENTRY_DIR, .mode = 0755};
    struct entry file = {.path = "etc/passwd", .type = ENTRY_FILE, .mode = 0644};
    struct err err = ERR_INIT;
    file.size = sizeof passwd - 1;
    file.content.kind = CONTENT_INLINE;
    file.content.from.bytes = passwd;
    if (view_make_folders(view, "app/d", &folder, &err) != 0 ||
        view_make_folders(view, "etc", &folder, &err) != 0 ||
        view_put(view, &file, &err) != 0)
        abort();
    return view;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    struct view *view = small_view();
    struct strv argv = STRV_INIT, env = STRV_INIT;
    strv_add(&argv, "/bin/sh");
    strv_add(&argv, "-c");
    strv_addn(&argv, (const char *)data, size);
    strv_add(&env, "A=a b");
    struct exec_run run = {.argv = &argv,
                           .env = &env,
                           .cwd = "/app",
                           .user = "",
                           .network = "none",
                           .root = view,
                           .now_s = 1704067200};
    struct exec_result result;
    struct err err = ERR_INIT;
    struct executor *executor = model_executor_new(NULL);
    int rc = executor->run(executor->self, &run, &result, &err);
    if (rc != 0 && err.msg[0] == '\0')
        abort();
    if (rc == 0 && (result.exit_status < 0 || result.exit_status > 255))
        abort();
    char *text = strndup((const char *)data, size);
    struct annotation a;
    if (annotation_parse(text, &a, &err) == 0)
        annotation_free(&a);
    free(text);
    model_executor_free(executor);
    strv_free(&argv);
    strv_free(&env);
    view_free(view);
    return 0;
}

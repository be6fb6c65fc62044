/* SPDX-License-Identifier: MIT */
/*
 * The page's style sheet and its one script, and the policy that lets the browser run
 * this script and no other: by its hash, so that no text of a scenario can be code.
 */
#include "reports/html.h"

#include "sim/base/digest.h"

static const unsigned char style_sheet[] = {
#include "reports/templates/page.css.inc"
};
static const unsigned char script[] = {
#include "reports/templates/page.js.inc"
};

static void base64(const uint8_t *bytes, size_t len, struct buf *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        three |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        three |= i + 2 < len ? bytes[i + 2] : 0;
        buf_addc(out, digits[three >> 18]);
        buf_addc(out, digits[(three >> 12) & 63]);
        buf_addc(out, (char)(i + 1 < len ? digits[(three >> 6) & 63] : '='));
        buf_addc(out, (char)(i + 2 < len ? digits[three & 63] : '='));
    }
}

void report_html_head(const char *title, bool with_script, struct buf *out)
{
    buf_adds(out, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
                  "<meta http-equiv=Content-Security-Policy content=\"default-src "
                  "'none'; style-src 'unsafe-inline'; img-src data:");
    if (with_script) {
        struct digest hash = digest_of(script, sizeof script);
        buf_adds(out, "; script-src 'sha256-");
        base64(hash.bytes, sizeof hash.bytes, out);
        buf_adds(out, "'");
    }
    buf_adds(out, "\">\n"
                  "<meta name=viewport content=\"width=device-width, "
                  "initial-scale=1\">\n"
                  "<meta name=color-scheme content=\"light dark\">\n");
    report_html_text("<title>", title, "</title>\n", out);
    buf_adds(out, "<link rel=icon href=\"data:,\">\n<style>\n");
    buf_add(out, style_sheet, sizeof style_sheet);
    buf_adds(out, "</style></head>\n");
}

void report_html_script(struct buf *out)
{
    buf_adds(out, "<script>");
    buf_add(out, script, sizeof script);
    buf_adds(out, "</script>\n");
}

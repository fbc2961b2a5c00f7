/* check.c - asking xunge-map, and not believing it; see check.h. */
#include "shared/map/check.h"

#include <string.h>
#include <sys/stat.h>

#include "shared/base/child.h"
#include "shared/base/lang.h"
#include "shared/map/about.h"

static const char PROGRAM[] = "xunge-map";

/* What a map can be refused for; a failure of the machine is told as one. */
static bool is_refusal(json_int_t status)
{
    return status == XG_FORMAT || status == XG_CORRUPT || status == XG_TOOBIG ||
           status == XG_NOMEM || status == XG_IO;
}

/* Words of one line. */
static bool is_plain(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return false;
    return len > 0 && len <= XG_MAP_REASON_MAX;
}

static enum xg_status understand(struct xg_mbtiles_about *out, json_t *json,
                                 struct xg_error *err)
{
    json_t *about = json_object_get(json, "about");
    json_int_t status;
    const char *text;

    if (about && json_object_size(json) == 1 &&
        xg_mbtiles_about_read(out, about))
        return XG_OK;
    if (!about &&
        json_unpack(json, "{s:I, s:s!}", "status", &status, "text", &text) ==
            0 &&
        is_refusal(status) && is_plain(text))
        return xg_fail(err, (enum xg_status)status, "%s", text);
    return xg_fail(err, XG_FORMAT, XG_T("%s 的回答不合规", "%s answered nonsense"),
                   PROGRAM);
}

enum xg_status xg_map_check(struct xg_mbtiles_about *out, const char *program,
                            int fd, struct xg_error *err)
{
    struct xg_buf answer = XG_BUF(XG_MAP_ANSWER_MAX);
    struct stat file;

    if (fstat(fd, &file) != 0)
        return xg_fail_os(err, XG_T("无法读取地图文件",
                                    "cannot read the map file"));
    const struct xg_child_order order = {
        .name = PROGRAM,
        .program = program,
        .arguments = {xg_lang() == XG_LANG_ZH ? "zh" : "en"},
        .input_fd = fd,
        .timeout_ms = (int)xg_map_check_s((uint64_t)file.st_size) * 1000};
    enum xg_status status = xg_child_run(&answer, &order, err);
    if (status == XG_BUSY)
        status = xg_fail(err, XG_TOOBIG, "%s",
                         XG_T("地图文件读起来太慢；请重新制作，或换一个小些的",
                              "the map file takes too long to read; make it "
                              "anew, or take a smaller one"));
    if (status == XG_FORMAT)
        status = xg_wrap(err, "%s", XG_T("地图文件读不了",
                                         "the map file cannot be read"));
    if (status == XG_OK) {
        json_t *json =
            json_loadb((const char *)answer.data, answer.len, 0, NULL);
        status = understand(out, json, err);
        json_decref(json);
    }
    xg_buf_clear(&answer);
    return status;
}

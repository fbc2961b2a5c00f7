/* json.c - see json.h. */
#include "shared/guide/json.h"

#include "shared/base/lang.h"

enum { BYTES_MAX = 16 << 20 };

enum xg_status xg_json_load(json_t **out, struct xg_bytes content,
                            struct xg_error *err)
{
    json_error_t where;
    json_t *json;

    if (content.len > BYTES_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("文件超过 %d 兆字节", "the file is over %d MiB"),
                       BYTES_MAX >> 20);
    if (content.len >= 3 && memcmp(content.at, "\xef\xbb\xbf", 3) == 0)
        content = xg_bytes(content.at + 3, content.len - 3);
    json = json_loadb((const char *)content.at, content.len,
                      JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return xg_fail(err, XG_FORMAT,
                       XG_T("第 %d 行不是合格的 JSON：%s",
                            "line %d: no valid JSON: %s"),
                       where.line, where.text);
    *out = json;
    return XG_OK;
}

const char *xg_json_unknown(const json_t *object, const char *const *known)
{
    void *at = json_object_iter((json_t *)(uintptr_t)object);

    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return key;
    }
    return NULL;
}

/* type.c - what a picture is by its first bytes; see photo.h. */
#include "shared/photo/photo.h"

#include <string.h>

#include "shared/base/lang.h"

const char *xg_photo_type_mime(enum xg_photo_type type)
{
    static const char *const NAMES[] = {
        [XG_PHOTO_JPEG] = "image/jpeg",
        [XG_PHOTO_PNG] = "image/png",
        [XG_PHOTO_WEBP] = "image/webp",
        [XG_PHOTO_HEIC] = "image/heic",
    };
    return NAMES[type];
}

static bool starts(struct xg_bytes b, size_t at, const char *magic, size_t len)
{
    return b.len >= at + len && memcmp(b.at + at, magic, len) == 0;
}

/* ISO/IEC 23008-12: a file type box that names a HEIF brand, as its major
 * brand (at 8) or among the compatible ones (from 16 on). */
static bool is_heic(struct xg_bytes b)
{
    static const char BRANDS[][5] = {"heic", "heix", "heim", "heis",
                                     "hevc", "hevx", "mif1", "msf1"};

    if (!starts(b, 4, "ftyp", 4))
        return false;
    size_t end = xg_load_u32(b.at) < b.len ? xg_load_u32(b.at) : b.len;
    for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        for (size_t i = 0; i < sizeof BRANDS / sizeof *BRANDS; i++)
            if (memcmp(b.at + at, BRANDS[i], 4) == 0)
                return true;
    return false;
}

bool xg_photo_type_of(enum xg_photo_type *type, struct xg_bytes b)
{
    if (starts(b, 0, "\xFF\xD8\xFF", 3))
        *type = XG_PHOTO_JPEG;
    else if (starts(b, 0, "\x89PNG\r\n\x1A\n", 8))
        *type = XG_PHOTO_PNG;
    else if (starts(b, 0, "RIFF", 4) && starts(b, 8, "WEBP", 4))
        *type = XG_PHOTO_WEBP;
    else if (is_heic(b))
        *type = XG_PHOTO_HEIC;
    else
        return false;
    return true;
}

enum xg_status xg_photo_judge(enum xg_photo_type *type, const char *name,
                              struct xg_bytes start, uint64_t length,
                              struct xg_error *err)
{
    if (length == 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 是空文件，里面没有照片：请重新拷贝或重拍",
                            "%s is empty, there is no photo in it: copy it or "
                            "take it again"),
                       name);
    if (!xg_photo_type_of(type, start))
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 不是 JPEG、PNG、WebP 或 HEIC 照片："
                            "请选择照片文件",
                            "%s is not a JPEG, PNG, WebP or HEIC photo: give "
                            "a photo file"),
                       name);
    if (length > XG_PHOTO_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("%s 有 %llu MB，超过 %d MB 的上限："
                            "请用较小的分辨率重拍或缩小",
                            "%s has %llu MB, over the limit of %d MB: take it "
                            "again at a smaller resolution, or scale it down"),
                       name, (unsigned long long)(length >> 20),
                       XG_PHOTO_MAX_BYTES >> 20);
    return XG_OK;
}

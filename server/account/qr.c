/* qr.c - see qr.h. */
#include "server/account/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <sodium.h>

#include "shared/base/lang.h"

enum { MARGIN = 4 };

static enum xg_status encode(QRcode **code, const char *text,
                             struct xg_error *err)
{
    *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (*code)
        return XG_OK;
    if (errno == ERANGE)
        return xg_fail(err, XG_TOOBIG, "%s",
                       XG_T("文字太长，装不进二维码",
                            "the text is too long for a QR code"));
    return xg_fail_nomem(err);
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           code->data[y * code->width + x] & 1;
}

static void forget(QRcode *code)
{
    sodium_memzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
}

enum xg_status qr_path(struct xg_buf *path, int *size, const char *text,
                       struct xg_error *err)
{
    QRcode *code;

    if (encode(&code, text, err) != XG_OK)
        return err->status;
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (is_dark(code, x, y))
                xg_buf_format(path, "M%d %dh1v1h-1z", x, y);
    int width = code->width;
    forget(code);
    if (xg_buf_check(path, err) != XG_OK)
        return err->status;
    *size = width;
    return XG_OK;
}

enum xg_status qr_print(struct xg_buf *out, const char *text,
                        struct xg_error *err)
{
    /* What is light is written: by its upper and lower square. */
    static const char *const SIGNS[2][2] = {{" ", "▄"}, {"▀", "█"}};
    QRcode *code;

    if (encode(&code, text, err) != XG_OK)
        return err->status;
    for (int y = -MARGIN; y < code->width + MARGIN; y += 2) {
        for (int x = -MARGIN; x < code->width + MARGIN; x++)
            xg_buf_text(
                out, SIGNS[!is_dark(code, x, y)][!is_dark(code, x, y + 1)]);
        xg_buf_text(out, "\n");
    }
    forget(code);
    return xg_buf_check(out, err);
}

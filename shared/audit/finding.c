/* finding.c - see finding.h. */
#include "shared/audit/finding.h"

#include <stdio.h>
#include <string.h>

#include "shared/view/text.h"

enum { SAID_MAX = 2048 };

void xg_finding_write(struct xg_finding *f, const char *format, va_list args)
{
    struct xg_buf line = XG_BUF(4 * SAID_MAX);
    char said[SAID_MAX];
    size_t len = 0;

    vsnprintf(said, sizeof said, format, args);
    view_put_line(&line, xg_bytes_of(said));
    for (struct xg_bytes rest = xg_buf_bytes(&line); rest.len;) {
        uint32_t code;
        size_t n = view_decode(&code, rest);
        if (len + n >= sizeof f->text)
            break;
        memcpy(f->text + len, rest.at, n);
        len += n;
        rest = xg_bytes(rest.at + n, rest.len - n);
    }
    f->text[len] = '\0';
    xg_buf_clear(&line);
}

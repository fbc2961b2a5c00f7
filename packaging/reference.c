/* reference.c - prints docs/reference.md from the table of the domain. */
#include <stdio.h>

#include "shared/view/reference.h"

int main(void)
{
    struct xg_buf text = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;

    view_reference(&text);
    bool good = xg_buf_check(&text, &err) == XG_OK &&
                fwrite(text.data, 1, text.len, stdout) == text.len &&
                fflush(stdout) == 0;
    if (!good)
        fprintf(stderr, "reference: %s\n", xg_error_text(&err));
    xg_buf_clear(&text);
    return good ? 0 : 1;
}

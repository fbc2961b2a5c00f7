/* order.c - see order.h. */
#include "server/cli/order.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/board/board.h"
#include "server/cli/control.h"
#include "server/console/quota.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

static_assert(BOARD_READERS >= 2 * (QUOTA_RUNS + CONTROL_AT_ONCE),
              "each command may ask the board, and within that once more");

/* What the command reads, whole. */
static enum xg_status read_input(struct xg_buf *in, int fd,
                                 struct xg_error *err)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return xg_os_read(in, path, err);
}

/* The files of one that takes them as files; null devices for the others. */
static enum xg_status lend(struct cmd *c, const struct console_order *order,
                           int *null, struct xg_error *err)
{
    *null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (*null < 0)
        return xg_fail_os(err, "/dev/null");
    c->files[CMD_FILE_IN] = order->input >= 0 ? order->input : *null;
    c->files[CMD_FILE_OUT] = order->output >= 0 ? order->output : *null;
    c->files[CMD_FILE_TELL] = *null;
    return XG_OK;
}

static enum xg_status prepare(struct cmd *c, const struct order_desk *desk,
                              const struct console_order *order,
                              struct xg_buf *input, int *null,
                              struct xg_error *err)
{
    if (cmd_parse(c, order->count, order->words, err) != XG_OK)
        return err->status;
    if (!c->spec || c->help || c->spec->access == CMD_ALONE)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("这个命令不能在这里运行",
                            "that command cannot run here"));
    c->framed = true;
    c->data = desk->data;
    c->env = desk->env;
    c->console = desk->console;
    c->secret = order->secret;
    c->within = order->within;
    c->role = order->role;
    if (c->spec->access == CMD_LENT)
        return lend(c, order, null, err);
    if (order->input < 0)
        return XG_OK;
    if (read_input(input, order->input, err) != XG_OK)
        return err->status;
    c->input = xg_buf_bytes(input);
    return XG_OK;
}

void order_run(void *ctx, const struct console_order *order,
               struct console_done *done)
{
    const struct order_desk *desk = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf input = XG_BUF(CMD_INPUT_MAX);
    struct cmd c = {.out = done->out, .json = true};
    int null = -1;

    done->exit = prepare(&c, desk, order, &input, &null, &err) == XG_OK
                     ? cmd_execute(&c, &done->complaint)
                     : cmd_complain(&c, &done->complaint, &err);
    done->out = c.out;
    done->board.read = c.board.read;
    done->board.size = c.board.size;
    done->board.behind = c.board.behind;
    xg_buf_clear(&input);
    if (null >= 0)
        close(null);
}

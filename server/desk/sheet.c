/* sheet.c - asking xunge-sheet, and not believing it. */
#define _GNU_SOURCE /* memfd_create */
#include "server/desk/sheet.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/sheet/protocol.h"
#include "shared/base/child.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"

static const char PROGRAM[] = "xunge-sheet";

static enum xg_status ask(struct xg_buf *answer, struct xg_bytes file,
                          const char *which, struct xg_error *err)
{
    struct xg_child_order order = {.name = PROGRAM,
                                   .arguments = {which ? which : ""},
                                   .timeout_ms = SHEET_TIMEOUT_MS};
    int fd = memfd_create(PROGRAM, MFD_CLOEXEC);

    if (fd < 0)
        return xg_fail_os(err, "memfd_create");
    order.input_fd = fd;
    enum xg_status status = xg_os_write_all(fd, PROGRAM, file, err);
    if (status == XG_OK)
        status = xg_child_run(answer, &order, err);
    close(fd);
    return status;
}

static enum xg_status refuse(enum sheet_answer why, const char *name,
                             const char *which, struct xg_error *err)
{
    switch (why) {
    case SHEET_OLD:
        return xg_fail(
            err, XG_FORMAT,
            XG_T("%s 是旧的 .xls 格式或加了密码：请在表格软件里另存为"
                 "不加密码的 .xlsx 或 CSV",
                 "%s is an old .xls, or behind a password: save it "
                 "as .xlsx without one, or as CSV"),
            name);
    case SHEET_NO_BOOK:
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 是压缩包，不是 .xlsx 工作簿：请给 .xlsx 或 CSV",
                            "%s is an archive and no .xlsx workbook: give an "
                            ".xlsx or CSV"),
                       name);
    case SHEET_NO_SHEET:
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 里没有名为（或序号为）“%s”的工作表",
                            "%s has no sheet of the name or number '%s'"),
                       name, which ? which : "1");
    case SHEET_ENTITIES:
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 里有文档类型声明，正常的工作簿没有：不收",
                            "%s has a document type, as no honest workbook "
                            "has: it is not taken"),
                       name);
    case SHEET_TOO_LARGE:
        return xg_fail(err, XG_TOOBIG,
                       XG_T("%s 太大（一格至多 32 KB，表格至多 8 MB、256 列）："
                            "请分成几个文件",
                            "%s is too large (a cell has at most 32 KB, the "
                            "table 8 MB and 256 columns): split it"),
                       name);
    case SHEET_NOT_TEXT:
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 不是文本表格：CSV 要用 UTF-8 或 GB18030 编码",
                            "%s is no table of text: CSV has to be UTF-8 or "
                            "GB18030"),
                       name);
    case SHEET_NO_MEMORY:
        return xg_fail_nomem(err);
    case SHEET_FINE:
    case SHEET_DAMAGED:
    case SHEET_ANSWER_COUNT:
        break;
    }
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 损坏，读不出表格：请重新导出",
                        "%s is damaged, no table can be read from it: export "
                        "it again"),
                   name);
}

/* The word of the first line, and what follows it. */
static bool split(enum sheet_answer *said, struct xg_bytes *table,
                  struct xg_bytes answer)
{
    static const char *const WORDS[] = {
#define X(name, word) [name] = word,
        SHEET_ANSWERS(X)
#undef X
    };
    size_t hello = strlen(SHEET_HELLO);

    if (answer.len < hello || memcmp(answer.at, SHEET_HELLO, hello) != 0)
        return false;
    for (size_t i = 0; i < SHEET_ANSWER_COUNT; i++) {
        size_t len = strlen(WORDS[i]);
        if (answer.len > hello + len &&
            memcmp(answer.at + hello, WORDS[i], len) == 0 &&
            answer.at[hello + len] == '\n') {
            *said = (enum sheet_answer)i;
            *table = xg_bytes(answer.at + hello + len + 1,
                              answer.len - hello - len - 1);
            return *said == SHEET_FINE || table->len == 0;
        }
    }
    return false;
}

enum xg_status sheet_read(struct xg_buf *table, struct xg_bytes file,
                          const char *name, const char *which,
                          struct xg_error *err)
{
    struct xg_buf answer = XG_BUF(SHEET_TABLE_MAX + 2 * SHEET_WORD_MAX);
    enum sheet_answer said = SHEET_DAMAGED;
    struct xg_bytes rows = {NULL, 0};
    enum xg_status status = ask(&answer, file, which, err);

    if (status == XG_OK &&
        (!split(&said, &rows, xg_buf_bytes(&answer)) ||
         (said == SHEET_FINE && !xg_utf8_valid(rows.at, rows.len))))
        status = xg_fail(
            err, XG_FORMAT, "%s",
            XG_T("xunge-sheet 的回答不合规", "xunge-sheet answered nonsense"));
    if (status == XG_OK && said != SHEET_FINE)
        status = refuse(said, name, which, err);
    if (status == XG_OK) {
        xg_buf_append(table, rows.at, rows.len);
        status = xg_buf_check(table, err);
    }
    xg_buf_clear(&answer);
    return status;
}

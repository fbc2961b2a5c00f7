/* pull.c - what others recorded. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"

enum { PAGE_ARENA_MAX = XG_UPDATES_RAW_MAX + (64 << 10) };

static bool is_own(const struct sync *y, const struct xg_hash *chain)
{
    for (size_t i = 0; i < y->chain_count; i++)
        if (xg_hash_equal(&y->chains[i].chain, chain))
            return true;
    return false;
}

/* Counted, and believed, once the page is saved. */
struct tally {
    uint64_t records, gone; /* records that were not here */
};

/* A record that is not here. One that our own key is said to have written
 * means that this is a restored device, or a clone. */
static enum xg_status look_at_record(struct sync *y, struct tally *tally,
                                     const struct xg_update *u,
                                     struct xg_error *err)
{
    bool has;

    if (store_has_record(y->store, &has, &u->record.hash, err) != XG_OK)
        return err->status;
    if (has)
        return XG_OK;
    tally->records++;
    if (!is_own(y, &u->chain))
        return XG_OK;
    return sync_leave_chain(y, &u->chain, SYNC_CHAIN_BEHIND, err);
}

static enum xg_status apply_items(struct sync *y, struct tally *tally,
                                  struct xg_bytes raw, struct xg_error *err)
{
    struct xg_update_reader reader = {.rest = raw};
    struct xg_update item;
    bool more;

    for (;;) {
        if (xg_update_next(&reader, &item, &more, err) != XG_OK)
            return err->status;
        if (!more)
            return XG_OK;
        if (item.kind == XG_UPDATE_RECORD &&
            look_at_record(y, tally, &item, err) != XG_OK)
            return err->status;
        if (store_apply_update(y->store, &item, err) != XG_OK)
            return err->status;
        tally->gone += item.kind == XG_UPDATE_OUT;
    }
}

static enum xg_status keep_page(struct sync *y,
                                const struct xg_updates_note *page,
                                struct xg_bytes raw, struct xg_error *err)
{
    struct tally tally = {0};
    enum sync_new_chain before = y->report->new_chain;
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = apply_items(y, &tally, raw, err);
    if (status == XG_OK)
        status = store_put_since(y->store, page->to, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK) {
        y->report->new_chain = before;
        return xg_wrap(err, XG_T("收取的更新", "updates received"));
    }
    y->report->records_pulled += tally.records;
    y->report->gone += tally.gone;
    y->report->pages++;
    sync_progress(y);
    return XG_OK;
}

/* The server does not know the place that we ask on from: it lost what came
 * after. From the start, then; what is here comes again without harm. */
static enum xg_status start_again(struct sync *y, struct xg_error *err)
{
    enum xg_status status = store_begin(y->store, err);

    y->restarted = true;
    if (status == XG_OK)
        status = store_put_since(y->store, 0, err);
    if (status == XG_OK)
        status = store_carry_again(y->store, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}

/* Own batches whose receipts are here need not come back. */
enum xg_status sync_put_since(struct xg_buf *path, struct sync *y,
                              uint64_t since, struct xg_error *err)
{
    uint64_t held[XG_HELD_MAX];
    size_t count;

    if (store_logged_batches(y->store, held, &count, XG_HELD_MAX, since, err) !=
        XG_OK)
        return err->status;
    xg_buf_format(path, "?since=%" PRIu64, since);
    for (size_t i = 0; i < count; i++)
        xg_buf_format(path, "%s%" PRIu64, i ? "," : "&held=", held[i]);
    xg_buf_byte(path, '\0');
    return xg_buf_check(path, err);
}

/* Asking again, or from the start, would end here again. */
static enum xg_status page_too_big(uint64_t since, struct xg_error *err)
{
    return xg_fail(err, XG_TOOBIG,
                   XG_T("服务器从日志第 %" PRIu64
                        " 条起的一页更新放不下（HTTP 413）；已收取的都在，"
                        "上传不受影响，请把这句话告诉管理员",
                        "the server's page of updates from log entry %" PRIu64
                        " on does not fit (HTTP 413); what came before is "
                        "here and sending goes on; tell the operator this"),
                   since);
}

enum xg_status sync_take_page(struct sync *y, struct sync_page *out,
                              struct xg_arena *arena, struct xg_bytes data,
                              uint64_t since, struct xg_error *err)
{
    struct xg_updates_note page;
    struct xg_bytes raw;
    enum xg_status status = xg_updates_open(&page, &raw, arena, data.at,
                                            data.len, &y->id.log, err);

    if (status == XG_NOMEM)
        return status;
    if (status != XG_OK || strcmp(page.device, y->id.device) != 0 ||
        page.from > page.to)
        return sync_bad_answer(y, err);
    *out = (struct sync_page){.from = page.from,
                              .to = page.to,
                              .end = page.end,
                              .follows =
                                  page.from <= since && since <= page.to};
    if (!out->follows || (page.to == since && raw.len == 0))
        return XG_OK;
    return keep_page(y, &page, raw, err);
}

/* One page from `since` on; *more tells whether to ask again. */
static enum xg_status pull_page(struct sync *y, bool *more,
                                struct xg_arena *arena, uint64_t since,
                                struct xg_error *err)
{
    struct xg_buf path = XG_BUF(SYNC_PATH_MAX);
    struct transport_request request = {.method = "GET", .bearer = y->bearer};
    struct sync_page page;

    xg_buf_text(&path, "/v1/updates");
    enum xg_status status = sync_put_since(&path, y, since, err);
    if (status == XG_OK) {
        request.path = (const char *)path.data;
        status = sync_call(y, &request, err);
    }
    xg_buf_clear(&path);
    if (status == XG_AUTH || status == XG_NOTFOUND)
        return err->status = XG_NET;
    if (status == XG_FORMAT && since > 0 && !y->restarted)
        return start_again(y, err);
    if (status == XG_TOOBIG)
        return page_too_big(since, err);
    if (status != XG_OK)
        return status;
    status = sync_take_page(y, &page, arena, xg_buf_bytes(&y->answer.body),
                            since, err);
    if (status != XG_OK)
        return status;
    if (page.from != since || (page.to == since && page.to < page.end))
        return sync_bad_answer(y, err);
    *more = page.to < page.end;
    return XG_OK;
}

enum xg_status sync_take_news(struct sync *y, struct xg_bytes data,
                              uint64_t since, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PAGE_ARENA_MAX);
    struct sync_page page;
    enum xg_status status = sync_take_page(y, &page, &arena, data, since, err);

    xg_arena_clear(&arena);
    if (status == XG_NET) { /* it is asked for by itself, then */
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    y->has_news = status == XG_OK && page.from == since && page.to == page.end;
    return status;
}

enum xg_status sync_pull(struct sync *y, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PAGE_ARENA_MAX);
    enum xg_status status = XG_OK;
    bool more = !y->has_news;

    while (status == XG_OK && more) {
        uint64_t since;
        xg_arena_clear(&arena);
        status = store_get_since(y->store, &since, err);
        if (status == XG_OK)
            status = pull_page(y, &more, &arena, since, err);
    }
    xg_arena_clear(&arena);
    /* All that is in scope was told: a predecessor's word counts no more. */
    uint64_t dropped;
    if (status == XG_OK)
        status = store_drop_told(y->store, &dropped, err);
    return status;
}

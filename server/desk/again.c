/* again.c - see again.h. */
#include "server/desk/again.h"

#include "shared/base/lang.h"

#define DAY_MS INT64_C(86400000)

enum xg_status again_find(struct store_act *act, bool *found,
                          struct store *store, const char *author,
                          const struct again_key *key, struct xg_error *err)
{
    struct store_act kept;
    bool is_kept = false;

    if (store->ops->get_act(store, &kept, &is_kept, author, key->key, err) !=
        XG_OK)
        return err->status;
    if (is_kept && xg_hash_is_zero(&kept.asked))
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("上一次提交已经记录，之后又抹除了；这次没有写入",
                            "what was sent before was recorded, and erased "
                            "since; nothing was written now"));
    if (is_kept && !xg_hash_equal(&kept.asked, &key->asked))
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("上一次提交已经记录，写的和这次不一样；这次没有写入，"
                            "请先看那一条",
                            "what was sent before was recorded, in other words "
                            "than these; nothing was written now, look at that "
                            "first"));
    if (is_kept)
        *act = kept;
    *found = is_kept;
    return XG_OK;
}

enum xg_status again_keep(struct store *store, const struct store_act *act,
                          struct xg_error *err)
{
    if (store->ops->forget_acts(store, act->done_ms - AGAIN_DAYS * DAY_MS,
                                err) != XG_OK)
        return err->status;
    return store->ops->put_act(store, act, err);
}

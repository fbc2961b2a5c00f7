/* hub.c - see hub.h. */
#include "agent/ui/hub.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "shared/base/lang.h"

void hub_init(struct hub *h)
{
    *h = (struct hub){.count = 0};
    pthread_mutex_init(&h->lock, NULL);
    for (size_t i = 0; i < HUB_LISTENERS; i++)
        h->bells[i] = -1;
}

void hub_clear(struct hub *h)
{
    for (size_t i = 0; i < HUB_KEPT; i++)
        free(h->kept[i].text);
    pthread_mutex_destroy(&h->lock);
}

void hub_post(struct hub *h, enum hub_kind kind, const char *text)
{
    const uint64_t one = 1;
    char *copy = strlen(text) <= HUB_TEXT_MAX ? strdup(text) : NULL;

    if (!copy)
        return;
    pthread_mutex_lock(&h->lock);
    size_t at = (size_t)(h->count++ % HUB_KEPT);
    free(h->kept[at].text);
    h->kept[at].kind = kind;
    h->kept[at].text = copy;
    for (size_t i = 0; i < HUB_LISTENERS; i++)
        if (h->bells[i] >= 0 && write(h->bells[i], &one, sizeof one) < 0)
            continue; /* it rings already */
    pthread_mutex_unlock(&h->lock);
}

enum xg_status hub_listen(struct hub_listener *out, struct hub *h,
                          struct xg_error *err)
{
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool found = false;

    if (bell < 0)
        return xg_fail_os(err, "eventfd");
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < HUB_LISTENERS && !found; i++)
        if (h->bells[i] < 0) {
            h->bells[i] = bell;
            found = true;
        }
    if (found)
        *out = (struct hub_listener){h, h->count, bell};
    pthread_mutex_unlock(&h->lock);
    if (found)
        return XG_OK;
    close(bell);
    return xg_fail(err, XG_BUSY,
                   XG_T("打开的页面太多，请关闭一些",
                        "too many pages are open; close some"));
}

void hub_leave(struct hub_listener *l)
{
    pthread_mutex_lock(&l->hub->lock);
    for (size_t i = 0; i < HUB_LISTENERS; i++)
        if (l->hub->bells[i] == l->bell)
            l->hub->bells[i] = -1;
    pthread_mutex_unlock(&l->hub->lock);
    close(l->bell);
}

bool hub_next(struct hub_listener *l, enum hub_kind *kind, struct xg_buf *text)
{
    struct hub *h = l->hub;
    uint64_t rung;

    pthread_mutex_lock(&h->lock);
    bool found = l->next < h->count;
    if (found && h->count - l->next > HUB_KEPT) {
        l->next = h->count - HUB_KEPT;
        *kind = HUB_CHANGED;
        xg_buf_text(text, "[]");
    } else if (found) {
        size_t at = (size_t)(l->next++ % HUB_KEPT);
        *kind = h->kept[at].kind;
        xg_buf_text(text, h->kept[at].text);
    } else if (read(l->bell, &rung, sizeof rung) < 0) {
        found = false; /* it did not ring */
    }
    pthread_mutex_unlock(&h->lock);
    return found;
}

/* watch.c - see watch.h. */
#include "agent/ui/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char *const names[WATCH_PLACES] = {"records", "patrol", "photos",
                                                "maps"};

const char *watch_name(enum watch_where where)
{
    return names[where];
}

/* Of the folders whatever is written, moved there or taken away. One that is
 * made later is found when the home tells of it. */
static void watch_folders(struct watch *w)
{
    char path[4096];

    for (int i = WATCH_PATROL; i < WATCH_PLACES; i++) {
        int len = snprintf(path, sizeof path, "%s/%s", w->path, names[i]);
        if (len > 0 && len < (int)sizeof path)
            w->folders[i] = inotify_add_watch(
                w->fd, path,
                IN_MODIFY | IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ONLYDIR);
    }
}

enum xg_status watch_open(struct watch *w, const char *home,
                          struct xg_error *err)
{
    *w = (struct watch){.path = home, .folders = {-1, -1, -1, -1}};
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0)
        return xg_fail_os(err, "inotify");
    w->home = inotify_add_watch(w->fd, home, IN_MODIFY | IN_CREATE | IN_ONLYDIR);
    if (w->home < 0) {
        close(w->fd);
        return xg_fail_os(err, "%s", home);
    }
    watch_folders(w);
    return XG_OK;
}

void watch_close(struct watch *w)
{
    close(w->fd);
}

static unsigned place_of(struct watch *w, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return (1u << WATCH_PLACES) - 1;
    for (int i = WATCH_PATROL; i < WATCH_PLACES; i++)
        if (event->wd == w->folders[i] && w->folders[i] >= 0)
            return event->mask & IN_IGNORED ? 0 : 1u << i;
    if (event->wd != w->home || event->len == 0)
        return 0;
    if (event->mask & IN_CREATE && event->mask & IN_ISDIR)
        watch_folders(w);
    /* The write-ahead log alone: what only looks at the database makes one, and
     * takes it away, but writes nothing into it. */
    return event->mask & IN_MODIFY && strcmp(event->name, "agent.db-wal") == 0
               ? 1u << WATCH_RECORDS
               : 0;
}

unsigned watch_read(struct watch *w)
{
    _Alignas(struct inotify_event) char bytes[4096];
    unsigned places = 0;
    ssize_t n;

    while ((n = read(w->fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event =
                (const struct inotify_event *)(const void *)(bytes + at);
            places |= place_of(w, event);
            at += (ssize_t)sizeof *event + (ssize_t)event->len;
        }
    return places;
}

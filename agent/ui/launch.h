/* launch.h - the file that the browser opens, and opening it.
 *
 * The address of the page holds a key, and so may stand in no argument list,
 * which everybody on the machine can read. So the browser is given a file, for
 * our eyes only, that leads to the address. It lies in $XDG_RUNTIME_DIR/xunge,
 * or in the home where there is no such folder.
 *
 *      HOME/ui.lock    held by the program that serves this home; its content
 *                      is that file's path, so that who comes second opens
 *                      the same page again
 */
#ifndef AGENT_UI_LAUNCH_H
#define AGENT_UI_LAUNCH_H

#include "agent/ui/ui.h"
#include "shared/base/error.h"

/* Take the lock. XG_BUSY: another serves this home; `start_path` is its file
 * then, as long as that can be read. */
XG_MUST_CHECK enum xg_status launch_claim(int *lock_fd,
                                          char start_path[static UI_PATH_SIZE],
                                          const char *home,
                                          struct xg_error *err);
/* Write the start file for a key, and its path into the lock. */
XG_MUST_CHECK enum xg_status launch_write(struct ui *ui, int lock_fd,
                                          const char *key,
                                          struct xg_error *err);
/* The same file for the next key. */
XG_MUST_CHECK enum xg_status launch_renew(struct ui *ui, const char *key,
                                          struct xg_error *err);
/* Have it opened, by a program that the caller reaps when it ends. `kiosk`: over
 * the whole screen, without a frame. XG_NOTFOUND: there is no browser; the text
 * says what to do. */
XG_MUST_CHECK enum xg_status launch_browser(pid_t *pid, const char *start_path,
                                            bool kiosk, struct xg_error *err);

#endif

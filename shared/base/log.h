/* log.h - one line an event on standard error: level, event, key=value.
 *
 *      xg_log(XG_LOG_INFO, "batch.appended", "device=%s records=%zu", d, n);
 *
 * Errors are logged once, where they are handled; never content, never keys.
 * A line is written with one write(2), so lines of threads do not mix.
 */
#ifndef XG_BASE_LOG_H
#define XG_BASE_LOG_H

#include "shared/base/error.h"

enum xg_log_level { XG_LOG_DEBUG, XG_LOG_INFO, XG_LOG_WARN, XG_LOG_ERROR };

/* The least level that is written; XG_LOG_INFO until set. Set by main(). */
void xg_log_level(enum xg_log_level least);

XG_PRINTF(3, 4)
void xg_log(enum xg_log_level level, const char *event, const char *format,
            ...);

#endif

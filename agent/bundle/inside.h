/* inside.h - what writing and reading of bundles share. For agent/bundle/
 * alone.
 */
#ifndef AGENT_BUNDLE_INSIDE_H
#define AGENT_BUNDLE_INSIDE_H

#include "agent/engine/bundle.h"
#include "agent/engine/inside.h"
#include "shared/bundle/bundle.h"

/* Hellos that went out and may still be answered; and requests to join, which
 * state no size. The newest are kept. */
enum { BUNDLE_ASKED_MAX = 16 };
#define BUNDLE_META_ASKED "bundle.asked"
#define BUNDLE_META_ENROL "bundle.enrol"

XG_MUST_CHECK enum xg_status
bundle_load_asked(struct store *s,
                  struct sync_asked out[static BUNDLE_ASKED_MAX], size_t *count,
                  const char *name, struct xg_error *err);
/* [T] One more, the newest first. */
XG_MUST_CHECK enum xg_status bundle_add_asked(struct store *s, const char *name,
                                              const struct sync_asked *asked,
                                              struct xg_error *err);
/* [T] Answered: none is waited for. */
XG_MUST_CHECK enum xg_status
bundle_forget_asked(struct store *s, const char *name, struct xg_error *err);

#endif

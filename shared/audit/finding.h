/* finding.h - the words of a finding: names and texts of others among them. */
#ifndef XG_AUDIT_FINDING_H
#define XG_AUDIT_FINDING_H

#include <stdarg.h>

#include "shared/audit/audit.h"

/* Set f->text: one line of whole characters, none of which steers a terminal or
 * stands there unseen (view/text.h). */
XG_PRINTF(2, 0)
void xg_finding_write(struct xg_finding *f, const char *format, va_list args);

#endif

/* rescue_names.h - which files of a home a rescue may hold. */
#ifndef AGENT_BUNDLE_RESCUE_NAMES_H
#define AGENT_BUNDLE_RESCUE_NAMES_H

#include <stdbool.h>

/* A path below the home that engine/rescue.h lists, and nothing else. */
bool rescue_name_valid(const char *name);

#endif

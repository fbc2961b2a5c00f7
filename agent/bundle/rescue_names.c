/* rescue_names.c - see rescue_names.h. */
#include "agent/bundle/rescue_names.h"

#include <string.h>

enum { ID_DIGITS = 32, HASH_DIGITS = 64 };

/* `digits` lower-case hex digits, then `suffix`. */
static bool is_hex(const char *text, size_t digits, const char *suffix)
{
    return strspn(text, "0123456789abcdef") >= digits &&
           strcmp(text + digits, suffix) == 0;
}

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

bool rescue_name_valid(const char *name)
{
    static const char *const plain[] = {
        "agent.db",    "agent.db-wal",  "vault", "alarm/held",
        "alarm/shown", "alarm/welcome", NULL};

    if (is_one_of(name, plain))
        return true;
    if (strncmp(name, "alarm/", 6) == 0)
        return is_hex(name + 6, HASH_DIGITS, ".tlog-proof");
    if (strncmp(name, "patrol/", 7) == 0)
        return is_hex(name + 7, ID_DIGITS, ".spool");
    return strncmp(name, "photos/", 7) == 0 && strlen(name) > 10 &&
           name[9] == '/' && is_hex(name + 10, HASH_DIGITS, "") &&
           memcmp(name + 7, name + 10, 2) == 0;
}

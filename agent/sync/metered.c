/* metered.c - see metered.h. libsystemd's sd-bus; NMMetered of NetworkManager's
 * D-Bus interface: 0 unknown, 1 yes, 2 no, 3 guessed yes, 4 guessed no.
 */
#include "agent/sync/metered.h"

#include <systemd/sd-bus.h>
#include <time.h>

#include "shared/base/log.h"

#define NETWORK "org.freedesktop.NetworkManager"

enum { PATIENCE_US = 400 * 1000 };

enum { NM_UNKNOWN, NM_YES, NM_NO, NM_GUESS_YES, NM_GUESS_NO };

struct asked {
    bool answered;
    uint32_t metered;
};

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int take_answer(sd_bus_message *answer, void *ctx, sd_bus_error *error)
{
    struct asked *asked = ctx;

    (void)error;
    asked->answered = true;
    if (sd_bus_message_is_method_error(answer, NULL) ||
        sd_bus_message_enter_container(answer, 'v', "u") < 0 ||
        sd_bus_message_read_basic(answer, 'u', &asked->metered) < 0)
        asked->metered = NM_UNKNOWN;
    return 0;
}

/* Nothing is started for it: where no NetworkManager runs, none has an opinion.
 */
static int send_question(sd_bus *bus, struct asked *asked)
{
    sd_bus_message *call = NULL;
    int r = sd_bus_message_new_method_call(
        bus, &call, NETWORK, "/org/freedesktop/NetworkManager",
        "org.freedesktop.DBus.Properties", "Get");

    if (r >= 0)
        r = sd_bus_message_append(call, "ss", NETWORK, "Metered");
    if (r >= 0)
        r = sd_bus_message_set_auto_start(call, 0);
    if (r >= 0)
        r = sd_bus_call_async(bus, NULL, call, take_answer, asked, PATIENCE_US);
    sd_bus_message_unref(call);
    return r;
}

/* sd_bus_call() would wait for a bus that accepts and says nothing for a minute
 * and a half; so the waiting is done here. */
static uint32_t ask_network(void)
{
    struct asked asked = {false, NM_UNKNOWN};
    uint64_t until = now_us() + PATIENCE_US;
    sd_bus *bus = NULL;
    int r = sd_bus_open_system(&bus);

    if (r >= 0)
        r = send_question(bus, &asked);
    while (r >= 0 && !asked.answered) {
        uint64_t now = now_us();
        if (now >= until)
            break;
        r = sd_bus_process(bus, NULL);
        if (r == 0)
            r = sd_bus_wait(bus, until - now);
    }
    sd_bus_close(bus);
    sd_bus_unref(bus);
    xg_log(XG_LOG_DEBUG, "network.metered", "answered=%d value=%u",
           asked.answered, asked.metered);
    return asked.metered;
}

struct metered metered_find(uint64_t setting)
{
    uint32_t told = ask_network();

    if (told == NM_YES || told == NM_GUESS_YES)
        return (struct metered){true, METERED_BY_NETWORK};
    if (told == NM_NO || told == NM_GUESS_NO)
        return (struct metered){false, METERED_BY_NETWORK};
    if (setting != METERED_NOT_SET)
        return (struct metered){setting == METERED_SET_YES, METERED_BY_SETTING};
    return (struct metered){false, METERED_BY_DEFAULT};
}

const char *metered_by_name(enum metered_by by)
{
    switch (by) {
    case METERED_BY_DEFAULT:
        return "default";
    case METERED_BY_SETTING:
        return "setting";
    case METERED_BY_NETWORK:
        return "network";
    case METERED_BY_FLAG:
        return "flag";
    }
    return "default";
}

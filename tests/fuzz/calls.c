/* calls.c - what a page says in a call: whatever it is, what comes out of it is
 * an argument list in which nothing of the page's is an option or a path. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "agent/ui/calls.h"

static bool in_row(const struct xg_call *call, const char *argument)
{
    for (size_t i = 0; i < call->flag_count; i++) {
        const struct xg_call_flag *f = &call->flags[i];
        size_t len = strlen(f->name);
        if (strncmp(argument + 2, f->name, len) == 0 &&
            (f->value ? argument[2 + len] == '=' &&
                            strcmp(argument + 3 + len, f->value) == 0
                      : argument[2 + len] == '\0'))
            return strstr(call->row->flags, f->name) != NULL;
    }
    return false;
}

static bool is_ours(const char *argument)
{
    static const char *const ours[] = {
        "--json",     "--home=/h",           "--lang=zh", "--lang=en",
        "--pin-fd=3", "--passphrase-fd=3", "--bytes=9"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], argument) == 0)
            return true;
    return false;
}

static void check_arguments(const struct xg_call *call, char **list)
{
    size_t i = 1 + (strchr(call->row->run, ' ') ? 2 : 1);

    for (; strcmp(list[i], "--") != 0; i++) {
        FUZZ_MUST(strncmp(list[i], "--", 2) == 0);
        FUZZ_MUST(is_ours(list[i]) || in_row(call, list[i]));
    }
    for (size_t word = 0; word < call->word_count; word++)
        FUZZ_MUST(strcmp(list[++i], call->words[word]) == 0);
    FUZZ_MUST(!list[i + 1]);
    const struct xg_call_row *row = call->row;
    if (row->file && row->file_word < call->word_count) {
        const char *file = call->words[row->file_word];
        FUZZ_MUST(file[0] == '-' || strcmp(file, "/dev/stdin") == 0 ||
                  strncmp(file, "stick:", 6) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;

    if (call_parse(&call, xg_bytes(data, size), &arena, &err) == XG_OK) {
        const char *stick, *file;
        bool written;
        FUZZ_MUST(call.row && !(call.input && call.bytes && call.secret &&
                                call_row_of(&call)->secret == CALL_BY_INPUT));
        for (size_t i = 0;
             call_stick(&call, i, &stick, &file, &written, &arena); i++)
            FUZZ_MUST(*stick && *file && *file != '.' && !strchr(file, '/'));
        char **list = call_arguments(&call, "/h", 9, &arena);
        FUZZ_MUST(list);
        check_arguments(&call, list);
        xg_call_wipe(&call);
    } else {
        FUZZ_MUST(*xg_error_text(&err));
    }
    xg_arena_clear(&arena);
    return 0;
}

/* console_calls.c - what the operators' page says in a call, its first byte the
 * role of who says it: whatever it is, nothing comes out that her role may not
 * have run, that names another than her, or a path. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "server/console/calls.h"

static bool is_ours(const char *argument)
{
    return strcmp(argument, "--as=op") == 0 || strcmp(argument, "--json") == 0;
}

static bool is_given(const struct xg_call *call, const char *argument)
{
    for (size_t i = 0; i < call->flag_count; i++) {
        const struct xg_call_flag *f = &call->flags[i];
        size_t len = strlen(f->name);
        char type;
        if (strncmp(argument + 2, f->name, len) == 0 &&
            (f->value ? argument[2 + len] == '=' &&
                            strcmp(argument + 3 + len, f->value) == 0
                      : argument[2 + len] == '\0'))
            return xg_call_flag_type(&type, call->row, f->name) &&
                   strcmp(f->name, "as") != 0;
    }
    return false;
}

static void check_arguments(const struct xg_call *call, char **list, int count)
{
    size_t i = strchr(call->row->run, ' ') ? 2 : 1;
    bool named = false;

    for (; strcmp(list[i], "--") != 0; i++) {
        FUZZ_MUST(strncmp(list[i], "--", 2) == 0);
        FUZZ_MUST(is_ours(list[i]) || is_given(call, list[i]));
        named |= strcmp(list[i], "--as=op") == 0;
    }
    FUZZ_MUST(named || call_row_of(call)->as == CALL_NOBODY);
    FUZZ_MUST(strcmp(list[++i], "/d") == 0);
    for (size_t word = 0; word < call->word_count; word++)
        FUZZ_MUST(strcmp(list[++i], call->words[word]) == 0);
    FUZZ_MUST(!list[i + 1] && (size_t)count == i + 1);
    const struct xg_call_row *row = call->row;
    if ((row->file == 'i' || row->file == 'o') &&
        row->file_word < call->word_count)
        FUZZ_MUST(strcmp(call->words[row->file_word], "-") == 0);
    if (row->file == 'n')
        FUZZ_MUST(call->word_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;
    int count = 0;

    if (size == 0)
        return 0;
    const struct xg_role *role = xg_role_find(data[0] % 16u);
    if (!role)
        return 0;
    if (call_parse(&call, xg_bytes(data + 1, size - 1), role, &arena, &err) ==
        XG_OK) {
        FUZZ_MUST(call_row_of(&call)->roles & 1u << role->number);
        FUZZ_MUST(!call.secret);
        char **list = call_arguments(&call, &count, "/d", "op", &arena);
        FUZZ_MUST(list);
        check_arguments(&call, list, count);
    } else {
        FUZZ_MUST(*xg_error_text(&err));
    }
    xg_arena_clear(&arena);
    return 0;
}

/* test_calls.c - what the page may have run: every row is a command that there
 * is, with the options that it has; what is not in the table, or would be read
 * as something else, is refused before anything runs. */
#define _GNU_SOURCE /* getline */
#include "tests/lib/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ui/calls.h"
#include "shared/base/buf.h"
#include "shared/base/lang.h"

static struct xg_arena arena; /* of the test that runs */

static struct xg_call parse(const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;

    assert_ok(call_parse(&call, xg_bytes_of(text), &arena, &err));
    return call;
}

static void refused(const char *text, const char *named)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;

    if (call_parse(&call, xg_bytes_of(text), &arena, &err) != XG_USAGE)
        fail_msg("taken: %s", text);
    if (!strstr(xg_error_text(&err), named))
        fail_msg("%s: %s", text, xg_error_text(&err));
}

/* "a b c" of the arguments. */
static const char *arguments_of(const char *text, uint64_t input_bytes)
{
    static char joined[4096];
    struct xg_call call = parse(text);
    size_t len = 0;

    char **list = call_arguments(&call, "/h", input_bytes, &arena);
    assert_non_null(list);
    for (size_t i = 0; list[i]; i++)
        len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%s",
                                i ? "|" : "", list[i]);
    xg_call_wipe(&call);
    return joined;
}

static void test_arguments(void **state)
{
    (void)state;
    assert_string_equal(arguments_of("{\"run\":\"status\"}", 0),
                        "xunge|status|--json|--home=/h|--");
    assert_string_equal(
        arguments_of("{\"run\":\"list\",\"words\":[\"incident\"],\"flags\":"
                     "{\"open\":true,\"limit\":\"5\"},\"lang\":\"zh\"}",
                     0),
        "xunge|list|--json|--home=/h|--lang=zh|--open|--limit=5|--|incident");
    /* A word is a word, a value a value, whatever they look like. */
    assert_string_equal(
        arguments_of("{\"run\":\"note\",\"words\":[\"--home=/x\",\"--\"],"
                     "\"flags\":{\"as\":\"--json\"}}",
                     0),
        "xunge|note|--json|--home=/h|--as=--json|--|--home=/x|--");
    assert_string_equal(
        arguments_of("{\"run\":\"visit\",\"flags\":{\"incident\":[\"a=1\","
                     "\"b=2\"],\"photo\":\"-:near\",\"bytes\":\"1\"}}",
                     77),
        "xunge|visit|--json|--home=/h|--incident=a=1|--incident=b=2|"
        "--photo=-:near|--bytes=77|--");
    assert_string_equal(arguments_of("{\"run\":\"export\"}", 0),
                        "xunge|export|--home=/h|--");
}

static void test_secrets(void **state)
{
    struct xg_call call;

    (void)state;
    assert_string_equal(
        arguments_of("{\"run\":\"unlock\",\"secret\":\"horse\"}", 0),
        "xunge|unlock|--json|--home=/h|--passphrase-fd=3|--");
    assert_string_equal(
        arguments_of("{\"run\":\"incident\",\"secret\":\"1234\"}", 0),
        "xunge|incident|--json|--home=/h|--pin-fd=3|--");
    assert_string_equal(
        arguments_of("{\"run\":\"enrol\",\"secret\":\"code\"}", 0),
        "xunge|enrol|--json|--home=/h|--|-");

    call = parse("{\"run\":\"unlock\",\"secret\":\"horse\"}");
    assert_int_equal(call.secret_bytes, 5);
    char *held = call.secret;
    assert_string_equal(held, "horse");
    xg_call_wipe(&call);
    assert_null(call.secret);
    assert_memory_equal(held, "\0\0\0\0\0", 5);

    refused("{\"run\":\"status\",\"secret\":\"x\"}", "status");
    refused("{\"run\":\"unlock\",\"secret\":1}", "secret");
    refused("{\"run\":\"enrol\",\"words\":[\"CODE\"]}", "words");
}

static void test_refusals(void **state)
{
    (void)state;
    refused("", "JSON");
    refused("[]", "JSON");
    refused("{\"run\":\"status\"} x", "JSON");
    refused("{\"run\":\"status\",\"run\":\"list\"}", "JSON");
    refused("{\"words\":[]}", "run");
    refused("{\"run\":7}", "run");
    refused("{\"run\":\"status\",\"cwd\":\"/\"}", "cwd");
    refused("{\"run\":\"status\",\"ru\":\"/\"}", "ru");
    refused("{\"run\":\"status\",\"lang\":\"fr\"}", "lang");
    refused("{\"run\":\"leave\",\"flags\":{\"yes\":true}}", "leave");
    refused("{\"run\":\"passphrase clear\"}", "passphrase clear");
    refused("{\"run\":\"passphrase recover\"}", "passphrase recover");
    refused("{\"run\":\"ui\"}", "ui");
    refused("{\"run\":\"import\",\"words\":[\"-\"]}", "import");
    refused("{\"run\":\"status --home\"}", "status --home");
    refused("{\"run\":\"\"}", "\"\"");
    refused("{\"run\":\"status\",\"flags\":{\"home\":\"/x\"}}", "home");
    refused("{\"run\":\"status\",\"flags\":{\"\":true}}", "status");
    refused("{\"run\":\"list\",\"flags\":{\"ope\":true}}", "ope");
    refused("{\"run\":\"list\",\"flags\":{\"open limit\":true}}", "open limit");
    refused("{\"run\":\"list\",\"flags\":{\"open\":\"x\"}}", "open");
    refused("{\"run\":\"list\",\"flags\":{\"open\":false}}", "open");
    refused("{\"run\":\"list\",\"flags\":{\"limit\":true}}", "limit");
    refused("{\"run\":\"list\",\"flags\":{\"limit\":[\"1\",\"2\"]}}", "limit");
    refused("{\"run\":\"list\",\"flags\":[]}", "flags");
    refused("{\"run\":\"list\",\"words\":\"incident\"}", "words");
    refused("{\"run\":\"list\",\"words\":[1]}", "words");
    refused("{\"run\":\"note\",\"words\":[\"a\\u0000b\"]}", "JSON");
    refused("{\"run\":\"unlock\",\"flags\":{\"passphrase-fd\":\"0\"}}",
            "passphrase-fd");
    refused("{\"run\":\"patrol start\",\"flags\":{\"gpsd\":\"x:1\"}}", "gpsd");
    refused("{\"run\":\"enrol\",\"flags\":{\"request\":\"/tmp/x\"}}", "/tmp/x");
}

static void test_files(void **state)
{
    static const char *const paths[] = {
        "/etc/passwd",   "a.jpg",        "",         "-x",
        "stick:",        "stick:A",      "stick:A/", "stick:/f",
        "stick:A/../f",  "stick:A/.ssh", "stick:A/b/c", "STICK:A/b",
        "-:near"};
    struct xg_call call;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        snprintf(text, sizeof text, "{\"run\":\"bundle read\",\"words\":[\"%s\"]}",
                 paths[i]);
        refused(text, paths[i]);
        snprintf(text, sizeof text,
                 "{\"run\":\"photos get\",\"words\":[\"a\"],\"flags\":"
                 "{\"output\":\"%s\"}}",
                 paths[i]);
        refused(text, paths[i]);
    }
    refused("{\"run\":\"photo\",\"words\":[\"ID\",\"/x\"]}", "/x");
    refused("{\"run\":\"photo\",\"words\":[\"ID\",\"-\",\"/x\"]}", "/x");
    refused("{\"run\":\"photo\",\"words\":[\"ID\",\"-\",\"-\"]}", "one file");
    refused("{\"run\":\"photo\",\"words\":[\"ID\",\"stick:A/b\"]}", "stick:A");
    refused("{\"run\":\"photo\",\"words\":[\"ID\",\"-:a/b\"]}", "-:a/b");
    refused("{\"run\":\"incident\",\"flags\":{\"photo\":[\"-\",\"-\"]}}",
            "one file");

    call = parse("{\"run\":\"photo\",\"words\":[\"/x\","
                           "\"-:near,forwarded\"]}");
    assert_true(call.input && !call.bytes);
    call = parse("{\"run\":\"photos get\",\"words\":[\"a\"],"
                           "\"flags\":{\"output\":\"-\"}}");
    assert_true(call.bytes && !call.input);
    call = parse("{\"run\":\"bundle write\",\"words\":[\"-\"]}");
    assert_true(call.bytes && !call.input);
    call = parse("{\"run\":\"bundle read\",\"words\":[\"-\"]}");
    assert_true(call.input && call.whole && !call.bytes);
    assert_string_equal(call.words[0], "/dev/stdin");
}

static void test_sticks(void **state)
{
    const char *stick, *file, **at;
    struct xg_call call;
    bool written;

    (void)state;
    call = parse("{\"run\":\"handover accept\",\"words\":["
                           "\"stick:KINGSTON/a b.xgh\"],\"flags\":{\"answer\":"
                           "\"stick:KINGSTON/answer\"}}");
    assert_false(call.input || call.bytes);
    at = call_stick(&call, 0, &stick, &file, &written, &arena);
    assert_ptr_equal(at, &call.flags[0].value);
    assert_string_equal(stick, "KINGSTON");
    assert_string_equal(file, "answer");
    assert_true(written);
    at = call_stick(&call, 1, &stick, &file, &written, &arena);
    assert_ptr_equal(at, &call.words[0]);
    assert_string_equal(file, "a b.xgh");
    assert_false(written);
    assert_null(call_stick(&call, 2, &stick, &file, &written, &arena));
    /* A note about a stick is a note. */
    call = parse("{\"run\":\"note\",\"words\":[\"stick:A/b\"]}");
    assert_null(call_stick(&call, 0, &stick, &file, &written, &arena));
}

static void test_limits(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text = XG_BUF(1 << 20);
    struct xg_call call;

    (void)state;
    xg_buf_text(&text, "{\"run\":\"export\",\"words\":[");
    for (int i = 0; i < CALL_WORDS_MAX; i++)
        xg_buf_text(&text, i ? ",\"a\"" : "\"a\"");
    size_t fits = text.len;
    xg_buf_text(&text, "]}");
    assert_ok(call_parse(&call, xg_buf_bytes(&text), &arena, &err));
    text.len = fits;
    xg_buf_text(&text, ",\"a\"]}");
    assert_status(call_parse(&call, xg_buf_bytes(&text), &arena, &err),
                  XG_USAGE);
    xg_buf_reset(&text);
    xg_buf_text(&text, "{\"run\":\"note\",\"words\":[\"");
    while (text.len < CALL_BYTES_MAX)
        xg_buf_text(&text, "xxxxxxxxxxxxxxxx");
    xg_buf_text(&text, "\"]}");
    err = XG_ERROR_NONE;
    assert_status(call_parse(&call, xg_buf_bytes(&text), &arena, &err),
                  XG_USAGE);
    xg_buf_clear(&text);
}

/* The complaint comes in the language that the call asks for. */
static void test_language(void **state)
{
    (void)state;
    refused("{\"run\":\"leave\",\"lang\":\"zh\"}", "页面不能做");
    refused("{\"run\":\"leave\",\"lang\":\"en\"}", "the page cannot do");
}

/* ---- the table and the commands ---- */

static json_t *load_commands(void)
{
    const char *bin = getenv("XG_BIN");
    json_t *all = json_object();
    char command[512], *line = NULL;
    size_t room = 0;
    ssize_t n;

    assert_non_null(bin);
    snprintf(command, sizeof command, "'%s/xunge' help --json --lang en", bin);
    FILE *said = popen(command, "r");
    assert_non_null(said);
    while ((n = getline(&line, &room, said)) > 0) {
        json_t *one = json_loadb(line, (size_t)n, 0, NULL);
        const char *name = json_string_value(json_object_get(one, "command"));
        assert_non_null(name);
        assert_int_equal(json_object_set_new(all, name, one), 0);
    }
    assert_int_equal(pclose(said), 0);
    free(line);
    return all;
}

static const json_t *flag_named(const json_t *command, const char *name,
                                size_t len)
{
    size_t i;
    const json_t *flag;

    json_array_foreach(json_object_get(command, "flags"), i, flag) {
        const char *own = json_string_value(json_object_get(flag, "name"));
        if (strlen(own) == len && memcmp(own, name, len) == 0)
            return flag;
    }
    return NULL;
}

static void check_flags(const struct call_row *row, const json_t *command)
{
    for (const char *at = row->call.flags; *at;) {
        size_t width = strcspn(at, " "), len = strcspn(at, " =");
        char type = len == width ? 0 : width == len + 1 ? '=' : at[width - 1];
        const json_t *flag = flag_named(command, at, len);
        if (!flag)
            fail_msg("%s has no --%.*s", row->call.run, (int)len, at);
        bool value = json_is_string(json_object_get(flag, "value"));
        bool many = json_is_true(json_object_get(flag, "many"));
        if (value != (type != 0) || many != (type == '+' || type == 'p'))
            fail_msg("%s --%.*s is of another type", row->call.run, (int)len, at);
        at += width + strspn(at + width, " ");
    }
}

static void test_table(void **state)
{
    json_t *commands = load_commands();

    (void)state;
    for (size_t i = 0; i < call_row_count; i++) {
        const struct call_row *row = &call_rows[i];
        const json_t *command = json_object_get(commands, row->call.run);
        if (!command)
            fail_msg("there is no command %s", row->call.run);
        check_flags(row, command);
        if (row->secret == CALL_BY_PIN_FD && !flag_named(command, "pin-fd", 6))
            fail_msg("%s has no --pin-fd", row->call.run);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->call.run, call_rows[j].call.run);
    }
    json_decref(commands);
}

static int forget(void **state)
{
    (void)state;
    xg_lang_thread(XG_LANG_EN);
    xg_arena_clear(&arena);
    arena = XG_ARENA(4 << 20);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_arguments, forget),
        cmocka_unit_test_setup(test_secrets, forget),
        cmocka_unit_test_setup(test_refusals, forget),
        cmocka_unit_test_setup(test_files, forget),
        cmocka_unit_test_setup(test_sticks, forget),
        cmocka_unit_test_setup(test_limits, forget),
        cmocka_unit_test_setup(test_language, forget),
        cmocka_unit_test_setup(test_table, forget),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    xg_arena_clear(&arena);
    return failed;
}

/* main.c - xunge-server: read the words, run the command here or in the
 * server that has the folder open. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/cli/cmd.h"
#include "server/cli/control.h"
#include "server/cli/lend.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"
#include "shared/base/secret.h"

enum { BUSY_TRIES = 100, BUSY_PAUSE_MS = 100 };

static void put(FILE *to, const struct xg_buf *text)
{
    if (text->len)
        fwrite(text->data, 1, text->len, to);
}

static void put_errors(const struct xg_buf *errors)
{
    put(stderr, errors);
    if (errors->failed != XG_OK) /* no memory to say what it was */
        fprintf(stderr, "xunge-server: %s\n",
                XG_T("内存不足", "out of memory"));
}

static int refuse(struct cmd *c, const struct xg_error *err)
{
    struct xg_buf line = XG_BUF(64 << 10);
    int code = cmd_complain(c, &line, err);

    put_errors(&line);
    xg_buf_clear(&line);
    return code;
}

static enum xg_status read_input(struct xg_buf *in, const char *path,
                                 struct xg_error *err)
{
    bool piped = strcmp(path, "-") == 0;
    enum xg_status status = xg_os_read(in, piped ? "/dev/stdin" : path, err);

    return status != XG_TOOBIG
               ? status
               : xg_fail(err, XG_TOOBIG,
                         XG_T("%s 超过 %d MB 的上限：请缩小，或分成几个",
                              "%s is over the limit of %d MB: make it smaller, "
                              "or several of it"),
                         piped ? XG_T("给的文件", "the file given") : path,
                         CMD_INPUT_MAX >> 20);
}

/* A file to be made, as another process would find it. In place of the word
 * in argv. */
static enum xg_status absolute(char path[static CMD_PATH_SIZE],
                               const char **word, struct xg_error *err)
{
    char here[CMD_PATH_SIZE];

    if (**word == '/' || strcmp(*word, "-") == 0)
        return XG_OK;
    if (!getcwd(here, sizeof here))
        return xg_fail_os(err, "%s", *word);
    if (cmd_path(path, here, *word, err) != XG_OK)
        return err->status;
    *word = path;
    return XG_OK;
}

static int finish(const struct cmd *c, const struct xg_buf *out,
                  const struct xg_buf *errors, int exit_code)
{
    put(c->out_is_taken ? stderr : stdout, out);
    put_errors(errors);
    if (fflush(stdout) != 0 && exit_code == 0) {
        fprintf(stderr, "xunge-server: %s: %s\n",
                XG_T("写标准输出", "writing standard output"), strerror(errno));
        return xg_status_exit(XG_IO);
    }
    return exit_code;
}

/* ---- an operator's password ---- */

/* One line of --password-fd, or of the terminal. */
static enum xg_status read_password(struct xg_buf *out, const struct cmd *c,
                                    const char *prompt, bool is_new,
                                    struct xg_error *err)
{
    const char *given = cmd_option(c, "password-fd");
    unsigned long fd = STDIN_FILENO;

    if (given && strcmp(given, "0") != 0 &&
        cmd_number(&fd, c, "password-fd", STDIN_FILENO, INT_MAX, err) != XG_OK)
        return err->status;
    return (is_new ? xg_secret_read_new : xg_secret_read)(out, (int)fd, prompt,
                                                          err);
}

/* The old one and the new one, a line each; or only the new one. */
static enum xg_status read_passwords(struct xg_buf *out, const struct cmd *c,
                                     struct xg_error *err)
{
    struct xg_buf new = {0};

    if (cmd_option(c, "change") &&
        read_password(out, c, XG_T("现在的口令：", "Present password: "), false,
                      err) != XG_OK)
        return err->status;
    enum xg_status status = read_password(
        &new, c, XG_T("新口令：", "New password: "), true, err);
    if (status == XG_OK && !cmd_option(c, "change"))
        *out = XG_BUF(XG_SECRET_MAX + 2);
    else if (status == XG_OK)
        xg_buf_byte(out, '\n');
    if (status == XG_OK) {
        xg_buf_append(out, new.data, new.len);
        status = xg_buf_check(out, err);
    }
    xg_secret_wipe(&new);
    return status;
}

static bool takes_password(const struct cmd *c)
{
    for (size_t i = 0; i < CMD_OPTIONS_MAX && c->spec->options[i].name; i++)
        if (strcmp(c->spec->options[i].name, "password-fd") == 0)
            return true;
    return false;
}

/* What is known to be needed before it runs. */
static enum xg_status prepare_password(struct xg_buf *out, const struct cmd *c,
                                       struct xg_error *err)
{
    if (!takes_password(c))
        return XG_OK;
    if (c->spec->run == cmd_operator_key)
        return cmd_option(c, "remove") ? XG_OK : read_passwords(out, c, err);
    if (!cmd_option(c, "password-fd") || cmd_option(c, "unsigned"))
        return XG_OK;
    return read_password(out, c, "", false, err);
}

/* It says that it wants one: is there somebody to ask? */
static bool ask_password(struct xg_buf *out, struct cmd *c, int exit_code)
{
    struct xg_error err = XG_ERROR_NONE;

    if (exit_code != xg_status_exit(XG_LOCKED) || c->password.len ||
        !takes_password(c) || !isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s  ", cmd_option(c, "as"));
    if (read_password(out, c, XG_T("口令：", "Password: "), false, &err) !=
            XG_OK ||
        out->len == 0)
        return false;
    c->password = xg_buf_bytes(out);
    return true;
}

static int run_here(struct cmd *c, struct xg_buf *password)
{
    struct xg_buf errors = XG_BUF(64 << 10);
    int exit_code = cmd_execute(c, &errors);

    if (ask_password(password, c, exit_code)) {
        xg_buf_reset(&errors);
        xg_buf_reset(&c->out);
        exit_code = cmd_execute(c, &errors);
    }
    exit_code = finish(c, &c->out, &errors, exit_code);
    xg_buf_clear(&errors);
    return exit_code;
}

/* Where the folder is open, or else here. Another command may have it, or a
 * server that is about to listen: then wait a while. */
static int run_with(struct cmd *c, struct xg_buf *password, int argc,
                    const char *const *argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct control_answer answer;

    for (int i = 0; i < BUSY_TRIES; i++) {
        err = XG_ERROR_NONE;
        enum xg_status status =
            control_ask(&answer, c->args[0], argc, argv, c->input, c->password,
                        c->spec->access == CMD_LENT ? c->files : NULL, &err);
        if (status == XG_OK) {
            bool again = ask_password(password, c, answer.exit_code);
            int code = again ? 0
                             : finish(c, &answer.out, &answer.errors,
                                      answer.exit_code);
            xg_buf_clear(&answer.out);
            xg_buf_clear(&answer.errors);
            if (again)
                continue;
            return code;
        }
        if (status != XG_NOTFOUND)
            return refuse(c, &err);
        err = XG_ERROR_NONE;
        status = data_open(&c->data, c->args[0], c->env, &err);
        if (status == XG_OK) {
            const struct xg_env *machine = c->env;
            c->env = &c->data->env;
            int code = run_here(c, password);
            c->env = machine;
            data_close(c->data);
            return code;
        }
        if (status != XG_BUSY)
            return refuse(c, &err);
        struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return refuse(c, &err);
}

static int run_on_data(struct cmd *c, int argc, const char *const *argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf password = {0};
    int code;

    if (prepare_password(&password, c, &err) != XG_OK) {
        code = refuse(c, &err);
    } else {
        c->password = xg_buf_bytes(&password);
        code = run_with(c, &password, argc, argv);
    }
    xg_secret_wipe(&password);
    c->password = xg_bytes(NULL, 0);
    return code;
}

/* On files that are opened, and named, here. */
static int run_lent(struct cmd *c, int argc, const char *const *argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct lent lent;

    if (lend_open(&lent, c, &err) != XG_OK)
        return refuse(c, &err);
    memcpy(c->files, lent.files, sizeof c->files);
    c->out_is_taken = lent.to_stdout;
    int code = run_on_data(c, argc, argv);
    if (lend_close(&lent, &err) != XG_OK)
        return refuse(c, &err);
    return code;
}

/* Which of argv an argument of the command is: the pointers are the same. */
static const char **word_of(const char **argv, int argc, const char *arg)
{
    for (int i = 0; i < argc; i++)
        if (argv[i] == arg)
            return &argv[i];
    return NULL;
}

/* The same for an option that names a folder: "--photos X", "--photos=X". */
static enum xg_status absolute_option(char path[static CMD_PATH_SIZE],
                                      struct cmd *c, size_t which, int argc,
                                      const char **argv, struct xg_error *err)
{
    const char **value = &c->values[which];
    const char **word = word_of(argv, argc, *value);
    char there[CMD_PATH_SIZE];
    const char *found = *value;

    if (absolute(there, &found, err) != XG_OK)
        return err->status;
    if (word) {
        snprintf(path, CMD_PATH_SIZE, "%s", found);
        *word = *value = path;
        return XG_OK;
    }
    size_t head = strlen(c->spec->options[which].name) + strlen("--=");
    if (snprintf(path, CMD_PATH_SIZE, "--%s=%s", c->spec->options[which].name,
                 found) >= CMD_PATH_SIZE)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       found);
    for (int i = 0; i < argc; i++)
        if (argv[i] + head == *value)
            argv[i] = path;
    *value = path + head;
    return XG_OK;
}

static int run(struct cmd *c, int argc, const char **argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf input = XG_BUF(CMD_INPUT_MAX);
    char path[CMD_PATH_SIZE], folder[CMD_PATH_SIZE];
    int code;

    if (c->spec->access == CMD_ALONE)
        return run_here(c, NULL);
    if (c->spec->access == CMD_LENT) {
        xg_log_level(XG_LOG_WARN); /* the answer says it already */
        return run_lent(c, argc, argv);
    }
    if (c->spec->input && c->spec->input < c->arg_count &&
        read_input(&input, c->args[c->spec->input], &err) != XG_OK) {
        xg_buf_clear(&input);
        return refuse(c, &err);
    }
    if (c->spec->output && c->spec->output < c->arg_count) {
        const char **word = word_of(argv, argc, c->args[c->spec->output]);
        if (word && absolute(path, word, &err) != XG_OK)
            return refuse(c, &err);
        if (word)
            c->args[c->spec->output] = *word;
    }
    for (size_t i = 0; i < CMD_OPTIONS_MAX && c->spec->options[i].name; i++)
        if (c->values[i] && c->spec->options[i].value &&
            strcmp(c->spec->options[i].value, "FOLDER") == 0 &&
            absolute_option(folder, c, i, argc, argv, &err) != XG_OK)
            return refuse(c, &err); /* no command has two */
    c->input = xg_buf_bytes(&input);
    code = run_on_data(c, argc, argv);
    xg_buf_clear(&input);
    return code;
}

int main(int argc, char **argv)
{
    struct xg_env env = xg_env_system();
    struct xg_error err = XG_ERROR_NONE;
    struct cmd c = {.env = &env, .out = XG_BUF(CMD_OUT_MAX)};
    const char **words = calloc((size_t)argc + 1, sizeof *words);
    int code;

    if (!words || xg_base_init() != 0) {
        free(words);
        return xg_status_exit(XG_NOMEM);
    }
    signal(SIGPIPE, SIG_IGN);
    xg_lang_init(NULL);
    for (int i = 1; i < argc; i++)
        words[i - 1] = argv[i];
    enum xg_status status =
        cmd_parse(&c, argc - 1, (const char *const *)words, &err);
    if (c.lang && xg_lang_init(c.lang) != 0) {
        xg_fail(&err, XG_USAGE, "--lang: zh | en");
        code = refuse(&c, &err);
    } else if (status != XG_OK) {
        err = XG_ERROR_NONE; /* again, now in the language asked for */
        c = (struct cmd){.env = &env, .out = XG_BUF(CMD_OUT_MAX)};
        xg_ignore(cmd_parse(&c, argc - 1, (const char *const *)words, &err));
        code = refuse(&c, &err);
    } else if (c.help) {
        cmd_help(&c.out, c.spec);
        put(stdout, &c.out);
        code = fflush(stdout) == 0 ? 0 : xg_status_exit(XG_IO);
    } else {
        code = run(&c, argc - 1, words);
    }
    xg_buf_clear(&c.out);
    free(words);
    return code;
}

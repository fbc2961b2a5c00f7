/* completion.c - the completion script for bash, from the table of commands.
 *
 * It completes commands, flags, file names after flags that take one, names
 * of fields, and the choices after "field=".
 */
#include "agent/cli/cli.h"

#include <string.h>

static bool is_file(const struct cli_flag *f)
{
    return f->value &&
           (strncmp(f->value, "FILE", 4) == 0 || strcmp(f->value, "DIR") == 0);
}

/* "a|b|c" as "a b c"; nothing where it is no list of words. */
static void put_alternatives(struct xg_buf *out, const char *value)
{
    if (!strchr(value, '|'))
        return;
    for (; *value; value++)
        xg_buf_byte(out, *value == '|' ? ' ' : (uint8_t)*value);
}

static void put_flag_words(struct xg_buf *out, const struct cli_flag *flags)
{
    for (; flags && flags->name; flags++)
        xg_buf_format(out, " --%s", flags->name);
}

static void put_flag_values(struct xg_buf *out, const struct cli_flag *flags)
{
    for (; flags && flags->name; flags++) {
        if (is_file(flags)) {
            xg_buf_format(out, "    *:--%s) _filedir; return ;;\n",
                          flags->name);
        } else if (flags->value && strchr(flags->value, '|')) {
            xg_buf_format(out, "    *:--%s) words=\"", flags->name);
            put_alternatives(out, flags->value);
            xg_buf_text(out, "\" ;;\n");
        } else if (flags->value && strcmp(flags->value, "ROLE") == 0) {
            xg_buf_format(out, "    *:--%s) words=\"", flags->name);
            for (const struct xg_choice *c = xg_photo_roles; c->name; c++)
                xg_buf_format(out, " %s", c->name);
            xg_buf_text(out, "\" ;;\n");
        } else if (flags->value) {
            xg_buf_format(out, "    *:--%s) return ;;\n", flags->name);
        }
    }
}

static void put_field_words(struct xg_buf *out, const struct xg_kind *kind)
{
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if (!(f->flags & (XG_MACHINE | XG_BY_MOVE)))
            xg_buf_format(out, " %s=", f->name);
}

static void put_choice_cases(struct xg_buf *out, const struct xg_kind *kind)
{
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++) {
        if (!f->choices || (f->flags & (XG_MACHINE | XG_BY_MOVE)))
            continue;
        xg_buf_format(out, "    %s:%s) words=\"", kind->name, f->name);
        for (const struct xg_choice *c = f->choices; c->name; c++)
            xg_buf_format(out, "%s%s", c == f->choices ? "" : " ", c->name);
        xg_buf_text(out, "\" ;;\n");
    }
}

static bool takes_file(const struct cli_command *c)
{
    return strstr(c->args, "FILE") != NULL;
}

static void put_command_case(struct xg_buf *out, const struct cli_command *c)
{
    xg_buf_format(out, "    \"%s\") words=\"", c->name);
    put_flag_words(out, c->flags);
    put_flag_words(out, cli_common_flags);
    if (c->kind)
        put_field_words(out, c->kind);
    if (strncmp(c->args, "[KIND]", 6) == 0)
        for (const struct xg_kind *k = xg_kinds; k->name; k++)
            if (k->entity)
                xg_buf_format(out, " %s", k->name);
    if (strcmp(c->name, "do") == 0)
        for (const struct xg_choice *m = xg_moves; m->name; m++)
            xg_buf_format(out, " %s", m->name);
    xg_buf_text(out, "\"");
    if (takes_file(c))
        xg_buf_text(out, "; [[ $cur == -* ]] || _filedir");
    xg_buf_text(out, " ;;\n");
}

/* First words of all commands, each once. */
static void put_first_words(struct xg_buf *out)
{
    struct cli_command c, before;

    for (size_t i = 0; cli_command_at(&c, i); i++) {
        size_t len = strcspn(c.name, " ");
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = cli_command_at(&before, j) &&
                   strncmp(before.name, c.name, len) == 0 &&
                   (before.name[len] == '\0' || before.name[len] == ' ');
        if (!seen)
            xg_buf_format(out, " %.*s", (int)len, c.name);
    }
}

static void put_families(struct xg_buf *out)
{
    struct cli_command c, d;

    for (size_t i = 0; cli_command_at(&c, i); i++) {
        size_t len = strcspn(c.name, " ");
        if (c.name[len] != ' ' || (i > 0 && cli_command_at(&d, i - 1) &&
                                   strncmp(d.name, c.name, len + 1) == 0))
            continue;
        xg_buf_format(out, "    %.*s) words=\"", (int)len, c.name);
        for (size_t j = i; cli_command_at(&d, j); j++)
            if (strncmp(d.name, c.name, len + 1) == 0)
                xg_buf_format(out, " %s", d.name + len + 1);
        xg_buf_text(out, "\" ;;\n");
    }
}

static void put_values(struct xg_buf *out)
{
    struct cli_command c;

    put_flag_values(out, cli_common_flags);
    for (size_t i = 0; cli_command_at(&c, i); i++) {
        if (c.kind)
            put_choice_cases(out, c.kind);
        put_flag_values(out, c.flags);
    }
}

enum xg_status cmd_completion(struct cli *cli, struct xg_error *err)
{
    struct xg_buf *out = &cli->out;
    struct cli_command c;

    xg_buf_text(out, "# bash completion for xunge\n"
                     "_xunge() {\n"
                     "  local cur=${COMP_WORDS[COMP_CWORD]} words= cmd= i\n"
                     "  local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "  if [[ $cur == = ]]; then cur=; "
                     "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                     "  elif [[ $prev == = ]]; then "
                     "prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                     "  declare -F _filedir >/dev/null || _filedir() {\n"
                     "    COMPREPLY+=($(compgen -f -- \"$cur\")); }\n"
                     "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                     "    [[ ${COMP_WORDS[i]} == -* ]] && continue\n"
                     "    cmd=\"$cmd${cmd:+ }${COMP_WORDS[i]}\"\n"
                     "    case $cmd in *\\ *) break ;; esac\n"
                     "  done\n"
                     "  case \"${cmd%% *}:$prev\" in\n");
    put_values(out);
    xg_buf_text(out, "  esac\n"
                     "  [[ $words ]] || case \"$cmd\" in\n"
                     "    '') words=\"");
    put_first_words(out);
    put_flag_words(out, cli_common_flags);
    xg_buf_text(out, "\" ;;\n");
    put_families(out);
    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (strchr(c.name, ' ') || !cli_is_family(c.name))
            put_command_case(out, &c);
    xg_buf_text(out, "  esac\n"
                     "  [[ $words ]] || case \"${cmd%% *}\" in\n");
    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (!strchr(c.name, ' ') && !cli_is_family(c.name))
            put_command_case(out, &c);
    xg_buf_text(out, "  esac\n"
                     "  COMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))\n"
                     "  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
                     "}\n"
                     "complete -F _xunge xunge\n");
    return xg_buf_check(out, err);
}

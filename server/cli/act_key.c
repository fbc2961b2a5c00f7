/* act_key.c - see act_key.h. */
#include "server/cli/act_key.h"

#include <sodium.h>
#include <string.h>

#include "shared/base/bytes.h"
#include "shared/base/lang.h"

enum { DIGITS = 2 * STORE_ACT_KEY_SIZE };

/* With its end, so that two words are not one. */
static void add(crypto_hash_sha256_state *all, const char *word)
{
    crypto_hash_sha256_update(all, (const unsigned char *)word,
                              strlen(word) + 1);
}

/* Asked for again it is signed as the login then has it, and more may be on the
 * screen. */
static bool is_beside(const char *option)
{
    static const char *const beside[] = {"act", "as", "password-fd", "unsigned",
                                         "seen"};

    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (strcmp(option, beside[i]) == 0)
            return true;
    return false;
}

static struct xg_hash hash_of(const struct cmd *c)
{
    crypto_hash_sha256_state all;
    struct xg_hash hash;

    crypto_hash_sha256_init(&all);
    add(&all, c->spec->words);
    for (size_t i = 1; i < c->arg_count; i++)
        add(&all, c->args[i]);
    for (size_t i = 0; i < c->given_count; i++) {
        const struct cmd_given *one = &c->given[i];
        const char *name = c->spec->options[one->option].name;
        if (is_beside(name))
            continue;
        add(&all, "--");
        add(&all, name);
        add(&all, one->value);
    }
    crypto_hash_sha256_final(&all, hash.b);
    return hash;
}

enum xg_status act_key_read(struct again_key *key, bool *given,
                            const struct cmd *c, struct xg_error *err)
{
    const char *text = cmd_option(c, "act");

    *given = text != NULL;
    if (!text)
        return XG_OK;
    if (strlen(text) != DIGITS ||
        !xg_unhex(key->key, STORE_ACT_KEY_SIZE, text, DIGITS))
        return xg_fail(err, XG_USAGE,
                       XG_T("--act 是 %d 位十六进制数字",
                            "--act wants %d hexadecimal digits"),
                       DIGITS);
    key->asked = hash_of(c);
    return XG_OK;
}

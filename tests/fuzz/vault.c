/* vault.c - a device's disk in other hands: HOME/vault, a sealed file, a sealed
 * value, the spool of a patrol. Sealed for good by the harness where only then
 * something is read. The first byte chooses. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_home.h"
#include "tests/fuzz/fuzz_track.h"

#include "agent/record/patrol_spool.h"
#include "agent/vault/slots.h"

enum { SLOTS, SEALED_FILE, VALUE, SPOOL, SPOOL_SEALED, KINDS };

static char home[FUZZ_PATH_SIZE];
static struct vault *vault;
static struct xg_env env;
static const struct xg_id patrol = {{5}};

static void leave(void)
{
    vault_free(vault);
    fuzz_remove(home);
}

static void begin(void)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[2 * FUZZ_PATH_SIZE];

    FUZZ_MUST(xg_base_init() == 0);
    env = xg_env_system();
    fuzz_folder(home);
    snprintf(path, sizeof path, "%s/patrol", home);
    FUZZ_MUST(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/damaged", home);
    FUZZ_MUST(mkdir(path, 0700) == 0);
    FUZZ_MUST(vault_create(home, NULL, &env, &err) == XG_OK &&
              vault_unlock_default(&vault, home, &env, &err) == XG_OK);
    atexit(leave);
}

/* What loads can be stored, and is then the same. */
static void slots(struct xg_bytes file)
{
    struct vault_slots read, again;
    struct vault_state state;
    struct xg_error err = XG_ERROR_NONE;
    char damaged[2 * FUZZ_PATH_SIZE];
    struct vault *opened;

    snprintf(damaged, sizeof damaged, "%s/damaged", home);
    fuzz_put(damaged, "vault", file.at, file.len);
    memset(&read, 0, sizeof read);
    memset(&again, 0, sizeof again);
    if (vault_slots_load(&read, damaged, &err) == XG_OK) {
        FUZZ_MUST(vault_slots_store(&read, damaged, &err) == XG_OK &&
                  vault_slots_load(&again, damaged, &err) == XG_OK);
        FUZZ_MUST(memcmp(read.id, again.id, sizeof read.id) == 0 &&
                  read.has_escrow == again.has_escrow &&
                  read.has_passphrase == again.has_passphrase &&
                  read.has_key_file == again.has_key_file);
        FUZZ_MUST(vault_state(&state, damaged, &err) == XG_OK);
    }
    err = XG_ERROR_NONE;
    FUZZ_MUST(vault_unlock_default(&opened, damaged, &env, &err) != XG_OK);
}

/* Nothing of it was sealed by this vault. */
static void sealed_file(struct xg_bytes file)
{
    char path[2 * FUZZ_PATH_SIZE];
    struct xg_error err = XG_ERROR_NONE;
    struct vault_file out;
    uint64_t length;

    fuzz_put(home, "sealed", file.at, file.len);
    snprintf(path, sizeof path, "%s/sealed", home);
    if (vault_file_length(&length, path, &err) == XG_OK)
        FUZZ_MUST(length < file.len);
    FUZZ_MUST(vault_open_file(vault, &out, path, xg_bytes_of("photo"), -1,
                              &err) != XG_OK);
}

static void value(struct xg_bytes sealed)
{
    struct xg_buf out = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;

    FUZZ_MUST(vault_open(vault, &out, xg_bytes_of("record"), sealed, &err) !=
                  XG_OK &&
              out.len == 0);
    xg_buf_clear(&out);
}

static void read_spool(void)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct spool_content content;

    if (spool_read(&content, &arena, home, &patrol, vault, &err) == XG_OK)
        fuzz_track_of(content.samples, content.count, &arena);
    xg_arena_clear(&arena);
}

/* Chunks of `each` samples, sealed in their places. */
static void sealed_spool(struct xg_bytes samples, size_t each)
{
    struct xg_buf file = XG_BUF(4 << 20);
    uint8_t context[6 + XG_ID_SIZE + 8];
    size_t chunk = (each % SPOOL_CHUNK_SAMPLES + 1) * SPOOL_SAMPLE_SIZE;

    memcpy(context, "patrol", 6);
    memcpy(context + 6, patrol.b, XG_ID_SIZE);
    xg_buf_text(&file, "XGP1");
    xg_buf_append(&file, patrol.b, XG_ID_SIZE);
    for (uint64_t number = 0; samples.len > 0; number++) {
        size_t len = samples.len < chunk ? samples.len : chunk;
        xg_store_u64(context + 6 + XG_ID_SIZE, number);
        xg_buf_u32(&file, (uint32_t)(len + VAULT_OVERHEAD));
        vault_seal(vault, &file, xg_bytes(context, sizeof context),
                   xg_bytes(samples.at, len));
        samples = xg_bytes(samples.at + len, samples.len - len);
    }
    fuzz_put(home, "patrol/05000000000000000000000000000000.spool", file.data,
             file.len);
    read_spool();
    xg_buf_clear(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!vault)
        begin();
    if (size < 2 || data[0] >= KINDS)
        return 0;
    struct xg_bytes rest = xg_bytes(data + 1, size - 1);
    if (data[0] == SLOTS)
        slots(rest);
    else if (data[0] == SEALED_FILE)
        sealed_file(rest);
    else if (data[0] == VALUE)
        value(rest);
    else if (data[0] == SPOOL_SEALED)
        sealed_spool(xg_bytes(data + 2, size - 2), data[1]);
    else {
        fuzz_put(home, "patrol/05000000000000000000000000000000.spool", rest.at,
                 rest.len);
        read_spool();
    }
    return 0;
}

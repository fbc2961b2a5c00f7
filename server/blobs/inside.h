/* inside.h - what blobs.c and upload.c share; of them only. */
#ifndef XG_SERVER_BLOBS_INSIDE_H
#define XG_SERVER_BLOBS_INSIDE_H

#include <pthread.h>

#include "server/blobs/blobs.h"
#include "shared/web/digest.h"

enum {
    BLOBS_PATH_SIZE = 4096,
    BLOBS_BUCKETS = 1024,    /* of uploads, by the beginning of their ids */
    BLOBS_PIECE = 256 << 10, /* read at once from a file */
};

struct upload;

struct blobs {
    char *dir;
    bool own; /* a private folder: removed at the end, never synced */
    const struct xg_env *env;
    pthread_mutex_t mutex; /* of the buckets, and see struct upload */
    pthread_mutex_t stage; /* one at a time counts and puts */
    struct upload *buckets[BLOBS_BUCKETS];
};

void blobs_path(const struct blobs *b, char path[static BLOBS_PATH_SIZE],
                const struct xg_hash *sha256);
/* DIR/uploads/ID and what follows it: "", ".about". */
void blobs_upload_path(const struct blobs *b, char path[static BLOBS_PATH_SIZE],
                       const char *id, const char *suffix);
void blobs_new_id(const struct blobs *b, char id[static BLOB_ID_SIZE]);
/* DIR/uploads, durably. */
XG_MUST_CHECK enum xg_status blobs_sync_uploads(const struct blobs *b,
                                                struct xg_error *err);

/* Room for `bytes` more, and the reserve? XG_FULL. */
XG_MUST_CHECK enum xg_status blobs_room(const struct blobs *b, uint64_t bytes,
                                        struct xg_error *err);
/* fsync. */
XG_MUST_CHECK enum xg_status blobs_sync(const struct blobs *b, int fd,
                                        const char *path, struct xg_error *err);
/* Feed the first `length` bytes of a file to the digest. XG_CORRUPT: it has
 * fewer. */
XG_MUST_CHECK enum xg_status blobs_digest(struct xg_digest *digest, int fd,
                                          const char *path, uint64_t length,
                                          struct xg_error *err);
/* Give a file, durable and with its hash checked, its name, durably. `from` is
 * gone on success, also where the photo was here. */
XG_MUST_CHECK enum xg_status blobs_place(const struct blobs *b,
                                         const char *from,
                                         const struct xg_hash *sha256,
                                         struct xg_error *err);

/* Is a photo of that length here? Whoever says so to others makes its name
 * durable first: it was seen, perhaps, in the moment in which somebody else
 * gave it, or after a kill in that moment. */
bool blobs_is_here(const struct blobs *b, const struct xg_hash *sha256,
                   uint64_t length);
XG_MUST_CHECK enum xg_status blobs_sync_name(const struct blobs *b,
                                             const struct xg_hash *sha256,
                                             struct xg_error *err);

/* Know again what was coming in when the server ended; remove what is of no
 * use. And forget all of it. */
XG_MUST_CHECK enum xg_status blobs_load_uploads(struct blobs *b,
                                                struct xg_error *err);
void blobs_forget_uploads(struct blobs *b);
/* Remove what a kill left in DIR/staged. */
XG_MUST_CHECK enum xg_status blobs_clean_staged(struct blobs *b,
                                                struct xg_error *err);
/* Give up every upload that is, or was, to become this. */
void blobs_drop_uploads_of(struct blobs *b, const struct xg_hash *sha256);

#endif

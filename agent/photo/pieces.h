/* pieces.h - a photo that comes back piece by piece: each piece sealed
 * and durable by itself, so that a kill costs one.
 *
 *      HOME/photos/fetch/<64 hex digits>.<n>
 */
#ifndef AGENT_PHOTO_PIECES_H
#define AGENT_PHOTO_PIECES_H

#include "agent/photo/photo.h"

enum { PHOTO_PIECE_BYTES = 1 << 20 }; /* of each but the last */

bool photo_piece_here(const struct photo_shelf *shelf,
                      const struct xg_hash *sha256, uint64_t number);
/* Durable on return. */
XG_MUST_CHECK enum xg_status photo_piece_keep(const struct photo_shelf *shelf,
                                              const struct xg_hash *sha256,
                                              uint64_t number,
                                              struct xg_bytes content,
                                              struct xg_error *err);
/* All are here: make them the photo, then drop them. XG_FORMAT where they are
 * not what the hash says; XG_CORRUPT: one is damaged. Then they are dropped
 * too. */
XG_MUST_CHECK enum xg_status photo_pieces_join(const struct photo_shelf *shelf,
                                               const struct xg_hash *sha256,
                                               uint64_t length,
                                               struct xg_error *err);
/* Drop what is of no use any more: pieces of photos that are here (a cut came
 * between the joining and the dropping), and those a week old that nobody asked
 * for again. What cannot be dropped now goes another time. */
void photo_pieces_tidy(const struct photo_shelf *shelf, int64_t now_ms);

#endif

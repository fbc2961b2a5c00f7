/* view_note.c - see view_note.h. */
#include "shared/core/view_note.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/core/note.h"
#include "shared/core/tlog.h"

void xg_view_note_put(struct xg_buf *text, const struct xg_view_note *v)
{
    xg_buf_format(text,
                  "xunge/view/v1\nsize %" PRIu64 "\nfold %" PRIu64
                  "\nschema %" PRIu64 "\nentities %" PRIu64 "\nroot ",
                  v->size, v->fold, v->schema, v->entities);
    xg_buf_base64(text, v->root.b, XG_HASH_SIZE);
    xg_buf_text(text, "\n");
}

enum xg_status xg_view_note_read(struct xg_view_note *out, struct xg_bytes text,
                                 struct xg_error *err)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_view_note v;

    xg_line_literal(&l, "xunge/view/v1");
    xg_line_uint(&l, "size", &v.size);
    xg_line_uint(&l, "fold", &v.fold);
    xg_line_uint(&l, "schema", &v.schema);
    xg_line_uint(&l, "entities", &v.entities);
    xg_line_hash(&l, "root", &v.root);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "view note");
    *out = v;
    return XG_OK;
}

void xg_view_leaf(struct xg_hash *leaf, const struct xg_id *id,
                  struct xg_bytes state)
{
    uint8_t both[XG_ID_SIZE + XG_HASH_SIZE];

    memcpy(both, id->b, XG_ID_SIZE);
    crypto_hash_sha256(both + XG_ID_SIZE, state.at, state.len);
    xg_tlog_leaf(leaf, both, sizeof both);
}

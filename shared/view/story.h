/* story.h - one record as a sentence: who did what; of this room only.
 *
 *      李娜 派遣给 市政园林中心（理由：离得近）
 *      w00001 记录了事件：垃圾堆积 · 通达路120号
 *      w00001 紧急程度改为 紧急；附上照片 2 张
 *
 * Only what its author wrote; what came of it is its effect, beside it. Values
 * are cut to what a line holds.
 */
#ifndef XG_VIEW_STORY_H
#define XG_VIEW_STORY_H

#include "shared/view/show.h"

/* Append it, without a new line, in the language that is set. */
void story_put(struct xg_buf *out, const struct xg_state *state, uint32_t op,
               const struct view_about *about, const struct view_context *view);

#endif

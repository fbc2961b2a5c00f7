/* lang.h - Chinese or English for the person in front of us.
 *
 * Every text that a user may read is written in both languages where it is
 * used, so that none can be missing and the compiler checks both formats:
 *
 *      printf(XG_T("已保存 %s\n", "saved %s\n"), number);
 *
 * The language is set once, by main(), before anything is printed.
 */
#ifndef XG_BASE_LANG_H
#define XG_BASE_LANG_H

enum xg_lang { XG_LANG_EN, XG_LANG_ZH };

/* From the --lang argument ("zh", "en" or NULL), else LC_ALL, LC_MESSAGES,
 * LANG. An unknown argument returns -1 and sets nothing. */
int xg_lang_init(const char *argument);
enum xg_lang xg_lang(void);

/* What this thread says from now on: where a server answers each person in a
 * language of their own. */
void xg_lang_thread(enum xg_lang lang);

/* Pick one of two; both are formats when the result is used as one. */
__attribute__((format_arg(1), format_arg(2)))
const char *xg_text(const char *zh, const char *en);

#define XG_T(zh, en) xg_text(zh, en)

#endif

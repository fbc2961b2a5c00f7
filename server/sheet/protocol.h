/* protocol.h - what xunge-sheet answers: a line with one of these words, and
 * after "fine" the table as CSV (sheet.h). */
#ifndef XG_SERVER_SHEET_PROTOCOL_H
#define XG_SERVER_SHEET_PROTOCOL_H

#define SHEET_HELLO "xunge/sheet/v1 "

enum { SHEET_OUTPUT_MAX = 8 << 20, SHEET_WORD_MAX = 32 };

#define SHEET_ANSWERS(X)                                                       \
    X(SHEET_FINE, "fine")                                                      \
    X(SHEET_DAMAGED, "damaged")                                                \
    X(SHEET_OLD, "old")           /* .xls, or behind a password */             \
    X(SHEET_NO_BOOK, "no-book")   /* a ZIP of something else */                \
    X(SHEET_NO_SHEET, "no-sheet") /* of that name */                           \
    X(SHEET_ENTITIES, "entities")                                              \
    X(SHEET_TOO_LARGE, "too-large")                                            \
    X(SHEET_NOT_TEXT, "not-text") /* in no encoding that is known */           \
    X(SHEET_NO_MEMORY, "no-memory")

enum sheet_answer {
#define X(name, word) name,
    SHEET_ANSWERS(X)
#undef X
        SHEET_ANSWER_COUNT
};

#endif

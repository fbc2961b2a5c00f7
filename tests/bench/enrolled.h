/* enrolled.h - the server's side of prepare.c: the devices it is to know.
 * Agent and server have headers of the same names, so it is a file of its own.
 */
#ifndef XG_TESTS_BENCH_ENROLLED_H
#define XG_TESTS_BENCH_ENROLLED_H

#include "shared/base/env.h"
#include "shared/core/note.h"

struct enrolled;

/* Ends the program when something fails. Puts three units, of which
 * 371302001001 is everybody's. */
struct enrolled *enrolled_open(const char *dir, const struct xg_env *env);
/* Of the log; and the registrar's public key. */
const struct xg_verifier *enrolled_log(const struct enrolled *e);
const uint8_t *enrolled_registrar(const struct enrolled *e);
/* The name that device `number` (1 ...) will have. */
void enrolled_name(char name[static XG_KEY_NAME_MAX + 1],
                   const struct enrolled *e, uint64_t number);
/* A worker and a device of this key; many go into one registry note. */
void enrolled_put(struct enrolled *e, const char *worker,
                  const struct xg_verifier *device);
void enrolled_close(struct enrolled *e);

#endif

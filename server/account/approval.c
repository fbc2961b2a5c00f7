/* approval.c - see approval.h. The mark is a number of the store under the
 * code's id; who waits is a device with the state pending, which no registry
 * note names yet. */
#include "server/account/approval.h"

#include <sodium.h>
#include <string.h>

#include "shared/base/lang.h"

#define MARK "approve "

enum { MARK_SIZE = sizeof MARK + 2 * XG_HASH_SIZE };

static void mark_of(char name[static MARK_SIZE], const struct xg_hash *code)
{
    memcpy(name, MARK, sizeof MARK);
    xg_hex(name + sizeof MARK - 1, code->b, sizeof code->b);
}

/* ---- marking a code ---- */

struct mark_job {
    struct ledger_job job;
    char name[MARK_SIZE];
};

static enum xg_status run_mark(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    (void)l;
    return store->ops->put_value(store, ((struct mark_job *)job)->name, 1, err);
}

enum xg_status approval_require(struct data *d, const struct xg_hash *code,
                                struct xg_error *err)
{
    struct mark_job job = {.job = {.run = run_mark}};

    mark_of(job.name, code);
    return ledger_submit(d->ledger, &job.job, err);
}

/* ---- its use ---- */

struct use_job {
    struct ledger_job job;
    struct data *data;
    const struct xg_enrol *e;
    int64_t now_ms;
    const char *refused; /* why, or NULL */
};

/* NULL, or why the code cannot be used. Nothing but a device that has the
 * secret learns more than that it is wrong. */
static const char *judge(const struct store_code *code, bool found,
                         const struct use_job *j)
{
    struct xg_hash proof;

    if (!found)
        return XG_T("没有这个入网码；请核对后重输",
                    "there is no such one-time code; check it and try again");
    xg_enrol_proof(&proof, code->secret, j->e->key.b);
    if (sodium_memcmp(proof.b, j->e->proof.b, sizeof proof.b) != 0)
        return XG_T("入网码不对；请核对后重输",
                    "the one-time code is not right; check it and try again");
    if (j->now_ms > code->expires_ms)
        return XG_T("此入网码已过期；请向指挥中心另要一个",
                    "this one-time code has run out; ask the centre for a new "
                    "one");
    return NULL;
}

/* Take a name for the key, and use the code up. */
static enum xg_status run_use(struct ledger_job *job, struct ledger *l,
                              struct store *store, struct xg_error *err)
{
    struct use_job *j = (struct use_job *)job;
    struct store_device device = {.state = XG_DEVICE_PENDING};
    struct store_code code;
    bool found;

    if (store->ops->find_code(store, &code, &found, &j->e->code, err) != XG_OK)
        return err->status;
    if (found && code.used)
        return XG_OK; /* registry_use_code() judges that */
    j->refused = judge(&code, found, j);
    if (j->refused)
        return XG_OK;
    if (registry_new_name(device.name, &j->refused, l, store, j->e->device,
                          err) != XG_OK)
        return err->status;
    if (j->refused)
        return XG_OK;
    memcpy(device.key, j->e->key.b, sizeof device.key);
    memcpy(device.worker, code.worker, sizeof device.worker);
    memcpy(code.key, device.key, sizeof code.key);
    memcpy(code.device, device.name, sizeof code.device);
    sodium_memzero(code.secret, sizeof code.secret);
    code.used = true;
    if (store->ops->put_device(store, &device, err) != XG_OK)
        return err->status;
    return store->ops->put_code(store, &code, err);
}

static enum xg_status use_marked(struct data *d, const struct xg_enrol *e,
                                 int64_t now_ms, struct xg_error *err)
{
    struct use_job job = {.job = {.run = run_use, .alone = true},
                          .data = d,
                          .e = e,
                          .now_ms = now_ms};

    if (ledger_submit(d->ledger, &job.job, err) != XG_OK)
        return err->status;
    if (job.refused)
        return xg_fail(err, XG_AUTH, "%s", job.refused);
    return XG_OK;
}

static enum xg_status is_marked(bool *marked, struct data *d,
                                const struct xg_hash *code,
                                struct xg_error *err)
{
    char name[MARK_SIZE];
    uint64_t value;
    struct store *s;

    mark_of(name, code);
    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->get_value(s, &value, name, err);
    data_return(d, s);
    if (status == XG_OK)
        *marked = value != 0;
    return status;
}

static enum xg_status find(struct store_device *device, bool *found,
                           struct data *d, const char *name,
                           struct xg_error *err)
{
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->find_device(s, device, found, name, err);
    data_return(d, s);
    return status;
}

enum xg_status approval_use(struct data *d, struct xg_enrolled *out,
                            const struct xg_enrol *e, int64_t now_ms,
                            struct xg_error *err)
{
    struct store_device device;
    struct xg_enrolled enrolled;
    bool marked = false, found;

    if (is_marked(&marked, d, &e->code, err) != XG_OK ||
        (marked && use_marked(d, e, now_ms, err) != XG_OK) ||
        registry_use_code(d->registry, &enrolled, e, now_ms, err) != XG_OK ||
        find(&device, &found, d, enrolled.device, err) != XG_OK)
        return err->status;
    if (found && device.state == XG_DEVICE_PENDING)
        enrolled.state = XG_DEVICE_PENDING;
    *out = enrolled;
    return XG_OK;
}

/* ---- yes ---- */

enum xg_status approval_give(struct data *d, const char *name,
                             struct xg_error *err)
{
    struct xg_statement says = {.kind = XG_SAYS_DEVICE};
    struct store_device device;
    bool found;

    if (find(&device, &found, d, name, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有设备 %s，见 device list",
                            "there is no device %s: see device list"),
                       name);
    if (device.state != XG_DEVICE_PENDING)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不在等待批准", "%s does not wait for a yes"),
                       name);
    memcpy(says.subject, device.name, sizeof device.name);
    memcpy(says.owner, device.worker, sizeof says.owner);
    memcpy(says.key, device.key, sizeof says.key);
    return registry_put(d->registry, &says, 1, err);
}

/* track_model.c - see track_model.h.
 *
 * Fixed point: lengths in 1/16 unit (Q4), variances in 1/256 square units (so
 * that their root is Q4 again), directions Q14, weights Q16, the normal
 * distribution Q30. */
#include "shared/core/track_model.h"

enum {
    WINDOW = 32768,        /* a position is coded as -WINDOW .. WINDOW - 1 */
    SIGMA_MIN = 8,         /* half a unit: so a point costs at least a bit */
    SIGMA_MAX = 8192 * 16,
    LENGTH_MAX = WINDOW * 16,
    STEP_MAX = 1 << 20,
};

/* One movement, as expected for the next point. */
struct expect {
    struct xg_vec mean, dir;
    int64_t along, across; /* variances */
    uint64_t weight;
    /* for the axis being coded */
    int64_t mid, scale; /* scale: 2^24 / sigma */
};

/* (normal distribution - 1/2) * 2^30 at 0, 1/16, ... 6. */
static const uint32_t NORMAL[97] = {
    0, 26755143, 53406012, 79849550, 105985110, 131715607,
    156948592, 181597243, 205581252, 228827588, 251271125, 272855138,
    293531645, 313261607, 332014981, 349770635, 366516130, 382247387,
    396968240, 410689896, 423430331, 435213607, 446069159, 456031052,
    465137226, 473428744, 480949064, 487743331, 493857720, 499338817,
    504233067, 508586269, 512443144, 515846962, 518839237, 521459472,
    523744984, 525730763, 527449391, 528931013, 530203335, 531291664,
    532218981, 533006027, 533671416, 534231761, 534701806, 535094566,
    535421470, 535692499, 535916328, 536100457, 536251336, 536374488,
    536474617, 536555709, 536621128, 536673698, 536715777, 536749328,
    536775975, 536797056, 536813668, 536826709, 536836905, 536844847,
    536851008, 536855770, 536859435, 536862246, 536864393, 536866026,
    536867264, 536868198, 536868901, 536869427, 536869820, 536870112,
    536870328, 536870487, 536870604, 536870690, 536870752, 536870798,
    536870830, 536870854, 536870871, 536870883, 536870892, 536870898,
    536870902, 536870905, 536870907, 536870909, 536870910, 536870910,
    536870911,
};

/* Newton's method on the number shifted up as far as it goes: each step doubles
 * the bits that are right, from two to 32. The last may be one too many. */
uint64_t xg_isqrt(uint64_t value)
{
    unsigned shift = 0;
    uint64_t high = value, root;

    if (value == 0)
        return 0;
    for (unsigned by = 32; by > 1; by /= 2)
        if (high >> (64 - by) == 0) {
            high <<= by;
            shift += by;
        }
    root = 1 + (high >> 62);
    root = (root << 1) + (high >> 59) / root;
    root = (root << 3) + (high >> 53) / root;
    root = (root << 7) + (high >> 41) / root;
    root = (root << 15) + (high >> 17) / root;
    root >>= shift / 2;
    if (root > UINT32_MAX || root * root > value)
        root--;
    return root;
}

int64_t xg_cos_q30(int64_t lat_e6)
{
    static const int64_t ONE = INT64_C(1) << 30;
    int64_t x = lat_e6 * 18740330 / 1000000; /* pi/180 * 2^30 = 18740330.0 */
    int64_t xx = (x * x) >> 30, sum = ONE;

    /* Taylor to x^14, from the inside: 1 - xx/2 (1 - xx/12 (1 - ...)). */
    for (int k = 14; k > 0; k -= 2)
        sum = ONE - ((xx * sum) >> 30) / (k * (k - 1));
    return sum < 0 ? 0 : sum;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* v / 2^bits towards zero: a shift of negative numbers is not portable. */
static int64_t down(int64_t v, unsigned bits)
{
    return v / (INT64_C(1) << bits);
}

static uint64_t normal(int64_t diff, int64_t scale)
{
    static const uint64_t HALF = UINT64_C(1) << 29;
    uint64_t z = (uint64_t)(diff < 0 ? -diff : diff) * (uint64_t)scale >> 12;
    uint64_t i = z >> 8, half = HALF - 1;

    if (i < 96)
        half = NORMAL[i] +
               (((uint64_t)(NORMAL[i + 1] - NORMAL[i]) * (z & 255)) >> 8);
    return diff < 0 ? HALF - half : HALF + half;
}

/* The mixture's mass below the cell of `at`, plus a thin floor everywhere. */
static uint64_t mass_below(const struct expect e[XG_MOVES], int64_t at)
{
    uint64_t sum = (uint64_t)(at + WINDOW) << 20;

    for (int k = 0; k < XG_MOVES; k++)
        sum += e[k].weight * normal(at * 16 - 8 - e[k].mid, e[k].scale);
    return sum;
}

static int64_t code_axis(struct xg_rc *rc, const struct expect e[XG_MOVES],
                         int64_t value)
{
    int64_t lo = -WINDOW, hi = WINDOW;
    uint64_t mass_lo = mass_below(e, lo), mass_hi = mass_below(e, hi);

    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        uint64_t mass_mid = mass_below(e, mid);
        uint64_t p0 = ((mass_mid - mass_lo) << 16) / (mass_hi - mass_lo);

        p0 = p0 < 1 ? 1 : p0 > 65535 ? 65535 : p0;
        if (xg_rc_bit(rc, value >= mid, (uint32_t)p0)) {
            lo = mid;
            mass_lo = mass_mid;
        } else {
            hi = mid;
            mass_hi = mass_mid;
        }
    }
    return lo;
}

/* Weigh each movement by how likely it made the value just coded. */
static void weigh(struct expect e[XG_MOVES], int64_t value)
{
    uint64_t sum = 0;

    for (int k = 0; k < XG_MOVES; k++) {
        uint64_t cell = normal(value * 16 + 8 - e[k].mid, e[k].scale) -
                        normal(value * 16 - 8 - e[k].mid, e[k].scale);
        e[k].weight = e[k].weight * (cell + 1);
        sum += e[k].weight;
    }
    while (sum >> 46) { /* for the division below */
        sum >>= 1;
        for (int k = 0; k < XG_MOVES; k++)
            e[k].weight >>= 1;
    }
    for (int k = 0; k < XG_MOVES; k++)
        e[k].weight = (e[k].weight << 16) / (sum + 1);
}

static void set_axis(struct expect *e, int64_t mid, uint64_t sigma)
{
    e->mid = mid;
    e->scale = (INT64_C(1) << 24) /
               clamp((int64_t)sigma, SIGMA_MIN, SIGMA_MAX);
}

/* Latitude: the marginal of the tilted Gaussian. */
static void set_lat(struct expect e[XG_MOVES])
{
    for (int k = 0; k < XG_MOVES; k++) {
        int64_t ux = e[k].dir.x, uy = e[k].dir.y;
        int64_t var = down(e[k].along * down(uy * uy, 14) +
                           e[k].across * down(ux * ux, 14), 14);
        set_axis(&e[k], e[k].mean.y, xg_isqrt((uint64_t)(var + 1)));
    }
}

/* Longitude, given that the latitude went `y` (Q4): the conditional. */
static void set_lon(struct expect e[XG_MOVES], int64_t y, int64_t cos_q15)
{
    for (int k = 0; k < XG_MOVES; k++) {
        int64_t ux = e[k].dir.x, uy = e[k].dir.y;
        int64_t a = e[k].along, c = e[k].across;
        int64_t var = down(a * down(uy * uy, 14) + c * down(ux * ux, 14), 14);
        int64_t tilt = down((a - c) * down(ux * uy, 14), 14);

        var += 1;
        int64_t slope = (tilt * (1 << 12)) / var;
        int64_t off = clamp(y - e[k].mean.y, -LENGTH_MAX, LENGTH_MAX);
        int64_t x = e[k].mean.x + down(slope * off, 12);
        int64_t big = a > c ? a : c, small = a > c ? c : a;
        int64_t left = down(big * ((small * (1 << 12)) / var), 12);

        int64_t sigma = (int64_t)xg_isqrt((uint64_t)left);
        set_axis(&e[k], clamp(x * 32768 / cos_q15, -4 * LENGTH_MAX,
                              4 * LENGTH_MAX),
                 (uint64_t)(sigma * 32768 / cos_q15));
    }
}

static struct xg_vec turn(struct xg_vec d, int quarters)
{
    switch (quarters & 3) {
    case 1:
        return (struct xg_vec){-d.y, d.x};
    case 2:
        return (struct xg_vec){-d.x, -d.y};
    case 3:
        return (struct xg_vec){d.y, -d.x};
    default:
        return d;
    }
}

static struct xg_vec scale(struct xg_vec v, int64_t by, unsigned bits)
{
    return (struct xg_vec){
        clamp(down(v.x * by, bits), -LENGTH_MAX, LENGTH_MAX),
        clamp(down(v.y * by, bits), -LENGTH_MAX, LENGTH_MAX)};
}

/* The first move of all: what a walker may do in one step of this length. */
static void first_spreads(struct xg_track_model *m, int64_t length)
{
    static const int64_t NOISE = 27 * 16; /* 3 m */
    /* along, across: eighths of the length */
    static const uint8_t PART[XG_MOVES][2] = {
        [XG_MOVE_STAND] = {0, 0}, [XG_MOVE_WALK] = {2, 3},
        [XG_MOVE_LEFT] = {2, 3},  [XG_MOVE_RIGHT] = {2, 3},
        [XG_MOVE_BACK] = {4, 4},  [XG_MOVE_GLIDE] = {0, 0},
        [XG_MOVE_BEND] = {0, 0},  [XG_MOVE_NEAR] = {8, 8},
    };

    length = clamp(length, 16, LENGTH_MAX / 8);
    for (int k = 0; k < XG_MOVES; k++) {
        int64_t a = length * PART[k][0] / 8, c = length * PART[k][1] / 8;
        m->spread[k] = (struct xg_spread){a * a + NOISE * NOISE,
                                          c * c + NOISE * NOISE, 4 << 16};
    }
}

static void expect_all(const struct xg_track_model *m,
                       struct expect e[XG_MOVES], int64_t step)
{
    int64_t length = clamp(down(m->speed * step, 16), 0, LENGTH_MAX);
    int64_t ratio = clamp((step << 8) / m->way_step, 0, 16 << 8);
    struct xg_vec way = scale(m->way[0], ratio, 8);
    struct xg_vec before = scale(m->way[1], ratio, 8);

    for (int k = 0; k < XG_MOVES; k++) {
        e[k].weight = m->weight[m->stood][k];
        e[k].along = m->spread[k].along;
        e[k].across = m->spread[k].across;
        e[k].dir = m->heading;
        e[k].mean = (struct xg_vec){0, 0};
    }
    e[XG_MOVE_LEFT].dir = turn(m->heading, 1);
    e[XG_MOVE_BACK].dir = turn(m->heading, 2);
    e[XG_MOVE_RIGHT].dir = turn(m->heading, 3);
    for (int k = XG_MOVE_WALK; k <= XG_MOVE_BACK; k++)
        e[k].mean = scale(e[k].dir, length, 14);
    e[XG_MOVE_GLIDE].mean = way;
    e[XG_MOVE_BEND].mean = (struct xg_vec){
        clamp(2 * way.x - before.x, -LENGTH_MAX, LENGTH_MAX),
        clamp(2 * way.y - before.y, -LENGTH_MAX, LENGTH_MAX)};
}

static void learn_spread(struct xg_spread *s, const struct expect *e,
                         struct xg_vec went)
{
    static const int64_t SEEN_MAX = 64 << 16;
    static const int64_t VAR_MIN = SIGMA_MIN * SIGMA_MIN;
    static const int64_t VAR_MAX = (int64_t)SIGMA_MAX * SIGMA_MAX;
    struct xg_vec off = {went.x - e->mean.x, went.y - e->mean.y};
    int64_t part = (int64_t)e->weight;
    int64_t along = down(off.x * e->dir.x + off.y * e->dir.y, 14);
    int64_t across = down(off.y * e->dir.x - off.x * e->dir.y, 14);

    s->seen = clamp(s->seen + part, 0, SEEN_MAX);
    along = clamp(along * along, 0, VAR_MAX);
    across = clamp(across * across, 0, VAR_MAX);
    /* part <= 2^16, differences <= 2^34, seen >= 2^18 */
    s->along += (along - s->along) * part / s->seen;
    s->across += (across - s->across) * part / s->seen;
    s->along = clamp(s->along, VAR_MIN, VAR_MAX);
    s->across = clamp(s->across, VAR_MIN, VAR_MAX);
}

static void learn_weights(struct xg_track_model *m,
                          const struct expect e[XG_MOVES])
{
    enum { SEEN_MAX = 100, LEAST = 256 };
    uint32_t *weight = m->weight[m->stood];
    uint32_t *seen = &m->weight_seen[m->stood];

    if (*seen < SEEN_MAX)
        ++*seen;
    for (int k = 0; k < XG_MOVES; k++) {
        int64_t w = weight[k];
        w += ((int64_t)e[k].weight - w) / (int64_t)*seen;
        weight[k] = (uint32_t)clamp(w, LEAST, 65536);
    }
}

static void learn_move(struct xg_track_model *m,
                       const struct expect e[XG_MOVES], struct xg_vec went,
                       int64_t step)
{
    int64_t length = (int64_t)xg_isqrt(
        (uint64_t)(went.x * went.x + went.y * went.y));
    int64_t walked = 0;

    for (int k = 0; k < XG_MOVES; k++)
        learn_spread(&m->spread[k], &e[k], went);
    learn_weights(m, e);

    for (int k = XG_MOVE_WALK; k <= XG_MOVE_BACK; k++)
        walked += (int64_t)e[k].weight;
    m->speed += ((length << 16) / step - m->speed) * walked / (32 << 16);
    m->stood = e[XG_MOVE_STAND].weight > 32768;
    if (length > 0 && (!m->stood || m->coded == 1))
        m->heading = (struct xg_vec){went.x * 16384 / length,
                                     went.y * 16384 / length};
    m->way[1] = m->way[0];
    m->way[0] = went;
    m->way_step = step;
}

static int32_t east(int64_t lon_e6)
{
    static const int64_t FULL = 2 * (int64_t)XG_LON_E6_MAX;

    if (lon_e6 > XG_LON_E6_MAX)
        lon_e6 -= FULL;
    else if (lon_e6 < -XG_LON_E6_MAX)
        lon_e6 += FULL;
    return (int32_t)lon_e6;
}

static bool in_window(int64_t d)
{
    return d >= -WINDOW && d < WINDOW;
}

static void code_absolute(struct xg_rc *rc, struct xg_track_point *p)
{
    uint32_t lat = (uint32_t)(p->lat_e6 + XG_LAT_E6_MAX);
    uint32_t lon = (uint32_t)(p->lon_e6 + XG_LON_E6_MAX);

    p->lat_e6 = (int32_t)xg_rc_bits(rc, lat, 28) - XG_LAT_E6_MAX;
    p->lon_e6 = (int32_t)xg_rc_bits(rc, lon, 29) - XG_LON_E6_MAX;
}

static void code_position(struct xg_track_model *m, struct xg_rc *rc,
                          struct xg_track_point *p)
{
    struct expect e[XG_MOVES];
    int64_t step = clamp(m->last_step, 1, STEP_MAX);
    int64_t cos_q15 = clamp(xg_cos_q30(m->last.lat_e6) >> 15, 64, 32768);
    int64_t dlat = (int64_t)p->lat_e6 - m->last.lat_e6;
    int64_t dlon = east((int64_t)p->lon_e6 - m->last.lon_e6);
    bool far = !in_window(dlat) || !in_window(dlon) ||
               east(m->last.lon_e6 + dlon) != p->lon_e6;

    if (m->coded == 1)
        first_spreads(m, down(m->speed * step, 16));
    if (xg_rc_bin(rc, &m->far_away, far)) {
        code_absolute(rc, p);
        return;
    }
    expect_all(m, e, step);
    set_lat(e);
    dlat = code_axis(rc, e, dlat);
    weigh(e, dlat);
    set_lon(e, dlat * 16, cos_q15);
    dlon = code_axis(rc, e, dlon);
    weigh(e, dlon);
    p->lat_e6 = (int32_t)(m->last.lat_e6 + dlat);
    p->lon_e6 = east(m->last.lon_e6 + dlon);

    struct xg_vec went = {down(dlon * 16 * cos_q15, 15), dlat * 16};
    learn_move(m, e, went, step);
}

/* A signed number other than 0, its sign learned in `sign`. */
static int64_t code_signed(struct xg_rc *rc, struct xg_bin *sign,
                           struct xg_bin by[2][XG_RC_NUMBER_BINS],
                           int64_t value)
{
    unsigned less = xg_rc_bin(rc, sign, value < 0);
    uint32_t size = (uint32_t)((value < 0 ? -value : value) - 1);

    size = xg_rc_number(rc, by[less], size);
    return less ? -(int64_t)size - 1 : (int64_t)size + 1;
}

static void code_time_absolute(struct xg_rc *rc, struct xg_track_point *p)
{
    uint64_t t = (uint64_t)(p->t_ms + XG_TRACK_TIME_MAX);
    uint64_t high = xg_rc_bits(rc, (uint32_t)(t >> 32), 18);

    t = high << 32 | xg_rc_bits(rc, (uint32_t)t, 32);
    p->t_ms = (int64_t)t - XG_TRACK_TIME_MAX;
}

/* Time goes on in even steps; a point that was late or early is likely
 * followed by one that makes up for it. */
static void code_time(struct xg_track_model *m, struct xg_rc *rc,
                      struct xg_track_point *p)
{
    static const int64_t FAR = INT64_C(1) << 30;
    int64_t step = (p->t_ms - m->last.t_ms) / m->unit_ms;
    int64_t odd = step - m->step;
    int64_t ctx = clamp(m->last_odd, -2, 2) + 2;

    if (!xg_rc_bin(rc, &m->even[ctx][m->was_odd], odd != 0)) {
        odd = 0;
    } else if (xg_rc_bin(rc, &m->time_far, odd > FAR || odd < -FAR)) {
        code_time_absolute(rc, p);
        m->last_step = 1;
        return;
    } else {
        odd = code_signed(rc, &m->early[ctx][m->was_odd], m->by, odd);
    }
    step = m->step + odd;
    p->t_ms = m->last.t_ms + step * m->unit_ms;

    if (m->coded == 1 || step == m->last_step) {
        m->step = step;
        odd = 0;
    }
    m->was_odd = odd != 0;
    if (odd)
        m->last_odd = odd;
    m->last_step = step;
}

static int64_t bucket(uint32_t distance)
{
    int64_t b = 0;

    for (; distance && b < 9; distance >>= 1)
        b++;
    return b;
}

/* Accuracy often stays, or sticks at the least or the most that a receiver
 * tells; else it wanders. */
static uint32_t code_acc_known(struct xg_track_model *m, struct xg_rc *rc,
                               uint32_t acc)
{
    bool least = m->acc == m->acc_least, most = m->acc == m->acc_most;
    unsigned where = least && most ? 0 : least ? 1 : most ? 2 : 3;
    struct xg_bin *same = &m->acc_same[where * 3 + m->acc_same_before];

    if (!xg_rc_bin(rc, same, acc != m->acc))
        return m->acc;
    if (!most && !xg_rc_bin(rc, &m->acc_end[0][bucket(m->acc_most - m->acc)],
                            acc != m->acc_most))
        return m->acc_most;
    if (!least && !xg_rc_bin(rc, &m->acc_end[1][bucket(m->acc - m->acc_least)],
                             acc != m->acc_least))
        return m->acc_least;

    int64_t third = ((int64_t)m->acc - m->acc_least) * 3 /
                    ((int64_t)m->acc_most - m->acc_least + 1);
    int64_t by = code_signed(rc, &m->acc_down[third + (most ? 4 : 0)],
                             m->acc_by, (int64_t)acc - m->acc);
    return (uint32_t)(m->acc + by);
}

static void code_acc(struct xg_track_model *m, struct xg_rc *rc,
                     struct xg_track_point *p)
{
    bool none = p->acc_dm == XG_ACC_UNKNOWN;

    none = xg_rc_bin(rc, &m->acc_none[m->last.acc_dm == XG_ACC_UNKNOWN], none);
    if (none) {
        p->acc_dm = XG_ACC_UNKNOWN;
        return;
    }
    if (!m->acc_known) {
        p->acc_dm = xg_rc_bits(rc, p->acc_dm, 32);
        m->acc_known = true;
        m->acc = m->acc_least = m->acc_most = p->acc_dm;
        return;
    }
    p->acc_dm = code_acc_known(m, rc, p->acc_dm);
    m->acc_same_before =
        p->acc_dm != m->acc ? 0 : m->acc_same_before ? 2 : 1;
    m->acc = p->acc_dm;
    if (m->acc < m->acc_least)
        m->acc_least = m->acc;
    if (m->acc > m->acc_most)
        m->acc_most = m->acc;
}

static void code_flags(struct xg_track_model *m, struct xg_rc *rc,
                       struct xg_track_point *p)
{
    unsigned node = 1;

    if (!xg_rc_bin(rc, &m->flags_same, p->flags != m->last.flags)) {
        p->flags = m->last.flags;
        return;
    }
    for (int i = 5; i >= 0; i--)
        node = node << 1 | xg_rc_bin(rc, &m->flags[node], p->flags >> i & 1);
    p->flags = (uint8_t)(node & 63);
}

void xg_track_model_code(struct xg_track_model *m, struct xg_rc *rc,
                         struct xg_track_point *p)
{
    if (m->coded == 0)
        code_time_absolute(rc, p);
    else
        code_time(m, rc, p);
    code_flags(m, rc, p);
    code_acc(m, rc, p);
    if (m->coded == 0)
        code_absolute(rc, p);
    else
        code_position(m, rc, p);
    m->last = *p;
    m->coded++;
}

static void even_bins(struct xg_bin *bins, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bins[i] = XG_BIN;
}

#define EVEN_BINS(bins)                                                      \
    even_bins((struct xg_bin *)&(bins), sizeof(bins) / sizeof(struct xg_bin))

void xg_track_model_init(struct xg_track_model *m, uint32_t unit_ms)
{
    /* In 65536ths; after standing, more standing is likely. */
    static const uint32_t WEIGHT[2][XG_MOVES] = {
        {6554, 22938, 3932, 3932, 3932, 13107, 6554, 4587},
        {39322, 9830, 2621, 2621, 2621, 3277, 1311, 3933},
    };

    *m = (struct xg_track_model){.unit_ms = unit_ms, .way_step = 1};
    EVEN_BINS(m->even);
    EVEN_BINS(m->early);
    EVEN_BINS(m->time_far);
    EVEN_BINS(m->by);
    EVEN_BINS(m->acc_none);
    EVEN_BINS(m->acc_same);
    EVEN_BINS(m->acc_end);
    EVEN_BINS(m->acc_down);
    EVEN_BINS(m->acc_by);
    EVEN_BINS(m->flags_same);
    EVEN_BINS(m->flags);
    EVEN_BINS(m->far_away);
    for (int stood = 0; stood < 2; stood++) {
        m->weight_seen[stood] = 6;
        for (int k = 0; k < XG_MOVES; k++)
            m->weight[stood][k] = WEIGHT[stood][k];
    }
    m->heading = (struct xg_vec){0, 16384};
    /* 1.2 m/s = 172.7 sixteenths a second */
    m->speed = 11318000 * (int64_t)unit_ms / 1000;
}

/* The count-form neuron of neuron.py, fused over K timesteps: one read of the currents and one write of the spikes; and, below,
 * max pooling of cumulative spikes.
 *
 * A step is [outer, C, inner] in memory (inner = 1 for channels_last). Arithmetic is the same, operation by operation, as
 * the reference in neuron.py; compile with -ffp-contract=off so that both give the same bits.
 * kind: 0 ReLU; 1 leaky ReLU (a = slope); 2 clamp of the mean to [a, b] (ReLU6, hardtanh); 3: what arrives is the target itself, and x
 * stays as it is (in_blocks.py).
 */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* States, parameters and currents of a block stay in the first-level cache over all K steps; not a power of two, for
 * arrays of a Block at the same place of every 4 kB would push each other out. */
#define BLOCK 384

#define LAST (31.0f / 64.0f) /* of differential.py */

static inline float target(float x, float t, int kind, float a, float b) {
    if (kind == 0) return x > 0.0f ? x : 0.0f;
    if (kind == 1) return x > 0.0f ? x : a * x;
    float m = x / t;
    m = m < a ? a : m;
    m = m > b ? b : m;
    return m * t;
}

static inline float wide(uint16_t bits) { /* of bfloat16 */
    union { uint32_t u; float f; } v = {(uint32_t)bits << 16};
    return v.f;
}

static inline uint16_t narrow(float value) { /* to bfloat16, to nearest even; spikes are finite */
    union { float f; uint32_t u; } v = {value};
    return (uint16_t)((v.u + 0x7fffu + ((v.u >> 16) & 1u)) >> 16);
}

/* State and parameters of one block, and what one step does to it. */
typedef struct {
    float theta[BLOCK], bias[BLOCK], v0[BLOCK], x[BLOCK], n[BLOCK], events[BLOCK], graded[BLOCK], current[BLOCK],
        spikes[BLOCK];
} Block;

static inline __attribute__((always_inline)) void step(Block *w, const float *z, float *out, long count, float plus,
                                                       float minus, float t, int kind, float a, float b) {
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        const float xe = kind == 3 ? w->x[i] : w->x[i] + z[i];
        const float aim = kind == 3 ? z[i] : target(xe + w->bias[i] * t, t, kind, a, b);
        const float want = floorf(aim / w->theta[i] + w->v0[i]);
        const float old = w->n[i];
        float new_ = want > old - minus ? want : old - minus;
        new_ = new_ < old + plus ? new_ : old + plus;
        const float s = new_ - old;
        w->x[i] = xe;
        w->n[i] = new_;
        out[i] = s * w->theta[i];
        w->events[i] += s < 0.0f ? -s : s;
        w->graded[i] += s != 0.0f ? 1.0f : 0.0f;
    }
}

static void spread(float *to, const float *values, long start, long end, long channels, long inner) {
    for (long e = start; e < end;) {
        if (inner == 1) { /* channels run fastest */
            const long c = e % channels, left = channels - c, count = left < end - e ? left : end - e;
            memcpy(to + (e - start), values + c, count * sizeof(float));
            e += count;
        } else { /* one channel at a time */
            const long row = e / inner, stop = (row + 1) * inner < end ? (row + 1) * inner : end;
            const float value = values[row % channels];
            for (; e < stop; e++) to[e - start] = value;
        }
    }
}

static float highest(const float *v, long count) {
    float lanes[32], most = -INFINITY;
    long i = 0;
    for (int j = 0; j < 32; j++) lanes[j] = -INFINITY;
    for (; i + 32 <= count; i += 32)
        for (int j = 0; j < 32; j++) lanes[j] = v[i + j] > lanes[j] ? v[i + j] : lanes[j];
    for (; i < count; i++) most = v[i] > most ? v[i] : most;
    for (int j = 0; j < 32; j++) most = lanes[j] > most ? lanes[j] : most;
    return most;
}

/* What is told of the state at the end, whether or not it is kept: the first element whose current is NaN or infinite (LONG_MAX: none), and
 * how many elements are above what they are asked for by more than ``slack`` (asked_for.py). */
typedef struct {
    long odd, over;
} Told;

static inline int odd_one(float x) {
    union { float f; uint32_t u; } v = {x};
    return (v.u & 0x7f800000u) == 0x7f800000u;
}

static inline long first_odd(const float *x, long start, long count) {
    int found = 0;
    for (long i = 0; i < count; i++) found += odd_one(x[i]);
    for (long i = 0; found && i < count; i++)
        if (odd_one(x[i])) return start + i;
    return LONG_MAX;
}

/* v0 NULL: not rounded, but over ``per``. */
static inline __attribute__((always_inline)) long over_in(const float *value, const float *x, long count, const float *theta,
                                                          const float *bias, const float *v0, float t, float per, float most,
                                                          float slack, int kind, float a, float b) {
    int found = 0;
#define EACH(KIND, ROUNDED)                                                                         \
    for (long i = 0; i < count; i++) {                                                              \
        float want = target(x[i] + bias[i] * t, t, KIND, a, b) / theta[i];                          \
        want = ROUNDED ? floorf(want + v0[i]) : want / per;                                         \
        want = want > most ? most : want;                                                           \
        found += value[i] - want > slack;                                                           \
    }
    if (v0 && kind == 0) EACH(0, 1)
    else if (v0) EACH(kind, 1)
    else if (kind == 0) EACH(0, 0)
    else EACH(kind, 0)
#undef EACH
    return found;
}

/* z, more, out: float, or bfloat16 where ``half``; out may be z itself. z_step, more_step: elements from one step to the next
 * (0: the same current at every step); more: a second current that is added, or NULL. events may be n itself (spikes are
 * never taken back, events equal net counts). fresh: the state is taken as zero and need not be set; where nothing follows, parts of
 * it may then be NULL: they are not kept. */
typedef struct {
    const void *z, *more;
    void *out;
    long z_step, more_step, steps, size, channels, inner, t0;
    float *x, *n, *events, *graded, plus, minus, a, b;
    const float *theta, *bias, *v0;
    int half, kind, fresh, watched;
} Scan;

static void parameters(Block *w, const Scan *s, long start, long count) {
    spread(w->theta, s->theta, start, start + count, s->channels, s->inner);
    spread(w->bias, s->bias, start, start + count, s->channels, s->inner);
    spread(w->v0, s->v0, start, start + count, s->channels, s->inner);
}

static inline void keep(float *to, const float *more, long count, int fresh) {
    if (fresh) memcpy(to, more, count * sizeof(float));
    else
        for (long i = 0; i < count; i++) to[i] += more[i];
}

/* All steps of ``count`` elements from ``start`` on. Where ``top`` is not NULL, spikes are not written, but the counts after
 * each step: the largest of all, top[k * wide], or (``each``) what is larger than top[k * wide + i]. */
static void advance(Block *w, const Scan *s, long start, long count, float *top, long wide_, int each, Told *told) {
    float *x = s->x ? s->x + start : NULL, *n = s->n ? s->n + start : NULL;
    const size_t bytes = count * sizeof(float);
    if (s->fresh && s->kind != 3) memset(w->x, 0, bytes);
    else memcpy(w->x, x, bytes);
    if (s->fresh) memset(w->n, 0, bytes);
    else memcpy(w->n, n, bytes);
    memset(w->events, 0, bytes);
    memset(w->graded, 0, bytes);
    for (long k = 0; k < s->steps; k++) {
        const float *z = (const float *)s->z + k * s->z_step + start;
        float *out = top || s->half ? w->spikes : (float *)s->out + k * s->size + start;
        const float t = (float)(s->t0 + k + 1);
        if (s->half) {
            const uint16_t *zh = (const uint16_t *)s->z + k * s->z_step + start;
            for (long i = 0; i < count; i++) w->current[i] = wide(zh[i]);
            if (s->more) {
                const uint16_t *mh = (const uint16_t *)s->more + k * s->more_step + start;
                for (long i = 0; i < count; i++) w->current[i] += wide(mh[i]);
            }
            z = w->current;
        } else if (s->more) {
            const float *m = (const float *)s->more + k * s->more_step + start;
            for (long i = 0; i < count; i++) w->current[i] = z[i] + m[i];
            z = w->current;
        }
        if (s->kind == 0) step(w, z, out, count, s->plus, s->minus, t, 0, s->a, s->b);
        else if (s->kind == 1) step(w, z, out, count, s->plus, s->minus, t, 1, s->a, s->b);
        else if (s->kind == 2) step(w, z, out, count, s->plus, s->minus, t, 2, s->a, s->b);
        else step(w, z, out, count, s->plus, s->minus, t, 3, s->a, s->b);
        if (top && each) {
            float *most = top + k * wide_;
#pragma GCC ivdep
            for (long i = 0; i < count; i++) most[i] = w->n[i] > most[i] ? w->n[i] : most[i];
        } else if (top) {
            top[k * wide_] = highest(w->n, count);
        } else if (s->half) {
            uint16_t *oh = (uint16_t *)s->out + k * s->size + start;
            for (long i = 0; i < count; i++) oh[i] = narrow(out[i]);
        }
    }
    if (x) memcpy(x, w->x, bytes);
    if (n) memcpy(n, w->n, bytes);
    if (s->graded) keep(s->graded + start, w->graded, count, s->fresh);
    if (s->events && s->events != s->n) keep(s->events + start, w->events, count, s->fresh);
    const float t = (float)(s->t0 + s->steps);
    const long odd = first_odd(w->x, start, count);
    told->odd = odd < told->odd ? odd : told->odd;
    if (s->watched)
        told->over += over_in(w->n, w->x, count, w->theta, w->bias, w->v0, t, 1.0f, s->plus * t, 0.0f, s->kind, s->a, s->b);
}

/* top NULL: the neuron, see ``advance``. Otherwise the largest counts of every ``row`` elements: where inner is 1 (channels
 * run fastest) of each channel over the ``row`` positions of a sample, [steps, samples, channels]; else of ``row`` elements
 * that follow each other, [pieces, steps, rows] for the pieces of at most BLOCK of them. */
void adafire_scan(const void *z, long z_step, const void *more, long more_step, int half, long steps, long size, long channels,
                  long inner, float *x, float *n, float *events, float *graded, const float *theta, const float *bias,
                  const float *v0, float plus, float minus, long t0, int kind, float a, float b, void *out, float *top,
                  long row, int fresh, int watched, long *told, int threads) {
    const Scan s = {z, more, out, z_step, more_step, steps, size, channels, inner, t0, x, n, events, graded, plus, minus, a, b,
                    theta, bias, v0, half, kind, fresh, watched};
    long odd = LONG_MAX, over = 0;
    if (top && inner == 1) { /* in the order of memory: a position's channels, piece by piece */
        const long samples = size / (row * channels), wide_ = samples * channels;
#pragma omp parallel for schedule(static) reduction(min : odd) reduction(+ : over) num_threads(threads)
        for (long r = 0; r < samples; r++) {
            Block w;
            Told t = {LONG_MAX, 0};
            float *most = top + r * channels;
            for (long k = 0; k < steps; k++)
                for (long c = 0; c < channels; c++) most[k * wide_ + c] = -INFINITY;
            for (long p = 0; p < row; p++)
                for (long c = 0; c < channels; c += BLOCK) {
                    const long start = (r * row + p) * channels + c, count = c + BLOCK < channels ? BLOCK : channels - c;
                    parameters(&w, &s, start, count);
                    advance(&w, &s, start, count, most + c, wide_, 1, &t);
                }
            odd = t.odd < odd ? t.odd : odd;
            over += t.over;
        }
        told[0] = odd;
        told[1] = over;
        return;
    }
    const long length = top ? row : size, pieces = (length + BLOCK - 1) / BLOCK, rows = size / length;
#pragma omp parallel for schedule(static) reduction(min : odd) reduction(+ : over) num_threads(threads) if (rows * pieces > 16)
    for (long j = 0; j < rows * pieces; j++) {
        Block w;
        Told t = {LONG_MAX, 0};
        const long r = j / pieces, piece = j % pieces, start = r * length + piece * BLOCK, stop = (r + 1) * length;
        const long count = start + BLOCK < stop ? BLOCK : stop - start;
        parameters(&w, &s, start, count);
        advance(&w, &s, start, count, top ? top + piece * steps * rows + r : NULL, rows, 0, &t);
        odd = t.odd < odd ? t.odd : odd;
        over += t.over;
    }
    told[0] = odd;
    told[1] = over;
}

/* One step of the neurons of differential.py and of multi_threshold.py for a block. */
typedef struct {
    float theta[BLOCK], bias[BLOCK], v0[BLOCK], want[BLOCK], left[BLOCK], total[BLOCK], spikes[BLOCK];
    float x[BLOCK], m[BLOCK], events[BLOCK], graded[BLOCK]; /* of a state that is not kept */
} Bursts;

static inline __attribute__((always_inline)) void take(Bursts *w, const float *z, float *x, long count, float t, int kind,
                                                       float a, float b) {
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        if (kind != 3) x[i] += z[i];
        w->want[i] = (kind == 3 ? z[i] : target(x[i] + w->bias[i] * t, t, kind, a, b)) / w->theta[i];
    }
}

/* Whether products with 1 / x are the quotients, bit for bit. */
static inline int power_of_two(float x) {
    union { float f; uint32_t u; } v = {x};
    return (v.u & 0x7fffffu) == 0 && x > 1e-30f;
}

/* The largest magnitude, or infinity where there is a NaN: what none of them reaches, all are below. */
static float reach_of(const float *v, long count) {
    float lanes[32], most = 0.0f;
    int nan = 0;
    long i = 0;
    for (int j = 0; j < 32; j++) lanes[j] = 0.0f;
    for (; i + 32 <= count; i += 32)
        for (int j = 0; j < 32; j++) {
            const float a = fabsf(v[i + j]);
            lanes[j] = a > lanes[j] ? a : lanes[j];
            nan |= a != a;
        }
    for (; i < count; i++) {
        const float a = fabsf(v[i]);
        most = a > most ? a : most;
        nan |= a != a;
    }
    for (int j = 0; j < 32; j++) most = lanes[j] > most ? lanes[j] : most;
    return nan ? INFINITY : most;
}

/* Takes the spikes of one level from ``left``; adds to their number, and to what they tell (NULL: nobody asks). */
static inline __attribute__((always_inline)) void one_level(float *left, float *total, float *spikes, long count, float level,
                                                            float rest, float most) {
    const int exact = power_of_two(level);
    const float by = 1.0f / level;
#define EACH(COUNT)                                                                \
    for (long i = 0; i < count; i++) {                                             \
        const float free_ = most - spikes[i];                                      \
        float k = floorf((COUNT) + rest);                                          \
        k = k < free_ ? k : free_;                                                 \
        const float change = copysignf(k, left[i]) * level;                        \
        left[i] -= change;                                                         \
        if (total) total[i] += change;                                             \
        spikes[i] += k;                                                            \
    }
    if (exact) {
#pragma GCC ivdep
        EACH(fabsf(left[i]) * by)
    } else {
#pragma GCC ivdep
        EACH(fabsf(left[i]) / level)
    }
#undef EACH
}

/* All levels of one element after the other, in registers; ``levels`` is known where this is compiled. A level that is not reached adds
 * and takes nothing. */
static inline __attribute__((always_inline)) void each_level(float *left, float *total, float *spikes, long count, float weight,
                                                             const int levels, float most) {
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        float rest = left[i], told = 0.0f, sent = 0.0f, level = weight, by = 1.0f / weight;
#pragma GCC unroll 16
        for (int j = 0; j < levels; j++, level *= 0.5f, by *= 2.0f) {
            const float free_ = most - sent;
            float k = floorf(fabsf(rest) * by + (j == levels - 1 ? LAST : (float)(1.0 / 3.0)));
            k = k < free_ ? k : free_;
            const float change = copysignf(k, rest) * level;
            rest -= change;
            told += change;
            sent += k;
        }
        left[i] = rest;
        if (total) total[i] = told;
        spikes[i] = sent;
    }
}

/* The same where no burst is cut off: no level but the first has more than one spike. In units of the present level, and what is told is what
 * is no longer left: all exact, as a change is between half and twice what it is taken from. */
static inline __attribute__((always_inline)) void each_free_level(float *left, float *total, float *spikes, long count, float weight,
                                                                  const int levels) {
    const float by = 1.0f / weight, finest = ldexpf(weight, 1 - levels);
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        const float v = left[i];
        float rest = v * by, sent = 0.0f;
#pragma GCC unroll 16
        for (int j = 0; j < levels; j++) {
            const float k = floorf(fabsf(rest) + (j == levels - 1 ? LAST : (float)(1.0 / 3.0)));
            rest -= copysignf(k, rest);
            if (j < levels - 1) rest += rest;
            sent += k;
        }
        rest *= finest;
        left[i] = rest;
        if (total) total[i] = v - rest;
        spikes[i] = sent;
    }
}

/* The same for any weight and number of levels: levels outside, so that elements are vectors. */
static inline void any_levels(float *left, float *total, float *spikes, long count, float weight, int levels, float most) {
    for (int j = 0; j < levels; j++)
        one_level(left, total, spikes, count, ldexpf(weight, -j), j == levels - 1 ? LAST : (float)(1.0 / 3.0), most);
}

/* All levels; whether an element reaches one. ``total`` (NULL: nobody asks) and ``spikes`` are zero before. */
static inline int all_levels(float *left, float *total, float *spikes, long count, float weight, int levels, float most) {
    const float reach = reach_of(left, count);
    int found = 0;
    for (int j = 0; j < levels && !found; j++)
        found = floorf(reach / ldexpf(weight, -j) + (j == levels - 1 ? LAST : (float)(1.0 / 3.0))) >= 1.0f;
    if (!found) return 0;
    const float first = floorf(reach / weight + (levels == 1 ? LAST : (float)(1.0 / 3.0)));
    const int whole = first + levels - 1 <= most; /* no burst is cut off */
#define CASE(LEVELS)                                                            \
    case LEVELS:                                                                \
        if (whole && total) each_free_level(left, total, spikes, count, weight, LEVELS); \
        else if (whole) each_free_level(left, NULL, spikes, count, weight, LEVELS); \
        else if (total) each_level(left, total, spikes, count, weight, LEVELS, most); \
        else each_level(left, NULL, spikes, count, weight, LEVELS, most);       \
        return 1;
    if (power_of_two(weight)) switch (levels) {
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10)
        }
#undef CASE
    any_levels(left, total, spikes, count, weight, levels, most);
    return 1;
}

static inline void burst(Bursts *w, float *out, float *m, float *events, float *graded, long count, float weight,
                         int levels, float most, float t, float zone) {
    const int exact = power_of_two(t);
    const float by = 1.0f / t;
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        w->want[i] = exact ? w->want[i] * by : w->want[i] / t;
        const float wanted = w->want[i] - m[i];
        w->left[i] = fabsf(wanted) <= zone ? 0.0f : wanted;
        w->total[i] = w->spikes[i] = 0.0f;
    }
    if (!all_levels(w->left, w->total, w->spikes, count, weight, levels, most)) { /* silent: the state stays as it is */
#pragma GCC ivdep
        for (long i = 0; i < count; i++) out[i] = (m[i] + 0.0f) * w->theta[i];
        return;
    }
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        out[i] = (m[i] + w->total[i] * t) * w->theta[i];
        m[i] += w->total[i];
        events[i] += w->spikes[i];
        graded[i] += w->spikes[i] != 0.0f ? 1.0f : 0.0f;
    }
}

/* The largest power of two that fits is what is left of a float without its mantissa. */
static inline void one_of_many(Bursts *w, float *out, float *m, float *events, long count, float finest, int bounded,
                               float t) {
    const float slack = finest / 1024.0f;
#pragma GCC ivdep
    for (long i = 0; i < count; i++) {
        const float total = m[i] * t, v = w->want[i] + w->v0[i] - total, most = total + slack;
        union { float f; uint32_t u; } reach = {fabsf(v) / 0.75f};
        if (bounded && v < 0.0f && most < reach.f) reach.f = most;
        const float fits = reach.f >= finest ? 1.0f : 0.0f;
        reach.u &= 0x7f800000u;
        const float s = fits * copysignf(reach.f < 1.0f ? reach.f : 1.0f, v);
        out[i] = (m[i] + s) * w->theta[i];
        m[i] += s / t;
        events[i] += fits;
    }
}

/* Adds, with a sign, the numbers of a block to the totals of its samples, of ``each`` elements. */
static void add_to_samples(long *sent, const float *numbers, long start, long count, long each, long sign) {
    for (long e = 0; e < count;) {
        const long sample = (start + e) / each, left = (sample + 1) * each - start, stop = left < count ? left : count;
        float lanes[16] = {0.0f}, total = 0.0f;
        for (; e + 16 <= stop; e += 16)
            for (int j = 0; j < 16; j++) lanes[j] += numbers[e + j];
        for (; e < stop; e++) total += numbers[e];
        for (int j = 0; j < 16; j++) total += lanes[j];
        if (total != 0.0f) {
            const long whole = sign * (long)total;
#pragma omp atomic
            sent[sample] += whole;
        }
    }
}

/* As adafire_scan, for neurons that send changes of a running mean: differential bursts with ``weights``, one a step; or,
 * where that is NULL, multi-threshold neurons, one spike a step (``bounded``: the mean stays positive). graded may be
 * events itself in the latter. n is written at the end: mean times t. zone: changes of the mean up to there are not sent. sent: messages
 * of each of ``samples``, added to (NULL: nobody asks); pending: how many of its neurons would send more at once, were their input what it is
 * and the finest level ``next``. */
void adafire_differential(const float *z, long z_step, long steps, long size, long channels, long inner, float *x,
                          float *m, float *n, float *events, float *graded, const float *theta, const float *bias,
                          const float *v0, const float *weights, int levels, float most, float zone, int bounded, long t0, int kind,
                          float a, float b, float *out, int fresh, const float *asked, long *told, long *sent, long *pending, float next,
                          long samples, int threads) {
    const long blocks = (size + BLOCK - 1) / BLOCK, each = size / samples;
    const float finest = ldexpf(1.0f, 1 - levels), end_t = (float)(t0 + steps);
    const int same = graded == events;
    long odd = LONG_MAX, over = 0;
#pragma omp parallel for schedule(static) reduction(min : odd) reduction(+ : over) num_threads(threads) if (blocks > 8)
    for (long i = 0; i < blocks; i++) {
        const long start = i * BLOCK, end = start + BLOCK < size ? start + BLOCK : size, count = end - start;
        Bursts w;
        float *xs = x ? x + start : w.x, *ms = m ? m + start : w.m, *es = events ? events + start : w.events;
        float *gs = same ? es : graded ? graded + start : w.graded;
        spread(w.theta, theta, start, end, channels, inner);
        spread(w.bias, bias, start, end, channels, inner);
        if (!weights) spread(w.v0, v0, start, end, channels, inner);
        if (fresh) { /* the state is taken as zero and need not be set */
            float *parts[] = {ms, es, gs, xs};
            for (int j = 0; j < (kind == 3 ? 3 : 4); j++) memset(parts[j], 0, count * sizeof(float));
        } else if (sent) {
            add_to_samples(sent, gs, start, count, each, -1);
        }
        for (long k = 0; k < steps; k++) {
            const float *zk = z + k * z_step + start;
            float *ok = out + k * size + start;
            const float t = (float)(t0 + k + 1);
            if (kind == 0) take(&w, zk, xs, count, t, 0, a, b);
            else if (kind == 1) take(&w, zk, xs, count, t, 1, a, b);
            else if (kind == 2) take(&w, zk, xs, count, t, 2, a, b);
            else take(&w, zk, xs, count, t, 3, a, b);
            if (weights) burst(&w, ok, ms, es, gs, count, weights[k], levels, most, t, zone);
            else one_of_many(&w, ok, ms, es, count, finest, bounded, t);
        }
        if (n)
            for (long e = 0; e < count; e++) n[start + e] = ms[e] * end_t;
        if (sent) add_to_samples(sent, gs, start, count, each, 1);
        if (pending) {
            for (long e = 0; e < count; e++) w.spikes[e] = floorf(fabsf(w.left[e]) / next + LAST) >= 1.0f ? 1.0f : 0.0f;
            add_to_samples(pending, w.spikes, start, count, each, 1);
        }
        const long first_one = first_odd(xs, start, count);
        odd = first_one < odd ? first_one : odd;
        if (asked) { /* per, slack, and whether n is held against what is asked for, or the mean */
            if (asked[2] != 0.0f)
                for (long e = 0; e < count; e++) w.want[e] = ms[e] * end_t;
            over += over_in(asked[2] != 0.0f ? w.want : ms, xs, count, w.theta, w.bias, NULL, end_t, asked[0], INFINITY, asked[1],
                            kind, a, b);
        }
    }
    told[0] = odd;
    told[1] = over;
}

/* Codes of one pass (one_pass.py), each of ``length`` rows (threshold, reset, weight): where v >= threshold, v -= reset and weight is
 * sent. of_current: v is the current itself, and what is sent is over theta (few_spikes.py); else v is |f(current)| / theta + v0, and the
 * sign goes with it. z_step 0: one code stands for all steps. */
void adafire_code(const float *z, long z_step, long steps, long size, long channels, long inner, float *x, float *n,
                  float *events, float *graded, const float *theta, const float *bias, const float *v0, const float *table,
                  int length, int of_current, int kind, float a, float b, float *out, int fresh, long *told, int threads) {
    const long blocks = (size + BLOCK - 1) / BLOCK;
    long odd = LONG_MAX;
#pragma omp parallel for schedule(static) reduction(min : odd) num_threads(threads) if (blocks > 8)
    for (long block = 0; block < blocks; block++) {
        const long start = block * BLOCK, end = start + BLOCK < size ? start + BLOCK : size, count = end - start;
        float th[BLOCK], bi[BLOCK], first[BLOCK], v[BLOCK], f[BLOCK], value[BLOCK], spikes[BLOCK];
        float kept[4][BLOCK]; /* of a state that is not kept */
        float *xs = x ? x + start : kept[0], *ns = n ? n + start : kept[1], *es = events ? events + start : kept[2];
        float *gs = graded ? graded + start : kept[3];
        spread(th, theta, start, end, channels, inner);
        spread(bi, bias, start, end, channels, inner);
        if (!of_current) spread(first, v0, start, end, channels, inner);
        if (fresh) { /* the state is taken as zero and need not be set */
            float *parts[] = {xs, ns, es, gs};
            for (int j = 0; j < 4; j++) memset(parts[j], 0, count * sizeof(float));
        }
        for (long k = 0; k < steps; k++) {
            const float *zk = z + k * z_step + start;
            if (k == 0 || z_step) {
#pragma GCC ivdep
                for (long i = 0; i < count; i++) {
                    const float current = zk[i] + bi[i];
                    f[i] = of_current ? current : target(current, 1.0f, kind, a, b) / th[i];
                    v[i] = of_current ? current : fabsf(f[i]) + first[i];
                    value[i] = spikes[i] = 0.0f;
                }
                for (int j = 0; j < length; j++) {
                    const float threshold = table[3 * j], reset = table[3 * j + 1], weight = table[3 * j + 2];
#pragma GCC ivdep
                    for (long i = 0; i < count; i++) {
                        const float spike = v[i] >= threshold ? 1.0f : 0.0f;
                        v[i] -= spike * reset;
                        value[i] += spike * weight;
                        spikes[i] += spike;
                    }
                }
#pragma GCC ivdep
                for (long i = 0; i < count; i++) value[i] = of_current ? value[i] / th[i] : copysignf(value[i], f[i]);
            }
            float *to = out + k * size;
#pragma GCC ivdep
            for (long i = 0; i < count; i++) {
                xs[i] += zk[i];
                ns[i] += value[i];
                es[i] += spikes[i];
                gs[i] += spikes[i] != 0.0f ? 1.0f : 0.0f;
                to[start + i] = value[i] * th[i];
            }
        }
        const long first_one = first_odd(xs, start, count);
        odd = first_one < odd ? first_one : odd;
    }
    told[0] = odd;
    told[1] = 0;
}

/* How many of ``size`` elements are above what they are asked for by more than ``slack`` (asked_for.py); v0 NULL: not rounded.
 * events NULL, or spikes: those that sent fewer than ``least`` are none of them. */
long adafire_over(const float *value, const float *x, long size, long channels, long inner, const float *theta,
                  const float *bias, const float *v0, float t, float per, float most, float slack, int kind, float a, float b,
                  const float *events, float least, int threads) {
    const int alike = inner == 1 && channels <= BLOCK; /* blocks of whole positions: parameters lie alike in all of them */
    const long each = alike ? BLOCK / channels * channels : BLOCK, blocks = (size + each - 1) / each;
    long over = 0;
#pragma omp parallel reduction(+ : over) num_threads(threads) if (blocks > 8)
    {
        float th[BLOCK], bi[BLOCK], v[BLOCK];
        if (alike) {
            spread(th, theta, 0, each, channels, inner);
            spread(bi, bias, 0, each, channels, inner);
            if (v0) spread(v, v0, 0, each, channels, inner);
        }
#pragma omp for schedule(static)
        for (long j = 0; j < blocks; j++) {
            const long start = j * each, end = start + each < size ? start + each : size, count = end - start;
            if (events && highest(events + start, count) < least) continue;
            if (!alike) {
                spread(th, theta, start, end, channels, inner);
                spread(bi, bias, start, end, channels, inner);
                if (v0) spread(v, v0, start, end, channels, inner);
            }
            over += over_in(value + start, x + start, count, th, bi, v0 ? v : NULL, t, per, most, slack, kind, a, b);
        }
    }
    return over;
}

/* Where values are ``least`` or more, into ``places``: how many, or -1 where there is no ``room`` for them. */
long adafire_at_least(const float *values, long size, float least, long *places, long room) {
    long found = 0;
    for (long start = 0; start < size; start += BLOCK) {
        const long end = start + BLOCK < size ? start + BLOCK : size;
        if (highest(values + start, end - start) < least) continue;
        if (found + BLOCK > room) return -1;
        for (long i = start; i < end; i++) {
            places[found] = i;
            found += values[i] >= least;
        }
    }
    return found;
}

/* Max pooling as a rate operator (rates.py): x += s_k; y_k = increment of the maximum over the window of x, with increments
 * below ``noise`` of the total taken as rounding. Memory order is [steps, batch, height, width, channels]. size: sum of |y|;
 * active: steps with y != 0; total: the maximum of the last step. s, out: float, or bfloat16 where ``half``. */
typedef struct { /* what a pooled result is counted as */
    int kind; /* 0: its increments; 1: spikes of the bursts that tell the change of its mean; 2: one spike for a change */
    const float *theta, *weights; /* thresholds in the order of the result; weight of each step's spikes */
    int levels;
    long t0;
} Sent;

/* Rounding of a sum that stands at ``now``: its terms are multiples of a level of theta, and may have cancelled. */
static inline float noise_of(float noise, float now, float theta) {
    const float size = fabsf(now);
    return noise * (size > theta ? size : theta);
}

/* Of ``count`` results: now, after step k, and increments y; size and active are added to. As running_mean.py's _sent. */
static inline void add_sent(const Sent *s, long k, long at, long count, float noise, const float *now, const float *y, float *size,
                            float *active) {
    if (s->kind == 0) {
#pragma GCC ivdep
        for (long c = 0; c < count; c++) {
            size[c] += y[c] < 0.0f ? -y[c] : y[c];
            active[c] += y[c] != 0.0f ? 1.0f : 0.0f;
        }
        return;
    }
    const float t = (float)(s->t0 + k + 1), before_t = t > 1.0f ? t - 1.0f : 1.0f;
    float left[count], spikes[count];
#pragma GCC ivdep
    for (long c = 0; c < count; c++) {
        const float change = y[c] - (now[c] - y[c]) / before_t;
        left[c] = fabsf(change) <= noise_of(noise, now[c], s->theta[at + c]) ? 0.0f : change / t / s->theta[at + c];
        spikes[c] = s->kind == 2 && left[c] != 0.0f ? 1.0f : 0.0f;
    }
    if (s->kind == 1) all_levels(left, NULL, spikes, count, s->weights[k], s->levels, INFINITY);
#pragma GCC ivdep
    for (long c = 0; c < count; c++) {
        size[c] += spikes[c];
        active[c] += spikes[c] != 0.0f ? 1.0f : 0.0f;
    }
}

typedef struct {
    const void *s;
    void *out;
    long batch, height, width, channels, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, out_h, out_w;
    float noise, *x, *total, *size, *active;
    int half;
    Sent sent;
} Pool;

static void at_rest(const Pool *p, long from, long to) { /* the state of so many images */
    const long in = p->height * p->width * p->channels, out = p->out_h * p->out_w * p->channels;
    float *parts[] = {p->total, p->size, p->active};
    if (p->x) memset(p->x + from * in, 0, (to - from) * in * sizeof(float));
    for (int j = 0; j < 3; j++) memset(parts[j] + from * out, 0, (to - from) * out * sizeof(float));
}

static void take_in(const Pool *p, long k, long from, long to) { /* rows of all images, one after the other */
    const long row = p->width * p->channels, at = k * p->batch * p->height * row;
    if (!p->x) return; /* one step, and none after it: it is the sum */
    if (p->half) {
        const uint16_t *s = (const uint16_t *)p->s + at;
        for (long i = from * row; i < to * row; i++) p->x[i] += wide(s[i]);
    } else {
        const float *s = (const float *)p->s + at;
        for (long i = from * row; i < to * row; i++) p->x[i] += s[i];
    }
}

static void give_out(const Pool *p, long k, long from, long to) {
    const long channels = p->channels, row = p->width * channels, step = k * p->batch * p->out_h * p->out_w * channels;
    float m[channels];
    for (long r = from; r < to; r++) {
        const long b = r / p->out_h, top = (r % p->out_h) * p->stride_h - p->pad_h;
        const long y0 = top < 0 ? 0 : top, y1 = top + p->kernel_h < p->height ? top + p->kernel_h : p->height;
        for (long ox = 0; ox < p->out_w; ox++) {
            const long left = ox * p->stride_w - p->pad_w;
            const long x0 = left < 0 ? 0 : left, x1 = left + p->kernel_w < p->width ? left + p->kernel_w : p->width;
            const long at = (r * p->out_w + ox) * channels;
            const float *theta = p->sent.theta + at;
            float *total = p->total + at, *size = p->size + at, *active = p->active + at;
            for (long c = 0; c < channels; c++) m[c] = -INFINITY;
            for (long iy = y0; iy < y1; iy++)
                for (long ix = x0; ix < x1; ix++) {
                    const float *v = (p->x ? p->x : (const float *)p->s) + (b * p->height + iy) * row + ix * channels;
#pragma GCC ivdep
                    for (long c = 0; c < channels; c++) m[c] = v[c] > m[c] ? v[c] : m[c];
                }
#pragma GCC ivdep
            for (long c = 0; c < channels; c++) {
                const float now = m[c], change = now - total[c], magnitude = change < 0.0f ? -change : change;
                total[c] = now;
                m[c] = magnitude <= noise_of(p->noise, now, theta[c]) ? 0.0f : change;
            }
            add_sent(&p->sent, k, at, channels, p->noise, total, m, size, active);
            if (p->half)
                for (long c = 0; c < channels; c++) ((uint16_t *)p->out)[step + at + c] = narrow(m[c]);
            else
                memcpy((float *)p->out + step + at, m, channels * sizeof(float));
        }
    }
}

void adafire_pool(const void *s, int half, long steps, long batch, long height, long width, long channels, long kernel_h,
                  long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w, long out_h, long out_w, float noise,
                  float *x, float *total, void *out, float *size, float *active, int kind, const float *theta,
                  const float *weights, int levels, long t0, int fresh, int threads) {
    const Pool p = {s, out, batch, height, width, channels, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, out_h, out_w,
                    noise, x, total, size, active, half, {kind, theta, weights, levels, t0}};
    if (batch >= threads) { /* an image at a time: its state stays in the cache over all steps */
#pragma omp parallel for schedule(static) num_threads(threads)
        for (long b = 0; b < batch; b++) {
            if (fresh) at_rest(&p, b, b + 1);
            for (long k = 0; k < steps; k++) {
                take_in(&p, k, b * height, (b + 1) * height);
                give_out(&p, k, b * out_h, (b + 1) * out_h);
            }
        }
    } else {
        if (fresh) at_rest(&p, 0, batch);
        for (long k = 0; k < steps; k++) {
#pragma omp parallel for schedule(static) num_threads(threads)
            for (long r = 0; r < batch * height; r++) take_in(&p, k, r, r + 1);
#pragma omp parallel for schedule(static) num_threads(threads)
            for (long r = 0; r < batch * out_h; r++) give_out(&p, k, r, r + 1);
        }
    }
}

/* Max over the last dimension as a rate operator: as adafire_pool with one window that holds all of a row. Memory order is
 * [steps, rows, length]. */
void adafire_row_max(const float *s, long steps, long rows, long length, float noise, float *x, float *total, float *out,
                     float *size, float *active, int kind, const float *theta, const float *weights, int levels, long t0,
                     int fresh, int threads) {
    const Sent sent = {kind, theta, weights, levels, t0};
#pragma omp parallel for schedule(static) num_threads(threads)
    for (long r = 0; r < rows; r++) {
        float *xr = x + r * length;
        if (fresh) {
            memset(xr, 0, length * sizeof(float));
            total[r] = size[r] = active[r] = 0.0f;
        }
        for (long k = 0; k < steps; k++) {
            const float *sr = s + (k * rows + r) * length;
#pragma GCC ivdep
            for (long i = 0; i < length; i++) xr[i] += sr[i];
            const float now = highest(xr, length);
            const float step = now - total[r], magnitude = step < 0.0f ? -step : step;
            const float y = magnitude <= noise_of(noise, now, theta[r]) ? 0.0f : step;
            total[r] = now;
            out[k * rows + r] = y;
            add_sent(&sent, k, r, 1, noise, total + r, &y, size + r, active + r);
        }
    }
}

/* Sums of counts, weighed with maps (weighed.py). A row of memory is [outer, inner], cut along one of the two into segments, up to
 * ``ends``, within which no map changes: along inner, weights are [outer, segments, maps]; along outer (``across``), [segments,
 * maps, inner]. out: [2, rows, maps], of the counts ``first`` and of ``second``; second NULL: 1 for every count other than 0.
 * Counts are whole numbers, so that sums are exact in any order. */
typedef struct {
    const float *first, *second;
    long rows, outer, inner, segments, maps;
    const long *ends;
    const double *weights;
} Weighed;

#define PIECE 4096 /* of a sum in floats: exact below 2^24 */

static inline void add_up(const float *first, const float *second, long count, double *a, double *b) {
    for (long i = 0; i < count; i += PIECE) {
        const long stop = i + PIECE < count ? i + PIECE : count;
        float x = 0.0f, y = 0.0f;
        if (second) {
#pragma omp simd reduction(+ : x, y)
            for (long j = i; j < stop; j++) {
                x += first[j];
                y += second[j];
            }
        } else {
#pragma omp simd reduction(+ : x, y)
            for (long j = i; j < stop; j++) {
                x += first[j];
                y += first[j] != 0.0f ? 1.0f : 0.0f;
            }
        }
        *a += x;
        *b += y;
    }
}

static void along_inner(const Weighed *w, long row, long from, long to, double *a, double *b) { /* of ``outer`` */
    const long size = w->outer * w->inner;
    for (long o = from; o < to; o++) {
        const double *weights = w->weights + o * w->segments * w->maps;
        for (long s = 0; s < w->segments; s++, weights += w->maps) {
            const long begin = s ? w->ends[s - 1] : 0, at = row * size + o * w->inner + begin;
            double x = 0.0, y = 0.0;
            add_up(w->first + at, w->second ? w->second + at : NULL, w->ends[s] - begin, &x, &y);
            for (long m = 0; m < w->maps; m++) {
                a[m] += weights[m] * x;
                b[m] += weights[m] * y;
            }
        }
    }
}

static void across_outer(const Weighed *w, long row, long from, long to, double *a, double *b) { /* of ``inner`` */
    float x[PIECE], y[PIECE];
    const long count = to - from;
    for (long s = 0; s < w->segments; s++) {
        memset(x, 0, sizeof x);
        memset(y, 0, sizeof y);
        for (long o = s ? w->ends[s - 1] : 0; o < w->ends[s]; o++) {
            const long at = (row * w->outer + o) * w->inner + from;
            const float *first = w->first + at, *second = w->second ? w->second + at : NULL;
            for (long i = 0; i < count; i++) x[i] += first[i];
            if (second)
                for (long i = 0; i < count; i++) y[i] += second[i];
            else
                for (long i = 0; i < count; i++) y[i] += first[i] != 0.0f ? 1.0f : 0.0f;
        }
        for (long m = 0; m < w->maps; m++) {
            const double *weights = w->weights + (s * w->maps + m) * w->inner + from;
            double p = 0.0, q = 0.0;
#pragma omp simd reduction(+ : p, q)
            for (long i = 0; i < count; i++) {
                p += weights[i] * x[i];
                q += weights[i] * y[i];
            }
            a[m] += p;
            b[m] += q;
        }
    }
}

void adafire_weighed(const float *first, const float *second, long rows, long outer, long inner, int across, const long *ends,
                     long segments, const double *weights, long maps, double *out, int threads) {
    const Weighed w = {first, second, rows, outer, inner, segments, maps, ends, weights};
    const int constant = outer * segments == 1; /* one weight a map: the row is cut anywhere */
    const long length = across || constant ? inner : outer, rest = across || constant ? 1 : inner;
    const long piece = across ? PIECE / 4 : (4 * PIECE + rest - 1) / rest, pieces = (length + piece - 1) / piece;
    memset(out, 0, 2 * rows * maps * sizeof(double));
#pragma omp parallel for schedule(static) num_threads(threads) if (rows * outer * inner > 8 * PIECE)
    for (long j = 0; j < rows * pieces; j++) {
        double a[maps], b[maps];
        const long row = j / pieces, from = j % pieces * piece, to = from + piece < length ? from + piece : length;
        for (long m = 0; m < maps; m++) a[m] = b[m] = 0.0;
        if (constant) {
            const long at = row * inner + from;
            const Weighed part = {first + at, second ? second + at : NULL, 1, 1, to - from, 1, maps, &(long){to - from}, weights};
            along_inner(&part, 0, 0, 1, a, b);
        } else {
            (across ? across_outer : along_inner)(&w, row, from, to, a, b);
        }
        for (long m = 0; m < maps; m++) {
#pragma omp atomic
            out[row * maps + m] += a[m];
#pragma omp atomic
            out[(rows + row) * maps + m] += b[m];
        }
    }
}

typedef float Lanes __attribute__((vector_size(32), aligned(4)));
typedef int32_t Marks __attribute__((vector_size(32)));

/* Elements other than 0 of [steps, rows, positions, channels] (``last``) or [steps, rows, channels, positions], added up over steps
 * and channels: [rows, positions]. */
void adafire_nonzero(const float *values, long steps, long rows, long channels, long positions, int last, double *out,
                     int threads) {
    const long size = channels * positions, piece = last ? (4 * PIECE + channels - 1) / channels : PIECE;
    const long pieces = (positions + piece - 1) / piece;
#pragma omp parallel for schedule(static) num_threads(threads) if (steps * rows * size > 8 * PIECE)
    for (long j = 0; j < rows * pieces; j++) {
        const long row = j / pieces, from = j % pieces * piece, to = from + piece < positions ? from + piece : positions;
        double *found = out + row * positions;
        for (long p = from; p < to; p++) found[p] = 0.0;
        for (long k = 0; k < steps; k++) {
            const float *v = values + (k * rows + row) * size;
            if (last && channels < 8) { /* too few for lanes of their own */
                for (long p = from; p < to; p++) {
                    long count = 0;
                    for (long c = 0; c < channels; c++) count += v[p * channels + c] != 0.0f;
                    found[p] += (double)count;
                }
            } else if (last) {
                for (long p = from; p < to; p++) {
                    const float *at = v + p * channels;
                    Marks marks = {0};
                    long c = 0, count = 0;
                    for (; c + 8 <= channels; c += 8) marks -= *(const Lanes *)(at + c) != (Lanes){0};
                    for (int k = 0; k < 8; k++) count += marks[k];
                    for (; c < channels; c++) count += at[c] != 0.0f;
                    found[p] += (double)count;
                }
            } else {
                int count[PIECE];
                memset(count, 0, sizeof count);
                for (long c = 0; c < channels; c++)
                    for (long p = from; p < to; p++) count[p - from] += v[c * positions + p] != 0.0f;
                for (long p = from; p < to; p++) found[p] += count[p - from];
            }
        }
    }
}

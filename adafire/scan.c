/* The count-form neuron of neuron.py, fused over K timesteps: one read of the current and one write of the spikes.
 *
 * A step is [outer, C, inner] in memory (inner = 1 for channels_last). Arithmetic is the same, operation by operation, as
 * the reference in neuron.py; compile with -ffp-contract=off so that both give the same bits.
 * kind: 0 ReLU; 1 leaky ReLU (a = slope); 2 clamp of the mean to [a, b] (ReLU6, hardtanh).
 */
#include <math.h>

#define BLOCK 1024

static inline float target(float x, float t, int kind, float a, float b) {
    if (kind == 0) return x > 0.0f ? x : 0.0f;
    if (kind == 1) return x > 0.0f ? x : a * x;
    float m = x / t;
    m = m < a ? a : m;
    m = m > b ? b : m;
    return m * t;
}

#define BODY(TH, BI, V)                                                                          \
    {                                                                                            \
        float xe = x[e] + zk[e];                                                                 \
        x[e] = xe;                                                                               \
        float want = floorf(target(xe + (BI) * t, t, kind, a, b) / (TH) + (V));                  \
        float old = n[e];                                                                        \
        float new_ = want > old - minus ? want : old - minus;                                    \
        new_ = new_ < old + plus ? new_ : old + plus;                                            \
        float s = new_ - old;                                                                    \
        n[e] = new_;                                                                             \
        ok[e] = s * (TH);                                                                        \
        if (events != n) events[e] += s < 0.0f ? -s : s;                                         \
        graded[e] += s != 0.0f ? 1.0f : 0.0f;                                                    \
        float most = plus * t;                                                                   \
        excess[e - start] = new_ > (want < most ? want : most) ? 1.0f : 0.0f;                    \
    }

static long piece(const float *z, long z_step, long steps, long start, long end, long channels, long inner, float *x,
                  float *n, float *events, float *graded, const float *theta, const float *bias, const float *v0,
                  float plus, float minus, long t0, int kind, float a, float b, float *out, long size) {
    float excess[BLOCK];
    for (long k = 0; k < steps; k++) {
        const float *zk = z + k * z_step;
        float *ok = out + k * size;
        const float t = (float)(t0 + k + 1);
        long e = start;
        while (e < end) {
            if (inner == 1) { /* channels run fastest */
                long c = e % channels, stop = e - c + channels < end ? e - c + channels : end, from = e - c;
#pragma GCC ivdep
                for (e = from + c; e < stop; e++) BODY(theta[e - from], bias[e - from], v0[e - from])
            } else { /* one channel at a time */
                long row = e / inner, c = row % channels, stop = (row + 1) * inner < end ? (row + 1) * inner : end;
                const float th = theta[c], bi = bias[c], v = v0[c];
#pragma GCC ivdep
                for (long from = e; from < stop; from++) { long e = from; BODY(th, bi, v) }
                e = stop;
            }
        }
    }
    long over = 0;
    for (long i = 0; i < end - start; i++) over += excess[i] > 0.0f;
    return over;
}

/* events may be n itself (spikes are never taken back, events equal net counts). Returns how many neurons have emitted more
 * than their cumulative input asks for at the last step. */
long adafire_scan(const float *z, long z_step, long steps, long size, long channels, long inner, float *x, float *n,
                  float *events, float *graded, const float *theta, const float *bias, const float *v0, float plus,
                  float minus, long t0, int kind, float a, float b, float *out, int threads) {
    long over = 0, blocks = (size + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) reduction(+ : over) num_threads(threads) if (blocks > 8)
    for (long i = 0; i < blocks; i++) {
        long start = i * BLOCK, end = start + BLOCK < size ? start + BLOCK : size;
        over += piece(z, z_step, steps, start, end, channels, inner, x, n, events, graded, theta, bias, v0, plus, minus, t0,
                      kind, a, b, out, size);
    }
    return over;
}

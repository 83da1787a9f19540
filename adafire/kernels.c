/* The count-form neuron of neuron.py, fused over K timesteps: one read of the current and one write of the spikes; and, below,
 * max pooling of cumulative spikes.
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

/* Max pooling as a rate operator (rates.py): x += s_k; y_k = increment of the maximum over the window of x, with increments
 * below ``noise`` of the total taken as rounding. Memory order is [steps, batch, height, width, channels]. size: sum of |y|;
 * active: steps with y != 0; total: the maximum of the last step. */
void adafire_pool(const float *s, long steps, long batch, long height, long width, long channels, long kernel_h,
                  long kernel_w, long stride_h, long stride_w, long pad_h, long pad_w, long out_h, long out_w, float noise,
                  float *x, float *total, float *out, float *size, float *active, int threads) {
    const long row = width * channels, out_row = out_w * channels;
#pragma omp parallel num_threads(threads)
    for (long k = 0; k < steps; k++) {
        const float *sk = s + k * batch * height * row;
        float *yk = out + k * batch * out_h * out_row;
#pragma omp for schedule(static)
        for (long r = 0; r < batch * height; r++)
            for (long i = r * row; i < (r + 1) * row; i++) x[i] += sk[i];
#pragma omp for schedule(static)
        for (long r = 0; r < batch * out_h; r++) {
            const long b = r / out_h, top = (r % out_h) * stride_h - pad_h;
            const long y0 = top < 0 ? 0 : top, y1 = top + kernel_h < height ? top + kernel_h : height;
            for (long ox = 0; ox < out_w; ox++) {
                const long left = ox * stride_w - pad_w;
                const long x0 = left < 0 ? 0 : left, x1 = left + kernel_w < width ? left + kernel_w : width;
                const long at = r * out_row + ox * channels;
                float *m = yk + at;
                for (long c = 0; c < channels; c++) m[c] = -INFINITY;
                for (long iy = y0; iy < y1; iy++)
                    for (long ix = x0; ix < x1; ix++) {
                        const float *p = x + (b * height + iy) * row + ix * channels;
#pragma GCC ivdep
                        for (long c = 0; c < channels; c++) m[c] = p[c] > m[c] ? p[c] : m[c];
                    }
#pragma GCC ivdep
                for (long c = 0; c < channels; c++) {
                    const float now = m[c], step = now - total[at + c], magnitude = step < 0.0f ? -step : step;
                    const float y = magnitude <= noise * (now < 0.0f ? -now : now) ? 0.0f : step;
                    total[at + c] = now;
                    size[at + c] += y < 0.0f ? -y : y;
                    active[at + c] += y != 0.0f ? 1.0f : 0.0f;
                    m[c] = y;
                }
            }
        }
    }
}

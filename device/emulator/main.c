/* Bare-metal harness: steps the lowered kernels over jobs read from the host and writes what they give.
 *
 * The files are described in device/lowering/trendel_lowering/homes/job.py. Files are reached by semihosting, in large
 * pieces: each call stops the emulator. Built with TRENDEL_COUNT the trace holds, instead, one u4 for each sample: the
 * SysTick ticks of its step.
 *
 * Exit codes: 0 done, 2 the job file is missing or malformed, 3 the trace cannot be written. */
#include <semihost.h>
#include <stdbool.h>
#include <string.h>

#include "trendel_layout.h"

#define JOB_MAGIC 0x424a5254u
#define TRACE_MAGIC 0x52545254u
#define COLD_START 1u

#define SAMPLES_AT_ONCE 2048u
#define WRITE_BYTES 0x40000u

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)

typedef struct {
    uint32_t magic, flags, samples_n, every, state_size, params_size, sample_size, out_size;
} job_t;

static trendel_params_t params;
static trendel_state_t state;
static trendel_sample_t samples[SAMPLES_AT_ONCE];
static uint8_t written[WRITE_BYTES];
static size_t written_n;
static int job_file, trace_file;

static void stop(unsigned code) {
    sys_semihost_exit_extended(code);
}

/* Semihosting read and write return the number of bytes that they did NOT move. */
static bool read_all(void *into, size_t n) {
    return n == 0 || sys_semihost_read(job_file, into, n) == 0;
}

static void flush(void) {
    if (written_n > 0 && sys_semihost_write(trace_file, written, written_n) != 0)
        stop(3);
    written_n = 0;
}

static void put(const void *from, size_t n) {
    if (written_n + n > sizeof written)
        flush();
    memcpy(written + written_n, from, n);
    written_n += n;
}

#ifdef TRENDEL_COUNT
static uint32_t overhead;

static uint32_t timed_step(const trendel_sample_t *sample, trendel_out_t *out) {
    const uint32_t before = SYST_CVR;
    (void)trendel_step(&state, &params, sample, out);
    return (before - SYST_CVR) & 0xffffffu;
}

static void start_counter(void) {
    SYST_RVR = 0xffffffu;
    SYST_CVR = 0;
    SYST_CSR = 5; /* on, processor clock */
    const uint32_t before = SYST_CVR;
    overhead = (before - SYST_CVR) & 0xffffffu;
}
#endif

static void step_one(const trendel_sample_t *sample) {
    static trendel_out_t out;
    memset(&out, 0, sizeof out);
#ifdef TRENDEL_COUNT
    uint32_t ticks = timed_step(sample, &out);
    ticks = ticks > overhead ? ticks - overhead : 0;
    put(&ticks, sizeof ticks);
#else
    const int32_t flags = trendel_step(&state, &params, sample, &out);
    put(&flags, sizeof flags);
    put(&out, sizeof out);
#endif
}

static void show_state(void) {
#ifndef TRENDEL_COUNT
    put(&state, sizeof state);
#endif
}

static void run(const job_t *job) {
    if (job->magic != JOB_MAGIC || job->state_size != sizeof state || job->params_size != sizeof params ||
        job->sample_size != sizeof samples[0] || job->out_size != sizeof(trendel_out_t) || job->every == 0 ||
        !read_all(&params, sizeof params) || !read_all(&state, sizeof state))
        stop(2);
    const int32_t result = (job->flags & COLD_START) ? trendel_init(&state, &params) : 0;
#ifndef TRENDEL_COUNT
    const uint32_t magic = TRACE_MAGIC;
    put(&magic, sizeof magic);
    put(&result, sizeof result);
#else
    (void)result;
#endif
    for (uint32_t done = 0; done < job->samples_n;) {
        uint32_t n = job->samples_n - done;
        if (n > SAMPLES_AT_ONCE)
            n = SAMPLES_AT_ONCE;
        if (!read_all(samples, n * sizeof samples[0]))
            stop(2);
        for (uint32_t i = 0; i < n; i++) {
            step_one(&samples[i]);
            done++;
            if (done % job->every == 0 && done != job->samples_n)
                show_state();
        }
    }
    show_state();
}

int main(void) {
    job_file = sys_semihost_open("job.bin", SH_OPEN_R_B);
    trace_file = sys_semihost_open("trace.bin", SH_OPEN_W_B);
    if (job_file < 0 || trace_file < 0)
        stop(2);
#ifdef TRENDEL_COUNT
    start_counter();
#endif
    job_t job;
    while (read_all(&job, sizeof job))
        run(&job);
    flush();
    sys_semihost_close(trace_file);
    stop(0);
    return 0;
}

#include "lsm6.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lsm6_registers.h"

static bool streaming(const sim_lsm6_t *sim) {
    return (sim->registers[FIFO_CTRL5] & 7u) == FIFO_CONTINUOUS && (sim->registers[CTRL1_XL] >> 4) != 0u &&
           sim->registers[FIFO_CTRL3] == FIFO_NO_DECIMATION;
}

static uint32_t level_words(const sim_lsm6_t *sim) {
    return sim->held_n * 6u - sim->word;
}

static uint32_t watermark_words(const sim_lsm6_t *sim) {
    return sim->registers[FIFO_CTRL1] | (uint32_t)(sim->registers[FIFO_CTRL2] & 7u) << 8;
}

static void drop_oldest(sim_lsm6_t *sim) {
    memmove(sim->fifo, sim->fifo + 1, (size_t)(--sim->held_n) * sizeof sim->fifo[0]);
}

static int64_t floor_of(double x) {
    const int64_t whole = (int64_t)x;
    return whole - (x < (double)whole ? 1 : 0);
}

/* By how many powers of two it measures faster than the rows are given. */
static int32_t finer(const sim_lsm6_t *sim) {
    const int32_t odr = sim->registers[CTRL1_XL] >> 4;
    return odr == 0 || sim->row_odr == 0u ? 0 : odr - (int32_t)sim->row_odr;
}

static int16_t value_at(const sim_lsm6_t *sim, int64_t i, uint32_t word) {
    const trendel_imu_sample_t *sample = i >= 0 && i < sim->sample_n ? &sim->samples[i] : &sim->rest;
    return word < 3u ? sample->gyr[word] : sample->acc[word - 3u];
}

static int16_t word_of(const sim_lsm6_t *sim, uint32_t made_i, uint32_t word) {
    if (!sim->follows)
        return value_at(sim, made_i % sim->sample_n, word);
    const int64_t i = sim->first_i + made_i, step = (int64_t)1 << (finer(sim) < 0 ? -finer(sim) : 0);
    return value_at(sim, finer(sim) > 0 && i >= 0 ? i >> finer(sim) : i * step, word);
}

static uint8_t status(const sim_lsm6_t *sim, uint8_t reg) {
    const uint32_t words = level_words(sim), pattern = sim->word;
    switch (reg - FIFO_STATUS1) {
    case 0:
        return (uint8_t)words;
    case 1:
        return (uint8_t)((words >> 8 & 7u) | (sim->overrun ? FIFO_STATUS2_OVER_RUN : 0u) | (words == 0u ? 0x10u : 0u) |
                         (words >= watermark_words(sim) ? 0x80u : 0u));
    case 2:
        return (uint8_t)pattern;
    default:
        return (uint8_t)(pattern >> 8);
    }
}

static uint8_t pop_byte(sim_lsm6_t *sim, bool high) {
    if (sim->held_n == 0u)
        return 0;
    const uint16_t word = (uint16_t)word_of(sim, sim->fifo[0], sim->word);
    if (!high)
        return (uint8_t)word;
    sim->overrun = false;
    if (++sim->word == 6u) {
        sim->word = 0;
        drop_oldest(sim);
    }
    return (uint8_t)(word >> 8);
}

/* What the output registers show: the newest sample, with the self-test's force if it is on. */
static uint8_t output(const sim_lsm6_t *sim, uint8_t reg) {
    const uint32_t word = (reg - OUTX_L_G) / 2u;
    int32_t value = word_of(sim, sim->made_n, word);
    const uint32_t forced = sim->registers[CTRL5_C];
    if (word < 3u && (forced & 0x0cu) == 0x04u)
        value += 400 * 1000 / 70; /* 400 deg/s at 2,000 deg/s */
    if (word >= 3u && (forced & 0x03u) == 0x01u && !sim->broken_acc)
        value += 500 * 1000 / 122; /* 500 mg at +-4 g */
    return (uint8_t)((uint32_t)value >> ((reg & 1u) != 0u ? 8 : 0));
}

static int sim_read(void *context, uint8_t reg, uint8_t *into, uint32_t n) {
    sim_lsm6_t *sim = context;
    const bool fails = sim->access_n++ == sim->fail_at;
    if (sim->deaf)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (fails && (reg != FIFO_DATA_OUT_L || i / 2u >= sim->fail_after_words))
            return -1;
        if (reg == FIFO_DATA_OUT_L) /* the address goes back and forth between its two bytes */
            into[i] = pop_byte(sim, (i & 1u) != 0u);
        else if (reg + i >= FIFO_STATUS1 && reg + i < FIFO_DATA_OUT_L)
            into[i] = status(sim, (uint8_t)(reg + i));
        else if (reg + i >= OUTX_L_G && reg + i < OUTX_L_G + 12u)
            into[i] = output(sim, (uint8_t)(reg + i));
        else
            into[i] = sim->registers[(reg + i) & 127u];
    }
    return fails ? -1 : 0;
}

static void power_on_values(sim_lsm6_t *sim) {
    memset(sim->registers, 0, sizeof sim->registers);
    sim->registers[WHO_AM_I] = IDENTITY;
    sim->registers[CTRL3_C] = CTRL3_C_IF_INC;
    sim->registers[OUT_TEMP_L] = 0x80; /* 6.5 degrees above 25 */
    sim->registers[OUT_TEMP_L + 1] = 0x06;
    sim->held_n = sim->word = 0;
    sim->overrun = false;
}

/* Begin to measure, on the rows' own times: which one is measured depends on the time alone. */
static void begin(sim_lsm6_t *sim) {
    const int32_t k = finer(sim);
    sim->dt_ns = k >= 0 ? sim->row_ns / (double)(1 << k) : sim->row_ns * (double)(1 << -k);
    sim->first_i = floor_of((sim->now_ns - sim->play_ns) / sim->dt_ns) + 1;
    sim->start_ns = sim->play_ns + (double)(sim->first_i - 1) * sim->dt_ns;
    sim->made_n = 0;
    sim->irq_ns = 0;
}

static int sim_write(void *context, uint8_t reg, uint8_t value) {
    sim_lsm6_t *sim = context;
    if (sim->access_n++ == sim->fail_at || sim->deaf)
        return -1;
    if (reg == CTRL3_C && (value & CTRL3_C_SW_RESET) != 0u) {
        power_on_values(sim);
        sim->resets_n++;
        return 0;
    }
    const bool before = streaming(sim);
    if (reg != WHO_AM_I)
        sim->registers[reg & 127u] = value;
    if (sim->follows && !before && streaming(sim))
        begin(sim);
    if (reg == FIFO_CTRL5 && (value & 7u) == FIFO_BYPASS)
        sim->held_n = sim->word = 0;
    return 0;
}

void sim_lsm6_power_on(sim_lsm6_t *sim) {
    power_on_values(sim);
}

void sim_lsm6_play(sim_lsm6_t *sim, uint64_t now_ns, uint32_t discard_n) {
    if (streaming(sim)) {
        const uint32_t zero = sim->made_n > discard_n ? sim->made_n : discard_n;
        sim->first_i = -(int64_t)zero;
        sim->play_ns = sim->start_ns + (zero + 1u) * sim->dt_ns;
    } else {
        sim->play_ns = (double)now_ns + sim->row_ns;
    }
    sim->woken_i = floor_of(((double)now_ns - sim->play_ns) / sim->row_ns);
}

void sim_lsm6_open(sim_lsm6_t *sim, const trendel_imu_sample_t *samples, uint32_t sample_n, double dt_ns) {
    memset(sim, 0, sizeof *sim);
    sim->bus = (trendel_bus_t){sim, sim_read, sim_write};
    sim->samples = samples;
    sim->sample_n = sample_n;
    sim->dt_ns = sim->row_ns = dt_ns;
    sim->fail_at = UINT32_MAX;
    power_on_values(sim);
}

void sim_lsm6_advance(sim_lsm6_t *sim, uint64_t now_ns) {
    sim->now_ns = (double)now_ns;
    if (!streaming(sim)) {
        sim->start_ns = (double)now_ns;
        sim->made_n = 0;
        return;
    }
    if (sim->stuck) {
        const int64_t n = floor_of(((double)now_ns - sim->start_ns) / sim->dt_ns) - sim->made_n;
        sim->start_ns += (double)n * sim->dt_ns;
        sim->first_i += n;
        return;
    }
    while (sim->start_ns + (sim->made_n + 1u) * sim->dt_ns <= (double)now_ns) {
        const bool below = level_words(sim) < watermark_words(sim);
        if (sim->held_n == SIM_LSM6_HELD) {
            sim->overrun = true;
            sim->word = 0;
            drop_oldest(sim);
        }
        sim->fifo[sim->held_n++] = sim->made_n++;
        if (below && level_words(sim) >= watermark_words(sim))
            sim->irq_ns = (uint64_t)(sim->start_ns + sim->made_n * sim->dt_ns);
    }
}

double sim_lsm6_next_irq_ns(const sim_lsm6_t *sim) {
    const uint32_t level = level_words(sim), watermark = watermark_words(sim);
    if (!streaming(sim) || sim->stuck || (sim->registers[INT1_CTRL] & INT1_FTH) == 0u)
        return INFINITY;
    const uint32_t missing = level < watermark ? (watermark - level + 5u) / 6u : 1u;
    return sim->start_ns + (sim->made_n + missing) * sim->dt_ns;
}

bool sim_lsm6_moved(sim_lsm6_t *sim, uint64_t now_ns) {
    const int64_t now_i = floor_of(((double)now_ns - sim->play_ns) / sim->row_ns);
    const int64_t step = (int64_t)(1e9 / 26.0 / sim->row_ns) + 1; /* it measures at 26 Hz */
    const bool asked = (sim->registers[MD1_CFG] & MD1_CFG_INT1_WU) != 0u && !sim->deaf && !sim->stuck;
    bool moved = false;
    for (; sim->woken_i + step <= now_i; sim->woken_i += step)
        for (uint32_t k = 3; k < 6u; k++) /* counts of 16 g, 0.488 mg; two steps of 1/64 of 2 g */
            moved = moved || abs(value_at(sim, sim->woken_i + step, k) - value_at(sim, sim->woken_i, k)) > 128;
    return asked && moved;
}

typedef struct {
    trendel_imu_block_t *blocks;
    uint32_t n, max;
} collected_t;

static void collect(void *context, const trendel_imu_block_t *block) {
    collected_t *collected = context;
    if (collected->n < collected->max)
        collected->blocks[collected->n++] = *block;
}

uint32_t sim_lsm6_run(sim_lsm6_t *sim, trendel_imu_t *imu, uint64_t from_ns, uint64_t to_ns, uint32_t latency_ns,
                      uint32_t jitter_ns, trendel_imu_block_t *blocks, uint32_t block_max) {
    collected_t collected = {blocks, 0, block_max};
    const uint64_t step_ns = (uint64_t)(sim->dt_ns / 4.0);
    uint32_t dice = 12345u;
    for (uint64_t now = from_ns; now < to_ns; now += step_ns) {
        sim_lsm6_advance(sim, now);
        if (sim->irq_ns == 0u)
            continue;
        dice = dice * 1664525u + 1013904223u;
        const uint64_t stamp = sim->irq_ns + latency_ns + (jitter_ns > 0u ? (dice >> 8) % jitter_ns : 0u);
        sim->irq_ns = 0;
        now = now > stamp ? now : stamp;
        sim_lsm6_advance(sim, now);
        (void)trendel_imu_drain(imu, (stamp + 500u) / 1000u, now / 1000u, collect, &collected);
        /* a level that is still above the watermark keeps the line high: the driver is called again */
        if (level_words(sim) >= watermark_words(sim) && sim->irq_ns == 0u)
            (void)trendel_imu_drain(imu, 0, now / 1000u, collect, &collected);
    }
    return collected.n;
}

static void pass(void *context, uint32_t ms) {
    ((sim_lsm6_t *)context)->made_n += ms / 20u;
}

int sim_lsm6_selftest(sim_lsm6_t *sim, trendel_faults_t *faults) {
    return trendel_imu_selftest(&sim->bus, faults, pass, sim);
}

uint8_t sim_clip_selftest(sim_lsm6_t *sim, trendel_recorder_t *rec, uint64_t now_us) {
    return trendel_selftest(&sim->bus, rec, now_us, pass, sim);
}

#include "trendel_lsm6.h"

#include <string.h>

#include "lsm6_registers.h"

#define RESET_READS 200u
#define BURST_N TRENDEL_IMU_SAMPLES_MAX /* samples in one access of the bus */
#define START_MS 100u                   /* the gyroscope's turn-on time is 70 ms */

static int get(trendel_imu_t *imu, uint8_t reg, uint8_t *into, uint32_t n) {
    if (imu->bus.read(imu->bus.context, reg, into, n) == 0)
        return TRENDEL_IMU_OK;
    trendel_fault(imu->faults, TRENDEL_FAULT_IMU_BUS_ERRORS, 1);
    return TRENDEL_IMU_BUS;
}

typedef struct {
    uint8_t reg, value;
} setting_t;

static int set_all(const trendel_bus_t *bus, trendel_faults_t *faults, const setting_t *settings, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (bus->write(bus->context, settings[i].reg, settings[i].value) != 0) {
            trendel_fault(faults, TRENDEL_FAULT_IMU_BUS_ERRORS, 1);
            return TRENDEL_IMU_BUS;
        }
    }
    return TRENDEL_IMU_OK;
}

/* Check who answers, reset it and wait until that is done. */
static int reset(const trendel_bus_t *bus, trendel_faults_t *faults) {
    uint8_t value = 0;
    const setting_t software_reset = {CTRL3_C, CTRL3_C_SW_RESET};
    const setting_t settings[] = {{CTRL3_C, CTRL3_C_IF_INC | CTRL3_C_BDU}, {FIFO_CTRL5, FIFO_BYPASS}};
    if (bus->read(bus->context, WHO_AM_I, &value, 1) != 0) {
        trendel_fault(faults, TRENDEL_FAULT_IMU_BUS_ERRORS, 1);
        return TRENDEL_IMU_BUS;
    }
    if (value != IDENTITY) {
        trendel_fault(faults, TRENDEL_FAULT_IMU_IDENTITY_WRONG, 1);
        return TRENDEL_IMU_IDENTITY;
    }
    if (set_all(bus, faults, &software_reset, 1) != TRENDEL_IMU_OK)
        return TRENDEL_IMU_BUS;
    value = CTRL3_C_SW_RESET;
    for (uint32_t i = 0; i < RESET_READS && (value & CTRL3_C_SW_RESET) != 0u; i++)
        if (bus->read(bus->context, CTRL3_C, &value, 1) != 0)
            value = CTRL3_C_SW_RESET;
    if ((value & CTRL3_C_SW_RESET) != 0u) {
        trendel_fault(faults, TRENDEL_FAULT_IMU_BUS_ERRORS, 1);
        return TRENDEL_IMU_BUS;
    }
    return set_all(bus, faults, settings, sizeof settings / sizeof settings[0]);
}

int trendel_imu_start(trendel_imu_t *imu, const trendel_bus_t *bus, trendel_faults_t *faults, uint32_t boot_n,
                      uint32_t rate_hz, uint8_t range_code, uint8_t watermark_n) {
    static const uint16_t rates[] = {26, 52, 104, 208, 416, 833, 1666};
    static const uint8_t acc_bits[TRENDEL_ACC_CODES] = {0x0, 0x8, 0xc, 0x4};
    static const uint8_t gyr_bits[TRENDEL_GYR_CODES] = {0x2, 0x0, 0x4, 0x8, 0xc};
    const uint32_t acc_code = range_code & 15u, gyr_code = range_code >> 4;
    uint32_t rate_i = 0;
    while (rate_i < sizeof rates / sizeof rates[0] && rates[rate_i] != rate_hz)
        rate_i++;
    if (rate_i == sizeof rates / sizeof rates[0] || acc_code >= TRENDEL_ACC_CODES || gyr_code >= TRENDEL_GYR_CODES ||
        watermark_n < 1u || watermark_n > TRENDEL_IMU_SAMPLES_MAX)
        return TRENDEL_IMU_OPTION;
    memset(imu, 0, sizeof *imu);
    imu->bus = *bus;
    imu->faults = faults;
    imu->watermark_n = watermark_n;
    /* whole drains: else the end of each block would wait for the interrupt after its own */
    imu->discard_n = (rate_hz * START_MS / 1000u + watermark_n - 1u) / watermark_n * watermark_n;
    imu->temperature_degc = INT8_MIN;
    /* 26 Hz doubles up to 1,666 Hz: nominal rates are 1,664 / 2^k Hz, as in the data sheet's table of ODR */
    trendel_clock_init(&imu->clock, 1000000000u / 26u >> rate_i);
    trendel_packetiser_init(&imu->packetiser, boot_n, range_code, watermark_n);
    const int result = reset(bus, faults);
    if (result != TRENDEL_IMU_OK)
        return result;
    const uint32_t odr = rate_i + 2u, words = 6u * watermark_n;
    const setting_t settings[] = {{FIFO_CTRL1, (uint8_t)words},
                                  {FIFO_CTRL2, (uint8_t)(words >> 8)},
                                  {FIFO_CTRL3, FIFO_NO_DECIMATION},
                                  {FIFO_CTRL4, 0},
                                  {INT1_CTRL, INT1_FTH},
                                  {CTRL1_XL, (uint8_t)(odr << 4 | acc_bits[acc_code])},
                                  {CTRL2_G, (uint8_t)(odr << 4 | gyr_bits[gyr_code])},
                                  {FIFO_CTRL5, (uint8_t)(odr << 3 | FIFO_CONTINUOUS)}};
    return set_all(bus, faults, settings, sizeof settings / sizeof settings[0]);
}

/* Samples were lost before the next one: end the block, so that the next one says so. */
static void gap(trendel_imu_t *imu, uint32_t lost_n, trendel_block_sink_t sink, void *context) {
    if (trendel_packetiser_flush(&imu->packetiser) > 0u)
        sink(context, &imu->packetiser.block);
    trendel_packetiser_gap(&imu->packetiser, lost_n);
    imu->taken_n += lost_n;
    trendel_fault(imu->faults, TRENDEL_FAULT_IMU_SAMPLES_LOST, lost_n);
}

/* How many samples are missing before those in the FIFO, by the time that has gone by. The driver is called soon after
 * a sample has come, so the next one is thought to be late when a quarter of an interval is left, not at zero. */
static uint32_t missing(const trendel_imu_t *imu, uint32_t held_n, uint64_t now_us) {
    const uint64_t dt_ns = trendel_clock_dt_ns(&imu->clock), now_ns = now_us * 1000u;
    const uint64_t next_ns = trendel_clock_time_ns(&imu->clock, imu->taken_n + held_n);
    const uint64_t late_ns = now_ns + dt_ns / 4u;
    return late_ns > next_ns ? (uint32_t)((late_ns - next_ns) / dt_ns) + 1u : 0u;
}

static void take(trendel_imu_t *imu, const uint8_t *bytes, uint8_t marks, trendel_block_sink_t sink, void *context) {
    trendel_imu_sample_t sample;
    memcpy(sample.gyr, bytes, 6); /* little-endian, gyroscope first */
    memcpy(sample.acc, bytes + 6, 6);
    const uint32_t sample_i = imu->taken_n++;
    if (imu->discard_n > 0u) {
        imu->discard_n--;
        imu->packetiser.sample_i++;
        return;
    }
    const uint64_t time_us = (trendel_clock_time_ns(&imu->clock, sample_i) + 500u) / 1000u;
    if (trendel_packetiser_add(&imu->packetiser, &sample, time_us, trendel_clock_dt_ns(&imu->clock), marks,
                               imu->temperature_degc) > 0u)
        sink(context, &imu->packetiser.block);
}

/* What the FIFO says of itself: samples in it, its first word's place in a sample, whether it ran over. */
typedef struct {
    uint32_t held_n, pattern;
    bool overrun;
} fifo_t;

static int fifo_state(trendel_imu_t *imu, fifo_t *fifo) {
    uint8_t status[4];
    if (get(imu, FIFO_STATUS1, status, sizeof status) != TRENDEL_IMU_OK)
        return TRENDEL_IMU_BUS;
    uint32_t words = status[0] | (uint32_t)(status[1] & 7u) << 8;
    fifo->pattern = status[2] | (uint32_t)(status[3] & 3u) << 8;
    fifo->overrun = (status[1] & FIFO_STATUS2_OVER_RUN) != 0u;
    if (fifo->overrun && words == 0u)
        words = FIFO_WORDS - 2u; /* 2,048 does not fit the field: it counts up to 2,047 and begins again */
    if (fifo->pattern > 5u)
        fifo->pattern = 0; /* cannot be */
    const uint32_t rest = fifo->pattern == 0u ? 0u : 6u - fifo->pattern;
    fifo->held_n = words > rest ? (words - rest) / 6u : 0u;
    return TRENDEL_IMU_OK;
}

static void read_temperature(trendel_imu_t *imu) {
    uint8_t bytes[2];
    if (get(imu, OUT_TEMP_L, bytes, sizeof bytes) != TRENDEL_IMU_OK)
        return;
    const int32_t raw = (int16_t)(bytes[0] | bytes[1] << 8); /* 256 a degree, 0 at 25 */
    const int32_t degc = 25 + (raw >= 0 ? (raw + 128) / 256 : -((128 - raw) / 256));
    imu->temperature_degc = (int8_t)(degc > INT8_MAX ? INT8_MAX : degc < -INT8_MAX ? -INT8_MAX : degc);
}

int trendel_imu_drain(trendel_imu_t *imu, uint64_t irq_us, uint64_t now_us, trendel_block_sink_t sink, void *context) {
    uint8_t bytes[BURST_N * 12u];
    fifo_t fifo;
    if (fifo_state(imu, &fifo) != TRENDEL_IMU_OK)
        return TRENDEL_IMU_BUS;
    if (fifo.pattern != 0u) { /* an access ended within a sample: its rest is of no use */
        if (get(imu, FIFO_DATA_OUT_L, bytes, 2u * (6u - fifo.pattern)) != TRENDEL_IMU_OK)
            return TRENDEL_IMU_BUS;
        imu->suspect = true;
    }
    if (fifo.overrun)
        trendel_fault(imu->faults, TRENDEL_FAULT_IMU_FIFO_OVERRUNS, 1);
    const bool whole = !fifo.overrun && !imu->suspect;
    if (!whole && imu->clock.seen_n > 0u)
        gap(imu, missing(imu, fifo.held_n, now_us), sink, context);
    else if (!whole)
        gap(imu, 0, sink, context);
    imu->suspect = false;
    const uint8_t marks = irq_us == 0u || !whole ? TRENDEL_IMU_TIME_ESTIMATED : 0u;
    if (marks == 0u &&
        !trendel_clock_observe(&imu->clock, imu->taken_n + imu->watermark_n - 1u, irq_us * 1000u))
        trendel_fault(imu->faults, TRENDEL_FAULT_CLOCK_STEPS, 1);
    else if (imu->clock.seen_n == 0u) /* nobody saw an interrupt yet: the last sample is about now */
        (void)trendel_clock_observe(&imu->clock, imu->taken_n + fifo.held_n - 1u, now_us * 1000u);
    read_temperature(imu);
    for (uint32_t done = 0, n; done < fifo.held_n; done += n) {
        n = fifo.held_n - done < BURST_N ? fifo.held_n - done : BURST_N;
        if (get(imu, FIFO_DATA_OUT_L, bytes, 12u * n) != TRENDEL_IMU_OK) {
            imu->suspect = true;
            return TRENDEL_IMU_BUS;
        }
        for (uint32_t i = 0; i < n; i++)
            take(imu, bytes + 12u * i, marks, sink, context);
    }
    return TRENDEL_IMU_OK;
}

int trendel_imu_wake_on_motion(trendel_imu_t *imu) {
    /* 26 Hz in low power, +-2 g; a change of 2/64 of full scale (63 mg) wakes */
    const setting_t settings[] = {{INT1_CTRL, 0},
                                  {FIFO_CTRL5, FIFO_BYPASS},
                                  {CTRL2_G, 0},
                                  {CTRL6_C, CTRL6_C_XL_LOW_POWER},
                                  {CTRL1_XL, 0x20},
                                  {WAKE_UP_DUR, 0},
                                  {WAKE_UP_THS, 2},
                                  {TAP_CFG, TAP_CFG_INTERRUPTS},
                                  {MD1_CFG, MD1_CFG_INT1_WU}};
    return set_all(&imu->bus, imu->faults, settings, sizeof settings / sizeof settings[0]);
}

int trendel_imu_off(trendel_imu_t *imu) {
    const setting_t settings[] = {
        {INT1_CTRL, 0}, {MD1_CFG, 0}, {TAP_CFG, 0}, {FIFO_CTRL5, FIFO_BYPASS}, {CTRL2_G, 0}, {CTRL1_XL, 0}};
    return set_all(&imu->bus, imu->faults, settings, sizeof settings / sizeof settings[0]);
}

/* ---- self-test ---- */

#define SELFTEST_N 5u /* readings that are averaged */

static int mean_output(const trendel_bus_t *bus, trendel_faults_t *faults,
                       void (*delay_ms)(void *context, uint32_t ms), void *context, int32_t sums[6]) {
    memset(sums, 0, 6u * sizeof sums[0]);
    delay_ms(context, 150);
    for (uint32_t i = 0; i < SELFTEST_N; i++) {
        uint8_t bytes[12];
        delay_ms(context, 20); /* one interval at 52 Hz */
        if (bus->read(bus->context, OUTX_L_G, bytes, sizeof bytes) != 0) {
            trendel_fault(faults, TRENDEL_FAULT_IMU_BUS_ERRORS, 1);
            return TRENDEL_IMU_BUS;
        }
        for (uint32_t k = 0; k < 6u; k++)
            sums[k] += (int16_t)(bytes[2u * k] | bytes[2u * k + 1u] << 8);
    }
    return TRENDEL_IMU_OK;
}

int trendel_imu_selftest(const trendel_bus_t *bus, trendel_faults_t *faults, void (*delay_ms)(void *context, uint32_t ms),
                         void *context) {
    /* Data sheet, tables 3 and 4: 150 to 700 deg/s at 2,000 deg/s (70 mdps a count), 90 to 1,700 mg at +-4 g (0.122) */
    static const int32_t least[2] = {150000 / 70, 90 * 1000 / 122}, most[2] = {700000 / 70, 1700 * 1000 / 122};
    const setting_t on[] = {{CTRL1_XL, 0x38}, {CTRL2_G, 0x3c}, {CTRL5_C, 0}};
    const setting_t forced = {CTRL5_C, ST_POSITIVE};
    const setting_t off[] = {{CTRL5_C, 0}, {CTRL1_XL, 0}, {CTRL2_G, 0}};
    int32_t before[6] = {0}, with[6] = {0};
    int result = reset(bus, faults);
    if (result == TRENDEL_IMU_OK)
        result = set_all(bus, faults, on, sizeof on / sizeof on[0]);
    if (result == TRENDEL_IMU_OK)
        result = mean_output(bus, faults, delay_ms, context, before);
    if (result == TRENDEL_IMU_OK)
        result = set_all(bus, faults, &forced, 1);
    if (result == TRENDEL_IMU_OK)
        result = mean_output(bus, faults, delay_ms, context, with);
    for (uint32_t k = 0; result == TRENDEL_IMU_OK && k < 6u; k++) {
        const int32_t change = with[k] > before[k] ? with[k] - before[k] : before[k] - with[k];
        if (change < least[k / 3u] * (int32_t)SELFTEST_N || change > most[k / 3u] * (int32_t)SELFTEST_N) {
            trendel_fault(faults, TRENDEL_FAULT_SELFTEST_FAILURES, 1);
            result = TRENDEL_IMU_SELFTEST;
        }
    }
    const int end = set_all(bus, faults, off, sizeof off / sizeof off[0]);
    return result != TRENDEL_IMU_OK ? result : end;
}

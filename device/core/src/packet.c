#include "trendel_packet.h"

#include <string.h>

size_t trendel_imu_block_bytes(const trendel_imu_block_t *block) {
    return sizeof block->header + (size_t)block->header.sample_n * sizeof block->samples[0];
}

void trendel_packetiser_init(trendel_packetiser_t *p, uint32_t boot_n, uint8_t range_code, uint8_t fill_n) {
    memset(p, 0, sizeof *p);
    p->boot = (uint16_t)boot_n;
    p->range_code = range_code;
    p->fill_n = fill_n >= 1u && fill_n <= TRENDEL_IMU_SAMPLES_MAX ? fill_n : (uint8_t)TRENDEL_IMU_SAMPLES_MAX;
}

void trendel_packetiser_resume(trendel_packetiser_t *p, uint32_t sequence, uint32_t sample_i) {
    p->sequence = sequence;
    p->sample_i = sample_i;
    p->marks = sequence != 0u ? TRENDEL_IMU_GAP : 0u;
}

void trendel_packetiser_fit(trendel_packetiser_t *p, uint32_t bytes) {
    const uint32_t head = sizeof p->block.header, size = sizeof p->block.samples[0];
    const uint32_t n = bytes >= head + size ? (bytes - head) / size : 1u;
    p->fill_n = (uint8_t)(n < TRENDEL_IMU_SAMPLES_MAX ? n : TRENDEL_IMU_SAMPLES_MAX);
}

static void begin(trendel_packetiser_t *p, uint64_t time_us, uint32_t dt_ns, int8_t temperature_degc) {
    trendel_imu_header_t *header = &p->block.header;
    header->kind = TRENDEL_KIND_IMU;
    header->version = TRENDEL_VERSION;
    header->boot = p->boot;
    header->sequence = p->sequence;
    header->time_us = time_us;
    header->dt_ns = dt_ns != 0u ? dt_ns : 1u;
    header->sample_i = p->sample_i;
    header->range_code = p->range_code;
    header->marks = p->marks;
    header->temperature_degc = temperature_degc;
    p->marks = 0;
}

static bool at_limit(int16_t value) {
    return value == INT16_MAX || value == INT16_MIN;
}

static bool saturated(const trendel_imu_sample_t *sample) {
    return at_limit(sample->acc[0]) || at_limit(sample->acc[1]) || at_limit(sample->acc[2]) ||
           at_limit(sample->gyr[0]) || at_limit(sample->gyr[1]) || at_limit(sample->gyr[2]);
}

size_t trendel_packetiser_add(trendel_packetiser_t *p, const trendel_imu_sample_t *sample, uint64_t time_us,
                              uint32_t dt_ns, uint8_t marks, int8_t temperature_degc) {
    if (p->sample_n == 0u)
        begin(p, time_us, dt_ns, temperature_degc);
    p->block.samples[p->sample_n] = *sample;
    p->block.header.marks |= marks;
    if (saturated(sample))
        p->block.header.marks |= TRENDEL_IMU_SATURATED;
    p->sample_n++;
    p->sample_i++;
    return p->sample_n >= p->fill_n ? trendel_packetiser_flush(p) : 0u;
}

size_t trendel_packetiser_flush(trendel_packetiser_t *p) {
    if (p->sample_n == 0u)
        return 0;
    p->block.header.sample_n = p->sample_n;
    p->sample_n = 0;
    p->sequence++;
    return trendel_imu_block_bytes(&p->block);
}

void trendel_packetiser_gap(trendel_packetiser_t *p, uint32_t lost_n) {
    p->sample_i += lost_n;
    p->marks |= TRENDEL_IMU_GAP;
}

void trendel_hello_init(trendel_hello_t *hello, uint32_t boot_n) {
    memset(hello, 0, sizeof *hello);
    hello->kind = TRENDEL_KIND_HELLO;
    hello->version = TRENDEL_VERSION;
    hello->boot = (uint16_t)boot_n;
    hello->boot_n = boot_n;
    hello->layout_hash = TRENDEL_RECORDS_HASH;
    hello->layout_n = TRENDEL_LAYOUT_PACKETS_N;
    hello->acc_scale_mps2 = TRENDEL_ACC_SCALE_MPS2;
    hello->gyr_scale_radps = TRENDEL_GYR_SCALE_RADPS;
}

size_t trendel_layout_packet(uint32_t i, uint32_t boot_n, uint8_t *out) {
    static const uint8_t packets[] = TRENDEL_LAYOUT_PACKETS;
    if (i >= TRENDEL_LAYOUT_PACKETS_N)
        return 0;
    const uint8_t *packet = packets;
    while (i-- > 0u)
        packet += 1u + packet[0];
    memcpy(out, packet + 1, packet[0]);
    out[2] = (uint8_t)boot_n;
    out[3] = (uint8_t)(boot_n >> 8);
    return packet[0];
}

size_t trendel_records_packet(uint8_t kind, uint32_t boot_n, uint32_t sequence, const void *records,
                              uint32_t record_size, uint32_t record_n, uint8_t *out, size_t capacity) {
    const trendel_records_header_t header = {.kind = kind,
                                             .version = TRENDEL_VERSION,
                                             .boot = (uint16_t)boot_n,
                                             .sequence = sequence,
                                             .record_size = (uint8_t)record_size,
                                             .record_n = (uint8_t)record_n};
    if (record_n < 1u || record_n > TRENDEL_RECORDS_MAX || record_size < 4u || record_size > 252u ||
        record_size % 4u != 0u || sizeof header + (size_t)record_size * record_n > capacity)
        return 0;
    memcpy(out, &header, sizeof header);
    memcpy(out + sizeof header, records, (size_t)record_size * record_n);
    return sizeof header + (size_t)record_size * record_n;
}

/* value * per_unit to the nearest integer in [low, high]; `missing` where it is not a number. */
static int32_t quantise(float value, float per_unit, int32_t low, int32_t high, int32_t missing) {
    const float scaled = value * per_unit;
    if (!(scaled == scaled))
        return missing;
    if (scaled <= (float)low)
        return low;
    if (scaled >= (float)high)
        return high;
    return (int32_t)(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f);
}

static uint8_t u8(float value, float per_unit) {
    return (uint8_t)quantise(value, per_unit, 0, UINT8_MAX - 1, UINT8_MAX);
}

static int8_t i8(float value, float per_unit) {
    return (int8_t)quantise(value, per_unit, -INT8_MAX, INT8_MAX, INT8_MIN);
}

#define DEG_PER_RAD 57.295779513f

void trendel_stride_quantise(const trendel_stride_values_t *values, trendel_stride_t *out) {
    const uint32_t side = values->side > 0 ? 1u : values->side < 0 ? 2u : 0u;
    out->ic_ms = (uint32_t)((values->ic_us + 500u) / 1000u);
    out->stride_time_ms = (uint16_t)quantise(values->stride_time_s, 1e3f * TRENDEL_STRIDE_STRIDE_TIME_MS_PER_UNIT, 0,
                                             UINT16_MAX - 1, UINT16_MAX);
    out->contact_time_ms = u8(values->contact_time_s, 1e3f * TRENDEL_STRIDE_CONTACT_TIME_MS_PER_UNIT);
    out->contact_time_diff_ms = i8(values->contact_time_diff_s, 1e3f * TRENDEL_STRIDE_CONTACT_TIME_DIFF_MS_PER_UNIT);
    out->vertical_oscillation_mm =
        u8(values->vertical_oscillation_m, 1e3f * TRENDEL_STRIDE_VERTICAL_OSCILLATION_MM_PER_UNIT);
    out->obliquity_peak_left_deg =
        i8(values->obliquity_peak_left_rad, DEG_PER_RAD * TRENDEL_STRIDE_OBLIQUITY_PEAK_LEFT_DEG_PER_UNIT);
    out->obliquity_peak_right_deg =
        i8(values->obliquity_peak_right_rad, DEG_PER_RAD * TRENDEL_STRIDE_OBLIQUITY_PEAK_RIGHT_DEG_PER_UNIT);
    out->pelvic_drop_deg = i8(values->pelvic_drop_rad, DEG_PER_RAD * TRENDEL_STRIDE_PELVIC_DROP_DEG_PER_UNIT);
    out->tilt_mean_deg = i8(values->tilt_mean_rad, DEG_PER_RAD * TRENDEL_STRIDE_TILT_MEAN_DEG_PER_UNIT);
    out->impact_peak_g = u8(values->impact_peak_g, TRENDEL_STRIDE_IMPACT_PEAK_G_PER_UNIT);
    out->reasons = (uint8_t)values->reasons;
    out->side_quality = (uint8_t)(side | (uint32_t)quantise(values->quality, 63.0f, 0, 63, 0) << 2);
}

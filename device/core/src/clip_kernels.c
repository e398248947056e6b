/* The kernels on the clip: samples as the host computes them, and what the kernels say as records, events and alerts. */
#include <math.h>
#include <string.h>

#include "clip_parts.h"

#define DEG_PER_RAD 57.295779513f
#define INVALID_AT_ONCE 0x7fffffffu /* samples that can be missing; more is a broken header */

/* Nanoseconds as seconds, rounded once to float32: the same bits as numpy.float32(dt_ns * 1e-9). The quotient has 26 bits
 * or more with the lowest saying that there was more; so the one rounding is in the conversion. */
float clip_dt_s(uint32_t dt_ns) {
    const uint64_t scaled = (uint64_t)dt_ns << 36;
    const uint64_t whole = scaled / 1000000000u;
    const uint32_t rest = scaled % 1000000000u != 0u ? 1u : 0u;
    return whole >> 32 != 0u ? 1.0f : (float)((uint32_t)whole | rest) * 0x1p-36f;
}

/* ---- times ---- */

/* Clip time of a place on the kernels' axis of samples, by the newest block. */
static uint64_t time_us_of(const trendel_clip_t *clip, const trendel_imu_header_t *header, uint32_t kernel_i,
                           float frac) {
    const int32_t steps = (int32_t)(clip->base_i + kernel_i - header->sample_i);
    const int64_t ns = (int64_t)steps * header->dt_ns + (int32_t)(frac * (float)header->dt_ns);
    const int64_t us = (int64_t)header->time_us + ns / 1000;
    return us > 0 ? (uint64_t)us : 0u;
}

/* ---- what the kernels say ---- */

static float metric(const trendel_stride_row_t *row, uint32_t i) {
    return (row->valid >> i & 1u) != 0u ? row->metrics[i] : NAN;
}

static float difference(const trendel_stride_row_t *row, uint32_t i) {
    return (row->valid >> i & 1u) != 0u ? row->left_minus_right[i] : NAN;
}

static void tell_stride(trendel_clip_t *clip, const trendel_imu_header_t *header) {
    const trendel_stride_row_t *row = &clip->out.stride;
    const float peak = metric(row, TRENDEL_METRIC_OBLIQUITY_PEAK_DEG);
    const float half = 0.5f * difference(row, TRENDEL_METRIC_OBLIQUITY_PEAK_DEG);
    const trendel_stride_values_t values = {
        .ic_us = time_us_of(clip, header, row->ic_i, row->ic_frac),
        .stride_time_s = row->stride_time_s,
        .contact_time_s = metric(row, TRENDEL_METRIC_CONTACT_TIME_MS),
        .contact_time_diff_s = difference(row, TRENDEL_METRIC_CONTACT_TIME_MS),
        .vertical_oscillation_m = metric(row, TRENDEL_METRIC_VERTICAL_OSCILLATION_MM),
        .obliquity_peak_left_rad = peak + half,
        .obliquity_peak_right_rad = peak - half,
        .pelvic_drop_rad = metric(row, TRENDEL_METRIC_PELVIC_DROP_DEG),
        .tilt_mean_rad = metric(row, TRENDEL_METRIC_TILT_MEAN_DEG),
        .impact_peak_g = metric(row, TRENDEL_METRIC_IMPACT_PEAK_G),
        .quality = row->quality,
        .reasons = row->reasons,
        .side = row->side};
    trendel_stride_t stride;
    trendel_stride_quantise(&values, &stride);
    clip_stride(clip, &stride);
}

/* Standard normal distribution function (Abramowitz & Stegun 26.2.18, error below 2.5e-4). */
static float normal(float z) {
    const float x = z < 0.0f ? -z : z;
    const float s = 1.0f + x * (0.196854f + x * (0.115194f + x * (0.000344f + x * 0.019527f)));
    const float upper = 0.5f / (s * s * s * s);
    return z < 0.0f ? upper : 1.0f - upper;
}

static int32_t rounded(float value, float low, float high) {
    const float kept = value < low ? low : value > high ? high : value;
    return (int32_t)(kept < 0.0f ? kept - 0.5f : kept + 0.5f);
}

/* The channel of evidence that an alert comes from (kernels/layout.py), TRENDEL_CHANNEL_N for those of the clip. */
static uint32_t channel_of(const trendel_alert_t *alert) {
    if (alert->kind == TRENDEL_ALERT_DROP)
        return alert->side > 0 ? TRENDEL_CH_LEFT : alert->side < 0 ? TRENDEL_CH_RIGHT : TRENDEL_CH_BOTH;
    if (alert->kind == TRENDEL_ALERT_ASYMMETRY)
        return alert->side > 0 ? TRENDEL_CH_LEFT_OVER_RIGHT : TRENDEL_CH_RIGHT_OVER_LEFT;
    return TRENDEL_CHANNEL_N;
}

static void tell_alert(trendel_clip_t *clip, const trendel_imu_header_t *header) {
    const trendel_alert_t *alert = &clip->out.alert;
    const uint64_t at_us = time_us_of(clip, header, alert->at_i, 0.0f);
    const uint64_t onset_us = time_us_of(clip, header, alert->onset_i, 0.0f);
    const uint32_t channel = channel_of(alert);
    const bool hips = channel < TRENDEL_CHANNEL_N;
    const trendel_event_t event = {
        .time_ms = CLIP_MS(at_us),
        .code = TRENDEL_EVENT_ALERT_START,
        .side = (int8_t)alert->side,
        .size_deg = hips ? (int16_t)rounded(alert->change * DEG_PER_RAD * TRENDEL_EVENT_SIZE_DEG_PER_UNIT, -32767.0f,
                                            32767.0f)
                         : INT16_MIN,
        .since_ms = CLIP_MS(onset_us),
        .confidence = hips && alert->error > 0.0f
                          ? (uint8_t)rounded(normal(alert->change / alert->error) * TRENDEL_EVENT_CONFIDENCE_PER_UNIT,
                                             0.0f, TRENDEL_EVENT_CONFIDENCE_PER_UNIT)
                          : UINT8_MAX,
        .detail = (uint8_t)(alert->kind | alert->level << 4),
        .value = (uint16_t)rounded(alert->error * DEG_PER_RAD * 100.0f, 0.0f, 65535.0f)};
    clip_event(clip, &event, clip->now_us);
    if (hips)
        clip->told |= 1u << channel;
    if (alert->kind == TRENDEL_ALERT_DROP && alert->level >= TRENDEL_LEVEL_WARNING)
        (void)trendel_alert_start(&clip->alarm, alert->side, alert->level, clip->now_us);
}

/* Alerts that the kernels have let go. */
static void tell_ends(trendel_clip_t *clip, bool all) {
    static const int8_t sides[TRENDEL_CHANNEL_N] = {1, -1, 0, 1, -1};
    const trendel_stability_state_t *stability = &clip->state.stability;
    bool warned = false;
    for (uint32_t c = 0; c < TRENDEL_CHANNEL_N; c++) {
        const uint32_t active = all ? 0u : stability->active[c];
        warned = warned || (c <= TRENDEL_CH_BOTH && active >= TRENDEL_LEVEL_WARNING);
        if ((clip->told >> c & 1u) == 0u || active != 0u)
            continue;
        clip->told &= ~(1u << c);
        const trendel_event_t event = {
            .time_ms = CLIP_MS(clip->now_us),
            .code = TRENDEL_EVENT_ALERT_END,
            .side = sides[c],
            .size_deg = INT16_MIN,
            .since_ms = CLIP_MS(clip->now_us),
            .confidence = UINT8_MAX,
            .detail = c <= TRENDEL_CH_BOTH ? TRENDEL_ALERT_DROP : TRENDEL_ALERT_ASYMMETRY};
        clip_event(clip, &event, clip->now_us);
    }
    if (!warned)
        trendel_alert_end(&clip->alarm, clip->now_us);
}

void clip_kernels_forget(trendel_clip_t *clip, uint64_t now_us) {
    clip->now_us = now_us;
    tell_ends(clip, true);
}

/* ---- samples ---- */

static void step(trendel_clip_t *clip, const trendel_imu_header_t *header) {
    const int32_t flags = clip->world.kernels.step(&clip->state, &clip->params, &clip->sample, &clip->out);
    if ((flags & TRENDEL_COLD_START) != 0) { /* the state was damaged: the kernels have said so by starting anew */
        trendel_fault(&clip->faults, TRENDEL_FAULT_KERNEL_COLD_STARTS, 1);
        clip_simple_event(clip, TRENDEL_EVENT_COLD_START, 0, 0, clip->now_us);
        clip->base_i = clip->expected_i;
        clip->told = 0;
    }
    clip->expected_i++;
    if ((flags & TRENDEL_NEW_STRIDE) != 0)
        tell_stride(clip, header);
    if ((flags & TRENDEL_NEW_ALERT) != 0)
        tell_alert(clip, header);
    if ((flags & TRENDEL_NEW_STEP) != 0)
        tell_ends(clip, false);
}

/* Samples that are missing before a block, as Stream.gap of the host takes them: some that are invalid, the rest counted. */
static void take_gap(trendel_clip_t *clip, const trendel_imu_header_t *header, uint32_t lost_n) {
    const uint32_t steps = lost_n < clip->rate_hz ? lost_n : clip->rate_hz;
    memset(&clip->sample, 0, sizeof clip->sample);
    clip->sample.dt_s = clip->params.input.dt_s;
    clip->sample.marks = TRENDEL_SAMPLE_INVALID;
    for (uint32_t i = 0; i < steps; i++)
        step(clip, header);
    clip->state.sample_n += lost_n - steps;
    clip->expected_i += lost_n - steps;
}

/* Raw values in SI units to calibrated ones, in the order of trendel.wire.settings.calibrate. */
static void calibrate(const float matrix[9], const float bias[3], float values[3]) {
    const float x = values[0] - bias[0], y = values[1] - bias[1], z = values[2] - bias[2];
    for (uint32_t k = 0; k < 3u; k++)
        values[k] = (x * matrix[3u * k] + y * matrix[3u * k + 1u]) + z * matrix[3u * k + 2u];
}

static bool at_end(const int16_t counts[3]) {
    bool found = false;
    for (uint32_t k = 0; k < 3u; k++)
        found = found || counts[k] >= 32767 || counts[k] <= -32767;
    return found;
}

static void take_samples(trendel_clip_t *clip, const trendel_imu_block_t *block) {
    const trendel_imu_header_t *header = &block->header;
    const float acc_scale = TRENDEL_ACC_SCALE_MPS2 * (float)(1u << (header->range_code & 15u));
    const float gyr_scale = TRENDEL_GYR_SCALE_RADPS * (float)(1u << (header->range_code >> 4));
    const trendel_setting_calibration_t *c = &clip->calibration;
    float acc_matrix[9], acc_bias[3], gyr_matrix[9], gyr_bias[3];
    memcpy(acc_matrix, c->acc_matrix, sizeof acc_matrix); /* the setting is packed */
    memcpy(acc_bias, c->acc_bias, sizeof acc_bias);
    memcpy(gyr_matrix, c->gyr_matrix, sizeof gyr_matrix);
    memcpy(gyr_bias, c->gyr_bias, sizeof gyr_bias);
    clip->sample.dt_s = clip_dt_s(header->dt_ns);
    for (uint32_t i = 0; i < header->sample_n; i++) {
        trendel_imu_sample_t counts = block->samples[i];
        for (uint32_t k = 0; k < 3u; k++) {
            clip->sample.acc_mps2[k] = (float)counts.acc[k] * acc_scale;
            clip->sample.gyr_radps[k] = (float)counts.gyr[k] * gyr_scale;
        }
        if (clip->calibrated) {
            calibrate(acc_matrix, acc_bias, clip->sample.acc_mps2);
            calibrate(gyr_matrix, gyr_bias, clip->sample.gyr_radps);
        }
        clip->sample.marks = at_end(counts.acc) || at_end(counts.gyr) ? TRENDEL_SAMPLE_SATURATED : 0u;
        step(clip, header);
    }
}

void clip_kernels_take(trendel_clip_t *clip, const trendel_imu_block_t *block) {
    const trendel_imu_header_t *header = &block->header;
    if (clip->cold) {
        memset(&clip->state, 0, sizeof clip->state);
        memset(&clip->out, 0, sizeof clip->out);
        (void)clip->world.kernels.init(&clip->state, &clip->params);
        clip->base_i = clip->expected_i = header->sample_i;
        clip->told = 0;
        clip->cold = false;
    }
    const uint32_t lost_n = header->sample_i - clip->expected_i;
    if (lost_n != 0u && lost_n < INVALID_AT_ONCE)
        take_gap(clip, header, lost_n);
    take_samples(clip, block);
    clip->runs = clip->out.signal.segment == TRENDEL_SEGMENT_RUNNING;
    clip->moves = clip->moves || clip->out.signal.segment == TRENDEL_SEGMENT_WALKING;
}

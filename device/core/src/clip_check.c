/* Values of settings, before they are kept: from a host that nobody trusts, or from a store that may be torn. */
#include <string.h>

#include "clip_parts.h"
#include "trendel_bytes.h"

#define PI 3.14159265f
#define CRC_BYTES 4u

const clip_key_t clip_keys[TRENDEL_KEYS_N] = TRENDEL_KEYS;

/* False for what is not a number, too. */
static bool within(float value, float low, float high) {
    return value >= low && value <= high;
}

static int verdict(bool good) {
    return good ? TRENDEL_SETTING_OK : TRENDEL_SETTING_VALUE;
}

/* UTF-8 without control characters, then zeros (RFC 3629; lead bytes that no short form has are refused). */
static bool is_name(const char *name) {
    const uint8_t *bytes = (const uint8_t *)name;
    uint32_t i = 0;
    while (i < 16u && bytes[i] != 0u) {
        const uint8_t lead = bytes[i++];
        uint32_t more = 0;
        if (lead >= 0xf0u)
            more = 3;
        else if (lead >= 0xe0u)
            more = 2;
        else if (lead >= 0xc2u)
            more = 1;
        if (lead < 0x20u || lead == 0x7fu || (lead >= 0x80u && lead < 0xc2u) || lead > 0xf4u)
            return false;
        for (; more > 0u; more--)
            if (i >= 16u || (bytes[i++] & 0xc0u) != 0x80u)
                return false;
    }
    for (; i < 16u; i++)
        if (bytes[i] != 0u)
            return false;
    return true;
}

static int check_name(const uint8_t *value) {
    trendel_setting_name_t v;
    memcpy(&v, value, sizeof v);
    return verdict(is_name(v.name));
}

static int check_baseline(const uint8_t *value) {
    trendel_setting_baseline_t v;
    memcpy(&v, value, sizeof v);
    return verdict(within(v.prior_rad[0], -PI, PI) && within(v.prior_rad[1], -PI, PI) && within(v.prior_n, 0.0f, 1e4f));
}

static float dot(const float *a, const float *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static int check_mounting(const uint8_t *value) {
    trendel_setting_mounting_t v;
    float m[9];
    memcpy(&v, value, sizeof v);
    memcpy(m, v.axes, sizeof m);
    bool good = v.has_standing <= 1u && within(v.lean_rad, -0.5f * PI, 0.5f * PI);
    for (uint32_t i = 0; i < 9u; i++)
        good = good && within(m[i], -1.001f, 1.001f);
    for (uint32_t i = 0; good && i < 3u; i++)
        for (uint32_t j = 0; j <= i; j++)
            good = good && within(dot(&m[3u * i], &m[3u * j]), i == j ? 0.999f : -0.001f, i == j ? 1.001f : 0.001f);
    const float cross[3] = {m[1] * m[5] - m[2] * m[4], m[2] * m[3] - m[0] * m[5], m[0] * m[4] - m[1] * m[3]};
    return verdict(good && dot(cross, &m[6]) > 0.0f); /* a rotation, no mirror */
}

static int check_thresholds(const uint8_t *value) {
    trendel_setting_thresholds_t v;
    memcpy(&v, value, sizeof v);
    return verdict(v.silent <= 1u && within(v.notice_rad, 1e-4f, v.warning_rad) &&
                   within(v.warning_rad, v.notice_rad, v.stop_rad) && within(v.stop_rad, v.warning_rad, 0.5f * PI) &&
                   within(v.rest_s, 0.0f, 86400.0f));
}

static bool is_calibration(const float matrix[9], const float bias[3], float bias_max) {
    bool good = true;
    for (uint32_t i = 0; i < 9u; i++)
        good = good && (i % 4u == 0u ? within(matrix[i], 0.5f, 2.0f) : within(matrix[i], -0.5f, 0.5f));
    for (uint32_t i = 0; i < 3u; i++)
        good = good && within(bias[i], -bias_max, bias_max);
    return good;
}

static int check_calibration(const uint8_t *value) {
    trendel_setting_calibration_t v;
    float matrix[9], bias[3];
    memcpy(&v, value, sizeof v);
    memcpy(matrix, v.acc_matrix, sizeof matrix);
    memcpy(bias, v.acc_bias, sizeof bias);
    if (!is_calibration(matrix, bias, 20.0f))
        return TRENDEL_SETTING_VALUE;
    memcpy(matrix, v.gyr_matrix, sizeof matrix);
    memcpy(bias, v.gyr_bias, sizeof bias);
    return verdict(is_calibration(matrix, bias, 1.0f));
}

static bool is_rate(uint32_t rate_hz) {
    for (uint32_t i = 0; i < TRENDEL_RATES_N; i++)
        if (clip_default_rates[i] == rate_hz)
            return true;
    return false;
}

static int check_params(const uint8_t *value, size_t n) {
    trendel_setting_params_t head;
    trendel_params_t params;
    if (n != sizeof head + sizeof params + CRC_BYTES)
        return TRENDEL_SETTING_LENGTH;
    memcpy(&head, value, sizeof head);
    memcpy(&params, value + sizeof head, sizeof params);
    const uint32_t hash = params.param_hash;
    const bool layout = params.magic == TRENDEL_MAGIC_PARAMS && params.layout_hash == TRENDEL_LAYOUT_HASH &&
                        params.bytes_n == sizeof params;
    params.magic = params.layout_hash = params.param_hash = params.bytes_n = 0;
    if (!layout)
        return TRENDEL_SETTING_VERSION; /* made for other kernels */
    const float rate = params.input.dt_s * (float)head.rate_hz;
    return verdict(is_rate(head.rate_hz) && within(rate, 0.5f, 2.0f) &&
                   hash == trendel_crc32(0, &params, sizeof params));
}

static int check_small(uint32_t key, const uint8_t *value) {
    switch (key) {
    case TRENDEL_KEY_MODE:
        return verdict(value[1] < TRENDEL_MODES_N);
    case TRENDEL_KEY_RATE_HZ:
        return verdict(is_rate(value[2] | (uint32_t)value[3] << 8));
    case TRENDEL_KEY_RANGE_CODE:
        return verdict((value[1] & 15u) < TRENDEL_ACC_CODES && value[1] >> 4 < TRENDEL_GYR_CODES);
    default:
        return verdict(value[1] <= 1u);
    }
}

int clip_check(uint32_t key, const uint8_t *value, size_t n) {
    const clip_key_t *about = &clip_keys[key];
    uint32_t crc;
    if (about->size != 0u && n != about->size)
        return TRENDEL_SETTING_LENGTH;
    if (about->version == 0u) /* a command: four bare bytes */
        return TRENDEL_SETTING_OK;
    if (n < 1u + CRC_BYTES || n > TRENDEL_SETTING_MAX)
        return TRENDEL_SETTING_LENGTH;
    if (value[0] != about->version)
        return TRENDEL_SETTING_VERSION;
    memcpy(&crc, value + n - CRC_BYTES, sizeof crc);
    if (crc != trendel_crc32(0, value, n - CRC_BYTES))
        return TRENDEL_SETTING_CRC;
    switch (key) {
    case TRENDEL_KEY_NAME:
        return check_name(value);
    case TRENDEL_KEY_BASELINE:
        return check_baseline(value);
    case TRENDEL_KEY_MOUNTING:
        return check_mounting(value);
    case TRENDEL_KEY_THRESHOLDS:
        return check_thresholds(value);
    case TRENDEL_KEY_CALIBRATION:
        return check_calibration(value);
    case TRENDEL_KEY_PARAMS:
        return check_params(value, n);
    default:
        return check_small(key, value);
    }
}

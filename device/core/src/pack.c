#include "trendel_pack.h"

#include <string.h>

/* Bits are written most significant first. Those beyond the capacity are counted but not written. */
typedef struct {
    uint8_t *out;
    size_t capacity_bits, bits;
} bits_t;

static void put(bits_t *b, uint32_t value, uint32_t n) {
    if (b->bits + n <= b->capacity_bits) {
        size_t at = b->bits;
        for (uint32_t left = n; left > 0u;) {
            /* as many bits as the current byte takes */
            const uint32_t room = 8u - (uint32_t)(at & 7u);
            const uint32_t take = left < room ? left : room;
            const uint32_t piece = (value >> (left - take)) & ((1u << take) - 1u);
            if ((at & 7u) == 0u)
                b->out[at >> 3] = 0;
            b->out[at >> 3] = (uint8_t)(b->out[at >> 3] | piece << (room - take));
            at += take;
            left -= take;
        }
    }
    b->bits += n;
}

static uint32_t zigzag(int32_t error) {
    return error >= 0 ? 2u * (uint32_t)error : 2u * (uint32_t)(-(error + 1)) + 1u;
}

static uint32_t rice_bits(uint32_t u, uint32_t k) {
    const uint32_t ones = u >> k;
    return ones >= TRENDEL_PACK_ESCAPE ? TRENDEL_PACK_ESCAPE + TRENDEL_PACK_ESCAPE_BITS : ones + 1u + k;
}

static void put_rice(bits_t *b, uint32_t u, uint32_t k) {
    const uint32_t ones = u >> k;
    if (ones >= TRENDEL_PACK_ESCAPE) {
        put(b, (1u << TRENDEL_PACK_ESCAPE) - 1u, TRENDEL_PACK_ESCAPE);
        put(b, u, TRENDEL_PACK_ESCAPE_BITS);
    } else {
        put(b, (1u << (ones + 1u)) - 2u, ones + 1u);
        put(b, u & ((1u << k) - 1u), k);
    }
}

/* When the block after this one would start, microseconds. */
static uint64_t foretold_us(const trendel_imu_header_t *header) {
    return header->time_us + ((uint64_t)header->dt_ns * header->sample_n + 500u) / 1000u;
}

bool trendel_pack_follows(const trendel_imu_block_t *before, const trendel_imu_block_t *block) {
    const trendel_imu_header_t *a = &before->header, *b = &block->header;
    const int64_t dt_off = (int64_t)b->dt_ns - (int64_t)a->dt_ns;
    const int64_t off = (int64_t)(b->time_us - foretold_us(a));
    return a->boot == b->boot && a->range_code == b->range_code && a->sample_n == b->sample_n &&
           b->sequence == a->sequence + 1u && b->sample_i == a->sample_i + a->sample_n && dt_off >= INT16_MIN &&
           dt_off <= INT16_MAX && off >= -65536 && off <= 65535;
}

static void put_next(bits_t *b, const trendel_imu_header_t *before, const trendel_imu_header_t *header) {
    put_rice(b, zigzag((int32_t)(int64_t)(header->time_us - foretold_us(before))), TRENDEL_PACK_TIME_K);
    const bool dt = header->dt_ns != before->dt_ns, marks = header->marks != before->marks;
    const bool temperature = header->temperature_degc != before->temperature_degc;
    put(b, dt, 1);
    if (dt)
        put(b, header->dt_ns - before->dt_ns + 32768u, 16);
    put(b, marks, 1);
    if (marks)
        put(b, header->marks, 8);
    put(b, temperature, 1);
    if (temperature)
        put(b, (uint32_t)(header->temperature_degc + 128), 8);
}

typedef struct {
    const trendel_imu_block_t *blocks;
    uint32_t block_n, sample_n, axis;
} axis_t;

static int32_t value_at(const axis_t *axis, const trendel_imu_block_t *block, uint32_t i) {
    return axis->axis < 3u ? block->samples[i].acc[axis->axis] : block->samples[i].gyr[axis->axis - 3u];
}

/* Code an axis with one predictor; with `b` NULL only count. The bits that it takes. */
static uint32_t code_axis(bits_t *b, const axis_t *axis, const int16_t weights[4]) {
    int32_t h0 = 0, h1 = 0, h2 = 0, h3 = 0;
    uint32_t bits = 0, mean = TRENDEL_PACK_MEAN_START, done = 0, k = 0;
    for (uint32_t block_i = 0; block_i < axis->block_n; block_i++) {
        for (uint32_t i = 0; i < axis->sample_n; i++, done++) {
            int32_t guess;
            if (done >= 4u) {
                const int32_t sum = weights[0] * h0 + weights[1] * h1 + weights[2] * h2 + weights[3] * h3 + 16;
                /* an arithmetic shift to the right, written so that C defines it */
                guess = sum >= 0 ? sum >> 5 : -((31 - sum) >> 5);
            } else {
                guess = done == 0u ? 0 : done == 1u ? h0 : done == 2u ? 2 * h0 - h1 : 3 * h0 - 3 * h1 + h2;
            }
            guess = guess < INT16_MIN ? INT16_MIN : guess > INT16_MAX ? INT16_MAX : guess;
            const int32_t value = value_at(axis, &axis->blocks[block_i], i);
            const uint32_t error = zigzag(value - guess);
            /* the least k with 15 << k not below the mean, at most 16; it is seldom another than the last one */
            while (k < 16u && (15u << k) < mean)
                k++;
            while (k > 0u && (15u << (k - 1u)) >= mean)
                k--;
            if (b != NULL)
                put_rice(b, error, k);
            else
                bits += rice_bits(error, k);
            mean += error - (mean >> 3);
            h3 = h2;
            h2 = h1;
            h1 = h0;
            h0 = value;
        }
    }
    return bits;
}

static void put_axis(bits_t *b, const axis_t *axis) {
    static const int16_t predictors[TRENDEL_PACK_PREDICTORS_N][4] = TRENDEL_PACK_PREDICTORS;
    uint32_t best = 0, least = UINT32_MAX;
    for (uint32_t p = 0; p < TRENDEL_PACK_PREDICTORS_N; p++) {
        const uint32_t bits = code_axis(NULL, axis, predictors[p]);
        if (bits < least) {
            least = bits;
            best = p;
        }
    }
    put(b, best, 3);
    (void)code_axis(b, axis, predictors[best]);
}

size_t trendel_pack(const trendel_imu_block_t *blocks, uint32_t block_n, uint8_t *out, size_t capacity) {
    const size_t header_n = sizeof(trendel_imu_packed_header_t);
    if (block_n < 1u || block_n > TRENDEL_PACKED_BLOCKS_MAX || capacity <= header_n)
        return 0;
    bits_t b = {out + header_n, 8u * (capacity - header_n), 0};
    for (uint32_t i = 1; i < block_n; i++) {
        if (!trendel_pack_follows(&blocks[i - 1u], &blocks[i]))
            return 0;
        put_next(&b, &blocks[i - 1u].header, &blocks[i].header);
    }
    axis_t axis = {blocks, block_n, blocks[0].header.sample_n, 0};
    for (; axis.axis < 6u; axis.axis++)
        put_axis(&b, &axis);
    if (b.bits > b.capacity_bits)
        return 0;
    const trendel_imu_header_t *first = &blocks[0].header;
    const trendel_imu_packed_header_t header = {.kind = TRENDEL_KIND_IMU_PACKED,
                                                .version = TRENDEL_VERSION,
                                                .boot = first->boot,
                                                .sequence = first->sequence,
                                                .time_us = first->time_us,
                                                .dt_ns = first->dt_ns,
                                                .sample_i = first->sample_i,
                                                .range_code = first->range_code,
                                                .sample_n = first->sample_n,
                                                .marks = first->marks,
                                                .temperature_degc = first->temperature_degc,
                                                .block_n = (uint8_t)block_n,
                                                .coded_n = (uint16_t)((b.bits + 7u) / 8u)};
    memcpy(out, &header, header_n);
    return header_n + (b.bits + 7u) / 8u;
}

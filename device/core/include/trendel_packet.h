/* The packetiser: samples into blocks, and the other packets that a clip sends. */
#ifndef TRENDEL_PACKET_H
#define TRENDEL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_wire.h"

#pragma pack(push, 1)
/* An IMU packet with room for all samples that fit one. */
typedef struct {
    trendel_imu_header_t header;
    trendel_imu_sample_t samples[TRENDEL_IMU_SAMPLES_MAX];
} trendel_imu_block_t;
#pragma pack(pop)
TRENDEL_ASSERT(sizeof(trendel_imu_block_t) == TRENDEL_PACKET_MAX, size_of_imu_block);

/* Bytes of a block's packet. */
size_t trendel_imu_block_bytes(const trendel_imu_block_t *block);

typedef struct {
    trendel_imu_block_t block; /* being filled; a packet once trendel_packetiser_add or _flush has returned its bytes */
    uint32_t sequence;         /* of the next block */
    uint32_t sample_i;         /* index of the next sample */
    uint16_t boot;
    uint8_t sample_n; /* in the block so far */
    uint8_t fill_n;   /* samples that make a block full */
    uint8_t marks;    /* of the next block, from its start */
    uint8_t range_code;
} trendel_packetiser_t;

/* fill_n: 1 to TRENDEL_IMU_SAMPLES_MAX; another value is taken as the maximum. */
void trendel_packetiser_init(trendel_packetiser_t *p, uint32_t boot_n, uint8_t range_code, uint8_t fill_n);

/* Go on after the IMU was started anew: numbers of the next block, which is marked if it is not the boot's first. */
void trendel_packetiser_resume(trendel_packetiser_t *p, uint32_t sequence, uint32_t sample_i);

/* From the next sample on, blocks of at most so many bytes (one sample at least). */
void trendel_packetiser_fit(trendel_packetiser_t *p, uint32_t bytes);

/* Add a sample taken at time_us; dt_ns (not 0), marks and temperature are those of the block that it begins, and marks
 * are added to the block it joins. Bytes of p->block if that is now full (to be sent or stored before the next call),
 * else 0. */
size_t trendel_packetiser_add(trendel_packetiser_t *p, const trendel_imu_sample_t *sample, uint64_t time_us,
                              uint32_t dt_ns, uint8_t marks, int8_t temperature_degc);

/* End the block that is being filled: its bytes, or 0 if it is empty. */
size_t trendel_packetiser_flush(trendel_packetiser_t *p);

/* Note that lost_n samples were lost; call after a flush. The next block is marked. */
void trendel_packetiser_gap(trendel_packetiser_t *p, uint32_t lost_n);

/* Fill in what this firmware's packets say of themselves; the caller fills in the rest. */
void trendel_hello_init(trendel_hello_t *hello, uint32_t boot_n);

/* Layout packet i (0 to TRENDEL_LAYOUT_PACKETS_N - 1) into out[TRENDEL_PACKET_MAX]: its bytes, 0 if there is none. */
size_t trendel_layout_packet(uint32_t i, uint32_t boot_n, uint8_t *out);

/* A packet of record_n records of record_size bytes (a multiple of 4): its bytes, 0 if it does not fit. */
size_t trendel_records_packet(uint8_t kind, uint32_t boot_n, uint32_t sequence, const void *records,
                              uint32_t record_size, uint32_t record_n, uint8_t *out, size_t capacity);

/* A stride in SI units, as the kernels give it; a value that is NaN is not known. */
typedef struct {
    uint64_t ic_us;
    float stride_time_s, contact_time_s, contact_time_diff_s, vertical_oscillation_m;
    float obliquity_peak_left_rad, obliquity_peak_right_rad, pelvic_drop_rad, tilt_mean_rad, impact_peak_g;
    float quality;    /* 0 to 1 */
    uint32_t reasons; /* Q_* of the kernels */
    int32_t side;     /* 1 left, -1 right, 0 not known */
} trendel_stride_values_t;

/* Quantise a stride: rounded to the nearest step, clamped to the range. */
void trendel_stride_quantise(const trendel_stride_values_t *values, trendel_stride_t *out);

#endif /* TRENDEL_PACKET_H */

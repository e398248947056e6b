/* Lossless compression of IMU blocks: the encoder. The decoder, and the format, are in host/trendel/wire/packed.py. */
#ifndef TRENDEL_PACK_H
#define TRENDEL_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_packet.h"

/* Whether `block` may share a packed block with `before`, the one just before it. */
bool trendel_pack_follows(const trendel_imu_block_t *before, const trendel_imu_block_t *block);

/* Blocks in a row (block_n of 1 to TRENDEL_PACKED_BLOCKS_MAX, each following the one before) as one packed block of at
 * most `capacity` bytes. Its bytes, or 0 if they do not fit or do not follow each other. */
size_t trendel_pack(const trendel_imu_block_t *blocks, uint32_t block_n, uint8_t *out, size_t capacity);

#endif /* TRENDEL_PACK_H */

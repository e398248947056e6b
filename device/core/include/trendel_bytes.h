/* CRC-32 and the framing of packets for USB. No state, no allocation. */
#ifndef TRENDEL_BYTES_H
#define TRENDEL_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "trendel_wire.h"

/* Bytes of the longest frame: packet, CRC-32, one byte of COBS in 254, its first byte and the zero at its end. */
#define TRENDEL_FRAME_MAX (TRENDEL_STORED_MAX + 4u + (TRENDEL_STORED_MAX + 4u) / 254u + 2u)

/* CRC-32 (IEEE 802.3) of n bytes, going on from `crc`; start with 0. */
uint32_t trendel_crc32(uint32_t crc, const void *data, size_t n);

/* A packet as it goes over USB: COBS of packet and CRC-32, then a zero. Bytes written, or 0 if `capacity` is too small
 * or the packet is longer than TRENDEL_STORED_MAX or empty. */
size_t trendel_frame(const void *packet, size_t n, uint8_t *out, size_t capacity);

#endif /* TRENDEL_BYTES_H */

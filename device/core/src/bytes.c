#include "trendel_bytes.h"

uint32_t trendel_crc32(uint32_t crc, const void *data, size_t n) {
    /* Four bits at a time: a table of 64 bytes instead of 1 KiB. */
    static const uint32_t table[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
        0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15u];
        crc = (crc >> 4) ^ table[crc & 15u];
    }
    return ~crc;
}

typedef struct {
    uint8_t *out;
    size_t at;    /* next byte to write */
    size_t start; /* of the run: where its length goes */
} cobs_t;

static void cobs_close(cobs_t *cobs) {
    cobs->out[cobs->start] = (uint8_t)(cobs->at - cobs->start);
    cobs->start = cobs->at++;
}

static void cobs_put(cobs_t *cobs, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        /* A run of 254 ends when a byte follows it, so that one at the very end of the packet costs nothing. */
        if (cobs->at - cobs->start == 255u)
            cobs_close(cobs);
        if (bytes[i] == 0)
            cobs_close(cobs);
        else
            cobs->out[cobs->at++] = bytes[i];
    }
}

size_t trendel_frame(const void *packet, size_t n, uint8_t *out, size_t capacity) {
    if (n == 0 || n > TRENDEL_STORED_MAX || capacity < n + 4u + (n + 4u) / 254u + 2u)
        return 0;
    const uint32_t crc = trendel_crc32(0, packet, n);
    const uint8_t tail[4] = {(uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24)};
    cobs_t cobs = {out, 1, 0};
    cobs_put(&cobs, packet, n);
    cobs_put(&cobs, tail, sizeof tail);
    out[cobs.start] = (uint8_t)(cobs.at - cobs.start);
    out[cobs.at++] = 0;
    return cobs.at;
}

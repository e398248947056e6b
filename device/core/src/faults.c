#include "trendel_faults.h"

#include <string.h>

void trendel_fault(trendel_faults_t *faults, uint32_t fault, uint32_t n) {
    if (fault >= TRENDEL_FAULTS_N || n == 0u)
        return;
    uint32_t *counter = &faults->counters[fault];
    *counter = n > UINT32_MAX - *counter ? UINT32_MAX : *counter + n;
    faults->changed = true;
}

bool trendel_faults_restore(trendel_faults_t *faults, const uint8_t *packet, size_t n) {
    trendel_faults_header_t header;
    if (n < sizeof header)
        return false;
    memcpy(&header, packet, sizeof header);
    if (header.kind != TRENDEL_KIND_FAULTS || header.version != TRENDEL_VERSION ||
        n != sizeof header + 4u * (size_t)header.counter_n)
        return false;
    const bool changed = faults->changed;
    for (uint32_t i = 0; i < header.counter_n && i < TRENDEL_FAULTS_N; i++) {
        uint32_t counter;
        memcpy(&counter, packet + sizeof header + 4u * i, sizeof counter);
        trendel_fault(faults, i, counter);
    }
    faults->changed = changed; /* what was read is in the log already */
    return true;
}

size_t trendel_faults_packet(const trendel_faults_t *faults, uint64_t time_us, uint8_t *out) {
    const trendel_faults_header_t header = {.kind = TRENDEL_KIND_FAULTS,
                                            .version = TRENDEL_VERSION,
                                            .boot = (uint16_t)faults->boot_n,
                                            .counter_n = TRENDEL_FAULTS_N,
                                            .reset_reason = faults->reset_reason,
                                            .time_us = time_us};
    memcpy(out, &header, sizeof header);
    memcpy(out + sizeof header, faults->counters, sizeof faults->counters);
    return sizeof header + sizeof faults->counters;
}

/* Fault counters. They survive a reboot in the log: trendel_log_mount reads the newest, the recorder writes changes. */
#ifndef TRENDEL_FAULTS_H
#define TRENDEL_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_wire.h"

#define TRENDEL_FAULTS_PACKET_MAX (sizeof(trendel_faults_header_t) + 4u * TRENDEL_FAULTS_N)

typedef struct {
    uint32_t counters[TRENDEL_FAULTS_N]; /* by TRENDEL_FAULT_* */
    uint32_t boot_n;
    uint8_t reset_reason;
    bool changed; /* since they were last written to the log */
} trendel_faults_t;

/* Count n more of a fault; stops at the largest number. */
void trendel_fault(trendel_faults_t *faults, uint32_t fault, uint32_t n);

/* Add the counters of a faults packet to these: what an earlier boot has written. False if it is not one. */
bool trendel_faults_restore(trendel_faults_t *faults, const uint8_t *packet, size_t n);

/* The counters as a packet into out[TRENDEL_FAULTS_PACKET_MAX]: its bytes. */
size_t trendel_faults_packet(const trendel_faults_t *faults, uint64_t time_us, uint8_t *out);

#endif /* TRENDEL_FAULTS_H */

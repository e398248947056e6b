#include "trendel_selftest.h"

#include "trendel_bytes.h"

/* CRC-32's check value, and float arithmetic as the kernels need it: rounded once, to nearest, denormals kept. */
static bool code_works(void) {
    volatile float third = 1.0f / 3.0f, tiny = 1.17549435e-38f;
    const float product = third * 3.0f, half_tiny = tiny * 0.5f;
    return trendel_crc32(0, "123456789", 9) == 0xcbf43926u && product == 1.0f && half_tiny > 0.0f;
}

static uint8_t imu_result(int error) {
    switch (error) {
    case TRENDEL_IMU_OK:
        return 0;
    case TRENDEL_IMU_IDENTITY:
        return TRENDEL_SELFTEST_IMU_WHO;
    case TRENDEL_IMU_SELFTEST:
        return TRENDEL_SELFTEST_IMU_MOVE;
    default:
        return TRENDEL_SELFTEST_IMU_BUS;
    }
}

uint8_t trendel_selftest(const trendel_bus_t *bus, trendel_recorder_t *rec, uint64_t now_us,
                         void (*delay_ms)(void *context, uint32_t ms), void *context) {
    trendel_faults_t *faults = rec->log->faults;
    uint8_t failed = (uint8_t)(code_works() ? 0 : TRENDEL_SELFTEST_CODE);
    failed |= imu_result(trendel_imu_selftest(bus, faults, delay_ms, context));
    /* the log reads back all that it writes: the event that says how it went is its test */
    const trendel_event_t event = {.time_ms = (uint32_t)(now_us / 1000u),
                                   .code = TRENDEL_EVENT_SELFTEST,
                                   .size_deg = INT16_MIN,
                                   .confidence = UINT8_MAX,
                                   .detail = failed};
    if (trendel_recorder_event(rec, &event, now_us) != TRENDEL_LOG_OK)
        failed |= TRENDEL_SELFTEST_LOG;
    if (failed != 0u && failed != TRENDEL_SELFTEST_IMU_MOVE) /* that one was counted by the driver */
        trendel_fault(faults, TRENDEL_FAULT_SELFTEST_FAILURES, 1);
    return failed;
}

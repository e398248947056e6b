/* Driver of the LSM6DS3TR-C (ST data sheet DocID030071): FIFO, watermark interrupt, wake on motion, self-test. */
#ifndef TRENDEL_LSM6_H
#define TRENDEL_LSM6_H

#include <stdbool.h>
#include <stdint.h>

#include "trendel_clock.h"
#include "trendel_faults.h"
#include "trendel_packet.h"

/* I2C or SPI. Each returns 0, or another number if it failed. Registers count up within one access. */
typedef struct {
    void *context;
    int (*read)(void *context, uint8_t reg, uint8_t *into, uint32_t n);
    int (*write)(void *context, uint8_t reg, uint8_t value);
} trendel_bus_t;

typedef enum {
    TRENDEL_IMU_OK = 0,
    TRENDEL_IMU_BUS = -1,      /* an access failed; counted, may be tried again */
    TRENDEL_IMU_IDENTITY = -2, /* another chip, or none */
    TRENDEL_IMU_SELFTEST = -3, /* a self-test response is out of the data sheet's limits */
    TRENDEL_IMU_OPTION = -4    /* a rate or range that the chip does not have */
} trendel_imu_error_t;

/* Called with each full block; it must be used before the return. */
typedef void (*trendel_block_sink_t)(void *context, const trendel_imu_block_t *block);

typedef struct {
    trendel_bus_t bus;
    trendel_faults_t *faults;
    trendel_clock_t clock;
    trendel_packetiser_t packetiser;
    uint32_t taken_n;     /* samples taken out of the FIFO since start, and those known to be lost */
    uint32_t discard_n;   /* first samples that are not used: the gyroscope starts */
    uint32_t watermark_n; /* samples */
    int8_t temperature_degc;
    bool suspect; /* an access failed within the FIFO: samples may be gone */
} trendel_imu_t;

/* Reset the chip and stream at rate_hz (26, 52, 104, 208, 416, 833 or 1666), with blocks of watermark_n samples.
 * range_code as in the packets: accelerometer 0 to 3, gyroscope 0 to 4. boot_n is that of the log. */
int trendel_imu_start(trendel_imu_t *imu, const trendel_bus_t *bus, trendel_faults_t *faults, uint32_t boot_n,
                      uint32_t rate_hz, uint8_t range_code, uint8_t watermark_n);

/* Take all samples that the FIFO holds. irq_us: when the watermark interrupt came, 0 if nobody saw it; now_us: now. */
int trendel_imu_drain(trendel_imu_t *imu, uint64_t irq_us, uint64_t now_us, trendel_block_sink_t sink, void *context);

/* Sleep until the clip is moved: accelerometer at 26 Hz in low power, interrupt on wake-up. */
int trendel_imu_wake_on_motion(trendel_imu_t *imu);

/* Everything off: shipping. */
int trendel_imu_off(trendel_imu_t *imu);

/* The data sheet's self-test, at rest, in about half a second; delay_ms waits. The chip is to be started afterwards. */
int trendel_imu_selftest(const trendel_bus_t *bus, trendel_faults_t *faults, void (*delay_ms)(void *context, uint32_t ms),
                         void *context);

#endif /* TRENDEL_LSM6_H */

/* The IMU's bus and interrupt line. */
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>

#include "app.h"

#define IMU DT_COMPAT_GET_ANY_STATUS_OKAY(trendel_lsm6)

static const struct i2c_dt_spec bus = I2C_DT_SPEC_GET(IMU);
static const struct gpio_dt_spec line = GPIO_DT_SPEC_GET_OR(IMU, irq_gpios, {0});
static struct gpio_callback line_callback;
static struct k_spinlock irq_lock;
static uint64_t irq_us;

static int bus_read(void *context, uint8_t reg, uint8_t *into, uint32_t n) {
    ARG_UNUSED(context);
    return i2c_burst_read_dt(&bus, reg, into, n);
}

static int bus_write(void *context, uint8_t reg, uint8_t value) {
    ARG_UNUSED(context);
    return i2c_reg_write_byte_dt(&bus, reg, value);
}

trendel_bus_t imu_bus(void) {
    return (trendel_bus_t){NULL, bus_read, bus_write};
}

static void risen(const struct device *port, struct gpio_callback *callback, uint32_t pins) {
    ARG_UNUSED(port);
    ARG_UNUSED(callback);
    ARG_UNUSED(pins);
    const k_spinlock_key_t key = k_spin_lock(&irq_lock);
    irq_us = app_now_us();
    k_spin_unlock(&irq_lock, key);
    app_post(APP_IRQ);
}

uint64_t imu_take_irq_us(void) {
    const k_spinlock_key_t key = k_spin_lock(&irq_lock);
    const uint64_t taken = irq_us;
    irq_us = 0;
    k_spin_unlock(&irq_lock, key);
    return taken;
}

bool imu_line_is_up(void) {
    return line.port != NULL && gpio_pin_get_dt(&line) > 0;
}

int imu_init(void) {
    if (!device_is_ready(bus.bus))
        return -ENODEV;
    if (line.port == NULL)
        return 0; /* the FIFO is asked by time */
    int error = gpio_pin_configure_dt(&line, GPIO_INPUT);
    gpio_init_callback(&line_callback, risen, BIT(line.pin));
    error = error != 0 ? error : gpio_add_callback(line.port, &line_callback);
    return error != 0 ? error : gpio_pin_interrupt_configure_dt(&line, GPIO_INT_EDGE_TO_ACTIVE);
}

/* An emulated IMU may measure at a rate that the chip does not have. */
__weak int32_t imu_interval_ppm(void) {
    return 0;
}

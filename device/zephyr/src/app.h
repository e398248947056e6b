/* What the parts of the program share: the clip, its lock, and events for its thread.
 *
 * thread            priority        stack  what it does
 * radio controller  cooperative     Zephyr link layer, HCI (Zephyr's own threads)
 * system work       cooperative -1  2.5 K  advertising, pairing window, button, GATT's callbacks of sent packets
 * main: the clip    preemptive 0    6 K    IMU, kernels, log, packets: all of device/core but settings and files
 * management (SMP)  preemptive 3    6 K    settings, files, images; takes the lock for each call into device/core
 * USB stream        preemptive 5    1 K    packets into the USB port (only boards with USB)
 * shell             lowest          2.5 K  console (only boards with USB)
 *
 * device/core is no code for several threads: app_lock() is held around each of its functions. The IMU's FIFO holds
 * 1.6 s at 208 Hz, so an erasure of flash (50 ms) or a long read by the host delays samples but loses none. */
#ifndef TRENDEL_APP_H
#define TRENDEL_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_clip.h"

extern trendel_clip_t app_clip;

void app_lock(void);
void app_unlock(void);

/* Microseconds since boot. */
uint64_t app_now_us(void);

/* For the clip's thread; from any thread or interrupt. */
enum { APP_IRQ = 1, APP_PUMP = 2, APP_HOST = 4, APP_CHARGER = 8, APP_MARK = 16, APP_FAULT = 32 };
void app_post(uint32_t events);

/* Count a fault, from any thread or interrupt. */
void app_fault(uint32_t fault);

/* ---- board.c ---- */
void board_init(void);
uint8_t board_reset_reason(void);
void board_identity(trendel_identity_t *identity);
void board_watchdog_start(void);
void board_watchdog_feed(void);
void board_show(const trendel_outputs_t *outputs); /* light and vibration */
void board_show_pairing(bool open);                /* light, where no alert needs it */
trendel_battery_t board_battery(void);
void board_reboot(void);

/* ---- storage.c: the log's flash and the settings' store ---- */
const trendel_flash_t *storage_log(void);
int storage_init(void);
size_t storage_load(void *context, uint32_t key, uint8_t *into, size_t room);
bool storage_store(void *context, uint32_t key, const uint8_t *value, size_t n);

/* ---- imu.c ---- */
int imu_init(void);
trendel_bus_t imu_bus(void);
uint64_t imu_take_irq_us(void); /* time of the interrupt, 0: there was none */
bool imu_line_is_up(void);
int32_t imu_interval_ppm(void); /* as in trendel_world_t */

/* ---- radio.c ---- */
int radio_init(void);
void radio_show(const trendel_outputs_t *outputs); /* advertising, and the alert in it */
bool radio_send(const uint8_t *packet, size_t n);
trendel_host_t radio_host(void);
void radio_rename(void);
void radio_level(uint8_t percent);

/* ---- security.c ---- */
int security_init(void);
void security_open_window(void);

/* ---- rsc.c: Running Speed and Cadence ---- */
void rsc_tick(void);

/* ---- files.c, settings.c, images.c: what management reaches ---- */
int files_init(void);
void management_settings_init(void);
void images_init(void);
void images_check(void); /* what became of an update that was asked for; a new image that fails its self-test goes */

/* ---- usb.c ---- */
int usb_init(void);
bool usb_send(const uint8_t *packet, size_t n);
trendel_host_t usb_host(void);

#endif /* TRENDEL_APP_H */

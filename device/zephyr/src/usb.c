/* The stream over USB CDC ACM: each packet a COBS frame with CRC-32. Shell and management have a port of their own. */
#include <zephyr/kernel.h>

#include "app.h"

#if DT_HAS_CHOSEN(trendel_stream_uart)
#include <zephyr/drivers/uart.h>
#include <zephyr/usb/usb_device.h>

#include "trendel_bytes.h"

#define FRAMES_N 8
#define STACK_BYTES 1024
#define PRIORITY 5
#define TRY_MS 2
#define TRIES_N 50 /* a host that has the port open and reads nothing for so long is given up */

static const struct device *const port = DEVICE_DT_GET(DT_CHOSEN(trendel_stream_uart));

typedef struct {
    uint16_t n;
    uint8_t bytes[TRENDEL_FRAME_MAX < 320 ? TRENDEL_FRAME_MAX : 320]; /* packets for a host have TRENDEL_PACKET_MAX */
} frame_t;

static char frames_room[FRAMES_N * sizeof(frame_t)] __aligned(4);
static struct k_msgq frames;
static atomic_t opened;

bool usb_send(const uint8_t *packet, size_t n) {
    frame_t frame;
    if (atomic_get(&opened) == 0)
        return false;
    frame.n = (uint16_t)trendel_frame(packet, n, frame.bytes, sizeof frame.bytes);
    return frame.n > 0u && k_msgq_put(&frames, &frame, K_NO_WAIT) == 0;
}

trendel_host_t usb_host(void) {
    const bool is_open = atomic_get(&opened) != 0;
    return (trendel_host_t){.connected = is_open, .subscribed = is_open, .payload_n = TRENDEL_PACKET_MAX};
}

static bool port_is_open(void) {
    uint32_t dtr = 0;
    return uart_line_ctrl_get(port, UART_LINE_CTRL_DTR, &dtr) == 0 && dtr != 0u;
}

static void watch_port(void) {
    const atomic_val_t now = port_is_open() ? 1 : 0;
    if (atomic_set(&opened, now) == now)
        return;
    if (now == 0)
        k_msgq_purge(&frames);
    app_post(APP_HOST);
}

static void write_frame(const frame_t *frame) {
    uint32_t at = 0;
    for (int tries = 0; at < frame->n && tries < TRIES_N; tries++) {
        const int took = uart_fifo_fill(port, frame->bytes + at, (int)(frame->n - at));
        if (took > 0) {
            at += (uint32_t)took;
            tries = 0;
        } else {
            (void)k_msleep(TRY_MS);
        }
    }
    app_post(APP_PUMP);
}

static void run(void *a, void *b, void *c) {
    ARG_UNUSED(a);
    ARG_UNUSED(b);
    ARG_UNUSED(c);
    frame_t frame;
    for (;;) {
        watch_port();
        if (k_msgq_get(&frames, &frame, K_MSEC(100)) == 0)
            write_frame(&frame);
    }
}

static K_THREAD_STACK_DEFINE(stack, STACK_BYTES);
static struct k_thread thread;

static void powered(enum usb_dc_status_code status, const uint8_t *unused) {
    ARG_UNUSED(unused);
    if (status == USB_DC_CONNECTED || status == USB_DC_CONFIGURED)
        app_post(APP_CHARGER);
}

int usb_init(void) {
    k_msgq_init(&frames, frames_room, sizeof(frame_t), FRAMES_N);
    const int error = usb_enable(powered);
    if (error != 0)
        return error;
    (void)k_thread_create(&thread, stack, K_THREAD_STACK_SIZEOF(stack), run, NULL, NULL, NULL, PRIORITY, 0, K_NO_WAIT);
    return k_thread_name_set(&thread, "usb stream") == 0 || !IS_ENABLED(CONFIG_THREAD_NAME) ? 0 : -EINVAL;
}
#else
bool usb_send(const uint8_t *packet, size_t n) {
    ARG_UNUSED(packet);
    ARG_UNUSED(n);
    return false;
}

trendel_host_t usb_host(void) {
    return (trendel_host_t){0};
}

int usb_init(void) {
    return 0;
}
#endif

/* What the clip tells: its queue to the host, hello, events, strides, status, faults. */
#include <string.h>

#include "clip_parts.h"
#include "trendel_bytes.h"

/* ---- the queue ---- */

static void dropped(trendel_clip_t *clip, uint32_t n) {
    clip->dropped_n += n;
}

void clip_send(trendel_clip_t *clip, const void *packet, size_t n, bool raw) {
    if (!clip->host.subscribed || n == 0u)
        return;
    (void)trendel_clip_pump(clip);
    const uint32_t places = TRENDEL_CLIP_QUEUE_N - (raw ? TRENDEL_CLIP_QUEUE_RESERVE : 0u);
    if (n > clip->host.payload_n || n > TRENDEL_PACKET_MAX || clip->queue_n >= places) {
        dropped(clip, 1);
        return;
    }
    trendel_queued_t *place = &clip->queue[(clip->queue_first + clip->queue_n) % TRENDEL_CLIP_QUEUE_N];
    place->n = (uint8_t)n;
    memcpy(place->bytes, packet, n);
    clip->queue_n++;
}

uint32_t trendel_clip_pump(trendel_clip_t *clip) {
    const trendel_port_t *port = &clip->world.port;
    while (clip->queue_n > 0u && clip->host.subscribed) {
        const trendel_queued_t *packet = &clip->queue[clip->queue_first];
        if (!port->send(port->context, packet->bytes, packet->n))
            break;
        clip->queue_first = (clip->queue_first + 1u) % TRENDEL_CLIP_QUEUE_N;
        clip->queue_n--;
    }
    return clip->queue_n;
}

void clip_drop_queue(trendel_clip_t *clip) {
    dropped(clip, clip->queue_n);
    clip->queue_n = 0;
}

/* ---- hello ---- */

uint32_t clip_interval_ns(const trendel_clip_t *clip) {
    uint32_t dt_ns = 1000000000u / 26u; /* 26 Hz doubles up to 1,666 Hz, as in lsm6.c */
    for (uint32_t rate = clip->rate_hz; rate > 26u; rate /= 2u)
        dt_ns /= 2u;
    return (uint32_t)((int64_t)dt_ns * (1000000 + clip->world.interval_ppm) / 1000000);
}

void clip_make_hello(const trendel_clip_t *clip, trendel_hello_t *hello, uint64_t now_us) {
    const trendel_world_t *world = &clip->world;
    const uint32_t dt_ns = clip_interval_ns(clip);
    trendel_hello_init(hello, clip->log.boot_n);
    hello->serial = world->identity.serial;
    hello->time_us = now_us;
    memcpy(hello->firmware, world->identity.firmware, sizeof hello->firmware);
    hello->firmware_hash = world->identity.firmware_hash;
    hello->hardware = world->identity.hardware;
    hello->sensor = world->identity.sensor;
    hello->kernel_layout_hash = world->kernels.layout_hash;
    hello->kernel_hash = world->kernels.kernel_hash;
    hello->param_hash = clip->params.param_hash;
    hello->calibration_hash = clip->calibrated ? clip->calibration.crc : 0u;
    hello->rate_mhz = (uint32_t)((1000000000000u + dt_ns / 2u) / dt_ns);
    hello->log_bytes = world->flash->sector_n * world->flash->sector_bytes;
    hello->range_code = clip->range_code;
    memcpy(hello->name, clip->name, sizeof hello->name);
}

void clip_note_hello(trendel_clip_t *clip, uint64_t now_us) {
    trendel_hello_t hello;
    clip_make_hello(clip, &hello, 0);
    const uint32_t crc = trendel_crc32(0, &hello, sizeof hello);
    const bool first = clip->hello_crc == 0u; /* the recorder has just committed it */
    if (crc == clip->hello_crc)
        return;
    clip->hello_crc = crc;
    hello.time_us = now_us;
    if (first)
        return;
    (void)trendel_recorder_hello(&clip->recorder, &hello);
    clip_send(clip, &hello, sizeof hello, false);
}

void clip_greet(trendel_clip_t *clip, uint64_t now_us) {
    trendel_hello_t hello;
    uint8_t packet[TRENDEL_PACKET_MAX];
    clip_make_hello(clip, &hello, now_us);
    clip_send(clip, &hello, sizeof hello, false);
    for (uint32_t i = 0; i < TRENDEL_LAYOUT_PACKETS_N; i++)
        clip_send(clip, packet, trendel_layout_packet(i, clip->log.boot_n, packet), false);
    clip_send_faults(clip, now_us);
    clip_status(clip, now_us);
}

/* ---- records ---- */

static void send_record(trendel_clip_t *clip, uint8_t kind, uint32_t sequence, const void *record, uint32_t size) {
    uint8_t packet[TRENDEL_PACKET_MAX];
    const size_t n =
        trendel_records_packet(kind, clip->log.boot_n, sequence, record, size, 1, packet, sizeof packet);
    clip_send(clip, packet, n, false);
}

void clip_event(trendel_clip_t *clip, const trendel_event_t *event, uint64_t now_us) {
    (void)trendel_recorder_event(&clip->recorder, event, now_us);
    send_record(clip, TRENDEL_KIND_EVENT, clip->event_n++, event, sizeof *event);
}

void clip_simple_event(trendel_clip_t *clip, uint8_t code, uint8_t detail, uint16_t value, uint64_t now_us) {
    const trendel_event_t event = {.time_ms = CLIP_MS(now_us),
                                   .code = code,
                                   .size_deg = INT16_MIN,
                                   .since_ms = CLIP_MS(now_us),
                                   .confidence = UINT8_MAX,
                                   .detail = detail,
                                   .value = value};
    clip_event(clip, &event, now_us);
}

void clip_stride(trendel_clip_t *clip, const trendel_stride_t *stride) {
    (void)trendel_recorder_stride(&clip->recorder, stride);
    send_record(clip, TRENDEL_KIND_STRIDE, clip->stride_n++, stride, sizeof *stride);
}

void clip_status(trendel_clip_t *clip, uint64_t now_us) {
    clip->status_us = now_us;
    if (clip->dropped_n != clip->dropped_told_n) { /* not at each packet: counters go to the log when they change */
        trendel_fault(&clip->faults, TRENDEL_FAULT_PACKETS_DROPPED, clip->dropped_n - clip->dropped_told_n);
        clip->dropped_told_n = clip->dropped_n;
    }
    if (!clip->host.subscribed)
        return;
    const trendel_battery_t battery = clip->world.port.battery(clip->world.port.context);
    const uint32_t dt_ns = clip->sampling.streaming ? trendel_clock_dt_ns(&clip->imu.clock) : 0u;
    const trendel_status_t status = {
        .time_ms = CLIP_MS(now_us),
        .state = clip->sampling.state,
        .battery_percent = battery.percent,
        .battery_mv = battery.mv,
        .rate_mhz = dt_ns != 0u ? (uint32_t)((1000000000000u + dt_ns / 2u) / dt_ns) : 0u,
        .log_used_percent = (uint8_t)(100u * trendel_log_used(&clip->log) / clip->world.flash->sector_n),
        .temperature_degc = clip->imu.temperature_degc,
        .queue_n = (uint16_t)clip->queue_n,
        .dropped_n = clip->dropped_n};
    send_record(clip, TRENDEL_KIND_STATUS, clip->status_n++, &status, sizeof status);
    if (clip->faults_due || clip->faults.changed)
        clip_send_faults(clip, now_us);
}

void clip_send_faults(trendel_clip_t *clip, uint64_t now_us) {
    uint8_t packet[TRENDEL_FAULTS_PACKET_MAX];
    clip_send(clip, packet, trendel_faults_packet(&clip->faults, now_us, packet), false);
    clip->faults_due = false;
}

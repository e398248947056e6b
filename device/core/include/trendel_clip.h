/* The clip: its whole main loop, without a radio, a board or an operating system.
 *
 * It owns the sampling state machine, the IMU, the kernels, the log, alerts, packets, settings and faults. The world
 * enters through trendel_world_t; time comes in with each call and never decreases. No call may interrupt another: where
 * there are threads, one lock is held around each. docs/firmware.md says which thread calls what; docs/settings.md what
 * the settings are. */
#ifndef TRENDEL_CLIP_H
#define TRENDEL_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trendel_alert.h"
#include "trendel_flash.h"
#include "trendel_layout.h"
#include "trendel_log.h"
#include "trendel_lsm6.h"
#include "trendel_packet.h"
#include "trendel_recorder.h"
#include "trendel_sampling.h"
#include "trendel_settings.h"

#ifndef TRENDEL_CLIP_QUEUE_N
#define TRENDEL_CLIP_QUEUE_N 48u /* packets that wait for the radio: 4 s at 208 Hz */
#endif
#define TRENDEL_CLIP_TICK_US 50000u     /* trendel_clip_tick is to be called at least so often */
#define TRENDEL_CLIP_QUEUE_RESERVE 8u   /* places in the queue that raw blocks leave to events and strides */
#define TRENDEL_CLIP_STATUS_US 5000000u /* between two status packets */
#define TRENDEL_CLIP_STALL_US 1000000u  /* the IMU streams and nothing comes: it has failed */
#define TRENDEL_CLIP_BUS_TRIES 5u       /* drains in a row that fail: it has failed */
#define TRENDEL_CLIP_WATERMARK 18u      /* samples of an interrupt */
#define TRENDEL_CLIP_BATTERY_LOW 10u    /* per cent: all is committed, and an event says so */

/* The kernels, however they were compiled: on a clip lowered assembly, on a host numba's own code. Bits are the same. */
typedef struct {
    int32_t (*init)(trendel_state_t *state, const trendel_params_t *params);
    int32_t (*step)(trendel_state_t *state, const trendel_params_t *params, const trendel_sample_t *sample,
                    trendel_out_t *out);
    uint32_t layout_hash; /* must be TRENDEL_LAYOUT_HASH */
    uint32_t kernel_hash;
} trendel_kernels_t;

/* Who the clip is, for its hello. */
typedef struct {
    uint64_t serial;
    uint8_t firmware[4];
    uint32_t firmware_hash;
    uint16_t hardware, sensor;
} trendel_identity_t;

typedef struct {
    bool light, vibration;
    bool advertising;   /* the radio is to be found, and may be connected to */
    uint8_t advertised; /* alert in the advertising data: 0 none, 1 left, 2 right, 3 both or neither */
} trendel_outputs_t;

typedef struct {
    uint8_t percent; /* 255: not known */
    uint16_t mv;     /* 65535: not known */
} trendel_battery_t;

/* What the board does for the clip. Every function is there. */
typedef struct {
    void *context;
    /* Take a packet for the host; false: no room now, it is offered again by trendel_clip_pump. */
    bool (*send)(void *context, const uint8_t *packet, size_t n);
    void (*outputs)(void *context, const trendel_outputs_t *outputs); /* called when they change */
    trendel_battery_t (*battery)(void *context);
    /* The stored value of a key (TRENDEL_KEY_*): its bytes, at most `room`; 0 if there is none or it does not fit. */
    size_t (*load)(void *context, uint32_t key, uint8_t *into, size_t room);
    bool (*store)(void *context, uint32_t key, const uint8_t *value, size_t n); /* n = 0: forget it */
} trendel_port_t;

typedef struct {
    trendel_port_t port;
    trendel_kernels_t kernels;
    trendel_identity_t identity;
    trendel_bus_t bus;            /* of the IMU */
    const trendel_flash_t *flash; /* of the log */
    uint32_t records_quota;       /* sectors for records: 280 of 512 */
    int32_t interval_ppm;         /* by how much an IMU of other rates has longer intervals than the data sheet's; 0 */
} trendel_world_t;

/* The host at the other end. */
typedef struct {
    bool connected;
    bool subscribed;    /* wants the stream: hello, layouts, blocks, records */
    uint16_t payload_n; /* bytes that a packet may have: ATT MTU - 3, TRENDEL_PACKET_MAX or more over USB */
} trendel_host_t;

typedef struct {
    uint8_t n;
    uint8_t bytes[TRENDEL_PACKET_MAX];
} trendel_queued_t;

typedef struct {
    trendel_world_t world;
    trendel_faults_t faults;
    trendel_log_t log;
    trendel_recorder_t recorder;
    trendel_imu_t imu;
    trendel_sampling_t sampling;
    trendel_alarm_t alarm;
    trendel_host_t host;
    trendel_outputs_t outputs;

    /* kernels */
    trendel_params_t params;
    trendel_state_t state;
    trendel_sample_t sample;
    trendel_out_t out;
    uint32_t base_i;     /* clip's index of the kernels' sample 0 */
    uint32_t expected_i; /* index of the sample that they take next */
    uint32_t told;       /* bit c: alert_start of channel c was told, its end was not */
    bool cold;           /* they start anew with the next block */
    bool runs, moves;    /* seen in the newest samples */

    /* settings, as used */
    trendel_setting_calibration_t calibration;
    bool calibrated;
    char name[16];
    uint32_t rate_hz;
    uint8_t range_code, rsc;
    bool renew; /* settings have changed since sampling began */

    /* packets */
    trendel_queued_t queue[TRENDEL_CLIP_QUEUE_N];
    uint32_t queue_first, queue_n;
    uint32_t dropped_n, dropped_told_n;
    uint32_t stride_n, event_n, status_n; /* made since boot */
    uint32_t hello_crc;                   /* of what the log's newest hello says */

    /* times and counts */
    uint64_t now_us, sampled_us, status_us, second_us;
    uint32_t next_sequence, next_sample_i;
    uint32_t bus_failed_n;
    uint32_t released_sequence; /* that a host has said to have, since boot */
    bool sampled, checkpoint_due, battery_low, log_full, faults_due;

    /* file /log/sectors as it was when its first byte was read */
    uint8_t sectors[TRENDEL_LOG_SECTORS_HEADER_BYTES + TRENDEL_LOG_SECTORS_MAX * TRENDEL_LOG_SECTOR_ROW_BYTES];
    uint8_t value[TRENDEL_SETTING_MAX]; /* of a setting, while it is looked at */
} trendel_clip_t;

/* Power on, or any other reset (as in the faults packet): mounts the log, reads the settings, begins a boot. Returns
 * TRENDEL_LOG_OK, or the log's error; the clip works then without a log. */
int trendel_clip_start(trendel_clip_t *clip, const trendel_world_t *world, uint8_t reset_reason, uint64_t now_us);

/* The IMU's line has risen at irq_us: samples, or motion while it sleeps. */
void trendel_clip_irq(trendel_clip_t *clip, uint64_t irq_us, uint64_t now_us);

/* Time has passed: alerts' patterns, status, what waits, what has not come. */
void trendel_clip_tick(trendel_clip_t *clip, uint64_t now_us);

/* What has become of the host; a new subscription is answered with hello, layouts, faults and status. */
void trendel_clip_host(trendel_clip_t *clip, const trendel_host_t *host, uint64_t now_us);

/* The radio has room again. Packets that still wait. */
uint32_t trendel_clip_pump(trendel_clip_t *clip);

/* The charger was connected: the way out of shipping. */
void trendel_clip_charger(trendel_clip_t *clip, uint64_t now_us);

/* A tap or a button: an event in the log and to the host. */
void trendel_clip_mark(trendel_clip_t *clip, uint64_t now_us);

/* A fault that the board has seen (TRENDEL_FAULT_*): stack_low, images_refused, bonds_refused, writes_refused. */
void trendel_clip_fault(trendel_clip_t *clip, uint32_t fault);

/* Power is about to go, or a reset was asked for: commit all that waits. */
void trendel_clip_flush(trendel_clip_t *clip);

/* ---- settings ---- */

/* The key's number by its name, with or without `trendel/`; TRENDEL_KEYS_N if there is none. */
uint32_t trendel_clip_key(const char *name, size_t n);

/* Each returns TRENDEL_SETTING_OK or why not; then nothing has changed. */
int trendel_clip_setting_write(trendel_clip_t *clip, uint32_t key, const uint8_t *value, size_t n, uint64_t now_us);
int trendel_clip_setting_delete(trendel_clip_t *clip, uint32_t key);
/* The value into into[room], its bytes to *n. TRENDEL_SETTING_MISSING: none is stored. */
int trendel_clip_setting_read(trendel_clip_t *clip, uint32_t key, uint8_t *into, size_t room, size_t *n);

/* ---- files ---- */

enum { TRENDEL_FILE_LOG_FLASH = 0, TRENDEL_FILE_LOG_SECTORS = 1, TRENDEL_FILE_FAULTS = 2, TRENDEL_FILES_N = 3 };

/* The file's number by its path; TRENDEL_FILES_N if there is none. */
uint32_t trendel_clip_file(const char *path, size_t n);
uint32_t trendel_clip_file_bytes(const trendel_clip_t *clip, uint32_t file);

/* Bytes of a file from an offset on: how many. Reading /log/sectors from 0 commits what waits and takes a new snapshot.
 * While the clip is in sync, reading keeps it there. */
uint32_t trendel_clip_file_read(trendel_clip_t *clip, uint32_t file, uint32_t offset, uint8_t *into, uint32_t n,
                                uint64_t now_us);

#endif /* TRENDEL_CLIP_H */

/* Settings and files of a clip: written by `python -m trendel_lowering.wire`, never by hand. docs/settings.md */
#ifndef TRENDEL_SETTINGS_H
#define TRENDEL_SETTINGS_H

#include "trendel_wire.h"

#define TRENDEL_SETTING_MAX 4112u
#define TRENDEL_ERASE_WORD 0x53415245u
#define TRENDEL_RATES_N 4u
#define TRENDEL_LOG_SECTORS_HEADER_BYTES 36u
#define TRENDEL_LOG_SECTOR_ROW_BYTES 8u

enum {
    TRENDEL_KEY_NAME = 0,
    TRENDEL_KEY_BASELINE = 1,
    TRENDEL_KEY_MOUNTING = 2,
    TRENDEL_KEY_THRESHOLDS = 3,
    TRENDEL_KEY_CALIBRATION = 4,
    TRENDEL_KEY_MODE = 5,
    TRENDEL_KEY_RATE_HZ = 6,
    TRENDEL_KEY_RANGE_CODE = 7,
    TRENDEL_KEY_RSC = 8,
    TRENDEL_KEY_PARAMS = 9,
    TRENDEL_KEY_LOG_RELEASE = 10,
    TRENDEL_KEY_LOG_ERASE = 11,
    TRENDEL_KEYS_N = 12
};

enum {
    TRENDEL_MODE_RUN = 0,
    TRENDEL_MODE_SYNC = 1,
    TRENDEL_MODE_SHIP = 2,
    TRENDEL_MODES_N = 3
};

/* What a write is answered with. */
enum {
    TRENDEL_SETTING_OK = 0,
    TRENDEL_SETTING_UNKNOWN_KEY = 1,
    TRENDEL_SETTING_LENGTH = 2,
    TRENDEL_SETTING_VERSION = 3,
    TRENDEL_SETTING_CRC = 4,
    TRENDEL_SETTING_VALUE = 5,
    TRENDEL_SETTING_BUSY = 6,
    TRENDEL_SETTING_STORE = 7,
    TRENDEL_SETTING_ACCESS = 8,
    TRENDEL_SETTING_MISSING = 9,
    TRENDEL_SETTING_RESULTS_N = 10
};

/* Name after `trendel/`, version, bytes (0: they vary), kept, may be read. */
#define TRENDEL_KEYS { \
    {"name", 1u, 21u, true, true}, \
    {"baseline", 1u, 20u, true, true}, \
    {"mounting", 1u, 48u, true, true}, \
    {"thresholds", 1u, 24u, true, true}, \
    {"calibration", 1u, 104u, true, true}, \
    {"mode", 1u, 8u, true, true}, \
    {"rate_hz", 1u, 8u, true, true}, \
    {"range_code", 1u, 8u, true, true}, \
    {"rsc", 1u, 8u, true, true}, \
    {"params", 1u, 0u, true, true}, \
    {"log/release", 0u, 4u, false, false}, \
    {"log/erase", 0u, 4u, false, false}, \
    }

#pragma pack(push, 1)

/* trendel/name: what the runner calls the clip. */
typedef struct {
    uint8_t version; /* of this kind of value */
    char name[16]; /* UTF-8, zeros at its end */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_name_t;
TRENDEL_ASSERT(sizeof(trendel_setting_name_t) == 21, wire_size_of_setting_name);
TRENDEL_ASSERT(offsetof(trendel_setting_name_t, version) == 0, wire_offset_of_setting_name_version);
TRENDEL_ASSERT(offsetof(trendel_setting_name_t, name) == 1, wire_offset_of_setting_name_name);
TRENDEL_ASSERT(offsetof(trendel_setting_name_t, crc) == 17, wire_offset_of_setting_name_crc);

/* trendel/baseline: the runner's obliquity peaks in earlier runs, as the kernels take them. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t reserved[3]; /* 0 */
    float prior_rad[2]; /* left and right; -3.1416 to 3.1416 rad */
    float prior_n; /* blocks of steps that it counts for; 0 to 10000 */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_baseline_t;
TRENDEL_ASSERT(sizeof(trendel_setting_baseline_t) == 20, wire_size_of_setting_baseline);
TRENDEL_ASSERT(offsetof(trendel_setting_baseline_t, version) == 0, wire_offset_of_setting_baseline_version);
TRENDEL_ASSERT(offsetof(trendel_setting_baseline_t, reserved) == 1, wire_offset_of_setting_baseline_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_baseline_t, prior_rad) == 4, wire_offset_of_setting_baseline_prior_rad);
TRENDEL_ASSERT(offsetof(trendel_setting_baseline_t, prior_n) == 12, wire_offset_of_setting_baseline_prior_n);
TRENDEL_ASSERT(offsetof(trendel_setting_baseline_t, crc) == 16, wire_offset_of_setting_baseline_crc);

/* trendel/mounting: the known rotation of the clip on this runner. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t has_standing; /* 1: levelled to the standing posture; 0 or 1 */
    uint8_t reserved[2]; /* 0 */
    float axes[9]; /* rows forward, left, up of the pelvis in the sensor frame; a rotation; -1 to 1 */
    float lean_rad; /* anterior tilt that the axes have in running; -1.5708 to 1.5708 rad */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_mounting_t;
TRENDEL_ASSERT(sizeof(trendel_setting_mounting_t) == 48, wire_size_of_setting_mounting);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, version) == 0, wire_offset_of_setting_mounting_version);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, has_standing) == 1, wire_offset_of_setting_mounting_has_standing);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, reserved) == 2, wire_offset_of_setting_mounting_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, axes) == 4, wire_offset_of_setting_mounting_axes);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, lean_rad) == 40, wire_offset_of_setting_mounting_lean_rad);
TRENDEL_ASSERT(offsetof(trendel_setting_mounting_t, crc) == 44, wire_offset_of_setting_mounting_crc);

/* trendel/thresholds: from which growth of the drop on the runner is warned, and how. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t silent; /* 1: no vibration, light only; 0 or 1 */
    uint8_t reserved[2]; /* 0 */
    float notice_rad; /* not above warning_rad; 0.0001 to 1.5708 rad */
    float warning_rad; /* not above stop_rad; 0.0001 to 1.5708 rad */
    float stop_rad; /* 0.0001 to 1.5708 rad */
    float rest_s; /* between alerts of a level; 0 to 86400 s */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_thresholds_t;
TRENDEL_ASSERT(sizeof(trendel_setting_thresholds_t) == 24, wire_size_of_setting_thresholds);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, version) == 0, wire_offset_of_setting_thresholds_version);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, silent) == 1, wire_offset_of_setting_thresholds_silent);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, reserved) == 2, wire_offset_of_setting_thresholds_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, notice_rad) == 4, wire_offset_of_setting_thresholds_notice_rad);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, warning_rad) == 8, wire_offset_of_setting_thresholds_warning_rad);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, stop_rad) == 12, wire_offset_of_setting_thresholds_stop_rad);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, rest_s) == 16, wire_offset_of_setting_thresholds_rest_s);
TRENDEL_ASSERT(offsetof(trendel_setting_thresholds_t, crc) == 20, wire_offset_of_setting_thresholds_crc);

/* trendel/calibration: calibrated = matrix @ (raw in SI units - bias), in float32 (see below). */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t reserved[3]; /* 0 */
    float acc_matrix[9]; /* by rows; on the diagonal from 0.5 on, beside it up to 0.5; -0.5 to 2 */
    float acc_bias[3]; /* -20 to 20 m/s2 */
    float gyr_matrix[9]; /* as acc_matrix; -0.5 to 2 */
    float gyr_bias[3]; /* -1 to 1 rad/s */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_calibration_t;
TRENDEL_ASSERT(sizeof(trendel_setting_calibration_t) == 104, wire_size_of_setting_calibration);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, version) == 0, wire_offset_of_setting_calibration_version);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, reserved) == 1, wire_offset_of_setting_calibration_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, acc_matrix) == 4, wire_offset_of_setting_calibration_acc_matrix);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, acc_bias) == 40, wire_offset_of_setting_calibration_acc_bias);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, gyr_matrix) == 52, wire_offset_of_setting_calibration_gyr_matrix);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, gyr_bias) == 88, wire_offset_of_setting_calibration_gyr_bias);
TRENDEL_ASSERT(offsetof(trendel_setting_calibration_t, crc) == 100, wire_offset_of_setting_calibration_crc);

/* trendel/mode: 0 run, 1 sync (the host reads the log; refused while a run is on), 2 ship. Only ship is kept. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t mode; /* place in run, sync, ship; 0, 1 or 2 */
    uint8_t reserved[2]; /* 0 */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_mode_t;
TRENDEL_ASSERT(sizeof(trendel_setting_mode_t) == 8, wire_size_of_setting_mode);
TRENDEL_ASSERT(offsetof(trendel_setting_mode_t, version) == 0, wire_offset_of_setting_mode_version);
TRENDEL_ASSERT(offsetof(trendel_setting_mode_t, mode) == 1, wire_offset_of_setting_mode_mode);
TRENDEL_ASSERT(offsetof(trendel_setting_mode_t, reserved) == 2, wire_offset_of_setting_mode_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_mode_t, crc) == 4, wire_offset_of_setting_mode_crc);

/* trendel/rate_hz: output data rate; used from the next start of sampling on. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t reserved; /* 0 */
    uint16_t rate_hz; /* 104, 208, 416 or 833 Hz */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_rate_t;
TRENDEL_ASSERT(sizeof(trendel_setting_rate_t) == 8, wire_size_of_setting_rate);
TRENDEL_ASSERT(offsetof(trendel_setting_rate_t, version) == 0, wire_offset_of_setting_rate_version);
TRENDEL_ASSERT(offsetof(trendel_setting_rate_t, reserved) == 1, wire_offset_of_setting_rate_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_rate_t, rate_hz) == 2, wire_offset_of_setting_rate_rate_hz);
TRENDEL_ASSERT(offsetof(trendel_setting_rate_t, crc) == 4, wire_offset_of_setting_rate_crc);

/* trendel/range_code: as in a block; used from the next start of sampling on. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t range_code; /* as in a block */
    uint8_t reserved[2]; /* 0 */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_range_t;
TRENDEL_ASSERT(sizeof(trendel_setting_range_t) == 8, wire_size_of_setting_range);
TRENDEL_ASSERT(offsetof(trendel_setting_range_t, version) == 0, wire_offset_of_setting_range_version);
TRENDEL_ASSERT(offsetof(trendel_setting_range_t, range_code) == 1, wire_offset_of_setting_range_range_code);
TRENDEL_ASSERT(offsetof(trendel_setting_range_t, reserved) == 2, wire_offset_of_setting_range_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_range_t, crc) == 4, wire_offset_of_setting_range_crc);

/* trendel/rsc: Running Speed and Cadence service, off unless told. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t on; /* 0 or 1 */
    uint8_t reserved[2]; /* 0 */
    uint32_t crc; /* CRC-32 of the bytes before it */
} trendel_setting_rsc_t;
TRENDEL_ASSERT(sizeof(trendel_setting_rsc_t) == 8, wire_size_of_setting_rsc);
TRENDEL_ASSERT(offsetof(trendel_setting_rsc_t, version) == 0, wire_offset_of_setting_rsc_version);
TRENDEL_ASSERT(offsetof(trendel_setting_rsc_t, on) == 1, wire_offset_of_setting_rsc_on);
TRENDEL_ASSERT(offsetof(trendel_setting_rsc_t, reserved) == 2, wire_offset_of_setting_rsc_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_rsc_t, crc) == 4, wire_offset_of_setting_rsc_crc);

/* trendel/params: start of a whole parameter record of the kernels for one rate; its bytes and a CRC-32 follow. */
typedef struct {
    uint8_t version; /* of this kind of value */
    uint8_t reserved; /* 0 */
    uint16_t rate_hz; /* that it is for */
} trendel_setting_params_t;
TRENDEL_ASSERT(sizeof(trendel_setting_params_t) == 4, wire_size_of_setting_params);
TRENDEL_ASSERT(offsetof(trendel_setting_params_t, version) == 0, wire_offset_of_setting_params_version);
TRENDEL_ASSERT(offsetof(trendel_setting_params_t, reserved) == 1, wire_offset_of_setting_params_reserved);
TRENDEL_ASSERT(offsetof(trendel_setting_params_t, rate_hz) == 2, wire_offset_of_setting_params_rate_hz);

/* trendel/log/release: the host has, verified, all sectors up to this sequence. Write only. */
typedef struct {
    uint32_t sequence; /* of the newest sector that may go */
} trendel_setting_log_release_t;
TRENDEL_ASSERT(sizeof(trendel_setting_log_release_t) == 4, wire_size_of_setting_log_release);
TRENDEL_ASSERT(offsetof(trendel_setting_log_release_t, sequence) == 0, wire_offset_of_setting_log_release_sequence);

/* trendel/log/erase: erase the whole log. Write only; refused while a run is on. */
typedef struct {
    uint32_t word; /* 0x53415245 */
} trendel_setting_log_erase_t;
TRENDEL_ASSERT(sizeof(trendel_setting_log_erase_t) == 4, wire_size_of_setting_log_erase);
TRENDEL_ASSERT(offsetof(trendel_setting_log_erase_t, word) == 0, wire_offset_of_setting_log_erase_word);

/* File /log/sectors: what the log holds, taken when its first byte is read; sector_n x LogSectorRow follow. */
typedef struct {
    uint8_t version; /* of this struct */
    uint8_t reserved[3]; /* 0 */
    uint32_t sector_n; /* sectors of the log */
    uint32_t sector_bytes; /* of each */
    uint32_t boot_n; /* of this boot */
    uint32_t next_sequence; /* of the next sector that is opened */
    uint32_t open_sector_i[2]; /* sector being written: records, raw; 4294967295: none */
    uint32_t open_offset[2]; /* bytes written in it */
} trendel_log_sectors_header_t;
TRENDEL_ASSERT(sizeof(trendel_log_sectors_header_t) == 36, wire_size_of_log_sectors_header);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, version) == 0, wire_offset_of_log_sectors_header_version);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, reserved) == 1, wire_offset_of_log_sectors_header_reserved);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, sector_n) == 4, wire_offset_of_log_sectors_header_sector_n);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, sector_bytes) == 8, wire_offset_of_log_sectors_header_sector_bytes);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, boot_n) == 12, wire_offset_of_log_sectors_header_boot_n);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, next_sequence) == 16, wire_offset_of_log_sectors_header_next_sequence);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, open_sector_i) == 20, wire_offset_of_log_sectors_header_open_sector_i);
TRENDEL_ASSERT(offsetof(trendel_log_sectors_header_t, open_offset) == 28, wire_offset_of_log_sectors_header_open_offset);

/* One sector of the log. */
typedef struct {
    uint32_t sequence; /* 0: not in use */
    uint8_t class_id; /* 0 records, 1 raw */
    uint8_t keep; /* 1 periodic sample, 2 alert */
    uint8_t released; /* 1: a host has it */
    uint8_t bad; /* 1: failed to erase or program since boot */
} trendel_log_sector_row_t;
TRENDEL_ASSERT(sizeof(trendel_log_sector_row_t) == 8, wire_size_of_log_sector_row);
TRENDEL_ASSERT(offsetof(trendel_log_sector_row_t, sequence) == 0, wire_offset_of_log_sector_row_sequence);
TRENDEL_ASSERT(offsetof(trendel_log_sector_row_t, class_id) == 4, wire_offset_of_log_sector_row_class_id);
TRENDEL_ASSERT(offsetof(trendel_log_sector_row_t, keep) == 5, wire_offset_of_log_sector_row_keep);
TRENDEL_ASSERT(offsetof(trendel_log_sector_row_t, released) == 6, wire_offset_of_log_sector_row_released);
TRENDEL_ASSERT(offsetof(trendel_log_sector_row_t, bad) == 7, wire_offset_of_log_sector_row_bad);

#pragma pack(pop)

#endif /* TRENDEL_SETTINGS_H */

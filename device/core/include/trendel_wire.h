/* Packets of the wire and the log: written by `python -m trendel_lowering.wire`, never by hand. C99, C11 or C++. */
#ifndef TRENDEL_WIRE_H
#define TRENDEL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#ifndef TRENDEL_ASSERT
#if defined(__cplusplus)
#define TRENDEL_ASSERT(truth, name) static_assert(truth, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define TRENDEL_ASSERT(truth, name) _Static_assert(truth, #name)
#else
#define TRENDEL_ASSERT(truth, name) typedef char trendel_assert_##name[(truth) ? 1 : -1]
#endif
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packets are little-endian: this machine is not"
#endif

#define TRENDEL_VERSION 1u
#define TRENDEL_KIND_IMU 1u
#define TRENDEL_KIND_HELLO 2u
#define TRENDEL_KIND_LAYOUT 3u
#define TRENDEL_KIND_FAULTS 4u
#define TRENDEL_KIND_STRIDE 5u
#define TRENDEL_KIND_EVENT 6u
#define TRENDEL_KIND_STATUS 7u
#define TRENDEL_KIND_IMU_PACKED 8u
#define TRENDEL_KIND_CHECKPOINT 9u
#define TRENDEL_PACKET_MAX 244u
#define TRENDEL_STORED_MAX 2048u
#define TRENDEL_IMU_SAMPLES_MAX 18u
#define TRENDEL_RECORDS_MAX 58u
#define TRENDEL_FAULTS_MAX 32u
#define TRENDEL_CHECKPOINT_MAX 65536u
#define TRENDEL_PACKED_BLOCKS_MAX 16u
#define TRENDEL_ACC_CODES 4u
#define TRENDEL_GYR_CODES 5u
#define TRENDEL_IMU_CALIBRATED 1u /* calibration was applied on the clip: not to be applied again */
#define TRENDEL_IMU_GAP 2u /* samples were lost before the first of this block */
#define TRENDEL_IMU_SATURATED 4u /* a value of the block is at the end of its range */
#define TRENDEL_IMU_TIME_ESTIMATED 8u /* time_us was extrapolated, not taken at an interrupt */
#define TRENDEL_RECORDS_HASH 0xf2b4dbdbu
#define TRENDEL_ACC_SCALE_MPS2 0x1.39a1ce0000000p-11f /* of a count at range code 0 */
#define TRENDEL_GYR_SCALE_RADPS 0x1.4044f20000000p-14f /* of a count at range code 0 */
#define TRENDEL_PACK_MEAN_START 512u
#define TRENDEL_PACK_TIME_K 4u
#define TRENDEL_PACK_ESCAPE 20u
#define TRENDEL_PACK_ESCAPE_BITS 17u
#define TRENDEL_PACK_PREDICTORS_N 8u
#define TRENDEL_PACK_PREDICTORS {{32, 0, 0, 0}, {64, -32, 0, 0}, {96, -96, 32, 0}, {56, -24, 0, 0}, {70, -54, 16, 0}, {83, -75, 24, 0}, {92, -107, 65, -18}, {102, -130, 80, -20}} /* 1/32 */
#define TRENDEL_STRIDE_IC_MS_PER_UNIT 1.0f
#define TRENDEL_STRIDE_STRIDE_TIME_MS_PER_UNIT 20.0f
#define TRENDEL_STRIDE_CONTACT_TIME_MS_PER_UNIT 0.5f
#define TRENDEL_STRIDE_CONTACT_TIME_DIFF_MS_PER_UNIT 0.5f
#define TRENDEL_STRIDE_VERTICAL_OSCILLATION_MM_PER_UNIT 1.0f
#define TRENDEL_STRIDE_OBLIQUITY_PEAK_LEFT_DEG_PER_UNIT 8.0f
#define TRENDEL_STRIDE_OBLIQUITY_PEAK_RIGHT_DEG_PER_UNIT 8.0f
#define TRENDEL_STRIDE_PELVIC_DROP_DEG_PER_UNIT 8.0f
#define TRENDEL_STRIDE_TILT_MEAN_DEG_PER_UNIT 4.0f
#define TRENDEL_STRIDE_IMPACT_PEAK_G_PER_UNIT 20.0f
#define TRENDEL_EVENT_TIME_MS_PER_UNIT 1.0f
#define TRENDEL_EVENT_SIZE_DEG_PER_UNIT 100.0f
#define TRENDEL_EVENT_SINCE_MS_PER_UNIT 1.0f
#define TRENDEL_EVENT_CONFIDENCE_PER_UNIT 254.0f
#define TRENDEL_STATUS_TIME_MS_PER_UNIT 1.0f
#define TRENDEL_STATUS_BATTERY_PERCENT_PER_UNIT 1.0f
#define TRENDEL_STATUS_BATTERY_MV_PER_UNIT 1.0f
#define TRENDEL_STATUS_RATE_MHZ_PER_UNIT 1.0f
#define TRENDEL_STATUS_LOG_USED_PERCENT_PER_UNIT 1.0f
#define TRENDEL_STATUS_TEMPERATURE_DEGC_PER_UNIT 1.0f

enum {
    TRENDEL_FAULT_RESETS_WATCHDOG = 0,
    TRENDEL_FAULT_RESETS_FAULT = 1,
    TRENDEL_FAULT_RESETS_BROWNOUT = 2,
    TRENDEL_FAULT_IMU_BUS_ERRORS = 3,
    TRENDEL_FAULT_IMU_FIFO_OVERRUNS = 4,
    TRENDEL_FAULT_IMU_SAMPLES_LOST = 5,
    TRENDEL_FAULT_IMU_IDENTITY_WRONG = 6,
    TRENDEL_FAULT_LOG_PROGRAM_ERRORS = 7,
    TRENDEL_FAULT_LOG_ERASE_ERRORS = 8,
    TRENDEL_FAULT_LOG_CORRUPT_ENTRIES = 9,
    TRENDEL_FAULT_LOG_ENTRIES_DROPPED = 10,
    TRENDEL_FAULT_PACKETS_DROPPED = 11,
    TRENDEL_FAULT_KERNEL_COLD_STARTS = 12,
    TRENDEL_FAULT_SELFTEST_FAILURES = 13,
    TRENDEL_FAULT_STACK_LOW = 14,
    TRENDEL_FAULT_CLOCK_STEPS = 15,
    TRENDEL_FAULT_IMU_STALLS = 16,
    TRENDEL_FAULT_SETTINGS_UNUSABLE = 17,
    TRENDEL_FAULT_WRITES_REFUSED = 18,
    TRENDEL_FAULT_IMAGES_REFUSED = 19,
    TRENDEL_FAULT_BONDS_REFUSED = 20,
    TRENDEL_FAULT_LOG_FULL = 21,
    TRENDEL_FAULTS_N = 22
};

enum {
    TRENDEL_RESET_UNKNOWN = 0,
    TRENDEL_RESET_POWER_ON = 1,
    TRENDEL_RESET_PIN = 2,
    TRENDEL_RESET_WATCHDOG = 3,
    TRENDEL_RESET_SOFTWARE = 4,
    TRENDEL_RESET_FAULT = 5,
    TRENDEL_RESET_BROWNOUT = 6,
    TRENDEL_RESETS_N = 7
};

enum {
    TRENDEL_EVENT_BOOT = 0,
    TRENDEL_EVENT_WAKE = 1,
    TRENDEL_EVENT_IDLE = 2,
    TRENDEL_EVENT_RUN_START = 3,
    TRENDEL_EVENT_RUN_END = 4,
    TRENDEL_EVENT_ALERT_START = 5,
    TRENDEL_EVENT_ALERT_END = 6,
    TRENDEL_EVENT_PAIN = 7,
    TRENDEL_EVENT_MARKER = 8,
    TRENDEL_EVENT_COLD_START = 9,
    TRENDEL_EVENT_BATTERY_LOW = 10,
    TRENDEL_EVENT_LOG_FULL = 11,
    TRENDEL_EVENT_SELFTEST = 12,
    TRENDEL_EVENT_SHIPPING = 13,
    TRENDEL_EVENT_HOST_CONNECTED = 14,
    TRENDEL_EVENT_HOST_LOST = 15,
    TRENDEL_EVENTS_N = 16
};

enum {
    TRENDEL_STATE_SHIPPING = 0,
    TRENDEL_STATE_IDLE = 1,
    TRENDEL_STATE_ARMED = 2,
    TRENDEL_STATE_RUN = 3,
    TRENDEL_STATE_SYNC = 4,
    TRENDEL_STATE_FAULT = 5,
    TRENDEL_STATES_N = 6
};

#pragma pack(push, 1)

/* Start of a block of raw samples; sample_n x ImuSample follow. Frozen as version 1. */
typedef struct {
    uint8_t kind; /* 1 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t sequence; /* blocks since boot */
    uint64_t time_us; /* clip time of the first sample, microseconds since boot */
    uint32_t dt_ns; /* measured interval between samples, nanoseconds */
    uint32_t sample_i; /* index since boot of the first sample */
    uint8_t range_code; /* bits 0-3: accelerometer, bits 4-7: gyroscope; the scale doubles with each code */
    uint8_t sample_n; /* samples in the block, 1 to 18 */
    uint8_t marks; /* IMU_* below */
    int8_t temperature_degc; /* of the sensor, whole degrees; -128: not known */
} trendel_imu_header_t;
TRENDEL_ASSERT(sizeof(trendel_imu_header_t) == 28, wire_size_of_imu_header);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, kind) == 0, wire_offset_of_imu_header_kind);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, version) == 1, wire_offset_of_imu_header_version);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, boot) == 2, wire_offset_of_imu_header_boot);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, sequence) == 4, wire_offset_of_imu_header_sequence);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, time_us) == 8, wire_offset_of_imu_header_time_us);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, dt_ns) == 16, wire_offset_of_imu_header_dt_ns);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, sample_i) == 20, wire_offset_of_imu_header_sample_i);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, range_code) == 24, wire_offset_of_imu_header_range_code);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, sample_n) == 25, wire_offset_of_imu_header_sample_n);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, marks) == 26, wire_offset_of_imu_header_marks);
TRENDEL_ASSERT(offsetof(trendel_imu_header_t, temperature_degc) == 27, wire_offset_of_imu_header_temperature_degc);

/* One reading: counts in the sensor's axes. Frozen as version 1. */
typedef struct {
    int16_t acc[3]; /* accelerometer x, y, z */
    int16_t gyr[3]; /* gyroscope x, y, z */
} trendel_imu_sample_t;
TRENDEL_ASSERT(sizeof(trendel_imu_sample_t) == 12, wire_size_of_imu_sample);
TRENDEL_ASSERT(offsetof(trendel_imu_sample_t, acc) == 0, wire_offset_of_imu_sample_acc);
TRENDEL_ASSERT(offsetof(trendel_imu_sample_t, gyr) == 6, wire_offset_of_imu_sample_gyr);

/* Who the clip is and how to read it: first after a connection opens, in each log and in each session. Frozen as version 1. */
typedef struct {
    uint8_t kind; /* 2 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t boot_n; /* boots of the clip so far */
    uint64_t serial; /* number of the clip */
    uint64_t time_us; /* clip time when the hello was made */
    uint8_t firmware[4]; /* version: major, minor, patch, 1 if built from changed sources */
    uint32_t firmware_hash; /* start of the hash of the firmware's sources */
    uint16_t hardware; /* board, 0: simulated */
    uint16_t sensor; /* WHO_AM_I of the IMU, 0: simulated */
    uint32_t layout_hash; /* of the records' layouts */
    uint32_t kernel_layout_hash; /* of the kernels' state; 0: no kernels on the clip */
    uint32_t kernel_hash; /* start of the hash of the kernels' sources */
    uint32_t param_hash; /* of the kernels' parameters */
    uint32_t calibration_hash; /* of the calibration on the clip, 0: none */
    uint32_t rate_mhz; /* nominal output data rate, thousandths of a hertz */
    float acc_scale_mps2; /* of a count at accelerometer range code 0 */
    float gyr_scale_radps; /* of a count at gyroscope range code 0 */
    uint32_t log_bytes; /* size of the clip's log */
    uint8_t layout_n; /* layout packets that follow */
    uint8_t range_code; /* as in a block */
    uint16_t reserved; /* 0 */
    char name[16]; /* given by the runner: UTF-8, zeros at its end */
} trendel_hello_t;
TRENDEL_ASSERT(sizeof(trendel_hello_t) == 92, wire_size_of_hello);
TRENDEL_ASSERT(offsetof(trendel_hello_t, kind) == 0, wire_offset_of_hello_kind);
TRENDEL_ASSERT(offsetof(trendel_hello_t, version) == 1, wire_offset_of_hello_version);
TRENDEL_ASSERT(offsetof(trendel_hello_t, boot) == 2, wire_offset_of_hello_boot);
TRENDEL_ASSERT(offsetof(trendel_hello_t, boot_n) == 4, wire_offset_of_hello_boot_n);
TRENDEL_ASSERT(offsetof(trendel_hello_t, serial) == 8, wire_offset_of_hello_serial);
TRENDEL_ASSERT(offsetof(trendel_hello_t, time_us) == 16, wire_offset_of_hello_time_us);
TRENDEL_ASSERT(offsetof(trendel_hello_t, firmware) == 24, wire_offset_of_hello_firmware);
TRENDEL_ASSERT(offsetof(trendel_hello_t, firmware_hash) == 28, wire_offset_of_hello_firmware_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, hardware) == 32, wire_offset_of_hello_hardware);
TRENDEL_ASSERT(offsetof(trendel_hello_t, sensor) == 34, wire_offset_of_hello_sensor);
TRENDEL_ASSERT(offsetof(trendel_hello_t, layout_hash) == 36, wire_offset_of_hello_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, kernel_layout_hash) == 40, wire_offset_of_hello_kernel_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, kernel_hash) == 44, wire_offset_of_hello_kernel_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, param_hash) == 48, wire_offset_of_hello_param_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, calibration_hash) == 52, wire_offset_of_hello_calibration_hash);
TRENDEL_ASSERT(offsetof(trendel_hello_t, rate_mhz) == 56, wire_offset_of_hello_rate_mhz);
TRENDEL_ASSERT(offsetof(trendel_hello_t, acc_scale_mps2) == 60, wire_offset_of_hello_acc_scale_mps2);
TRENDEL_ASSERT(offsetof(trendel_hello_t, gyr_scale_radps) == 64, wire_offset_of_hello_gyr_scale_radps);
TRENDEL_ASSERT(offsetof(trendel_hello_t, log_bytes) == 68, wire_offset_of_hello_log_bytes);
TRENDEL_ASSERT(offsetof(trendel_hello_t, layout_n) == 72, wire_offset_of_hello_layout_n);
TRENDEL_ASSERT(offsetof(trendel_hello_t, range_code) == 73, wire_offset_of_hello_range_code);
TRENDEL_ASSERT(offsetof(trendel_hello_t, reserved) == 74, wire_offset_of_hello_reserved);
TRENDEL_ASSERT(offsetof(trendel_hello_t, name) == 76, wire_offset_of_hello_name);

/* Start of a description of a kind of record; field_n x LayoutField with its name follow. Frozen as version 1. */
typedef struct {
    uint8_t kind; /* 3 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t layout_hash; /* that of the hello */
    uint8_t record_kind; /* kind of the packets described */
    uint8_t record_version; /* version of those packets */
    uint8_t record_size; /* bytes of a record */
    uint8_t fields_n; /* fields in the whole record */
    uint8_t field_first; /* place of the first field in this packet */
    uint8_t field_n; /* fields in this packet */
    uint16_t reserved; /* 0 */
} trendel_layout_header_t;
TRENDEL_ASSERT(sizeof(trendel_layout_header_t) == 16, wire_size_of_layout_header);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, kind) == 0, wire_offset_of_layout_header_kind);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, version) == 1, wire_offset_of_layout_header_version);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, boot) == 2, wire_offset_of_layout_header_boot);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, layout_hash) == 4, wire_offset_of_layout_header_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, record_kind) == 8, wire_offset_of_layout_header_record_kind);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, record_version) == 9, wire_offset_of_layout_header_record_version);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, record_size) == 10, wire_offset_of_layout_header_record_size);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, fields_n) == 11, wire_offset_of_layout_header_fields_n);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, field_first) == 12, wire_offset_of_layout_header_field_first);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, field_n) == 13, wire_offset_of_layout_header_field_n);
TRENDEL_ASSERT(offsetof(trendel_layout_header_t, reserved) == 14, wire_offset_of_layout_header_reserved);

/* One field of a record; name_n bytes of name in ASCII follow at once, without padding. Frozen as version 1. */
typedef struct {
    uint8_t offset; /* byte in the record */
    uint8_t type; /* 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 float, 7 u64, 8 i64 */
    uint8_t marks; /* 1: the largest unsigned or lowest signed value means not known */
    uint8_t name_n; /* bytes of the name, 1 to 32 */
    float per_unit; /* value = raw / per_unit in the unit of the name; 0: an integer as it is */
} trendel_layout_field_t;
TRENDEL_ASSERT(sizeof(trendel_layout_field_t) == 8, wire_size_of_layout_field);
TRENDEL_ASSERT(offsetof(trendel_layout_field_t, offset) == 0, wire_offset_of_layout_field_offset);
TRENDEL_ASSERT(offsetof(trendel_layout_field_t, type) == 1, wire_offset_of_layout_field_type);
TRENDEL_ASSERT(offsetof(trendel_layout_field_t, marks) == 2, wire_offset_of_layout_field_marks);
TRENDEL_ASSERT(offsetof(trendel_layout_field_t, name_n) == 3, wire_offset_of_layout_field_name_n);
TRENDEL_ASSERT(offsetof(trendel_layout_field_t, per_unit) == 4, wire_offset_of_layout_field_per_unit);

/* Fault counters, kept over reboots; counter_n x uint32 follow, in the order of the table of faults. Frozen as version 1. */
typedef struct {
    uint8_t kind; /* 4 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint8_t counter_n; /* counters that follow, at most 32 */
    uint8_t reset_reason; /* why the clip started, of the table of resets */
    uint16_t reserved; /* 0 */
    uint64_t time_us; /* clip time */
} trendel_faults_header_t;
TRENDEL_ASSERT(sizeof(trendel_faults_header_t) == 16, wire_size_of_faults_header);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, kind) == 0, wire_offset_of_faults_header_kind);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, version) == 1, wire_offset_of_faults_header_version);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, boot) == 2, wire_offset_of_faults_header_boot);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, counter_n) == 4, wire_offset_of_faults_header_counter_n);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, reset_reason) == 5, wire_offset_of_faults_header_reset_reason);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, reserved) == 6, wire_offset_of_faults_header_reserved);
TRENDEL_ASSERT(offsetof(trendel_faults_header_t, time_us) == 8, wire_offset_of_faults_header_time_us);

/* Start of a packet of described records (stride, event, status); record_n x record_size bytes follow. Frozen as version 1. */
typedef struct {
    uint8_t kind; /* 5 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t sequence; /* records of this kind since boot before the first of these */
    uint8_t record_size; /* bytes of a record, a multiple of 4 */
    uint8_t record_n; /* records in the packet */
    uint16_t reserved; /* 0 */
} trendel_records_header_t;
TRENDEL_ASSERT(sizeof(trendel_records_header_t) == 12, wire_size_of_records_header);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, kind) == 0, wire_offset_of_records_header_kind);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, version) == 1, wire_offset_of_records_header_version);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, boot) == 2, wire_offset_of_records_header_boot);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, sequence) == 4, wire_offset_of_records_header_sequence);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, record_size) == 8, wire_offset_of_records_header_record_size);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, record_n) == 9, wire_offset_of_records_header_record_n);
TRENDEL_ASSERT(offsetof(trendel_records_header_t, reserved) == 10, wire_offset_of_records_header_reserved);

/* One stride, quantised. */
typedef struct {
    uint32_t ic_ms; /* clip time of its first contact; raw / 1 */
    uint16_t stride_time_ms; /* to the next contact of the same foot; raw / 20 */
    uint8_t contact_time_ms; /* mean of its two steps; raw / 0.5 */
    int8_t contact_time_diff_ms; /* left less right; raw / 0.5 */
    uint8_t vertical_oscillation_mm; /* mean of its two steps; raw / 1 */
    int8_t obliquity_peak_left_deg; /* of the step on the left foot; raw / 8 */
    int8_t obliquity_peak_right_deg; /* of the step on the right foot; raw / 8 */
    int8_t pelvic_drop_deg; /* mean of its two steps; raw / 8 */
    int8_t tilt_mean_deg; /* mean of its two steps; raw / 4 */
    uint8_t impact_peak_g; /* mean of its two steps; raw / 20 */
    uint8_t reasons; /* reasons behind the quality, Q_* of the kernels */
    uint8_t side_quality; /* bits 0-1: foot that starts it, 1 left, 2 right; bits 2-7: quality x 63 */
} trendel_stride_t;
TRENDEL_ASSERT(sizeof(trendel_stride_t) == 16, wire_size_of_stride);
TRENDEL_ASSERT(offsetof(trendel_stride_t, ic_ms) == 0, wire_offset_of_stride_ic_ms);
TRENDEL_ASSERT(offsetof(trendel_stride_t, stride_time_ms) == 4, wire_offset_of_stride_stride_time_ms);
TRENDEL_ASSERT(offsetof(trendel_stride_t, contact_time_ms) == 6, wire_offset_of_stride_contact_time_ms);
TRENDEL_ASSERT(offsetof(trendel_stride_t, contact_time_diff_ms) == 7, wire_offset_of_stride_contact_time_diff_ms);
TRENDEL_ASSERT(offsetof(trendel_stride_t, vertical_oscillation_mm) == 8, wire_offset_of_stride_vertical_oscillation_mm);
TRENDEL_ASSERT(offsetof(trendel_stride_t, obliquity_peak_left_deg) == 9, wire_offset_of_stride_obliquity_peak_left_deg);
TRENDEL_ASSERT(offsetof(trendel_stride_t, obliquity_peak_right_deg) == 10, wire_offset_of_stride_obliquity_peak_right_deg);
TRENDEL_ASSERT(offsetof(trendel_stride_t, pelvic_drop_deg) == 11, wire_offset_of_stride_pelvic_drop_deg);
TRENDEL_ASSERT(offsetof(trendel_stride_t, tilt_mean_deg) == 12, wire_offset_of_stride_tilt_mean_deg);
TRENDEL_ASSERT(offsetof(trendel_stride_t, impact_peak_g) == 13, wire_offset_of_stride_impact_peak_g);
TRENDEL_ASSERT(offsetof(trendel_stride_t, reasons) == 14, wire_offset_of_stride_reasons);
TRENDEL_ASSERT(offsetof(trendel_stride_t, side_quality) == 15, wire_offset_of_stride_side_quality);

/* Something that happened. */
typedef struct {
    uint32_t time_ms; /* clip time; raw / 1 */
    uint8_t code; /* see the table of events */
    int8_t side; /* 1 left, -1 right, 0 neither */
    int16_t size_deg; /* of an alert: growth of the drop; raw / 100 */
    uint32_t since_ms; /* clip time since when; raw / 1 */
    uint8_t confidence; /* 0 to 1; raw / 254 */
    uint8_t detail; /* depends on the code */
    uint16_t value; /* depends on the code */
} trendel_event_t;
TRENDEL_ASSERT(sizeof(trendel_event_t) == 16, wire_size_of_event);
TRENDEL_ASSERT(offsetof(trendel_event_t, time_ms) == 0, wire_offset_of_event_time_ms);
TRENDEL_ASSERT(offsetof(trendel_event_t, code) == 4, wire_offset_of_event_code);
TRENDEL_ASSERT(offsetof(trendel_event_t, side) == 5, wire_offset_of_event_side);
TRENDEL_ASSERT(offsetof(trendel_event_t, size_deg) == 6, wire_offset_of_event_size_deg);
TRENDEL_ASSERT(offsetof(trendel_event_t, since_ms) == 8, wire_offset_of_event_since_ms);
TRENDEL_ASSERT(offsetof(trendel_event_t, confidence) == 12, wire_offset_of_event_confidence);
TRENDEL_ASSERT(offsetof(trendel_event_t, detail) == 13, wire_offset_of_event_detail);
TRENDEL_ASSERT(offsetof(trendel_event_t, value) == 14, wire_offset_of_event_value);

/* How the clip is, every few seconds. */
typedef struct {
    uint32_t time_ms; /* clip time; raw / 1 */
    uint8_t state; /* see the table of states */
    uint8_t battery_percent; /* charge; raw / 1 */
    uint16_t battery_mv; /* voltage, millivolts; raw / 1 */
    uint32_t rate_mhz; /* output data rate as measured, thousandths of a hertz; raw / 1 */
    uint8_t log_used_percent; /* of the log's sectors; raw / 1 */
    int8_t temperature_degc; /* of the sensor; raw / 1 */
    uint16_t queue_n; /* packets that wait to be sent */
    uint32_t dropped_n; /* packets dropped since boot because the queue was full */
} trendel_status_t;
TRENDEL_ASSERT(sizeof(trendel_status_t) == 20, wire_size_of_status);
TRENDEL_ASSERT(offsetof(trendel_status_t, time_ms) == 0, wire_offset_of_status_time_ms);
TRENDEL_ASSERT(offsetof(trendel_status_t, state) == 4, wire_offset_of_status_state);
TRENDEL_ASSERT(offsetof(trendel_status_t, battery_percent) == 5, wire_offset_of_status_battery_percent);
TRENDEL_ASSERT(offsetof(trendel_status_t, battery_mv) == 6, wire_offset_of_status_battery_mv);
TRENDEL_ASSERT(offsetof(trendel_status_t, rate_mhz) == 8, wire_offset_of_status_rate_mhz);
TRENDEL_ASSERT(offsetof(trendel_status_t, log_used_percent) == 12, wire_offset_of_status_log_used_percent);
TRENDEL_ASSERT(offsetof(trendel_status_t, temperature_degc) == 13, wire_offset_of_status_temperature_degc);
TRENDEL_ASSERT(offsetof(trendel_status_t, queue_n) == 14, wire_offset_of_status_queue_n);
TRENDEL_ASSERT(offsetof(trendel_status_t, dropped_n) == 16, wire_offset_of_status_dropped_n);

/* Blocks of raw samples in a row, compressed without loss (docs/log.md), as the log keeps them; coded_n bytes follow. */
typedef struct {
    uint8_t kind; /* 8 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t sequence; /* as in ImuHeader, of the first block; so are the next fields */
    uint64_t time_us; /* as in ImuHeader */
    uint32_t dt_ns; /* as in ImuHeader */
    uint32_t sample_i; /* as in ImuHeader */
    uint8_t range_code; /* as in ImuHeader */
    uint8_t sample_n; /* samples in each block: all have as many */
    uint8_t marks; /* as in ImuHeader */
    int8_t temperature_degc; /* as in ImuHeader */
    uint8_t block_n; /* blocks, 1 to 16 */
    uint8_t reserved; /* 0 */
    uint16_t coded_n; /* bytes of coded samples */
} trendel_imu_packed_header_t;
TRENDEL_ASSERT(sizeof(trendel_imu_packed_header_t) == 32, wire_size_of_imu_packed_header);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, kind) == 0, wire_offset_of_imu_packed_header_kind);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, version) == 1, wire_offset_of_imu_packed_header_version);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, boot) == 2, wire_offset_of_imu_packed_header_boot);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, sequence) == 4, wire_offset_of_imu_packed_header_sequence);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, time_us) == 8, wire_offset_of_imu_packed_header_time_us);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, dt_ns) == 16, wire_offset_of_imu_packed_header_dt_ns);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, sample_i) == 20, wire_offset_of_imu_packed_header_sample_i);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, range_code) == 24, wire_offset_of_imu_packed_header_range_code);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, sample_n) == 25, wire_offset_of_imu_packed_header_sample_n);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, marks) == 26, wire_offset_of_imu_packed_header_marks);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, temperature_degc) == 27, wire_offset_of_imu_packed_header_temperature_degc);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, block_n) == 28, wire_offset_of_imu_packed_header_block_n);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, reserved) == 29, wire_offset_of_imu_packed_header_reserved);
TRENDEL_ASSERT(offsetof(trendel_imu_packed_header_t, coded_n) == 30, wire_offset_of_imu_packed_header_coded_n);

/* A part of a kernel state; the bytes follow. A state restored from all parts goes on with the same bits. */
typedef struct {
    uint8_t kind; /* 9 */
    uint8_t version; /* of this kind of packet */
    uint16_t boot; /* boots of the clip so far, modulo 65536 */
    uint32_t sample_i; /* samples that the state has taken: the next block starts there */
    uint32_t layout_hash; /* of the kernels' state */
    uint32_t param_hash; /* of the kernels' parameters */
    uint32_t state_crc; /* CRC-32 of the whole state */
    uint32_t state_n; /* bytes of the whole state */
    uint32_t offset; /* of this part in the state */
} trendel_checkpoint_header_t;
TRENDEL_ASSERT(sizeof(trendel_checkpoint_header_t) == 28, wire_size_of_checkpoint_header);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, kind) == 0, wire_offset_of_checkpoint_header_kind);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, version) == 1, wire_offset_of_checkpoint_header_version);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, boot) == 2, wire_offset_of_checkpoint_header_boot);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, sample_i) == 4, wire_offset_of_checkpoint_header_sample_i);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, layout_hash) == 8, wire_offset_of_checkpoint_header_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, param_hash) == 12, wire_offset_of_checkpoint_header_param_hash);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, state_crc) == 16, wire_offset_of_checkpoint_header_state_crc);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, state_n) == 20, wire_offset_of_checkpoint_header_state_n);
TRENDEL_ASSERT(offsetof(trendel_checkpoint_header_t, offset) == 24, wire_offset_of_checkpoint_header_offset);

#pragma pack(pop)

/* Layout packets, each after a byte with its length; boot is to be filled in. */
#define TRENDEL_LAYOUT_PACKETS_N 4u
#define TRENDEL_LAYOUT_PACKETS_CRC 0x2c055f1cu
#define TRENDEL_LAYOUT_PACKETS { \
    0xf0, 0x03, 0x01, 0x00, 0x00, 0xdb, 0xdb, 0xb4, 0xf2, 0x05, 0x01, 0x10, 0x0c, 0x00, 0x09, 0x00, \
    0x00, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x80, 0x3f, 0x69, 0x63, 0x5f, 0x6d, 0x73, 0x04, 0x02, \
    0x01, 0x0e, 0x00, 0x00, 0xa0, 0x41, 0x73, 0x74, 0x72, 0x69, 0x64, 0x65, 0x5f, 0x74, 0x69, 0x6d, \
    0x65, 0x5f, 0x6d, 0x73, 0x06, 0x00, 0x01, 0x0f, 0x00, 0x00, 0x00, 0x3f, 0x63, 0x6f, 0x6e, 0x74, \
    0x61, 0x63, 0x74, 0x5f, 0x74, 0x69, 0x6d, 0x65, 0x5f, 0x6d, 0x73, 0x07, 0x01, 0x01, 0x14, 0x00, \
    0x00, 0x00, 0x3f, 0x63, 0x6f, 0x6e, 0x74, 0x61, 0x63, 0x74, 0x5f, 0x74, 0x69, 0x6d, 0x65, 0x5f, \
    0x64, 0x69, 0x66, 0x66, 0x5f, 0x6d, 0x73, 0x08, 0x00, 0x01, 0x17, 0x00, 0x00, 0x80, 0x3f, 0x76, \
    0x65, 0x72, 0x74, 0x69, 0x63, 0x61, 0x6c, 0x5f, 0x6f, 0x73, 0x63, 0x69, 0x6c, 0x6c, 0x61, 0x74, \
    0x69, 0x6f, 0x6e, 0x5f, 0x6d, 0x6d, 0x09, 0x01, 0x01, 0x17, 0x00, 0x00, 0x00, 0x41, 0x6f, 0x62, \
    0x6c, 0x69, 0x71, 0x75, 0x69, 0x74, 0x79, 0x5f, 0x70, 0x65, 0x61, 0x6b, 0x5f, 0x6c, 0x65, 0x66, \
    0x74, 0x5f, 0x64, 0x65, 0x67, 0x0a, 0x01, 0x01, 0x18, 0x00, 0x00, 0x00, 0x41, 0x6f, 0x62, 0x6c, \
    0x69, 0x71, 0x75, 0x69, 0x74, 0x79, 0x5f, 0x70, 0x65, 0x61, 0x6b, 0x5f, 0x72, 0x69, 0x67, 0x68, \
    0x74, 0x5f, 0x64, 0x65, 0x67, 0x0b, 0x01, 0x01, 0x0f, 0x00, 0x00, 0x00, 0x41, 0x70, 0x65, 0x6c, \
    0x76, 0x69, 0x63, 0x5f, 0x64, 0x72, 0x6f, 0x70, 0x5f, 0x64, 0x65, 0x67, 0x0c, 0x01, 0x01, 0x0d, \
    0x00, 0x00, 0x80, 0x40, 0x74, 0x69, 0x6c, 0x74, 0x5f, 0x6d, 0x65, 0x61, 0x6e, 0x5f, 0x64, 0x65, \
    0x67, 0x48, 0x03, 0x01, 0x00, 0x00, 0xdb, 0xdb, 0xb4, 0xf2, 0x05, 0x01, 0x10, 0x0c, 0x09, 0x03, \
    0x00, 0x00, 0x0d, 0x00, 0x01, 0x0d, 0x00, 0x00, 0xa0, 0x41, 0x69, 0x6d, 0x70, 0x61, 0x63, 0x74, \
    0x5f, 0x70, 0x65, 0x61, 0x6b, 0x5f, 0x67, 0x0e, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00, 0x72, \
    0x65, 0x61, 0x73, 0x6f, 0x6e, 0x73, 0x0f, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x73, 0x69, \
    0x64, 0x65, 0x5f, 0x71, 0x75, 0x61, 0x6c, 0x69, 0x74, 0x79, 0x84, 0x03, 0x01, 0x00, 0x00, 0xdb, \
    0xdb, 0xb4, 0xf2, 0x06, 0x01, 0x10, 0x08, 0x00, 0x08, 0x00, 0x00, 0x00, 0x04, 0x00, 0x07, 0x00, \
    0x00, 0x80, 0x3f, 0x74, 0x69, 0x6d, 0x65, 0x5f, 0x6d, 0x73, 0x04, 0x00, 0x00, 0x04, 0x00, 0x00, \
    0x00, 0x00, 0x63, 0x6f, 0x64, 0x65, 0x05, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x73, 0x69, \
    0x64, 0x65, 0x06, 0x03, 0x01, 0x08, 0x00, 0x00, 0xc8, 0x42, 0x73, 0x69, 0x7a, 0x65, 0x5f, 0x64, \
    0x65, 0x67, 0x08, 0x04, 0x00, 0x08, 0x00, 0x00, 0x80, 0x3f, 0x73, 0x69, 0x6e, 0x63, 0x65, 0x5f, \
    0x6d, 0x73, 0x0c, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x7e, 0x43, 0x63, 0x6f, 0x6e, 0x66, 0x69, 0x64, \
    0x65, 0x6e, 0x63, 0x65, 0x0d, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x64, 0x65, 0x74, 0x61, \
    0x69, 0x6c, 0x0e, 0x02, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x76, 0x61, 0x6c, 0x75, 0x65, 0xb5, \
    0x03, 0x01, 0x00, 0x00, 0xdb, 0xdb, 0xb4, 0xf2, 0x07, 0x01, 0x14, 0x09, 0x00, 0x09, 0x00, 0x00, \
    0x00, 0x04, 0x00, 0x07, 0x00, 0x00, 0x80, 0x3f, 0x74, 0x69, 0x6d, 0x65, 0x5f, 0x6d, 0x73, 0x04, \
    0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x73, 0x74, 0x61, 0x74, 0x65, 0x05, 0x00, 0x01, 0x0f, \
    0x00, 0x00, 0x80, 0x3f, 0x62, 0x61, 0x74, 0x74, 0x65, 0x72, 0x79, 0x5f, 0x70, 0x65, 0x72, 0x63, \
    0x65, 0x6e, 0x74, 0x06, 0x02, 0x01, 0x0a, 0x00, 0x00, 0x80, 0x3f, 0x62, 0x61, 0x74, 0x74, 0x65, \
    0x72, 0x79, 0x5f, 0x6d, 0x76, 0x08, 0x04, 0x00, 0x08, 0x00, 0x00, 0x80, 0x3f, 0x72, 0x61, 0x74, \
    0x65, 0x5f, 0x6d, 0x68, 0x7a, 0x0c, 0x00, 0x01, 0x10, 0x00, 0x00, 0x80, 0x3f, 0x6c, 0x6f, 0x67, \
    0x5f, 0x75, 0x73, 0x65, 0x64, 0x5f, 0x70, 0x65, 0x72, 0x63, 0x65, 0x6e, 0x74, 0x0d, 0x01, 0x01, \
    0x10, 0x00, 0x00, 0x80, 0x3f, 0x74, 0x65, 0x6d, 0x70, 0x65, 0x72, 0x61, 0x74, 0x75, 0x72, 0x65, \
    0x5f, 0x64, 0x65, 0x67, 0x63, 0x0e, 0x02, 0x00, 0x07, 0x00, 0x00, 0x00, 0x00, 0x71, 0x75, 0x65, \
    0x75, 0x65, 0x5f, 0x6e, 0x10, 0x04, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x64, 0x72, 0x6f, 0x70, \
    0x70, 0x65, 0x64, 0x5f, 0x6e }

#endif /* TRENDEL_WIRE_H */

/* Layout of the trendel kernels: written by `python -m trendel_lowering`, never by hand. C99, C11 or C++. */
#ifndef TRENDEL_LAYOUT_H
#define TRENDEL_LAYOUT_H

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

#define TRENDEL_LAYOUT_HASH 0x1b78efd3u
#define TRENDEL_PARAM_HASH_104 0xa88543b1u
#define TRENDEL_PARAM_HASH_208 0x49b30679u
#define TRENDEL_PARAM_HASH_416 0x7b1cc448u
#define TRENDEL_PARAM_HASH_833 0xb5edefa6u
#define TRENDEL_ALERT_ASYMMETRY 2
#define TRENDEL_ALERT_CLIP_LOOSE 4
#define TRENDEL_ALERT_CLIP_MOVED 3
#define TRENDEL_ALERT_DROP 1
#define TRENDEL_BLOCK_COLUMNS 4
#define TRENDEL_BLOCK_RING_N 8
#define TRENDEL_B_LEFT 0
#define TRENDEL_B_OBL 2
#define TRENDEL_B_RIGHT 1
#define TRENDEL_B_TILT 3
#define TRENDEL_CHANNEL_N 5
#define TRENDEL_CH_BOTH 2
#define TRENDEL_CH_LEFT 0
#define TRENDEL_CH_LEFT_OVER_RIGHT 3
#define TRENDEL_CH_RIGHT 1
#define TRENDEL_CH_RIGHT_OVER_LEFT 4
#define TRENDEL_COLD_START 8
#define TRENDEL_FINE_HALF_MAX 6
#define TRENDEL_FORCE_HALF_MAX 0x00000018u
#define TRENDEL_FORCE_TAPS 0x00000031u
#define TRENDEL_LEVEL_NOTICE 1
#define TRENDEL_LEVEL_STOP 3
#define TRENDEL_LEVEL_WARNING 2
#define TRENDEL_MAGIC_PARAMS 0x54524450u
#define TRENDEL_MAGIC_STATE 0x54524453u
#define TRENDEL_METRIC_N 0x00000010u
#define TRENDEL_NEW_ALERT 4
#define TRENDEL_NEW_STEP 1
#define TRENDEL_NEW_STRIDE 2
#define TRENDEL_PHASE_COLUMNS 5
#define TRENDEL_PHASE_LEARNING 1
#define TRENDEL_PHASE_N 0x00000018u
#define TRENDEL_PHASE_SETTLING 0
#define TRENDEL_PHASE_WATCHING 2
#define TRENDEL_QUEUE_N 8
#define TRENDEL_Q_ATTITUDE 0x00000040u
#define TRENDEL_Q_BRIDGED 2
#define TRENDEL_Q_CONTACT_UNSURE 8
#define TRENDEL_Q_IRREGULAR 0x00000010u
#define TRENDEL_Q_NO_IMPACT 0x00000080u
#define TRENDEL_Q_PROVISIONAL 1
#define TRENDEL_Q_SATURATED 4
#define TRENDEL_Q_SIDE_UNSURE 0x00000020u
#define TRENDEL_RING_COLUMNS 8
#define TRENDEL_RING_MASK 0x0000007fu
#define TRENDEL_RING_N 0x00000080u
#define TRENDEL_R_FWD 1
#define TRENDEL_R_LEFT 2
#define TRENDEL_R_OBL 4
#define TRENDEL_R_ROT 5
#define TRENDEL_R_TILT 3
#define TRENDEL_R_UP 0
#define TRENDEL_R_WPITCH 7
#define TRENDEL_R_WROLL 6
#define TRENDEL_SAMPLE_CONDITION 0x0000ff00u
#define TRENDEL_SAMPLE_GAP 4
#define TRENDEL_SAMPLE_INVALID 1
#define TRENDEL_SAMPLE_SATURATED 2
#define TRENDEL_SEGMENT_RUNNING 3
#define TRENDEL_SEGMENT_STANDING 1
#define TRENDEL_SEGMENT_UNKNOWN 0
#define TRENDEL_SEGMENT_WALKING 2
#define TRENDEL_SIZE_PARAMS 0x000005e4u
#define TRENDEL_SIZE_STATE 0x00001e1cu
#define TRENDEL_SLOW_HALF_MAX 0x00000018u
#define TRENDEL_METRIC_CONTACT_TIME_MS 0u
#define TRENDEL_METRIC_FLIGHT_TIME_MS 1u
#define TRENDEL_METRIC_VERTICAL_OSCILLATION_MM 2u
#define TRENDEL_METRIC_PELVIC_DROP_DEG 3u
#define TRENDEL_METRIC_OBLIQUITY_PEAK_DEG 4u
#define TRENDEL_METRIC_CONTRALATERAL_DROP_PEAK_DEG 5u
#define TRENDEL_METRIC_TILT_MEAN_DEG 6u
#define TRENDEL_METRIC_TILT_ROM_DEG 7u
#define TRENDEL_METRIC_ROTATION_ROM_DEG 8u
#define TRENDEL_METRIC_IMPACT_PEAK_G 9u
#define TRENDEL_METRIC_IMPACT_RATE_GPS 10u
#define TRENDEL_METRIC_PEAK_VGRF_BW 11u
#define TRENDEL_METRIC_IMPULSE_BWS 12u
#define TRENDEL_METRIC_LOADING_RATE_BWPS 13u
#define TRENDEL_METRIC_BRAKING_MPS 14u
#define TRENDEL_METRIC_SWAY_MM 15u

/* What the sensor gives and what is believed of a sample */
typedef struct {
    float dt_s; /* s, nominal sampling interval */
    float dt_min_s; /* s, shortest interval taken as it is */
    float dt_max_s; /* s, longest interval taken as it is */
    float acc_limit_mps2; /* m/s2, an accelerometer value beyond it is not one */
    float gyr_limit_radps; /* rad/s, a gyroscope value beyond it is not one */
    uint32_t bridge_max_n; /* invalid samples in a row that are bridged; more of them are a gap */
    uint32_t has_gyro; /* 1 if there is a gyroscope */
    uint32_t has_left; /* 1 if the medio-lateral axis is there */
    uint32_t levelled; /* 1 if the axes are forward, left, up and are taken as level (no attitude) */
} trendel_input_params_t;
TRENDEL_ASSERT(sizeof(trendel_input_params_t) == 36, size_of_input_params);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, dt_s) == 0, offset_of_input_params_dt_s);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, dt_min_s) == 4, offset_of_input_params_dt_min_s);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, dt_max_s) == 8, offset_of_input_params_dt_max_s);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, acc_limit_mps2) == 12, offset_of_input_params_acc_limit_mps2);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, gyr_limit_radps) == 16, offset_of_input_params_gyr_limit_radps);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, bridge_max_n) == 20, offset_of_input_params_bridge_max_n);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, has_gyro) == 24, offset_of_input_params_has_gyro);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, has_left) == 28, offset_of_input_params_has_left);
TRENDEL_ASSERT(offsetof(trendel_input_params_t, levelled) == 32, offset_of_input_params_levelled);

/* Inclination filter; see kernels/attitude.py for the model */
typedef struct {
    uint32_t block_n; /* samples in one correction block */
    float block_inv; /* 1, 1 / block_n */
    float gravity_mps2; /* m/s2, standard gravity */
    uint32_t init_blocks_n; /* blocks whose mean gives the first inclination */
    uint32_t start_given; /* 1 if the first orientation is known */
    float q_start[4]; /* 1, world from sensor at the first sample */
    float heading_start[2]; /* 1, slow forward direction in that world, x and y */
    float vertical_start[3]; /* mean upward force less gravity m/s2, velocity m/s, height m at first */
    float start_angle2; /* rad2, variance of its inclination */
    float gyro_noise2; /* rad2/s, variance density of the angle from gyroscope noise */
    float gyro_scale2; /* s, variance density of the angle per squared rate: scale and alignment errors */
    float vel_noise2; /* m2/s, variance density of the pseudo measurement 'the velocity is zero' */
    float vel_motion; /* s, part of the variance of the tracked velocity that is added to it */
    float vel_tau_s; /* s, time constant of that variance */
    float vel_rest2; /* m2/s, the same density at rest */
    float acc_noise2; /* m2/s3, variance density of the velocity from accelerometer noise */
    float bias_walk2; /* rad2/s3, variance density of the gyroscope bias */
    float bias_init2; /* rad2/s2, first variance of the gyroscope bias */
    float bias_rest2; /* rad2/s2, variance of the gyroscope bias after rest */
    float bias_limit_radps; /* rad/s, largest gyroscope bias */
    float bridge_tau_s; /* s, for how long a held value is still nearly right */
    float bridge_rate_radps; /* rad/s, standard error of a rate that is held longer */
    float bridge_acc_mps2; /* m/s2, and of a specific force */
    float vel_init_mps; /* m/s, change of velocity to be expected during initialisation */
    float rest_tau_s; /* s, time constant of the means that rest is judged by */
    float rest_gyr_radps; /* rad/s, rate below which it may be rest */
    float rest_acc_mps2; /* m/s2, deviation of specific force below which it may be rest */
    float rest_hold_s; /* s, how long it must last */
    float frame_tau_s; /* s, time constant of the mean rotation through which bias is observed */
    float heading_tau_s; /* s, time constant of the slow heading, twice in series */
    float vertical_tau_s; /* s, time constant of the leaky integrals behind the vertical position */
} trendel_attitude_params_t;
TRENDEL_ASSERT(sizeof(trendel_attitude_params_t) == 148, size_of_attitude_params);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, block_n) == 0, offset_of_attitude_params_block_n);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, block_inv) == 4, offset_of_attitude_params_block_inv);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, gravity_mps2) == 8, offset_of_attitude_params_gravity_mps2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, init_blocks_n) == 12, offset_of_attitude_params_init_blocks_n);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, start_given) == 16, offset_of_attitude_params_start_given);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, q_start) == 20, offset_of_attitude_params_q_start);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, heading_start) == 36, offset_of_attitude_params_heading_start);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vertical_start) == 44, offset_of_attitude_params_vertical_start);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, start_angle2) == 56, offset_of_attitude_params_start_angle2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, gyro_noise2) == 60, offset_of_attitude_params_gyro_noise2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, gyro_scale2) == 64, offset_of_attitude_params_gyro_scale2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vel_noise2) == 68, offset_of_attitude_params_vel_noise2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vel_motion) == 72, offset_of_attitude_params_vel_motion);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vel_tau_s) == 76, offset_of_attitude_params_vel_tau_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vel_rest2) == 80, offset_of_attitude_params_vel_rest2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, acc_noise2) == 84, offset_of_attitude_params_acc_noise2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bias_walk2) == 88, offset_of_attitude_params_bias_walk2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bias_init2) == 92, offset_of_attitude_params_bias_init2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bias_rest2) == 96, offset_of_attitude_params_bias_rest2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bias_limit_radps) == 100, offset_of_attitude_params_bias_limit_radps);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bridge_tau_s) == 104, offset_of_attitude_params_bridge_tau_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bridge_rate_radps) == 108, offset_of_attitude_params_bridge_rate_radps);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, bridge_acc_mps2) == 112, offset_of_attitude_params_bridge_acc_mps2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vel_init_mps) == 116, offset_of_attitude_params_vel_init_mps);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, rest_tau_s) == 120, offset_of_attitude_params_rest_tau_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, rest_gyr_radps) == 124, offset_of_attitude_params_rest_gyr_radps);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, rest_acc_mps2) == 128, offset_of_attitude_params_rest_acc_mps2);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, rest_hold_s) == 132, offset_of_attitude_params_rest_hold_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, frame_tau_s) == 136, offset_of_attitude_params_frame_tau_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, heading_tau_s) == 140, offset_of_attitude_params_heading_tau_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_params_t, vertical_tau_s) == 144, offset_of_attitude_params_vertical_tau_s);

/* Sensor to pelvis */
typedef struct {
    uint32_t given; /* 1 if the rotation is known and kept */
    uint32_t has_standing; /* 1 if that rotation is levelled to the standing posture */
    float axes[9]; /* 1, the known forward, left and up axis of the pelvis in the sensor frame */
    float bias_radps[3]; /* rad/s, gyroscope bias to start with, sensor frame */
    float stand_cos_min; /* 1, standing counts if its up axis is this near to the running mean */
    uint32_t stand_min_n; /* blocks of rest that make a standing posture */
    uint32_t settle_n; /* strides after which a causal run keeps its mounting */
    uint32_t first_n; /* strides after which a first mounting is set */
    float settle_s; /* s, age of the inclination from which strides are learned from */
    uint32_t turn_n; /* strides in the short means that tell whether the clip was turned */
    float turn_up_cos; /* 1, it was, if they put up this far from where it was */
    float turn_heading_rad; /* rad, or forward this far */
    float lean_rad; /* rad, anterior tilt of the mean running posture where the standing one is not known */
    float lean_given_rad; /* rad, the same that the known rotation includes */
    float memory_n; /* 1, strides in the running means at most */
} trendel_mounting_params_t;
TRENDEL_ASSERT(sizeof(trendel_mounting_params_t) == 100, size_of_mounting_params);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, given) == 0, offset_of_mounting_params_given);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, has_standing) == 4, offset_of_mounting_params_has_standing);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, axes) == 8, offset_of_mounting_params_axes);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, bias_radps) == 44, offset_of_mounting_params_bias_radps);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, stand_cos_min) == 56, offset_of_mounting_params_stand_cos_min);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, stand_min_n) == 60, offset_of_mounting_params_stand_min_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, settle_n) == 64, offset_of_mounting_params_settle_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, first_n) == 68, offset_of_mounting_params_first_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, settle_s) == 72, offset_of_mounting_params_settle_s);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, turn_n) == 76, offset_of_mounting_params_turn_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, turn_up_cos) == 80, offset_of_mounting_params_turn_up_cos);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, turn_heading_rad) == 84, offset_of_mounting_params_turn_heading_rad);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, lean_rad) == 88, offset_of_mounting_params_lean_rad);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, lean_given_rad) == 92, offset_of_mounting_params_lean_given_rad);
TRENDEL_ASSERT(offsetof(trendel_mounting_params_t, memory_n) == 96, offset_of_mounting_params_memory_n);

/* Steps, events, side and segments */
typedef struct {
    uint32_t tick_n; /* samples in one tick */
    float tick_inv; /* 1, 1 / tick_n */
    float tick_s; /* s, nominal duration of a tick */
    float tick_centre; /* 1, samples from the first of a tick to its centre */
    uint32_t slow_half_n; /* one-sided length of the step-finding smoother, ticks */
    float slow_taps[25]; /* 1, its taps from the centre outwards */
    uint32_t fine_half_n; /* one-sided length of the event smoother, ticks */
    float fine_taps[7]; /* 1, its taps from the centre outwards */
    uint32_t even_half_n; /* one-sided length of the smoother for toe-off, ticks */
    float even_taps[7]; /* 1, its taps from the centre outwards */
    float slow_tau_s; /* s, time constant with which the last extremes are forgotten */
    float slow_min_g; /* g, least distance of those extremes in which steps are looked for */
    float up_memory_n; /* 1, steps in the mean vertical that heights are integrated about, at most */
    float level_tau_s; /* s, time constant of the mean vertical */
    float gravity_mps2; /* m/s2, standard gravity */
    float flight_g; /* g, specific force below which the foot may be off the ground */
    float ic_back_s; /* s, how far before the mid rise initial contact is searched */
    float ic_ahead_s; /* s, and how far after it */
    float ic_lead_s; /* s, from the onset of the drop of forward force, as smoothed, to initial contact */
    float rise_delay_s; /* s, from initial contact to the onset of the steepest rise */
    float lag_start_s; /* s, time from initial contact to mid rise that is expected at first */
    float lag_start_sd_s; /* s, how far from it the first contacts usually are */
    float lag_sd_s; /* s, how far from its mean in the run a contact usually is */
    float lag_memory_n; /* 1, contacts in that mean at most */
    float brake_half_s; /* s, longest half of the drop of forward force */
    float brake_min_g; /* g, smallest drop that is one */
    float to_ahead_s; /* s, how far after the mid fall the fall through one body weight is searched */
    float to_fade_share; /* 1, of how much later than fade_rest_s the least forward force comes, toe-off does */
    float fade_rest_s; /* s, time from the fall to the least forward force in a half sine */
    float fade_min_s; /* s, shortest such time */
    float fade_max_s; /* s, longest */
    float fade_usual_s; /* s, what is taken where forward is not known */
    float step_min_s; /* s, shortest step */
    float step_max_s; /* s, longest step */
    float step_min_weak_s; /* s, shortest step without a clear flight (half steps of walking are shorter) */
    float step_slow_s; /* s, duration from which a step must be clearer, for it may be walking */
    float step_slow_inv; /* 1/s, one over the further time from which on it must be quite clear */
    float swing_g; /* g, first harmonic of the vertical in a step that is clearly running */
    float swing_weak_g; /* g, the least in running */
    float float_g; /* g, least specific force in a step that is clearly running */
    float float_weak_g; /* g, the most that the least specific force may be in running */
    float swing_keep_g; /* g, first harmonic of a step that is running if its neighbours are */
    float float_keep_g; /* g, the most that its least specific force may be */
    uint32_t start_n; /* running steps in a row that start a segment */
    uint32_t resume_n; /* running steps in a row that go on with one */
    float end_s; /* s, without a running step for this long a segment ends */
    float walk_rms_mps2; /* m/s2, vertical motion that is walking rather than standing */
    float walk_tau_s; /* s, time constant of that motion */
    float obl_scale_rad; /* rad, obliquity fall that decides a side */
    float rot_scale_rad; /* rad, rotation that decides a side */
    float rot_weight; /* 1, weight of rotation beside obliquity */
    float side_keep; /* 1, memory of the vote from step to step */
    float side_vote_max; /* 1, the vote at most, so that a step lost unnoticed is made up for soon */
    float side_flip; /* 1, vote against it that turns the sides over */
    float step_share; /* 1, of the newest step in the mean duration */
} trendel_contact_params_t;
TRENDEL_ASSERT(sizeof(trendel_contact_params_t) == 364, size_of_contact_params);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, tick_n) == 0, offset_of_contact_params_tick_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, tick_inv) == 4, offset_of_contact_params_tick_inv);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, tick_s) == 8, offset_of_contact_params_tick_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, tick_centre) == 12, offset_of_contact_params_tick_centre);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, slow_half_n) == 16, offset_of_contact_params_slow_half_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, slow_taps) == 20, offset_of_contact_params_slow_taps);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fine_half_n) == 120, offset_of_contact_params_fine_half_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fine_taps) == 124, offset_of_contact_params_fine_taps);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, even_half_n) == 152, offset_of_contact_params_even_half_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, even_taps) == 156, offset_of_contact_params_even_taps);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, slow_tau_s) == 184, offset_of_contact_params_slow_tau_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, slow_min_g) == 188, offset_of_contact_params_slow_min_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, up_memory_n) == 192, offset_of_contact_params_up_memory_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, level_tau_s) == 196, offset_of_contact_params_level_tau_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, gravity_mps2) == 200, offset_of_contact_params_gravity_mps2);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, flight_g) == 204, offset_of_contact_params_flight_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, ic_back_s) == 208, offset_of_contact_params_ic_back_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, ic_ahead_s) == 212, offset_of_contact_params_ic_ahead_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, ic_lead_s) == 216, offset_of_contact_params_ic_lead_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, rise_delay_s) == 220, offset_of_contact_params_rise_delay_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, lag_start_s) == 224, offset_of_contact_params_lag_start_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, lag_start_sd_s) == 228, offset_of_contact_params_lag_start_sd_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, lag_sd_s) == 232, offset_of_contact_params_lag_sd_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, lag_memory_n) == 236, offset_of_contact_params_lag_memory_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, brake_half_s) == 240, offset_of_contact_params_brake_half_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, brake_min_g) == 244, offset_of_contact_params_brake_min_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, to_ahead_s) == 248, offset_of_contact_params_to_ahead_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, to_fade_share) == 252, offset_of_contact_params_to_fade_share);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fade_rest_s) == 256, offset_of_contact_params_fade_rest_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fade_min_s) == 260, offset_of_contact_params_fade_min_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fade_max_s) == 264, offset_of_contact_params_fade_max_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, fade_usual_s) == 268, offset_of_contact_params_fade_usual_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_min_s) == 272, offset_of_contact_params_step_min_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_max_s) == 276, offset_of_contact_params_step_max_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_min_weak_s) == 280, offset_of_contact_params_step_min_weak_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_slow_s) == 284, offset_of_contact_params_step_slow_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_slow_inv) == 288, offset_of_contact_params_step_slow_inv);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, swing_g) == 292, offset_of_contact_params_swing_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, swing_weak_g) == 296, offset_of_contact_params_swing_weak_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, float_g) == 300, offset_of_contact_params_float_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, float_weak_g) == 304, offset_of_contact_params_float_weak_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, swing_keep_g) == 308, offset_of_contact_params_swing_keep_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, float_keep_g) == 312, offset_of_contact_params_float_keep_g);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, start_n) == 316, offset_of_contact_params_start_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, resume_n) == 320, offset_of_contact_params_resume_n);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, end_s) == 324, offset_of_contact_params_end_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, walk_rms_mps2) == 328, offset_of_contact_params_walk_rms_mps2);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, walk_tau_s) == 332, offset_of_contact_params_walk_tau_s);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, obl_scale_rad) == 336, offset_of_contact_params_obl_scale_rad);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, rot_scale_rad) == 340, offset_of_contact_params_rot_scale_rad);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, rot_weight) == 344, offset_of_contact_params_rot_weight);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, side_keep) == 348, offset_of_contact_params_side_keep);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, side_vote_max) == 352, offset_of_contact_params_side_vote_max);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, side_flip) == 356, offset_of_contact_params_side_flip);
TRENDEL_ASSERT(offsetof(trendel_contact_params_t, step_share) == 360, offset_of_contact_params_step_share);

/* From the clip's acceleration to ground reaction and impact, on the ticks; see kernels/force.py */
typedef struct {
    uint32_t half_n; /* ticks after the one in question that the filters reach to */
    uint32_t taps_n; /* taps of each filter */
    float up_taps[49]; /* 1, of the vertical beside the forward axis, latest tick first */
    float forward_taps[49]; /* 1, of the forward axis, about its mean */
    float alone_taps[49]; /* 1, of the vertical where forward is not known */
    float edge_inv; /* 1, 1 / the share of contact over which the force rises from and falls to zero */
    float rate_s; /* s, time after initial contact over which the loading rate is taken */
    float impact_tick_max_s; /* s, longest tick that resolves the bandwidth of the impact */
    uint32_t impact_half_n; /* one-sided length of the impact smoother, ticks */
    float impact_taps[7]; /* 1, its taps from the centre outwards */
    float impact_s; /* s, how long after initial contact the impact peak may be */
    float impact_fall_g; /* g, by which the force must fall after it before it rises again */
    float impact_rise_s; /* s, time before it over which its rise is taken */
} trendel_force_params_t;
TRENDEL_ASSERT(sizeof(trendel_force_params_t) == 652, size_of_force_params);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, half_n) == 0, offset_of_force_params_half_n);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, taps_n) == 4, offset_of_force_params_taps_n);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, up_taps) == 8, offset_of_force_params_up_taps);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, forward_taps) == 204, offset_of_force_params_forward_taps);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, alone_taps) == 400, offset_of_force_params_alone_taps);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, edge_inv) == 596, offset_of_force_params_edge_inv);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, rate_s) == 600, offset_of_force_params_rate_s);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_tick_max_s) == 604, offset_of_force_params_impact_tick_max_s);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_half_n) == 608, offset_of_force_params_impact_half_n);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_taps) == 612, offset_of_force_params_impact_taps);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_s) == 640, offset_of_force_params_impact_s);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_fall_g) == 644, offset_of_force_params_impact_fall_g);
TRENDEL_ASSERT(offsetof(trendel_force_params_t, impact_rise_s) == 648, offset_of_force_params_impact_rise_s);

/* Baseline and detector of drift; see kernels/stability.py */
typedef struct {
    uint32_t block_n; /* steps of each side in a block */
    float quality_min; /* 1, least quality of a step that counts */
    float skip_s; /* s, running after a break that does not count */
    float gap_s; /* s, time between steps that is a break */
    float step_max_rad; /* rad, a step counts at most this far from the level */
    float fast; /* 1, share of a new block in the level */
    float lag_s; /* s, by which the level is behind */
    float slow; /* 1, share of a new block in the slow level that settling is judged by */
    float settle_rad; /* rad, level and slow level this near to one another are settled */
    float settle_cadence; /* 1, the same for cadence, as a share */
    uint32_t settle_hold_n; /* blocks for which that must hold */
    uint32_t settle_max_n; /* blocks after which it counts as settled anyway */
    uint32_t learn_n; /* blocks of the fresh phase */
    uint32_t prior_given; /* 1 if a baseline from earlier runs is known */
    float prior_rad[2]; /* rad, that baseline, left and right */
    float prior_n; /* 1, its weight in blocks */
    float memory_n; /* 1, blocks in the baseline at most once it is learned */
    float keep; /* 1, autocorrelation of the level from block to block */
    float common; /* 1, share of the other side's change that is taken off */
    float noise_rad; /* rad, expected deviation of a level's unforeseen change in a block */
    float noise_n; /* 1, weight of that expectation in blocks */
    float noise_memory_n; /* 1, blocks in the learned deviation at most */
    float noise_min_rad; /* rad, the least it is taken for */
    float score_max; /* 1, a block's standardised change counts at most this much */
    float allow_slow; /* 1, reference value of the CUSUM for slow drifts */
    float allow_quick; /* 1, of that for quick ones */
    float limit_slow_inv; /* 1, 1 / decision limit of the first */
    float limit_quick_inv; /* 1, 1 / of the second */
    float both; /* 1, weight of the evidence for both sides at once */
    float alike; /* 1, both sides have changed if one has by this share of the other */
    float notice; /* 1, share of the decision limit that is enough for a notice */
    float notice_rad; /* rad, least change that is worth a notice */
    float warning_rad; /* rad, a warning */
    float stop_rad; /* rad, the advice to stop */
    float clear; /* 1, a change below this share of its limit is over */
    uint32_t clear_n; /* after this many blocks below it */
    float rest_s; /* s, least time between two alerts of a level */
    float opposite; /* 1, a fall of the other side by this share of the rise is the clip's doing */
    float cadence_prior; /* 1, weight against an effect of cadence */
    float cadence_max_rad; /* rad, largest effect of cadence that is taken off */
    float jump_obl_rad; /* rad, jump of mean obliquity that is the clip's doing */
    float jump_tilt_rad; /* rad, of mean tilt */
    float jump_mixed_rad; /* rad, of mean obliquity, if the sides jump against each other too */
    float jump_sides_rad; /* rad, by this much */
    float loose; /* 1, fall of regularity that is a loose clip */
    uint32_t loose_n; /* blocks for which it must last */
    uint32_t wait_n; /* blocks that make the level after an announced change of speed or grade */
} trendel_stability_params_t;
TRENDEL_ASSERT(sizeof(trendel_stability_params_t) == 192, size_of_stability_params);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, block_n) == 0, offset_of_stability_params_block_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, quality_min) == 4, offset_of_stability_params_quality_min);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, skip_s) == 8, offset_of_stability_params_skip_s);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, gap_s) == 12, offset_of_stability_params_gap_s);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, step_max_rad) == 16, offset_of_stability_params_step_max_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, fast) == 20, offset_of_stability_params_fast);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, lag_s) == 24, offset_of_stability_params_lag_s);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, slow) == 28, offset_of_stability_params_slow);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, settle_rad) == 32, offset_of_stability_params_settle_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, settle_cadence) == 36, offset_of_stability_params_settle_cadence);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, settle_hold_n) == 40, offset_of_stability_params_settle_hold_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, settle_max_n) == 44, offset_of_stability_params_settle_max_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, learn_n) == 48, offset_of_stability_params_learn_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, prior_given) == 52, offset_of_stability_params_prior_given);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, prior_rad) == 56, offset_of_stability_params_prior_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, prior_n) == 64, offset_of_stability_params_prior_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, memory_n) == 68, offset_of_stability_params_memory_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, keep) == 72, offset_of_stability_params_keep);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, common) == 76, offset_of_stability_params_common);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, noise_rad) == 80, offset_of_stability_params_noise_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, noise_n) == 84, offset_of_stability_params_noise_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, noise_memory_n) == 88, offset_of_stability_params_noise_memory_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, noise_min_rad) == 92, offset_of_stability_params_noise_min_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, score_max) == 96, offset_of_stability_params_score_max);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, allow_slow) == 100, offset_of_stability_params_allow_slow);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, allow_quick) == 104, offset_of_stability_params_allow_quick);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, limit_slow_inv) == 108, offset_of_stability_params_limit_slow_inv);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, limit_quick_inv) == 112, offset_of_stability_params_limit_quick_inv);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, both) == 116, offset_of_stability_params_both);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, alike) == 120, offset_of_stability_params_alike);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, notice) == 124, offset_of_stability_params_notice);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, notice_rad) == 128, offset_of_stability_params_notice_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, warning_rad) == 132, offset_of_stability_params_warning_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, stop_rad) == 136, offset_of_stability_params_stop_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, clear) == 140, offset_of_stability_params_clear);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, clear_n) == 144, offset_of_stability_params_clear_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, rest_s) == 148, offset_of_stability_params_rest_s);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, opposite) == 152, offset_of_stability_params_opposite);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, cadence_prior) == 156, offset_of_stability_params_cadence_prior);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, cadence_max_rad) == 160, offset_of_stability_params_cadence_max_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, jump_obl_rad) == 164, offset_of_stability_params_jump_obl_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, jump_tilt_rad) == 168, offset_of_stability_params_jump_tilt_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, jump_mixed_rad) == 172, offset_of_stability_params_jump_mixed_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, jump_sides_rad) == 176, offset_of_stability_params_jump_sides_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, loose) == 180, offset_of_stability_params_loose);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, loose_n) == 184, offset_of_stability_params_loose_n);
TRENDEL_ASSERT(offsetof(trendel_stability_params_t, wait_n) == 188, offset_of_stability_params_wait_n);

/* All that tunes the kernels, computed on the host in float64 and rounded once */
typedef struct {
    uint32_t magic; /* marks the bytes as this kind of record */
    uint32_t layout_hash; /* of this table */
    uint32_t param_hash; /* of the parameters that the record belongs to */
    uint32_t bytes_n; /* bytes of the whole record */
    trendel_input_params_t input;
    trendel_attitude_params_t attitude;
    trendel_mounting_params_t mounting;
    trendel_contact_params_t contacts;
    trendel_force_params_t force;
    trendel_stability_params_t stability;
} trendel_params_t;
TRENDEL_ASSERT(sizeof(trendel_params_t) == 1508, size_of_params);
TRENDEL_ASSERT(offsetof(trendel_params_t, magic) == 0, offset_of_params_magic);
TRENDEL_ASSERT(offsetof(trendel_params_t, layout_hash) == 4, offset_of_params_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_params_t, param_hash) == 8, offset_of_params_param_hash);
TRENDEL_ASSERT(offsetof(trendel_params_t, bytes_n) == 12, offset_of_params_bytes_n);
TRENDEL_ASSERT(offsetof(trendel_params_t, input) == 16, offset_of_params_input);
TRENDEL_ASSERT(offsetof(trendel_params_t, attitude) == 52, offset_of_params_attitude);
TRENDEL_ASSERT(offsetof(trendel_params_t, mounting) == 200, offset_of_params_mounting);
TRENDEL_ASSERT(offsetof(trendel_params_t, contacts) == 300, offset_of_params_contacts);
TRENDEL_ASSERT(offsetof(trendel_params_t, force) == 664, offset_of_params_force);
TRENDEL_ASSERT(offsetof(trendel_params_t, stability) == 1316, offset_of_params_stability);

/* The last good sample, for bridging */
typedef struct {
    float acc_mps2[3]; /* m/s2, sensor frame */
    float gyr_radps[3]; /* rad/s, sensor frame */
    uint32_t invalid_run_n; /* invalid samples since */
    uint32_t bridged_n; /* invalid samples so far */
    uint32_t lost_n; /* of them those too long after a good one to be bridged */
    uint32_t condition; /* SAMPLE_CONDITION bits of the last good sample */
} trendel_input_state_t;
TRENDEL_ASSERT(sizeof(trendel_input_state_t) == 40, size_of_input_state);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, acc_mps2) == 0, offset_of_input_state_acc_mps2);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, gyr_radps) == 12, offset_of_input_state_gyr_radps);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, invalid_run_n) == 24, offset_of_input_state_invalid_run_n);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, bridged_n) == 28, offset_of_input_state_bridged_n);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, lost_n) == 32, offset_of_input_state_lost_n);
TRENDEL_ASSERT(offsetof(trendel_input_state_t, condition) == 36, offset_of_input_state_condition);

/* Strapdown rotation and what corrects it */
typedef struct {
    float q_world_from_sensor[4]; /* 1, orientation after this sample */
    float bias_radps[3]; /* rad/s, gyroscope bias, sensor frame */
    float acc_sum[3]; /* m/s2, specific force summed over the block, world frame */
    float acc_raw_sum[3]; /* m/s2, the same in the sensor frame */
    float gyr_sum[3]; /* rad/s, rate summed over the block, sensor frame */
    float rate2_sum; /* rad2/s2, squared rate summed over the block */
    float dt_sum; /* s, duration of the block so far */
    uint32_t block_i; /* samples in the block so far */
    uint32_t blocks_n; /* blocks since the last cold start or gap, saturating */
    float acc_mean[3]; /* m/s2, mean during initialisation, world frame */
    float vel_mps[2]; /* m/s, horizontal velocity that gravity does not explain, world frame */
    float vel2; /* m2/s2, its running variance */
    float cov[6]; /* covariance of angle, velocity and bias: aa av ab vv vb bb */
    float frame[6]; /* 1, slow mean of the first two rows of world-from-sensor */
    float rest_acc[3]; /* m/s2, slow mean of the specific force, sensor frame */
    float rest_gyr[3]; /* rad/s, slow mean of the rate, sensor frame */
    float rest_s; /* s, how long it has been at rest */
    float settled_s; /* s, time since the first inclination */
    float heading[4]; /* 1, slow forward direction in the world, two stages of x and y */
    float heading_unit[2]; /* 1, its direction */
    float vertical[7]; /* force less gravity, velocity, height; sums over the step of velocity, height, force, time; SI */
} trendel_attitude_state_t;
TRENDEL_ASSERT(sizeof(trendel_attitude_state_t) == 236, size_of_attitude_state);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, q_world_from_sensor) == 0, offset_of_attitude_state_q_world_from_sensor);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, bias_radps) == 16, offset_of_attitude_state_bias_radps);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, acc_sum) == 28, offset_of_attitude_state_acc_sum);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, acc_raw_sum) == 40, offset_of_attitude_state_acc_raw_sum);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, gyr_sum) == 52, offset_of_attitude_state_gyr_sum);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, rate2_sum) == 64, offset_of_attitude_state_rate2_sum);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, dt_sum) == 68, offset_of_attitude_state_dt_sum);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, block_i) == 72, offset_of_attitude_state_block_i);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, blocks_n) == 76, offset_of_attitude_state_blocks_n);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, acc_mean) == 80, offset_of_attitude_state_acc_mean);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, vel_mps) == 92, offset_of_attitude_state_vel_mps);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, vel2) == 100, offset_of_attitude_state_vel2);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, cov) == 104, offset_of_attitude_state_cov);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, frame) == 128, offset_of_attitude_state_frame);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, rest_acc) == 152, offset_of_attitude_state_rest_acc);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, rest_gyr) == 164, offset_of_attitude_state_rest_gyr);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, rest_s) == 176, offset_of_attitude_state_rest_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, settled_s) == 180, offset_of_attitude_state_settled_s);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, heading) == 184, offset_of_attitude_state_heading);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, heading_unit) == 200, offset_of_attitude_state_heading_unit);
TRENDEL_ASSERT(offsetof(trendel_attitude_state_t, vertical) == 208, offset_of_attitude_state_vertical);

/* Sensor to pelvis as known and as being learned */
typedef struct {
    float axes[9]; /* 1, in use: forward, left and up axis of the pelvis in the sensor frame */
    float lean_rad; /* rad, tilt of the axes in use in mean running posture, taken off the tilt */
    float lean_learned_rad; /* rad, the same of the axes learned */
    uint32_t phase; /* 0 none, 1 learning, 2 settled */
    uint32_t strides_n; /* strides learned from */
    float up_sum[3]; /* 1, up axis in the sensor, summed over the ticks of the step */
    float up_n; /* 1, ticks in that sum */
    float up_run[3]; /* 1, mean up axis in running, sensor frame */
    float up_stand[3]; /* 1, mean up axis in standing, sensor frame */
    uint32_t stand_n; /* blocks of standing in it */
    uint32_t has_standing; /* 1 if the zero of the angles is the standing posture */
    float axis[2]; /* 1, doubled-angle mean of the forward axis in the working frame */
    float forward[2]; /* 1, correlation of horizontal force with vertical velocity, working frame */
    float up_now[3]; /* 1, mean up axis over the newest strides, sensor frame */
    float axis_now[2]; /* 1, doubled-angle forward axis over the newest strides */
    float forward_now[2]; /* 1, force and velocity over the newest strides */
    uint32_t turned_n; /* times that the clip was found turned */
    uint32_t turned_i; /* sample at which it last was */
    float axes_learned[9]; /* 1, the same by all strides so far */
    uint32_t learned_standing; /* 1 if those are levelled to the standing posture */
    float pair[2]; /* 1, doubled-angle axis of the newest stride */
    int32_t known_tick; /* tick at which axes came into use */
} trendel_mounting_state_t;
TRENDEL_ASSERT(sizeof(trendel_mounting_state_t) == 204, size_of_mounting_state);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, axes) == 0, offset_of_mounting_state_axes);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, lean_rad) == 36, offset_of_mounting_state_lean_rad);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, lean_learned_rad) == 40, offset_of_mounting_state_lean_learned_rad);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, phase) == 44, offset_of_mounting_state_phase);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, strides_n) == 48, offset_of_mounting_state_strides_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, up_sum) == 52, offset_of_mounting_state_up_sum);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, up_n) == 64, offset_of_mounting_state_up_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, up_run) == 68, offset_of_mounting_state_up_run);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, up_stand) == 80, offset_of_mounting_state_up_stand);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, stand_n) == 92, offset_of_mounting_state_stand_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, has_standing) == 96, offset_of_mounting_state_has_standing);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, axis) == 100, offset_of_mounting_state_axis);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, forward) == 108, offset_of_mounting_state_forward);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, up_now) == 116, offset_of_mounting_state_up_now);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, axis_now) == 128, offset_of_mounting_state_axis_now);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, forward_now) == 136, offset_of_mounting_state_forward_now);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, turned_n) == 144, offset_of_mounting_state_turned_n);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, turned_i) == 148, offset_of_mounting_state_turned_i);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, axes_learned) == 152, offset_of_mounting_state_axes_learned);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, learned_standing) == 188, offset_of_mounting_state_learned_standing);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, pair) == 192, offset_of_mounting_state_pair);
TRENDEL_ASSERT(offsetof(trendel_mounting_state_t, known_tick) == 200, offset_of_mounting_state_known_tick);

/* One step: from initial contact of one foot to that of the other */
typedef struct {
    uint32_t index; /* steps before it in the session */
    uint32_t segment_i; /* running segments before it */
    int32_t side; /* 1 left, -1 right, 0 unknown */
    uint32_t ic_i; /* sample that initial contact is counted from */
    float ic_frac; /* samples, initial contact after that sample */
    uint32_t to_i; /* the same for toe-off */
    float to_frac; /* samples */
    uint32_t end_i; /* the same for the next initial contact */
    float end_frac; /* samples */
    float step_time_s; /* s, initial contact to initial contact */
    float regularity; /* 1, correlation of the vertical with the step before (step regularity) */
    float stride_regularity; /* 1, the same with the step two before (stride regularity) */
    float quality; /* 1, 0 to 1 */
    uint32_t reasons; /* Q_* behind the quality */
    uint32_t valid; /* bit k: metric k is known */
    float metrics[16]; /* see METRICS */
} trendel_step_row_t;
TRENDEL_ASSERT(sizeof(trendel_step_row_t) == 124, size_of_step_row);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, index) == 0, offset_of_step_row_index);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, segment_i) == 4, offset_of_step_row_segment_i);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, side) == 8, offset_of_step_row_side);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, ic_i) == 12, offset_of_step_row_ic_i);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, ic_frac) == 16, offset_of_step_row_ic_frac);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, to_i) == 20, offset_of_step_row_to_i);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, to_frac) == 24, offset_of_step_row_to_frac);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, end_i) == 28, offset_of_step_row_end_i);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, end_frac) == 32, offset_of_step_row_end_frac);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, step_time_s) == 36, offset_of_step_row_step_time_s);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, regularity) == 40, offset_of_step_row_regularity);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, stride_regularity) == 44, offset_of_step_row_stride_regularity);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, quality) == 48, offset_of_step_row_quality);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, reasons) == 52, offset_of_step_row_reasons);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, valid) == 56, offset_of_step_row_valid);
TRENDEL_ASSERT(offsetof(trendel_step_row_t, metrics) == 60, offset_of_step_row_metrics);

/* A finished step whose side or segment is not yet settled */
typedef struct {
    trendel_step_row_t row;
    uint32_t parity; /* 0 or 1, changes with each step */
    uint32_t chained; /* 1 if it follows its predecessor without a break */
    float obl_ic; /* rad, obliquity at initial contact */
    float obl_max; /* rad, highest in stance */
    float obl_min; /* rad, lowest in stance */
    float obl_mean; /* rad, mean over the stride */
} trendel_pending_step_t;
TRENDEL_ASSERT(sizeof(trendel_pending_step_t) == 148, size_of_pending_step);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, row) == 0, offset_of_pending_step_row);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, parity) == 124, offset_of_pending_step_parity);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, chained) == 128, offset_of_pending_step_chained);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, obl_ic) == 132, offset_of_pending_step_obl_ic);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, obl_max) == 136, offset_of_pending_step_obl_max);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, obl_min) == 140, offset_of_pending_step_obl_min);
TRENDEL_ASSERT(offsetof(trendel_pending_step_t, obl_mean) == 144, offset_of_pending_step_obl_mean);

/* A moment on the tick axis */
typedef struct {
    int32_t tick; /* whole ticks */
    float frac; /* ticks, and its fraction, 0 to 1 */
    uint32_t clear; /* 1 if the force crossed its threshold there */
} trendel_instant_t;
TRENDEL_ASSERT(sizeof(trendel_instant_t) == 12, size_of_instant);
TRENDEL_ASSERT(offsetof(trendel_instant_t, tick) == 0, offset_of_instant_tick);
TRENDEL_ASSERT(offsetof(trendel_instant_t, frac) == 4, offset_of_instant_frac);
TRENDEL_ASSERT(offsetof(trendel_instant_t, clear) == 8, offset_of_instant_clear);

/* Tick accumulators, the ring and the step finder */
typedef struct {
    float sums[8]; /* of the ring's columns over the tick */
    uint32_t tick_i; /* samples in the tick so far */
    float tick_sum_s; /* s, their duration */
    float tick_s; /* s, mean duration of a tick */
    int32_t ticks_n; /* ticks since the last cold start or gap */
    uint32_t origin_i; /* sample index of the first of those ticks */
    float level_off_mps2; /* m/s2, slow mean of the vertical, less gravity (float32 resolves it better so) */
    float motion2; /* m2/s4, running variance of the vertical, each part limited */
    uint32_t slow_high; /* 1 between a rise and a fall of the slow signal */
    float slow_last; /* m/s2, the slow signal one tick before */
    float slow_max; /* m/s2, its last maximum */
    float slow_min; /* m/s2, its last minimum */
    int32_t rise_tick; /* tick of the last mid rise, -1 for none */
    int32_t fall_tick; /* tick of the mid fall after it, -1 for none */
    float lag_s; /* s, mean time from initial contact to mid rise in this running segment */
    uint32_t lag_n; /* contacts in that mean */
    float swing_mps2; /* m/s2, first harmonic of the vertical between the last two mid rises */
    float crest; /* ticks, and its crest, after the first of them */
    trendel_instant_t ic; /* last initial contact */
    trendel_instant_t to; /* toe-off after it */
    trendel_instant_t next; /* initial contact after that */
    uint32_t good_n; /* running steps in a row */
    float since_good_s; /* s, time since the last that is running by itself */
    uint32_t running; /* 1 in a running segment */
    uint32_t segment_i; /* segments so far */
    uint32_t steps_n; /* steps emitted so far */
    uint32_t parity; /* of the newest step */
    float vote; /* 1, side of parity 0: positive left */
    int32_t side_zero; /* decided side of parity 0 */
    uint32_t side_sure; /* 1 if a clear vote decided it */
    float step_last_s; /* s, duration of the last running step */
    float step_mean_s; /* s, running mean of it */
    int32_t good_tick; /* tick of the mid rise that ended it */
    uint32_t bridged_last_n; /* bridged samples up to the last initial contact */
    uint32_t saturated_n; /* saturated samples so far */
    uint32_t saturated_last_n; /* the same up to the last initial contact */
    float fall_last_s; /* s, from the last step's fall through body weight to its end */
    float up_off_mps2; /* m/s2, mean vertical of the running steps less gravity, by which heights are closed */
    uint32_t up_off_n; /* steps in it */
    float up_last[2]; /* m/s, m, the last step's gain of velocity and height, from rest and about gravity */
    float obl_last; /* rad, mean obliquity of the last step */
    uint32_t obl_last_ok; /* 1 if that step was the one before */
    float phase[24][5]; /* this step, resampled */
    float phase_last[24][5]; /* the running step before it */
    float rot_mean; /* rad, mean rotation over this step */
    float rot_mean_last; /* rad, and over the one before it */
    float phase_up_2[24]; /* m/s2, vertical of the one before that */
    uint32_t phase_n; /* how many of those two are there */
    uint32_t force_due; /* what the newest waiting step still lacks: 2 force and impact, 1 impact */
    uint32_t force_slot; /* its place in the queue */
    trendel_instant_t force_ic; /* its initial contact */
    float force_toe; /* ticks, its toe-off after that tick */
    float force_forward; /* m/s2, mean forward force over it */
    uint32_t force_known; /* 1 if forward is known */
    uint32_t queue_n; /* steps waiting */
    uint32_t sure_n; /* of them, from the oldest, those that are running for sure */
    uint32_t queue_i; /* the oldest of them */
    trendel_pending_step_t queue[8]; /* ring of waiting steps */
    trendel_step_row_t last; /* the step emitted last, for the stride */
    float ring[128][8]; /* newest ticks */
} trendel_contact_state_t;
TRENDEL_ASSERT(sizeof(trendel_contact_state_t) == 6740, size_of_contact_state);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, sums) == 0, offset_of_contact_state_sums);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, tick_i) == 32, offset_of_contact_state_tick_i);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, tick_sum_s) == 36, offset_of_contact_state_tick_sum_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, tick_s) == 40, offset_of_contact_state_tick_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, ticks_n) == 44, offset_of_contact_state_ticks_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, origin_i) == 48, offset_of_contact_state_origin_i);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, level_off_mps2) == 52, offset_of_contact_state_level_off_mps2);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, motion2) == 56, offset_of_contact_state_motion2);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, slow_high) == 60, offset_of_contact_state_slow_high);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, slow_last) == 64, offset_of_contact_state_slow_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, slow_max) == 68, offset_of_contact_state_slow_max);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, slow_min) == 72, offset_of_contact_state_slow_min);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, rise_tick) == 76, offset_of_contact_state_rise_tick);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, fall_tick) == 80, offset_of_contact_state_fall_tick);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, lag_s) == 84, offset_of_contact_state_lag_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, lag_n) == 88, offset_of_contact_state_lag_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, swing_mps2) == 92, offset_of_contact_state_swing_mps2);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, crest) == 96, offset_of_contact_state_crest);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, ic) == 100, offset_of_contact_state_ic);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, to) == 112, offset_of_contact_state_to);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, next) == 124, offset_of_contact_state_next);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, good_n) == 136, offset_of_contact_state_good_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, since_good_s) == 140, offset_of_contact_state_since_good_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, running) == 144, offset_of_contact_state_running);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, segment_i) == 148, offset_of_contact_state_segment_i);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, steps_n) == 152, offset_of_contact_state_steps_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, parity) == 156, offset_of_contact_state_parity);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, vote) == 160, offset_of_contact_state_vote);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, side_zero) == 164, offset_of_contact_state_side_zero);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, side_sure) == 168, offset_of_contact_state_side_sure);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, step_last_s) == 172, offset_of_contact_state_step_last_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, step_mean_s) == 176, offset_of_contact_state_step_mean_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, good_tick) == 180, offset_of_contact_state_good_tick);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, bridged_last_n) == 184, offset_of_contact_state_bridged_last_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, saturated_n) == 188, offset_of_contact_state_saturated_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, saturated_last_n) == 192, offset_of_contact_state_saturated_last_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, fall_last_s) == 196, offset_of_contact_state_fall_last_s);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, up_off_mps2) == 200, offset_of_contact_state_up_off_mps2);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, up_off_n) == 204, offset_of_contact_state_up_off_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, up_last) == 208, offset_of_contact_state_up_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, obl_last) == 216, offset_of_contact_state_obl_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, obl_last_ok) == 220, offset_of_contact_state_obl_last_ok);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, phase) == 224, offset_of_contact_state_phase);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, phase_last) == 704, offset_of_contact_state_phase_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, rot_mean) == 1184, offset_of_contact_state_rot_mean);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, rot_mean_last) == 1188, offset_of_contact_state_rot_mean_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, phase_up_2) == 1192, offset_of_contact_state_phase_up_2);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, phase_n) == 1288, offset_of_contact_state_phase_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_due) == 1292, offset_of_contact_state_force_due);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_slot) == 1296, offset_of_contact_state_force_slot);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_ic) == 1300, offset_of_contact_state_force_ic);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_toe) == 1312, offset_of_contact_state_force_toe);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_forward) == 1316, offset_of_contact_state_force_forward);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, force_known) == 1320, offset_of_contact_state_force_known);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, queue_n) == 1324, offset_of_contact_state_queue_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, sure_n) == 1328, offset_of_contact_state_sure_n);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, queue_i) == 1332, offset_of_contact_state_queue_i);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, queue) == 1336, offset_of_contact_state_queue);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, last) == 2520, offset_of_contact_state_last);
TRENDEL_ASSERT(offsetof(trendel_contact_state_t, ring) == 2644, offset_of_contact_state_ring);

/* The runner's own baseline in this run, and the evidence of drift from it. Pairs are left, right */
typedef struct {
    uint32_t phase; /* PHASE_* */
    uint32_t blocks_n; /* blocks in this phase */
    uint32_t hold_n; /* blocks for which the level has been settled */
    uint32_t seen; /* 1 once there was a step */
    uint32_t segment_i; /* running segment of the last step */
    uint32_t end_i; /* sample at which it ended */
    float skip_s; /* s, running still to be left out */
    uint32_t turned_n; /* mounting's count of turned clips as last seen */
    float peaks[2]; /* rad, sums of the block's obliquity peaks */
    uint32_t n[2]; /* steps in it */
    float means[4]; /* sums over it: obliquity, tilt (rad), step time (s), regularity */
    uint32_t start_i; /* sample at which it began */
    float ring[8][4]; /* rad, newest blocks: left, right, obliquity, tilt */
    uint32_t ring_n; /* blocks in it since the last known jump, saturating */
    uint32_t ring_i; /* row of the next one */
    float level[2]; /* rad, fast mean of the peaks */
    float slow[2]; /* rad, slow mean of them */
    float step_s; /* s, fast mean of step time */
    float step_slow_s; /* s, slow mean of it */
    float baseline[2]; /* rad */
    float weight_n[2]; /* 1, blocks in it */
    float change_last[2]; /* rad, level less baseline one block before */
    float noise2[5]; /* rad2, sum of squares of unforeseen change in each channel */
    float noise_n; /* 1, blocks in it */
    float quick[5]; /* 1, CUSUM for quick drifts */
    float slow_sum[5]; /* 1, CUSUM for slow drifts */
    uint32_t quick_i[5]; /* sample at which it last left zero */
    uint32_t slow_i[5]; /* the same of the other */
    float regularity; /* 1, fast mean */
    float regular; /* 1, its baseline */
    uint32_t irregular_n; /* blocks for which it has been lower */
    uint32_t loose; /* 1 while the clip seems loose */
    float step_ref_s; /* s, mean step time of the fresh phase */
    float cadence_sum[2]; /* fresh phase: sums of step time squared, and times the peaks */
    float cadence_rad; /* rad, what a relative change of step time changes the peaks by */
    uint32_t active[5]; /* level of the alert that is on */
    uint32_t below_n[5]; /* blocks for which it has been over */
    uint32_t alerted_i[4]; /* sample of the last alert of each level */
    uint32_t alerted; /* bit k: there was one of level k */
    uint32_t condition; /* that is announced now */
    uint32_t fresh_condition; /* in which the baseline was learned */
    uint32_t wait_n; /* blocks still to come of the level after a change of it */
    float offset[2]; /* rad, what changes of it have moved the baseline by */
} trendel_stability_state_t;
TRENDEL_ASSERT(sizeof(trendel_stability_state_t) == 468, size_of_stability_state);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, phase) == 0, offset_of_stability_state_phase);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, blocks_n) == 4, offset_of_stability_state_blocks_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, hold_n) == 8, offset_of_stability_state_hold_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, seen) == 12, offset_of_stability_state_seen);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, segment_i) == 16, offset_of_stability_state_segment_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, end_i) == 20, offset_of_stability_state_end_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, skip_s) == 24, offset_of_stability_state_skip_s);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, turned_n) == 28, offset_of_stability_state_turned_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, peaks) == 32, offset_of_stability_state_peaks);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, n) == 40, offset_of_stability_state_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, means) == 48, offset_of_stability_state_means);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, start_i) == 64, offset_of_stability_state_start_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, ring) == 68, offset_of_stability_state_ring);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, ring_n) == 196, offset_of_stability_state_ring_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, ring_i) == 200, offset_of_stability_state_ring_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, level) == 204, offset_of_stability_state_level);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, slow) == 212, offset_of_stability_state_slow);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, step_s) == 220, offset_of_stability_state_step_s);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, step_slow_s) == 224, offset_of_stability_state_step_slow_s);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, baseline) == 228, offset_of_stability_state_baseline);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, weight_n) == 236, offset_of_stability_state_weight_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, change_last) == 244, offset_of_stability_state_change_last);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, noise2) == 252, offset_of_stability_state_noise2);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, noise_n) == 272, offset_of_stability_state_noise_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, quick) == 276, offset_of_stability_state_quick);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, slow_sum) == 296, offset_of_stability_state_slow_sum);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, quick_i) == 316, offset_of_stability_state_quick_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, slow_i) == 336, offset_of_stability_state_slow_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, regularity) == 356, offset_of_stability_state_regularity);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, regular) == 360, offset_of_stability_state_regular);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, irregular_n) == 364, offset_of_stability_state_irregular_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, loose) == 368, offset_of_stability_state_loose);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, step_ref_s) == 372, offset_of_stability_state_step_ref_s);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, cadence_sum) == 376, offset_of_stability_state_cadence_sum);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, cadence_rad) == 384, offset_of_stability_state_cadence_rad);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, active) == 388, offset_of_stability_state_active);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, below_n) == 408, offset_of_stability_state_below_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, alerted_i) == 428, offset_of_stability_state_alerted_i);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, alerted) == 444, offset_of_stability_state_alerted);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, condition) == 448, offset_of_stability_state_condition);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, fresh_condition) == 452, offset_of_stability_state_fresh_condition);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, wait_n) == 456, offset_of_stability_state_wait_n);
TRENDEL_ASSERT(offsetof(trendel_stability_state_t, offset) == 460, offset_of_stability_state_offset);

/* All that changes. Plain bytes: a copy is a checkpoint */
typedef struct {
    uint32_t magic; /* marks the bytes as this kind of record */
    uint32_t layout_hash; /* of this table */
    uint32_t param_hash; /* of the parameters that the record belongs to */
    uint32_t bytes_n; /* bytes of the whole record */
    uint32_t sample_n; /* samples taken so far, modulo 2**32 */
    trendel_input_state_t input;
    trendel_attitude_state_t attitude;
    trendel_mounting_state_t mounting;
    trendel_contact_state_t contacts;
    trendel_stability_state_t stability;
} trendel_state_t;
TRENDEL_ASSERT(sizeof(trendel_state_t) == 7708, size_of_state);
TRENDEL_ASSERT(offsetof(trendel_state_t, magic) == 0, offset_of_state_magic);
TRENDEL_ASSERT(offsetof(trendel_state_t, layout_hash) == 4, offset_of_state_layout_hash);
TRENDEL_ASSERT(offsetof(trendel_state_t, param_hash) == 8, offset_of_state_param_hash);
TRENDEL_ASSERT(offsetof(trendel_state_t, bytes_n) == 12, offset_of_state_bytes_n);
TRENDEL_ASSERT(offsetof(trendel_state_t, sample_n) == 16, offset_of_state_sample_n);
TRENDEL_ASSERT(offsetof(trendel_state_t, input) == 20, offset_of_state_input);
TRENDEL_ASSERT(offsetof(trendel_state_t, attitude) == 60, offset_of_state_attitude);
TRENDEL_ASSERT(offsetof(trendel_state_t, mounting) == 296, offset_of_state_mounting);
TRENDEL_ASSERT(offsetof(trendel_state_t, contacts) == 500, offset_of_state_contacts);
TRENDEL_ASSERT(offsetof(trendel_state_t, stability) == 7240, offset_of_state_stability);

/* One reading of the sensor */
typedef struct {
    float acc_mps2[3]; /* m/s2, specific force, sensor frame */
    float gyr_radps[3]; /* rad/s, rate, sensor frame */
    float dt_s; /* s, time since the sample before */
    uint32_t marks; /* SAMPLE_* */
} trendel_sample_t;
TRENDEL_ASSERT(sizeof(trendel_sample_t) == 32, size_of_sample);
TRENDEL_ASSERT(offsetof(trendel_sample_t, acc_mps2) == 0, offset_of_sample_acc_mps2);
TRENDEL_ASSERT(offsetof(trendel_sample_t, gyr_radps) == 12, offset_of_sample_gyr_radps);
TRENDEL_ASSERT(offsetof(trendel_sample_t, dt_s) == 24, offset_of_sample_dt_s);
TRENDEL_ASSERT(offsetof(trendel_sample_t, marks) == 28, offset_of_sample_marks);

/* Where the stability stage stands. Pairs are left, right */
typedef struct {
    uint32_t phase; /* PHASE_* */
    float level[2]; /* rad */
    float baseline[2]; /* rad */
    float evidence[5]; /* 1, share of the decision limit */
} trendel_course_t;
TRENDEL_ASSERT(sizeof(trendel_course_t) == 40, size_of_course);
TRENDEL_ASSERT(offsetof(trendel_course_t, phase) == 0, offset_of_course_phase);
TRENDEL_ASSERT(offsetof(trendel_course_t, level) == 4, offset_of_course_level);
TRENDEL_ASSERT(offsetof(trendel_course_t, baseline) == 12, offset_of_course_baseline);
TRENDEL_ASSERT(offsetof(trendel_course_t, evidence) == 20, offset_of_course_evidence);

/* One stride: from initial contact of one foot to the next of the same */
typedef struct {
    uint32_t index; /* index of its second step */
    uint32_t segment_i; /* running segments before it */
    int32_t side; /* of the foot that starts and ends it */
    uint32_t ic_i; /* sample that its start is counted from */
    float ic_frac; /* samples */
    uint32_t end_i; /* sample that its end is counted from */
    float end_frac; /* samples */
    float stride_time_s; /* s */
    float step_regularity; /* 1 */
    float stride_regularity; /* 1 */
    float quality; /* 1, the lower of its two steps' */
    uint32_t reasons; /* of both steps */
    uint32_t valid; /* bit k: metric k is known for both steps */
    float metrics[16]; /* mean of its two steps */
    float left_minus_right[16]; /* left step less right step */
    trendel_course_t course; /* of hip stability after it */
} trendel_stride_row_t;
TRENDEL_ASSERT(sizeof(trendel_stride_row_t) == 220, size_of_stride_row);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, index) == 0, offset_of_stride_row_index);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, segment_i) == 4, offset_of_stride_row_segment_i);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, side) == 8, offset_of_stride_row_side);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, ic_i) == 12, offset_of_stride_row_ic_i);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, ic_frac) == 16, offset_of_stride_row_ic_frac);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, end_i) == 20, offset_of_stride_row_end_i);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, end_frac) == 24, offset_of_stride_row_end_frac);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, stride_time_s) == 28, offset_of_stride_row_stride_time_s);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, step_regularity) == 32, offset_of_stride_row_step_regularity);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, stride_regularity) == 36, offset_of_stride_row_stride_regularity);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, quality) == 40, offset_of_stride_row_quality);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, reasons) == 44, offset_of_stride_row_reasons);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, valid) == 48, offset_of_stride_row_valid);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, metrics) == 52, offset_of_stride_row_metrics);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, left_minus_right) == 116, offset_of_stride_row_left_minus_right);
TRENDEL_ASSERT(offsetof(trendel_stride_row_t, course) == 180, offset_of_stride_row_course);

/* Orientation and levelled motion at one sample */
typedef struct {
    float q_world_from_sensor[4]; /* 1, w first */
    float tilt_rad; /* rad, anterior positive */
    float obliquity_rad; /* rad, left side up positive */
    float rotation_rad; /* rad, to the left positive, about the slow heading */
    float vertical_m; /* m, upward, about its mean */
    float acc_level_mps2[3]; /* m/s2, specific force forward, left, up; level, along the slow heading */
    uint32_t segment; /* SEGMENT_* */
    uint32_t settled; /* bit 0: the inclination is known, bit 1: the mounting too */
} trendel_signal_t;
TRENDEL_ASSERT(sizeof(trendel_signal_t) == 52, size_of_signal);
TRENDEL_ASSERT(offsetof(trendel_signal_t, q_world_from_sensor) == 0, offset_of_signal_q_world_from_sensor);
TRENDEL_ASSERT(offsetof(trendel_signal_t, tilt_rad) == 16, offset_of_signal_tilt_rad);
TRENDEL_ASSERT(offsetof(trendel_signal_t, obliquity_rad) == 20, offset_of_signal_obliquity_rad);
TRENDEL_ASSERT(offsetof(trendel_signal_t, rotation_rad) == 24, offset_of_signal_rotation_rad);
TRENDEL_ASSERT(offsetof(trendel_signal_t, vertical_m) == 28, offset_of_signal_vertical_m);
TRENDEL_ASSERT(offsetof(trendel_signal_t, acc_level_mps2) == 32, offset_of_signal_acc_level_mps2);
TRENDEL_ASSERT(offsetof(trendel_signal_t, segment) == 44, offset_of_signal_segment);
TRENDEL_ASSERT(offsetof(trendel_signal_t, settled) == 48, offset_of_signal_settled);

/* What the runner should know */
typedef struct {
    uint32_t kind; /* ALERT_* */
    int32_t side; /* 1 left, -1 right, 0 both or neither */
    uint32_t level; /* LEVEL_* */
    uint32_t at_i; /* sample of the step that gave rise to it */
    uint32_t onset_i; /* sample at which the change is thought to have begun */
    float value; /* rad, level now */
    float baseline; /* rad, the runner's own in this run */
    float change; /* rad, value less baseline */
    float error; /* rad, standard error of the change */
} trendel_alert_t;
TRENDEL_ASSERT(sizeof(trendel_alert_t) == 36, size_of_alert);
TRENDEL_ASSERT(offsetof(trendel_alert_t, kind) == 0, offset_of_alert_kind);
TRENDEL_ASSERT(offsetof(trendel_alert_t, side) == 4, offset_of_alert_side);
TRENDEL_ASSERT(offsetof(trendel_alert_t, level) == 8, offset_of_alert_level);
TRENDEL_ASSERT(offsetof(trendel_alert_t, at_i) == 12, offset_of_alert_at_i);
TRENDEL_ASSERT(offsetof(trendel_alert_t, onset_i) == 16, offset_of_alert_onset_i);
TRENDEL_ASSERT(offsetof(trendel_alert_t, value) == 20, offset_of_alert_value);
TRENDEL_ASSERT(offsetof(trendel_alert_t, baseline) == 24, offset_of_alert_baseline);
TRENDEL_ASSERT(offsetof(trendel_alert_t, change) == 28, offset_of_alert_change);
TRENDEL_ASSERT(offsetof(trendel_alert_t, error) == 32, offset_of_alert_error);

/* What one step of the kernel gives */
typedef struct {
    trendel_signal_t signal; /* of this sample */
    trendel_step_row_t step; /* valid when NEW_STEP is returned */
    trendel_stride_row_t stride; /* valid when NEW_STRIDE is returned */
    trendel_alert_t alert; /* valid when NEW_ALERT is returned */
} trendel_out_t;
TRENDEL_ASSERT(sizeof(trendel_out_t) == 432, size_of_out);
TRENDEL_ASSERT(offsetof(trendel_out_t, signal) == 0, offset_of_out_signal);
TRENDEL_ASSERT(offsetof(trendel_out_t, step) == 52, offset_of_out_step);
TRENDEL_ASSERT(offsetof(trendel_out_t, stride) == 176, offset_of_out_stride);
TRENDEL_ASSERT(offsetof(trendel_out_t, alert) == 396, offset_of_out_alert);

#ifdef __cplusplus
extern "C" {
#endif

/* One sample; returns flags that say which rows of `out` are new. `out` is zeroed by the caller before each call. */
int32_t trendel_step(trendel_state_t *state, const trendel_params_t *params, const trendel_sample_t *sample,
                     trendel_out_t *out);

/* Cold start: fills the state for these parameters. */
int32_t trendel_init(trendel_state_t *state, const trendel_params_t *params);

#ifdef __cplusplus
}
#endif

#endif /* TRENDEL_LAYOUT_H */

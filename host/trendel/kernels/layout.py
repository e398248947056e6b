"""State, parameters, samples and outputs of the kernels: one declarative table, everything else is derived from it.

Every scalar is four bytes wide (float32, int32, uint32), so there is no padding on any machine. The numpy dtypes
below, the C header of the firmware and the layout hash that both carry all come from :data:`STRUCTS`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from trendel.kernels.metrics import METRICS

SCALARS = {"f4": np.dtype(np.float32), "i4": np.dtype(np.int32), "u4": np.dtype(np.uint32)}

MAGIC_STATE = 0x54524453  # "TRDS"
MAGIC_PARAMS = 0x54524450  # "TRDP"

RING_N = 128  # ticks kept, a power of two: one step and the filters' delay at any tick rate below 150 Hz
RING_MASK = RING_N - 1
SLOW_HALF_MAX = 24  # one-sided taps of the step-finding smoother
FINE_HALF_MAX = 6  # one-sided taps of the event smoother
FORCE_HALF_MAX = 24  # one-sided taps of the filter from sacral acceleration to ground reaction
FORCE_TAPS = 2 * FORCE_HALF_MAX + 1
PHASE_N = 24  # points to which a step is resampled for comparing it with its neighbour
QUEUE_N = 8  # finished steps that wait until running is established
METRIC_N = len(METRICS)

# Columns of a ring row: levelled specific force and angles of one tick, in the working pelvis frame.
R_UP, R_FWD, R_LEFT, R_TILT, R_OBL, R_ROT, R_WROLL, R_WPITCH = range(8)
RING_COLUMNS = 8
PHASE_COLUMNS = 5  # up, forward, left, roll rate, pitch rate

# Flags of a sample.
SAMPLE_INVALID = 1
SAMPLE_SATURATED = 2
SAMPLE_GAP = 4
SAMPLE_CONDITION = 0xFF00
"""Bits of a number for the speed and grade that were announced: what matters is whether it changes, and 0 at first."""

# Flags returned by step().
NEW_STEP = 1
NEW_STRIDE = 2
NEW_ALERT = 4
COLD_START = 8

# What the runner is doing, in Out.segment.
SEGMENT_UNKNOWN, SEGMENT_STANDING, SEGMENT_WALKING, SEGMENT_RUNNING = range(4)

# Flags of a step: the reasons behind its quality.
Q_PROVISIONAL = 1  # mounting or side had not settled yet
Q_BRIDGED = 2  # invalid samples were bridged in it
Q_SATURATED = 4
Q_CONTACT_UNSURE = 8  # initial contact or toe-off was not seen clearly
Q_IRREGULAR = 16  # its duration differs from its neighbour's by more than 15 %
Q_SIDE_UNSURE = 32
Q_ATTITUDE = 64  # orientation had not settled yet
Q_NO_IMPACT = 128  # no impact peak before the active one, as with forefoot contact; says nothing of quality


# Alerts: what, and how urgent.
ALERT_DROP, ALERT_ASYMMETRY, ALERT_CLIP_MOVED, ALERT_CLIP_LOOSE = 1, 2, 3, 4
LEVEL_NOTICE, LEVEL_WARNING, LEVEL_STOP = 1, 2, 3

# The stability stage: channels of evidence, and its phases.
CH_LEFT, CH_RIGHT, CH_BOTH, CH_LEFT_OVER_RIGHT, CH_RIGHT_OVER_LEFT = range(5)
CHANNEL_N = 5
PHASE_SETTLING, PHASE_LEARNING, PHASE_WATCHING = range(3)
BLOCK_RING_N = 8  # newest blocks kept, a power of two
B_LEFT, B_RIGHT, B_OBL, B_TILT = range(4)
BLOCK_COLUMNS = 4


@dataclass(frozen=True)
class Field:
    """One member of a struct: its scalar or struct type, shape, unit and meaning."""

    name: str
    type: str
    shape: tuple[int, ...] = ()
    unit: str = ""
    doc: str = ""


@dataclass(frozen=True)
class Struct:
    """A C-layout struct; members may be earlier structs."""

    name: str
    doc: str
    fields: tuple[Field, ...]


def _f(name: str, unit: str, doc: str, *shape: int) -> Field:
    return Field(name, "f4", shape, unit, doc)


def _i(name: str, doc: str, *shape: int) -> Field:
    return Field(name, "i4", shape, "", doc)


def _u(name: str, doc: str, *shape: int) -> Field:
    return Field(name, "u4", shape, "", doc)


def _s(name: str, struct: str, doc: str, *shape: int) -> Field:
    return Field(name, struct, shape, "", doc)


_HEADER = (
    _u("magic", "marks the bytes as this kind of record"),
    _u("layout_hash", "of this table"),
    _u("param_hash", "of the parameters that the record belongs to"),
    _u("bytes_n", "bytes of the whole record"),
)

PARAM_STRUCTS = (
    Struct(
        "InputParams",
        "What the sensor gives and what is believed of a sample.",
        (
            _f("dt_s", "s", "nominal sampling interval"),
            _f("dt_min_s", "s", "shortest interval taken as it is"),
            _f("dt_max_s", "s", "longest interval taken as it is"),
            _f("acc_limit_mps2", "m/s2", "an accelerometer value beyond it is not one"),
            _f("gyr_limit_radps", "rad/s", "a gyroscope value beyond it is not one"),
            _u("bridge_max_n", "invalid samples in a row that are bridged; more of them are a gap"),
            _u("has_gyro", "1 if there is a gyroscope"),
            _u("has_left", "1 if the medio-lateral axis is there"),
            _u("levelled", "1 if the axes are forward, left, up and are taken as level (no attitude)"),
        ),
    ),
    Struct(
        "AttitudeParams",
        "Inclination filter; see kernels/attitude.py for the model.",
        (
            _u("block_n", "samples in one correction block"),
            _f("block_inv", "1", "1 / block_n"),
            _f("gravity_mps2", "m/s2", "standard gravity"),
            _u("init_blocks_n", "blocks whose mean gives the first inclination"),
            _u("start_given", "1 if the first orientation is known"),
            _f("q_start", "1", "world from sensor at the first sample", 4),
            _f("heading_start", "1", "slow forward direction in that world, x and y", 2),
            _f("vertical_start", "", "mean upward force less gravity m/s2, velocity m/s, height m at first", 3),
            _f("start_angle2", "rad2", "variance of its inclination"),
            _f("gyro_noise2", "rad2/s", "variance density of the angle from gyroscope noise"),
            _f("gyro_scale2", "s", "variance density of the angle per squared rate: scale and alignment errors"),
            _f("vel_noise2", "m2/s", "variance density of the pseudo measurement 'the velocity is zero'"),
            _f("vel_motion", "s", "part of the variance of the tracked velocity that is added to it"),
            _f("vel_tau_s", "s", "time constant of that variance"),
            _f("vel_rest2", "m2/s", "the same density at rest"),
            _f("acc_noise2", "m2/s3", "variance density of the velocity from accelerometer noise"),
            _f("bias_walk2", "rad2/s3", "variance density of the gyroscope bias"),
            _f("bias_init2", "rad2/s2", "first variance of the gyroscope bias"),
            _f("bias_rest2", "rad2/s2", "variance of the gyroscope bias after rest"),
            _f("bias_limit_radps", "rad/s", "largest gyroscope bias"),
            _f("bridge_tau_s", "s", "for how long a held value is still nearly right"),
            _f("bridge_rate_radps", "rad/s", "standard error of a rate that is held longer"),
            _f("bridge_acc_mps2", "m/s2", "and of a specific force"),
            _f("vel_init_mps", "m/s", "change of velocity to be expected during initialisation"),
            _f("rest_tau_s", "s", "time constant of the means that rest is judged by"),
            _f("rest_gyr_radps", "rad/s", "rate below which it may be rest"),
            _f("rest_acc_mps2", "m/s2", "deviation of specific force below which it may be rest"),
            _f("rest_hold_s", "s", "how long it must last"),
            _f("frame_tau_s", "s", "time constant of the mean rotation through which bias is observed"),
            _f("heading_tau_s", "s", "time constant of the slow heading, twice in series"),
            _f("vertical_tau_s", "s", "time constant of the leaky integrals behind the vertical position"),
        ),
    ),
    Struct(
        "MountingParams",
        "Sensor to pelvis.",
        (
            _u("given", "1 if the rotation is known and kept"),
            _u("has_standing", "1 if that rotation is levelled to the standing posture"),
            _f("axes", "1", "the known forward, left and up axis of the pelvis in the sensor frame", 9),
            _f("bias_radps", "rad/s", "gyroscope bias to start with, sensor frame", 3),
            _f("stand_cos_min", "1", "standing counts if its up axis is this near to the running mean"),
            _u("stand_min_n", "blocks of rest that make a standing posture"),
            _u("settle_n", "strides after which a causal run keeps its mounting"),
            _u("first_n", "strides after which a first mounting is set"),
            _f("settle_s", "s", "age of the inclination from which strides are learned from"),
            _u("turn_n", "strides in the short means that tell whether the clip was turned"),
            _f("turn_up_cos", "1", "it was, if they put up this far from where it was"),
            _f("turn_heading_rad", "rad", "or forward this far"),
            _f("lean_rad", "rad", "anterior tilt of the mean running posture where the standing one is not known"),
            _f("lean_given_rad", "rad", "the same that the known rotation includes"),
            _f("memory_n", "1", "strides in the running means at most"),
        ),
    ),
    Struct(
        "ContactParams",
        "Steps, events, side and segments.",
        (
            _u("tick_n", "samples in one tick"),
            _f("tick_inv", "1", "1 / tick_n"),
            _f("tick_s", "s", "nominal duration of a tick"),
            _f("tick_centre", "1", "samples from the first of a tick to its centre"),
            _u("slow_half_n", "one-sided length of the step-finding smoother, ticks"),
            _f("slow_taps", "1", "its taps from the centre outwards", SLOW_HALF_MAX + 1),
            _u("fine_half_n", "one-sided length of the event smoother, ticks"),
            _f("fine_taps", "1", "its taps from the centre outwards", FINE_HALF_MAX + 1),
            _u("even_half_n", "one-sided length of the smoother for toe-off, ticks"),
            _f("even_taps", "1", "its taps from the centre outwards", FINE_HALF_MAX + 1),
            _f("slow_tau_s", "s", "time constant with which the last extremes are forgotten"),
            _f("slow_min_g", "g", "least distance of those extremes in which steps are looked for"),
            _f("up_memory_n", "1", "steps in the mean vertical that heights are integrated about, at most"),
            _f("level_tau_s", "s", "time constant of the mean vertical"),
            _f("gravity_mps2", "m/s2", "standard gravity"),
            _f("flight_g", "g", "specific force below which the foot may be off the ground"),
            _f("ic_back_s", "s", "how far before the mid rise initial contact is searched"),
            _f("ic_ahead_s", "s", "and how far after it"),
            _f("ic_lead_s", "s", "from the onset of the drop of forward force, as smoothed, to initial contact"),
            _f("rise_delay_s", "s", "from initial contact to the onset of the steepest rise"),
            _f("lag_start_s", "s", "time from initial contact to mid rise that is expected at first"),
            _f("lag_start_sd_s", "s", "how far from it the first contacts usually are"),
            _f("lag_sd_s", "s", "how far from its mean in the run a contact usually is"),
            _f("lag_memory_n", "1", "contacts in that mean at most"),
            _f("brake_half_s", "s", "longest half of the drop of forward force"),
            _f("brake_min_g", "g", "smallest drop that is one"),
            _f("to_ahead_s", "s", "how far after the mid fall the fall through one body weight is searched"),
            _f("to_fade_share", "1", "of how much later than fade_rest_s the least forward force comes, toe-off does"),
            _f("fade_rest_s", "s", "time from the fall to the least forward force in a half sine"),
            _f("fade_min_s", "s", "shortest such time"),
            _f("fade_max_s", "s", "longest"),
            _f("fade_usual_s", "s", "what is taken where forward is not known"),
            _f("step_min_s", "s", "shortest step"),
            _f("step_max_s", "s", "longest step"),
            _f("step_min_weak_s", "s", "shortest step without a clear flight (half steps of walking are shorter)"),
            _f("step_slow_s", "s", "duration from which a step must be clearer, for it may be walking"),
            _f("step_slow_inv", "1/s", "one over the further time from which on it must be quite clear"),
            _f("swing_g", "g", "first harmonic of the vertical in a step that is clearly running"),
            _f("swing_weak_g", "g", "the least in running"),
            _f("float_g", "g", "least specific force in a step that is clearly running"),
            _f("float_weak_g", "g", "the most that the least specific force may be in running"),
            _f("swing_keep_g", "g", "first harmonic of a step that is running if its neighbours are"),
            _f("float_keep_g", "g", "the most that its least specific force may be"),
            _u("start_n", "running steps in a row that start a segment"),
            _u("resume_n", "running steps in a row that go on with one"),
            _f("end_s", "s", "without a running step for this long a segment ends"),
            _f("walk_rms_mps2", "m/s2", "vertical motion that is walking rather than standing"),
            _f("walk_tau_s", "s", "time constant of that motion"),
            _f("obl_scale_rad", "rad", "obliquity fall that decides a side"),
            _f("rot_scale_rad", "rad", "rotation that decides a side"),
            _f("rot_weight", "1", "weight of rotation beside obliquity"),
            _f("side_keep", "1", "memory of the vote from step to step"),
            _f("side_vote_max", "1", "the vote at most, so that a step lost unnoticed is made up for soon"),
            _f("side_flip", "1", "vote against it that turns the sides over"),
            _f("step_share", "1", "of the newest step in the mean duration"),
        ),
    ),
    Struct(
        "ForceParams",
        "From the clip's acceleration to ground reaction and impact, on the ticks; see kernels/force.py.",
        (
            _u("half_n", "ticks after the one in question that the filters reach to"),
            _u("taps_n", "taps of each filter"),
            _f("up_taps", "1", "of the vertical beside the forward axis, latest tick first", FORCE_TAPS),
            _f("forward_taps", "1", "of the forward axis, about its mean", FORCE_TAPS),
            _f("alone_taps", "1", "of the vertical where forward is not known", FORCE_TAPS),
            _f("edge_inv", "1", "1 / the share of contact over which the force rises from and falls to zero"),
            _f("rate_s", "s", "time after initial contact over which the loading rate is taken"),
            _f("impact_tick_max_s", "s", "longest tick that resolves the bandwidth of the impact"),
            _u("impact_half_n", "one-sided length of the impact smoother, ticks"),
            _f("impact_taps", "1", "its taps from the centre outwards", FINE_HALF_MAX + 1),
            _f("impact_s", "s", "how long after initial contact the impact peak may be"),
            _f("impact_fall_g", "g", "by which the force must fall after it before it rises again"),
            _f("impact_rise_s", "s", "time before it over which its rise is taken"),
        ),
    ),
    Struct(
        "StabilityParams",
        "Baseline and detector of drift; see kernels/stability.py.",
        (
            _u("block_n", "steps of each side in a block"),
            _f("quality_min", "1", "least quality of a step that counts"),
            _f("skip_s", "s", "running after a break that does not count"),
            _f("gap_s", "s", "time between steps that is a break"),
            _f("step_max_rad", "rad", "a step counts at most this far from the level"),
            _f("fast", "1", "share of a new block in the level"),
            _f("lag_s", "s", "by which the level is behind"),
            _f("slow", "1", "share of a new block in the slow level that settling is judged by"),
            _f("settle_rad", "rad", "level and slow level this near to one another are settled"),
            _f("settle_cadence", "1", "the same for cadence, as a share"),
            _u("settle_hold_n", "blocks for which that must hold"),
            _u("settle_max_n", "blocks after which it counts as settled anyway"),
            _u("learn_n", "blocks of the fresh phase"),
            _u("prior_given", "1 if a baseline from earlier runs is known"),
            _f("prior_rad", "rad", "that baseline, left and right", 2),
            _f("prior_n", "1", "its weight in blocks"),
            _f("memory_n", "1", "blocks in the baseline at most once it is learned"),
            _f("keep", "1", "autocorrelation of the level from block to block"),
            _f("common", "1", "share of the other side's change that is taken off"),
            _f("noise_rad", "rad", "expected deviation of a level's unforeseen change in a block"),
            _f("noise_n", "1", "weight of that expectation in blocks"),
            _f("noise_memory_n", "1", "blocks in the learned deviation at most"),
            _f("noise_min_rad", "rad", "the least it is taken for"),
            _f("score_max", "1", "a block's standardised change counts at most this much"),
            _f("allow_slow", "1", "reference value of the CUSUM for slow drifts"),
            _f("allow_quick", "1", "of that for quick ones"),
            _f("limit_slow_inv", "1", "1 / decision limit of the first"),
            _f("limit_quick_inv", "1", "1 / of the second"),
            _f("both", "1", "weight of the evidence for both sides at once"),
            _f("alike", "1", "both sides have changed if one has by this share of the other"),
            _f("notice", "1", "share of the decision limit that is enough for a notice"),
            _f("notice_rad", "rad", "least change that is worth a notice"),
            _f("warning_rad", "rad", "a warning"),
            _f("stop_rad", "rad", "the advice to stop"),
            _f("clear", "1", "a change below this share of its limit is over"),
            _u("clear_n", "after this many blocks below it"),
            _f("rest_s", "s", "least time between two alerts of a level"),
            _f("opposite", "1", "a fall of the other side by this share of the rise is the clip's doing"),
            _f("cadence_prior", "1", "weight against an effect of cadence"),
            _f("cadence_max_rad", "rad", "largest effect of cadence that is taken off"),
            _f("jump_obl_rad", "rad", "jump of mean obliquity that is the clip's doing"),
            _f("jump_tilt_rad", "rad", "of mean tilt"),
            _f("jump_mixed_rad", "rad", "of mean obliquity, if the sides jump against each other too"),
            _f("jump_sides_rad", "rad", "by this much"),
            _f("loose", "1", "fall of regularity that is a loose clip"),
            _u("loose_n", "blocks for which it must last"),
            _u("wait_n", "blocks that make the level after an announced change of speed or grade"),
        ),
    ),
    Struct(
        "Params",
        "All that tunes the kernels, computed on the host in float64 and rounded once.",
        (
            *_HEADER,
            _s("input", "InputParams", ""),
            _s("attitude", "AttitudeParams", ""),
            _s("mounting", "MountingParams", ""),
            _s("contacts", "ContactParams", ""),
            _s("force", "ForceParams", ""),
            _s("stability", "StabilityParams", ""),
        ),
    ),
)

STATE_STRUCTS = (
    Struct(
        "InputState",
        "The last good sample, for bridging.",
        (
            _f("acc_mps2", "m/s2", "sensor frame", 3),
            _f("gyr_radps", "rad/s", "sensor frame", 3),
            _u("invalid_run_n", "invalid samples since"),
            _u("bridged_n", "invalid samples so far"),
            _u("lost_n", "of them those too long after a good one to be bridged"),
            _u("condition", "SAMPLE_CONDITION bits of the last good sample"),
        ),
    ),
    Struct(
        "AttitudeState",
        "Strapdown rotation and what corrects it.",
        (
            _f("q_world_from_sensor", "1", "orientation after this sample", 4),
            _f("bias_radps", "rad/s", "gyroscope bias, sensor frame", 3),
            _f("acc_sum", "m/s2", "specific force summed over the block, world frame", 3),
            _f("acc_raw_sum", "m/s2", "the same in the sensor frame", 3),
            _f("gyr_sum", "rad/s", "rate summed over the block, sensor frame", 3),
            _f("rate2_sum", "rad2/s2", "squared rate summed over the block"),
            _f("dt_sum", "s", "duration of the block so far"),
            _u("block_i", "samples in the block so far"),
            _u("blocks_n", "blocks since the last cold start or gap, saturating"),
            _f("acc_mean", "m/s2", "mean during initialisation, world frame", 3),
            _f("vel_mps", "m/s", "horizontal velocity that gravity does not explain, world frame", 2),
            _f("vel2", "m2/s2", "its running variance"),
            _f("cov", "", "covariance of angle, velocity and bias: aa av ab vv vb bb", 6),
            _f("frame", "1", "slow mean of the first two rows of world-from-sensor", 6),
            _f("rest_acc", "m/s2", "slow mean of the specific force, sensor frame", 3),
            _f("rest_gyr", "rad/s", "slow mean of the rate, sensor frame", 3),
            _f("rest_s", "s", "how long it has been at rest"),
            _f("settled_s", "s", "time since the first inclination"),
            _f("heading", "1", "slow forward direction in the world, two stages of x and y", 4),
            _f("heading_unit", "1", "its direction", 2),
            _f(
                "vertical",
                "",
                "force less gravity, velocity, height; sums over the step of velocity, height, force, time; SI",
                7,
            ),
        ),
    ),
    Struct(
        "MountingState",
        "Sensor to pelvis as known and as being learned.",
        (
            _f("axes", "1", "in use: forward, left and up axis of the pelvis in the sensor frame", 9),
            _f("lean_rad", "rad", "tilt of the axes in use in mean running posture, taken off the tilt"),
            _f("lean_learned_rad", "rad", "the same of the axes learned"),
            _u("phase", "0 none, 1 learning, 2 settled"),
            _u("strides_n", "strides learned from"),
            _f("up_sum", "1", "up axis in the sensor, summed over the ticks of the step", 3),
            _f("up_n", "1", "ticks in that sum"),
            _f("up_run", "1", "mean up axis in running, sensor frame", 3),
            _f("up_stand", "1", "mean up axis in standing, sensor frame", 3),
            _u("stand_n", "blocks of standing in it"),
            _u("has_standing", "1 if the zero of the angles is the standing posture"),
            _f("axis", "1", "doubled-angle mean of the forward axis in the working frame", 2),
            _f("forward", "1", "correlation of horizontal force with vertical velocity, working frame", 2),
            _f("up_now", "1", "mean up axis over the newest strides, sensor frame", 3),
            _f("axis_now", "1", "doubled-angle forward axis over the newest strides", 2),
            _f("forward_now", "1", "force and velocity over the newest strides", 2),
            _u("turned_n", "times that the clip was found turned"),
            _u("turned_i", "sample at which it last was"),
            _f("axes_learned", "1", "the same by all strides so far", 9),
            _u("learned_standing", "1 if those are levelled to the standing posture"),
            _f("pair", "1", "doubled-angle axis of the newest stride", 2),
            _i("known_tick", "tick at which axes came into use"),
        ),
    ),
    Struct(
        "StepRow",
        "One step: from initial contact of one foot to that of the other.",
        (
            _u("index", "steps before it in the session"),
            _u("segment_i", "running segments before it"),
            _i("side", "1 left, -1 right, 0 unknown"),
            _u("ic_i", "sample that initial contact is counted from"),
            _f("ic_frac", "samples", "initial contact after that sample"),
            _u("to_i", "the same for toe-off"),
            _f("to_frac", "samples", ""),
            _u("end_i", "the same for the next initial contact"),
            _f("end_frac", "samples", ""),
            _f("step_time_s", "s", "initial contact to initial contact"),
            _f("regularity", "1", "correlation of the vertical with the step before (step regularity)"),
            _f("stride_regularity", "1", "the same with the step two before (stride regularity)"),
            _f("quality", "1", "0 to 1"),
            _u("reasons", "Q_* behind the quality"),
            _u("valid", "bit k: metric k is known"),
            _f("metrics", "", "see METRICS", METRIC_N),
        ),
    ),
    Struct(
        "PendingStep",
        "A finished step whose side or segment is not yet settled.",
        (
            _s("row", "StepRow", ""),
            _u("parity", "0 or 1, changes with each step"),
            _u("chained", "1 if it follows its predecessor without a break"),
            _f("obl_ic", "rad", "obliquity at initial contact"),
            _f("obl_max", "rad", "highest in stance"),
            _f("obl_min", "rad", "lowest in stance"),
            _f("obl_mean", "rad", "mean over the stride"),
        ),
    ),
    Struct(
        "Instant",
        "A moment on the tick axis.",
        (
            _i("tick", "whole ticks"),
            _f("frac", "ticks", "and its fraction, 0 to 1"),
            _u("clear", "1 if the force crossed its threshold there"),
        ),
    ),
    Struct(
        "ContactState",
        "Tick accumulators, the ring and the step finder.",
        (
            _f("sums", "", "of the ring's columns over the tick", RING_COLUMNS),
            _u("tick_i", "samples in the tick so far"),
            _f("tick_sum_s", "s", "their duration"),
            _f("tick_s", "s", "mean duration of a tick"),
            _i("ticks_n", "ticks since the last cold start or gap"),
            _u("origin_i", "sample index of the first of those ticks"),
            _f("level_off_mps2", "m/s2", "slow mean of the vertical, less gravity (float32 resolves it better so)"),
            _f("motion2", "m2/s4", "running variance of the vertical, each part limited"),
            _u("slow_high", "1 between a rise and a fall of the slow signal"),
            _f("slow_last", "m/s2", "the slow signal one tick before"),
            _f("slow_max", "m/s2", "its last maximum"),
            _f("slow_min", "m/s2", "its last minimum"),
            _i("rise_tick", "tick of the last mid rise, -1 for none"),
            _i("fall_tick", "tick of the mid fall after it, -1 for none"),
            _f("lag_s", "s", "mean time from initial contact to mid rise in this running segment"),
            _u("lag_n", "contacts in that mean"),
            _f("swing_mps2", "m/s2", "first harmonic of the vertical between the last two mid rises"),
            _f("crest", "ticks", "and its crest, after the first of them"),
            _s("ic", "Instant", "last initial contact"),
            _s("to", "Instant", "toe-off after it"),
            _s("next", "Instant", "initial contact after that"),
            _u("good_n", "running steps in a row"),
            _f("since_good_s", "s", "time since the last that is running by itself"),
            _u("running", "1 in a running segment"),
            _u("segment_i", "segments so far"),
            _u("steps_n", "steps emitted so far"),
            _u("parity", "of the newest step"),
            _f("vote", "1", "side of parity 0: positive left"),
            _i("side_zero", "decided side of parity 0"),
            _u("side_sure", "1 if a clear vote decided it"),
            _f("step_last_s", "s", "duration of the last running step"),
            _f("step_mean_s", "s", "running mean of it"),
            _i("good_tick", "tick of the mid rise that ended it"),
            _u("bridged_last_n", "bridged samples up to the last initial contact"),
            _u("saturated_n", "saturated samples so far"),
            _u("saturated_last_n", "the same up to the last initial contact"),
            _f("fall_last_s", "s", "from the last step's fall through body weight to its end"),
            _f("up_off_mps2", "m/s2", "mean vertical of the running steps less gravity, by which heights are closed"),
            _u("up_off_n", "steps in it"),
            _f("up_last", "m/s, m", "the last step's gain of velocity and height, from rest and about gravity", 2),
            _f("obl_last", "rad", "mean obliquity of the last step"),
            _u("obl_last_ok", "1 if that step was the one before"),
            _f("phase", "", "this step, resampled", PHASE_N, PHASE_COLUMNS),
            _f("phase_last", "", "the running step before it", PHASE_N, PHASE_COLUMNS),
            _f("rot_mean", "rad", "mean rotation over this step"),
            _f("rot_mean_last", "rad", "and over the one before it"),
            _f("phase_up_2", "m/s2", "vertical of the one before that", PHASE_N),
            _u("phase_n", "how many of those two are there"),
            _u("force_due", "what the newest waiting step still lacks: 2 force and impact, 1 impact"),
            _u("force_slot", "its place in the queue"),
            _s("force_ic", "Instant", "its initial contact"),
            _f("force_toe", "ticks", "its toe-off after that tick"),
            _f("force_forward", "m/s2", "mean forward force over it"),
            _u("force_known", "1 if forward is known"),
            _u("queue_n", "steps waiting"),
            _u("sure_n", "of them, from the oldest, those that are running for sure"),
            _u("queue_i", "the oldest of them"),
            _s("queue", "PendingStep", "ring of waiting steps", QUEUE_N),
            _s("last", "StepRow", "the step emitted last, for the stride"),
            _f("ring", "", "newest ticks", RING_N, RING_COLUMNS),
        ),
    ),
    Struct(
        "StabilityState",
        "The runner's own baseline in this run, and the evidence of drift from it. Pairs are left, right.",
        (
            _u("phase", "PHASE_*"),
            _u("blocks_n", "blocks in this phase"),
            _u("hold_n", "blocks for which the level has been settled"),
            _u("seen", "1 once there was a step"),
            _u("segment_i", "running segment of the last step"),
            _u("end_i", "sample at which it ended"),
            _f("skip_s", "s", "running still to be left out"),
            _u("turned_n", "mounting's count of turned clips as last seen"),
            _f("peaks", "rad", "sums of the block's obliquity peaks", 2),
            _u("n", "steps in it", 2),
            _f("means", "", "sums over it: obliquity, tilt (rad), step time (s), regularity", 4),
            _u("start_i", "sample at which it began"),
            _f("ring", "rad", "newest blocks: left, right, obliquity, tilt", BLOCK_RING_N, BLOCK_COLUMNS),
            _u("ring_n", "blocks in it since the last known jump, saturating"),
            _u("ring_i", "row of the next one"),
            _f("level", "rad", "fast mean of the peaks", 2),
            _f("slow", "rad", "slow mean of them", 2),
            _f("step_s", "s", "fast mean of step time"),
            _f("step_slow_s", "s", "slow mean of it"),
            _f("baseline", "rad", "", 2),
            _f("weight_n", "1", "blocks in it", 2),
            _f("change_last", "rad", "level less baseline one block before", 2),
            _f("noise2", "rad2", "sum of squares of unforeseen change in each channel", CHANNEL_N),
            _f("noise_n", "1", "blocks in it"),
            _f("quick", "1", "CUSUM for quick drifts", CHANNEL_N),
            _f("slow_sum", "1", "CUSUM for slow drifts", CHANNEL_N),
            _u("quick_i", "sample at which it last left zero", CHANNEL_N),
            _u("slow_i", "the same of the other", CHANNEL_N),
            _f("regularity", "1", "fast mean"),
            _f("regular", "1", "its baseline"),
            _u("irregular_n", "blocks for which it has been lower"),
            _u("loose", "1 while the clip seems loose"),
            _f("step_ref_s", "s", "mean step time of the fresh phase"),
            _f("cadence_sum", "", "fresh phase: sums of step time squared, and times the peaks", 2),
            _f("cadence_rad", "rad", "what a relative change of step time changes the peaks by"),
            _u("active", "level of the alert that is on", CHANNEL_N),
            _u("below_n", "blocks for which it has been over", CHANNEL_N),
            _u("alerted_i", "sample of the last alert of each level", 4),
            _u("alerted", "bit k: there was one of level k"),
            _u("condition", "that is announced now"),
            _u("fresh_condition", "in which the baseline was learned"),
            _u("wait_n", "blocks still to come of the level after a change of it"),
            _f("offset", "rad", "what changes of it have moved the baseline by", 2),
        ),
    ),
    Struct(
        "State",
        "All that changes. Plain bytes: a copy is a checkpoint.",
        (
            *_HEADER,
            _u("sample_n", "samples taken so far, modulo 2**32"),
            _s("input", "InputState", ""),
            _s("attitude", "AttitudeState", ""),
            _s("mounting", "MountingState", ""),
            _s("contacts", "ContactState", ""),
            _s("stability", "StabilityState", ""),
        ),
    ),
)

IO_STRUCTS = (
    Struct(
        "Sample",
        "One reading of the sensor.",
        (
            _f("acc_mps2", "m/s2", "specific force, sensor frame", 3),
            _f("gyr_radps", "rad/s", "rate, sensor frame", 3),
            _f("dt_s", "s", "time since the sample before"),
            _u("marks", "SAMPLE_*"),
        ),
    ),
    Struct(
        "Course",
        "Where the stability stage stands. Pairs are left, right.",
        (
            _u("phase", "PHASE_*"),
            _f("level", "rad", "", 2),
            _f("baseline", "rad", "", 2),
            _f("evidence", "1", "share of the decision limit", CHANNEL_N),
        ),
    ),
    Struct(
        "StrideRow",
        "One stride: from initial contact of one foot to the next of the same.",
        (
            _u("index", "index of its second step"),
            _u("segment_i", "running segments before it"),
            _i("side", "of the foot that starts and ends it"),
            _u("ic_i", "sample that its start is counted from"),
            _f("ic_frac", "samples", ""),
            _u("end_i", "sample that its end is counted from"),
            _f("end_frac", "samples", ""),
            _f("stride_time_s", "s", ""),
            _f("step_regularity", "1", ""),
            _f("stride_regularity", "1", ""),
            _f("quality", "1", "the lower of its two steps'"),
            _u("reasons", "of both steps"),
            _u("valid", "bit k: metric k is known for both steps"),
            _f("metrics", "", "mean of its two steps", METRIC_N),
            _f("left_minus_right", "", "left step less right step", METRIC_N),
            _s("course", "Course", "of hip stability after it"),
        ),
    ),
    Struct(
        "Signal",
        "Orientation and levelled motion at one sample.",
        (
            _f("q_world_from_sensor", "1", "w first", 4),
            _f("tilt_rad", "rad", "anterior positive"),
            _f("obliquity_rad", "rad", "left side up positive"),
            _f("rotation_rad", "rad", "to the left positive, about the slow heading"),
            _f("vertical_m", "m", "upward, about its mean"),
            _f("acc_level_mps2", "m/s2", "specific force forward, left, up; level, along the slow heading", 3),
            _u("segment", "SEGMENT_*"),
            _u("settled", "bit 0: the inclination is known, bit 1: the mounting too"),
        ),
    ),
    Struct(
        "Alert",
        "What the runner should know.",
        (
            _u("kind", "ALERT_*"),
            _i("side", "1 left, -1 right, 0 both or neither"),
            _u("level", "LEVEL_*"),
            _u("at_i", "sample of the step that gave rise to it"),
            _u("onset_i", "sample at which the change is thought to have begun"),
            _f("value", "rad", "level now"),
            _f("baseline", "rad", "the runner's own in this run"),
            _f("change", "rad", "value less baseline"),
            _f("error", "rad", "standard error of the change"),
        ),
    ),
    Struct(
        "Out",
        "What one step of the kernel gives.",
        (
            _s("signal", "Signal", "of this sample"),
            _s("step", "StepRow", "valid when NEW_STEP is returned"),
            _s("stride", "StrideRow", "valid when NEW_STRIDE is returned"),
            _s("alert", "Alert", "valid when NEW_ALERT is returned"),
        ),
    ),
)

STRUCTS: tuple[Struct, ...] = (*PARAM_STRUCTS, *STATE_STRUCTS, *IO_STRUCTS)


def _dtypes() -> dict[str, np.dtype[np.void]]:
    known: dict[str, np.dtype] = dict(SCALARS)
    for struct in STRUCTS:
        known[struct.name] = np.dtype([(f.name, known[f.type], f.shape) for f in struct.fields], align=True)
    return {s.name: known[s.name] for s in STRUCTS}


DTYPES = _dtypes()
"""Structured dtypes by struct name, C layout, no padding."""


def _layout_hash() -> int:
    text = ";".join(f"{s.name}:" + ",".join(f"{f.name}/{f.type}/{f.shape}/{f.unit}" for f in s.fields) for s in STRUCTS)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


LAYOUT_HASH = _layout_hash()
"""uint32 that changes whenever a name, type, shape or unit of the table does."""

SIZE_STATE = DTYPES["State"].itemsize
SIZE_PARAMS = DTYPES["Params"].itemsize

"""The clip's own C code in the simulated world: its flash, its sensor and its store are emulated, it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from trendel.errors import LinkError
from trendel.links.sim.faults import Faults
from trendel.links.sim.groups import ClipStore
from trendel.links.sim.outlet import Outlet
from trendel.links.sim.source import Measured
from trendel.wire.image_format import Version
from trendel.wire.layout import IMU_SAMPLES_MAX

_LEAD_S = 0.06  # from the first subscription to the recording's first sample: the sensor starts
_RESTED_S = 400.0  # a clip takes five minutes without a step for the end of a run
_SMALL_SECTORS = 24
_BATTERY_MV = (3300, 4150)  # empty and full


class ClipCode(ClipStore, Protocol):
    """A clip without its radio: bytes in and bytes out, times in seconds of the world."""

    @property
    def end_s(self) -> float:
        """When what its sensor measures ends."""

    @property
    def advertised(self) -> int | None:
        """The alert in its advertising data (0: none); None while it is not to be found."""

    def advance(self, now_s: float) -> None:
        """Let time pass: it samples, computes, logs and sends."""

    def pump(self) -> int:
        """Send again what was refused; how many packets still wait."""

    def host(self, *, connected: bool, subscribed: bool, payload_n: int) -> None:
        """What became of the host; `payload_n`: bytes that a packet may have."""

    def restart(self, *, orderly: bool, firmware: Version, power_lost: bool = False) -> None:
        """Reset; `orderly`: one that was asked for, before which all that waits is committed. `firmware`: that runs."""

    def close(self) -> None:
        """Give memory back."""


MakeCode = Callable[[Measured, Faults, str, Outlet], ClipCode]
"""Makes a clip's code: what its sensor measures, its name, and where its packets go."""


class CClip:
    """device/core, compiled for this computer, by trendel_core. See ClipCode."""

    def __init__(self, measured: Measured, faults: Faults, name: str, outlet: Outlet) -> None:
        try:
            from trendel_core.clip import POWER_ON, SOFTWARE, WATCHDOG, SettingRefusedError, SimulatedClip
        except ImportError:
            raise LinkError("The simulated clip is device/core: run from a checkout (make venv).") from None
        from trendel.wire.settings import encode_setting

        self._reasons, self._power_on = (WATCHDOG, SOFTWARE), POWER_ON
        self._refused = SettingRefusedError
        counts = measured.samples.view(np.int16).reshape(-1, 6)
        sectors = _SMALL_SECTORS if faults.full_log else 512
        self._clip = SimulatedClip(counts, measured.rate_hz, clock_ppm=faults.drift_ppm, sectors=sectors)
        empty, full = _BATTERY_MV
        self._clip.battery = (faults.battery_percent, round(empty + (full - empty) * faults.battery_percent / 100))
        self._clip.setting_set("trendel/name", encode_setting("name", name=name.encode()))
        self._outlet = outlet
        self._us_per_s = 1e6 + faults.drift_ppm  # its crystal's microseconds in a second of the world
        self._begun, self._end_s, self._before_us = False, math.inf, 0
        if faults.alone:
            self._run_alone(measured.seconds)
        self._tail_s = (IMU_SAMPLES_MAX + 1) / measured.rate_hz

    def _run_alone(self, seconds: float) -> None:
        """The whole recording, then rest until the clip has seen that the run is over."""
        self._clip.advance(round(_LEAD_S * 1e6))
        self._clip.play()
        self._clip.advance(round((_LEAD_S + seconds + _RESTED_S) * 1e6))
        self._before_us, self._begun, self._end_s = self._clip.now_us, True, _LEAD_S

    @property
    def end_s(self) -> float:
        """See ClipCode: when the block with the last sample is full."""
        return self._end_s

    @property
    def advertised(self) -> int | None:
        """See ClipCode."""
        outputs = self._clip.outputs
        if not outputs or outputs[-1].advertising or self._outlet.connected:
            return outputs[-1].advertised if outputs else 0
        return None

    def advance(self, now_s: float) -> None:
        """See ClipCode."""
        self._clip.budget = self._outlet.room_n
        if not self._begun and now_s >= _LEAD_S:
            self._begun = True
            self._clip.advance(round(_LEAD_S * 1e6))
            self._clip.play()
        self._clip.advance(self._before_us + math.floor(now_s * self._us_per_s))
        if math.isinf(self._end_s) and self._begun and self._clip.played_n == self._clip.rows_n:
            self._end_s = now_s + self._tail_s
        self._hand_over()

    def pump(self) -> int:
        """See ClipCode."""
        self._clip.budget = self._outlet.room_n
        waiting_n = self._clip.pump()
        self._hand_over()
        return waiting_n

    def host(self, *, connected: bool, subscribed: bool, payload_n: int) -> None:
        """See ClipCode."""
        self._clip.budget = self._outlet.room_n
        if connected:
            self._clip.connect(payload_n + 3)
            self._clip.subscribe(subscribed)
        else:
            self._clip.disconnect()
        self._hand_over()

    def restart(self, *, orderly: bool, firmware: Version, power_lost: bool = False) -> None:
        """See ClipCode."""
        if orderly:
            self._clip.flush()
        major, minor, revision, build = (min(part, 255) for part in firmware)
        self._clip.set_firmware((major, minor, revision, build))
        self._clip.reboot(self._power_on if power_lost else self._reasons[orderly])

    def close(self) -> None:
        """See ClipCode."""
        self._clip.close()

    def read_setting(self, key: str) -> tuple[int, bytes]:
        """See ClipStore."""
        try:
            return 0, self._clip.setting_get(key)
        except self._refused as refused:
            return refused.code, b""

    def write_setting(self, key: str, value: bytes) -> int:
        """See ClipStore."""
        try:
            self._clip.setting_set(key, value)
        except self._refused as refused:
            return refused.code
        return 0

    def delete_setting(self, key: str) -> int:
        """See ClipStore."""
        try:
            self._clip.setting_delete(key)
        except self._refused as refused:
            return refused.code
        return 0

    def file_size(self, path: str) -> int | None:
        """See ClipStore."""
        try:
            return self._clip.file_bytes(path)
        except FileNotFoundError:
            return None

    def read_file(self, path: str, offset: int, n: int) -> bytes:
        """See ClipStore."""
        return self._clip.read_file(path, offset, n)

    def _hand_over(self) -> None:
        for sent in self._clip.take_sent():
            self._outlet.send(sent.raw)

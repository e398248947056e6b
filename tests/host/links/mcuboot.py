"""Firmware images and keys of who signs them, for tests."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trendel.links.sim.practice import practice_image


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def made_image(
    version: tuple[int, int, int, int], body_n: int = 3000, key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """An image that names no board, as older builds make it."""
    return practice_image(version, body_n, key, board=None)

"""`trendel clip practice`: a signed image without a program, to learn flashing with on the simulated clip."""

from __future__ import annotations

from pathlib import Path

from trendel.errors import FirmwareError, ParameterError, reason


def write_practice(out: Path, version: str, size: int, board: int, key: Path | None, *, broken: bool) -> None:
    """Write the image, and beside it the key that it is signed with where `key` names none. Raises TrendelError."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise FirmwareError("Signing needs cryptography: pip install 'trendel[flash]'.") from None
    from trendel.links.sim.practice import practice_image

    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or max(map(int, parts[:2])) > 255:
        raise ParameterError(f"--version {version[:40]}: give three numbers such as 1.2.0, the first two up to 255.")
    path = out.with_suffix(".key.pem") if key is None else key
    made = False
    try:
        if path.exists():
            loaded = serialization.load_pem_private_key(path.read_bytes(), None)
        else:
            loaded, made = ec.generate_private_key(ec.SECP256R1()), True
            form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            path.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, *form))
            path.chmod(0o600)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or not isinstance(loaded.curve, ec.SECP256R1):
            raise FirmwareError(f"{path} is no ECDSA P-256 key.")
        public = path.with_name(path.name.removesuffix(".pem").removesuffix(".key") + ".pub.pem")
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        public.write_bytes(loaded.public_key().public_bytes(serialization.Encoding.PEM, spki))
        major, minor, revision = map(int, parts)
        out.write_bytes(
            practice_image((major, minor, min(revision, 65535), 0), size, loaded, board=board, broken=broken)
        )
    except OSError as error:
        raise FirmwareError(f"{error.filename}: {reason(error)}.") from None
    except (ValueError, TypeError):
        raise FirmwareError(f"{path} is no private key in PEM.") from None
    print(f"{out}: version {version}, {out.stat().st_size:,} bytes, for board {board}, without a program.")
    print(f"Signed by {path}{', made now' if made else ''}; its public half is {public} (simulate --key, flash --key).")

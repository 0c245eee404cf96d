"""Keeping a secret where others may read, with nothing but a secret that the settings hold anyway."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BYTES = 32


class Seal:
    """Seals texts with a key made from `secret`, which has to be one that cannot be guessed, such as a token.

    There is no key to manage: who has the secret can open what was sealed with it, nobody else can, and what an
    earlier secret has sealed is out of reach.
    """

    def __init__(self, secret: str) -> None:
        self.fingerprint = _derived(secret, b"okrsync fingerprint").hex()
        """What the secret is known by; the secret cannot be found from it, nor can the key."""
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret, b"okrsync seal")))

    def close(self, text: str) -> str:
        """Return `text`, sealed."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Return what `close` was given, or None where it was under another seal or was tampered with."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose).derive(secret.encode())

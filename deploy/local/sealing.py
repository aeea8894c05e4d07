"""The secrets of a backup: in a file that only we may read, or behind a passphrase."""

import base64
import json
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from deploy.local.words import Failed

PLAIN, SEALED = "plain", "sealed"
PLAIN_FILE, SEALED_FILE = "secrets.json", "secrets.sealed"
SALT = 16
WORK = 2**15  # scrypt's n: a tenth of a second here, and 32 MB for each guess elsewhere


def write(folder: Path, secrets: dict[str, str]) -> str:
    """Put the secrets into the backup. → "sealed" when LINLI_BACKUP_PASSPHRASE is set, else "plain"."""
    passphrase, text = os.environ.get("LINLI_BACKUP_PASSPHRASE"), json.dumps(secrets).encode()
    path = folder / (SEALED_FILE if passphrase else PLAIN_FILE)
    path.touch(mode=0o600)
    if passphrase:
        salt = os.urandom(SALT)
        text = salt + _key(passphrase, salt).encrypt(text)
    path.write_bytes(text)
    return SEALED if passphrase else PLAIN


def read(folder: Path) -> dict[str, str]:
    """The secrets of a backup by name. Raises Failed without the right passphrase."""
    if (folder / PLAIN_FILE).exists():
        return json.loads((folder / PLAIN_FILE).read_text())
    passphrase = os.environ.get("LINLI_BACKUP_PASSPHRASE")
    if not passphrase:
        raise Failed(
            "its secrets are sealed: set LINLI_BACKUP_PASSPHRASE.", "密钥已加密：请设置 LINLI_BACKUP_PASSPHRASE。"
        )
    sealed = (folder / SEALED_FILE).read_bytes()
    try:
        return json.loads(_key(passphrase, sealed[:SALT]).decrypt(sealed[SALT:]))
    except InvalidToken:
        raise Failed(
            "this LINLI_BACKUP_PASSPHRASE does not open its secrets.",
            "LINLI_BACKUP_PASSPHRASE 不正确，无法打开其密钥。",
        ) from None


def _key(passphrase: str, salt: bytes) -> Fernet:
    derived = Scrypt(salt=salt, length=32, n=WORK, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(derived))

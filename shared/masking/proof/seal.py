"""Keys of one clone, derived from the masking key, and what is sealed and signed with them."""

import hashlib
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Seal:
    """Seals the hashes of a clone's originals (AES-GCM). Another clone or key opens none of it."""

    def __init__(self, key: bytes, clone: str) -> None:
        self.spelling_key = derived(key, f"spelling {clone}")
        self.canary_key = derived(key, f"canaries {clone}")
        sealing_key = derived(key, f"originals {clone}")
        self.id = hashlib.sha256(b"id " + sealing_key).hexdigest()[:16]
        """Tells whether something was sealed with this key, and nothing about the key."""
        self._cipher = AESGCM(sealing_key)

    def close(self, content: bytes) -> bytes:
        """Encrypt and authenticate."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; raises InvalidTag when it is not what was sealed."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)


class Signer:
    """Signs certificates (Ed25519). The key pair follows from the masking key of the estate."""

    def __init__(self, key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(derived(key, "certificate"))

    @property
    def public_key(self) -> str:
        """In hexadecimal: whoever has it can check certificates, and do nothing else."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, content: bytes) -> str:
        """The signature in hexadecimal."""
        return self._key.sign(content).hex()


def is_signed(content: bytes, signature: str, public_key: str) -> bool:
    """Whether the owner of the public key signed exactly this content."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def derived(key: bytes, use: str) -> bytes:
    """A key of 32 bytes for one use; it tells nothing about the other uses' keys."""
    return HKDF(SHA256(), 32, None, f"signalbox {use}".encode()).derive(key)

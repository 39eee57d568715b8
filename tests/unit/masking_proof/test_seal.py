"""What is sealed and signed can only be opened and signed with the key."""

import pytest

from shared.masking.proof.seal import Seal, Signer, is_signed


def test_what_one_clone_sealed_another_cannot_open() -> None:
    one, other = Seal(b"one key, long enough", "run-1"), Seal(b"one key, long enough", "run-2")

    sealed = one.close(b"hashes")

    assert one.open(sealed) == b"hashes"
    assert one.id != other.id
    assert one.spelling_key != other.spelling_key
    assert one.canary_key != other.canary_key
    with pytest.raises(Exception, match=r"^$"):
        other.open(sealed)


def test_a_signature_is_of_one_content_and_one_key() -> None:
    signer, other = Signer(b"one key, long enough"), Signer(b"another key, long")

    signature = signer.sign(b"content")

    assert is_signed(b"content", signature, signer.public_key)
    assert not is_signed(b"contents", signature, signer.public_key)
    assert not is_signed(b"content", signature, other.public_key)
    assert not is_signed(b"content", "no signature", signer.public_key)

"""Proof that a copy is ours: anyone who uploads can set metadata, but not sign them (docs/adr/016).

A copy carries claims in its metadata (whose copy it is, and what else its mover noted) and a proof of them,
made with the installation's secret. The proof holds for one key of one bucket and one size only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

PROOF = "sluice-proof"  # the name in an object's metadata
DIGITS = 32


def signed(claims: Mapping[str, str], secret: str, place: str, size: int) -> dict[str, str]:
    """Return `claims` with their proof, as the metadata of a copy of `size` bytes at `place`."""
    names = " ".join(sorted(claims))
    return {**claims, PROOF: f"{_digest(claims, secret, place, size)} {names}"}


def read_claims(metadata: Mapping[str, str], secret: str, place: str, size: int) -> dict[str, str]:
    """Return the claims that were signed with the secret for this place and size; of any others none."""
    digest, _, names = metadata.get(PROOF, "").partition(" ")
    claims = {name: metadata.get(name, "") for name in names.split()}
    expected = _digest(claims, secret, place, size)
    return claims if hmac.compare_digest(digest.encode(), expected.encode()) else {}


def _digest(claims: Mapping[str, str], secret: str, place: str, size: int) -> str:
    words = {
        name: " ".join(value.split()) for name, value in claims.items()
    }  # HTTP trims what surrounds a value
    text = json.dumps([place, size, words], sort_keys=True)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:DIGITS]

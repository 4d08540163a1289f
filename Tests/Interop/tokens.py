"""Looks into tokens, and makes such as a verifier must refuse."""

import base64
import json

PARTS = ["header", "payload", "signature"]


def flip_one_bit(token: str, part: str) -> str:
    """The token with one bit flipped in that part, such that it stays well-formed: only the signature gives it away."""
    segments = token.split(".")
    index = PARTS.index(part)
    octets = bytearray(decode_base64url(segments[index]))
    if part == "header":
        # Another key id. It stays JSON: no base64url character is one bit from a quote or a backslash.
        position = octets.index(header(token)["kid"].encode())
    elif part == "payload":
        # Another second of expiry: the lowest bit of a digit makes another digit.
        member = f'"exp":{claims(token)["exp"]}'.encode()
        position = octets.index(member) + len(member) - 1
    else:
        position = len(octets) // 2
    octets[position] ^= 1
    segments[index] = encode_base64url(octets)
    return ".".join(segments)


def header(token: str) -> dict:
    return json.loads(decode_base64url(token.split(".")[0]))


def claims(token: str) -> dict:
    return json.loads(decode_base64url(token.split(".")[1]))


def decode_base64url(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def encode_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

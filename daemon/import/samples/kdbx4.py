"""Writes KDBX 4: Argon2id, AES-256-CBC, gzip, blocks with their HMACs."""

import gzip
import hashlib
import hmac
import struct

from Crypto.Cipher import ChaCha20

import seal
from accounts import stream


def database(xml, password, kib=8192, rounds=2, lanes=4):
    """Returns a database with this content."""
    master_seed, salt, iv = stream("kdbx4 master", 32), stream("kdbx4 salt", 32), stream("kdbx4 iv", 16)
    derivation = variants(
        [
            (0x42, "$UUID", bytes.fromhex("9e298b1956db4773b23dfc3ec6f0a1e6")),
            (0x42, "S", salt),
            (0x04, "P", struct.pack("<I", lanes)),
            (0x05, "M", struct.pack("<Q", kib * 1024)),
            (0x05, "I", struct.pack("<Q", rounds)),
            (0x04, "V", struct.pack("<I", 0x13)),
        ]
    )
    fields = [
        (2, bytes.fromhex("31c1f2e6bf714350be5805216afc5aff")),
        (3, struct.pack("<I", 1)),
        (4, master_seed),
        (7, iv),
        (11, derivation),
        (0, b"\r\n\r\n"),
    ]
    head = bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 0, 4)
    head += b"".join(struct.pack("<BI", number, len(value)) + value for number, value in fields)
    composite = hashlib.sha256(hashlib.sha256(password.encode()).digest()).digest()
    key = seal.hash_secret_raw(composite, salt, rounds, kib, lanes, 32, seal.Type.ID, 19)
    mac_key = hashlib.sha512(master_seed + key + b"\x01").digest()

    def mac(number, data):
        own = hashlib.sha512(struct.pack("<Q", number) + mac_key).digest()
        return hmac.new(own, data, "sha256").digest()

    inner = inner_field(1, struct.pack("<I", 3)) + inner_field(2, stream("kdbx4 inner", 64)) + inner_field(0, b"")
    sealed = seal.cbc(hashlib.sha256(master_seed + key).digest(), iv, gzip.compress(inner + xml, mtime=0))
    blocks = b""
    for number, block in enumerate([sealed, b""]):
        size = struct.pack("<I", len(block))
        blocks += mac(number, struct.pack("<Q", number) + size + block) + size + block
    return head + hashlib.sha256(head).digest() + mac(2**64 - 1, head) + blocks


def stream_of_values():
    """Returns the cipher that hides values, one after the other."""
    key = hashlib.sha512(stream("kdbx4 inner", 64)).digest()
    return ChaCha20.new(key=key[:32], nonce=key[32:44])


def inner_field(number, value):
    return struct.pack("<BI", number, len(value)) + value


def variants(values):
    """Returns a dictionary of typed values."""
    out = struct.pack("<H", 0x0100)
    for kind, name, value in values:
        out += struct.pack("<BI", kind, len(name)) + name.encode() + struct.pack("<I", len(value)) + value
    return out + b"\0"

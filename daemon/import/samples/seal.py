"""Encryption and packing for the samples, each as its program does it, with salts that are the same each time."""

import gzip
import hashlib
import io
import struct
import zipfile
import zlib

from argon2.low_level import Type, hash_secret_raw
from Crypto.Cipher import AES, Salsa20

from accounts import stream


def argon2id(password, salt, kib, rounds, lanes, length=32):
    return hash_secret_raw(password.encode(), salt, rounds, kib, lanes, length, Type.ID, 19)


def pbkdf2(name, password, salt, rounds, length=32):
    return hashlib.pbkdf2_hmac(name, password.encode(), salt, rounds, length)


def gcm(key, nonce, data, aad=b""):
    """Returns ciphertext and tag."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=16)
    cipher.update(aad)
    sealed, tag = cipher.encrypt_and_digest(data)
    return sealed, tag


def cbc(key, iv, data):
    padding = 16 - len(data) % 16
    return AES.new(key, AES.MODE_CBC, iv=iv).encrypt(data + bytes([padding]) * padding)


def zip_plain(members):
    """Returns a zip of (name, bytes), all of one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_crypto(name, data, password):
    """Returns a zip with one file, encrypted by the old ZipCrypto (APPNOTE 6.1), which Python only reads."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value, byte):
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte):
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    def encrypt(byte):
        mask = (keys[2] | 2) & 0xFFFF
        sealed = byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF)
        update(byte)
        return sealed

    for byte in password.encode():
        update(byte)
    sum32 = zlib.crc32(data)
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezed.compress(data) + squeezed.flush()
    head = stream(f"zip {name}", 11) + bytes([sum32 >> 24])
    sealed = bytes(encrypt(byte) for byte in head + packed)
    shared = struct.pack("<HHHHHIIIHH", 20, 1, 8, 0, 0x5821, sum32, len(sealed), len(data), len(name), 0)
    local = b"PK\3\4" + shared + name.encode() + sealed
    central = b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def zip_aes(name, data, password):
    """Returns a zip with one file under WinZip's AES (AE-2, 256 bits), stored."""
    salt = stream(f"zip aes {name}", 16)
    keys = pbkdf2("sha1", password, salt, 1000, 66)
    sealed = b""
    # Its counter is little-endian, which the library's own mode counts in.
    cipher = AES.new(keys[:32], AES.MODE_ECB)
    for number, at in enumerate(range(0, len(data), 16), 1):
        mask = cipher.encrypt(number.to_bytes(16, "little"))
        sealed += bytes(byte ^ other for byte, other in zip(data[at : at + 16], mask))
    import hmac

    body = salt + keys[64:66] + sealed + hmac.new(keys[32:64], sealed, "sha1").digest()[:10]
    field = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 0)
    shared = struct.pack("<HHHHHIIIHH", 51, 1, 99, 0, 0x5821, 0, len(body), len(data), len(name), len(field))
    local = b"PK\3\4" + shared + name.encode() + field + body
    central = b"PK\1\2" + struct.pack("<H", 51) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode() + field
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def kdbx3_stream_of_values():
    """Returns the cipher that hides values, one after the other."""
    key = hashlib.sha256(stream("kdbx stream", 32)).digest()
    return Salsa20.new(key=key, nonce=bytes.fromhex("e830094b97205d2a"))


def kdbx3(xml, password, rounds=6000):
    """Returns a KDBX 3.1 database: AES-KDF, AES-256-CBC, gzip, hashed blocks."""
    master_seed, transform_seed, iv, stream_key, start = (
        stream(f"kdbx {name}", length)
        for name, length in [("master", 32), ("transform", 32), ("iv", 16), ("stream", 32), ("start", 32)]
    )
    fields = [
        (2, bytes.fromhex("31c1f2e6bf714350be5805216afc5aff")),
        (3, struct.pack("<I", 1)),
        (4, master_seed),
        (5, transform_seed),
        (6, struct.pack("<Q", rounds)),
        (7, iv),
        (8, stream_key),
        (9, start),
        (10, struct.pack("<I", 2)),
        (0, b"\r\n\r\n"),
    ]
    head = bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 1, 3)
    head += b"".join(struct.pack("<BH", number, len(value)) + value for number, value in fields)
    key = hashlib.sha256(hashlib.sha256(password.encode()).digest()).digest()
    cipher = AES.new(transform_seed, AES.MODE_ECB)
    for _ in range(rounds):
        key = cipher.encrypt(key)
    key = hashlib.sha256(master_seed + hashlib.sha256(key).digest()).digest()
    packed = gzip.compress(xml, mtime=0)
    blocks = struct.pack("<I", 0) + hashlib.sha256(packed).digest() + struct.pack("<I", len(packed)) + packed
    blocks += struct.pack("<I", 1) + bytes(32) + struct.pack("<I", 0)
    return head + cbc(key, iv, start + blocks)

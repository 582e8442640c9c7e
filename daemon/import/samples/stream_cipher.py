"""libsodium's secretstream with XChaCha20 and Poly1305: one message, and no other. PyNaCl would take another nonce each time."""

import struct

from Crypto.Cipher import ChaCha20

MESSAGE, FINAL = b"\x00", b"\x03"


def push(key, header, message, tag=FINAL):
    """Returns the only message of a stream, sealed."""
    subkey, nonce = hchacha20(key, header[:16]), struct.pack("<I", 1) + header[16:]
    mac_key = keystream(subkey, nonce, 0, bytes(64))[:32]
    block = keystream(subkey, nonce, 1, tag + bytes(63))
    sealed = keystream(subkey, nonce, 2, message)
    # The padding is of libsodium's own count, which its authors call a mistake that stays.
    padding = bytes((0x10 - 64 + len(message)) & 0xF)
    mac = poly1305(mac_key, block + sealed + padding + struct.pack("<QQ", 0, 64 + len(message)))
    return block[:1] + sealed + mac


def keystream(key, nonce, block, data):
    cipher = ChaCha20.new(key=key, nonce=nonce)
    cipher.seek(64 * block)
    return cipher.encrypt(data)


def hchacha20(key, nonce):
    words = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))

    def rotated(value, by):
        return (value << by | value >> 32 - by) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            words[x] = (words[x] + words[y]) & 0xFFFFFFFF
            words[z] = rotated(words[z] ^ words[x], by)

    for _ in range(10):
        for column in [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]:
            quarter(*column)
    return struct.pack("<8I", *words[:4], *words[12:])


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) & (2**128 - 1)).to_bytes(16, "little")

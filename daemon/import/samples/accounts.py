"""The accounts of the samples, and what a reader must make of them.

Nothing of it is anybody's: every key is a hash of the words "countersign sample" and a number. The codes are computed here,
by the published algorithms, not by the program that is tested.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace

TIME = 1_700_000_000


def stream(name, length):
    """Returns bytes that look random and are the same each time: salts, nonces, keys."""
    blocks = (hashlib.sha256(f"countersign sample {name} {number}".encode()).digest() for number in range(length // 32 + 1))
    return b"".join(blocks)[:length]


@dataclass(frozen=True)
class Account:
    """An account; period and counter are those of its kind."""

    kind: str
    issuer: str
    name: str
    key: bytes
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30
    counter: int = 0
    pin: str = ""
    extra: dict = field(default_factory=dict, hash=False)

    @property
    def base32(self):
        return base64.b32encode(self.key).decode().rstrip("=")

    @property
    def hex(self):
        """The key of mOTP as it is hashed."""
        return self.key.hex()

    def but(self, **changes):
        return replace(self, **changes)

    def uri(self, label=None, more=""):
        from urllib.parse import quote

        label = f"{quote(self.issuer, safe='')}:{quote(self.name, safe='')}" if label is None else label
        if self.kind == "motp":
            return f"motp://{label}?secret={self.hex}{more}"
        if self.kind == "yandex":
            return f"otpauth://yaotp/{label}?secret={self.base32}&issuer={quote(self.issuer, safe='')}{more}"
        kind = "hotp" if self.kind == "hotp" else "totp"
        tail = f"&counter={self.counter}" if self.kind == "hotp" else f"&period={self.period}"
        if self.kind == "steam":
            tail += "&encoder=steam"
        issuer = f"&issuer={quote(self.issuer, safe='')}" if self.issuer else ""
        return f"otpauth://{kind}/{label}?secret={self.base32}{issuer}&algorithm={self.algorithm}&digits={self.digits}{tail}{more}"

    def expected(self):
        """The entry of the schema otp-fixture/1."""
        entry = {
            "type": self.kind,
            "issuer": self.issuer,
            "account": self.name,
            "algorithm": self.algorithm,
            "digits": self.digits,
            "period": None if self.kind == "hotp" else self.period,
            "counter": self.counter if self.kind == "hotp" else None,
            "secret": self.base32,
            "secret_hex": self.key.hex(),
        }
        extra = dict(self.extra)
        if self.kind == "motp":
            entry["secret_text"] = self.hex
        if self.pin:
            extra["pin"] = self.pin
        if extra:
            entry["extra"] = extra
        code = self.code()
        if code:
            entry["code_at_counter" if self.kind == "hotp" else "code_at_1700000000"] = code
        return entry

    def code(self):
        if self.kind == "motp":
            text = f"{TIME // 10}{self.hex}{self.pin}"
            return hashlib.md5(text.encode()).hexdigest()[:6] if self.pin else ""
        if self.kind == "yandex":
            return yandex(self.key, self.pin) if self.pin else ""
        factor = self.counter if self.kind == "hotp" else TIME // self.period
        mac = hmac.new(self.key, factor.to_bytes(8, "big"), self.algorithm.lower()).digest()
        offset = mac[-1] & 15
        value = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
        if self.kind == "steam":
            letters = "23456789BCDFGHJKMNPQRTVWXY"
            code = ""
            for _ in range(5):
                value, rest = divmod(value, 26)
                code += letters[rest]
            return code
        return f"{value % 10**self.digits:0{self.digits}d}"


def yandex(key, pin):
    hashed = hashlib.sha256(pin.encode() + key[:16]).digest()
    hashed = hashed[1:] if hashed[0] == 0 else hashed
    mac = hmac.new(hashed, (TIME // 30).to_bytes(8, "big"), "sha256").digest()
    offset = mac[-1] & 15
    value = (int.from_bytes(mac[offset : offset + 8], "big") & (2**63 - 1)) % 26**8
    letters = ""
    for _ in range(8):
        value, rest = divmod(value, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def key(number, length=20):
    return stream(f"key {number}", length)


MAIL = Account("totp", "Example Mail", "alice@example.com", key(1))
SHOP = Account("totp", "Shop", "bob", key(2), "SHA256", 8, 60)
FORGE = Account("totp", "Forge", "carol", key(3, 32), "SHA512", 7, 20)
DOOR = Account("hotp", "Door", "dave", key(4), counter=7)
STEAM = Account("steam", "Steam", "erin", key(5), digits=5)
TOKEN = Account("motp", "Token", "frank", key(6, 8), "MD5", 6, 10, pin="1234")
YANDEX = Account("yandex", "Yandex", "grace", key(7, 16), "SHA256", 8, 30, pin="4321")
WIDE = Account("totp", "Größe & <Co>", "你好 \"x\"", key(8))

SIMPLE = [MAIL, SHOP, FORGE, WIDE]
PASSWORD = "correct horse ü"


def expectation(format_name, file, entries, skipped=(), password=None, peer="own", basis=None, outcome="ok"):
    return {
        "schema": "otp-fixture/1",
        "fixture": file,
        "format": format_name,
        "peer": peer,
        "password": password,
        "outcome": outcome,
        "basis": basis or "written by make.py from the format's description; codes by accounts.py",
        "entries": [entry.expected() for entry in entries],
        "skipped": [{"name": name, "reason": reason} for name, reason in skipped],
    }


def dumps(value, indent=1):
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()

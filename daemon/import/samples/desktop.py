#!/usr/bin/env python3
"""Writes the samples of programs on desktops and of our own, beside those of make.py.

usage: desktop.py [--age]     needs pycryptodome, argon2-cffi and pynacl (PyPI), sqlcipher (Debian's, 3.4), openssl

SQLCipher's file is another each time. --age also makes those that age seals, which are too.
libsodium seals Keysmith's keys, SQLCipher makes Authenticator Plus' database, OpenSSL reads the extension's secrets again; the
rest is written from the descriptions, and OTPClient's own otpclient-cli 3.1.4 has read its version 1 (under an ASCII password).
Files that nothing marks have no NAME.expected.json: tests/companions.rs says what is in them.
"""

import base64
import hashlib
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile

import nacl.pwhash
import nacl.secret
from Crypto.Cipher import ChaCha20_Poly1305

import seal
import stream_cipher
from accounts import DOOR, FORGE, MAIL, PASSWORD, SHOP, SIMPLE, STEAM, WIDE, dumps, expectation, key, stream

HERE = pathlib.Path(__file__).parent


def write(folder, name, data, entries, skipped=(), password=None, basis=None):
    place = HERE / folder
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    basis = basis or "written by desktop.py from the format's description; codes by accounts.py"
    expected = expectation(folder, name, entries, skipped, password, basis=basis)
    (place / f"{name}.expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n")


def unmarked(name, data):
    """Files that nothing tells from others that are encrypted from their first byte on."""
    (HERE / "unmarked").mkdir(exist_ok=True)
    (HERE / "unmarked" / name).write_bytes(data)


def b64(data):
    return base64.b64encode(data).decode()


# OTPClient: a list, sealed with all of the header authenticated.


def otpclient_list():
    def token(one):
        kind = {"totp": "TOTP", "hotp": "HOTP", "steam": "TOTP"}[one.kind]
        more = {"counter": one.counter} if kind == "HOTP" else {"period": one.period}
        names = {"type": kind, "label": one.name, "issuer": one.issuer, "digits": one.digits, "algo": one.algorithm}
        return names | {"secret": one.base32} | more

    return json.dumps([token(one) for one in [*SIMPLE, DOOR, STEAM]]).encode()


def otpclient(version, password=PASSWORD.encode()):
    nonce, salt, costs = stream("otpclient nonce", 16), stream("otpclient salt", 32), (4, 8192, 4)
    if version == 1:
        # As many bytes as the password has characters.
        made = hashlib.pbkdf2_hmac("sha512", password[: len(password.decode())], salt, 100_000, 32)
        head = nonce + salt
    else:
        made = seal.hash_secret_raw(password, salt, *costs, 32, seal.Type.ID, 19)
        order = "<9s3xi16s32siii" if version == 2 else ">9si16s32siii"
        head = struct.pack(order, b"OTPClient", version, nonce, salt, *costs)
    sealed, tag = seal.gcm(made, nonce, otpclient_list(), head)
    return head + sealed + tag


# The extension: CryptoJS' way with passphrases, which is that of OpenSSL's `enc`.


def salted(passphrase, data, name):
    salt, made, last = stream(f"extension {name}", 8), b"", b""
    while len(made) < 48:
        last = hashlib.md5(last + passphrase + salt).digest()
        made += last
    sealed = b"Salted__" + salt + seal.cbc(made[:32], made[32:48], data)
    command = ["openssl", "enc", "-d", "-aes-256-cbc", "-md", "md5", "-pass", f"pass:{passphrase.decode()}"]
    read = subprocess.run(command, input=sealed, capture_output=True, check=True)
    assert read.stdout == data
    return b64(sealed)


def extension_entry(number, one, **more):
    entry = {"encrypted": False, "hash": f"00000000-0000-4000-8000-00000000000{number}", "index": number}
    entry |= {"type": one.kind, "secret": one.base32, "issuer": one.issuer, "account": one.name}
    if one.kind == "hotp":
        entry["counter"] = one.counter
    if one.kind == "totp" and one.period != 30:
        entry["period"] = one.period
    if one.digits != 6 and one.kind != "steam":
        entry["digits"] = one.digits
    if one.algorithm != "SHA1":
        entry["algorithm"] = one.algorithm
    return entry | {"dataType": "OTPStorage"} | more


HEX = MAIL.but(issuer="In hex", key=key(21, 10))
COUNTED_HEX = DOOR.but(issuer="Counted in hex", key=key(22, 10))
BATTLE = MAIL.but(issuer="Battle", digits=8, key=key(23))
EXTENSION = [*SIMPLE, DOOR, STEAM, HEX, COUNTED_HEX, BATTLE]


def extension_entries():
    special = {HEX: {"type": "hex", "secret": HEX.hex}, COUNTED_HEX: {"type": "hhex", "secret": COUNTED_HEX.hex}}
    special[BATTLE] = {"type": "battle"}
    entries = [extension_entry(number, one, **special.get(one, {})) for number, one in enumerate(EXTENSION)]
    gost = extension_entry(9, MAIL.but(issuer="Gost"), algorithm="GOST3411_2012_256")
    return [*entries, gost]


def extension():
    entries = extension_entries()
    skipped = [("Gost", "GOST R 34.11-2012")]
    write("authenticator-extension", "plain.json", dumps({one["hash"]: one for one in entries}), EXTENSION, skipped)

    def derived(secret, salt):
        return base64.b64encode(seal.argon2id(secret, salt, 19 * 1024, 2, 1)).decode().rstrip("=")

    salt, salt_of_hash = stream("extension key", 8).hex(), stream("extension hash", 16)
    made = derived(PASSWORD, salt.encode())
    proof = base64.b64encode(salt_of_hash).decode().rstrip("=")
    hashed = f"$argon2id$v=19$m=19456,t=2,p=1${proof}${derived(made, salt_of_hash)}"
    name = "7c0a4c5e-0000-4000-8000-000000000000"
    backup = {name: {"dataType": "Key", "id": name, "salt": salt, "hash": hashed, "version": 3}}
    for one in entries:
        data = salted(made.encode(), json.dumps(one).encode(), one["hash"])
        backup[one["hash"]] = {"dataType": "EncOTPStorage", "keyId": name, "data": data, "index": one["index"]}
    write("authenticator-extension", "argon2.json", dumps(backup), EXTENSION, skipped, PASSWORD)

    # Before version 8: a key of its own under the passphrase; only the secrets are sealed.
    own = stream("extension old key", 60)
    old = {one["hash"]: one | {"encrypted": True, "secret": salted(own.hex().encode(), one["secret"].encode(), one["hash"])} for one in entries}
    old |= {"key": {"enc": salted(PASSWORD.encode(), own, "enc"), "hash": "unused"}}
    write("authenticator-extension", "old-key.json", dumps(old), EXTENSION, skipped, PASSWORD)
    first = {one["hash"]: one | {"encrypted": True, "secret": salted(PASSWORD.encode(), one["secret"].encode(), one["hash"])} for one in entries}
    write("authenticator-extension", "oldest.json", dumps(first), EXTENSION, skipped, PASSWORD)


# Keysmith: libsodium's own functions.


def keysmith(algorithm):
    salt, nonce = stream("keysmith salt", 16), stream("keysmith nonce", 24)
    derive = {1: nacl.pwhash.argon2i.kdf, 2: nacl.pwhash.argon2id.kdf}[algorithm]
    cpu, memory = {1: (3, 8 << 20), 2: (1, 8 << 20)}[algorithm]
    box = nacl.secret.SecretBox(derive(32, PASSWORD.encode(), salt, opslimit=cpu, memlimit=memory))

    def sealed(data):
        return b64(box.encrypt(data, nonce).ciphertext)

    lines = ["[master-key]", f"algorithm={algorithm}", f'challenge="{sealed(b"challenge")}"', f"cpu={cpu}", "length=32"]
    lines += [f"memory={memory}", f'nonce="{b64(nonce)}"', f'salt="{b64(salt)}"', ""]
    for number, one in enumerate([MAIL, SHOP, FORGE, DOOR]):
        lines += [f"[%7B00000000-0000-4000-8000-00000000000{number}%7D]", f"account={one.name}"]
        if one.kind == "hotp":
            lines += ["checksum=false", f"counter={one.counter}"]
        else:
            lines += ["epoch=1970-01-01T00:00:00.000Z", f"hash={one.algorithm.capitalize()}"]
        lines += [f"issuer={one.issuer}", f'nonce="{b64(nonce)}"', f"pinLength={one.digits}", f'secret="{sealed(one.key)}"']
        lines += ([] if one.kind == "hotp" else [f"timeStep={one.period}"]) + [f"type={one.kind}", ""]
    return "\n".join(lines).encode()


# The rest.


def gnome():
    def entry(one):
        names = {"secret": one.base32, "label": one.name, "digits": one.digits, "type": one.kind.upper()}
        return names | {"algorithm": one.algorithm, "thumbnail": "", "last_used": 0, "tags": [one.issuer], "period": one.period}

    write("gnome-authenticator", "authenticator.json", dumps([entry(one) for one in SIMPLE]), SIMPLE)


def cotp():
    def element(one):
        names = {"secret": one.base32, "issuer": one.issuer, "label": one.name, "digits": one.digits, "type": one.kind.upper()}
        counter = one.counter if one.kind == "hotp" else None
        return names | {"algorithm": one.algorithm, "period": one.period, "counter": counter, "pin": None}

    entries = [*SIMPLE, DOOR, STEAM]
    text = json.dumps({"version": 2, "elements": [element(one) for one in entries]}).encode()
    salt, nonce = stream("cotp salt", 16), stream("cotp nonce", 24)
    cipher = ChaCha20_Poly1305.new(key=seal.argon2id(PASSWORD, salt, 32_768, 4, 4), nonce=nonce)
    sealed = b"".join(cipher.encrypt_and_digest(text))
    database = {"version": 1, "nonce": b64(nonce), "salt": b64(salt), "cipher": b64(sealed)}
    write("cotp", "db.cotp", json.dumps(database).encode(), entries, password=PASSWORD)

    # Of 2021.
    old = {"thumbnail": "Default", "last_used": 0, "used_frequency": 0, "tags": ["Work"]}
    entries = [one.but(extra={"tags": ["Work"]}) for one in [*SIMPLE, DOOR]]
    text = json.dumps([{name: value for name, value in element(one).items() if name != "pin"} | old for one in entries]).encode()
    salt, header = stream("old cotp salt", 16), stream("old cotp header", 24)
    sealed = stream_cipher.push(seal.argon2id(PASSWORD, salt, 65_536, 2, 1), header, text, stream_cipher.MESSAGE)
    database = "|".join(map(b64, [b"\xc1\x0a\x4b\xed", salt, header, sealed]))
    write("cotp", "db-2021.cotp", database.encode(), entries, password=PASSWORD)


def stratum_html():
    rows = ""
    for one in [*SIMPLE, DOOR, STEAM]:
        rows += f"<tr>\n<td>{one.issuer}</td>\n<td>{one.name}</td>\n<td><code>{one.uri()}</code></td>\n"
        rows += '<td><img src="data:image/png;base64,iVBORw0KGgo="></td>\n</tr>\n'
    page = f'<!doctype html>\n<html>\n<head><meta charset="utf-8"><title>Stratum Backup</title></head>\n<body>\n<table>{rows}</table>\n</body>\n</html>'
    write("stratum-html", "backup.html", page.encode(), [*SIMPLE, DOOR, STEAM])


def authenticator_plus():
    battle = MAIL.but(issuer="Battle.net", digits=8, key=key(24))
    entries = [MAIL, MAIL.but(issuer="Other", key=key(25)), DOOR, battle]

    def quoted(text):
        return "'" + str(text).replace("'", "''") + "'"

    script = f"PRAGMA key = {quoted(PASSWORD)};\nCREATE TABLE category (name TEXT);\n"
    script += "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, email TEXT, secret TEXT, counter INTEGER, type INTEGER, issuer TEXT, original_name TEXT, category TEXT);\n"
    for one in entries:
        kind = 2 if one is battle else 1 if one.kind == "hotp" else 0
        secret = one.hex if one is battle else one.base32
        values = [one.name, secret, one.counter, kind, one.issuer, one.name, "All Accounts"]
        script += f"INSERT INTO accounts VALUES (NULL, {', '.join(map(quoted, values))});\n"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "authplus.db"
        subprocess.run(["sqlcipher", path], input=script.encode(), check=True, capture_output=True)
        data = path.read_bytes()
    unmarked("authplus.db", data)


def steam_encrypted():
    """Two files by Steam Desktop Authenticator's way, one by that of steamguard-cli; the password is PASSWORD."""
    place = HERE / "steam/encrypted"
    place.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, name in enumerate(["erin", "heidi", "ivan"], 1):
        text = json.dumps({"shared_secret": b64(key(30 + number)), "account_name": name, "uri": "otpauth://totp/Steam:x?secret=ASDF"})
        salt, iv = stream(f"steam salt {number}", 16 if number == 3 else 8), stream(f"steam iv {number}", 16)
        entry = {"filename": f"{number}.maFile", "steamid": number}
        if number == 3:
            made = seal.argon2id(PASSWORD, salt, 12 * 1024, 3, 12)
            entry["encryption"] = {"scheme": "Argon2idAes256", "iv": b64(iv), "salt": b64(salt)}
        else:
            made = seal.pbkdf2("sha1", PASSWORD, salt, 50_000)
            entry |= {"encryption_iv": b64(iv), "encryption_salt": b64(salt)}
        entries.append(entry)
        one = STEAM.but(issuer="Steam", name=name, key=key(30 + number))
        data = b64(seal.cbc(made, iv, text.encode())).encode()
        write("steam", f"encrypted/{number}.maFile", data, [one], password=PASSWORD)
    (place / "manifest.json").write_bytes(dumps({"encrypted": True, "entries": entries}))


def own():
    def entry(one, **more):
        form = {"algorithm": one.algorithm, "digits": one.digits} if one.kind in ("totp", "hotp") else {}
        form |= {"period": one.period} if one.kind == "totp" else {"counter": one.counter} if one.kind == "hotp" else {}
        return {"type": one.kind, "issuer": one.issuer, "name": one.name} | form | {"secret": one.base32} | more

    entries = [entry(one) for one in [*SIMPLE, STEAM]] + [entry(DOOR, trashed=True, note="by the door", tags=["home"], pinned=True)]
    export = {"countersign-export": 1, "exported": 1_700_000_000, "accounts": entries}
    write("countersign-json", "export.json", dumps(export), [*SIMPLE, STEAM, DOOR])
    if "--age" in sys.argv:
        basis = "age itself sealed it"
        for name, options in [("backup.age", []), ("backup.txt", ["--armor"])]:
            sealed = with_age(dumps(export), *options)
            write("countersign-backup", name, sealed, [*SIMPLE, STEAM, DOOR], password=PASSWORD, basis=basis)


def password_store():
    """What pass and gopass keep, a line each as the command line hands it over."""
    texts = {
        "web/example.com/alice": f"hush\n{MAIL.uri()}\nurl: https://example.com\n",
        "web/shop": f"hush\ntotp: {SHOP.base32}\n",
        "work/Door/dave": f"hush\n---\nlogin: dave\n{DOOR.uri(label='dave').replace('&issuer=Door', '')}\n",
        "plain": "hush\n",
        "notes/wifi": "nothing\nat all\n",
    }
    lines = "".join(json.dumps({"name": name, "text": text}, ensure_ascii=False) + "\n" for name, text in texts.items())
    bare = SHOP.but(issuer="web", name="shop", algorithm="SHA1", digits=6, period=30)
    mail, door = MAIL.but(extra={"groups": ["web"]}), DOOR.but(extra={"groups": ["work"]})
    write("pass", "store.jsonl", lines.encode(), [mail, bare, door])


def with_age(data, *options):
    """Has age itself seal something by passphrase: on a terminal of its own, since it asks nowhere else."""
    with tempfile.TemporaryDirectory() as folder:
        plain, sealed = pathlib.Path(folder) / "plain", pathlib.Path(folder) / "sealed"
        plain.write_bytes(data)
        child, terminal = pty.fork()
        if child == 0:
            os.execvp("age", ["age", "-p", *options, "-o", str(sealed), str(plain)])
        for _ in range(2):
            shown = b""
            while not shown.endswith(b": "):
                shown += os.read(terminal, 1024)
            os.write(terminal, PASSWORD.encode() + b"\n")
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        return sealed.read_bytes()


def main():
    unmarked("otpclient-1.enc", otpclient(1))
    for version in (2, 3):
        write("otpclient", f"version-{version}.enc", otpclient(version), [*SIMPLE, DOOR, STEAM], password=PASSWORD)
    # For a time version 2 cut the password short as well.
    cut = PASSWORD.encode()[: len(PASSWORD)]
    write("otpclient", "version-2-cut.enc", otpclient(2, cut), [*SIMPLE, DOOR, STEAM], password=PASSWORD)
    extension()
    for algorithm in (1, 2):
        write("keysmith", f"algorithm-{algorithm}.conf", keysmith(algorithm), [MAIL, SHOP, FORGE, DOOR], password=PASSWORD, basis="libsodium sealed it, by desktop.py; codes by accounts.py")
    gnome()
    cotp()
    stratum_html()
    authenticator_plus()
    steam_encrypted()
    own()
    password_store()


if __name__ == "__main__":
    main()

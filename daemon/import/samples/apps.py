"""Samples of authenticator apps: phones' exports and databases."""

import base64
import hashlib
import json
import struct
from html import escape
from urllib.parse import quote

import seal
import stream_cipher
from accounts import DOOR, FORGE, MAIL, PASSWORD, SHOP, SIMPLE, STEAM, TOKEN, WIDE, YANDEX, dumps, expectation, key, stream

TEXT = {"SHA1": "SHA1", "SHA256": "SHA256", "SHA512": "SHA512", "MD5": "MD5"}


def b64(data):
    return base64.b64encode(data).decode()


def samples(database):
    """Yields (folder, name, bytes, expectation)."""
    for maker in [aegis, andotp, authenticator_plus, authy, battlenet, cotp, duo, ente, freeotp, freeotp2, lastpass]:
        yield from maker()
    for maker in [google, microsoft, stratum]:
        yield from maker(database)
    for maker in [proton_authenticator, raivo, steam, totp_authenticator, twofas, uris, winauth]:
        yield from maker()


def sample(folder, name, data, entries, skipped=(), password=None, **more):
    return folder, name, data, expectation(folder, name, entries, skipped, password, **more)


# Aegis


def aegis_entry(account, version):
    info = {"secret": account.base32, "algo": account.algorithm, "digits": account.digits}
    info.update({"counter": account.counter} if account.kind == "hotp" else {"period": account.period})
    if account.pin:
        info["pin"] = account.pin
    entry = {
        "type": account.kind,
        "uuid": stream(f"uuid {account.name}", 16).hex(),
        "name": account.name,
        "issuer": account.issuer,
        "icon": None,
        "info": info,
    }
    groups = account.extra.get("groups", [])
    if version >= 3:
        entry |= {"note": account.extra.get("note", ""), "favorite": account.extra.get("favorite", False)}
        entry["groups"] = [stream(f"group {name}", 16).hex() for name in groups]
    elif version == 2:
        entry |= {"note": account.extra.get("note", ""), "group": groups[0] if groups else None}
    return entry


def aegis():
    groups = ["Work", "Café"]
    mail = MAIL.but(extra={"groups": groups, "note": "two\nlines", "favorite": True})
    whole = [mail, SHOP, FORGE, DOOR, STEAM, TOKEN, YANDEX, WIDE.but(extra={"groups": [], "favorite": False})]
    one_group = [MAIL.but(extra={"groups": ["Work"], "note": "n"}), SHOP, DOOR, WIDE]

    def db(version, entries):
        made = {"version": version, "entries": [aegis_entry(entry, version) for entry in entries]}
        if version >= 3:
            made["groups"] = [{"uuid": stream(f"group {name}", 16).hex(), "name": name} for name in groups]
        return made

    plain = {"slots": None, "params": None}
    for version, entries in [(1, [MAIL, SHOP, DOOR]), (2, one_group), (3, whole)]:
        data = dumps({"version": 1, "header": plain, "db": db(version, entries)})
        yield sample("aegis", f"database-{version}.json", data, entries)
    master = stream("aegis master", 32)
    slots = [{"type": 2, "uuid": "0", "key": "00", "key_params": {"nonce": "00", "tag": "00"}}]
    for number, password in enumerate(["another", PASSWORD]):
        salt, nonce = stream(f"aegis salt {number}", 32), stream(f"aegis nonce {number}", 12)
        derived = hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1, dklen=32, maxmem=64 << 20)
        sealed, tag = seal.gcm(derived, nonce, master)
        slot = {"type": 1, "uuid": str(number), "key": sealed.hex(), "n": 16384, "r": 8, "p": 1, "salt": salt.hex()}
        slots.append(slot | {"key_params": {"nonce": nonce.hex(), "tag": tag.hex()}, "repaired": True, "is_backup": number == 0})
    nonce = stream("aegis db", 12)
    sealed, tag = seal.gcm(master, nonce, dumps(db(3, whole)))
    header = {"slots": slots, "params": {"nonce": nonce.hex(), "tag": tag.hex()}}
    yield sample("aegis", "encrypted.json", dumps({"version": 1, "header": header, "db": b64(sealed)}), whole, password=PASSWORD)
    broken = aegis_entry(MAIL.but(name="none"), 3)
    broken["info"]["digits"] = 0
    data = dumps({"version": 1, "header": plain, "db": db(3, [SHOP]) | {"entries": [broken, aegis_entry(SHOP, 3)]}})
    yield sample("aegis", "one-broken.json", data, [SHOP], [("Example Mail", "digits 0")])


# andOTP


def andotp_entry(account):
    secret = base64.b32encode(account.key).decode()
    entry = {
        "secret": secret,
        "issuer": account.issuer,
        "label": account.name,
        "digits": account.digits,
        "type": account.kind.upper(),
        "algorithm": account.algorithm,
        "thumbnail": "Default",
        "last_used": 0,
        "used_frequency": account.extra.get("uses", 0),
        "tags": account.extra.get("groups", []),
    }
    return entry | ({"counter": account.counter} if account.kind == "hotp" else {"period": account.period})


def andotp():
    entries = [MAIL.but(extra={"groups": ["Work", "Mail"], "uses": 12}), SHOP, FORGE, DOOR, STEAM, WIDE]
    data = dumps([andotp_entry(entry) for entry in entries])
    yield sample("andotp", "plain.json", data, entries)
    old = []
    for entry in [MAIL, SHOP]:
        made = andotp_entry(entry)
        made["label"] = f"{made.pop('issuer')} - {entry.name}"
        old.append(made)
    yield sample("andotp", "without-issuer.json", dumps(old), [MAIL, SHOP])
    salt, nonce = stream("andotp salt", 12), stream("andotp nonce", 12)
    sealed, tag = seal.gcm(seal.pbkdf2("sha1", PASSWORD, salt, 20_000), nonce, data)
    head = struct.pack(">I", 20_000) + salt + nonce
    yield sample("andotp", "encrypted.json.aes", head + sealed + tag, entries, password=PASSWORD)
    sealed, tag = seal.gcm(hashlib.sha256(PASSWORD.encode()).digest(), nonce, data)
    yield sample("andotp", "encrypted-old.json.aes", nonce + sealed + tag, entries, password=PASSWORD)


# Authenticator Plus, Authy, Battle.net, cotp, Duo


def authenticator_plus():
    entries = [MAIL, SHOP, FORGE, DOOR, WIDE]
    lines = "".join(f"{entry.uri()}\n" for entry in entries).encode()
    yield sample("authenticator-plus", "authplus.zip", seal.zip_crypto("Accounts.txt", lines, "plus"), entries, password="plus")


def prefs(strings):
    """Returns Android's shared preferences."""
    lines = "".join(f'    <string name="{name}">{escape(text)}</string>\n' for name, text in strings)
    return f"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<map>\n{lines}</map>\n".encode()


def authy():
    name, own_name = "com.authy.storage.tokens.authenticator.key", "com.authy.storage.tokens.authy.key"

    def token(account, secret):
        made = {"digits": account.digits, "originalName": f"{account.issuer}:{account.name}", "name": f"{account.issuer}: {account.name}"}
        return made | {"originalIssuer": account.issuer} | secret

    entries = [MAIL, WIDE, MAIL.but(issuer="Eight", name="henry", digits=8, key=key(20))]
    plain = [token(entry, {"decryptedSecret": entry.base32}) for entry in entries]
    own = MAIL.but(issuer="Authy", name="Authy's own", digits=7, period=10, key=key(21, 16))
    strings = [(name, json.dumps(plain)), (own_name, json.dumps([{"name": own.name, "secretSeed": own.key.hex(), "digits": 7}]))]
    yield sample("authy", "plain.xml", prefs(strings), [*entries, own])
    for rounds in (1000, 100_000):
        sealed = []
        for number, entry in enumerate(entries):
            salt = stream(f"authy {number}", 16).hex()
            box = seal.cbc(seal.pbkdf2("sha1", PASSWORD, salt.encode(), rounds), bytes(16), entry.base32.encode())
            sealed.append(token(entry, {"encryptedSecret": b64(box), "salt": salt}))
        data = prefs([(name, json.dumps(sealed))])
        yield sample("authy", f"encrypted-{rounds}.xml", data, entries, password=PASSWORD)


MASK = bytes.fromhex(
    "398e27fc50276a656065b0e525f4c06c04c61075286b8e7aeda59da9813b5dd6c80d2fb38068773fa59ba47c17ca6c6479015c1d5b8b8f6b9a"
)


def battlenet():
    def masked(text):
        return bytes(byte ^ mask for byte, mask in zip(text.encode(), MASK)).hex()

    serial = "EU-2401-0203-0405"
    account = MAIL.but(issuer="Battle.net", name=serial, digits=8)
    new = prefs(
        [
            ("com.blizzard.messenger.AUTHENTICATOR_DEVICE_SECRET", masked(account.key.hex())),
            ("com.blizzard.messenger.AUTHENTICATOR_SERIAL", masked(serial)),
        ]
    )
    yield sample("battlenet", "messenger.xml", new, [account])
    old = prefs([("com.blizzard.bma.AUTH_STORE.HASH", masked(account.key.hex() + serial))])
    yield sample("battlenet", "authenticator.xml", old, [account])


def cotp():
    def element(account):
        secret = account.hex if account.kind == "motp" else account.base32
        made = {"secret": secret, "issuer": account.issuer, "label": account.name, "digits": account.digits}
        made |= {"type": account.kind.upper(), "algorithm": account.algorithm.replace("MD5", "SHA1"), "thumbnail": ""}
        return made | {"last_used": 0, "period": account.period, "counter": account.counter, "pin": account.pin or None}

    entries = [MAIL, SHOP, FORGE, DOOR, STEAM, TOKEN, WIDE]
    data = dumps({"version": 2, "elements": [element(entry) for entry in entries]})
    yield sample("cotp", "exported.cotp.json", data, entries)


def duo():
    def one(account):
        otp = {"otpSecret": account.base32} | ({"counter": account.counter} if account.kind == "hotp" else {})
        return {"version": 1.0, "accountType": "OtpAccount", "name": account.name, "otpGenerator": otp, "pkey": "0"}

    entries = [MAIL.but(issuer=""), DOOR.but(issuer="")]
    push = {"accountType": "DuoAccount", "name": "The company", "pkey": "1"}
    yield sample("duo", "accounts.json", dumps([one(entry) for entry in entries] + [push]), entries, [("The company", "push")])


# Ente


def ente():
    display = {"pinned": True, "trashed": False, "lastUsedAt": 0, "tapCount": 3, "tags": ["Work", "Mail"], "note": "a & b"}
    trash = {"pinned": False, "trashed": True, "lastUsedAt": 0, "tapCount": 0, "tags": [], "note": ""}

    def line(account, own):
        return account.uri(more=f"&codeDisplay={quote(json.dumps(own), safe='')}")

    mail = MAIL.but(extra={"favorite": True, "trashed": False, "uses": 3, "tags": ["Work", "Mail"], "note": "a & b"})
    gone = SHOP.but(extra={"favorite": False, "trashed": True, "note": "", "tags": []})
    entries = [mail, gone, DOOR, WIDE]
    lines = [line(mail, display), line(gone, trash), DOOR.uri(), WIDE.uri()]
    text = "\n".join(lines).encode()
    salt, header, memory, rounds = stream("ente salt", 16), stream("ente header", 24), 8 << 20, 2
    derived = seal.argon2id(PASSWORD, salt, memory // 1024, rounds, 1)
    outer = {"version": 1, "kdfParams": {"memLimit": memory, "opsLimit": rounds, "salt": b64(salt)}}
    outer |= {"encryptedData": b64(stream_cipher.push(derived, header, text)), "encryptionNonce": b64(header)}
    yield sample("ente", "encrypted.txt", dumps(outer, None), entries, password=PASSWORD)
    yield sample("uris", "ente-plain.txt", text + b"\n", entries)


# FreeOTP


def signed(data):
    return [byte - 256 if byte > 127 else byte for byte in data]


def free_token(account, with_key=True):
    made = {"algo": account.algorithm, "digits": account.digits, "issuerExt": account.issuer, "issuerInt": account.issuer}
    made |= {"label": account.name, "period": account.period, "counter": account.counter, "type": "HOTP" if account.kind == "hotp" else "TOTP"}
    return made | ({"secret": signed(account.key)} if with_key else {})


def freeotp():
    entries = [MAIL, SHOP, FORGE, DOOR, WIDE, STEAM]
    order = json.dumps([f"{entry.issuer}:{entry.name}" for entry in entries])
    strings = [(f"{escape(entry.issuer)}:{escape(entry.name)}", json.dumps(free_token(entry))) for entry in entries]
    yield sample("freeotp", "tokens.xml", prefs([("tokenOrder", order), *strings]), entries)
    renamed = free_token(MAIL) | {"issuerExt": "Was", "label": "was", "issuerAlt": MAIL.issuer, "labelAlt": MAIL.name}
    data = dumps({"tokenOrder": json.loads(order), "tokens": [renamed, *(free_token(entry) for entry in entries[1:])]})
    yield sample("freeotp", "freeotp-plus.json", data, entries)


def java_map(pairs, fields):
    """Returns a HashMap<String, String> in Java's serialisation, with the fields of old phones (1) or others (2)."""

    def text(value):
        # Java's own UTF-8: of units of UTF-16, and NUL in two bytes.
        units = value.encode("utf-16-be")
        data = "".join(chr(int.from_bytes(units[at : at + 2])) for at in range(0, len(units), 2))
        data = data.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")
        return (b"\x74" + struct.pack(">H", len(data)) if len(data) < 1 << 16 else b"\x7c" + struct.pack(">Q", len(data))) + data

    described = [b"F\x00\x0aloadFactor", b"I\x00\x09threshold"][:fields]
    values = [struct.pack(">f", 0.75), struct.pack(">i", 12)][:fields]
    head = b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap" + bytes.fromhex("0507dac1c31660d1") + b"\x03"
    head += struct.pack(">H", fields) + b"".join(described) + b"xp" + b"".join(values)
    return head + b"w\x08" + struct.pack(">ii", 16, len(pairs)) + b"".join(text(one) for pair in pairs for one in pair) + b"x"


def freeotp2():
    def box(secret, nonce, data, bare):
        sealed, tag = seal.gcm(secret, nonce, data, b"AES")
        octets = b"\x04\x0c" + nonce
        parameters = octets if bare else b"\x30\x11" + octets + b"\x02\x01\x10"
        return {"mCipher": "AES/GCM/NoPadding", "mCipherText": signed(sealed + tag), "mParameters": signed(parameters), "mToken": "AES"}

    entries = [MAIL, SHOP, FORGE, DOOR, WIDE, STEAM, MAIL.but(issuer="🦊", name="fox")]
    for name, fields, algorithm, hash_name in [
        ("backup-old-phone.xml", 1, "PBKDF2withHmacSHA1", "sha1"),
        ("backup.xml", 2, "PBKDF2withHmacSHA512", "sha512"),
    ]:
        master, salt = stream("freeotp master", 32), stream("freeotp salt", 32)
        derived = seal.pbkdf2(hash_name, PASSWORD, salt, 10_000)
        outer = {"mAlgorithm": algorithm, "mEncryptedKey": box(derived, stream("freeotp nonce", 12), master, fields == 1)}
        pairs = [("masterKey", json.dumps(outer | {"mIterations": 10_000, "mSalt": signed(salt)}))]
        for number, entry in enumerate(entries):
            # The first was renamed in version 1, and again in version 2, which leaves the other names alone.
            more = {"algo": None, "issuerAlt": "Was", "labelAlt": "was"} if number == 0 else {}
            more |= {"digits": None} if entry is STEAM else {}
            token = free_token(entry, False) | more
            sealed = box(master, stream(f"freeotp nonce {number}", 12), entry.key, fields == 1)
            pairs.append((f"{number}-id", json.dumps({"key": json.dumps(sealed)})))
            pairs.append((f"{number}-id-token", json.dumps({name: value for name, value in token.items() if value is not None}, ensure_ascii=False)))
        yield sample("freeotp2", name, java_map(pairs, fields), entries, password=PASSWORD)


# Google, Microsoft, Stratum


def google(database):
    script = "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, email TEXT NOT NULL, secret TEXT NOT NULL, counter INTEGER DEFAULT 0, type INTEGER, provider INTEGER DEFAULT 0, issuer TEXT DEFAULT NULL, original_name TEXT DEFAULT NULL, isencrypted INTEGER DEFAULT 0);"
    insert = "INSERT INTO accounts (email, secret, counter, type, issuer, isencrypted) VALUES (?, ?, ?, ?, ?, ?)"
    rows = [
        (insert, (f"{MAIL.issuer}:{MAIL.name}", MAIL.base32, 0, 0, MAIL.issuer, 0)),
        (insert, (WIDE.name, WIDE.base32, 0, 0, WIDE.issuer, 0)),
        (insert, (DOOR.name, DOOR.base32, DOOR.counter, 1, DOOR.issuer, 0)),
        (insert, ("kept@phone", "c2VhbGVk", 0, 0, "Sealed", 1)),
    ]
    yield sample("google-authenticator-db", "databases", database(script, rows), [MAIL, WIDE, DOOR], [("Sealed", "encrypted")])


def microsoft(database):
    script = "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, account_type INTEGER, name TEXT, username TEXT, oath_secret_key TEXT, encrypted_oath_secret_key TEXT);"
    insert = "INSERT INTO accounts (account_type, name, username, oath_secret_key) VALUES (?, ?, ?, ?)"
    personal = MAIL.but(issuer="Microsoft", name="alice@outlook.example", digits=8, key=key(22, 32))
    rows = [
        (insert, (0, MAIL.issuer, MAIL.name, MAIL.base32)),
        (insert, (1, personal.issuer, personal.name, b64(personal.key))),
        (insert, (2, "The company", "alice@company.example", "")),
    ]
    yield sample("microsoft-authenticator-db", "PhoneFactor", database(script, rows), [MAIL, personal], [("The company", "work account")])


def stratum(database):
    types = {"hotp": 1, "totp": 2, "motp": 3, "steam": 4, "yandex": 5}

    def entry(account):
        secret = account.hex if account.kind == "motp" else account.base32
        made = {"Type": types[account.kind], "Issuer": account.issuer, "Username": account.name or None, "Secret": secret}
        made |= {"Pin": account.pin or None, "Algorithm": {"SHA256": 1, "SHA512": 2}.get(account.algorithm, 0) if account.kind in ("totp", "hotp") else 0}
        made |= {"Digits": account.digits, "Period": account.period, "Counter": account.counter, "Ranking": 0}
        return made | {"CopyCount": account.extra.get("uses", 0)}

    entries = [MAIL.but(extra={"groups": ["Work", "Mail"], "uses": 5}), SHOP, FORGE, DOOR, STEAM, TOKEN, YANDEX, WIDE.but(name="")]
    bonds = [{"CategoryId": name[:2], "AuthenticatorSecret": MAIL.base32, "Ranking": 0} for name in ("Work", "Mail")]
    backup = {"Authenticators": [entry(one) for one in entries], "CustomIcons": []}
    backup |= {"Categories": [{"Id": name[:2], "Name": name, "Ranking": 0} for name in ("Work", "Mail")], "AuthenticatorCategories": bonds}
    plain = dumps(backup)
    yield sample("stratum", "plain.authpro", plain, entries)
    salt, nonce = stream("stratum salt", 16), stream("stratum nonce", 12)
    sealed, tag = seal.gcm(seal.argon2id(PASSWORD, salt, 65_536, 3, 4), nonce, plain)
    yield sample("stratum", "strong.authpro", b"AUTHENTICATORPRO" + salt + nonce + sealed + tag, entries, password=PASSWORD)
    salt, iv = stream("stratum old salt", 20), stream("stratum iv", 16)
    sealed = seal.cbc(seal.pbkdf2("sha1", PASSWORD, salt, 64_000), iv, plain)
    yield sample("stratum", "legacy.authpro", b"AuthenticatorPro" + salt + iv + sealed, entries, password=PASSWORD)
    script = "CREATE TABLE authenticator (type INTEGER, icon VARCHAR, issuer VARCHAR(32), username VARCHAR(40), secret VARCHAR PRIMARY KEY NOT NULL, pin VARCHAR, algorithm INTEGER, digits INTEGER, period INTEGER, counter INTEGER, copyCount INTEGER, ranking INTEGER); CREATE TABLE category (id VARCHAR PRIMARY KEY NOT NULL, name VARCHAR, ranking INTEGER); CREATE TABLE authenticatorcategory (categoryId VARCHAR, authenticatorSecret VARCHAR, ranking INTEGER);"
    rows = []
    for table, members in [("authenticator", "Authenticators"), ("category", "Categories"), ("authenticatorcategory", "AuthenticatorCategories")]:
        for one in backup[members]:
            rows.append((f"INSERT INTO {table} ({', '.join(one)}) VALUES ({', '.join('?' * len(one))})", tuple(one.values())))
    yield sample("stratum", "proauth.db3", database(script, rows), entries)


# LastPass, Proton, Raivo, Steam, TOTP Authenticator, 2FAS


def lastpass():
    def one(account, folder, **changes):
        made = {"accountID": "", "issuerName": account.issuer, "originalIssuerName": account.issuer, "userName": account.name}
        made |= {"originalUserName": account.name, "secret": account.base32, "timeStep": account.period, "digits": account.digits}
        made |= {"algorithm": account.algorithm, "isFavorite": account.extra.get("favorite", False), "pushNotification": False}
        return made | {"folderData": {"folderId": folder, "position": 0}} | changes

    entries = [MAIL.but(extra={"groups": ["Work"], "favorite": True}), SHOP, FORGE, WIDE]
    folders = [{"id": 1, "name": "Work", "isOpened": True}]
    accounts = [one(entries[0], 1, originalUserName="was"), *(one(entry, 0) for entry in entries[1:])]
    data = dumps({"deviceId": "0", "deviceSecret": "", "localDeviceId": "0", "deviceName": "phone", "version": 3, "accounts": accounts, "folders": folders})
    yield sample("lastpass", "android.json", data, entries)
    data = dumps({"deviceName": "phone", "localDeviceId": None, "version": 1, "accounts": accounts, "folders": folders})
    yield sample("lastpass", "ios.json", data, entries)


def proton_authenticator():
    def entry(account):
        uri = f"steam://{account.base32}" if account.kind == "steam" else account.uri()
        content = {"uri": uri, "entry_type": "Steam" if account.kind == "steam" else "Totp", "name": account.name}
        return {"id": stream(account.name, 8).hex(), "note": account.extra.get("note"), "content": content}

    entries = [MAIL.but(extra={"note": "a note"}), SHOP, FORGE, STEAM, WIDE]
    plain = dumps({"version": 1, "entries": [entry(one) for one in entries]}, None)
    yield sample("proton-authenticator", "plain.json", plain, entries)
    salt, nonce = stream("proton salt", 16), stream("proton nonce", 12)
    sealed, tag = seal.gcm(seal.argon2id(PASSWORD, salt, 19_456, 2, 1), nonce, plain, b"proton.authenticator.export.v1")
    data = dumps({"version": 1, "salt": b64(salt), "content": b64(nonce + sealed + tag)}, None)
    yield sample("proton-authenticator", "encrypted.json", data, entries, password=PASSWORD)


def raivo():
    def one(account):
        made = {"issuer": account.issuer, "account": account.name, "secret": account.base32, "algorithm": account.algorithm}
        made |= {"digits": str(account.digits), "kind": account.kind.upper(), "timer": str(account.period if account.kind == "totp" else 0)}
        pinned = "true" if account.extra.get("favorite") else "false"
        return made | {"pinned": pinned, "counter": str(account.counter), "iconType": "", "iconValue": ""}

    entries = [MAIL.but(extra={"favorite": True}), SHOP, FORGE, DOOR.but(extra={"favorite": False}), WIDE]
    data = dumps([one(entry) for entry in entries])
    name = "raivo-otp-export.json"
    yield sample("raivo", name, data, entries)
    yield sample("raivo", "raivo-otp-export.zip", seal.zip_aes(name, data, PASSWORD), entries, password=PASSWORD)


def steam():
    own = {"shared_secret": b64(STEAM.key), "account_name": STEAM.name, "serial_number": "1", "revocation_code": "R00000"}
    own |= {"uri": f"otpauth://totp/Steam:{STEAM.name}?secret=ASDF&issuer=Steam", "identity_secret": b64(key(23)), "fully_enrolled": True}
    yield sample("steam", "76561190000000000.maFile", dumps(own), [STEAM])
    nameless = {name: value for name, value in own.items() if name != "account_name"}
    yield sample("steam", "without-name.maFile", dumps(nameless), [STEAM])
    yield sample("steam", "Steamguard.json", dumps({"accounts": {"76561190000000000": own}}), [STEAM])


def totp_authenticator():
    def one(account, base):
        text = {16: account.key.hex(), 32: account.base32, 64: b64(account.key)}[base]
        made = {"key": text, "base": base, "name": account.name, "issuer": account.issuer, "digits": "6", "colour": 1}
        return made | {"isFavorite": account.extra.get("favorite", False), "counter": 0, "type": "totp"}

    entries = [MAIL.but(extra={"favorite": True}), WIDE, MAIL.but(issuer="Third", name="ivan", key=key(24))]
    listed = json.dumps([one(entry, base) for entry, base in zip(entries, (16, 32, 64))])
    yield sample("totp-authenticator", "preferences.xml", prefs([("STATIC_TOTP_CODES_LIST", listed)]), entries)
    for name, word, password in [("no-password.encrypt", "TotpAuthenticator", None), ("password.encrypt", PASSWORD, PASSWORD)]:
        sealed = seal.cbc(hashlib.sha256(word.encode()).digest(), bytes(16), json.dumps({listed: {}}).encode())
        yield sample("totp-authenticator", name, b64(sealed).encode(), entries, password=password)


def twofas():
    def service(account, schema):
        otp = {"account": account.name, "issuer": account.issuer, "source": "Link"}
        if schema > 1:
            otp |= {"digits": account.digits, "algorithm": account.algorithm, "tokenType": account.kind.upper()}
            otp |= {"counter": account.counter} if account.kind == "hotp" else {"period": account.period}
        group = {"groupId": "g-1"} if account.extra.get("groups") else {}
        return {"name": account.issuer, "secret": account.base32, "otp": otp, "order": {"position": 0}} | group

    groups = [{"id": "g-1", "name": "Work", "isExpanded": True}]
    mail = MAIL.but(extra={"groups": ["Work"]})
    for schema, entries in [(1, [mail, WIDE]), (2, [mail, SHOP, DOOR]), (3, [mail, SHOP, FORGE, DOOR, WIDE]), (4, [mail, SHOP, FORGE, DOOR, STEAM, WIDE])]:
        outer = {"schemaVersion": schema, "appVersionCode": 1, "appOrigin": "android", "groups": groups}
        services = [service(entry, schema) for entry in entries]
        yield sample("2fas", f"schema-{schema}.2fas", dumps(outer | {"services": services}), entries)
        if schema == 1:
            continue
        salt = stream("2fas salt", 256)
        derived = seal.pbkdf2("sha256", PASSWORD, salt, 10_000)

        def box(name, data):
            nonce = stream(f"2fas {name}", 12)
            sealed, tag = seal.gcm(derived, nonce, data)
            return ":".join(b64(part) for part in (sealed + tag, salt, nonce))

        outer |= {"services": [], "servicesEncrypted": box("services", dumps(services, None)), "reference": box("reference", b"known")}
        yield sample("2fas", f"schema-{schema}-encrypted.2fas", dumps(outer), entries, password=PASSWORD)
    odd = service(MAIL, 4)
    odd["otp"]["algorithm"] = "SHA384"
    odd["name"] = "Odd"
    data = dumps({"schemaVersion": 4, "services": [odd, service(SHOP, 4)], "groups": []})
    yield sample("2fas", "unknown-hash.2fas", data, [SHOP], [("Odd", "SHA384")])


# Lists of URIs


def uris():
    entries = [MAIL, SHOP, FORGE, DOOR, STEAM, TOKEN.but(pin=""), YANDEX.but(pin=""), WIDE]
    lines = "# a remark\r\n\r\n" + "".join(f"{entry.uri()}\r\n" for entry in entries)
    yield sample("uris", "list.txt", b"\xef\xbb\xbf" + lines.encode(), entries)
    yield sample("uris", "utf-16.txt", b"\xff\xfe" + lines.encode("utf-16-le"), entries)
    parts = [[MAIL, SHOP.but(period=30)], [DOOR, WIDE]]
    text = "".join(f"{migration(part, number, len(parts))}\n" for number, part in enumerate(parts))
    yield sample("uris", "google-export.txt", text.encode(), [entry for part in parts for entry in part])
    bad = f"{MAIL.uri()}\notpauth://totp/broken?secret=0189\n"
    yield sample("uris", "one-broken.txt", bad.encode(), [MAIL], [("broken", "no base32")])


def migration(accounts, number, size):
    """Returns a part of an export of Google Authenticator: protocol buffers, written by hand."""

    def varint(value):
        out = b""
        while value > 127:
            out, value = out + bytes([value & 127 | 128]), value >> 7
        return out + bytes([value])

    def whole(tag, value):
        return varint(tag << 3) + varint(value)

    def text(tag, data):
        return varint(tag << 3 | 2) + varint(len(data)) + data

    algorithms, digits = {"SHA1": 1, "SHA256": 2, "SHA512": 3}, {6: 1, 8: 2}
    payload = b""
    for account in accounts:
        one = text(1, account.key) + text(2, account.name.encode()) + text(3, account.issuer.encode())
        one += whole(4, algorithms[account.algorithm]) + whole(5, digits[account.digits]) + whole(6, 1 if account.kind == "hotp" else 2)
        payload += text(1, one + (whole(7, account.counter) if account.kind == "hotp" else b""))
    payload += whole(2, 2) + whole(3, size) + whole(4, number) + whole(5, 4711)
    return f"otpauth-migration://offline?data={quote(b64(payload), safe='')}"


def winauth():
    own = {"shared_secret": b64(STEAM.key), "account_name": STEAM.name, "serial_number": "1"}
    data = quote(json.dumps(own, separators=(",", ":")), safe="")
    dummy = f"otpauth://totp/Steam:{STEAM.name}?secret=ASDF&issuer=Steam&data={data}"
    lines = "".join(f"{line}\r\n" for line in [MAIL.uri(more="&icon=Mail"), SHOP.uri(), DOOR.uri(), dummy]).encode()
    entries = [MAIL, SHOP, DOOR, STEAM]
    yield sample("winauth", "winauth-2024-01-01.zip", seal.zip_crypto("winauth.txt", lines, "win"), entries, password="win")
    yield sample("winauth", "winauth-plain.zip", seal.zip_plain([("winauth.txt", lines)]), entries)

"""Reads exports by what their formats' own programs document, and by nothing of this project.

    exports.py FORMAT FILE [TIME]     the file's password comes on standard input; a line an account
    exports.py --fixtures FOLDER      holds the reader itself to other people's files and what they hold

A line: kind, issuer, name, key (base32), hash, digits, period or counter, note, labels, first, code at TIME; parted by tabs.
"""

import base64
import csv
import hashlib
import hmac
import json
import struct
import sys
import urllib.parse
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt


def base32(text):
    text = "".join(text.split()).rstrip("=").upper()
    # Of some keys a character is too many for a byte: it is dropped by everybody.
    text = text[:len(text) - (len(text) % 8 in (1, 3, 6))]
    return base64.b32decode(text + "=" * (-len(text) % 8))


def account(kind, issuer, name, key, algorithm="SHA1", digits=6, period=30, counter=0, **more):
    return dict(kind=kind, issuer=issuer or "", name=name or "", key=key, algorithm=algorithm or "SHA1",
                digits=int(digits or 6), period=int(period or 30), counter=int(counter or 0),
                note=more.get("note") or "", tags=more.get("tags") or [], first=bool(more.get("first")),
                pin=more.get("pin") or "")


# RFC 4226 and 6238, Steam's alphabet, mOTP; Yandex's codes are left to others.
def code(one, at):
    kind = one["kind"]
    if kind == "motp":
        text = f"{at // 10}{one['key'].hex()}{one['pin']}"
        return hashlib.md5(text.encode()).hexdigest()[:6]
    if kind == "yandex":
        return "-"
    count = one["counter"] if kind == "hotp" else at // one["period"]
    mac = hmac.new(one["key"], struct.pack(">Q", count), one["algorithm"].lower()).digest()
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start:start + 4])[0] & 0x7FFFFFFF
    if kind == "steam":
        letters = ""
        for _ in range(5):
            number, place = divmod(number, 26)
            letters += "23456789BCDFGHJKMNPQRTVWXY"[place]
        return letters
    return str(number % 10 ** one["digits"]).zfill(one["digits"])


def from_uri(text, **more):
    url = urllib.parse.urlsplit(text)
    query = dict(urllib.parse.parse_qsl(url.query))
    if url.scheme == "steam":
        return account("steam", more.pop("title", ""), more.pop("user", ""), base32(url.netloc or url.path), **more)
    label = urllib.parse.unquote((url.netloc if url.scheme == "motp" else url.path).lstrip("/"))
    issuer, _, name = label.rpartition(":") if label.count(":") == 1 else ("", "", label)
    if label.count(":") > 1:
        issuer, _, name = label.partition(":")
    issuer = query.get("issuer", issuer)
    if url.scheme == "motp":
        return account("motp", issuer, name, bytes.fromhex(query["secret"]), **more)
    kind = "steam" if query.get("encoder") == "steam" else {"yaotp": "yandex"}.get(url.netloc, url.netloc)
    return account(kind, issuer, name, base32(query["secret"]), query.get("algorithm", "SHA1").upper(),
                   query.get("digits"), query.get("period"), query.get("counter"), **more)


# github.com/beemdevelopment/Aegis, docs/vault.md
def aegis(data, password):
    outer = json.loads(data)
    database = outer["db"]
    if isinstance(database, str):
        database = json.loads(aegis_open(outer, password))
    groups = {group["uuid"]: group["name"] for group in database.get("groups", [])}
    for entry in database["entries"]:
        info = entry["info"]
        tags = [groups[uuid] for uuid in entry.get("groups") or []] or [tag for tag in [entry.get("group")] if tag]
        yield account(entry["type"], entry["issuer"], entry["name"], base32(info["secret"]), info["algo"],
                      info["digits"], info.get("period"), info.get("counter"), note=entry.get("note"), tags=tags,
                      first=entry.get("favorite"), pin=info.get("pin"))


def aegis_open(outer, password):
    def gcm(key, parameters, sealed):
        return AESGCM(key).decrypt(bytes.fromhex(parameters["nonce"]), sealed + bytes.fromhex(parameters["tag"]), None)

    for slot in (slot for slot in outer["header"]["slots"] if slot["type"] == 1):
        kdf = Scrypt(salt=bytes.fromhex(slot["salt"]), length=32, n=slot["n"], r=slot["r"], p=slot["p"])
        master = gcm(kdf.derive(password.encode()), slot["key_params"], bytes.fromhex(slot["key"]))
        return gcm(master, outer["header"]["params"], base64.b64decode(outer["db"]))
    raise SystemExit("no slot opens by a password")


# github.com/twofas/2fas-android, BackupService; github.com/twofas/2fas-ios, ExchangeData2
def twofas(data, password):
    outer = json.loads(data)
    services = outer["services"]
    if outer.get("servicesEncrypted"):
        sealed, salt, nonce = map(base64.b64decode, outer["servicesEncrypted"].split(":"))
        key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 10_000)
        services = json.loads(AESGCM(key).decrypt(nonce, sealed, None))
    groups = {group["id"]: group["name"] for group in outer.get("groups") or []}
    for service in services:
        otp = service["otp"]
        tags = [groups[service["groupId"]]] if service.get("groupId") else []
        yield account(otp.get("tokenType", "TOTP").lower(), service["name"], otp.get("account"),
                      base32(service["secret"]), otp.get("algorithm"), otp.get("digits"), otp.get("period"),
                      otp.get("counter"), tags=tags)


# What the decoder of 2FAS for iOS fails without, and the periods that it takes for no other. Other people's files lack some.
def twofas_demands(data):
    outer = json.loads(data)
    assert outer["appOrigin"] in ("android", "ios") and isinstance(outer["appVersionCode"], int)
    assert isinstance(outer["appVersionName"], str)
    for service in outer["services"]:
        icon, otp = service["icon"], service["otp"]
        assert icon["selected"] in ("Label", "IconCollection"), icon
        assert isinstance(icon["label"]["text"], str) and isinstance(icon["label"]["backgroundColor"], str), icon
        uuid.UUID(icon["iconCollection"]["id"])
        assert isinstance(service["order"]["position"], int) and isinstance(otp["source"], str)
        assert otp.get("period") in (None, 10, 30, 60, 90), otp["period"]


# bitwarden.com/help/encrypted-export, and the clients' source
def bitwarden(data, password):
    outer = json.loads(data)
    if outer["encrypted"]:
        outer = json.loads(bitwarden_open(outer, password))
    folders = {folder["id"]: folder["name"] for folder in outer.get("folders") or []}
    for item in outer["items"]:
        text = (item.get("login") or {}).get("totp")
        if not text:
            continue
        more = dict(tags=[folders[item["folderId"]]] if item.get("folderId") else [], first=item.get("favorite"))
        if "://" in text:
            user = item["login"].get("username") or ""
            yield from_uri(text, title=item["name"], user=user, **more) if text.startswith("steam:") else from_uri(
                text, **more)
        else:
            yield account("totp", item["name"], item["login"].get("username"), base32(text), **more)


def bitwarden_open(outer, password):
    salt = outer["salt"].encode()
    if outer["kdfType"] != 0:
        raise SystemExit("not by PBKDF2")
    master = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, outer["kdfIterations"])
    encryption, mac_key = (HKDFExpand(hashes.SHA256(), 32, name).derive(master) for name in (b"enc", b"mac"))

    def open_text(text):
        kind, _, rest = text.partition(".")
        iv, sealed, mac = map(base64.b64decode, rest.split("|"))
        assert kind == "2" and hmac.compare_digest(hmac.digest(mac_key, iv + sealed, "sha256"), mac), "another key"
        decryptor = Cipher(algorithms.AES(encryption), modes.CBC(iv)).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()

    open_text(outer["encKeyValidation_DO_NOT_EDIT"])
    return open_text(outer["data"])


# github.com/keepassxreboot/keepassxc, src/format/CsvExporter.cpp
def keepassxc_csv(data, _):
    for row in csv.DictReader(data.decode().splitlines()):
        yield from_uri(row["TOTP"], tags=row["Group"].split("/")[1:])


def uris(data, _):
    return map(from_uri, data.decode().splitlines())


def countersign_json(data, _):
    for one in json.loads(data)["accounts"]:
        key = base32(one["secret"])
        if one["type"] == "motp":
            key = bytes.fromhex(key.decode())
        yield account(one["type"], one.get("issuer"), one.get("name"), key, one.get("algorithm"),
                      one.get("digits", 5 if one["type"] == "steam" else 6), one.get("period"), one.get("counter"),
                      note=one.get("note"), tags=one.get("tags"), first=one.get("pinned"), pin=one.get("pin"))


READERS = {"aegis": aegis, "2fas": twofas, "bitwarden": bitwarden, "keepassxc-csv": keepassxc_csv, "uris": uris,
           "countersign-json": countersign_json}


def line(one, at):
    key = base64.b32encode(one["key"]).decode().rstrip("=")
    step = one["counter"] if one["kind"] == "hotp" else one["period"]
    return "\t".join([one["kind"], one["issuer"], one["name"], key, one["algorithm"], str(one["digits"]), str(step),
                      one["note"], ",".join(one["tags"]), "first" if one["first"] else "", code(one, at)])


def hold_to(folder):
    """Compares key and code of every account of other people's files with what is known to be in them."""
    checked = 0
    for name in ("aegis", "twofas", "bitwarden"):
        for expected in sorted((folder / name).rglob("*.expected.json")):
            known = json.loads(expected.read_text())
            path = Path(str(expected).removesuffix(".expected.json"))
            if known["outcome"] != "ok" or known["skipped"] or path.suffix == ".csv" or "argon2" in path.name:
                continue
            reader = READERS["2fas" if name == "twofas" else name]
            found = sorted((one["key"].hex(), code(one, 1_700_000_000))
                           for one in reader(path.read_bytes(), known["password"]) if one["kind"] != "yandex")
            wanted = sorted((entry["secret_hex"], entry.get("code_at_1700000000") or entry.get("code_at_counter"))
                            for entry in known["entries"] if entry["type"] != "yandex")
            if [key for key, _ in found] != [key for key, _ in wanted]:
                raise SystemExit(f"{path}: other keys")
            for (_, own), (_, theirs) in zip(found, wanted):
                if theirs and own != theirs:
                    raise SystemExit(f"{path}: {own} instead of {theirs}")
            checked += len(wanted)
    print(checked)


if __name__ == "__main__":
    if sys.argv[1] == "--fixtures":
        hold_to(Path(sys.argv[2]))
    else:
        form, path, *time = sys.argv[1:]
        password = sys.stdin.readline().rstrip("\n")
        if form == "2fas":
            twofas_demands(Path(path).read_bytes())
        for one in READERS[form](Path(path).read_bytes(), password):
            print(line(one, int(time[0]) if time else 59))

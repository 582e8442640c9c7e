"""Samples of password managers: databases and exports in which some entries have codes."""

import base64
import csv
import hashlib
import hmac
import io
import json
from html import escape

import kdbx4
import seal
from accounts import DOOR, FORGE, MAIL, PASSWORD, SHOP, STEAM, WIDE, dumps, expectation, key, stream


def b64(data):
    return base64.b64encode(data).decode()


def samples(_database):
    """Yields (folder, name, bytes, expectation)."""
    for maker in [bitwarden, keepass, keepassxc_csv, one_password, proton_pass]:
        yield from maker()


def sample(folder, name, data, entries, skipped=(), password=None, **more):
    return folder, name, data, expectation(folder, name, entries, skipped, password, **more)


# Bitwarden


def bitwarden():
    def item(title, totp, username=None, **more):
        made = {"id": stream(title, 8).hex(), "type": 1, "name": title, "folderId": None, "favorite": False, "notes": None}
        return made | {"login": {"username": username, "password": "p", "totp": totp}} | more

    mail = MAIL.but(extra={"groups": ["Work"], "favorite": True})
    bare = MAIL.but(issuer="A bare key", name="judy", key=key(30))
    steam = STEAM.but(issuer="A game", name="kim")
    shared = SHOP.but(extra={"groups": ["Team"]})
    gone = FORGE.but(extra={"groups": [], "trashed": True})
    put_away = WIDE.but(extra={"archived": True})
    items = [
        item("Mail", MAIL.uri(), folderId="f", favorite=True),
        item("A bare key", bare.base32.lower(), "judy"),
        item("A game", f"steam://{STEAM.base32}", "kim"),
        item("Shop", SHOP.uri(), organizationId="o", collectionIds=["c"]),
        item("Forge", FORGE.uri(), deletedDate="2024-01-01T00:00:00.000Z"),
        item("Wide", WIDE.uri(), archivedDate="2024-01-01T00:00:00.000Z"),
        item("No code", None, "x"),
        {"id": "n", "type": 2, "name": "A note", "notes": "n", "secureNote": {"type": 0}},
    ]
    entries = [mail, bare, steam, shared, gone, put_away]
    skipped = [("No code", "no totp"), ("A note", "no totp")]
    lists = {"folders": [{"id": "f", "name": "Work"}], "collections": [{"id": "c", "name": "Team"}], "items": items}
    plain = dumps({"encrypted": False} | lists)
    yield sample("bitwarden", "plain.json", plain, entries, skipped)
    yield sample("bitwarden", "old-plain.json", dumps(lists), entries, skipped)
    for name, kind in [("password-pbkdf2.json", 0), ("password-argon2id.json", 1)]:
        salt = b64(stream("bitwarden salt", 16))
        outer = {"encrypted": True, "passwordProtected": True, "salt": salt, "kdfType": kind}
        if kind == 0:
            master = seal.pbkdf2("sha256", PASSWORD, salt.encode(), 100_000)
            outer |= {"kdfIterations": 100_000, "kdfMemory": None, "kdfParallelism": None}
        else:
            master = seal.argon2id(PASSWORD, hashlib.sha256(salt.encode()).digest(), 16 * 1024, 3, 4)
            outer |= {"kdfIterations": 3, "kdfMemory": 16, "kdfParallelism": 4}
        outer["encKeyValidation_DO_NOT_EDIT"] = bitwarden_text(master, "check", b"known")
        outer["data"] = bitwarden_text(master, "data", plain)
        yield sample("bitwarden", name, dumps(outer), entries, skipped, PASSWORD)
    restricted = {"encrypted": True, "encKeyValidation_DO_NOT_EDIT": "2.AA==|AA==|AA==", "folders": [], "items": []}
    yield sample("bitwarden", "restricted.json", dumps(restricted), [], [("*", "restricted to the account")], outcome="reject")
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow("folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp".split(","))
    rows.writerow(["Work", "1", "login", "Mail", "two\nlines", "", "0", "", "", "p", MAIL.uri()])
    rows.writerow(["", "", "login", "A bare key", "", "", "0", "", "judy", "p", bare.base32])
    rows.writerow(["", "", "note", "A note", "=cmd|x", "", "0", "", "", "", ""])
    out_of_organisation = io.StringIO()
    rows = csv.writer(out_of_organisation, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow("collections,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp".split(","))
    rows.writerow(["Work, Mail", "login", "Mail", "", "", "0", "", "", "p", MAIL.uri()])
    shared = MAIL.but(extra={"groups": ["Work", "Mail"]})
    yield sample("bitwarden", "organisation.csv", out_of_organisation.getvalue().encode(), [shared], [])
    yield sample("bitwarden", "export.csv", out.getvalue().encode(), [mail, bare], [("A note", "no totp")])


def bitwarden_text(master, name, data):
    """Returns the text of type 2: AES-CBC and HMAC by keys that HKDF expands."""

    def expand(word):
        return hmac.new(master, word + b"\x01", "sha256").digest()

    iv = stream(f"bitwarden {name}", 16)
    sealed = seal.cbc(expand(b"enc"), iv, data)
    return "2." + "|".join(b64(part) for part in (iv, sealed, hmac.new(expand(b"mac"), iv + sealed, "sha256").digest()))


# KeePass: title, group, further labels, attributes, and the account that comes of it


BIN = "Recycle Bin"


def keepass_rows():
    otp_uri = MAIL.uri()
    own = MAIL.but(issuer="A setting", name="leo", key=key(31), digits=8)
    steam = STEAM.but(issuer="A letter", name="mia", key=key(32))
    keeotp = SHOP.but(issuer="A pair", name="nils", key=key(33))
    timed = FORGE.but(issuer="KeePass 2", name="olga", key=key(34), algorithm="SHA256", digits=8, period=30)
    hexed = MAIL.but(issuer="Hex", name="paul", key=key(35))
    coded = MAIL.but(issuer="Base64", name="quinn", key=key(36))
    counted = DOOR.but(issuer="Counted", name="rosa", key=key(37), counter=9)
    binned = MAIL.but(issuer="Binned", name="sam", key=key(38))
    return [
        ("Mail", "Work", ["Mail"], {"otp": otp_uri}, MAIL),
        ("A setting", "Work", [], {"TOTP Seed": own.base32, "TOTP Settings": "30;8"}, own),
        ("A letter", "", [], {"TOTP Seed": steam.base32, "TOTP Settings": "30;S"}, steam),
        ("A pair", "", [], {"otp": f"key={keeotp.base32}&step=60&size=8&otpHashMode=Sha256"}, keeotp),
        ("KeePass 2", "", [], {"TimeOtp-Secret-Base32": timed.base32, "TimeOtp-Algorithm": "HMAC-SHA-256", "TimeOtp-Length": "8"}, timed),
        ("Hex", "", [], {"TimeOtp-Secret-Hex": hexed.key.hex()}, hexed),
        ("Base64", "", [], {"TimeOtp-Secret-Base64": b64(coded.key)}, coded),
        ("Counted", "", [], {"HmacOtp-Secret-Base32": counted.base32, "HmacOtp-Counter": "9"}, counted),
        ("Binned", BIN, [], {"otp": binned.uri()}, binned),
        ("No code", "", [], {}, None),
    ]


def keepass_expected():
    """Returns entries and what is left out."""
    entries, skipped = [], []
    for title, group, tags, _, account in keepass_rows():
        if account is None:
            skipped.append((title, "no otp"))
            continue
        if group == BIN:
            skipped.append((title, "deleted"))
            continue
        groups = ([group] if group else []) + tags
        entries.append(account.but(extra={"groups": groups, "trashed": False}))
    return entries, skipped


def keepass_xml(cipher=None):
    """Returns the XML of a database. A cipher hides the values in their order, those of an earlier state in between, as pykeepass
    leaves an entry that it has changed."""

    def uuid(name):
        return b64(stream(f"keepass {name}", 16))

    def string(name, value):
        if cipher is None or name == "Title":
            return f"<String><Key>{escape(name)}</Key><Value>{escape(value)}</Value></String>"
        hidden = b64(cipher.encrypt(value.encode()))
        return f'<String><Key>{escape(name)}</Key><Value Protected="True">{hidden}</Value></String>'

    def entry(title, tags, attributes, account):
        shown = {"Title": title, "UserName": account.name if account else "", "Password": "p", "URL": "", "Notes": ""}
        labels = f"<Tags>{escape(';'.join(tags))}</Tags>" if tags else "<Tags/>"
        own = "".join(string(name, value) for name, value in shown.items())
        earlier = ""
        if cipher is not None:
            labels += "<Times><CreationTime>2024-01-01T00:00:00+00:00</CreationTime></Times>"
            earlier = f"<Entry><UUID>{uuid(title)}</UUID>{string('Title', title)}{string('otp', SHOP.uri())}</Entry>"
        history = f"<History>{earlier}</History>" if earlier else "<History/>"
        further = "".join(string(name, value) for name, value in attributes.items())
        strings = own + history + further if cipher is not None else own + further + history
        return f"<Entry><UUID>{uuid(title)}</UUID><IconID>0</IconID>{labels}{strings}</Entry>"

    rows = keepass_rows()
    outer = "".join(entry(title, tags, own, account) for title, place, tags, own, account in rows if not place)
    groups = ""
    for group in ["Work", BIN]:
        inner = "".join(entry(title, tags, own, account) for title, place, tags, own, account in rows if place == group)
        groups += f"<Group><UUID>{uuid(group)}</UUID><Name>{group}</Name><IconID>48</IconID>{inner}</Group>"
    meta = f"<Meta><Generator>make.py</Generator><DatabaseName>samples</DatabaseName><RecycleBinEnabled>True</RecycleBinEnabled><RecycleBinUUID>{uuid(BIN)}</RecycleBinUUID></Meta>"
    root = f"<Root><Group><UUID>{uuid('Root')}</UUID><Name>Root</Name><IconID>48</IconID>{outer}{groups}</Group></Root>"
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<KeePassFile>{meta}{root}</KeePassFile>\n'.encode()


def keepass():
    xml, (entries, skipped) = keepass_xml(), keepass_expected()
    yield sample("keepass-xml", "keepass.xml", xml, entries, skipped)
    yield sample("kdbx", "version-4.kdbx", kdbx4.database(xml, PASSWORD), entries, skipped, PASSWORD)
    yield sample("kdbx", "version-3.kdbx", seal.kdbx3(xml, PASSWORD), entries, skipped, PASSWORD)
    hidden = kdbx4.database(keepass_xml(kdbx4.stream_of_values()), PASSWORD)
    yield sample("kdbx", "version-4-hidden.kdbx", hidden, entries, skipped, PASSWORD)
    hidden = seal.kdbx3(keepass_xml(seal.kdbx3_stream_of_values()), PASSWORD)
    yield sample("kdbx", "version-3-hidden.kdbx", hidden, entries, skipped, PASSWORD)


def csv_expected():
    """KeePassXC's CSV knows no labels, and tells its own two writings only."""
    entries, skipped = keepass_expected()
    told = []
    for entry, (title, group, _, attributes, _) in zip(entries, [row for row in keepass_rows() if row[4] and row[1] != BIN]):
        if any(name in attributes for name in ("otp", "TOTP Seed")):
            # It writes a URI anew, with the title in the place of the issuer.
            told.append(entry.but(issuer=title, extra={"groups": [group] if group else [], "trashed": False}))
        else:
            skipped.append((title, "not told"))
    return told, skipped


def keepassxc_csv():
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(["Group", "Title", "Username", "Password", "URL", "Notes", "TOTP", "Icon", "Last Modified", "Created"])
    date = "2024-01-01T00:00:00Z"
    for group, title, account in [("Root/Work", "Mail", MAIL), ("Root", "Größe & <Co>", WIDE), (f"Root/{BIN}", "Shop", SHOP)]:
        rows.writerow([group, title, account.name, "p", "", "a \"note\"", account.uri(), "0", date, date])
    rows.writerow(["Root", "No code", "x", "p", "", "", "", "0", date, date])
    work, wide = MAIL.but(extra={"groups": ["Work"], "trashed": False}), WIDE.but(extra={"groups": []})
    skipped = [("Shop", "deleted"), ("No code", "no otp")]
    yield sample("keepassxc-csv", "export.csv", out.getvalue().encode(), [work, wide], skipped)


# 1Password, Proton Pass


def one_password():
    def item(title, codes, username="", **more):
        fields = [{"title": "one-time password", "id": f"TOTP_{number}", "value": {"totp": code}} for number, code in enumerate(codes)]
        login = [{"value": username, "designation": "username", "name": "username"}] if username else []
        overview = {"title": title, "tags": more.pop("tags", [])}
        details = {"loginFields": login, "sections": [{"title": "", "fields": fields}]}
        return {"uuid": stream(title, 8).hex(), "favIndex": 0, "state": "active", "overview": overview, "details": details} | more

    first = MAIL.but(extra={"groups": ["post", "Personal"], "favorite": True})
    bare = MAIL.but(issuer="A bare key", name="tom", key=key(40), extra={"vault": "Personal"})
    put_away = SHOP.but(extra={"vault": "Personal", "archived": True})
    items = [
        item("Mail", [MAIL.uri(), DOOR.uri()], "alice", tags=["post"], favIndex=1),
        item("A bare key", [bare.base32], "tom"),
        item("Shop", [SHOP.uri()], state="archived"),
        item("No code", []),
    ]
    vaults = [{"attrs": {"name": "Personal"}, "items": items}, {"attrs": {"name": "Shared"}, "items": [item("Wide", [WIDE.uri()])]}]
    data = dumps({"accounts": [{"attrs": {"accountName": "x"}, "vaults": vaults}]})
    entries = [first, DOOR.but(extra=dict(first.extra)), bare, put_away, WIDE.but(extra={"groups": ["Shared"]})]
    packed = seal.zip_plain([("export.attributes", b"{}"), ("export.data", data), ("files/", b"")])
    yield sample("1password", "export.1pux", packed, entries, [("No code", "no totp")])


def proton_pass():
    def item(title, uri, further=(), state=1, pinned=False, username=""):
        fields = [{"fieldName": "TOTP", "type": "totp", "data": {"totpUri": one}} for one in further]
        content = {"itemEmail": "", "itemUsername": username, "password": "p", "urls": [], "totpUri": uri, "passkeys": []}
        data = {"metadata": {"name": title, "note": ""}, "extraFields": fields, "type": "login", "content": content}
        return {"itemId": stream(title, 8).hex(), "shareId": "s", "data": data, "state": state, "pinned": pinned}

    mail = MAIL.but(extra={"vault": "Personal", "pinned": True})
    bare = MAIL.but(issuer="A bare key", name="uma", key=key(41), extra={"vault": "Personal", "trashed": False})
    items = [
        item("Mail", MAIL.uri(), [SHOP.uri()], pinned=True),
        item("A bare key", bare.base32, username="uma"),
        item("Forge", FORGE.uri(), state=2),
        item("No code", ""),
    ]
    export = {"version": "1.30.0", "userId": "u", "encrypted": False, "vaults": {"v": {"name": "Personal", "items": items}}}
    data = dumps(export, None)
    entries = [mail, SHOP.but(extra=dict(mail.extra)), bare, FORGE.but(extra={"vault": "Personal", "trashed": True})]
    packed = seal.zip_plain([("Proton Pass/data.json", data)])
    yield sample("proton-pass", "export.zip", packed, entries, [("No code", "no totp")])
    yield sample("proton-pass", "data.json", data, entries, [("No code", "no totp")])

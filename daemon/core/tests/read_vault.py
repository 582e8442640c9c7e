#!/usr/bin/env python3
"""A stranger's reader: lists what a countersign vault holds, by FORMAT.md, age and the standard library.

usage: read_vault.py FOLDER     (age asks for the passphrase on the terminal)
"""
import hashlib, hmac, json, os, subprocess, sys


def age(arguments, stdin=None):
    done = subprocess.run(["age", "-d", *arguments], input=stdin, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit("age could not decrypt " + arguments[-1])
    return done.stdout


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def read(folder):
    keys = age([os.path.join(folder, "slots/passphrase.age")])
    plain = age(["-i", "-", os.path.join(folder, "vault.age")], keys)
    line, rest = plain.split(b"\n", 1)
    content = json.loads(line)
    if content["countersign"] != 1:
        sys.exit("a format that this reader does not know: %s" % content["countersign"])
    # One of the slot's keys (there are two after the vault key was changed) must have made the MAC line.
    texts = [key for key in keys.split() if key.startswith(b"AGE-SECRET-KEY-1")]
    macs = [mac(mac(mac(b"countersign", text), b"vault mac v1\x01"), line).hex() for text in texts]
    if rest.decode() not in ["hmac-sha256 %s\n" % right for right in macs]:
        sys.exit("not written by the holder of the vault key")
    return content


def main(folder):
    for entry in read(folder)["entries"]:
        if entry.get("tombstone") or "deleted" in entry:
            continue
        print(entry["type"], entry.get("issuer", "-"), entry.get("name", "-"), entry["secret"], sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Writes the samples: a folder for each format, a file with `NAME.expected.json` beside it.

usage: make.py [--keepassxc]     needs pycryptodome and argon2-cffi (PyPI)

The same bytes come out each time. --keepassxc also makes those that KeePassXC itself writes (keepassxc-cli, Debian's
keepassxc), which are others each time.
"""

import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import apps
import managers
from accounts import PASSWORD, expectation

HERE = pathlib.Path(__file__).parent


def write(folder, name, data, expected):
    place = HERE / folder
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(data)
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (place / f"{name}.expected.json").write_text(text + "\n")


def database(script, rows):
    """Returns an SQLite database: a script, then (statement, values) each."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "database"
        connection = sqlite3.connect(path)
        connection.executescript(script)
        for statement, values in rows:
            connection.execute(statement, values)
        connection.commit()
        connection.close()
        return path.read_bytes()


def keepassxc():
    """Has KeePassXC read the XML sample, and write it as a database, as XML and as CSV."""

    def run(*words, text=f"{PASSWORD}\n"):
        done = subprocess.run(["keepassxc-cli", *words], input=text.encode(), capture_output=True, check=True)
        return done.stdout

    version = run("--version").decode().strip()
    basis = f"keepassxc-cli {version} imported keepass-xml/keepass.xml and exported it"
    with tempfile.TemporaryDirectory() as folder:
        base = f"{folder}/base.kdbx"
        run("import", "-q", "-p", "-t", "100", str(HERE / "keepass-xml/keepass.xml"), base, text=f"{PASSWORD}\n{PASSWORD}\n")
        made = [
            ("kdbx", "keepassxc.kdbx", pathlib.Path(base).read_bytes(), PASSWORD, managers.keepass_expected()),
            ("keepass-xml", "keepassxc.xml", run("export", "-q", "-f", "xml", base), None, managers.keepass_expected()),
            ("keepassxc-csv", "keepassxc.csv", run("export", "-q", "-f", "csv", base), None, managers.csv_expected()),
        ]
    for folder, name, data, password, (entries, skipped) in made:
        peer = f"keepassxc {version}"
        write(folder, name, data, expectation(folder, name, entries, skipped, password, peer, basis))


def main():
    for module in (apps, managers):
        for folder, name, data, expected in module.samples(database):
            write(folder, name, data, expected)
    if "--keepassxc" in sys.argv[1:]:
        keepassxc()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A stand-in for pinentry, which speaks the Assuan protocol: its answers come from a file, `-` for a dismissed question.

usage: pinentry.py ANSWERS LOG     each question takes the first line of ANSWERS away; what was asked is added to LOG
"""
import os, sys

answers, log = sys.argv[1:3]


def say(line):
    print(line, flush=True)


def log_line(text):
    with open(log, "a") as file:
        file.write(text + "\n")


say("OK at your service")
log_line("display " + os.environ.get("DISPLAY", "none"))
for line in sys.stdin:
    line = line.rstrip("\n")
    if not line.startswith("GETPIN"):
        log_line(line)
        say("OK")
        continue
    with open(answers) as file:
        lines = file.read().splitlines() or ["-"]
    with open(answers, "w") as file:
        file.write("".join(text + "\n" for text in lines[1:]))
    if lines[0] == "-":
        say("ERR 83886179 Operation cancelled <Pinentry>")
    else:
        say("D " + lines[0].replace("%", "%25"))
        say("OK")

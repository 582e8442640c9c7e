#!/usr/bin/env python3
"""Runs a shell line on a terminal of its own and types a passphrase each time it is asked for.

usage: at_terminal.py COMMAND   (passphrase on standard input; the terminal's text goes to standard error)
"""
import os, pty, select, sys

passphrase = sys.stdin.buffer.readline().rstrip(b"\n")
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
shown = b""
while select.select([terminal], [], [], 60)[0]:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the last program on the terminal has ended
        break
    if not piece:
        break
    sys.stderr.buffer.write(piece)
    shown += piece
    if b"assphrase" in shown and shown.rstrip().endswith(b":"):
        os.write(terminal, passphrase + b"\n")
        shown = b""
else:
    sys.exit("nothing happened on the terminal for 60 s")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

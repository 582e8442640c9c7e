#!/usr/bin/env python3
"""Runs a shell line on a terminal of its own and types a passphrase each time it is asked for.

A program writes its question before it stops the terminal from showing what is typed; nobody types that fast, and this
waits for it.

usage: at_terminal.py COMMAND   (passphrase on standard input; the terminal's text goes to standard error)
"""
import os, pty, select, sys, termios, time

LIMIT = 60


def wait_until_hidden(terminal):
    deadline = time.monotonic() + LIMIT
    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        if time.monotonic() > deadline:
            sys.exit("the terminal still shows what is typed")
        time.sleep(0.002)


passphrase = sys.stdin.buffer.readline().rstrip(b"\n")
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
shown = b""
while select.select([terminal], [], [], LIMIT)[0]:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the last program on the terminal has ended
        break
    if not piece:
        break
    sys.stderr.buffer.write(piece)
    shown += piece
    if b"assphrase" in shown and shown.rstrip().endswith(b":"):
        wait_until_hidden(terminal)
        os.write(terminal, passphrase + b"\n")
        shown = b""
else:
    sys.exit("nothing happened on the terminal for a minute")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

#!/usr/bin/env python3
"""Asks for codes as fast as it can, many at a time, while the vault is locked: after the signal `locked`, none may come.

usage: code_after_lock.py BUS_NAME PATH ROOT      (the vault is unlocked and holds one account, `github`)
"""
import sys
import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

name, path, root = sys.argv[1:]
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
loop = GLib.MainLoop()
seen = {"codes": 0, "locked": False, "after": 0, "open": 0}


def answered(_code):
    seen["after" if seen["locked"] else "codes"] += 1
    seen["open"] -= 1
    go_on()


def refused(_error):
    seen["open"] -= 1
    go_on()


def go_on():
    if not seen["locked"]:
        ask()
    elif seen["open"] == 0:
        loop.quit()


def ask():
    seen["open"] += 1
    accounts.Code("github", reply_handler=answered, error_handler=refused)
    if seen["codes"] == 200:
        vault.Lock(dbus.Dictionary({}, signature="sv"), reply_handler=lambda: None, error_handler=lambda e: None)


def changed(state, _why):
    seen["locked"] |= state == "locked"


thing = bus.get_object(name, path, introspect=False)
accounts, vault = dbus.Interface(thing, root + ".Accounts1"), dbus.Interface(thing, root + ".Vault1")
bus.add_signal_receiver(changed, "StateChanged", root + ".Vault1", name)
for _ in range(16):
    ask()
GLib.timeout_add_seconds(30, lambda: sys.exit("30 seconds were not enough: %r" % seen))
loop.run()
print("%(after)d codes came after the signal" % seen if seen["after"] else "none of %(codes)d codes came after it" % seen)

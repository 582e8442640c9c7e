#!/usr/bin/env python3
"""A stand-in for a desktop's part of the screenshot and screen cast portals: real D-Bus objects with knobs.

usage: portal.py PICTURE FOLDER ACCESS QUIET DIALOG [CAST]
  ACCESS  what the person says when asked whether screenshots are allowed for good: yes, no
  QUIET   what a screenshot without a dialog gives, DIALOG what one with a dialog does:
          picture (a copy of PICTURE in FOLDER), cancel, fail, second (nothing, and a picture at the
          next call), silent, die, late5 (a picture, but only after so many seconds)
  CAST    what a screen cast gives: token (PipeWire's stream `screen`, and a way to open it again unasked), forgets (the
          stream, and the next cast asks), broken (a stream that is none), cancel, fail, silent

Every call is a line on standard output. The bus name is NAME.
"""
import json, os, shutil, subprocess, sys

import dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.impl.portal.desktop.standin"
IMPL = "org.freedesktop.impl.portal."
picture, folder, access, quiet, dialog = sys.argv[1:6]
cast = sys.argv[6] if len(sys.argv) > 6 else "fail"
taken = 0


def say(line):
    print(line, flush=True)


class Desktop(dbus.service.Object):
    asked = 0

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.UInt32(VERSIONS.get(interface, 2))

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"version": self.Get(interface, "version"), "AvailableSourceTypes": dbus.UInt32(1),
                "AvailableCursorModes": dbus.UInt32(3)}

    @dbus.service.method(IMPL + "Access", in_signature="osssssa{sv}", out_signature="ua{sv}")
    def AccessDialog(self, handle, app, parent, title, subtitle, body, options):
        say(f"access {access}")
        return dbus.UInt32(0 if access == "yes" else 1), {}

    @dbus.service.method(IMPL + "Screenshot", in_signature="ossa{sv}", out_signature="ua{sv}",
                         async_callbacks=("answer", "fail"))
    def Screenshot(self, handle, app, parent, options, answer, fail):
        mode = dialog if options.get("interactive") else quiet
        say(f"screenshot {'dialog' if options.get('interactive') else 'quiet'} {mode}")
        Desktop.asked += 1
        if mode == "die":
            os._exit(1)
        if mode == "silent" or (mode == "second" and self.asked == 1):
            return None
        if mode in ("cancel", "fail"):
            return answer(dbus.UInt32(1 if mode == "cancel" else 2), {})
        if mode.startswith("late"):
            GLib.timeout_add_seconds(int(mode[4:]), self.give, answer)
            return None
        return self.give(answer)

    def give(self, answer):
        global taken
        taken += 1
        path = os.path.join(folder, f"Screenshot from {taken}.png")
        shutil.copyfile(picture, path)
        answer(dbus.UInt32(0), {"uri": "file://" + path.replace(" ", "%20")})


    @dbus.service.method(IMPL + "ScreenCast", in_signature="oosa{sv}", out_signature="ua{sv}")
    def CreateSession(self, handle, session, app, options):
        Session(bus, session)
        return dbus.UInt32(0), {}

    @dbus.service.method(IMPL + "ScreenCast", in_signature="oosa{sv}", out_signature="ua{sv}")
    def SelectSources(self, handle, session, app, options):
        self.restored = "restore_data" in options
        return dbus.UInt32(0), {}

    @dbus.service.method(IMPL + "ScreenCast", in_signature="oossa{sv}", out_signature="ua{sv}",
                         async_callbacks=("answer", "fail"))
    def Start(self, handle, session, app, parent, options, answer, fail):
        say(f"cast {'restored' if self.restored else 'asked'} {cast}")
        if cast == "silent":
            return None
        if cast in ("cancel", "fail"):
            return answer(dbus.UInt32(1 if cast == "cancel" else 2), {})
        about = dbus.Dictionary({"position": dbus.Struct((100, 0), signature="ii"), "source_type": dbus.UInt32(1),
                                 "size": dbus.Struct((400, 300), signature="ii")}, signature="sv")
        node = 4711 if cast == "broken" else stream("screen")
        told = {"streams": dbus.Array([dbus.Struct((dbus.UInt32(node), about), signature="ua{sv}")])}
        if cast == "token":
            told["persist_mode"] = dbus.UInt32(2)
            told["restore_data"] = dbus.Struct(("standin", dbus.UInt32(1), dbus.String("x", variant_level=1)),
                                               signature="suv")
        answer(dbus.UInt32(0), told)


class Session(dbus.service.Object):
    @dbus.service.method(IMPL + "Session")
    def Close(self):
        say("cast closed")
        self.remove_from_connection()


def stream(name):
    """Returns the number of a stream of PipeWire."""
    for one in json.loads(subprocess.check_output(["pw-dump"])):
        if one.get("info", {}).get("props", {}).get("node.name") == name:
            return one["id"]
    raise LookupError(name)


VERSIONS = {IMPL + "ScreenCast": 4}
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
desktop = Desktop(bus, "/org/freedesktop/portal/desktop")
name = dbus.service.BusName(NAME, bus)
say("ready")
GLib.MainLoop().run()

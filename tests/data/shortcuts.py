#!/usr/bin/env python3
"""A stand-in for a desktop's part of the global shortcuts portal: real D-Bus objects with knobs.

usage: shortcuts.py ANSWER
  ANSWER  what the person says when asked for shortcuts: yes, no

Every call is a line on standard output. The method Press(id, repeats, releases) of org.countersign.StandIn tells the
program that a key is down, so many times, and up again where that is true. The bus name is NAME.
"""
import sys

import dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.impl.portal.desktop.shortcuts"
SHORTCUTS = "org.freedesktop.impl.portal.GlobalShortcuts"
answer = sys.argv[1]


def say(line):
    print(line, flush=True)


class Session(dbus.service.Object):
    @dbus.service.method("org.freedesktop.impl.portal.Session")
    def Close(self):
        say("closed")
        self.remove_from_connection()


class Desktop(dbus.service.Object):
    session = None

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.UInt32(1)

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"version": dbus.UInt32(1)}

    @dbus.service.method(SHORTCUTS, in_signature="oosa{sv}", out_signature="ua{sv}")
    def CreateSession(self, handle, session, app, options):
        Desktop.session = session
        Session(bus, session)
        say("session")
        return dbus.UInt32(0), {}

    @dbus.service.method(SHORTCUTS, in_signature="ooa(sa{sv})sa{sv}", out_signature="ua{sv}")
    def BindShortcuts(self, handle, session, shortcuts, parent, options):
        for name, about in shortcuts:
            say(f"asked {name} {about['preferred_trigger']}")
        if answer != "yes":
            return dbus.UInt32(1), {}
        given = [(name, {"description": about["description"], "trigger_description": "Hyper+" + name})
                 for name, about in shortcuts]
        return dbus.UInt32(0), {"shortcuts": dbus.Array(given, signature="(sa{sv})")}

    @dbus.service.method(SHORTCUTS, in_signature="oo", out_signature="ua{sv}")
    def ListShortcuts(self, handle, session):
        return dbus.UInt32(0), {"shortcuts": dbus.Array([], signature="(sa{sv})")}

    @dbus.service.signal(SHORTCUTS, signature="osta{sv}")
    def Activated(self, session, name, time, options):
        pass

    @dbus.service.signal(SHORTCUTS, signature="osta{sv}")
    def Deactivated(self, session, name, time, options):
        pass

    @dbus.service.method("org.countersign.StandIn", in_signature="sub")
    def Press(self, name, repeats, releases):
        nothing = dbus.Dictionary({}, signature="sv")
        for number in range(repeats):
            self.Activated(self.session, name, dbus.UInt64(number), nothing)
        if releases:
            self.Deactivated(self.session, name, dbus.UInt64(repeats), nothing)


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
desktop = Desktop(bus, "/org/freedesktop/portal/desktop")
name = dbus.service.BusName(NAME, bus)
say("ready")
GLib.MainLoop().run()

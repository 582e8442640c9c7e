#!/usr/bin/env python3
"""A file system that does not let folders be waited for, as some network drives don't: fsync of a folder is refused.

usage: no_fsync.py PLACE [full]     mounted there until it is unmounted; what is written is kept in memory

With `full`, folders can be waited for, and the disk is full as soon as anything is written into a file.
"""
import errno, stat, sys, time
from fusepy import FUSE, FuseOSError, Operations

place, fault = sys.argv[1], (sys.argv[2:] + ["no-fsync"])[0]


class Refusing(Operations):
    def __init__(self):
        self.nodes = {"/": (stat.S_IFDIR | 0o700, bytearray())}

    def find(self, path):
        if path not in self.nodes:
            raise FuseOSError(errno.ENOENT)
        return self.nodes[path]

    def getattr(self, path, fh=None):
        mode, data = self.find(path)
        return dict(st_mode=mode, st_nlink=2, st_size=len(data), st_mtime=time.time())

    def readdir(self, path, fh):
        below = path.rstrip("/") + "/"
        names = [name[len(below):] for name in self.nodes if name != "/" and name.startswith(below)]
        return [".", ".."] + [name for name in names if "/" not in name]

    def mkdir(self, path, mode):
        self.nodes[path] = (stat.S_IFDIR | mode, bytearray())

    def create(self, path, mode, fi=None):
        self.nodes[path] = (stat.S_IFREG | mode, bytearray())
        return 0

    def write(self, path, data, offset, fh):
        if fault == "full":
            raise FuseOSError(errno.ENOSPC)
        self.find(path)[1][offset:] = data
        return len(data)

    def read(self, path, size, offset, fh):
        return bytes(self.find(path)[1][offset:offset + size])

    def unlink(self, path):
        del self.nodes[path]

    rmdir = unlink

    def rename(self, old, new):
        for name in [name for name in self.nodes if name == old or name.startswith(old + "/")]:
            self.nodes[new + name[len(old):]] = self.nodes.pop(name)

    def fsync(self, path, datasync, fh):
        return 0

    def fsyncdir(self, path, datasync, fh):
        if fault == "no-fsync":
            raise FuseOSError(errno.EINVAL)
        return 0


FUSE(Refusing(), place, foreground=True, nothreads=True, fsname="refusing")

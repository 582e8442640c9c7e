#!/usr/bin/env python3
"""A V4L2 camera where there is none: runs a program to which /dev/zero is one.

usage: camera.py FORMAT FAULT FILM PROGRAM ARGUMENT...     FORMAT: GREY, YUYV, NV12, MJPG; FAULT: none, refused, busy, unplugged

No kernel module: the program and all that it starts get a seccomp filter that hands each V4L2 request (ioctl) to this
process, which answers as a driver does. All the rest is the kernel's: opening, mapping the buffers, waiting. A filter
that a program adds for itself holds too: what it refuses never comes here, and fails.

FILM is YUV4MPEG2 without colours (Cmono), shown over and over again. For MJPG it is a JPEG picture.
"""
import ctypes, errno, fcntl, os, platform, signal, socket, struct, sys, threading

shape, fault, film, *command = sys.argv[1:]
ARCH, IOCTL, SECCOMP = {"x86_64": (0xC000003E, 16, 317), "aarch64": (0xC00000B7, 29, 277)}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)


def filter_program():
    """If it is a request of type 'V': ask the listener, else go on."""
    load, jump_if, mask, answer = 0x20, 0x15, 0x54, 0x06
    rows = [
        (load, 0, 0, 4), (jump_if, 0, 6, ARCH),
        (load, 0, 0, 0), (jump_if, 0, 4, IOCTL),
        (load, 0, 0, 24), (mask, 0, 0, 0xFF00), (jump_if, 0, 1, ord("V") << 8),
        (answer, 0, 0, 0x7FC00000), (answer, 0, 0, 0x7FFF0000),
    ]
    return b"".join(struct.pack("HBBI", *row) for row in rows), len(rows)


def install():
    code, length = filter_program()
    code = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", length, ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) != 0:  # no new privileges
        raise OSError(ctypes.get_errno(), "prctl")
    listener = libc.syscall(SECCOMP, 1, 8, ctypes.c_char_p(program))  # a filter, with a listener
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


def frames():
    if shape == "MJPG":
        data = open(film, "rb").read()
        at = 2
        while data[at + 1] not in (0xC0, 0xC1, 0xC2):
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        height, width = struct.unpack(">HH", data[at + 5 : at + 9])
        return width, height, [data]
    head, rest = open(film, "rb").read().split(b"\n", 1)
    words = dict((word[:1], word[1:]) for word in head.split(b" ")[1:])
    width, height = int(words[b"W"]), int(words[b"H"])
    assert words[b"C"] == b"mono", "a film without colours"
    size = width * height
    lights = [rest[at + 6 : at + 6 + size] for at in range(0, len(rest), size + 6)]
    grey = bytes([128]) * size
    if shape == "YUYV":
        lights = [bytes(both for pair in zip(light, grey) for both in pair) for light in lights]
    if shape == "NV12":
        lights = [light + grey[: size // 2] for light in lights]
    return width, height, lights


class Refusal(Exception):
    pass


class Driver:
    def __init__(self):
        self.width, self.height, self.frames = frames()
        self.size = max(len(frame) for frame in self.frames)
        self.queue, self.sent = [], 0

    def answer(self, pid, request, address):
        """Returns nothing; raises a Refusal."""
        length = request >> 16 & 0x3FFF
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            what = bytearray(memory.read(length))
            getattr(self, "request_%d" % (request & 0xFF), self.unknown)(pid, what)
            memory.seek(address)
            memory.write(what)

    def unknown(self, pid, what):
        raise Refusal(errno.ENOTTY)

    def request_0(self, pid, what):  # what can you do
        if fault == "refused":
            raise Refusal(errno.EACCES)
        can = 0x1 | 0x04000000
        struct.pack_into("16s32s32sIII", what, 0, b"stand-in", b"Stand-in", b"none", 1, can | 0x80000000, can)

    def request_2(self, pid, what):  # which formats
        if struct.unpack_from("I", what)[0] > 0:
            raise Refusal(errno.EINVAL)
        what[44:48] = shape.encode()

    def request_74(self, pid, what):  # which sizes
        if struct.unpack_from("I", what)[0] > 0:
            raise Refusal(errno.EINVAL)
        struct.pack_into("III", what, 8, 1, self.width, self.height)

    def request_5(self, pid, what):  # set the format
        if fault == "busy":
            raise Refusal(errno.EBUSY)
        line = {"YUYV": 2 * self.width, "MJPG": 0}.get(shape, self.width)
        struct.pack_into("II4sIII", what, 8, self.width, self.height, shape.encode(), 1, line, self.size)

    def request_8(self, pid, what):  # make buffers
        struct.pack_into("I", what, 0, 2)
        self.queue, self.sent = [], 0

    def request_9(self, pid, what):  # where is that buffer
        struct.pack_into("II", what, 64, 0, 0)
        struct.pack_into("I", what, 72, self.size)

    def request_15(self, pid, what):  # fill this buffer
        self.queue.append(struct.unpack_from("I", what)[0])

    def request_17(self, pid, what):  # give a full one
        if fault == "unplugged" and self.sent == 2:
            raise Refusal(errno.ENODEV)
        if not self.queue:
            raise Refusal(errno.EAGAIN)
        frame = self.frames[self.sent % len(self.frames)]
        # Both buffers get it: the kernel does not tell which mapping is which.
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            for line in (line for line in maps if "/dev/zero" in line):
                memory.seek(int(line.split("-")[0], 16))
                memory.write(frame)
        struct.pack_into("I", what, 0, self.queue.pop(0))
        struct.pack_into("II", what, 8, len(frame), 0)
        self.sent += 1

    def request_18(self, pid, what):  # begin
        pass

    def request_19(self, pid, what):  # stop
        pass


def serve(listener, driver):
    while True:
        notice = bytearray(80)
        try:
            fcntl.ioctl(listener, 0xC0502100, notice)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue  # whoever asked is gone
            return
        number, pid, _ = struct.unpack_from("QII", notice)
        request, address = struct.unpack_from("QQ", notice, 40)
        try:
            driver.answer(pid, request, address)
            why = 0
        except Refusal as refusal:
            why = refusal.args[0]
        except OSError:
            why = errno.EIO  # it ended meanwhile
        try:
            fcntl.ioctl(listener, 0xC0182101, bytearray(struct.pack("QqiI", number, 0, -why, 0)))
        except OSError:
            pass


def main():
    # The driver is the parent: on many systems only an ancestor may write into a program's memory.
    driver = Driver()
    ours, theirs = socket.socketpair()
    program = os.fork()
    if program == 0:
        libc.prctl(1, signal.SIGKILL)  # ends with its parent
        socket.send_fds(theirs, [b" "], [install()])
        os.execvp(command[0], command)
    theirs.close()
    listener = socket.recv_fds(ours, 1, 1)[1][0]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(program, number))
    threading.Thread(target=serve, args=(listener, driver), daemon=True).start()
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    os._exit(status if status >= 0 else 128 - status)


main()

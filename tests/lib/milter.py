# SPDX-License-Identifier: BSD-2-Clause
"""The least of a MTA's side of the milter protocol, step by step."""

import socket
import struct

ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF


class Milter:
    """A session with a milter; each method is a step of the protocol."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(path)
        self.send(b"O", struct.pack(">III", 6, ALL_ACTIONS, ALL_STEPS))
        self.receive()
        self.send(b"C", b"client.example\0" + b"4" + struct.pack(">H", 4000)
                  + b"192.0.2.7\0")
        self.receive()

    def send(self, command, data=b""):
        self.sock.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise EOFError("the milter closed the session")
            data += more
        return data

    def receive(self):
        size, = struct.unpack(">I", self.read(4))
        data = self.read(size)
        return data[:1], data[1:]

    def begin(self, login):
        """MAIL up to the end of the header; returns the reply to that."""
        self.send(b"D", b"M{auth_authen}\0" + login.encode() + b"\0")
        self.send(b"M", b"<" + login.encode() + b">\0")
        for name, value in (("From", login), ("Subject", "a test")):
            self.send(b"L", f"{name}\0 {value}\0".encode())
        self.send(b"N")
        return self.receive()

    def finish(self):
        """A body and its end; returns (signatures, last reply)."""
        self.send(b"B", b"A body.\r\n")
        self.send(b"E")
        inserted = []
        while True:
            command, data = self.receive()
            if command != b"i":
                return inserted, (command, data)
            name, value = data[4:].rstrip(b"\0").split(b"\0", 1)
            inserted.append((name + b":" + value).decode())

    def message(self, login):
        reply = self.begin(login)
        return self.finish() if reply[0] == b"c" else ([], reply)

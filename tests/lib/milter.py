# SPDX-License-Identifier: BSD-2-Clause
"""A MTA's side of the milter protocol, step by step."""

import re
import socket
import struct

ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF
LEAD_SPACE = 0x100000
CONTINUE = (b"c", b"")

# What a milter can negotiate for each step: not to see it, not to answer it.
STEPS = {b"C": (0x1, 0x1000), b"H": (0x2, 0x2000), b"M": (0x4, 0x4000), b"R": (0x8, 0x8000),
         b"T": (0x200, 0x10000), b"L": (0x20, 0x80), b"N": (0x40, 0x40000),
         b"B": (0x10, 0x80000), b"E": (0, 0)}
EDITS = b"hmiq+-2eb"


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


class Edit:
    """What is to be changed: "insert", "delete", "quarantine", "add", "remove", "sender",
    "body"."""

    def __init__(self, command, data):
        self.kind, self.index, self.name, self.value = command.decode(), 0, "", b""
        if command in b"im":
            self.index, = struct.unpack(">I", data[:4])
            name, self.value, _ = data[4:].split(b"\0", 2)
            self.name = name.decode()
            self.kind = "insert" if command == b"i" else "change" if self.value else "delete"
        elif command == b"q":
            self.kind, self.value = "quarantine", data.rstrip(b"\0")
        elif command in b"2+-e":
            self.kind = {"2": "add", "+": "add", "-": "remove", "e": "sender"}[self.kind]
            self.value = b" ".join(data.rstrip(b"\0").split(b"\0"))
        elif command == b"b":
            self.kind, self.value = "body", data

    def __repr__(self):
        words = [self.kind, str(self.index) if self.name else "", self.name,
                 self.value.decode("ascii", "backslashreplace").strip()]
        return re.sub(r"\s+", " ", " ".join(filter(None, words)))


def apply(fields, edits):
    """The header (name, value) as the MTA has it behind the edits."""
    fields = list(fields)
    for edit in edits:
        if edit.kind == "insert":
            fields.insert(edit.index, (octets(edit.name), edit.value))
        elif edit.kind == "delete":
            places = [i for i, (name, _) in enumerate(fields)
                      if name.rstrip(b" \t").lower() == octets(edit.name).lower()]
            if edit.index <= len(places):
                del fields[places[edit.index - 1]]
    return fields


def split(message):
    """
    Fields as (name, value) and the body, as a MTA makes them of what SMTP
    brought: folds are LF, and what is no field ends the header.
    """
    fields = []
    while message:
        line, end, rest = message.partition(b"\r\n")
        if not line:
            return fields, rest
        if line[:1] in b" \t" and fields:
            fields[-1] = fields[-1][0], fields[-1][1] + b"\n" + line
        elif re.match(rb"[!-9;-~]+[ \t]*:", line):
            fields.append(tuple(line.split(b":", 1)))
        else:
            break
        message = rest
        del end
    return fields, message


class Milter:
    """A session with a milter; each method is a step of the protocol."""

    def __init__(self, path, address="192.0.2.7", port=4000, host="client.example", macros=None,
                 steps=ALL_STEPS):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(path)
        self.send(b"O", struct.pack(">III", 6, ALL_ACTIONS, steps))
        _, _, self.steps = struct.unpack(">III", self.receive()[1][:12])
        self.connect(address, port, host, macros)

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

    def step(self, command, *values, data=b"", macros=None):
        """Sends a step, if the milter wants it; its reply, if it gives one."""
        leave_out, no_reply = STEPS[command]
        if self.steps & leave_out:
            return CONTINUE
        if macros:
            pairs = b"".join(octets(text) + b"\0" for pair in macros.items() for text in pair)
            self.send(b"D", command + pairs)
        self.send(command, b"".join(octets(value) + b"\0" for value in values) + data)
        return CONTINUE if self.steps & no_reply else self.receive()

    def connect(self, address, port, host, macros):
        """No address: a client of which the MTA knows none."""
        family = b"U" if not address else b"6" if ":" in address else b"4"
        rest = b"" if not address else struct.pack(">H", port) + octets(address) + b"\0"
        return self.step(b"C", host, data=family + rest, macros=macros)

    def begin(self, login, **macros):
        """MAIL up to the end of the header; returns the reply to that."""
        return self.header(login, [("From", " " + login), ("Subject", " a test")],
                           macros={"{auth_authen}": login, **macros})

    def header(self, sender, fields, macros=None):
        reply = self.step(b"M", b"<" + octets(sender) + b">", macros=macros)
        self.step(b"R", "<victim@victim.example>")
        self.step(b"T")
        for name, value in fields:
            if reply == CONTINUE:
                # Without leading spaces in the protocol one of them is lost.
                value = octets(value)
                if not self.steps & LEAD_SPACE and value[:1] == b" ":
                    value = value[1:]
                reply = self.step(b"L", name, value)
        return self.step(b"N") if reply == CONTINUE else reply

    def end(self, body=b"A body.\r\n"):
        """A body and its end; returns (edits, last reply)."""
        for at in range(0, len(body), 60000):
            reply = self.step(b"B", data=body[at:at + 60000])
            if reply != CONTINUE:
                return [], reply
        self.send(b"E")
        edits = []
        while True:
            reply = self.receive()
            if reply[0] not in EDITS:
                return edits, reply
            edits.append(Edit(*reply))

    def deliver(self, sender, fields, body, macros=None):
        """A whole message; returns (edits, last reply)."""
        reply = self.header(sender, fields, macros)
        return self.end(body) if reply == CONTINUE else ([], reply)

    def abort(self):
        self.send(b"A")

    def finish(self):
        """A body and its end; returns (signatures, last reply)."""
        edits, reply = self.end()
        return [f"{edit.name}:{edit.value.decode()}" for edit in edits], reply

    def message(self, login):
        reply = self.begin(login)
        return self.finish() if reply[0] == b"c" else ([], reply)

    def close(self):
        self.send(b"Q")
        self.sock.close()

# SPDX-License-Identifier: BSD-2-Clause
"""SMTP for clients that mean each octet as they send it."""

import collections
import re
import socket

# What ended the transaction, and the last reply: code 0 if there was none.
Reply = collections.namedtuple("Reply", "stage code text")
END = b"\r\n.\r\n"


def stuffed(message):
    """As it stands between DATA and the dot, and the dot."""
    message = re.sub(rb"(\A|\r\n)\.", rb"\1..", message)
    return message + (b".\r\n" if message.endswith(b"\r\n") else END)


class Smtp:
    """A session; `dialogue` is what was said, in swaks's form."""

    def __init__(self, server, source, port=25, timeout=120):
        self.dialogue = []
        self.sock = socket.create_connection((server, port), timeout, (source, 0))
        self.file = self.sock.makefile("rb")
        self.banner = self.reply()

    def reply(self):
        """(code, text); several lines of text are one, with spaces."""
        code, texts = 0, []
        while True:
            try:
                line = self.file.readline()
            except OSError:
                line = b""
            if not line:
                return 0, "the connection is closed"
            line = line.decode("utf-8", "replace").rstrip("\r\n")
            code = int(line[:3])
            texts.append(line[4:])
            self.dialogue.append(("<**" if code >= 400 else "<- ") + " " + line)
            if line[3:4] != "-":
                return code, " ".join(texts)

    def put(self, octets):
        try:
            self.sock.sendall(octets)
        except OSError:
            pass        # what it answered, if anything, is still to be read

    def command(self, octets):
        self.dialogue.append(" -> " + octets.decode("utf-8", "replace"))
        self.put(octets + b"\r\n")
        return self.reply()

    def send(self, helo, sender, to, data):
        """One message. Names and addresses are octets, with their < and >;
        data ends with its dot."""
        for stage, octets, want in (("HELO", b"EHLO " + helo, 250),
                                    ("MAIL", b"MAIL FROM:" + sender, 250),
                                    ("RCPT", b"RCPT TO:" + to, 250), ("DATA", b"DATA", 354)):
            code, text = self.command(octets)
            if code != want:
                return Reply(stage, code, text)
        self.put(data)
        return Reply("message", *self.reply())

    def transaction(self, sender, recipients, message, parameters=""):
        """The replies to recipients, and to the message if one was taken; the
        first is to MAIL if that is refused. EHLO has been said."""
        reply = self.command(f"MAIL FROM:<{sender}>{parameters}".encode())
        if reply[0] != 250:
            return [reply], None
        replies = [self.command(f"RCPT TO:<{to}>".encode()) for to in recipients]
        if all(code != 250 for code, _ in replies):
            self.command(b"RSET")
            return replies, None
        self.command(b"DATA")
        self.put(stuffed(message))
        return replies, self.reply()

    def close(self):
        self.file.close()
        self.sock.close()


def send(server, source, helo, sender, to, message):
    """One message in a session of its own."""
    try:
        smtp = Smtp(server, source)
    except OSError as error:
        return Reply("connect", 0, str(error))
    reply = smtp.send(helo.encode(), b"<" + sender.encode() + b">", b"<" + to.encode() + b">",
                      stuffed(message))
    smtp.close()
    return reply

# SPDX-License-Identifier: BSD-2-Clause
"""The world of tests/world, for tests in Python: what arrived on the far side,
what the log says, and auth-policy's configuration."""

import json
import os
import re
import signal
import time

WORLD = os.environ.get("WORLD", "")
CONF = "/etc/millrace"


def wait_for(seconds, condition):
    """Until it is true; the pause is for the processor's sake only."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.02)


class Far:
    """The far side's messages, as (octets, what it saw), by recipient."""

    def __init__(self):
        self.dir = os.path.join(WORLD, "far")
        self.seen = set()
        self.messages = {}

    def read(self):
        for name in sorted(set(os.listdir(self.dir)) - self.seen):
            if name.endswith(".json"):
                self.seen.add(name)
                path = os.path.join(self.dir, name[:-5] + ".eml")
                with open(os.path.join(self.dir, name), encoding="utf-8") as file:
                    saw = json.load(file)
                with open(path, "rb") as file:
                    octets = file.read()
                for to in saw["rcpt_to"]:
                    self.messages.setdefault(to, []).append((octets, dict(saw, path=path)))

    def find(self, to):
        self.read()
        return self.messages.get(to, [])

    def wait(self, to, seconds=20):
        return wait_for(seconds, lambda: self.find(to))


class Log:
    """The mail log."""

    def __init__(self):
        self.path = os.path.join(WORLD, "log/mail")

    def end(self):
        return os.path.getsize(self.path)

    def find(self, pattern, start=0):
        """The lines that match, from an octet on."""
        with open(self.path, "rb") as file:
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
        return [line for line in text.split("\n") if re.search(pattern, line)]

    def wait(self, pattern, start=0, seconds=20):
        return wait_for(seconds, lambda: self.find(pattern, start))


class Policy:
    """auth-policy, as policy_start has started it."""

    def __init__(self):
        self.log = Log()

    def pid(self):
        with open(os.path.join(WORLD, "policy.pid"), encoding="ascii") as file:
            return int(file.read())

    def configure(self, *lines, name="auth-policy.conf"):
        """Writes its configuration; back when it is in force."""
        with open(os.path.join(CONF, name), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        start = self.log.end()
        os.kill(self.pid(), signal.SIGUSR1)
        said = self.log.wait(r"auth-policy.*reload", start)
        if not said or "not reloaded" in said[0]:
            raise RuntimeError(f"{lines}: {said}")

    def memory(self, key):
        """VmRSS, VmHWM: KiB."""
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def split(message):
    """The fields of a header, each as it stands, and the rest from the empty line on."""
    head, line, rest = message.partition(b"\r\n\r\n")
    return re.split(rb"(?<=\r\n)(?![ \t])", head + b"\r\n")[:-1], line[2:] + rest


def name_of(field):
    return field.split(b":", 1)[0].strip().lower()

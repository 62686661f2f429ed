# SPDX-License-Identifier: BSD-2-Clause
"""The C side of verifying; verify_driver.c says what it reads and prints."""

import os
import subprocess

from corpus import built

NOW = 1780000000


class Driver:
    """Verifies messages, with all of DNS in a dictionary."""

    def __init__(self, folder, zone):
        path = os.path.join(folder, "zone")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name} TXT {text}\n" for name, text in zone.items())
        self.driver = subprocess.Popen([built("tests/corpus/verify_driver"), path],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, message, flags):
        self.driver.stdin.write(f"{len(message)} {NOW} {flags} -\n".encode() + message)
        self.driver.stdin.flush()
        lines = []
        while line := self.driver.stdout.readline().rstrip(b"\n"):
            lines.append(line.decode().split("\t"))
        return lines

    def verify(self, message, legacy=False):
        """Lists: auth, d=, s=, i=, a=, bits, testing, reason."""
        return self.ask(message, "l" if legacy else "-")

    def words(self, message, legacy=False):
        return [verdict[0] for verdict in self.verify(message, legacy)]

    def arc(self, message, legacy=False):
        """auth, instances, oldest-pass, reason; and for each set d=, s=, results."""
        (auth, instances, oldest, *reason), *sets = self.ask(message, "al" if legacy else "a")
        return (auth, int(instances), int(oldest), *reason), [s[:3] for s in sets]

    def end(self, tap, name):
        self.driver.stdin.close()
        tap.equal(self.driver.wait(), 0, f"{name}: the driver ended well")

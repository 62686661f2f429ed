# SPDX-License-Identifier: BSD-2-Clause
"""TAP, the Test Anything Protocol: what each test program prints."""

import sys


class Tap:
    """One line a test; the plan comes last, since nobody counts before."""

    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}")
        if not good and why:
            print("\n".join("# " + line for line in str(why).splitlines()))
        sys.stdout.flush()

    def equal(self, got, want, name):
        self.ok(got == want, name, f"got  {got!r}\nwant {want!r}")

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)

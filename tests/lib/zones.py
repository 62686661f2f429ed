# SPDX-License-Identifier: BSD-2-Clause
"""A network of its own with authoritative name servers (nsd), for tests of
what a domain publishes. Each server has its own text of the same zones."""

import os
import socket
import subprocess
import sys
import time

# Of RFC 2544 and RFC 5180: libunbound answers for the reverse zones of
# addresses for documentation by itself.
RESOLVER, NS0, NS1, NS2 = "198.18.0.1", "198.18.0.52", "198.18.0.53", "198.18.0.54"
NS1_SIX = "2001:2::53"
HOST4, HOST6 = "198.18.0.25", "2001:2::25"
WEB4, WEB6 = "198.18.0.80", "2001:2::80"
REVERSE4 = "0.18.198.in-addr.arpa"
REVERSE6 = "2.0.0.0.1.0.0.2.ip6.arpa"
# Zones, the deepest first: a name belongs to the first that has it.
TOP = ["org", "net"]
ZONES = ["sub.example.net", "example.org", "example.net", "srs.example", "google.com",
         "zen.spamhaus.org", "bl.spamcop.net", REVERSE4, REVERSE6] + TOP


def enter():
    """Runs the program again, as root of a network of its own."""
    if os.geteuid() or not os.path.exists("/usr/sbin/nsd"):
        print("1..0 # SKIP needs root and nsd")
        sys.exit(0)
    if os.environ.get("ZONES") != "inside":
        os.environ["ZONES"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                              "--mount-proc", sys.executable] + sys.argv)
    run = ["ip", "link", "set", "lo", "up"]
    subprocess.run(run, check=True)
    for address in RESOLVER, NS0, NS1, NS2, NS1_SIX, HOST4, HOST6, WEB4, WEB6:
        extra = ["nodad"] if ":" in address else []
        subprocess.run(["ip", "addr", "add", address, "dev", "lo"] + extra, check=True)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def owner(line):
    """The name by which a record is in a zone: a DS record is in the parent."""
    name, kind = line.split()[:2]
    return name.rstrip(".").split(".", kind == "DS")[-1]


def servers_of(zone):
    return ["ns0"] if zone in TOP else ["ns1", "ns2"]


def begin(zone):
    """What each zone has: SOA, its servers, and those of the zones below it."""
    lines = [f"$TTL 60\n{zone}. SOA ns1.example.net. root.example.net. 1 9 9 9 9"]
    for name in [zone] + [below for below in ZONES if below.endswith("." + zone)]:
        lines += [f"{name}. NS {server}.example.net." for server in servers_of(name)]
    return lines


class Server:
    """One nsd with its zones; started anew for each text."""

    def __init__(self, work, name, addresses, has):
        self.path, self.addresses, self.has = os.path.join(work, name), addresses, has
        self.process = self.lines = None
        os.mkdir(self.path)

    def start(self, lines, without=()):
        """Lines "name type data" of all zones; silent with None."""
        if self.process and (lines, without) == self.lines:
            return
        self.stop()
        self.lines = (lines, without)
        if lines is None:
            return
        conf = ["server:", '  username: ""', '  chroot: ""', f'  zonesdir: "{self.path}"',
                '  pidfile: ""', '  database: ""', f'  xfrdfile: "{self.path}/xfrd"',
                f'  zonelistfile: "{self.path}/list"', f'  logfile: "{self.path}/log"']
        conf += [f"  ip-address: {address}" for address in self.addresses]
        conf += ["remote-control:", "  control-enable: no"]
        todo = list(lines)
        for zone in ZONES:
            mine = [line for line in todo if ("." + owner(line)).endswith("." + zone)]
            todo = [line for line in todo if line not in mine]
            if zone in without or zone not in self.has:
                continue
            with open(os.path.join(self.path, zone), "w", encoding="utf-8") as file:
                file.write("\n".join(begin(zone) + mine) + "\n")
            conf += ["zone:", f"  name: {zone}.", f'  zonefile: "{zone}"']
        if todo:
            raise ValueError(f"in no zone: {todo}")
        with open(os.path.join(self.path, "conf"), "w", encoding="utf-8") as file:
            file.write("\n".join(conf) + "\n")
        self.process = subprocess.Popen(["nsd", "-d", "-c", file.name],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        zone = next(zone for zone in self.has if zone not in without)
        for address in self.addresses:
            self.wait(address, zone)

    def wait(self, address, zone):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            said = subprocess.run(["dig", "+time=1", "+tries=1", "+short", f"@{address}", zone,
                                   "SOA"], capture_output=True, text=True, check=False).stdout
            if said.startswith("ns1."):
                return
            time.sleep(0.02)
        with open(os.path.join(self.path, "log"), encoding="utf-8") as file:
            raise SystemExit(f"nsd does not serve {zone}: {file.read()}")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Servers:
    """The two of the zones, that of what is above them, and one that stands for
    the resolver."""

    def __init__(self, work):
        zones = [zone for zone in ZONES if zone not in TOP]
        self.resolver = Server(work, "resolver", [RESOLVER], ZONES)
        self.ns0 = Server(work, "ns0", [NS0], TOP)
        self.ns1 = Server(work, "ns1", [NS1, NS1_SIX], zones)
        self.ns2 = Server(work, "ns2", [NS2], zones)

    def start(self, lines, second=0, without=()):
        """All with the same lines, or the second one with others."""
        self.resolver.start(lines)
        self.ns0.start(lines)
        self.ns1.start(lines)
        self.ns2.start(lines if second == 0 else second, without)

    def stop(self):
        for server in (self.resolver, self.ns0, self.ns1, self.ns2):
            server.stop()

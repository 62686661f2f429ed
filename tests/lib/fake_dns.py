#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A DNS server on 127.0.0.1 that answers from a text, and breaks as it says.

    fake_dns.py [--port N] [--log FILE] [--anchor FILE] TABLE

Serves UDP and TCP on one port (N, or a free one), prints "ready PORT" and
goes on until it is killed. With --log each question is written as a line
"name type udp|tcp" before it is answered. It answers as a server that resolves
would: CNAMEs are followed within the table, negative answers carry a SOA.
With --anchor the zone signed.example has DNSSEC, and FILE gets its key.

A line of the table is NAME TYPE [DATA] [!FAULT...]; # begins a comment that
has its whole line. NAME "*.x.example" holds for all below x.example that have
no lines of their own, TYPE "*" for all types. DATA is as in zone files (names
from the root, with or without the last dot), or empty. Lines of a name and
type are one answer, and the faults of all of them hold.

    !ttl=N         seconds, 60 otherwise; also of the negative answer
    !delay=MS      answers later
    !silent        never answers; over TCP the connection stays open
    !nxdomain !servfail !refused !formerr !notimp   the rcode
    !garbage       octets that are no DNS message
    !cut           half of the message
    !wrong-id      the answer to another question's number
    !wrong-name    the answer to another question's name
    !truncate      TC over UDP, so that TCP is tried
    !no-tcp        TCP connections are closed when they ask for it
    !rdata=HEX     a record with these octets, whatever the type wants
    !txt=N         a TXT record of N octets ("a"), in strings of 255
    !signed !forged   a signature of signed.example, or a wrong one
    !from=N        the first N - 1 questions get no answer
"""

import argparse
import asyncio
import re
import socket
import struct
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ed25519

RCODES = {"nxdomain": dns.rcode.NXDOMAIN, "servfail": dns.rcode.SERVFAIL,
          "refused": dns.rcode.REFUSED, "formerr": dns.rcode.FORMERR,
          "notimp": dns.rcode.NOTIMP}
FAULTS = set(RCODES) | {"ttl", "delay", "silent", "garbage", "cut", "wrong-id", "wrong-name",
                        "truncate", "no-tcp", "rdata", "txt", "from", "signed", "forged"}
CNAMES_MAX = 12
IN = dns.rdataclass.IN
SIGNED = dns.name.from_text("signed.example")


class Signer:
    """The key of signed.example, a new one each time."""

    def __init__(self, anchor):
        self.private = ed25519.Ed25519PrivateKey.generate()
        self.dnskey = dns.dnssec.make_dnskey(
            self.private.public_key(), dns.dnssec.Algorithm.ED25519, flags=257)
        self.keys = dns.rrset.from_rdata(SIGNED, 60, self.dnskey)
        with open(anchor, "w", encoding="ascii") as file:
            file.write(f"{self.keys}\n")

    def signature(self, rrset, forged):
        rdata = dns.dnssec.sign(rrset, self.private, SIGNED, self.dnskey, lifetime=3600,
                                inception=time.time() - 3600)
        if forged:
            wrong = bytes([rdata.signature[0] ^ 1]) + rdata.signature[1:]
            rdata = rdata.replace(signature=wrong)
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, rdata)


class Entry:
    """The records of a name and a type, and what goes wrong with them."""

    def __init__(self):
        self.records, self.faults, self.asked = [], {}, 0

    def add(self, rdtype, data, faults):
        self.faults.update(faults)
        if data:
            # A name without its last dot is from the root too.
            self.records.append(dns.rdata.from_text(IN, rdtype, data, origin=dns.name.root,
                                                    relativize=False))
        if "rdata" in faults:
            self.records.append(
                dns.rdata.GenericRdata(IN, rdtype, bytes.fromhex(faults["rdata"])))
        if "txt" in faults:
            left, strings = int(faults["txt"]), b""
            while left:
                n = min(left, 255)
                strings += bytes([n]) + b"a" * n
                left -= n
            self.records.append(dns.rdata.GenericRdata(IN, rdtype, strings))


class Table:
    def __init__(self, lines):
        self.entries = {}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#"):
                try:
                    self.add(line)
                except Exception as error:
                    raise SystemExit(f"line {number}: {error}: {line.strip()}") from error

    def add(self, line):
        name, rdtype, *rest = line.split(None, 2)
        data, *faults = re.split(r"(?:^|\s+)!(?=[a-z])", rest[0].strip() if rest else "")
        faults = dict((fault.split("=") + [""])[:2] for fault in faults)
        if set(faults) - FAULTS:
            raise ValueError(f"no fault {set(faults) - FAULTS}")
        kind = None if rdtype == "*" else dns.rdatatype.from_text(rdtype)
        key = dns.name.from_text(name.lower()), kind
        self.entries.setdefault(key, Entry()).add(kind, data, faults)

    def at(self, name, rdtype):
        """The entry of just this name, or of any type."""
        return self.entries.get((name, rdtype)) or self.entries.get((name, None))

    def exists(self, name):
        return any(key[0].is_subdomain(name) for key in self.entries)

    def find(self, name, rdtype):
        """The entry of a name, its own or the nearest wildcard's."""
        entry = self.at(name, rdtype)
        if entry or any(key[0] == name for key in self.entries):
            return entry
        while len(name) > 1:
            name = name.parent()
            entry = self.at(dns.name.Name((b"*",) + name.labels), rdtype)
            if entry:
                return entry
        return None

    def resolve(self, name, rdtype):
        """The chain of (owner, type, entry) that leads to the answer, or to None."""
        chain, known = [], self.find
        for _ in range(CNAMES_MAX):
            entry = known(name, rdtype)
            cname = None if entry else known(name, dns.rdatatype.CNAME)
            if not cname or not cname.records:
                return chain + [(name, rdtype, entry)]
            chain.append((name, dns.rdatatype.CNAME, cname))
            name = cname.records[0].target
        return chain


def respond(table, query, signer):
    """The answer without what goes wrong on its way, and the faults."""
    question = query.question[0]
    answer, faults = dns.message.make_response(query, recursion_available=True), {}
    name = dns.name.Name(tuple(label.lower() for label in question.name.labels))
    chain = table.resolve(name, question.rdtype)
    if signer and (name, question.rdtype) == (SIGNED, dns.rdatatype.DNSKEY):
        answer.answer += [signer.keys, signer.signature(signer.keys, False)]
        return answer, faults
    for owner, rdtype, entry in chain:
        if not entry:
            if not table.exists(owner):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            continue
        entry.asked += 1
        faults.update(entry.faults)
        if entry.asked < int(entry.faults.get("from", 1)):
            faults["silent"] = ""
        if entry.records:
            answer.answer.append(dns.rrset.from_rdata_list(
                owner if owner != name else question.name,
                int(entry.faults.get("ttl", 60)), entry.records))
            if signer and ("signed" in faults or "forged" in faults):
                answer.answer.append(signer.signature(answer.answer[-1], "forged" in faults))
    for fault in faults:
        if fault in RCODES:
            answer.set_rcode(RCODES[fault])
    if all(rrset.rdtype != question.rdtype for rrset in answer.answer):
        ttl = int(faults.get("ttl", 60))
        answer.authority.append(dns.rrset.from_text(
            "example.", ttl, IN, dns.rdatatype.SOA, f"ns.example. root.example. 1 60 60 60 {ttl}"))
    return answer, faults


def spoil(wire, faults):
    if "garbage" in faults:
        return wire[:2] + b"\xff" * 40
    if "cut" in faults:
        return wire[:len(wire) // 2]
    if "wrong-id" in faults:
        return struct.pack("!H", (struct.unpack("!H", wire[:2])[0] + 1) & 0xffff) + wire[2:]
    if "wrong-name" in faults:
        return wire[:13] + bytes([wire[13] ^ 1]) + wire[14:]
    return wire


class Server(asyncio.DatagramProtocol):
    def __init__(self, table, log, signer):
        self.table, self.log, self.signer, self.transport = table, log, signer, None

    def connection_made(self, transport):
        self.transport = transport

    def answer(self, wire, way):
        """(octets or None, seconds to wait, faults) for a question's octets."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        if self.log:
            kind = dns.rdatatype.to_text(question.rdtype)
            self.log.write(f"{str(question.name).lower().rstrip('.')} {kind} {way}\n")
            self.log.flush()
        answer, faults = respond(self.table, query, self.signer)
        if "silent" in faults:
            return None, 0, faults
        if way == "udp" and "truncate" in faults:
            answer.answer = []
            answer.flags |= dns.flags.TC
        room = 65535 if way == "tcp" else max(query.payload, 512)
        try:
            octets = answer.to_wire(max_size=room)
        except dns.exception.TooBig:
            answer.answer, answer.authority = [], []
            answer.flags |= dns.flags.TC
            octets = answer.to_wire()
        return spoil(octets, faults), int(faults.get("delay", 0)) / 1000, faults

    def datagram_received(self, data, addr):
        octets, delay, _ = self.answer(data, "udp")
        if octets and delay:
            asyncio.get_running_loop().call_later(delay, self.transport.sendto, octets, addr)
        elif octets:
            self.transport.sendto(octets, addr)

    async def connection(self, reader, writer):
        try:
            while True:
                size = struct.unpack("!H", await reader.readexactly(2))[0]
                octets, delay, faults = self.answer(await reader.readexactly(size), "tcp")
                if "no-tcp" in faults:
                    break
                await asyncio.sleep(delay)
                if octets:
                    writer.write(struct.pack("!H", len(octets)) + octets)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


def bound(port):
    """A UDP and a TCP socket on the same port."""
    for _ in range(100):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(tcp.getsockname())
            return udp, tcp
        except OSError:
            tcp.close()
            udp.close()
            if port:
                raise
    raise SystemExit("no free port")


async def serve(arguments):
    with open(arguments.table, encoding="utf-8") as file:
        server = Server(Table(file), arguments.log and open(arguments.log, "a", encoding="utf-8"),
                        arguments.anchor and Signer(arguments.anchor))
    udp, tcp = bound(arguments.port)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, sock=udp)
    await asyncio.start_server(server.connection, sock=tcp)
    print("ready", udp.getsockname()[1], flush=True)
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--anchor")
    parser.add_argument("table")
    asyncio.run(serve(parser.parse_args()))


main()

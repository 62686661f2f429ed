# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on the author that a reader sees, each with what it may not get.

The cases of espoofer (Chen, Paxson, Jiang: Composition Kills, 2020), and those
of Weak Links in Authentication Chains (2021) and Forward Pass (2023) that can
be told over the milter protocol. attack.com has SPF and DKIM of its own;
legitimate.com has both and p=reject, and sends none of these messages.
"""

import json
import re
from dataclasses import dataclass, field

VICTIM, ATTACKER = "legitimate.com", "attack.com"
CLIENT = "192.0.2.66"
BODY = b"Hi, this is a test message! Best wishes.\r\n"
# Each has the attacker's SPF; in the zone's form odd octets are \DDD.
ATTACKERS = ("attack.com", "helo.attack.com", "33.attack.com", "any.attack.com", "a.attack.com",
             "any@attack.com", "legitimate.com'a.attack.com", "legitimate.com\\040a.attack.com",
             "notexist.attack.com")


def table(records):
    """One text for fake_dns.py and for millrace verify --zone."""
    lines = [f'{name} TXT "v=spf1 ip4:{CLIENT} -all"' for name in ATTACKERS]
    for name in ("selector._domainkey.attack.com", "rsa._domainkey.attack.com",
                 "selector._domainkey.legitimate.com'a.attack.com",
                 "rsa._domainkey.forwarder.com", "any.selector._domainkey.attack.com"):
        lines.append(f"{name} TXT {records['rsa']}")
    # The victim's key is the other one: the attacker has none of it.
    lines.append(f"victim._domainkey.legitimate.com TXT {records['ed25519']}")
    for name in VICTIM, "example.com":
        lines += [f'{name} TXT "v=spf1 ip4:203.0.113.1 -all"', f"{name} A 203.0.113.1",
                  f'_dmarc.{name} TXT "v=DMARC1; p=reject; sp=none; np=reject"']
    return "\n".join(lines) + """
sub.legitimate.com A 203.0.113.1
_dmarc.attack.com TXT "v=DMARC1; p=none"
forwarder.com TXT "v=spf1 ip4:192.0.2.80 -all"
v.com TXT "v=spf1 ip4:192.0.2.66 -all"
explains.attack.com TXT "v=spf1 -all exp=why.attack.com"
why.attack.com TXT "\\013\\010250 2.0.0 Ok\\255\\000%{s}"
"""


@dataclass
class Attack:
    what: str
    message: object  # octets, or (fields, body) as a milter gets them
    sender: str = "any@attack.com"
    helo: str = "attack.com"
    victim: str = VICTIM
    refused: bool = True  # by default settings
    settings: dict = field(default_factory=dict)


def unescape(text):
    """The octets that cases.json has behind backslashes."""
    return re.sub(rb"\\(r|n|x[0-9a-f]{2})", lambda m: {b"r": b"\r", b"n": b"\n"}.get(
        m[1]) or bytes([int(m[1][1:], 16)]), text.encode())


def espoofer(path, keys):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        header = "".join(case[key] for key in ("from_header", "to_header", "subject_header",
                                               "other_headers"))
        header = header.replace("\\r\\nnTo:", "\\r\\nTo:").replace("<DATE>", "Fri, 3 Apr 2026 "
                                                                   "12:00:00 +0000")
        message = unescape(header + case["body"])
        made = case["dkim"]
        if made:
            message = keys.sign(
                message, made["d"], selector=unescape(made["s"]).decode("latin-1"),
                include_headers=[b"from"], canonicalize=(b"relaxed", b"relaxed"))
        victim = "example.com" if case["id"].startswith("client") else VICTIM
        # What a MTA makes of it is one thing, what a lax one would another.
        yield Attack(case["id"], message, case["mail_from"][1:-1], case["helo"], victim)
        lax = re.sub(rb"(?m)^From\r\n :", b"From :", message).lstrip(b" ").replace(b"\0", b"")
        # With Sender or Resent-From the author is the attacker, and says so.
        honest = case["id"] in ("server_a12", "server_a13")
        if lax != message:
            yield Attack(f"{case['id']}, by a lax MTA", lax, case["mail_from"][1:-1],
                         case["helo"], victim, refused=not honest)


def mail(author=b"<admin@legitimate.com>", more=b""):
    return b"From: " + author + b"\r\nTo: victim@victim.com\r\nSubject: x\r\n" + more + b"\r\n" + BODY


def composition(keys):
    """Section 2 of cases.md."""
    own = keys.sign(mail(b"first@attack.com"), ATTACKER)
    honest = keys.sign(mail(b"admin@legitimate.com"), VICTIM, "victim",
                       include_headers=[b"From"], kind="ed25519")
    yield Attack("P1: a second From above a signed one", mail()[:31] + own)
    yield Attack("P1: and below it", own.replace(b"\r\nTo:", b"\r\nFrom: admin@legitimate.com\r\nTo:"))
    yield Attack("P1: replay of the victim's, with another From",
                 b"From: evil@attack.com\r\n" + honest)
    yield Attack("P2: replay with another Subject", b"Subject: pay here\r\n" + honest)
    long = keys.sign(mail(b"admin@legitimate.com"), VICTIM, "victim", length=True,
                     kind="ed25519")
    yield Attack("P2: replay with more body", long + b"pay here\r\n")
    yield Attack("P3: an invisible character", mail("<admin@legitimate.com\u2000>".encode()))
    for name in b"From ", b"From\t", b"FROM", b"From \t ":
        yield Attack(f"P4: {name}", ([(name, b" admin@legitimate.com")], BODY))
        yield Attack(f"P4: {name} and From", (
            [(name, b" admin@legitimate.com"), (b"From", b" first@attack.com")], BODY))
    yield Attack("P5: empty From and Resent-From", mail(b"", b"Resent-From: admin@legitimate.com\r\n"
                                                        b"Sender: admin@legitimate.com\r\n"))
    yield Attack("P6: a From within another field", b"Authentication-Results: x\r\n From: "
                 b"<first@attack.com>\r\n" + mail())


def weak_links(keys):
    """Section 3: who sent it is not who wrote it."""
    yield Attack("W1: null sender, HELO of the victim", mail(), "", VICTIM)
    yield Attack("W2: null sender, HELO of the attacker", mail(), "", ATTACKER)
    for helo in "[192.0.2.66]", "legitimate", "", "legitimate.com.", "x.legitimate.com":
        yield Attack(f"W3: null sender, HELO {helo!r}", mail(), "", helo)
    yield Attack("W4: a sub-domain that does not exist", mail(b"<x@nx.legitimate.com>"))
    yield Attack("W4: one that does", mail(b"<x@sub.legitimate.com>"), refused=False)
    yield Attack("W5: a sender that does not exist", mail(), "x@nx.legitimate.com")
    for sender in ("@legitimate.com:any@attack.com", "admin@legitimate.com@attack.com",
                   '"admin@legitimate.com"@attack.com', "admin@attack.com@legitimate.com",
                   "any@attack.com(@legitimate.com)", "any@attack.com legitimate.com",
                   "any@attack.com\x7f@legitimate.com", "legitimate.com", "@legitimate.com"):
        yield Attack(f"A6: sender {sender!r}", mail(), sender)
    yield Attack("A4: other results are no input", mail(more=b"Received-SPF: pass\r\n"
                 b"ARC-Authentication-Results: i=1; mx.victim.example; dmarc=pass "
                 b"header.from=legitimate.com\r\nDMARC-Filter: pass\r\n"))
    yield Attack("signed by the attacker alone", keys.sign(mail(), ATTACKER))
    yield Attack("signed by the attacker as the victim", keys.sign(mail(), VICTIM))
    yield Attack("signed for nobody", keys.sign(mail(), ""))
    for i in b"@legitimate.com", b"admin@legitimate.com":
        yield Attack(f"signed by the attacker, i={i.decode()}",
                     keys.sign(mail(), ATTACKER, identity=b"@attack.com").replace(
                         b"i=@attack.com", b"i=" + i))


def chains(keys):
    """Section 4: what a sealer says, and who that is."""
    trusts = {"trusted_sealers": ["forwarder.com"]}
    says = "dmarc=pass header.from=legitimate.com"
    first = keys.seal(mail(), ATTACKER, says)
    trusted = keys.seal(mail(), "forwarder.com", says)

    def attack(what, message):
        return Attack(what, message, settings=trusts)

    yield attack("F4a: sealed by the attacker", first)
    yield attack("F4b: and by the forwarder, who saw a failure",
                 keys.seal(first, "forwarder.com", "arc=pass; dmarc=fail "
                           "header.from=legitimate.com"))
    yield attack("F4c: altered behind the forwarder", trusted + b"more\r\n")
    for what, old, new in (("i=0", rb"\bi=1\b", b"i=0"), ("a gap", rb"\bi=1\b", b"i=2"),
                           ("i=01", rb"\bi=1\b", b"i=01"), ("i=51", rb"\bi=1\b", b"i=51")):
        yield attack(f"F4d: {what}", re.sub(old, new, trusted))
    sets = trusted[:trusted.index(b"From:")]
    yield attack("F4d: the same twice", sets + trusted)
    for n in 51, 500:
        yield attack(f"F4d: {n} sets", b"".join(
            re.sub(rb"\bi=1\b", b"i=%d" % i, sets) for i in range(n, 0, -1)) + mail())
    other = keys.seal(mail(b"<admin@legitimate.com>", b"X: other\r\n").replace(BODY, b"other\r\n"),
                      "forwarder.com", says)
    yield attack("F4e: a seal from another message", other[:other.index(b"From:")] + mail())
    yield attack("the forwarder's seal, the attacker's signature", re.sub(
        rb"d=forwarder\.com", b"d=attack.com", trusted))


# From fields and the domains of their authors; "" where there is none that
# can be read. Section 7.
GRAMMAR = [
    (b"A <a@x.example>", "x.example"), (b'"a@evil.com" <a@x.example>', "x.example"),
    (b"a@x.example (b@evil.com)", "x.example"), (b"a@(c)x.example", "x.example"),
    (b'"x\\"<b@evil.com>" <a@x.example>', "x.example"),
    (b"g: a@x.example, b@y.example;", "x.example y.example"), (b"undisclosed:;", ""),
    (b"<>", ""), (b"a", ""), (b"a@[192.0.2.1]", ""),
    (b"=?utf-8?q?a=40evil.com?= <a@x.example>", "x.example"),
    (b"a@x.example, a@X.EXAMPLE", "x.example"),
    (b"a@x.example, b@y.example", "x.example y.example"),
    (b'"a@x.example"@y.example', "y.example"), (b"a@x.example@y.example", ""),
    (b'<"a>b"@x.example>', "x.example"), (b"a @ x . example", "x.example"),
    (b"<@r.evil.com:a@x.example>", "x.example"),
    ("a@\u00fc.example".encode(), "xn--tda.example"), (b"a@x_y.example", "x_y.example"),
    (b"a@x..example", ""), (b"a@x.example,\r\n\tb@y.example", "x.example y.example"),
    (b"(" * 1000 + b"a@x.example" + b")" * 1000, ""), (b'"a@x.example', ""), (b"(a@x.example", ""),
    (b"a@x.example, " * 99 + b"a@x.example", "x.example"), (b"a@x.example, " * 500, ""),
]

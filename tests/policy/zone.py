# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of auth-policy share: their DNS, and messages that fit it."""

OURS = "mx.victim.example"
SENDER, STRANGER = "192.0.2.7", "198.51.100.9"
ACCEPTED = ["insert 0 Authentication-Results"]


def table(records):
    """DNS: who may send for whom, with which policy, and what is out of order."""
    lines = []
    for name in "good.example", "mx.good.example", "quarantine.example", "none.example":
        lines.append(f'{name} TXT "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"')
    for name in ("good.example", "quarantine.example", "test.example", "slow.example",
                 "sealer.example", "dead.example"):
        lines += [f"{kind}._domainkey.{name} TXT {records[kind]}" for kind in records]
    policies = {
        "good.example": "p=reject", "quarantine.example": "p=quarantine",
        "monitored.example": "p=none", "test.example": "p=reject; t=y",
        "test-quarantine.example": "p=quarantine; t=y",
        "sub.example": "p=none; sp=reject",
        "ghosts.example": "p=none; sp=none; np=reject",
        "strict.example": "p=reject; aspf=s; adkim=s",
        "co.uk": "p=reject", "psl.example": "p=reject", "mid.psl.example": "p=none",
        "deadkey.example": "p=reject", "deadkey-none.example": "p=none",
    }
    lines += [f'_dmarc.{name} TXT "v=DMARC1; {text}"' for name, text in policies.items()]
    # An explanation as long as may be, which is too long for a reply of ours.
    lines.append(f'why.verbose.example TXT "{"x" * 200}" "{"x" * 190}"')
    return "\n".join(lines) + """
mx.good.example A 192.0.2.7
www.sub.example A 192.0.2.8
real.ghosts.example A 192.0.2.8
sub.example TXT "v=spf1 -all"
www.sub.example TXT "v=spf1 -all"
real.ghosts.example TXT "v=spf1 -all"
strict.example TXT "v=spf1 -all"
a.strict.example TXT "v=spf1 ip4:192.0.2.7 -all"
monitored.example TXT "v=spf1 -all"
x.mid.psl.example A 192.0.2.8
forwarder.example TXT "v=spf1 ip4:198.51.100.9 -all"
bounce.forwarder.example TXT "v=spf1 ip4:198.51.100.9 -all"
explained.example TXT "v=spf1 -all exp=why.explained.example"
why.explained.example TXT "100%% of %{i} is not ours"
verbose.example TXT "v=spf1 -all exp=why.verbose.example"
broken.example TXT "v=spf1 ip4:192.0.2.7/99 -all"
_dmarc.broken.example TXT "v=DMARC1; p=nonsense"
_dmarc.two.example TXT "v=DMARC1; p=reject"
_dmarc.two.example TXT "v=DMARC1; p=none"
_dmarc.servfail.example TXT !servfail
_dmarc.dead.example TXT !silent
rsa._domainkey.deadkey.example TXT !silent
rsa._domainkey.deadkey-none.example TXT !servfail
deadspf.example TXT !servfail
_dmarc.deadspf.example TXT "v=DMARC1; p=quarantine"
*.busy.example TXT "v=DMARC1; p=none" !delay=100
"""


def mail(author="alice@good.example", more="", body="Hello.\r\n"):
    return (f"From: Alice <{author}>\r\nTo: victim@victim.example\r\n"
            f"Subject: a test\r\n{more}\r\n{body}").encode()


def stranger(**more):
    return {"client": STRANGER, "helo": "unknown.example", "sender": "x@nowhere.example", **more}


def signed(keys):
    """What makes the messages for rows that need keys."""
    def altered(message):
        return message + b"-- \r\na list's footer\r\n"

    good = keys.sign(mail(), "good.example")
    saw = "dmarc=pass header.from=good.example"
    listed = altered(good)
    return {
        "rsa": good,
        "ed25519": keys.sign(mail(), "good.example", "ed25519"),
        "both": keys.sign(keys.sign(mail(), "good.example"), "good.example", "ed25519"),
        "altered": listed,
        "sealed": keys.seal(listed, "sealer.example", saw),
        "sealed, saw fail": keys.seal(listed, "sealer.example",
                                      "dmarc=fail header.from=good.example"),
        "sealed, another author": keys.seal(listed, "sealer.example",
                                            "dmarc=pass header.from=other.example"),
        "sealed, then altered": altered(keys.seal(good, "sealer.example", saw)),
        "sealed twice": keys.seal(keys.seal(listed, "sealer.example", saw), "good.example",
                                  "arc=pass; dmarc=fail header.from=good.example"),
        "partial": keys.sign(mail(), "good.example", length=True) + b"more\r\n",
        "deadkey": keys.sign(mail("a@deadkey.example"), "deadkey.example"),
        "deadkey-none": keys.sign(mail("a@deadkey-none.example"), "deadkey-none.example"),
        "subject": keys.sign(mail(), "good.example").replace(
            b"Subject: a test", b"Subject: another\r\nSubject: a test"),
    }

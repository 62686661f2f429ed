# SPDX-License-Identifier: BSD-2-Clause
"""What is sent in a run of the ledger, and what must come of it.

The aliases and their targets stand here twice, as the file that forward reads
and as the sets that the verdict compares with; neither is derived from the
other. Each message has a sender of its own, "mN@sender.example", so that the
far side and the stranger's box know which one it is at every step; it is in
ENVID as well, for senders that forward must keep under a token.
"""

import random
import re

ALIASES = {
    "inbound.example": """\
i: me@gmail.example
team: me@gmail.example, carol@gmail.example, dave@v4.example
pair: carol@gmail.example, i
nested: shared@example.net
gone: !refuse This address is closed
moving: {moving}
*: box@gmail.example
""",
    "example.net": """\
i: net@gmail.example
shared: one@gmail.example, two@v4.example, i
keep: *@gmail.example
""",
}
MOVING = ("here@gmail.example, there@v4.example", "elsewhere@gmail.example")

ME, CAROL, DAVE = "me@gmail.example", "carol@gmail.example", "dave@v4.example"
SHARED = {"one@gmail.example", "two@v4.example", "net@gmail.example"}
REFUSED = None

# Of each kind: how often, and its recipients. A recipient comes to a set of
# targets, or to one of several sets, or is refused.
KINDS = {
    "alias": (10, {"i@inbound.example": [{ME}]}),
    "suffix": (3, {"i+news@inbound.example": [{ME}]}),
    "catch-all": (15, {"any%s@inbound.example": [{"box@gmail.example"}]}),
    "several": (12, {"team@inbound.example": [{ME, CAROL, DAVE}]}),
    "overlap": (6, {"team@inbound.example": [{ME, CAROL, DAVE}],
                    "pair@inbound.example": [{CAROL, ME}]}),
    "keep": (5, {"keep@example.net": [{"keep@gmail.example"}]}),
    "nested": (4, {"nested@inbound.example": [SHARED]}),
    "long": (5, {"team@inbound.example": [{ME, CAROL, DAVE}]}),
    "moving": (5, {"moving@inbound.example": [{"here@gmail.example", "there@v4.example"},
                                              {"elsewhere@gmail.example"}]}),
    "split": (3, {"i@inbound.example": [{ME}], "i@example.net": [{"net@gmail.example"}]}),
    "partly": (2, {"shared@example.net": [SHARED], "nobody@example.net": REFUSED,
                   "i@example.net": [{"net@gmail.example"}]}),
    "unknown": (6, {"nobody%s@example.net": REFUSED}),
    "closed": (6, {"gone@inbound.example": REFUSED}),
    "forged": (6, {"i@inbound.example": REFUSED}),
    "spf-alone": (4, {"i@inbound.example": REFUSED}),
    "unproven": (3, {"i@inbound.example": REFUSED}),
    "hops": (3, {"i@inbound.example": REFUSED}),
    "loop": (2, {"i@inbound.example": REFUSED}),
}
# Who sends what is not from sender.example, or not from its host.
SENDERS = {"forged": "sender.example", "unproven": "nothing.example"}


def name_of(text):
    """The message that a sender, an SRS address or an ENVID names."""
    found = re.search(r"\b(m\d+)(?:x+)?(?:@|\b)", text)
    return found and found[1]


def make(count, seed):
    """The messages of a run: name, kind, sender, recipients and their fates."""
    dice = random.Random(seed)
    kinds = list(KINDS)
    weights = [KINDS[kind][0] for kind in kinds]
    for n in range(1, count + 1):
        kind = dice.choices(kinds, weights)[0]
        name = f"m{n}"
        local = name + "x" * 50 if kind == "long" else name
        yield {"name": name, "kind": kind, "body": dice.randrange(len(BODIES)),
               "sender": f"{local}@{SENDERS.get(kind, 'sender.example')}",
               "to": {to.replace("%s", str(n)): fate
                      for to, fate in KINDS[kind][1].items()}}


LINE = b"A line of some length, so that there is a body to be hashed.\r\n"
BODIES = (b"", b"A body.\r\n", LINE * 40, b".dot\r\n..\r\n" + LINE * 16, LINE * 1500)

"""
delivered: where the messages of some sessions lie on this host.

  delivered.py ROOT… < JSON list of tokens   →   {TOKEN: {"where": [PATH, …], "headers": {NAME: VALUE}}, …}

A message is known by its header `X-Session: TOKEN`. PATH is the mailbox: a Maildir without new/ and the like, or a file.
"""

import email
import json
import os
import re
import sys

tokens = json.load(sys.stdin)
found = {token: {"where": [], "headers": {}} for token in tokens}
for root in sys.argv[1:]:
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            try:
                with open(path, "rb") as file:
                    content = file.read(1_000_000)
            except OSError:
                continue
            for token in set(re.findall(rb"^X-Session: (\S+)", content, re.M)):
                one = found.get(token.decode())
                if one is None:
                    continue
                box = os.path.dirname(folder) if os.path.basename(folder) in ("new", "cur", "tmp") else path
                if root.endswith("/sink"):
                    box = root
                one["where"].append(box)
                start = content.rfind(b"\nFrom ", 0, content.index(b"X-Session: " + token)) + 1
                for key, value in email.message_from_bytes(content[start:]).items():
                    if key.startswith("X-"):
                        one["headers"].setdefault(key, value)
for one in found.values():
    one["where"] = sorted(set(one["where"]))
json.dump(found, sys.stdout)

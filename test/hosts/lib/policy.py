"""
policy: a policy service of Postfix (SMTPD_POLICY_README), in place of iRedAPD, postfwd, a rate limiter, …

  policy.py RULES.json ADDRESS:PORT

RULES.json is a list of {"when": {ATTRIBUTE: VALUE, …}, "action": ACTION}; the first that fits is the answer, else DUNNO.
Every question is written to /var/log/policy.log: instance, sender, recipient, user.
"""

import json
import socketserver
import sys

with open(sys.argv[1]) as file:
    RULES = json.load(file)
host, port = sys.argv[2].rsplit(":", 1)


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        asked = {}
        for line in self.rfile:
            text = line.decode("utf8", "replace").rstrip("\n")
            if text:
                name, _, value = text.partition("=")
                asked[name] = value
                continue
            fits = (rule["action"] for rule in RULES if all(asked.get(k) == v for k, v in rule["when"].items()))
            action = next(fits, "DUNNO")
            with open("/var/log/policy.log", "a") as log:
                log.write(json.dumps([asked.get(k) for k in ("protocol_state", "sender", "recipient", "sasl_username")]) + "\n")
            self.wfile.write(f"action={action}\n\n".encode())
            asked = {}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((host, int(port)), Session).serve_forever()

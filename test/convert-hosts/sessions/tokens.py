"""
tokens: a server that knows tokens (RFC 6749, RFC 7662), on 127.0.0.1:8080. PASSWORDS is JSON: passwords by name.

  POST /token        a password for a token
  any other path     whose token it is: `valid-NAME` is a valid token of NAME, `ended-NAME` one that has ended; the last word of a bearer's header,
                     of the query, or of the body

Where QUERY is set, it knows tokens only for a query that has it: an escape that gets lost shows.
"""

import http.server
import json
import os
import urllib.parse

PASSWORDS = json.loads(os.environ["PASSWORDS"])
QUERY = os.environ.get("QUERY", "")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path, _, query = self.path.partition("?")
        said = dict(urllib.parse.parse_qsl(query)) | dict(urllib.parse.parse_qsl(body))
        if path == "/token":
            known = PASSWORDS.get(said.get("username")) == said.get("password")
            self.say(*((200, {"access_token": "valid-" + said["username"], "token_type": "bearer"}) if known else (400, {"error": "invalid_grant"})))
            return
        bearer = self.headers.get("Authorization", "").partition("Bearer ")[2]
        kind, _, name = (bearer or said.get("token", "")).partition("-")
        if kind not in ("valid", "ended") or QUERY not in query:
            self.say(200, {"active": False})
            return
        self.say(200, {"active": kind == "valid", "email": name, "scope": "calendar mail"})

    def say(self, code, what):
        bytes = json.dumps(what).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(bytes)))
        self.end_headers()
        self.wfile.write(bytes)


http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Answer).serve_forever()

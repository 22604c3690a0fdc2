"""
driver: has sessions with a mail host, as a script of data tells, and says what the host answered.

  standard input   {"address": ADDRESS, "users": {NAME: PASSWORD}, "sessions": [...]}
  standard output  [{"name", "outcome", "replies", ...}, ...], in the order of the sessions

The form of a session is in ../README.md. The driver judges nothing: the same program runs before and after a change, and
the test compares. Every session has a time limit; what is cut short by it has the outcome "no answer".
"""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import re
import secrets
import socket
import ssl
import sys
import tempfile

TIMEOUT = 45

SOURCES = {
    "outside": "198.18.200.9",
    "office": "198.18.201.7",
    "own-network": "10.20.0.5",
    "infected": "10.20.0.66",
    "vpn": "10.8.0.2",
    "outside6": "fd99::9",
    "own-network6": "fd20::5",
    "loopback": "127.0.0.1",
}


class Refused(Exception):
    """The server said no, or did not offer what the session needs; the text is the outcome."""


class Line:
    """A connection, line by line, in clear or inside TLS."""

    def __init__(self, session, at, source, port):
        family = socket.AF_INET6 if ":" in at else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(session.get("timeout", TIMEOUT))
        self.socket.bind((source, 0))
        try:
            self.socket.connect((at, port))
        except OSError as error:
            self.socket.close()
            raise Refused("closed") from error
        if session.get("proxy"):
            kind = "TCP6" if ":" in session["proxy"] else "TCP4"
            header = f"PROXY {kind} {session['proxy']} {at} 40000 {port}\r\n"
            self.socket.sendall(header.encode())
        self.session = session
        self.rest = b""
        self.certificate = None

    def secure(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        kind = self.session.get("keyType")
        if kind:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(f"ECDHE-{kind}-AES256-GCM-SHA384:ECDHE-{kind}-AES128-GCM-SHA256:@SECLEVEL=0")
        if self.session.get("clientCertificate"):
            context.load_cert_chain(self.session["clientCertificate"])
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=self.session.get("sni"))
        except (OSError, EOFError) as error:
            raise Refused("no TLS session") from error
        self.certificate = self.socket.getpeercert(binary_form=True)
        self.rest = b""

    def say(self, text):
        try:
            self.socket.sendall(text.encode() + b"\r\n")
        except OSError as error:
            raise Refused("hung up") from error

    def line(self):
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except TimeoutError as error:
                raise Refused("no answer") from error
            except OSError as error:
                raise Refused("hung up") from error
            if not more:
                raise Refused("hung up")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("latin1").rstrip("\r")

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass


def names(certificate):
    """The names of a certificate (DER): its DNS names, else the subject's common name."""
    if certificate is None:
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(ssl.DER_cert_to_PEM_cert(certificate))
        file.flush()
        decoded = ssl._ssl._test_decode_cert(file.name)
    found = [value for kind, value in decoded.get("subjectAltName", ()) if kind == "DNS"]
    common = [value for part in decoded.get("subject", ()) for key, value in part if key == "commonName"]
    return sorted(found) or common


# --- logins, for every protocol: a mechanism is a generator that takes challenges and gives answers ---


def plain(user, password):
    yield f"\0{user}\0{password}"


def login(user, password):
    yield None
    yield user
    yield password


def cram_md5(user, password):
    challenge = yield None
    yield f"{user} {hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()}"


def external(user, password):
    yield ""


def scram_sha_256(user, password):
    nonce = secrets.token_hex(12)
    first = f"n={user},r={nonce}"
    challenge = (yield f"n,,{first}").decode()
    parts = dict(part.split("=", 1) for part in challenge.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    final = f"c=biws,r={parts['r']}"
    message = f"{first},{challenge},{final}".encode()
    signature = hmac.new(hashlib.sha256(client_key).digest(), message, "sha256").digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
    yield f"{final},p={proof}"
    yield ""


MECHANISMS = {
    "PLAIN": plain,
    "LOGIN": login,
    "CRAM-MD5": cram_md5,
    "EXTERNAL": external,
    "SCRAM-SHA-256": scram_sha_256,
}


def encoded(answer):
    return base64.b64encode(answer.encode()).decode()


# --- SMTP ---


def tidy(text):
    """A reply without what differs each time: queue ids, dates, the client's source port."""
    text = re.sub(r"queued as .*", "queued", text)
    text = re.sub(r"from MTA\(smtp:\[[^\]]*\]:\d+\): .*", "from the filter", text)
    return re.sub(r"\(in reply.*", "", text)


class Smtp:
    def __init__(self, line, replies, lmtp=False):
        self.line, self.replies = line, replies

    def reply(self):
        lines = []
        while True:
            lines.append(self.line.line())
            if not re.match(r"\d{3}-", lines[-1]):
                return lines

    def ask(self, command, label=None):
        """Sends a command; a reply of another class than 2 or 3 ends the session."""
        if command is not None:
            self.line.say(command)
        lines = self.reply()
        last = lines[-1]
        label = label or (command or "").split(":")[0].split()[0]
        self.replies.append(f"{label} {tidy(last)}")
        if last[:1] not in "23":
            code = re.match(r"\d{3}([ -][245]\.\d+\.\d+)?", last)
            raise Refused(f"{label} {code.group(0) if code else last}")
        return lines

    def greet(self):
        lines = self.reply()
        while lines[-1][:3] != "220":
            raise Refused(f"greeting {lines[-1][:9]}")

    def hello(self):
        lines = self.ask(f"EHLO {self.line.session.get('helo', 'client.example')}")
        self.replies.pop()
        self.words = [line[4:].upper() for line in lines[1:]]

    def mechanisms(self):
        return sorted({name for word in self.words if re.match(r"AUTH[ =]", word) for name in word[5:].split()})

    def starttls(self):
        return "STARTTLS" in self.words

    def login(self, mechanism, user, password):
        if not self.mechanisms():
            raise Refused("AUTH not offered")
        if mechanism not in self.mechanisms():
            raise Refused(f"AUTH {mechanism} not offered")
        steps = MECHANISMS[mechanism](user, password)
        answer = next(steps)
        command = f"AUTH {mechanism}" if answer is None else f"AUTH {mechanism} {encoded(answer) or '='}"
        lines = self.ask(command, "AUTH")
        while lines[-1].startswith("334"):
            self.replies.pop()
            challenge = base64.b64decode(lines[-1][4:] or "")
            answer = steps.send(challenge)
            lines = self.ask(encoded(answer), "AUTH")


def smtp(session, line, users, result):
    talk = Smtp(line, result["replies"])
    if session["tls"] == "implicit":
        line.secure()
    talk.greet()
    talk.hello()
    if session["tls"] == "starttls":
        if not talk.starttls():
            raise Refused("STARTTLS not offered")
        talk.ask("STARTTLS")
        line.secure()
        talk.hello()
    result["outcome"] = "connected"
    if session.get("user") or session.get("mechanism"):
        user = session.get("user", "")
        talk.login(session.get("mechanism", "PLAIN"), user, session.get("password", users.get(user, "")))
        result["outcome"] = "logged in"
    if "mail" not in session:
        return
    talk.ask(f"MAIL FROM:<{session['mail']}>", "MAIL")
    for recipient in session["rcpt"]:
        talk.ask(f"RCPT TO:<{recipient}>", "RCPT")
    result["outcome"] = "accepted"
    if not session.get("deliver"):
        return
    talk.ask("DATA")
    subject = session.get("subject", session["name"])
    headers = [f"From: <{session.get('from header', session['mail'])}>", f"To: <{session['rcpt'][0]}>"]
    headers += [f"Subject: {subject}", f"X-Session: {session['token']}", "Date: Sun, 29 Nov 2026 12:00:00 +0000"]
    body = session.get("body", "A line.")
    talk.ask("\r\n".join([*headers, f"Message-ID: <{session['token']}@client.example>", "", body, "."]), "END")
    result["outcome"] = "sent"


def smtp_offers(session, line, result):
    talk = Smtp(line, [])
    if session["tls"] == "implicit":
        line.secure()
    talk.greet()
    talk.hello()
    if session["tls"] != "implicit":
        result["clear"] = talk.mechanisms()
        result["starttls"] = talk.starttls()
        if not talk.starttls():
            return
        talk.ask("STARTTLS")
        line.secure()
        talk.hello()
    result["tls"] = talk.mechanisms()


# --- IMAP, POP3, ManageSieve ---


class Imap:
    def __init__(self, line, replies):
        self.line, self.replies, self.count = line, replies, 0

    def greet(self):
        if not self.line.line().startswith("* OK"):
            raise Refused("greeting")

    def ask(self, command, label=None, steps=None):
        self.count += 1
        tag = f"a{self.count}"
        self.line.say(f"{tag} {command}")
        lines, first = [], True
        while True:
            last = self.line.line()
            if last.startswith("+") and steps is not None:
                answer = next(steps) if first else steps.send(base64.b64decode(last[2:]))
                first = False
                self.line.say(encoded(answer))
                continue
            if last.startswith(f"{tag} "):
                break
            lines.append(last)
        said = last[len(tag) + 1 :]
        label = label or command.split()[0]
        self.replies.append(f"{label} {re.sub(r' (Logged in|.* completed).*', '', said) if said.startswith('OK') else said}")
        if not said.startswith("OK"):
            code = re.match(r"(NO|BAD)( \[[A-Z-]+\])?", said)
            raise Refused(f"{label} {code.group(0) if code else said}")
        return lines

    def hello(self):
        lines = self.ask("CAPABILITY")
        self.replies.pop()
        self.words = " ".join(lines).upper().split()

    def starttls(self):
        return "STARTTLS" in self.words

    def mechanisms(self):
        return sorted(word[5:] for word in self.words if word.startswith("AUTH="))

    def offers(self):
        return self.mechanisms() + ([] if "LOGINDISABLED" in self.words else ["LOGIN command"])

    def login(self, mechanism, user, password):
        if mechanism is None:
            self.ask(f'LOGIN "{user}" "{password}"', "LOGIN")
            return
        if mechanism not in self.mechanisms():
            raise Refused(f"AUTH {mechanism} not offered")
        self.ask(f"AUTHENTICATE {mechanism}", "LOGIN", answers(MECHANISMS[mechanism](user, password)))

    def work(self):
        self.ask("SELECT INBOX")
        self.replies[-1] = "SELECT OK"
        boxes = self.ask('LIST "" *')
        self.replies[-1] = f"LIST OK, {'INBOX among them' if any('INBOX' in box for box in boxes) else 'no INBOX'}"
        self.ask("STATUS INBOX (UIDVALIDITY)")
        self.replies[-1] = "STATUS OK"
        self.ask("LOGOUT")
        self.replies.pop()


def answers(mechanism):
    """A mechanism whose server speaks first with an empty challenge: the first `None` is no answer."""
    answer = next(mechanism)
    challenge = yield answer if answer is not None else mechanism.send(b"")
    for _ in range(4):
        challenge = yield mechanism.send(challenge)


class Pop3:
    def __init__(self, line, replies):
        self.line, self.replies = line, replies

    def greet(self):
        if not self.line.line().startswith("+OK"):
            raise Refused("greeting")

    def ask(self, command, label=None, many=False):
        self.line.say(command)
        first = self.line.line()
        label = label or command.split()[0]
        self.replies.append(f"{label} {first.split()[0] if first.startswith('+OK') else first}")
        if not first.startswith("+"):
            code = re.match(r"-ERR( \[[A-Z/-]+\])?", first)
            raise Refused(f"{label} {code.group(0) if code else first}")
        lines = [first]
        while many and lines[-1] != ".":
            lines.append(self.line.line())
        return lines

    def hello(self):
        self.words = [word.upper() for word in self.ask("CAPA", many=True)]
        self.replies.pop()

    def starttls(self):
        return "STLS" in self.words

    def mechanisms(self):
        return sorted(name for word in self.words if word.startswith("SASL") for name in word.split()[1:])

    def offers(self):
        return self.mechanisms() + (["USER command"] if "USER" in self.words else [])

    def login(self, mechanism, user, password):
        if mechanism is None:
            self.ask(f"USER {user}")
            self.ask(f"PASS {password}")
            return
        if mechanism not in self.mechanisms():
            raise Refused(f"AUTH {mechanism} not offered")
        steps = answers(MECHANISMS[mechanism](user, password))
        answer, challenge = None, b""
        self.line.say(f"AUTH {mechanism}")
        while True:
            last = self.line.line()
            if not last.startswith("+ "):
                break
            challenge = base64.b64decode(last[2:]) if answer is not None else b""
            answer = next(steps) if answer is None else steps.send(challenge)
            self.line.say(encoded(answer))
        self.replies.append(f"AUTH {last.split()[0]}")
        if not last.startswith("+OK"):
            raise Refused(f"AUTH {last[:20]}")

    def work(self):
        self.ask("STAT")
        self.replies[-1] = "STAT +OK"
        self.ask("QUIT")
        self.replies.pop()


class Sieve:
    def __init__(self, line, replies):
        self.line, self.replies = line, replies

    def reply(self, label):
        lines = [self.line.line()]
        while not re.match(r"(OK|NO|BYE)\b", lines[-1]):
            lines.append(self.line.line())
        if label:
            self.replies.append(f"{label} {lines[-1].split()[0]}")
        if not lines[-1].startswith("OK"):
            raise Refused(f"{label} {lines[-1].split()[0]}")
        return lines

    def greet(self):
        self.words = [line.upper() for line in self.reply(None)]

    def hello(self):
        self.line.say("CAPABILITY")
        self.greet()

    def starttls(self):
        return '"STARTTLS"' in self.words

    def mechanisms(self):
        found = [word for word in self.words if word.startswith('"SASL"')]
        return sorted(found[0].split('"')[3].split()) if found else []

    offers = mechanisms

    def login(self, mechanism, user, password):
        if not self.mechanisms():
            raise Refused("AUTHENTICATE not offered")
        self.line.say(f'AUTHENTICATE "PLAIN" "{encoded(next(plain(user, password)))}"')
        self.reply("AUTHENTICATE")

    def work(self):
        self.line.say("LISTSCRIPTS")
        self.reply("LISTSCRIPTS")


BOXES = {"imap": (Imap, "STARTTLS"), "pop3": (Pop3, "STLS"), "sieve": (Sieve, "STARTTLS")}


def box(session, line, users, result):
    kind, word = BOXES[session["protocol"]]
    talk = kind(line, result["replies"])
    offers = session["kind"] == "offers"
    if session["tls"] == "implicit":
        line.secure()
    talk.greet()
    talk.hello()
    if offers and session["tls"] != "implicit":
        result["clear"] = talk.offers()
        result["starttls"] = talk.starttls()
        if not talk.starttls():
            return
    if session["tls"] == "starttls":
        if not talk.starttls():
            raise Refused(f"{word} not offered")
        if isinstance(talk, Sieve):
            line.say(word)
            talk.reply(word)
            line.secure()
            talk.greet()
        else:
            talk.ask(word)
            line.secure()
        result["replies"].clear()
        talk.hello()
    if offers:
        result["tls"] = talk.offers()
        return
    user = session["user"]
    talk.login(session.get("mechanism"), user, session.get("password", users.get(user, "")))
    talk.work()
    result["outcome"] = "logged in"


def shown(result):
    """What a port offers, in one line."""
    words = lambda found: " ".join(found) or "none"
    parts = []
    if "clear" in result:
        parts.append(f"clear: {words(result['clear'])}")
        if not result.get("starttls"):
            parts.append("no STARTTLS")
    if "tls" in result:
        parts.append(f"TLS: {words(result['tls'])}")
    return "; ".join(parts)


def have(session, address, users):
    result = {"name": session["name"], "outcome": "", "replies": []}
    line = None
    try:
        line = Line(session, session.get("at", address), SOURCES[session.get("from", "outside")], session["port"])
        if session["protocol"] != "smtp":
            box(session, line, users, result)
        elif session["kind"] == "offers":
            smtp_offers(session, line, result)
        else:
            smtp(session, line, users, result)
        if session["kind"] == "offers":
            result["outcome"] = shown(result)
    except Refused as refused:
        result["outcome"] = str(refused)
    finally:
        if line is not None:
            result["names"] = names(line.certificate)
            line.close()
    return result


def main():
    given = json.load(sys.stdin)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = [pool.submit(have, one, given["address"], given["users"]) for one in given["sessions"]]
        json.dump([one.result() for one in done], sys.stdout)


main()

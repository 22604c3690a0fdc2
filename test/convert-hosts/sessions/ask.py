"""
ask: what the users of a mail host see and may do, by real sessions; runs on the host.

  standard input   {"phase": "seed" | "ask" | "use" | "again", "host": {...}}   (host: see test/support/convert-hosts/schema.ts)
  standard output  {KEY: ANSWER, ...}: strings, and lists of strings

"seed" makes folders, mails, flags, subscriptions and scripts. "ask" reads everything that must be the same on another host that has
the same bytes. "use" delivers mail and changes mailboxes. "again" reads what is left of "ask" after that: sizes and times of new mails
differ from host to host. The program judges nothing; the test compares. The users' sessions run side by side.
"""

import base64
import concurrent.futures
import hashlib
import json
import re
import smtplib
import socket
import ssl
import subprocess
import sys

HOST = "127.0.0.1"
TIMEOUT = 40
WORDS = {"IMAP": "seen", "date": "01-Feb-2024 03:04:05 +0000"}
SCRIPT = """require ["fileinto", "mailbox", "imap4flags"];
if header :contains "subject" "[work]" { fileinto :create "%s"; }
elsif header :contains "subject" "[flag]" { addflag "\\\\Flagged"; keep; }
"""


def context():
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    return made


def listens(port):
    with socket.socket() as one:
        one.settimeout(TIMEOUT)
        return one.connect_ex((HOST, port)) == 0


class Wire:
    """A connection: lines, and literals of IMAP and ManageSieve within them."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection((HOST, port), TIMEOUT)
        self.rest = b""
        if tls:
            self.secure()

    def secure(self):
        self.socket = context().wrap_socket(self.socket)
        self.rest = b""

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    def read(self, size):
        while len(self.rest) < size:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError("hung up")
            self.rest += more
        part, self.rest = self.rest[:size], self.rest[size:]
        return part

    def line(self):
        while b"\n" not in self.rest:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError("hung up")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        line = line.rstrip(b"\r")
        size = re.search(rb"\{(\d+)\+?\}$", line)
        if not size:
            return line
        literal = self.read(int(size[1]))
        return line[: size.start()] + b'"' + literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"' + self.line()

    def close(self):
        self.socket.close()


class Imap:
    def __init__(self, user, password, mechanism=None):
        tls = listens(993)
        self.wire = Wire(993 if tls else 143, tls)
        self.wire.line()
        if not tls and any("STARTTLS" in line for line in self.ask("CAPABILITY")[1]):
            self.ask("STARTTLS")
            self.wire.secure()
        self.status = self.ask(login(user, password, mechanism))[0]

    def ask(self, command, literal=None):
        """The result, with its code in brackets but without its words, and the untagged lines."""
        if literal is not None:
            self.wire.send(f"a {command} {{{len(literal)}+}}")
            self.wire.send(literal + b"\r\n")
        else:
            self.wire.send(f"a {command}")
        lines = []
        while True:
            line = self.wire.line().decode("latin1")
            if line.startswith("a "):
                code = re.match(r"a (\S+)(?: \[([^\] ]+))?", line)
                said = "" if code[2] in (None, "CAPABILITY", "READ-WRITE") or code[2].startswith(("APPENDUID", "COPYUID")) else f" [{code[2]}]"
                return code[1] + said, lines
            if line.startswith("* "):
                lines.append(line[2:])
            if line.startswith("+"):
                # Why a token was refused; the client must answer.
                self.wire.send("AQ==")

    def must(self, command, literal=None):
        status, lines = self.ask(command, literal)
        if not status.startswith("OK"):
            raise RuntimeError(f"{command}: {status}")
        return lines

    def close(self):
        try:
            self.ask("LOGOUT")
        except (OSError, EOFError):
            pass
        self.wire.close()


def login(user, secret, mechanism):
    """With a mechanism, the secret is a token."""
    if mechanism is None:
        return f"LOGIN {quoted(user)} {quoted(secret)}"
    said = {"xoauth2": f"user={user}\1auth=Bearer {secret}\1\1", "oauthbearer": f"n,a={user},\1host=mx\1port=993\1auth=Bearer {secret}\1\1"}[mechanism]
    return f"AUTHENTICATE {mechanism.upper()} {base64.b64encode(said.encode()).decode()}"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(text):
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


class Names:
    """How this host's own namespace names a folder."""

    def __init__(self, imap):
        own = re.match(r'NAMESPACE \(\("([^"]*)" "?([^")]+)"?\)', imap.must("NAMESPACE")[0])
        self.prefix, self.separator = (own[1], own[2]) if own else ("", "/")

    def of(self, folder):
        return folder if folder == "INBOX" else self.prefix + folder.replace("/", self.separator)


def message(user, subject, more="", size=0):
    token = re.sub(r"\W", "", subject)
    text = f"Subject: {subject}\nFrom: sender@outside.test\nTo: {user}\nMessage-ID: <{token}@outside.test>\n{more}\nwords of {token}\n"
    return (text + ("x" * 75 + "\n") * (size // 76)).replace("\n", "\r\n").encode()


# --- seed -------------------------------------------------------------------------------------------------------------


def seed(user, password, host):
    imap = Imap(user, password)
    said = {"login": imap.status}
    names = Names(imap)
    for folder in host["folders"]:
        said[f"create {folder}"] = imap.ask(f"CREATE {quoted(names.of(folder))}")[0]
    for folder in host["folders"][:2]:
        imap.must(f"SUBSCRIBE {quoted(names.of(folder))}")
    for n in range(4):
        flags = ["", "\\Seen", "\\Seen \\Answered", "\\Flagged $Label1 todo"][n]
        imap.must(f'APPEND INBOX ({flags}) "{n + 1:02}-Feb-2024 03:04:05 +0000"', message(user, f"inbox {n}", size=n * 2000))
    for folder in host["folders"]:
        imap.must(f"APPEND {quoted(names.of(folder))} (\\Seen) {quoted(WORDS['date'])}", message(user, f"in {folder}", size=300))
    imap.must("SELECT INBOX")
    imap.must("STORE 1 +FLAGS (\\Deleted)")
    imap.must("EXPUNGE")
    for n, command in enumerate(host["seed"].get(user, [])):
        said[f"seed {n}: {command}"] = command_of(imap, command, user)[0]
    imap.close()
    if host["sieve"]:
        said["sieve"] = "; ".join(sieve(user, password, [("PUTSCRIPT", "main", SCRIPT % names.of("Work")), ("PUTSCRIPT", "other", "keep;\n"), ("SETACTIVE", "main")])[0])
    for n in range(2):
        said[f"deliver {n}"] = deliver(host, user, message(user, f"before {n}"))
    return said


def command_of(imap, command, user):
    """A command of the host's data; `@SUBJECT` at its end stands for a mail as its literal."""
    text, _, subject = command.partition(" @")
    return imap.ask(text, message(user, subject) if subject else None)


# --- ask --------------------------------------------------------------------------------------------------------------

CAPABILITIES = {"QUOTA", "ACL", "RIGHTS=texk", "METADATA", "NAMESPACE", "UIDPLUS", "NOTIFY", "LITERAL+"}


def ask(user, password, host, again):
    said = {}
    imap = Imap(user, password)
    said["login"] = imap.status
    if not imap.status.startswith("OK"):
        return said
    words = " ".join(imap.must("CAPABILITY")).split()
    said["capability"] = sorted(CAPABILITIES & set(words))
    said["namespace"] = imap.must("NAMESPACE")
    said["list"] = sorted(tidy(line) for line in imap.must('LIST "" "*"'))
    said["subscribed"] = sorted(tidy(line) for line in imap.must('LSUB "" "*"'))
    said["top"] = sorted(imap.must('LIST "" ""'))
    # 2.3 answers too, where it does not offer it.
    said["special"] = sorted(tidy(line) for line in imap.must('LIST (SPECIAL-USE) "" "*"'))
    for line in imap.must('LIST "" "*"'):
        attributes, name = re.match(r'LIST \(([^)]*)\) (?:"[^"]*"|NIL) (.*)$', line).groups()
        if "\\NoSelect" not in attributes and "\\Noselect" not in attributes:
            mailbox(imap, unquoted(name), said, again, "ACL" in words)
    for n, command in enumerate(host["ask"].get(user, [])):
        status, lines = command_of(imap, command, user)
        said[f"ask {n}: {command}"] = [status, *(tidy(line) for line in lines)]
    imap.close()
    if host["pop3"]:
        said["pop3"] = pop3(user, password, again)
    if host["sieve"]:
        done, lines = sieve(user, password, [("LISTSCRIPTS",), ("GETSCRIPT", "main")])
        said["scripts"] = [*done, *sorted(lines[:-1]), *lines[-1:]]
    return said


def quota(user, password, again):
    """Asked while nobody else is logged in: 2.4 counts, and leaves a folder out of one answer that another session opens for the first time."""
    imap = Imap(user, password)
    if not imap.status.startswith("OK"):
        return {}
    said = {}
    if "QUOTA" in " ".join(imap.must("CAPABILITY")).split():
        roots = imap.must("GETQUOTAROOT INBOX")
        # The usage of new mails depends on their header lines, which name the host.
        said[f"{user}: quota"] = [re.sub(r" (\d+) (\d+)(?=[ )])", r" - \2", line) for line in roots] if again else roots
    imap.close()
    return said


def tidy(line):
    """Without the attributes of LIST that are computed from what else has been looked at."""
    return re.sub(r"\\(HasNoChildren|HasChildren|UnMarked|Marked|NoInferiors) ?", "", line).replace(" )", ")")


def mailbox(imap, name, said, again, acl):
    status, lines = imap.ask(f"STATUS {quoted(name)} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)")
    said[f"{name}: status"] = [status, *(re.sub(r" ?UIDVALIDITY \d+", "", line) if again else line for line in lines)]
    status, lines = imap.ask(f"SELECT {quoted(name)}")
    said[f"{name}: select"] = [status, *sorted(re.sub(r"^FLAGS \((.*)\)", flags, line) for line in lines if line.startswith("FLAGS"))]
    if not status.startswith("OK"):
        return
    exact = "" if again else "INTERNALDATE RFC822.SIZE "
    status, lines = imap.ask(f"UID FETCH 1:* (UID FLAGS {exact}BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT])")
    said[f"{name}: mails"] = [status, *(mail(line) for line in lines if " FETCH " in line)]
    if acl:
        said[f"{name}: rights"] = [*imap.ask(f"MYRIGHTS {quoted(name)}")[1]]


def flags(found):
    return "FLAGS (" + " ".join(sorted(found[1].split())) + ")"


def mail(line):
    line = re.sub(r"FLAGS \(([^)]*)\)", lambda found: "FLAGS (" + " ".join(sorted(set(found[1].split()) - {"\\Recent"})) + ")", line)
    text = re.search(r'BODY\[TEXT\] "((?:[^"\\]|\\.)*)"', line, re.S)
    if text:
        line = line.replace(text[0], "TEXT " + hashlib.sha256(text[1].encode()).hexdigest()[:12])
    return re.sub(r"\s+", " ", re.sub(r"BODY\[HEADER\S* \(SUBJECT\)\] ", "", line))


def pop3(user, password, again):
    tls = listens(995)
    wire = Wire(995 if tls else 110, tls)
    line = wire.line().decode()

    def say(command, several=False):
        wire.send(command)
        first = wire.line().decode("latin1")
        if not several or not first.startswith("+OK"):
            return [first]
        lines = []
        while (line := wire.line().decode("latin1")) != ".":
            lines.append(line)
        return lines

    if not tls and "STLS" in say("CAPA", True):
        say("STLS")
        wire.secure()
    say(f"USER {user}")
    [line] = say(f"PASS {password}")
    if not line.startswith("+OK"):
        return [line.split()[0]]
    [stat] = say("STAT")
    found = [stat.split()[1], *say("UIDL", True)[: 3 if again else None]]
    if not again:
        found += [stat, *say("LIST", True), hashlib.sha256("\n".join(say("RETR 1", True)[1:]).encode()).hexdigest()[:12]]
    say("QUIT")
    wire.close()
    return found


def sieve(user, password, commands):
    wire = Wire(4190)

    def answer():
        lines = []
        while True:
            line = wire.line().decode("latin1")
            if re.match(r"(OK|NO|BYE)\b", line):
                return line.split()[0], lines
            lines.append(line)

    greeting = answer()[1]
    if '"STARTTLS"' in greeting:
        wire.send("STARTTLS")
        answer()
        wire.secure()
        answer()
    secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    wire.send(f'AUTHENTICATE "PLAIN" "{secret}"')
    done, lines = [answer()[0]], []
    for command, *rest in commands if done == ["OK"] else []:
        if command == "PUTSCRIPT":
            script = rest[1].encode()
            wire.send(f'PUTSCRIPT "{rest[0]}" {{{len(script)}+}}')
            wire.send(script + b"\r\n")
        else:
            wire.send(" ".join([command, *(f'"{word}"' for word in rest)]))
        result, more = answer()
        done.append(result)
        lines += more
    wire.close()
    return done, lines


# --- use --------------------------------------------------------------------------------------------------------------


class Lmtp(smtplib.LMTP):
    def data_for(self, sender, recipient, text):
        self.mail(sender)
        code, _ = self.rcpt(recipient)
        if code != 250:
            return str(code)
        code, _ = self.data(text)
        return str(code)


def by_lmtp(host, recipient, text):
    where = host["lmtp"]
    lmtp = Lmtp(where, timeout=TIMEOUT) if isinstance(where, str) else Lmtp(HOST, where, timeout=TIMEOUT)
    lmtp.ehlo("localhost")
    code = lmtp.data_for("sender@outside.test", recipient, text)
    lmtp.close()
    return code


def by_lda(host, recipient, text):
    command = ["/usr/lib/dovecot/dovecot-lda", "-f", "sender@outside.test", "-d", recipient]
    return str(subprocess.run(command, input=text, capture_output=True, timeout=TIMEOUT).returncode)


def deliver(host, user, text):
    if host["lmtp"] is not None:
        return "lmtp " + by_lmtp(host, user, text)
    return "lda " + by_lda(host, user, text) if host["lda"] else "none"


def use(user, password, host):
    said = {}
    detail = re.sub(r"(@|$)", r"+Work\1", user, count=1)
    for way in (by_lmtp, by_lda):
        if host[way.__name__[3:]] is None or host[way.__name__[3:]] is False:
            continue
        kind = way.__name__[3:]
        for subject, more in [("plain", ""), ("[work] sorted", ""), ("[flag] flagged", ""), ("spam", "X-Spam-Flag: YES\n")]:
            said[f"{kind} {subject}"] = way(host, user, message(user, f"{kind} {subject}", more))
        if host["detail"]:
            said[f"{kind} detail"] = way(host, detail, message(user, f"{kind} detail"))
        if host["over"]:
            said[f"{kind} over"] = way(host, user, message(user, f"{kind} over", size=host["over"] * 1024))
        said[f"{kind} after over"] = way(host, user, message(user, f"{kind} after over"))
    if host["lmtp"] is not None:
        said["lmtp nobody"] = by_lmtp(host, f"nobody-{user}", message(user, "nobody"))
    imap = Imap(user, password)
    names = Names(imap)
    said["append"] = imap.ask("APPEND INBOX ()", message(user, "appended"))[0]
    if host["over"]:
        said["append over"] = imap.ask("APPEND INBOX ()", message(user, "appended over", size=host["over"] * 1024))[0]
    said["create"] = imap.ask(f"CREATE {quoted(names.of('New/Deep'))}")[0]
    said["rename"] = imap.ask(f"RENAME {quoted(names.of('New/Deep'))} {quoted(names.of('Newer'))}")[0]
    said["subscribe"] = imap.ask(f"SUBSCRIBE {quoted(names.of('Newer'))}")[0]
    said["delete"] = imap.ask(f"DELETE {quoted(names.of('Old Mail'))}")[0]
    imap.must("SELECT INBOX")
    said["store"] = imap.ask("STORE 1 +FLAGS (\\Flagged later)")[0]
    said["copy"] = imap.ask(f"COPY 1 {quoted(names.of('Newer'))}")[0]
    for n, command in enumerate(host["use"].get(user, [])):
        status, lines = command_of(imap, command, user)
        said[f"use {n}: {command}"] = [status, *(line for line in lines if not re.match(r"\d+ |OK |FLAGS", line))]
    imap.must("SELECT INBOX")
    said["search"] = imap.ask('SEARCH BODY "words of inbox2"')[1]
    imap.close()
    return said


# --- the host ---------------------------------------------------------------------------------------------------------


def shell(command):
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=TIMEOUT)
    return [f"exit {done.returncode}", *done.stdout.splitlines()]


# private/auth is the recipe's.
SOCKETS = r"find /var/spool/postfix -type s ! -path '*/private/auth' \( -path '*auth*' -o -path '*dovecot*' -o -name '*lmtp*' \) -printf '%p %m %u:%g\n' | sort"
# The ports of IMAP and POP3 are the recipe's.
PORTS = "ss -Hltn | awk '{ sub(/.*:/, \"\", $4); print $4 }' | grep -xE '24|2000|4190|12345' | sort -nu"


def listed(host):
    """Those of the host's users whom Dovecot lists."""
    return [line for line in shell("doveadm user '*' 2>/dev/null | sort") if line in host["users"]]


def everything(host):
    said = {"sockets": shell(SOCKETS), "ports": shell(PORTS), "users": listed(host)}
    for user in host["users"]:
        fields = " ".join(f"-f {field}" for field in ("home", "uid", "gid"))
        said[f"{user}: fields"] = shell(f"for f in home uid gid; do doveadm user -f $f {user} 2>/dev/null; done")
    for n, (mechanism, user, secret) in enumerate([[None, *pair] for pair in host["logins"]] + host["tokens"]):
        imap = Imap(user, secret, mechanism)
        said[f"login {n}: {user}"] = imap.status + ("" if not imap.status.startswith("OK") else ": " + " ".join(imap.must("STATUS INBOX (MESSAGES)")))
        imap.close()
    for command in host["shows"]:
        said[f"show {command}"] = shell(command)
    return said


def main():
    request = json.load(sys.stdin)
    phase, host = request["phase"], request["host"]
    work = {
        "seed": seed,
        "ask": lambda *who: ask(*who, False),
        "use": use,
        "again": lambda *who: ask(*who, True),
    }[phase]

    def session(user):
        try:
            return work(user, host["users"][user], host)
        except (OSError, EOFError, RuntimeError, smtplib.SMTPException) as error:
            return {"broken": f"{type(error).__name__}: {error}"}

    said = {}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = {user: pool.submit(session, user) for user in host["users"]}
        rest = pool.submit(everything, host) if phase == "ask" else None
        for user, future in futures.items():
            said.update({f"{user}: {key}": value for key, value in future.result().items()})
        said.update(rest.result() if rest else {})
    if phase in ("ask", "again"):
        for user in host["users"]:
            try:
                said.update(quota(user, host["users"][user], phase == "again"))
            except (OSError, EOFError, RuntimeError) as error:
                said[f"{user}: quota"] = f"{type(error).__name__}: {error}"
    if phase == "again":
        said.update({f"show {command}": shell(command) for command in host["shows"]})
    json.dump(said, sys.stdout)


main()

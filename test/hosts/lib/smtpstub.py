"""
smtpstub: a small SMTP server for the hosts, in place of the large programs that stand there in real life.

  smtpstub.py sink   --listen 127.0.0.1:2525 --keep FOLDER [--cert PEM --auth USER:PASSWORD]
      Keeps every message in a file, with lines X-Sink-… on top about the session: TLS or none, the user.
  smtpstub.py filter --listen 127.0.0.1:10024 --next 127.0.0.1:10025 [--mark NAME]
      Hands each message on with a header line `X-Filter: NAME`; a message with the word VIRUS-SAMPLE is refused.
      The client's facts (XFORWARD) are handed on too.
"""

import argparse
import base64
import os
import smtplib
import socketserver
import ssl
import uuid


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


parser = argparse.ArgumentParser()
parser.add_argument("role", choices=["sink", "filter"])
parser.add_argument("--listen", type=address, required=True)
parser.add_argument("--next", type=address)
parser.add_argument("--mark", default="yes")
parser.add_argument("--keep")
parser.add_argument("--cert")
parser.add_argument("--auth")
options = parser.parse_args()


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.tls, self.user, self.sender, self.recipients, self.forward = "none", "none", None, [], []
        self.say("220 stub ESMTP")
        while line := self.rfile.readline():
            text = line.decode("latin1").rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                words = ["stub", "8BITMIME", "ENHANCEDSTATUSCODES"]
                if options.role == "filter":
                    words.append("XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT")
                if options.cert and self.tls == "none":
                    words.append("STARTTLS")
                elif options.auth:
                    words.append("AUTH PLAIN")
                for word in words[:-1]:
                    self.say(f"250-{word}")
                self.say(f"250 {words[-1]}")
            elif verb == "STARTTLS" and options.cert:
                self.say("220 2.0.0 go on")
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(options.cert)
                self.connection = context.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.tls = "yes"
            elif verb == "AUTH":
                user, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")[1:]
                good = options.auth == f"{user}:{password}"
                self.user = user if good else "none"
                self.say("235 2.7.0 good" if good else "535 5.7.8 wrong")
            elif verb == "XFORWARD":
                self.forward.append(text)
                self.say("250 2.0.0 noted")
            elif verb == "MAIL":
                if options.auth and self.user == "none":
                    self.say("530 5.7.0 log in first")
                    continue
                self.sender = text.split("<")[1].split(">")[0]
                self.say("250 2.1.0 fine")
            elif verb == "RCPT":
                self.recipients.append(text.split("<")[1].split(">")[0])
                self.say("250 2.1.5 fine")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b"..") else line)
                self.say(self.take(b"".join(lines)))
                self.recipients = []
            elif verb == "RSET":
                self.recipients = []
                self.say("250 2.0.0 fine")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 fine")

    def take(self, message):
        if options.role == "sink":
            facts = f"X-Sink-TLS: {self.tls}\r\nX-Sink-User: {self.user}\r\nX-Sink-To: {' '.join(self.recipients)}\r\n"
            os.makedirs(options.keep, exist_ok=True)
            with open(f"{options.keep}/{uuid.uuid4()}", "wb") as file:
                file.write(facts.encode() + message)
            return "250 2.0.0 kept"
        if b"VIRUS-SAMPLE" in message:
            return "554 5.7.0 the filter found a virus"
        try:
            with smtplib.SMTP(*options.next) as onward:
                onward.ehlo("filter")
                if onward.has_extn("xforward"):
                    for command in self.forward:
                        onward.docmd(command)
                onward.sendmail(self.sender, self.recipients, f"X-Filter: {options.mark}\r\n".encode() + message)
        except smtplib.SMTPResponseException as error:
            return f"{error.smtp_code} {error.smtp_error.decode('latin1')}"
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return f"{code} {text.decode('latin1')}"
        return "250 2.0.0 handed on"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(options.listen, Session).serve_forever()

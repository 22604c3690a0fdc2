"""
milter: a mail filter that speaks Sendmail's milter protocol (version 6), in place of rspamd, opendkim or a scanner.

  milter.py ADDRESS:PORT NAME

Each message gets a header line `X-Milter: NAME MACROS`, where MACROS tells the milter_macro_daemon_name and whether a user
has logged in; a message whose subject has the word MILTER-REJECT is refused.
"""

import socketserver
import struct
import sys

host, port = sys.argv[1].rsplit(":", 1)
NAME = sys.argv[2]
ADD_HEADERS = 1


class Session(socketserver.BaseRequestHandler):
    def read(self, length):
        data = b""
        while len(data) < length:
            more = self.request.recv(length - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def answer(self, code, data=b""):
        self.request.sendall(struct.pack(">I", len(data) + 1) + code + data)

    def handle(self):
        macros, refuse = {}, False
        try:
            while True:
                packet = self.read(struct.unpack(">I", self.read(4))[0])
                code, data = packet[:1], packet[1:]
                if code == b"O":
                    version = struct.unpack(">I", data[:4])[0]
                    self.answer(b"O", struct.pack(">III", min(6, version), ADD_HEADERS, 0))
                elif code == b"D":
                    parts = data[1:].split(b"\0")
                    macros.update(zip(parts[0::2], parts[1::2]))
                elif code == b"L":
                    name, value = data.split(b"\0")[:2]
                    refuse = refuse or (name.lower() == b"subject" and b"MILTER-REJECT" in value)
                    self.answer(b"c")
                elif code == b"E":
                    if refuse:
                        self.answer(b"y", b"550 5.7.1 the milter says no\0")
                    else:
                        daemon = macros.get(b"{daemon_name}", b"?").decode()
                        user = "user" if macros.get(b"{auth_authen}") else "nobody"
                        self.answer(b"h", b"X-Milter\0" + f"{NAME} {daemon} {user}".encode() + b"\0")
                        self.answer(b"c")
                    refuse = False
                elif code == b"A":
                    refuse = False
                elif code in (b"Q", b"K"):
                    if code == b"Q":
                        return
                    macros.clear()
                else:
                    self.answer(b"c")
        except EOFError:
            return


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((host, int(port)), Session).serve_forever()

"""Runs inside a lab host: writes Postfix's files, answers as policy services, and speaks SMTP as every class of client.

Standard input: {batches: [{main, master, files, policies, entries, sessions, clients, activate}]}; standard output: a list of
{probes, sessions, said, seconds}, one for each batch. The batches run one after the other.
The clients connect from addresses of the loopback interface, so that Postfix sees real client addresses.
"""

import asyncio
import base64
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time

LIMIT = 8  # seconds that a server may stay silent
START_LIMIT = 40  # seconds that a busy machine may take to open the ports
PATIENCE = 4  # seconds until a greeting: an smtpd that dies at start never sends one
WORKERS = 12

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


class Policies:
    """All policy services, in a thread of their own. A request is answered by whose session it is."""

    def __init__(self):
        self.personas = {}  # address and port of the client, port of the server → persona
        self.asked = {}  # the same → paths of the services, in order
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def listen(self, policies):
        async def begin():
            for path, answer in policies.items():
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if os.path.exists(path):
                    os.unlink(path)
                await asyncio.start_unix_server(self.server(path, answer), path)
                os.chmod(path, 0o666)

        asyncio.run_coroutine_threadsafe(begin(), self.loop).result()

    def server(self, path, answer):
        async def serve(reader, writer):
            request = {}
            while line := (await reader.readline()).decode('latin1'):
                line = line.rstrip('\n')
                if line != '':
                    name, _, value = line.partition('=')
                    request[name] = value
                    continue
                key = tuple(request.get(name) for name in ('client_address', 'client_port', 'server_port'))
                self.asked.setdefault(key, []).append(path)
                silent = self.personas.get(key) != 'scripted'
                writer.write(f"action={'DUNNO' if silent else answer}\n\n".encode())
                request = {}
            writer.close()

        return serve


policies = Policies()


class Gone(Exception):
    pass


class Client:
    def __init__(self, address, port, source, persona, implicit=False, proxied=False):
        self.socket = socket.socket()
        self.socket.settimeout(LIMIT)
        self.socket.bind(('127.0.0.1' if proxied else source, 0))
        own = self.socket.getsockname()[1]
        self.key = (source, str(own), str(port))
        policies.personas[self.key] = persona
        policies.asked[self.key] = []
        self.socket.connect((address, port))
        if proxied:
            self.socket.sendall(f'PROXY TCP4 {source} {address} {own} {port}\r\n'.encode())
        if implicit:
            self.tls()
        self.file = self.socket.makefile('rb')

    def tls(self):
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile('rb')

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode('latin1').rstrip()
            if line == '':
                raise Gone('the server hung up')
            lines.append(line)
            if line[3:4] != '-':
                return int(line[:3]), lines

    def ask(self, command):
        self.socket.sendall(f'{command}\r\n'.encode())
        return self.reply()

    def starttls(self):
        code, _ = self.ask('STARTTLS')
        if code != 220:
            raise Gone(f'STARTTLS: {code}')
        self.tls()

    def auth(self, user):
        return self.ask('AUTH PLAIN ' + base64.b64encode(f'\0{user}\0secret'.encode()).decode())[0]

    def close(self):
        try:
            self.socket.sendall(b'QUIT\r\n')
            self.reply()
        except (OSError, Gone):
            pass
        self.socket.close()


def words(lines, keyword):
    """Does EHLO list the keyword?"""
    return any(line[4:].upper().split()[:1] == [keyword] for line in lines)


def probe(entry, client):
    """What is offered before TLS and inside, and what is accepted although nothing offers it."""
    seen = {'greeting': 0, 'implicit': entry['wraps'], 'starttls': False, 'ehlo': 0, 'mail': 0}
    seen.update(listed=[False, False], login=[0, 0], port=entry['port'], client=client['name'])

    def connect():
        return Client(entry['address'], entry['port'], client['source'], 'silent', entry['wraps'], entry['proxied'])

    try:
        one = connect()
        one.socket.settimeout(PATIENCE)
        seen['greeting'], _ = one.reply()
        one.socket.settimeout(LIMIT)
        at = 1 if entry['wraps'] else 0
        seen['ehlo'], lines = one.ask('EHLO silent.test')
        seen['listed'][at] = words(lines, 'AUTH')
        seen['starttls'] = words(lines, 'STARTTLS')
        seen['mail'], _ = one.ask('MAIL FROM:<s@away.test>')
        one.ask('RSET')
        seen['login'][at] = one.auth(client['user'])
        one.close()
        if not entry['wraps'] and seen['ehlo'] < 400:
            two = connect()
            two.reply()
            two.ask('EHLO silent.test')
            # Tried whether or not it is listed.
            seen['tls'], _ = two.ask('STARTTLS')
            if seen['tls'] == 220:
                two.tls()
                _, lines = two.ask('EHLO silent.test')
                seen['listed'][1] = words(lines, 'AUTH')
                seen['login'][1] = two.auth(client['user'])
            two.close()
    except (OSError, Gone) as error:
        seen['error'] = repr(error)
    return seen


def session(spec, seen):
    """One mail: as far as the server lets the client."""
    result = {'id': spec['id'], 'codes': {}, 'last': '', 'accepted': False}
    codes = result['codes']
    client = None
    begun = time.monotonic()

    def step(name, command):
        codes[name], lines = client.ask(command)
        result['last'] = lines[-1]
        return codes[name] < 400

    try:
        client = Client(spec['address'], spec['port'], spec['source'], spec['persona'], seen['implicit'], spec['proxied'])  # fmt: skip
        code, lines = client.reply()
        codes['greeting'], result['last'] = code, lines[-1]
        goes = code < 400 and step('ehlo', f"EHLO {spec['helo']}")
        # A client whose EHLO is refused may go on without.
        goes = code < 400
        required = seen['mail'] == 530
        if goes and seen.get('tls') == 220 and (required or spec['user'] and seen['login'][1] == 235):
            client.starttls()
            step('ehlo', f"EHLO {spec['helo']}")
        if goes and spec['user']:
            codes['auth'] = client.auth(spec['user'])
            goes = codes['auth'] == 235
        goes = goes and step('mail', f"MAIL FROM:<{spec['sender']}>") and step('rcpt', f"RCPT TO:<{spec['recipient']}>")
        if goes and spec['data']:
            goes = step('data', 'DATA') and step('end', f"From: <{spec['sender']}>\r\n\r\nhello\r\n.")
        result['accepted'] = goes
        client.close()
    except (OSError, Gone) as error:
        result['error'] = repr(error)
    result['seconds'] = round(time.monotonic() - begun, 2)
    result['asked'] = policies.asked.get(client.key, []) if client else []
    return result


def each(function, items):
    """The function of every item, several at a time, in their order."""
    todo, results = queue.SimpleQueue(), [None] * len(items)
    for at, item in enumerate(items):
        todo.put((at, item))

    def work():
        while True:
            try:
                at, item = todo.get_nowait()
            except queue.Empty:
                return
            results[at] = function(item)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='latin1') as file:
        file.write(text)
    # Postfix waits for a file of this very second to cool down.
    os.utime(path, (1e9, 1e9))


def listens(address, port):
    with socket.socket() as probe_socket:
        probe_socket.settimeout(1)
        return probe_socket.connect_ex((address, port)) == 0


def visit(spec, probes):
    seen = probes[spec['port'], spec['network']]
    if 'error' in seen:
        return {'id': spec['id'], 'codes': {}, 'last': '', 'accepted': False, 'asked': [], 'error': seen['error']}
    # Of a way in without a login one try is enough, and the probe made it.
    if spec['user'] and 235 not in seen['login'] and seen['greeting'] < 400 and seen['ehlo'] < 400:
        return {'id': spec['id'], 'codes': {'auth': max(seen['login'])}, 'last': '', 'accepted': False, 'asked': []}
    return session(spec, seen)


def run(job):
    started = time.monotonic()
    for path, text in job['files'].items():
        write(path, text)
    policies.listen(job['policies'])
    write('/etc/postfix/main.cf', job['main'])
    write('/etc/postfix/master.cf', job['master'])
    check = subprocess.run(job['activate'], shell=True, capture_output=True, text=True)
    # A port that opens is the sign; the last of the file is the last to be opened.
    last = job['entries'][-1]
    while not listens(last['address'], last['port']) and time.monotonic() < started + START_LIMIT:
        time.sleep(0.02)
    ready = time.monotonic()

    def probe_each(entry):
        seen = []
        for client in job['clients']:
            dead = seen and 'error' in seen[0]
            seen.append({**seen[0], 'client': client['name']} if dead else probe(entry, client))
        return seen

    probed = sum(each(probe_each, job['entries']), [])
    probes = {(one['port'], one['client']): one for one in probed}
    looked = time.monotonic()
    # One way in after the other: each needs few processes then.
    specs = job['sessions']
    places, seen = [], {}
    for spec in specs:
        seen[spec['port']] = seen.get(spec['port'], 0) + 1
        places.append(seen[spec['port']])
    order = sorted(range(len(specs)), key=lambda at: places[at])
    sessions = [None] * len(specs)
    for at, result in zip(order, each(lambda at: visit(specs[at], probes), order)):
        sessions[at] = result
    ended = time.monotonic()
    return {
        'probes': probed,
        'sessions': sessions,
        'said': check.stdout + check.stderr,
        'seconds': [round(ready - started, 2), round(looked - ready, 2), round(ended - looked, 2)],
    }


json.dump([run(job) for job in json.load(sys.stdin)['batches']], sys.stdout)

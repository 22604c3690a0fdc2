"""Runs inside a lab host: starts Dovecot with one configuration after the other, and logs in as several clients.

Standard input: {configurations: [{files, listeners, sockets}], clients: [{source, address}]}; standard output: a list of
{error, listening, logins, sockets}, one for each configuration.
"""

import json
import os
import pwd
import grp
import socket
import ssl
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

job = json.load(sys.stdin)
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


class Line:
    """A text protocol, line by line, in clear and after that inside TLS."""

    def __init__(self, source, address, port, implicit, proxied):
        self.socket = socket.socket()
        self.socket.settimeout(4)
        self.socket.bind((source, 0))
        self.socket.connect((address, port))
        if proxied:
            self.socket.sendall(f'PROXY TCP4 {source} {address} 40000 {port}\r\n'.encode())
        if implicit:
            self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile('rb')

    def read(self):
        line = self.file.readline().decode('latin1').rstrip()
        if line == '':
            raise OSError('the server hung up')
        return line

    def ask(self, command, *ends):
        self.socket.sendall(f'{command}\r\n'.encode())
        lines = []
        while True:
            lines.append(self.read())
            if lines[-1].startswith(ends):
                return lines

    def tls(self):
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile('rb')


def imap(line, seen, at, starttls):
    if not starttls:
        line.read()
    capability = line.ask('a CAPABILITY', 'a ')[0].upper().split()
    seen['starttls'] = seen['starttls'] or 'STARTTLS' in capability
    seen['listed'][at] = 'LOGINDISABLED' not in capability and 'AUTH=PLAIN' in capability
    seen['mechanisms'] = sorted({word[5:].lower() for word in capability if word.startswith('AUTH=')} | set(seen['mechanisms']))
    reply = line.ask('b AUTHENTICATE SCRAM-SHA-256', 'b ', '+')[0]
    seen['scram'][at] = reply.startswith('+')
    if reply.startswith('+'):
        line.ask('*', 'b ')
    seen['login'][at] = line.ask('c LOGIN alice secret', 'c ')[-1].startswith('c OK')


def pop3(line, seen, at, starttls):
    if not starttls:
        line.read()
    capability = [one.upper() for one in line.ask('CAPA', '.', '-ERR')]
    seen['starttls'] = seen['starttls'] or 'STLS' in capability
    mechanisms = next((one.split()[1:] for one in capability if one.startswith('SASL')), [])
    seen['listed'][at] = 'PLAIN' in mechanisms
    seen['mechanisms'] = sorted({word.lower() for word in mechanisms} | set(seen['mechanisms']))
    reply = line.ask('AUTH SCRAM-SHA-256', '+ ', '+\r', '+', '-ERR')[0]
    seen['scram'][at] = reply.startswith('+')
    if reply.startswith('+'):
        line.ask('*', '-ERR')
    line.ask('USER alice', '+OK', '-ERR')
    seen['login'][at] = line.ask('PASS secret', '+OK', '-ERR')[-1].startswith('+OK')


def visit(listener, client):
    """What is offered in clear and inside TLS: pairs."""
    seen = {'listener': listener['id'], 'client': client['name'], 'implicit': False, 'starttls': False}
    seen.update(listed=[False, False], login=[False, False], scram=[False, False], mechanisms=[])
    speak = imap if listener['protocol'] == 'imap' else pop3

    def begin(implicit):
        return Line(client['source'], client['address'], listener['port'], implicit, listener['proxied'])

    try:
        if listener['implicit']:
            seen['implicit'] = True
            speak(begin(True), seen, 1, False)
            return seen
        speak(begin(False), seen, 0, False)
        if seen['starttls']:
            line = begin(False)
            line.read()
            line.ask('d STARTTLS' if speak is imap else 'STLS', 'd ', '+OK', '-ERR')
            line.tls()
            speak(line, seen, 1, True)
    except OSError as error:
        seen['error'] = repr(error)
    return seen


def on_disk(path):
    full = path if path.startswith('/') else f'/run/dovecot/{path}'
    try:
        found = os.stat(full)
    except OSError as error:
        return {'path': path, 'error': repr(error)}
    return {
        'path': path,
        'mode': f'{stat.S_IMODE(found.st_mode):04o}',
        'user': pwd.getpwuid(found.st_uid).pw_name,
        'group': grp.getgrgid(found.st_gid).gr_name,
    }


def stop():
    """Ends the master process, and waits for it: `doveadm stop` takes a second."""
    try:
        with open('/run/dovecot/master.pid') as file:
            pid = int(file.read())
        os.kill(pid, 15)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.01)
    except (OSError, ValueError):
        pass


def run(configuration):
    stop()
    for path in configuration['sockets']:
        full = path if path.startswith('/') else f'/run/dovecot/{path}'
        if os.path.exists(full):
            os.unlink(full)
    for path, text in configuration['files'].items():
        with open(path, 'w', encoding='latin1') as file:
            file.write(text)
    # Into a file, for the daemon keeps what it is given open.
    with open('/tmp/dovecot-said', 'w+') as said:
        started = subprocess.run(['dovecot'], stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=20)
        said.seek(0)
        if started.returncode != 0:
            return {'error': said.read(), 'listening': [], 'logins': [], 'sockets': []}
    listening = subprocess.run(['ss', '-Hltnp'], capture_output=True, text=True).stdout.splitlines()
    pairs = [(listener, client) for listener in configuration['listeners'] for client in job['clients']]
    return {
        'error': '',
        'listening': sorted({line.split()[3] for line in listening if '"dovecot"' in line}),
        'logins': list(pool.map(lambda pair: visit(*pair), pairs)),
        'sockets': [on_disk(path) for path in configuration['sockets']],
    }


pool = ThreadPoolExecutor(8)
subprocess.run(['systemctl', 'stop', 'dovecot.socket', 'dovecot.service'], capture_output=True)
begun = time.monotonic()
json.dump([run(configuration) for configuration in job['configurations']], sys.stdout)

# Stands in for a program that the copy of a mail host does not have: listens where the host's program listens, under its name,
# and accepts. Arguments: KIND NAME WHERE [NEXT]; WHERE is ADDRESS:PORT or the path of a socket. Kinds: milter, policy, smtp, accept,
# and relay, which passes everything on to NEXT, a port of this host.
use strict;
use warnings;
use IO::Select;
use IO::Socket;
use IO::Socket::UNIX;
use Socket;

my ($kind, $name, $where, $next) = @ARGV;
my %serve = (milter => \&milter, policy => \&policy, smtp => \&smtp, relay => \&relay, accept => sub { });
my $serve = $serve{$kind} or die "no such kind: $kind";
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
$0 = $name;
my $socket;
if ($where =~ m{^(/.*)/}) {
    system('mkdir', '-p', $1);
    unlink $where;
    $socket = IO::Socket::UNIX->new(Local => $where, Listen => 50) or die "$where: $!";
    chmod 0666, $where;
} else {
    my ($address, $port) = $where =~ /^\[?([^\]]*)\]?:(\d+)$/;
    my $v6 = $address =~ /:/;
    socket($socket, $v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die $!;
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    setsockopt($socket, 41, 26, pack('i', 1)) if $v6;    # IPV6_V6ONLY
    my $packed = Socket::inet_pton($v6 ? AF_INET6 : AF_INET, $address);
    bind($socket, $v6 ? Socket::pack_sockaddr_in6($port, $packed) : pack_sockaddr_in($port, $packed)) or die "$where: $!";
    listen($socket, 50) or die $!;
}
while (1) {
    accept(my $client, $socket) or next;
    if (!fork) { $client->autoflush(1); $serve->($client); exit }
    close $client;
}

sub milter {
    my ($client) = @_;
    while (read($client, my $head, 4) == 4) {
        my $length = unpack('N', $head);
        return if $length < 1 or $length > 1 << 20 or read($client, my $body, $length) != $length;
        my $command = substr($body, 0, 1);
        next if $command =~ /[DA]/;
        return if $command eq 'Q';
        my ($version) = unpack('N', substr($body . "\0" x 5, 1, 4));
        my $answer = $command eq 'O' ? 'O' . pack('NNN', $version < 6 ? $version : 6, 0, 0) : 'c';
        print $client pack('N', length $answer) . $answer;
    }
}

sub policy {
    my ($client) = @_;
    while (my $line = <$client>) { print $client "action=DUNNO\n\n" if $line =~ /^\r?\n$/ }
}

sub smtp {
    my ($client) = @_;
    print $client "220 rehearsal ESMTP\r\n";
    while (my $line = <$client>) {
        if ($line =~ /^(EHLO|LHLO)/i) { print $client "250-rehearsal\r\n250-XFORWARD NAME ADDR PROTO HELO SOURCE PORT\r\n250 8BITMIME\r\n" }
        elsif ($line =~ /^DATA/i) {
            print $client "354 go on\r\n";
            while (my $text = <$client>) { last if $text =~ /^\.\r?\n$/ }
            print $client "250 accepted and dropped: this is a rehearsal\r\n";
        }
        elsif ($line =~ /^QUIT/i) { print $client "221 bye\r\n"; return }
        else { print $client "250 ok\r\n" }
    }
}

sub relay {
    my ($client) = @_;
    my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $next) or return;
    my $both = IO::Select->new($client, $server);
    while (1) {
        for my $from ($both->can_read) {
            sysread($from, my $bytes, 65536) or return;
            my $to = $from == $client ? $server : $client;
            while (length $bytes) { my $sent = syswrite($to, $bytes) or return; substr($bytes, 0, $sent, '') }
        }
    }
}

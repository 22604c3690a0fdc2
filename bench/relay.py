"""Two TUN devices joined by a wire that takes its time: relay.py NAME NAME MILLISECONDS. Not every kernel has netem, and
Node cannot open a TUN device. Says "ready", and ends with its standard input."""
import collections, fcntl, os, select, struct, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


a, b = tun(sys.argv[1]), tun(sys.argv[2])
delay = float(sys.argv[3]) / 1000
across = {a: b, b: a}
under_way = collections.deque()  # (due, to, packet), in the order of their coming, for all take equally long
print("ready", flush=True)
while True:
    wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    readable, _, _ = select.select([a, b, 0], [], [], wait)
    if 0 in readable and not os.read(0, 1):
        break
    for device in readable:
        if device == 0:
            continue
        try:
            while True:
                under_way.append((time.monotonic() + delay, across[device], os.read(device, 65536)))
        except OSError:
            pass  # nothing more to read, or not up yet
    while under_way and under_way[0][0] <= time.monotonic():
        _, to, packet = under_way.popleft()
        try:
            os.write(to, packet)
        except OSError:
            pass  # not up: lost, as on any wire

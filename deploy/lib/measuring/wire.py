"""What the nodes say to one another, counted by the kernel for each of their connections.

On the loopback interface all traffic has the same counters, so those of the sockets are read: `ss -tin`."""

import re
import subprocess

from .processes import need


def counters(ports):
    """Bytes and packets sent so far on each connection that has one of the ports at an end, at both of its ends. A packet is a TCP
    segment, one that only acknowledges too; bytes are without the headers of TCP and IP, with those of TLS."""
    need("ss", "iproute2")
    output = subprocess.run(["ss", "-tinHO"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in output.splitlines():
        fields = line.split()
        ends = tuple(fields[3:5])
        if any(int(end.rsplit(":", 1)[1]) in ports for end in ends):
            found[ends] = (value(line, "bytes_sent"), value(line, "segs_out"))
    return found


def value(line, name):
    """A counter that is still zero isn't printed."""
    match = re.search(rf"\b{name}:(\d+)", line)
    return int(match.group(1)) if match else 0


def sent(before, after):
    """Bytes and packets between two readings. A connection made in between counts from nothing; what one that ended in between had
    sent last is lost."""
    return tuple(sum(after[ends][place] - before.get(ends, (0, 0))[place] for ends in after) for place in (0, 1))

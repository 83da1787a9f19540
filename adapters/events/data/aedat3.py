"""AEDAT 3.1 (iniVation's cAER), as DVS128 Gesture is published in: lines of '#' that end with '#!END-HEADER', then packets. A
packet has a header of 28 bytes, little-endian (type, source, size of an event, offset of its time, overflows of the clock, capacity,
events, valid events); polarity events (type 1) are pairs of uint32: bit 0 valid, 1 polarity, 2-16 y, 17-31 x; and microseconds.
Source: inivation.github.io/inivation-docs, 'AEDAT 3.1'.
"""

import struct

import numpy as np

HEADER = struct.Struct("<hhiiiiii")
END = b"#!END-HEADER\r\n"
POLARITY = 1


def read(content):
    """(t, x, y, p) of the valid polarity events of a file's bytes; ValueError for a file that is cut off."""
    at = content.find(END) + len(END)
    if at < len(END):
        raise ValueError("ends within its header: it was cut off; copy it again")
    found = [np.zeros((0, 3), np.int64)]
    while at < len(content):
        if at + HEADER.size > len(content):
            raise ValueError("ends within the header of a packet: it was cut off; copy it again")
        kind, _, size, _, overflows, capacity, number, _ = HEADER.unpack_from(content, at)
        at, length = at + HEADER.size, capacity * size
        if length < 0 or number > capacity or at + length > len(content):
            raise ValueError("ends within a packet: it was cut off; copy it again")
        if kind == POLARITY and size == 8:
            value, time = np.frombuffer(content, "<u4", 2 * number, at).reshape(-1, 2).T.astype(np.int64)
            kept = value & 1 == 1
            found.append(np.stack([value, time + (overflows << 31), kept], 1)[kept])
        at += length
    value, t, _ = np.concatenate(found).T
    return t, value >> 17, value >> 2 & 0x7FFF, value >> 1 & 1

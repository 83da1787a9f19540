"""Recordings of event cameras in the formats that sets are published in; events are structured arrays t (us), x, y, p."""

import struct

import numpy as np

from adapters.events.data.event_camera import EVENT


def recording(seed, width, height, lasts_us=100_000, number=400):
    """``number`` random events over ``lasts_us``."""
    rng = np.random.default_rng(seed)
    events = np.empty(number, EVENT)
    events["t"] = np.sort(rng.integers(1, lasts_us, number))
    events["x"], events["y"] = rng.integers(0, width, number), rng.integers(0, height, number)
    events["p"] = rng.integers(0, 2, number)
    return events


def aedat2(events, version="2.0", camera="dvs128"):
    """AER-DAT 2.0 (jAER), of a 'dvs128' or a 'davis346': big-endian pairs of an address and microseconds; version: what it says."""
    t, x, y, p = (events[name].astype(np.int64) for name in "txyp")
    if camera == "dvs128":
        address = y << 8 | x << 1 | p
    else:
        address = (259 - y) << 22 | (345 - x) << 12 | p << 11
    head = f"#!AER-DAT{version}\r\n# This is a raw AE data file - do not edit\r\n# Timestamps tick is 1 us\r\n".encode()
    return head + np.stack([address, t], 1).astype(">u4").tobytes()


def aedat3(events, packet=300):
    """AEDAT 3.1 (cAER): packets of up to ``packet`` polarity events, one of another type (6: IMU) between them."""
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-08-01 12:00:00\r\n#!END-HEADER\r\n"
    t, x, y, p = (events[name].astype(np.int64) for name in "txyp")
    pairs = np.stack([x << 17 | y << 2 | p << 1 | 1, t], 1).astype("<u4")
    parts = [head, struct.pack("<hhiiiiii", 6, 1, 36, 4, 0, 1, 1, 1), bytes(36)]
    for part in np.split(pairs, range(packet, len(pairs), packet)):
        parts += [struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, len(part), len(part), len(part)), part.tobytes()]
    return b"".join(parts)


def atis_bin(events):
    """N-MNIST's and N-Caltech101's: 5 bytes an event."""
    return b"".join(
        bytes([e["x"], e["y"], int(e["p"]) << 7 | t >> 16, t >> 8 & 255, t & 255])
        for e in events
        for t in [int(e["t"])]
    )


def prophesee_dat(events):
    """Prophesee's .dat of two-dimensional events, as N-Cars has them."""
    head = b"% Data file containing CD events.\n% Version 2\n% Height 100\n% Width 120\n" + bytes([0, 8])
    return head + b"".join(
        struct.pack("<II", int(e["t"]), int(e["p"]) << 28 | int(e["y"]) << 14 | int(e["x"])) for e in events
    )


def evt3(events, width=1280, height=720):
    """Prophesee's .raw in EVT 3.0: a header as their cameras write it, then words of 16 bits; pixels of one time, row and polarity that follow
    within 20 columns are a run (a base and masks of 12 and 8), as the format has them, and the upper bits of time come every 4,096 us."""
    head = (
        f"% camera_integrator_name Prophesee\n% date 2024-05-06 07:08:09\n% evt 3.0\n% format EVT3;height={height};width={width}\n"
        f"% generation 4.2\n% geometry {width}x{height}\n% end\n"
    )
    words, upper, lower, row, k = [], 0, None, None, 0
    t, x, y, p = (events[name].astype(int).tolist() for name in "txyp")
    while k < len(t):
        while upper <= t[k] >> 12:  # none is left out
            words.append(0x8000 | upper & 0xFFF)
            upper, lower = upper + 1, None
        if t[k] & 0xFFF != lower:
            lower = t[k] & 0xFFF
            words.append(0x6000 | lower)
        if y[k] != row:
            row = y[k]
            words.append(row)
        end = k + 1
        while end < len(t) and (t[end], y[end], p[end]) == (t[k], y[k], p[k]) and x[end - 1] < x[end] < x[k] + 20:
            end += 1
        if end == k + 1:
            words.append(0x2000 | p[k] << 11 | x[k])
        else:
            mask = sum(1 << one - x[k] for one in x[k:end])
            words += [0x3000 | p[k] << 11 | x[k], 0x4000 | mask & 0xFFF, 0x5000 | mask >> 12]
        k = end
    return head.encode() + np.array(words, "<u2").tobytes()


def put(path, content):
    """Write bytes, or an array as .npy, into a file whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    return path

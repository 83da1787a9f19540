"""Recordings in files."""

import numpy as np


def aedat(events, version="2.0"):
    address = events["y"].astype(int) << 8 | events["x"].astype(int) << 1 | events["p"]
    pairs = np.stack([address, events["t"]], 1).astype(">u4").tobytes()
    return f"#!AER-DAT{version}\r\n# This is a raw AE data file\r\n".encode() + pairs

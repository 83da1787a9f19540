"""How methods look in plots and in which order they stand: a hue and a marker for each kind of code, a shade for each method.

Fixed by name, so that a method looks the same in every plot and in every version of the page, whatever else was run beside it.
"""

import colorsys
from zlib import crc32

KINDS = {  # kind: (hue, marker of matplotlib, symbol of plotly.js, methods)
    "rate": (
        0.57,
        "o",
        "circle",
        "rate rate-max rate-percentile aar threshold-balancing opi signed-if snn-calibration snn-calibration-advanced",
    ),
    "burst": (
        0.08,
        "s",
        "square",
        "burst adafire-uniform adafire-layers adafire adafire+ssc adafire+iat adafire+ssc+iat adafire-signed",
    ),
    "several levels in a step": (0.78, "D", "diamond", "multi-threshold h-mt fs radix ttfs phase"),
    "changes": (0.40, "P", "cross", "dcgs sigma-delta adafire-differential"),
    "ours": (0.98, "*", "star", "ours ours+exit"),
    "others' converters": (0.50, "v", "triangle-down", "spikingjelly sinabs"),
    "ANN and integer rivals": (None, "X", "x", "ann quantised integer integer-sparse"),
}
OTHER = "other"
DASHES = (("-", "solid"), ("--", "dash"), (":", "dot"), ("-.", "dashdot"))
_PLACES = {
    name: (kind, k, len(names.split()))
    for kind, (_, _, _, names) in KINDS.items()
    for k, name in enumerate(names.split())
}


def kind_of(method):
    """Which kind of code a method's name stands for; twins and options look like what they are made of.

    >>> kind_of("dcgs:relays=True"), kind_of("burst+bias"), kind_of("mine")
    ('changes', 'burst', 'other')
    """
    return _place(method)[0]


def order(method):
    """Sorts methods by kind, then as ``KINDS`` names them, then by name."""
    kind, k, _ = _place(method)
    return [*KINDS, OTHER].index(kind), k, method


def look(method):
    """{'color', 'marker', 'symbol', 'line', 'dash'} of a method: of matplotlib and of plotly.js.

    >>> look("ours")["color"] == look("ours:weights=int8")["color"], look("ours")["dash"], look("ours:values=64")["dash"]
    (True, 'solid', 'dashdot')
    """
    kind, k, n = _place(method)
    hue, marker, symbol, _ = KINDS.get(kind, (0.15, "^", "triangle-up", ""))
    light = 0.30 + 0.34 * (k + 0.5) / max(n, 1)
    rgb = colorsys.hls_to_rgb(hue or 0.0, light, 0.0 if hue is None else 0.70)
    plain = method.partition(":")[0]
    line, dash = DASHES[0] if method == plain and plain in _PLACES else DASHES[1 + crc32(method.encode()) % 3]
    colour = "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
    return {"color": colour, "marker": marker, "symbol": symbol, "line": line, "dash": dash}


def _place(method):
    plain = method.partition(":")[0]
    for name in (plain, plain.removesuffix("+bias"), plain.partition("-")[0]):
        if name in _PLACES:
            return _PLACES[name]
    return OTHER, crc32(plain.encode()) % 5, 5

"""Five kinds of objects as random assemblies of primitives, as furniture.py makes furniture: (rng) -> [Part]."""

import numpy as np

from .kinds import kind
from .solids import solid


@kind("body", "wing", "tail")
def airplane(rng):
    length, radius = rng.uniform(1.6, 2.4), rng.uniform(0.09, 0.16)
    span, chord, at = rng.uniform(0.7, 1.2), rng.uniform(0.25, 0.45), rng.uniform(-0.2, 0.2)
    parts = [
        solid("cylinder", "body", (2 * radius, length, 2 * radius), (0, 0, 0), "z"),
        solid("sphere", "body", (2 * radius, 2 * radius, 4 * radius), (0, 0, length / 2)),
    ]
    tail, fin = rng.uniform(0.2, 0.4), rng.uniform(0.25, 0.45)
    for side in (-1, 1):
        parts.append(solid("box", "wing", (span, 0.04, chord), (side * span / 2, rng.uniform(-0.05, 0.05), at)))
        parts.append(solid("box", "tail", (tail, 0.03, 0.18), (side * tail / 2, 0.02, -length / 2 + 0.1)))
    parts.append(solid("box", "tail", (0.03, fin, 0.2), (0, fin / 2 + radius / 2, -length / 2 + 0.12)))
    if rng.random() < 0.6:
        for side in (-1, 1):
            x = side * span * rng.uniform(0.35, 0.5)
            parts.append(solid("cylinder", "body", (0.13, 0.3, 0.13), (x, -0.1, at), "z"))
    return parts


@kind("body", "neck", "cap")
def bottle(rng):
    radius, height = rng.uniform(0.14, 0.26), rng.uniform(0.5, 0.9)
    shoulder, neck, thin = rng.uniform(0.1, 0.25), rng.uniform(0.1, 0.35), radius * rng.uniform(0.3, 0.5)
    cap = rng.uniform(0.05, 0.1)
    return [
        solid("cylinder", "body", (2 * radius, height, 2 * radius), (0, height / 2, 0)),
        solid("cone", "neck", (2 * radius, 2 * shoulder, 2 * radius), (0, height + shoulder, 0)),
        solid("cylinder", "neck", (2 * thin, shoulder + neck, 2 * thin), (0, height + (shoulder + neck) / 2, 0)),
        solid("cylinder", "cap", (2.4 * thin, cap, 2.4 * thin), (0, height + shoulder + neck + cap / 2, 0)),
    ]


@kind("body", "roof", "wheel")
def car(rng):
    length, width = rng.uniform(1.6, 2.4), rng.uniform(0.7, 0.95)
    height, wheel = rng.uniform(0.3, 0.45), rng.uniform(0.28, 0.42)
    roof, cabin = rng.uniform(0.25, 0.5), length * rng.uniform(0.35, 0.65)
    parts = [
        solid("box", "body", (width, height, length), (0, wheel / 2 + height / 2, 0)),
        solid(
            "box",
            "roof",
            (width * 0.9, roof, cabin),
            (0, wheel / 2 + height + roof / 2, -length * rng.uniform(0, 0.12)),
        ),
    ]
    return parts + [
        solid("cylinder", "wheel", (wheel, 0.14, wheel), (sx * width / 2, wheel / 2, sz * length * 0.32), "x")
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]


@kind("body", "handle")
def mug(rng):
    radius, height = rng.uniform(0.25, 0.4), rng.uniform(0.5, 0.95)
    ring, away = height * rng.uniform(0.5, 0.75), radius * rng.uniform(0.95, 1.1)
    return [
        solid("cylinder", "body", (2 * radius, height, 2 * radius), (0, height / 2, 0)),
        solid("torus", "handle", (ring, ring, ring), (away, height / 2, 0), ratio=rng.uniform(0.15, 0.3)),
    ]


@kind("body", "nose", "fin")
def rocket(rng):
    radius, height, nose = rng.uniform(0.12, 0.22), rng.uniform(0.8, 1.5), rng.uniform(0.25, 0.6)
    fin, fins = rng.uniform(0.15, 0.35), rng.integers(3, 5)
    parts = [
        solid("cylinder", "body", (2 * radius, height, 2 * radius), (0, height / 2, 0)),
        solid("cone", "nose", (2 * radius, nose, 2 * radius), (0, height + nose / 2, 0)),
    ]
    for k in range(fins):
        angle = 2 * np.pi * k / fins
        turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
        part = solid("box", "fin", (fin, fin * 1.4, 0.03), (radius + fin / 2, fin * 0.6, 0))
        parts.append(part._replace(vertices=part.vertices @ turn))
    return parts

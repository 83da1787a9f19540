"""Eleven kinds of furniture as random assemblies of primitives: (rng) -> [Part]. y is up, the front is +z.

Every size is drawn for each object; parts are labelled. Kinds that resemble each other (table, desk, bench, stool) are
meant to: a classifier has to look at proportions, not at one giveaway.
"""

import numpy as np

from .kinds import kind
from .solids import bar, solid


def _legs(rng, label, width, depth, height, thickness, splay=0.0):
    """Four legs below a slab at ``height``: round or square, upright or splayed."""
    x, z = width / 2 - thickness, depth / 2 - thickness
    square = rng.random() < 0.5 and not splay
    for sx in (-1, 1):
        for sz in (-1, 1):
            if square:
                yield solid("box", label, (thickness, height, thickness), (sx * x, height / 2, sz * z))
            else:
                yield bar(label, thickness / 2, (sx * (x + splay), 0, sz * (z + splay)), (sx * x, height, sz * z))


@kind("mattress", "headboard", "frame")
def bed(rng):
    width, length = rng.uniform(0.9, 1.8), rng.uniform(1.8, 2.2)
    low, thick = rng.uniform(0.2, 0.4), rng.uniform(0.15, 0.3)
    head = low + thick + rng.uniform(0.2, 0.6)
    parts = [
        solid("box", "mattress", (width, thick, length), (0, low + thick / 2, 0)),
        solid("box", "headboard", (width * rng.uniform(1, 1.1), head, 0.08), (0, head / 2, -length / 2)),
    ]
    if rng.random() < 0.5:
        parts.append(solid("box", "frame", (width, low * 0.9, length), (0, low * 0.5, 0)))
    else:
        parts += _legs(rng, "frame", width, length, low, 0.1)
    return parts


@kind("seat", "legs")
def bench(rng):
    width, depth, height = rng.uniform(1.2, 2.0), rng.uniform(0.3, 0.5), rng.uniform(0.35, 0.5)
    parts = [solid("box", "seat", (width, rng.uniform(0.04, 0.1), depth), (0, height, 0))]
    if rng.random() < 0.5:
        return parts + list(_legs(rng, "legs", width, depth, height, rng.uniform(0.05, 0.1)))
    x = width / 2 * rng.uniform(0.7, 0.95)
    return parts + [solid("box", "legs", (0.07, height, depth * 0.9), (side * x, height / 2, 0)) for side in (-1, 1)]


@kind("frame", "shelf")
def bookshelf(rng):
    width, height, depth, thick = rng.uniform(0.6, 1.4), rng.uniform(1.2, 2.2), rng.uniform(0.25, 0.45), 0.04
    parts = [solid("box", "frame", (thick, height, depth), (side * width / 2, height / 2, 0)) for side in (-1, 1)]
    if rng.random() < 0.5:
        parts.append(solid("box", "frame", (width, height, 0.02), (0, height / 2, -depth / 2)))
    shelves = rng.integers(3, 7)
    return parts + [
        solid("box", "shelf", (width, thick, depth), (0, height * k / shelves, 0)) for k in range(shelves + 1)
    ]


@kind("body", "door", "foot")
def cabinet(rng):
    width, height, depth = rng.uniform(0.7, 1.5), rng.uniform(0.7, 2.0), rng.uniform(0.35, 0.7)
    low, doors = rng.uniform(0.08, 0.2), rng.integers(1, 4)
    parts = [solid("box", "body", (width, height, depth), (0, low + height / 2, 0))]
    for k in range(doors):
        x = width * ((k + 0.5) / doors - 0.5)
        parts.append(
            solid("box", "door", (0.9 * width / doors, 0.9 * height, 0.03), (x, low + height / 2, depth / 2 + 0.03))
        )
        parts.append(
            solid("sphere", "door", (0.06, 0.06, 0.06), (x + 0.3 * width / doors, low + height / 2, depth / 2 + 0.07))
        )
    return parts + list(_legs(rng, "foot", width, depth, low, rng.uniform(0.06, 0.12)))


@kind("seat", "back", "legs", "arm")
def chair(rng):
    width, depth, height = rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(0.38, 0.5)
    back, thick = rng.uniform(0.35, 0.75), rng.uniform(0.04, 0.1)
    parts = [solid("box", "seat", (width, thick, depth), (0, height, 0))]
    if rng.random() < 0.5:
        parts.append(solid("box", "back", (width, back, 0.05), (0, height + back / 2, -depth / 2)))
    else:  # slats between two posts
        parts += [
            bar(
                "back",
                0.03,
                (side * width * 0.45, height, -depth / 2),
                (side * width * 0.45, height + back, -depth / 2),
            )
            for side in (-1, 1)
        ]
        parts += [
            solid("box", "back", (width * 0.9, 0.07, 0.03), (0, height + back * k / 3, -depth / 2)) for k in (1, 2, 3)
        ]
    if rng.random() < 0.2:  # an office chair's column and star
        parts.append(bar("legs", 0.04, (0, 0.08, 0), (0, height, 0)))
        for k in range(5):
            angle = 2 * np.pi * k / 5
            parts.append(bar("legs", 0.03, (0, 0.08, 0), (0.3 * np.cos(angle), 0.03, 0.3 * np.sin(angle))))
    else:
        parts += _legs(rng, "legs", width, depth, height, rng.uniform(0.04, 0.07), rng.choice([0.0, 0.06]))
    if rng.random() < 0.4:
        up = height + rng.uniform(0.18, 0.28)
        for side in (-1, 1):
            parts.append(solid("box", "arm", (0.05, 0.04, depth), (side * width / 2, up, 0)))
            parts.append(bar("arm", 0.02, (side * width / 2, height, depth * 0.4), (side * width / 2, up, depth * 0.4)))
    return parts


@kind("top", "legs", "drawer")
def desk(rng):
    width, depth, height = rng.uniform(1.1, 1.8), rng.uniform(0.55, 0.85), rng.uniform(0.68, 0.8)
    parts = [solid("box", "top", (width, rng.uniform(0.03, 0.07), depth), (0, height, 0))]
    block, sides = width * rng.uniform(0.22, 0.32), (-1, 1) if rng.random() < 0.4 else (rng.choice([-1, 1]),)
    tall = height * rng.choice([0.55, 0.95])
    for side in sides:
        parts.append(
            solid("box", "drawer", (block, tall, depth * 0.9), (side * (width - block) / 2, height - tall / 2, 0))
        )
    if len(sides) < 2 or tall < height * 0.9:
        parts += _legs(rng, "legs", width, depth, height, rng.uniform(0.04, 0.08))
    return parts


@kind("base", "pole", "shade")
def lamp(rng):
    tall = rng.random() < 0.5
    height = rng.uniform(*((1.2, 1.8) if tall else (0.35, 0.7)))
    base, shade = rng.uniform(0.12, 0.22), rng.uniform(0.15, 0.32)
    drop = rng.uniform(0.15, 0.35)
    parts = [
        solid(rng.choice(["cylinder", "cone"]), "base", (2 * base, 0.06, 2 * base), (0, 0.03, 0)),
        bar("pole", rng.uniform(0.015, 0.035), (0, 0.03, 0), (0, height, 0)),
    ]
    style = rng.choice(["cone", "cylinder", "sphere"])
    return parts + [
        solid(style, "shade", (2 * shade, 2 * shade if style == "sphere" else drop, 2 * shade), (0, height, 0))
    ]


@kind("screen", "stand", "base")
def monitor(rng):
    width = rng.uniform(0.5, 0.9)
    height, lift, thick = width * rng.uniform(0.55, 0.8), rng.uniform(0.08, 0.2), rng.uniform(0.03, 0.12)
    parts = [
        solid("box", "screen", (width, height, thick), (0, lift + height / 2, 0)),
        solid(
            "box",
            "stand",
            (rng.uniform(0.05, 0.14), lift + height * 0.4, 0.04),
            (0, (lift + height * 0.4) / 2, -thick / 2 - 0.03),
        ),
    ]
    wide = width * rng.uniform(0.3, 0.6)
    shape = rng.choice(["box", "cylinder"])
    return parts + [solid(shape, "base", (wide, 0.03, wide * 0.7), (0, 0.015, -0.02))]


@kind("seat", "back", "arm")
def sofa(rng):
    width, depth, height = rng.uniform(0.9, 2.2), rng.uniform(0.7, 0.95), rng.uniform(0.35, 0.45)
    back, arm, thick = rng.uniform(0.3, 0.5), rng.uniform(0.15, 0.3), rng.uniform(0.14, 0.25)
    parts = [
        solid("box", "seat", (width, height, depth), (0, height / 2, 0)),
        solid("box", "back", (width, height + back, thick), (0, (height + back) / 2, -depth / 2)),
    ]
    for side in (-1, 1):
        x = side * (width + thick) / 2
        if rng.random() < 0.5:
            parts.append(solid("box", "arm", (thick, height + arm, depth), (x, (height + arm) / 2, 0)))
        else:
            parts.append(solid("box", "arm", (thick, height, depth), (x, height / 2, 0)))
            parts.append(solid("cylinder", "arm", (thick * 1.3, depth, thick * 1.3), (x, height + arm * 0.5, 0), "z"))
    return parts


@kind("seat", "legs")
def stool(rng):
    width, height = rng.uniform(0.3, 0.45), rng.uniform(0.35, 0.8)
    shape = rng.choice(["cylinder", "box"])
    parts = [solid(shape, "seat", (width, rng.uniform(0.04, 0.1), width), (0, height, 0))]
    if rng.random() < 0.3:
        return parts + [
            bar("legs", 0.03, (0, 0, 0), (0, height, 0)),
            solid("cylinder", "legs", (width, 0.03, width), (0, 0.015, 0)),
        ]
    return parts + list(_legs(rng, "legs", width, width, height, rng.uniform(0.03, 0.06), rng.choice([0.0, 0.05])))


@kind("top", "legs")
def table(rng):
    width, depth, height = rng.uniform(0.7, 1.8), rng.uniform(0.6, 1.1), rng.uniform(0.4, 0.8)
    shape = rng.choice(["box", "cylinder"])
    parts = [solid(shape, "top", (width, rng.uniform(0.03, 0.08), depth), (0, height, 0))]
    if rng.random() < 0.3:
        foot = min(width, depth) * rng.uniform(0.4, 0.7)
        return parts + [
            bar("legs", rng.uniform(0.03, 0.08), (0, 0, 0), (0, height, 0)),
            solid("cylinder", "legs", (foot, 0.04, foot), (0, 0.02, 0)),
        ]
    room = 0.7 if shape == "cylinder" else 1.0  # legs stand below the round top, not beside it
    return parts + list(_legs(rng, "legs", width * room, depth * room, height, rng.uniform(0.04, 0.09)))

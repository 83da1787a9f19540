"""A cuboid as a mesh, and meshes in OFF files."""

CUBE = (
    [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 3)],
    [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
        (1, 5, 7),
        (1, 7, 3),
    ],
)


def off(path, vertices=CUBE[0], faces=CUBE[1], header="OFF\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [" ".join(map(str, v)) for v in vertices] + [" ".join(map(str, (len(f), *f))) for f in faces]
    path.write_text(f"{header}{len(vertices)} {len(faces)} 0\n" + "\n".join(lines) + "\n")
    return path

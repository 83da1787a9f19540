"""Annotations and folders as PASCAL VOC has them."""

from PIL import Image

XML = """<annotation><size><width>{w}</width><height>{h}</height></size>{objects}</annotation>"""
OBJECT = (
    "<object><name>{0}</name><difficult>{5}</difficult><bndbox><xmin>{1}</xmin><ymin>{2}</ymin><xmax>{3}</xmax>"
    "<ymax>{4}</ymax></bndbox></object>"
)


def make(folder, lists, size=(40, 30)):
    """A VOC<year> folder: lists {name: [image names]}, every image with a cat, and a difficult dog."""
    for part in ("ImageSets/Main", "Annotations", "JPEGImages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for split, names in lists.items():
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{n}\n" for n in names))
        (folder / "ImageSets" / "Main" / f"cat_{split}.txt").write_text("")
        for k, name in enumerate(names):
            objects = OBJECT.format("cat", 3, 4, 20, 25, 0) + OBJECT.format("dog", 1, 1, 9.6, 9, 1)
            (folder / "Annotations" / f"{name}.xml").write_text(XML.format(w=size[0], h=size[1], objects=objects))
            colour = tuple(sum(map(ord, name + split + c)) % 256 for c in "rgb")
            Image.new("RGB", size, colour).save(folder / "JPEGImages" / f"{name}.jpg")
    return folder

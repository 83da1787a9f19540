"""The faults found in use, as their finders wrote them down: ../shared/cases, whole.

``python -m pytest -m cases tests/faults/test_cases.py`` takes about an hour of one core; ``-k coco`` a part of it. Every line that a case prints is held
against what is right: the scores of a run, or words of a refusal. The same kinds are tests of their own elsewhere, rebuilt small.
"""

import os
import re
import subprocess
import sys

import pytest

from helpers.paths import ROOT

CASES = ROOT.parent / "shared" / "cases"
COCO, VOC, CLOUDS, MESH, EVENTS = (
    (0.7020, 0.7086, 12),
    (0.8562, 0.8693, 12),
    (0.9688, 0.9844, 64),
    (0.5312, 0.5156, 64),
    (0.93, 0.92, 100),
)
LETTERS, RANDOM, ZERO = (0.95, 0.93, 200), (0.3249, 0.3181, 7), (0, 0, 12)
RIGHT = {  # case: (what is right of every line, {beginning of a line: what is right of it instead}); None: any refusal or an error that falls
    "absent-class": (
        VOC,
        {
            "VOC, no coat": (0.8826, 0.8926, 12),
            "COCO, no coat": (0.7271, 0.7323, 12),
            "class folders": (0.9497, 0.9385, 179),
            "clouds": (0.9677, 0.9839, 62),
            "events": (0.93, 0.94, 100),
        },
    ),
    "bad-files": (
        None,
        {
            "mesh [reference]": MESH,
            "a face names": "_0181.off' has a face with the corner 1031",
            "npz": (0.9583, 0.9792, 48),
            "labels as names": (0.9583, 0.9792, 48),
            "labels one-hot": r"of shape \[64, 16\]",
            "labels from 1": "from 1 to 16",
            "weights in fp8": (0.7065, 0.6961, 12),
            "a sparse tensor": "'graph'",
        },
    ),
    "calibration-unseen": (
        COCO,
        {
            "train2017 of .bmp": (0.7020, 0.6914, 12),
            "train2017 with subfolders": (0.7020, 0.7008, 12),
            "no train2017": (0.7177, None, 8),
        },
    ),
    "category-order": (COCO, {}),
    "check-tool": ("exit 0", {"Fast R-CNN": "exit 2: error: FastRCNN has no RPN"}),
    "checkpoint-prefix": (COCO, {"TorchScript": "not a PyTorch checkpoint but a TorchScript archive"}),
    "clamp-activation": (None, {}),
    "class-order": (
        LETTERS,
        {
            "1..10": (0.09, 0.095, 200),
            "0..9": (0.95, 0.935, 200),
            "class1..class10, labels in natural": (0.09, 0.095, 200),
            "class1..class10, labels in the order of strings": (0.95, 0.92, 200),
        },
    ),  # with notes of both orders: test_class_order
    "cloud-headers": (CLOUDS, {"txt, decimal commas": "has decimal commas", "mesh": MESH}),
    "coco-fields": (
        COCO,
        {
            "image ids null": "entry 0 of 'images' has id None",
            "bbox null": "annotation 1 has bbox None",
            "all iscrowd": "nothing to score",
            "no annotations": "nothing to score",
            "file_name null": "image 1 has file_name None",
            "annotations null": "no list 'annotations'",
            "categories without names": "entry 0 of 'categories' has no 'name'",
        },
    ),
    "ema-weights": (COCO, {}),
    "event-sensor": (
        EVENTS,
        {
            "size not given": r"data=dict\(size=",
            "size of a larger": (0.11, 0.11, 100),
            "columns x,y,t": "x, y, t, p",
            "columns x,y,p": "x, y, p, t",
        },
    ),
    "event-units": (r"lasts \d+ us with its .* events", {"us [reference]": EVENTS}),
    "exif-orientation": (
        (0.95, 0.935, 200),
        {
            "classification: stored": (0.95, 0.92, 200),
            "segmentation: no EXIF": (0.6755, 0.5872, 7),
            "segmentation: square, masks as shown": (0.6759, 0.6460, 7),
            "segmentation: square, masks as stored": (0.0731, 0.0732, 7),
            "segmentation: 192 x 128, no EXIF": (0.6381, 0.6017, 7),
            "segmentation: 192 x 128, masks as shown": (0.6399, 0.6472, 7),
            "segmentation: 192 x 128, masks as stored": "192 x 128 pixels.*128 x 192",
        },
    ),
    "expand-as": (None, {}),
    "list-twice": (
        VOC,
        {
            "VOC list, first": "'000001' twice",
            "segmentation list as": (0.5763, 0.4515, 3),
            "segmentation list, a name": "'000005' 2 times",
            "COCO, an image id": "image id 1 is given twice",
            "COCO, one file": "'000001.png' is listed twice",
        },
    ),
    "mask-255": (
        RANDOM,
        {
            "0/255": r"mask_values=\{255: 1\}",
            "1 bit with": r"mask_values=\{255: 1\}",
            "0/128": "holds the value 128",
            "head of one": "has 1 class",
        },
    ),
    "meta-keys": (COCO, {}),
    "minmax-constant": (None, {}),
    "npy-columns": (CLOUDS, {"npy, [3, N]": r"shape \[3, 1024\]"}),
    "picture-size": (
        COCO,
        {
            "half": "96 x 96 pixels",
            "double": "384 x 384 pixels",
            "EXIF 6, annotated as shown": (0.7069, 0.6918, 12),
            "EXIF 6, annotated as stored": (0, 0.0003, 12),
            "192 x 128": "192 x 128 pixels",
        },
    ),
    "pipeline-crash": ("refused: error: config '", {"LoadAnnotations [right]": COCO}),
    "ply-truncated": ("ends after .* of the 1,024", {"whole": (0.9844, 0.9844, 64)}),
    "pretrained-download": (ZERO, {"PVT": "exit 0", "LAD": "exit 0"}),
    "random-forward": (None, {}),
    "random-pipeline": (
        "its test pipeline is random",
        {"as written": "ann 0.7020; quantised 0.6951", "RandomFlip(prob=0.0)": "ann 0.7020; quantised 0.6951"},
    ),
    "recurrent-layers": (None, {}),
    "roboflow-root": (COCO, {"one category id": "category id 1 is given twice"}),
    "scope": ((0.2850, 0.2904, 2), {}),
    "single-class-string": (ZERO, {}),
    "sixteen-bit": (
        LETTERS,
        {
            "12 bits": "largest value of 220 pictures .* 4080",
            "float TIFF": "is of mode F",
            "detection": (0.6173, 0.5783, 12),
        },
    ),
    "stray-files": (EVENTS, {"clouds": CLOUDS, "pictures": LETTERS}),
    "text-encoding": (
        VOC,
        {
            "VOC pictures .jpeg": (0.8536, 0.8772, 12),
            "VOC pictures .JPG": (0.8536, 0.8772, 12),
            "COCO": COCO,
            "segmentation list": (0.5763, 0.4515, 3),
        },
    ),
    "thin-picture": (
        "pipeline cannot be run on picture .*thin.png",
        {"a picture of 1 x 1 ": (0.7020, 0.7086, 13), "a picture of 100 x 1 ": (0.7020, 0.7086, 13)},
    ),
    "voc-fields": (
        VOC,
        {
            "an object with": r"object 1 has no name|\[None, None, None, None\]",
            "boxes with decimal": "'141,5'",
            "boxes as nan": "'nan'",
        },
    ),
    "zero-dim": (None, {}),
}
pytestmark = [
    pytest.mark.cases,
    pytest.mark.skipif(not CASES.is_dir(), reason="the cases (shared/cases) are not on this machine"),
]


def printed(command, folder):
    """Lines that a command prints, warnings left out."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3000,
        env={**os.environ, "P": str(ROOT), "PY": sys.executable, "MADE": str(folder), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if line.strip()]


def falls(line):
    """Whether all relative errors of the last number of timesteps in a line are below .0025, or the method was refused by name."""
    return all(
        float(found[-1]) < 0.0025 for part in line.split("; ") if (found := re.findall(r"T=\d+: ([\d.]+)", part))
    )


def wrong(line, right):
    """What is wrong with a line, or None."""
    if re.search(r"CRASH|not foreseen|FAILED|Traceback", line):
        return "it crashed"
    if isinstance(right, str):
        return None if re.search(right, line) else f"expected {right!r}"
    if right is None:
        return None if falls(line) else "an error that does not fall"
    found = re.search(r"runs: ann ([\d.]+); adafire-signed ([\d.]+) \((\d+) samples\)", line)
    if not found:
        return f"expected {right}"
    same = all(b is None or abs(float(a) - b) < 0.0011 for a, b in zip(found.groups(), right))
    return None if same else f"expected {right}"


def test_every_case_is_held():
    assert {p.name for p in (CASES / "field").iterdir() if p.name != "_common"} == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_field(name, tmp_path):
    every, others = RIGHT[name]
    lines = printed(["sh", str(CASES / "field" / name / "run.sh")], tmp_path)
    assert lines and all(any(line.startswith(label) for line in lines) for label in others)
    found = [
        (line, wrong(line, next((right for label, right in others.items() if line.startswith(label)), every)))
        for line in lines
    ]
    assert not [(line, why) for line, why in found if why]


LIBRARY = {  # case: a pattern of all that it prints
    "b01": r"check\(\): 2 sites become neurons",
    "b02": r"(width 1[23]: 0\.000?[01]? .*\n?){2}",
    "b03": r"DifferentOutputs .*Before it the network writes in place",
    "b04": r"T = 4, 64, 256: \[[\d.]+, [\d.]+, 0\.00\d+\] dcgs: .* 0\.00\d+\]",
    "b05": r"64: (\(.*?\)), 8: \1, 1: \1\}",
    "b06": r"neurons 2304\.0 .*\n.* neurons 20736\.0 .*\n.* neurons 11520\.0 firing rate ([\d.]+)\n.* neurons 11520\.0 firing rate \1",
    "b07": r"avg_pool2d (\d+\.0)\ninterpolate area \1",
    "b08": r"(.* MACs 27768\.0 energy of ANN's 0\.\d+\n?){6}",
    "b09": "InputError sample 0 of 4: the input holds NaN",
    "b10": r"old network 0\.0 .*\n.*kept: ([\d.]+) fresh: \1",
    "b12": r"\[\[0\.7576.*\[0\.6146",  # torch's own first numbers of seeds 1 and 2
    "b13": "^0 errors",
    "b14": "^$",
    "b15": "",
    "b16": r"empty batch fine\nhalf input: InputError.*\nuint8 input: InputError.*\n(.* fine\n?){6}$",
    "b17": r"error \[0\.0",
    "b18": r"Calibration ([\d.]+) with one whose measurement was interrupted \1$",
    "b19": r": \[1\.0\]",
    "b20": r"UnsupportedError early exit .* after 0\.\d s",
}


def test_library(tmp_path):
    said = "\n".join(printed([sys.executable, str(CASES / "library.py")], tmp_path))
    parts = {name: part.strip() for name, part in re.findall(r"== (b\d+)\w*(.*?)(?=== b\d|\Z)", said, re.S)}
    assert set(parts) == set(LIBRARY)
    assert not [(name, part) for name, part in parts.items() if not re.search(LIBRARY[name], part, re.M)]

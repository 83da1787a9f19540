"""A stream and its rivals on the same frames: accuracy, and energy of a frame under every model.

Rivals, priced by the same models from the same counters:
  ann              the network itself, every frame in full
  integer-sparse   the same at the model's bits, without the products whose activation is 0
  delta-ann        recomputes what changed: of a changed value each product once, where the SNN adds once a spike. What changed is
                   what the SNN sends, so that both have the same dead zone
  METHOD, afresh   the SNN told each frame as if it were the first
"""

import time
from pathlib import Path
from typing import NamedTuple

import adafire
from adafire.cost import ENERGY_MODELS
from adafire.errors import InputError
from adapters.detection.data.coco_annotations import CocoSet
from adapters.shared.image_files import image_facts, pictures_below
from adapters.shared.images import SUFFIXES

MODELS = ("horowitz-45nm", "horowitz-45nm-int8-acc32", "lemaire-45nm")
"""Arithmetic in floats and in integers; and memories, too, which the delta network, for lack of counters of its own, has no price in."""
SURE = 0.3
"""Score from which a box of the ANN counts as found, for the agreement of the SNN with it."""


class Entry(NamedTuple):
    """One row. speed: of the video, None for a folder; name: method or rival; value: of the metric against the true boxes, None
    where there are none; agreement: mAP50 against the ANN's own boxes; energy_pj: {model: of a frame}, of the models that can
    price it; share: of the ANN's; spikes: of a frame, and synops, macs; fps: frames a second, of all networks together."""

    speed: float | None
    name: str
    value: float | None
    agreement: float | None
    energy_pj: dict
    share: dict
    spikes: float | None
    synops: float
    macs: float
    fps: float | None


def measured(workload, snn, frames, speed=None, zone=0.0, tell=lambda *words: None, see=None):
    """Entries of the stream and its rivals on the CocoSet ``frames``; see(id, prediction, report): after every frame."""
    workload.annotations, workload.ids, workload.batch_size = frames, sorted(frames.images), 1
    ann = adafire.convert(
        workload.network,
        adafire.Calibration(workload.calibration()),
        method="ann",
        timesteps=1,
        forward=workload.forward,
    )
    found, expected, anew, begin = {}, {}, {}, time.perf_counter()
    with snn.stream(zone=zone) as stream, snn.stream(refresh=1, **({"zone": zone} if zone else {})) as afresh:
        with ann.stream() as plain:
            for k, batch in enumerate(workload.batches()):
                (expected[batch.ids[0]],) = workload.predict(plain(batch.inputs), batch)
                (found[batch.ids[0]],) = workload.predict(stream(batch.inputs), batch)
                if stream.params is not None:
                    (anew[batch.ids[0]],) = workload.predict(afresh(batch.inputs), batch)
                if see is not None:
                    see(batch.ids[0], found[batch.ids[0]], stream.last())
                tell(k + 1, len(workload.ids), (k + 1) / (time.perf_counter() - begin), stream, plain)
            fps = len(found) / (time.perf_counter() - begin)
            told, whole = stream.report(), plain.report()
            again = afresh.report() if stream.params is not None else None
    truth = bool(frames.objects)
    score = lambda predictions: workload.evaluate(predictions).metrics[workload.metric] if truth else None
    values, alike = (score(expected), score(found)), agreement(workload, expected, found)
    rows = [
        ("ann", values[0], None, whole, False, None),
        ("integer-sparse", values[0], None, whole, True, None),
        (snn.method.name, values[1], alike, told, False, fps),
    ]
    if again is not None:
        rows[2:2] = [
            ("delta-ann", values[1], alike, _multiplied(told), False, None),
            (f"{snn.method.name}, afresh", score(anew), agreement(workload, expected, anew), again, False, None),
        ]
    price = {m: ENERGY_MODELS.get(m).energy_pj(whole.as_dict()) for m in MODELS}
    return [_entry(speed, price, *row) for row in rows]


def _entry(speed, price, name, value, alike, report, sparse, fps):
    counters = report if isinstance(report, dict) else report.as_dict()
    known = MODELS[:2] if name == "delta-ann" else MODELS
    energy = {m: ENERGY_MODELS.get(m).energy_pj(counters, zero_skipping=sparse) for m in known}
    share = {m: energy[m] / price[m] for m in known}
    spikes = counters.get("spikes") if name not in ("ann", "integer-sparse", "delta-ann") else None
    macs = counters["eff_macs"] if sparse else counters["macs"]
    return Entry(speed, name, value, alike, energy, share, spikes, counters["synops"], macs, fps)


def _multiplied(report):
    """Counters of the network that multiplies every changed value once, where the spikes of its message are added."""
    counters = dict(report.as_dict())
    sent = counters["synops_graded"]
    return {**counters, "macs": counters["macs"] + sent, "synops": 0.0}


def agreement(workload, expected, found):
    """mAP50 of the predictions ``found``, the sure boxes of ``expected`` taken for the truth; None where there are none."""
    objects = []
    for i, prediction in expected.items():
        for (x1, y1, x2, y2), s, label in zip(prediction["boxes"], prediction["scores"], prediction["labels"]):
            if s >= SURE:
                box = [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]
                category = workload.category_ids[int(label)]
                entry = {"id": len(objects) + 1, "image_id": i, "category_id": category, "iscrowd": 0}
                objects.append({**entry, "bbox": box, "area": box[2] * box[3]})
    if not objects:
        return None
    kept = workload.annotations
    workload.annotations = kept._replace(objects=objects)
    try:
        return workload.evaluate(found).metrics["mAP50"]
    finally:
        workload.annotations = kept


def folder_frames(folder, categories):
    """CocoSet, without objects, of the pictures in ``folder`` in order of their names; InputError where there are not two."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"--folder {folder}: no such folder; give one with the frames as pictures")
    names, others = pictures_below(folder)
    if len(names) < 2:
        raise InputError(
            f"--folder {folder} holds {len(names)} pictures ({', '.join(SUFFIXES)}); expected two frames or more, in order of "
            f"their names{'; of a video file make them first: ffmpeg -i VIDEO DIR/%06d.png' if others else ''}"
        )
    names = sorted(names)
    sizes = [fact.size for fact in image_facts([folder / name for name in names], "the folder of frames")]
    for name, size in zip(names, sizes):
        if size != sizes[0]:
            raise InputError(
                f"frame {name} has {size[0]} x {size[1]} pixels, {names[0]} has {sizes[0][0]} x {sizes[0][1]}: a stream has one "
                "size; give frames of one size"
            )
    images = {
        k + 1: {"id": k + 1, "file_name": name, "width": w, "height": h}
        for k, (name, (w, h)) in enumerate(zip(names, sizes))
    }
    return CocoSet(folder, folder, images, [], dict(categories))

"""A workload's test batches, read and decoded once for all methods of a process, where they fit into ``ROOM``."""

from adafire.graph import tensors_in

ROOM = 256e6
"""Bytes of inputs that are kept; of larger sets every method reads all batches again."""


def batches(workload):
    """Iterator of the workload's Batches. Kept once a whole pass has shown that they fit, and that nobody writes into them."""
    if workload.decoded is not None:
        yield from _watched(workload, workload.decoded)
        return
    room, kept = ROOM, []
    for batch in workload.batches():
        room -= sum(t.numel() * t.element_size() for t in tensors_in(batch.inputs))
        kept = None if kept is None or room < 0 else [*kept, batch]
        before = _versions(batch)
        yield batch
        if before is None or _versions(batch) != before:
            room = -1
    if kept is not None and room >= 0:
        workload.decoded = kept


def _watched(workload, kept):
    """``kept`` batches, forgotten at the end where a network has written into one."""
    for batch in kept:
        before = _versions(batch)
        yield batch
        if _versions(batch) != before:
            workload.decoded = None


def _versions(batch):
    """How often the inputs' tensors were written into; None where nobody knows."""
    tensors = tensors_in(batch.inputs)
    return None if any(t.is_inference() for t in tensors) else [t._version for t in tensors]

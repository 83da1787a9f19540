"""Several processes that share one run (torchrun): each simulates its share of the batches, all get all that was found.

Every process converts for itself, from the same calibration data and seed; that they came to the same network is checked.
Batches stay as they are, and counts are whole numbers, so that the figures are those of one process, bit for bit on one
kind of processor. The process of rank 0 alone reads and writes records.
"""

import hashlib
import os
from datetime import timedelta

import torch
from torch import distributed

from adafire.errors import AdafireError, InputError

WAIT = timedelta(hours=12)
"""How long a process waits for the others: they may load, convert or score for long."""


class TeamError(AdafireError):
    """Another process failed, or came to another network."""


class Alone:
    """One process, which does everything."""

    rank, world = 0, 1

    @property
    def leads(self):
        """Whether this process reads and writes records."""
        return self.rank == 0

    def mine(self, number):
        """Whether batch ``number`` is this process's."""
        return number % self.world == self.rank

    def decide(self, value):
        """What rank 0 said."""
        return value

    def collect(self, value, error=None):
        """[value of every rank]; TeamError on all if any has an ``error``, which is raised where it is."""
        if error is not None:
            raise error
        return [value]


class Torchrun(Alone):
    """This process as torchrun started it; gloo on CPUs, nccl on GPUs (one a process)."""

    def __init__(self, device="cpu"):
        missing = [name for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR") if name not in os.environ]
        if missing:
            raise InputError(
                f"--launcher pytorch: {missing[0]} is not set, so torchrun did not start this; type torchrun "
                "--nproc-per-node 2 tools/run_bench.py TASK --launcher pytorch"
            )
        local = int(os.environ["LOCAL_RANK"])
        if device == "cuda":
            if local >= torch.cuda.device_count():
                raise InputError(
                    f"--launcher pytorch: process {local} of this machine has no GPU of its own (there are "
                    f"{torch.cuda.device_count()}); start fewer with --nproc-per-node"
                )
            torch.cuda.set_device(local)
        distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=WAIT)
        self.rank, self.world = distributed.get_rank(), distributed.get_world_size()

    def decide(self, value):
        box = [value]
        distributed.broadcast_object_list(box)
        return box[0]

    def collect(self, value, error=None):
        told = f"{type(error).__name__}: {error}" if error is not None else None
        found = [None] * self.world
        distributed.all_gather_object(found, (told, None if told else value))
        if error is not None:
            raise error
        wrong = [(rank, told) for rank, (told, _) in enumerate(found) if told]
        if wrong:
            raise TeamError(f"process {wrong[0][0]} of {self.world}: {wrong[0][1]}")
        return [value for _, value in found]

    def close(self):
        """Leave the group."""
        distributed.destroy_process_group()


def launch(launcher, device="cpu"):
    """The team that --launcher asks for: 'none', or 'pytorch' for processes that torchrun started."""
    return Torchrun(device) if launcher == "pytorch" else Alone()


def fingerprint(snn):
    """Hash of the parameters of every site, and of the weights and exit thresholds that a method fitted."""
    digest = hashlib.sha256()
    fitted = snn.plan.overrides if snn.params else {}
    for index, values in [*sorted(snn.params.items()), *sorted(fitted.items()), (-1, (snn.exit,))]:
        for value in values:
            if isinstance(value, torch.Tensor):
                value = value.detach().float().cpu().contiguous().numpy().tobytes()
            digest.update(
                value
                if isinstance(value, bytes)
                else f"{index} {type(value).__name__} {value if isinstance(value, (int, float)) else ''}".encode()
            )
    return digest.hexdigest()

"""A workload tried before any long work: its pipeline on the pictures that it is likeliest to fail on, whether that draws
random numbers, and one picture through network and read-out."""

import torch

from .chance import check_fixed
from .pipelines import extremes, told


def rehearse(workload, scored, calibration):
    """The Batch of one picture that was tried. scored, calibration: [(id, path)], the former not empty.

    InputError: the pipeline fails on one of the largest, smallest, widest and tallest pictures, or is random; the network
    or its read-out fails on the one of the former that becomes the smallest input.
    """
    pipeline = workload.pipeline
    for sample in extremes(calibration):
        pipeline(workload.given(*sample))
    tried = extremes(scored) or scored[:1]
    areas = [pipeline(workload.given(*sample))["inputs"][0].numel() for sample in tried]
    for sample in tried[:2]:  # the largest and the smallest
        check_fixed(pipeline, workload.given(*sample))
    smallest = tried[areas.index(min(areas))]
    with (
        torch.no_grad(),
        told(
            f"config '{pipeline.config}': its network cannot take or read out picture '{smallest[1]}'",
            "look at the model and at the pipeline of test_dataloader",
        ),
    ):
        batch = next(iter(workload.load([smallest])))
        workload.rehearse(batch)
    return batch

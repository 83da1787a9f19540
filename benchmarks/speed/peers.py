"""Another library's simulation of the same weights. Its package is an optional dependency of this benchmark alone."""

import contextlib
import io
import re

import torch

from adafire.errors import InputError


class NotConverted(InputError):
    """The other library cannot convert a network."""


def spikingjelly(case, timesteps, layout=torch.contiguous_format):
    """A function that runs SpikingJelly's rate-coding conversion of a case for T steps, all steps at once ('m', its fast mode).

    One spike a step, batch norms folded, layer-wise thresholds, as its converter makes them; mean of the outputs. NotConverted
    says why it cannot be done.
    """
    try:
        from spikingjelly.activation_based import ann2snn, functional, neuron
        from spikingjelly.activation_based.ann2snn.recipes import RateCodingRecipe
        from spikingjelly.logger import logger
    except ImportError as error:
        raise InputError(
            f"spikingjelly cannot be imported ({error}); pip install 'adafire[speed]', or leave it out with "
            "--without spikingjelly"
        ) from error
    logger.remove()
    loader = [(case.x[:1], torch.zeros(1))]
    try:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):  # a progress bar
            snn = ann2snn.FXConverter(RateCodingRecipe(dataloader=loader, mode="99.9%")).convert(case.network).eval()
    except Exception as error:
        said = re.sub(r" at 0x[0-9a-f]+", "", " ".join(str(error).split()))[:200]
        raise NotConverted(f"SpikingJelly says {type(error).__name__}: {said}") from error
    if not any(isinstance(module, neuron.BaseNode) for module in snn.modules()):
        raise NotConverted("SpikingJelly puts no neuron into it")
    functional.set_step_mode(snn, "m")
    if case.x.dim() == 4:
        snn = snn.to(memory_format=layout)
    x = case.x.to(memory_format=layout) if case.x.dim() == 4 else case.x

    @torch.no_grad()
    def run():
        functional.reset_net(snn)
        return snn(x.unsqueeze(0).expand(timesteps, *x.shape)).mean(0)

    return run

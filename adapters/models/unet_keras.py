"""The plain U-Net of Keras tutorials (3 x 3 convolutions in pairs, max pooling, nearest upsampling, concatenation
[upsampled, skip], a last 1 x 1 convolution), and its weights from a Keras .h5 file.

The kernels of a file written with Theano's backend are [out, in, h, w] and flipped (Theano convolves, torch correlates);
those of TensorFlow's are [h, w, in, out]. Source of the layout: Ronneberger et al. 2015; github.com/orobix/retina-unet.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from adafire.errors import InputError


class KerasUNet(nn.Module):
    """[B, channels, H, W] -> logits [B, classes, H, W]; H and W multiples of 2 ** (len(widths) - 1). widths: of the stages
    from fine to coarse. last_relu: a ReLU behind the last convolution too (as orobix's network has it)."""

    def __init__(self, channels=1, widths=(32, 64, 128), classes=2, last_relu=True):
        super().__init__()
        pairs = [*zip((channels, *widths), widths), *((a + b, a) for a, b in zip(widths[-2::-1], widths[::-1]))]
        self.stages = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(i, o, 3, padding=1), nn.Conv2d(o, o, 3, padding=1)]) for i, o in pairs
        )
        self.last, self.last_relu, self.depth = nn.Conv2d(widths[0], classes, 1), last_relu, len(widths)

    def forward(self, x):
        skips = []
        for k, (first, second) in enumerate(self.stages):
            if 0 < k < self.depth:
                x = F.max_pool2d(x, 2)
            elif k >= self.depth:
                x = torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], 1)
            x = F.relu(second(F.relu(first(x))))
            if k < self.depth - 1:
                skips.append(x)
        x = self.last(x)
        return F.relu(x) if self.last_relu else x

    def convolutions(self):
        """In the order in which they run."""
        return [conv for stage in self.stages for conv in stage] + [self.last]


def from_keras(path, last_relu=True):
    """KerasUNet in eval mode with the weights of a Keras .h5 file; number of stages, widths and classes are read off the
    file. InputError: no such file, no HDF5, other layers than this network's, NaN among the weights."""
    kernels = _kernels(path)
    shapes = [tuple(weight.shape) for weight, _ in kernels]
    depth, odd = divmod(len(kernels) + 1, 4)
    if odd or depth < 1:
        raise InputError(f"'{path}' has {len(kernels)} convolutions; a U-Net of d stages has 4 d - 1 (7, 11, 15, ...)")
    network = KerasUNet(shapes[0][1], [s[0] for s in shapes[: 2 * depth : 2]], shapes[-1][0], last_relu)
    for k, (conv, (weight, bias)) in enumerate(zip(network.convolutions(), kernels), 1):
        if conv.weight.shape != weight.shape:
            raise InputError(
                f"convolution {k} of '{path}' has kernel {list(weight.shape)}; the plain U-Net with these first "
                f"layers has {list(conv.weight.shape)} there ([out, in, height, width])"
            )
        if not bool(torch.isfinite(weight).all() and torch.isfinite(bias).all()):
            raise InputError(
                f"convolution {k} of '{path}' holds NaN or infinity; use a checkpoint from before training diverged"
            )
        conv.weight.data, conv.bias.data = weight, bias
    return network.eval()


def _kernels(path):
    """[(weight [out, in, h, w] as torch wants it, bias)] of the convolutions in a Keras file, in the order of its layers."""
    try:
        import h5py
    except ImportError as error:
        raise InputError(f"reading Keras weights needs h5py ({error}); pip install h5py") from error
    if not Path(path).is_file():
        raise InputError(f"Keras weights '{path}' are not there; give the .h5 file with --checkpoint FILE")
    try:
        with h5py.File(path) as file:
            group = file["model_weights"] if "model_weights" in file else file
            found = []
            for name in (_text(n) for n in group.attrs["layer_names"]):
                arrays = [group[name][_text(n)][()] for n in group[name].attrs["weight_names"]]
                if len(arrays) == 2 and arrays[0].ndim == 4:
                    found.append(arrays)
                elif arrays:
                    raise InputError(
                        f"layer '{name}' of '{path}' has weights of shapes {[list(a.shape) for a in arrays]}; "
                        "only convolutions with a bias are expected in a plain U-Net"
                    )
    except (OSError, KeyError) as error:
        raise InputError(
            f"'{path}' is no Keras weights file ({str(error).splitlines()[0]}); expected the HDF5 file that "
            "model.save_weights('....h5') writes"
        ) from error
    theano = all(kernel.shape[2:] in ((3, 3), (1, 1)) for kernel, _ in found)
    made = []
    for kernel, bias in found:
        kernel = torch.from_numpy(kernel).float()
        weight = kernel.flip(2, 3) if theano else kernel.permute(3, 2, 0, 1)
        made.append((weight.contiguous(), torch.from_numpy(bias).float()))
    return made


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)

"""What stands in a name of timm's or of the Hugging Face Hub, and names of weights: enums of torchvision, tags of timm.

timm builds networks of the Hub (a config.json that names one of its architectures) and reads their weights: safetensors, or
pickles by PyTorch's weights-only unpickler. Nothing of a repository is executed.
"""

import re
import socket
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import getproxies

from adafire.errors import InputError
from adafire.registry import near_names

HUB = ("hf_hub:", "hf-hub:")
ENUM = r"([A-Za-z0-9_]+_Weights\.)?(DEFAULT|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)"


def on_hub(name):
    """Whether a network's name is one of the Hub's, 'hf_hub:ORG/NAME' or 'hf_hub:ORG/NAME@REVISION'; InputError where it
    begins so and is none."""
    if not isinstance(name, str) or not name.startswith(HUB):
        return False
    if not re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", name.partition(":")[2]):
        raise InputError(
            f"model '{name}' is no name of the Hub's; expected 'hf_hub:ORG/NAME', as on huggingface.co/ORG/NAME"
        )
    return True


def not_there(name, error):
    """The InputError for a network of the Hub that cannot be had; error: the library's."""
    from huggingface_hub import constants

    folder = f"models--{name.partition(':')[2].partition('@')[0].replace('/', '--')}"
    return InputError(
        f"model '{name}' is not on this machine and cannot be downloaded ({str(error).splitlines()[0][:120]}); copy the folder "
        f"{folder} of another machine's Hub cache to '{constants.HF_HUB_CACHE}', or name the network timm::NAME and give its "
        "weights with --checkpoint FILE"
    )


@contextmanager
def quick_refusal():
    """In which the Hub's client looks into its cache alone if the Hub cannot be reached: it would try again for a minute a file.
    Where a proxy is set, that is left to the client."""
    try:
        from huggingface_hub import constants
    except ImportError:  # whoever builds the network says so
        yield
        return
    address, before = urlparse(constants.ENDPOINT), constants.HF_HUB_OFFLINE
    port = address.port or (80 if address.scheme == "http" else 443)
    if not before and not getproxies():
        try:
            socket.create_connection((address.hostname, port), timeout=10).close()
        except OSError:
            constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def with_weights(model, checkpoint):
    """(model, None) with the weights that ``checkpoint`` names among the library's own for this network; (model, checkpoint) where
    it names a file. model: a name, or a dict of 'name' and arguments.

    >>> with_weights("torchvision::resnet50", "IMAGENET1K_V2")
    ({'name': 'torchvision::resnet50', 'weights': 'IMAGENET1K_V2'}, None)
    >>> with_weights("torchvision::resnet50", "resnet50.pth")
    ('torchvision::resnet50', 'resnet50.pth')

    InputError: it looks like an enum of torchvision, and this network has no such weights.
    """
    arguments = dict(model) if isinstance(model, dict) else {"name": model}
    library, _, own = str(arguments.get("name")).rpartition("::")
    if not checkpoint or library not in ("torchvision", "timm") or Path(str(checkpoint)).exists():
        return model, checkpoint
    if library == "torchvision" and re.fullmatch(ENUM, str(checkpoint)):
        return {**arguments, "weights": _member(own, checkpoint)}, None
    if library == "timm" and re.fullmatch(r"[a-z0-9_]+", str(checkpoint)):
        package, tagged = timm_package(arguments["name"]), f"{own.partition('.')[0]}.{checkpoint}"
        if package.is_model_pretrained(tagged):
            return {**arguments, "name": f"timm::{tagged}", "pretrained": True}, None
    return model, checkpoint


def _member(own, given):
    """The name of one of torchvision's weights of network ``own``, from 'IMAGENET1K_V2' or 'ResNet50_Weights.IMAGENET1K_V2'."""
    from torchvision import models

    if own not in models.list_models():
        return given  # whoever builds the network says so
    known, (kind, _, member) = models.get_model_weights(own), str(given).rpartition(".")
    if kind not in ("", known.__name__) or member not in known.__members__:
        names = list(known.__members__)
        raise InputError(
            f"torchvision's {own} has no weights '{given}'{near_names(member, names)} It has {', '.join(names) or 'none'}; "
            "or give a file with --checkpoint FILE"
        )
    return member


def member_of_file(own, checkpoint):
    """Which of torchvision's weights of network ``own`` a file holds by its name, 'IMAGENET1K_V1' for 'resnet18-f37072fd.pth'; None
    for any other file."""
    from torchvision import models

    file = Path(urlparse(str(checkpoint)).path).name
    known = models.get_model_weights(own).__members__ if own in models.list_models() else {}
    return next((name for name, weights in known.items() if weights.url.rpartition("/")[2] == file), None)


def timm_package(name):
    """timm, which is optional."""
    try:
        import timm
    except ImportError as error:
        raise InputError(f"model '{name}' is timm's, which is not installed ({error}); pip install timm") from error
    return timm

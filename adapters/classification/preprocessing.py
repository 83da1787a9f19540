"""How pictures become the inputs of a classifier: as the task says, or as the library's own weights state."""

from typing import NamedTuple

from adafire.errors import InputError

from ..shared.asked import check_keys, whole

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Preprocessing(NamedTuple):
    """From a PIL image to the network's input. mean, std: of pixels in 0..1, one number a channel (1: grey, 3: RGB).
    resize: new length of the shorter side (default: ``size``); size: side of the central square that is cut out;
    without both, pictures stay as they are. interpolation: of torchvision's InterpolationMode. bits: of the values of pictures
    that have more than 8, where they are not 16 (12-bit values in 16-bit files, say)."""

    mean: tuple = IMAGENET["mean"]
    std: tuple = IMAGENET["std"]
    resize: int | None = None
    size: int | None = None
    interpolation: str = "bilinear"
    bits: int | None = None

    def as_stated(self, own):
        """Whether these are the settings ``own`` of a library, whoever gave them."""
        made = self._replace(mean=tuple(self.mean), std=tuple(self.std))
        return made._replace(bits=None) == preprocessing(own)

    def __call__(self, image):
        """float32 [channels, height, width]."""
        from ..shared.torch_vision import torchvision

        transform, modes = torchvision.transforms.functional, torchvision.transforms.InterpolationMode

        image = image.convert("L" if len(self.mean) == 1 else "RGB")
        if self.resize or self.size:
            image = transform.resize(image, self.resize or self.size, modes(self.interpolation))
        if self.size:
            image = transform.center_crop(image, self.size)
        return transform.normalize(transform.to_tensor(image), self.mean, self.std)


def preprocessing(settings):
    """Preprocessing from a task's dict; InputError for what cannot be."""
    check_keys(settings, Preprocessing._fields, "key of preprocessing:")
    made = Preprocessing(**settings)
    kinds = {type(value) for numbers in made[:2] for value in (numbers if isinstance(numbers, (list, tuple)) else [[]])}
    if not kinds <= {int, float} or (len(made.mean), len(made.std)) not in ((1, 1), (3, 3)) or min(made.std) <= 0:
        raise InputError(
            f"preprocessing has mean {made.mean} and std {made.std}; expected 1 (grey) or 3 (RGB) numbers "
            "each, of pixels in 0..1, and std above 0"
        )
    for name, least in (("resize", 1), ("size", 1), ("bits", 8)):
        if getattr(made, name) is not None:
            whole(getattr(made, name), f"preprocessing {name}", least)
    if made.resize and made.size and made.resize < made.size:
        raise InputError(
            f"preprocessing resizes to {made.resize} pixels and cuts out {made.size}; expected resize to "
            "be size or more"
        )
    if made.interpolation not in ("bilinear", "bicubic", "nearest"):
        raise InputError(f"preprocessing interpolation is {made.interpolation!r}; expected bilinear, bicubic, nearest")
    return made


def completed(settings, own, library, certain):
    """(Preprocessing, notes) of a task's ``settings`` and of what ``library`` states for the weights (None: nothing).

    certain: the weights are the library's own; what the task leaves out is then taken from ``own``, and a note says what it
    sets otherwise. Of other weights ``own`` is taken only where the task says nothing at all.
    """
    if own is None or settings and not certain:
        return preprocessing(settings), []
    made, wanted = preprocessing({**own, **settings}), preprocessing(own)
    differs = [
        f"{key} {value} for {own[key]}"
        for key, value in settings.items()
        if key in own
        and getattr(wanted, key) != getattr(made._replace(mean=tuple(made.mean), std=tuple(made.std)), key)
    ]
    if differs:
        return made, [f"the task's preprocessing is not what {library} states for these weights: {', '.join(differs)}"]
    if certain:
        return made, []
    return made, [
        f"pictures are prepared as {library} states for its own weights of this network ({_shown(own)}); for weights "
        "that were trained otherwise give preprocessing=dict(mean=..., std=..., resize=..., size=...)"
    ]


def _shown(own):
    return ", ".join(f"{key} {value}" for key, value in own.items())

"""A config's test pipeline: built and run transform by transform, so that the one that fails is named; what the read-out
needs of a picture is kept whatever the config packs.

Labels are not loaded (the adapters score with their own), so every Load...Annotations is left out.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from PIL import Image

from adafire.errors import AdafireError, InputError

from .pixels import orientation

KEPT = ("ori_shape", "img_shape", "pad_shape", "scale_factor", "flip", "flip_direction")
"""What the transforms say of a picture and the packing may leave out."""


class Pipeline:
    """The transforms of a config's test pipeline; a call takes a picture's dict and gives dict(inputs, data_samples).

    ``steps``: their dicts; ``needed``: keys that ``data_samples.metainfo`` holds in the end. InputError at building and
    at every call: names the config, the transform and the picture.
    """

    def __init__(self, dataset, config, scope, needed):
        self.config, self.needed = config, needed
        steps = dataset["pipeline"]
        if not isinstance(steps, (list, tuple)):
            raise InputError(
                f"config '{config}': its test pipeline is {type(steps).__name__}; expected a list of transforms"
            )
        self.steps = [
            s for s in steps if not re.search(r"Load\w*Annotations", str(s.get("type") if isinstance(s, dict) else s))
        ]
        self.transforms = [self._build(step, scope) for step in self.steps]

    def _build(self, step, scope):
        from mmengine.dataset import Compose
        from mmengine.registry import DefaultScope

        with (
            DefaultScope.overwrite_default_scope(scope),
            told(
                f"config '{self.config}': its test pipeline cannot be built: {_kind(step)}",
                lambda error: (
                    "a transform of your own wants custom_imports=dict(imports=[...]) in the config"
                    if isinstance(error, KeyError)
                    else ""
                ),
            ),
        ):
            return Compose([step]).transforms[0]

    def __call__(self, given):
        results, seen = dict(given), {}
        for transform in self.transforms:
            results = self.apply(transform, results, given)
            seen.update({key: results[key] for key in KEPT if key in results})
        return self._complete(results, seen, given)

    def loaded(self, given):
        """The picture [height, width, ...] as it is when the pipeline first knows its size."""
        results = dict(given)
        for transform in self.transforms:
            results = self.apply(transform, results, given)
            if "ori_shape" in results and "img" in results:
                break
        return results["img"]

    def apply(self, transform, results, given):
        """What ``transform`` makes of ``results``; InputError if it fails or gives no dict. given: the picture's dict."""
        path = given["img_path"]
        with told(
            f"config '{self.config}': its test pipeline cannot be run on picture '{path}': {name(transform)}",
            lambda error: (
                f"the picture has {' x '.join(map(str, size_of(path)))} pixels; look at it and at the pipeline of "
                "test_dataloader, where nothing may want labels, which are not given to it here"
            ),
        ):
            found = transform(results)
            if not isinstance(found, dict):
                raise TypeError(f"gives {type(found).__name__}, not a dict")
        return found

    def _complete(self, results, seen, given):
        """``results`` with what the packing has left out; InputError if they are not of one packed picture."""
        inputs, sample = results.get("inputs"), results.get("data_samples")
        last = name(self.transforms[-1]) if self.transforms else "nothing"
        if not torch.is_tensor(inputs) or inputs.ndim != 3 or not hasattr(sample, "set_metainfo"):
            raise InputError(
                f"config '{self.config}': its test pipeline ends with {last}, which gives no single picture; "
                "expected PackDetInputs or PackSegInputs at the end, without test-time augmentation (TestTimeAug)"
            )
        shape = tuple(inputs.shape[-2:])
        if "scale_factor" not in seen and shape in (tuple(seen.get(key, ())[:2]) for key in ("ori_shape", "pad_shape")):
            seen["scale_factor"] = (1.0, 1.0)
        known = {"img_id": given.get("img_id"), "img_path": given["img_path"], **seen}
        sample.set_metainfo({key: value for key, value in known.items() if key not in sample.metainfo})
        absent = [key for key in self.needed if key not in sample.metainfo]
        if absent:
            raise InputError(
                f"config '{self.config}': no transform of its test pipeline says '{absent[0]}', which the read-out "
                "needs; MMDetection's and MMSegmentation's own loading and resizing transforms do"
            )
        return results


def name(transform):
    """'RandomFlip(prob=0.5)' of a transform, without what it does not have."""
    prob = getattr(transform, "prob", None)
    kind = getattr(transform, "__name__", type(transform).__name__)
    return kind if prob is None else f"{kind}(prob={prob})"


def _kind(step):
    kind = step.get("type") if isinstance(step, dict) else step
    return kind if isinstance(kind, str) else name(kind)


@contextmanager
def told(what, hint=""):
    """Turn any exception into an InputError '<what>: <kind>: <reason>; <hint>'; memory and errors of ours go through.
    hint: words, or a function of the exception that gives them."""
    try:
        yield
    except (AdafireError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # a config can name anybody's code
        words = re.sub(r"^OpenCV\(\S*\) \S+ error: ", "", " ".join(str(error).split()))
        kind = "OpenCV" if type(error).__module__ == "cv2" else type(error).__name__  # which calls its own 'error'
        reason = f"{kind}: {words[:200]}".rstrip(": ")
        more = hint(error) if callable(hint) else hint
        raise InputError(f"{what}: {reason}" + (f"; {more}" if more else "")) from error


def size_of(path):
    """(width, height) of a picture as it is shown; (0, 0) if it cannot be opened."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = orientation(image) >= 5
        return (height, width) if turned else (width, height)
    except Exception:  # Pillow's plugins raise what they like on damaged files
        return 0, 0


def extremes(samples):
    """Of [(id, path)] those that are largest, smallest, widest and tallest for their height or width, each once."""
    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda sample: size_of(sample[1]), samples))
    known = [k for k, (w, h) in enumerate(sizes) if w and h]
    ratio, area = (lambda k: sizes[k][0] / sizes[k][1]), (lambda k: sizes[k][0] * sizes[k][1])
    chosen = [f(known, key=key) for key in (area, ratio) for f in (max, min)] if known else []
    return [samples[k] for k in dict.fromkeys(chosen)]


def preprocess(preprocessor, samples, config):
    """(inputs [B, C, H, W], data samples) of packed pictures of one size, by a network's own data_preprocessor."""
    from mmengine.dataset import pseudo_collate

    with (
        torch.no_grad(),
        told(
            f"config '{config}': its data_preprocessor cannot take what the test pipeline gives "
            f"({len(samples[0]['inputs'])} channels)"
        ),
    ):
        data = preprocessor(pseudo_collate(samples), False)
    inputs = data["inputs"]
    if not torch.is_tensor(inputs) or not inputs.is_floating_point():
        raise InputError(
            f"config '{config}': its model has no data_preprocessor that makes numbers of pictures "
            f"({type(preprocessor).__name__}); expected data_preprocessor=dict(type='DetDataPreprocessor' or "
            "'SegDataPreProcessor', mean=..., std=...)"
        )
    return inputs, data["data_samples"]

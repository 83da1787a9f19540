"""Which writer makes the fake of which data: by what a variant's ``data`` says."""

LAYOUTS = {}
"""Key of a variant's data -> function (folder) -> data root."""


def layout(*keys):
    """Register a writer under the keys of the data that it makes."""

    def add(writer):
        for one in keys:
            assert one not in LAYOUTS, f"two writers of {one!r}"
            LAYOUTS[one] = writer
        return writer

    return add


def key(variant):
    """What tells the fake of a variant's data: the reader's type, and the set where a reader takes several.

    >>> key(dict(data=dict(type="voc", year=2012))), key(dict(data=dict(type="imagefolder", name="ImageNet")))
    ('voc', 'imagefolder ImageNet')
    """
    data, config = (
        (variant if isinstance(variant, dict) else vars(variant)).get("data"),
        getattr(variant, "config", None),
    )
    kind = data["type"]
    if kind == "mmseg":
        return f"mmseg {data.get('name') or _dataset(config)}"
    return f"{kind} {data['name']}" if "name" in data else kind


def _dataset(config):
    """The class of MMSegmentation's data set in a config."""
    from mmengine.config import Config

    from adapters.shared.mm_networks import find_config

    return Config.fromfile(find_config(config, "mmseg")).test_dataloader.dataset.type


def make(name, folder):
    """The data root of a new fake in ``folder``; AssertionError that says what to write where there is no writer."""
    assert name in LAYOUTS, (
        f"no fake of the data {name!r}: write one in tests/layouts/ with @layout({name!r}), so that its variants are run"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return LAYOUTS[name](folder)

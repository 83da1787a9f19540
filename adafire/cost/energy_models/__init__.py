"""Energy models, one short file a family: each registers its entries, in the order of the page (page.py)."""

from . import arithmetic, simple, lemaire, bits, neuromc, loihi  # isort: skip
from .bits import by_bits
from .page import page

__all__ = ["arithmetic", "simple", "lemaire", "bits", "neuromc", "loihi", "by_bits", "page"]

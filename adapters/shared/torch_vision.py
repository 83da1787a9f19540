"""torchvision, imported without torch's compiler."""

from .deferred import OF_TORCHVISION, deferred

with deferred(*OF_TORCHVISION):
    import torchvision

__all__ = ["torchvision"]

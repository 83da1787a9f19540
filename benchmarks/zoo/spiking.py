"""What an MMEngine config needs to train a spiking network of adapters.models with SpikingJelly: several timesteps a batch.

A config brings it in with ``custom_imports = dict(imports=['benchmarks.zoo.spiking'])``; snn_fashion is one. Data set and accuracy are those of
classification.py.
"""

from mmengine.registry import MODELS

from .classification import Classifier


@MODELS.register_module()
class SpikingClassifier(Classifier):
    """The same picture is shown ``timesteps`` times to a network at rest; its logits are the mean of what it puts out."""

    def __init__(self, network, timesteps=4, **arguments):
        super().__init__(network, **arguments)
        self.timesteps = timesteps

    def logits(self, inputs):
        from spikingjelly.activation_based import functional  # here, so that the config is read without it

        functional.reset_net(self.network)
        return sum(self.network(inputs) for _ in range(self.timesteps)) / self.timesteps

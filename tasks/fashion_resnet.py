"""A small ReLU ResNet on Fashion-MNIST: the classification benchmark that needs nothing but the project.

python tools/run_bench.py tasks/fashion_resnet.py                    # mini: the 2,500 test pictures carried here
python tools/run_bench.py tasks/fashion_resnet.py --split full       # all 10,000: from Debian's package
python tools/run_bench.py tasks/fashion_resnet.py --data-root DIR    # all 10,000: t10k-*.gz in DIR
python tools/run_bench.py tasks/fashion_resnet.py --methods external,ours --timesteps 4    # beside a network that was trained spiking
"""

name = "fashion_resnet"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "classification"
description = "A small residual network with a max pooling and shared ReLUs; accuracy on Fashion-MNIST"
metric = "accuracy"
adapter = "classification"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8, 16, 32]

_common = dict(
    model="adapters.models.resnet_small:resnet_small",
    checkpoint="benchmarks/zoo/resnet_fashion/resnet_fashion.pth",
    data=dict(type="fashion_mnist"),
    snn=dict(  # one spiking network with two kinds of neurons: methods external:snn=by_hand, external:snn=spikingjelly
        by_hand=dict(name="adapters.models.snn_small:by_hand", checkpoint="benchmarks/zoo/snn_fashion/snn_fashion.pth"),
        spikingjelly=dict(
            name="adapters.models.snn_small:of_spikingjelly", checkpoint="benchmarks/zoo/snn_fashion/snn_fashion.pth"
        ),
    ),
    calibration=dict(samples=256),  # of the 500 carried pictures of the train split that training left out
    batch_size=50,
    options=dict(preprocessing=dict(mean=[0.286], std=[0.353])),  # of the train split, as in training
)
variants = dict(
    mini=dict(
        _common,
        split="mini",
        needs=["adapters/shared/fashion_mnist_subset/test.png", "adapters/shared/fashion_mnist_subset/calibration.png"],
        expected=dict(ann=0.93, tolerance=0.002),
    ),
    full=dict(
        _common,
        split="full",
        expected=dict(ann=0.9254, tolerance=0.002, samples=10000),
    ),
)

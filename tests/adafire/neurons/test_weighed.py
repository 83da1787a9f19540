"""Weighed sums of counts and numbers other than 0: the kernels give what torch's operators give, in any order of memory."""

import pytest
import torch

from adafire.neurons import Maps, count_nonzero
from adafire.neurons.compiled import library

pytestmark = pytest.mark.skipif(library() is None, reason="no C compiler")


def random_maps(shape, numbers):
    """Maps that are constant along some dimensions, or along halves of them."""
    maps = [torch.ones((1,) * len(shape))]
    for _ in range(int(numbers.integers(0, 4))):
        varying = [n if numbers.random() < 0.5 else 1 for n in shape]
        weights = torch.as_tensor(numbers.integers(0, 9, varying)).double()
        if shape and numbers.random() < 0.5:
            d = int(numbers.integers(0, len(shape)))
            weights = weights.expand(shape).clone()
            weights.narrow(d, 0, max(1, shape[d] // 2)).zero_()
        maps.append(weights)
    return maps


def in_some_order(shape, numbers, most=6):
    """Counts of a shape whose dimensions after the first lie in memory in some order."""
    order = [0, *(1 + numbers.permutation(len(shape) - 1))]
    values = torch.as_tensor(numbers.integers(0, most, [shape[d] for d in order])).float()
    return values.permute(*(order.index(d) for d in range(len(shape))))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seed", range(20))
def test_sums_are_those_of_every_element(seed, threads):
    import numpy

    numbers, before = numpy.random.default_rng(seed), torch.get_num_threads()
    dims = int(numbers.integers(0, 4))
    shape, rows = tuple(int(n) for n in numbers.integers(1, 70 if dims < 3 else 25, dims)), int(numbers.integers(1, 4))
    maps, given = Maps(shape), random_maps(shape, numbers)
    places = [maps.place_of(weights) for weights in given]
    state = numbers.bit_generator.state
    first = in_some_order((rows, *shape), numbers)
    numbers.bit_generator.state = state  # the same order of memory
    second = (in_some_order((rows, *shape), numbers) + 1) % 5
    torch.set_num_threads(threads)
    try:
        for other in (None, second):
            sums = maps.sums(first, other)
            for kind, counts in enumerate((first, (first != 0).float() if other is None else other)):
                for place, weights in zip(places, given):
                    assert torch.equal(sums[kind, :, place], (counts.double() * weights).reshape(rows, -1).sum(1))
    finally:
        torch.set_num_threads(before)


def test_equal_maps_are_one_and_gaps_are_refused():
    maps = Maps((4, 6))
    assert maps.place_of(torch.ones(4, 6)) == maps.place_of(torch.ones(1, 1)) == 0
    assert maps.place_of(torch.arange(6.0).expand(4, 6)) == maps.place_of(torch.arange(6.0).view(1, 6)) == 1
    assert maps.sums(torch.ones(2, 4, 12)[..., ::2]) is None and maps.sums(torch.ones(2, 4, 6).double()) is None
    assert maps.sums(torch.ones(2, 4, 6), torch.ones(2, 6, 4).transpose(1, 2)) is None  # another order of memory
    assert maps.sums(torch.full((2, 4, 6), 2.0)).tolist() == [[[48.0, 120.0]] * 2, [[24.0, 60.0]] * 2]


@pytest.mark.parametrize("channels", [1, 3, 70])
@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("last", [False, True])
def test_numbers_other_than_0(channels, steps, last):
    values = torch.randint(0, 3, (4, 2, channels, 33, 5), generator=torch.Generator().manual_seed(channels)).float()
    if last:
        values = values.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    values = values if steps else values[0]
    expected = (values != 0).sum(-3).double()
    assert torch.equal(count_nonzero(values, 2, steps), expected.sum(0) if steps else expected)
    whole = values.contiguous()
    assert torch.equal(count_nonzero(whole, 0, steps), (expected.sum(0) if steps else expected).flatten(1).sum(1))
    assert count_nonzero(values.double(), 2, steps) is None and count_nonzero(values[..., ::2], 2, steps) is None

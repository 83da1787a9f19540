"""Early exit of dense predictions: confidence and change by hand; samples leave with their own masks."""

import torch

import adafire
from adapters.shared.dense_exit import DENSE, changed, confidence


def test_confidence_is_0_where_classes_are_alike_and_1_where_one_is_certain():
    even, certain = torch.zeros(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
    certain[:, 1] = 100
    half = torch.where(torch.arange(2).view(1, 1, 2, 1) == 0, even, certain)
    assert torch.allclose(confidence(torch.cat([even, certain, half])), torch.tensor([0.0, 1.0, 0.5]))
    scores = torch.tensor([[0.75, 0.25]]).log().view(1, 2, 1)  # two classes: 2 * 0.75 - 1
    assert torch.allclose(confidence(scores), torch.tensor([0.5]))


def test_change_is_more_than_a_hundredth_of_the_positions():
    one = torch.randn(3, 5, 20, 10)  # 200 positions: two may differ, three may not
    other, by_two = one.clone(), one.clone()
    other.flatten(2)[0, 4, :3] = by_two.flatten(2)[0, 4, :2] = 50
    one.flatten(2)[0, 4, :3] = by_two.flatten(2)[0, 4, 2:3] = -50
    other.flatten(2)[0, :4, 3:] = one.flatten(2)[0, :4, 3:]
    assert changed(one, other).tolist() == [True, False, False] and changed(one, by_two).tolist() == [False] * 3


def test_pictures_leave_early_with_their_own_masks_and_pay_for_their_steps():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 3, 3, padding=1)
    ).eval()
    x = torch.randn(60, 1, 8, 8) * torch.linspace(1, 6, 60)[:, None, None, None]
    options = dict(timesteps=16, search="none", exit_drop=0.2)
    snn = adafire.convert(network, x, method="adafire+iat", exit_judge=DENSE, **options)
    early, report = snn(x), snn.report()
    assert early.shape == (60, 3, 8, 8) and sum(report.exits.values()) == 60 and 1 < report.mean_timesteps < 16
    whole = adafire.convert(network, x, method="adafire-uniform", timesteps=16)
    whole.params = snn.params
    assert float(changed(early, whole(x)).float().mean()) <= 0.2
    assert report.energy_pj() < (whole.report().energy_pj())

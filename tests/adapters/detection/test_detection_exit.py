"""Early exit on detections: confidence and change by hand; samples leave with their own outputs."""

import torch

import adafire
from adafire.simulation.exit import ExitJudge
from adafire.simulation.loop import advance_chunk, read_out
from adapters.detection.exit import changed, confidence, differing


def found(*rows):
    """Detections of one image: rows (x1, y1, x2, y2, score, label)."""
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return table[:, :4], table[:, 4], table[:, 5].long()


def test_confidence_is_how_far_scores_are_from_a_half():
    images = [
        found((0, 0, 1, 1, 1.0, 0), (0, 0, 1, 1, 0.5, 0)),
        found(),
        found((0, 0, 1, 1, 0.04, 0)),
        found((0, 0, 1, 1, 0.1, 1), (0, 0, 1, 1, 0.01, 1)),
    ]
    assert torch.allclose(confidence(images), torch.tensor([0.5, 1.0, 1.0, 0.8]))


def test_change_counts_shown_boxes_that_have_no_partner():
    box, near, far = (0, 0, 10, 10), (0, 0, 10, 8), (20, 20, 30, 30)
    one = found((*box, 0.9, 0), (*far, 0.4, 1))  # the second is not shown
    cases = [
        (found((*near, 0.6, 0)), False),
        (found((*near, 0.6, 1)), True),
        (found((*far, 0.6, 0)), True),
        (found(), True),
        (found((*box, 0.9, 0), (*far, 0.6, 1)), True),
        (found((*box, 0.3, 0)), True),
    ]
    for other, expected in cases:
        assert changed([one], [other]).tolist() == [expected] == changed([other], [one]).tolist()
    assert changed([found(), one], [found(), one]).tolist() == [False, False]


def test_partners_are_one_to_one():
    a, b = (0, 0, 10, 10), (0, 2, 10, 12)
    two = found((*a, 0.9, 0), (*a, 0.8, 0))
    assert changed([two], [found((*a, 0.9, 0))]).tolist() == [True]
    assert changed([two], [found((*a, 0.9, 0), (*b, 0.8, 0))]).tolist() == [False]


def test_the_share_that_differs_is_of_the_longer_list():
    a, b, far = (0, 0, 10, 10), (50, 0, 60, 10), (90, 90, 99, 99)
    two = found((*a, 0.9, 0), (*b, 0.8, 0))
    cases = [
        (two, 0.0),
        (found((*a, 0.9, 0)), 0.5),
        (found((*a, 0.9, 0), (*b, 0.8, 1)), 0.5),
        (found((*a, 0.9, 0), (*b, 0.8, 0), (*far, 0.7, 0)), 1 / 3),
        (found(), 1.0),
    ]
    for other, expected in cases:
        assert differing([two], [other]).tolist() == differing([other], [two]).tolist()
        assert abs(float(differing([two], [other])) - expected) < 1e-9
    assert differing([found()], [found()]).tolist() == [0.0]


def test_images_leave_early_with_their_own_detections_and_pay_for_their_steps():
    """A network whose raw output is one score map: 'detections' are its positions above zero."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 2, 1),
    ).eval()
    forward = lambda net, x: {"maps": [net(x)]}
    rule = ExitJudge(
        lambda y: y["maps"][0].tanh().abs().flatten(1).mean(1),
        lambda y, z: ((y["maps"][0] > 0) != (z["maps"][0] > 0)).flatten(1).float().mean(1) > 0.05,
    )
    x = torch.randn(40, 1, 6, 6) * torch.linspace(0.2, 3, 40)[:, None, None, None]
    options = dict(method="adafire+iat", timesteps=8, forward=forward, search="none", exit_drop=0.1)
    snn = adafire.convert(network, x, exit_judge=rule, **options)
    early, report = snn(x), snn.report()
    assert early["maps"][0].shape == (40, 2, 6, 6) and sum(report.exits.values()) == 40
    at_each = adafire.convert(network, x, **{**options, "method": "adafire-uniform"})
    at_each.params = snn.params
    run = at_each.run(at_each.plan(x), x)
    states = []
    for _ in range(8):
        advance_chunk(run, 1)
        states.append(read_out(run)["maps"][0])
    left = torch.stack([snn.exit.sure(rule.scores({"maps": [y]}), t) for t, y in enumerate(states, 1)])
    step = left.float().argmax(0)
    expected = torch.stack([states[t][i] for i, t in enumerate(step.tolist())])
    assert torch.allclose(early["maps"][0], expected, atol=1e-5)
    assert report.mean_timesteps == float((step + 1).double().mean())

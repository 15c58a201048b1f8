"""The model of curves on plain coordinates, for schedulers in front of any engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crosstune.samplers.curve_model import CurveModel

EPOCHS = 27


def curve(x: float, length: int) -> list[tuple[float, float]]:
    return [(epoch, (x - 0.5) ** 2 + 1.0 / epoch) for epoch in range(1, length + 1)]


def some(lengths: list[int]) -> tuple[list[list[float]], list[list[tuple[float, float]]]]:
    places = np.linspace(0.0, 1.0, len(lengths)).tolist()
    return [[x, 0.7] for x in places], [curve(x, n) for x, n in zip(places, lengths, strict=True)]


def test_finished_configurations_end_where_they_ended() -> None:
    model = CurveModel(*some([EPOCHS] * 4 + [3] * 5), EPOCHS)
    means, deviations = model.ends()
    ends = [(x - 0.5) ** 2 + 1.0 / EPOCHS for x in np.linspace(0.0, 1.0, 9)]
    assert means[:4] == pytest.approx(model.scaled(ends)[:4], abs=0.1)
    assert deviations[:4].max() < deviations[4:].min()


def test_the_prediction_ranks_unfinished_configurations_as_they_end() -> None:
    means, _ = CurveModel(*some([EPOCHS, 3, 5, 3, EPOCHS, 3, 3, 4, EPOCHS]), EPOCHS).ends()
    distances = np.abs(np.linspace(0.0, 1.0, 9) - 0.5)
    assert np.corrcoef(means, distances**2)[0, 1] > 0.95


def test_a_configuration_without_reports_is_predicted_from_its_neighbours() -> None:
    places, curves = some([EPOCHS, EPOCHS, EPOCHS, 3, 3])
    means, deviations = CurveModel([*places, [0.5, 0.7]], [*curves, []], EPOCHS).ends()
    assert len(means) == 6
    assert abs(means[5] - means[2]) < abs(means[5] - means[0])
    assert deviations[5] >= deviations[2]


def test_values_come_back_from_the_scale_of_the_model() -> None:
    model = CurveModel(*some([EPOCHS, 9, 5]), EPOCHS)
    values = np.array([0.12, 0.4, 0.9])
    assert model.unscaled(model.scaled(values)) == pytest.approx(values)
    assert np.all(np.diff(model.scaled(values)) > 0)


@pytest.mark.parametrize(
    "curves",
    [
        [[], []],
        [[(1, math.nan)], [(1, 2.0)]],
        [[(1, 2.0), (2, 2.0)], [(1, 2.0)]],
        [[(1, math.inf), (2, 1e308)], [(1, -1e308), (27, -1e308)]],
    ],
    ids=["no reports", "not numbers", "all equal", "huge"],
)
def test_any_curves_have_finite_predictions(curves: list[list[tuple[float, float]]]) -> None:
    for places in ([[0.1], [0.9]], [[0.5], [0.5]], [[], []]):
        model = CurveModel(places, curves, EPOCHS)
        means, deviations = model.ends()
        assert np.isfinite(means).all()
        assert (deviations > 0).all()
        assert np.isfinite(model.unscaled(means)).all()

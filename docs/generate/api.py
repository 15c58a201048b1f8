"""The pages of the Python interface, from the public names and their docstrings."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from dataclasses import dataclass
from typing import Any

FACES = (
    "crosstune",
    "crosstune.adapters",
    "crosstune.benchmarks",
    "crosstune.callbacks",
    "crosstune.samplers",
)
"""The package and the four folders beside it. Every name in their `__all__` is documented."""


@dataclass(frozen=True)
class ApiPage:
    """A page of the interface.

    Attributes:
        title: of the page.
        text: under the title.
        names: dotted names, in the order of the page.
    """

    title: str
    text: str
    names: tuple[str, ...]


def _under(module: str, names: str) -> tuple[str, ...]:
    return tuple(f"{module}.{name}" for name in names.split())


PAGES = {
    "api-tune": ApiPage(
        "Tune, compare and check",
        "Run a search, and judge one.",
        (
            *_under("crosstune", "tune create_study SearchCV KerasTuner compare check"),
            *_under("crosstune", "recommend Recommendation export_study import_study"),
            *_under("crosstune", "record StudyRecord remeasure"),
            "crosstune.benchmarks.comparison.Comparison",
            "crosstune.proofs.certificate.Certificate",
            "crosstune.space.verdicts.Verdict",
            "crosstune.space.defaults.DefaultPoint",
        ),
    ),
    "api-spec": ApiPage(
        "Specs and parameters",
        "What is searched.",
        (
            *_under("crosstune", "Spec Space Float Int Choice Bool Normal LogNormal Constant"),
            "crosstune.spec.measures.Metric",
            "crosstune.samplers.scheduled.settings.Scheduler",
        ),
    ),
    "api-trial": ApiPage(
        "In a trial",
        "What an objective may ask while it runs, and what a finished trial was evaluated with.",
        (*_under("crosstune", "trial_values trial_seed budget"), "crosstune.trials.epochs_trained"),
    ),
    "api-samplers": ApiPage(
        "Samplers",
        "Each one drops into any Optuna study: `optuna.create_study(sampler=...)`.",
        _under(
            "crosstune.samplers",
            "HyperoptSampler KerasTunerSampler GaussianProcessSampler GridSampler EngineSampler "
            "SpaceExhausted",
        ),
    ),
    "api-callbacks": ApiPage(
        "Callbacks and pruners",
        "For training loops and for studies.",
        (
            *_under(
                "crosstune.callbacks",
                "TorchPruningCallback LightningPruningCallback KerasPruningCallback "
                "KerasTunerPruningCallback PruningCallback partial_fit_with_pruning "
                "TensorBoardCallback TrainingDiverged ProgressBar",
            ),
            *_under("crosstune.pruners", "CurvePruner create"),
        ),
    ),
    "api-benchmarks": ApiPage(
        "Problems, statistics and reports",
        "What `crosstune.compare` is made of.",
        (
            *_under("crosstune.benchmarks.problems", "Problem get names suite"),
            *_under("crosstune.benchmarks.problems.functions", "function"),
            *_under("crosstune.benchmarks.problems.optunahub", "from_optunahub to_optunahub"),
            *_under("crosstune.benchmarks.statistics", "Decision Sequential summarize"),
            *_under("crosstune.benchmarks.report", "markdown terminal write_report"),
            *_under("crosstune.benchmarks.match.results", "Results Settings MatchRun Evaluation"),
            *_under("crosstune.benchmarks.match.results", "About Identity FrontScale"),
            *_under("crosstune.benchmarks.statistics.verdicts", "Summary Ranking Standing Pair"),
            *_under("crosstune.benchmarks.statistics.verdicts", "Interval IncumbentCurve"),
        ),
    ),
    "api-engines": ApiPage(
        "Engines",
        "For whoever adds an engine.",
        (
            *_under("crosstune.adapters", "get names register GROUP"),
            *_under("crosstune.adapters.base", "Adapter Algorithm Engine Outcome Budget Busy"),
            *_under("crosstune.adapters.base", "Exhausted seed_in_32_bits"),
            *_under("crosstune.adapters.native.hyperopt", "read read_with_verdicts"),
            *_under("crosstune.testing", "SpaceContract SearchContract FailureContract"),
            *_under("crosstune.space.coordinates", "Continuous LogInteger Index"),
            *_under("crosstune.space.parameters.base", "Parameter"),
            *_under("crosstune.space.grid", "Grid"),
            *_under("crosstune.engines.base", "Drawn"),
            *_under("crosstune.space.probability", "Discrete Lattice ContinuousLaw"),
        ),
    ),
}


def public_names() -> set[str]:
    """Every public name of the faces, except for modules."""
    return {
        f"{face}.{name}"
        for face in FACES
        for name in getattr(importlib.import_module(face), "__all__", ())
        if importlib.util.find_spec(f"{face}.{name}") is None
    }


def documented_names() -> set[str]:
    """Every name that has an entry on a page of the interface."""
    return {name for page in PAGES.values() for name in page.names} | {"crosstune.CrosstuneError"}


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    return {f"{name}.rst": text(page) for name, page in PAGES.items()}


def text(page: ApiPage) -> str:
    """A page as reStructuredText."""
    parts = [page.title, "=" * len(page.title), "", page.text, ""]
    for name in page.names:
        parts += directive(name)
    return "\n".join(parts) + "\n"


def directive(name: str) -> list[str]:
    """The directive that documents an object, with its public members."""
    module, _, attribute = name.rpartition(".")
    value = getattr(importlib.import_module(module), attribute)
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return [f".. auto{kind}:: {name}", "   :members:", ""]
    return [f".. auto{'function' if callable(value) else 'data'}:: {name}", ""]


def report_missing(app: Any, env: Any) -> None:
    """Warn of each public name without an entry or without a docstring; strict builds then fail."""
    from sphinx.util import logging

    logger = logging.getLogger(__name__)
    shown = {entry[0] for entry in env.get_domain("py").get_objects()}
    for name in sorted((public_names() | documented_names()) - shown):
        logger.warning("%s is public and not on a page of the API", name)
    for name in sorted(documented_names()):
        module, _, attribute = name.rpartition(".")
        value = getattr(importlib.import_module(module), attribute)
        if callable(value) and not inspect.getdoc(value):
            logger.warning("%s has no docstring", name)

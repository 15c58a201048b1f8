"""`crosstune verify`: prove that each engine is used as by hand, and print each proof."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosstune.cli.options import DEBUG, QUIET

if TYPE_CHECKING:
    from crosstune.proofs.by_hand import Suggestion
    from crosstune.proofs.side_by_side import Difference
    from crosstune.proofs.verification import Proof

MAX_JOBS = 4
"""The most jobs by default: each process that imports torch takes about 700 MB."""


@click.command(
    short_help="Prove that each engine suggests what its library does.",
    epilog="""
Each library runs as its own users would call it, on the space of SPEC, and crosstune beside it,
with the same seed and an objective that takes no time. Exit status 0 if every suggestion is
identical, else 1. All samplers together take minutes, most of them for Optuna's gp and Keras
Tuner's bayesian, which take up to a second per suggestion. Other samplers are fast:

\b
  crosstune verify spec.yaml --backend hyperopt --sampler tpe
""",
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("-b", "--backend", "backends", multiple=True, metavar="NAME", help="Only this one.")
@click.option("-s", "--sampler", "samplers", multiple=True, metavar="NAME", help="Only this one.")
@click.option("-n", "--trials", type=click.IntRange(1), default=60, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Parallel runs, each in a process. Default: one per core, up to 4.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on standard output.")
@QUIET
@DEBUG
def verify(
    spec: Path,
    backends: tuple[str, ...],
    samplers: tuple[str, ...],
    trials: int,
    seeds: int,
    jobs: int | None,
    quiet: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Prove that each engine suggests what its library suggests by hand."""
    import optuna
    from rich.markup import escape

    from crosstune.cli.console import SafeConsole
    from crosstune.cli.time_left import TimeLeftLine
    from crosstune.proofs.verification import verify as verify_all
    from crosstune.spec.spec import load

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    loaded = load(spec)
    console = SafeConsole(stderr=True, quiet=quiet)
    console.print(
        f"{loaded.name}: {len(loaded.space.searched)} parameters, {trials} suggestions under each "
        f"of {seeds} seeds; the cost is CPU time, crosstune's over the library's by hand",
        highlight=False,
        soft_wrap=True,
    )
    if loaded.scheduler is not None and loaded.scheduler.name != "none":
        console.print(
            f"{loaded.scheduler.name} is left out: with it each engine is told of trainings that "
            "are paused, so the study of this spec is not native",
            highlight=False,
            soft_wrap=True,
        )
    proofs = []
    with TimeLeftLine(console) as line:
        for proof in verify_all(
            loaded,
            backends=backends,
            samplers=samplers,
            seeds=seeds,
            trials=trials,
            jobs=jobs or min(os.cpu_count() or 1, MAX_JOBS),
            progress=line.show,
        ):
            proofs.append(proof)
            console.print(escape(_line(proof)), highlight=False, soft_wrap=not console.has_width)
    if as_json:
        click.echo(json.dumps([{**asdict(proof), "holds": proof.holds} for proof in proofs]))
    sys.exit(int(any(proof.refused is None and not proof.holds for proof in proofs)))


def _line(proof: Proof) -> str:
    name = f"{proof.backend}:{proof.sampler}".rstrip(":")
    if proof.refused is not None:
        return f"{name:24} not run: {proof.refused}"
    text = f"{name:24} {proof.identical} of {proof.suggestions} identical, cost {proof.ratio:.2f}"
    if proof.first_difference is not None:
        text += "\n" + _difference(proof.first_difference)
    return text


def _difference(difference: Difference) -> str:
    return (
        f"  first difference: seed {difference.seed}, trial {difference.trial}\n"
        f"    by hand:   {_shown(difference.by_hand)}\n"
        f"    crosstune: {_shown(difference.crosstune)}"
    )


def _shown(suggestion: Suggestion | None) -> str:
    if suggestion is None:
        return "none"
    epochs = "" if suggestion.epochs is None else f" to epoch {suggestion.epochs}"
    return f"{suggestion.params}{epochs}"

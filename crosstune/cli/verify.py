"""`crosstune verify`: print the proofs as they are made."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import optuna
from rich.markup import escape

from crosstune.cli.console import SafeConsole
from crosstune.proofs.by_hand import Suggestion
from crosstune.proofs.verification import Difference, Proof, verify
from crosstune.spec.spec import load


def run(
    spec: Path,
    *,
    backends: Sequence[str],
    samplers: Sequence[str],
    seeds: int,
    trials: int,
    as_json: bool,
) -> int:
    """The exit status: 0 where every suggestion is identical, else 1.

    Raises:
        RequestError: a bad spec, or no such backend or sampler.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    loaded = load(spec)
    console = SafeConsole(stderr=True)
    console.print(
        f"{loaded.name}: {len(loaded.space.searched)} parameters, {trials} suggestions under each "
        f"of {seeds} seeds; the cost is CPU time, crosstune's over the library's by hand",
        highlight=False,
        soft_wrap=True,
    )
    proofs = []
    for proof in verify(loaded, backends=backends, samplers=samplers, seeds=seeds, trials=trials):
        proofs.append(proof)
        console.print(escape(_line(proof)), highlight=False, soft_wrap=not console.has_width)
    if as_json:
        click.echo(json.dumps([{**asdict(proof), "holds": proof.holds} for proof in proofs]))
    return int(any(proof.refused is None and not proof.holds for proof in proofs))


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

"""Digests of what the scores of a search depend on besides its data and splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosstune.digests.evaluated import of_estimator, part
from crosstune.integrations.search_cv.translation import Translation


def of_search(search: Any, translation: Translation) -> dict[str, list[str]]:
    """Digests of the scorers, the estimator and the values that the study stores by name."""
    parts = {"scoring": part(_scoring(search.scoring, search.refit), _names(search.scoring))}
    parts.update(of_estimator(search.estimator, translation.always))
    for name, meaning in translation.meanings().items():
        kind, words = "distribution", ""
        if isinstance(meaning, Mapping):
            kind, words = "objects", ", ".join(meaning)
        parts[f"{kind} behind {name!r}"] = part(meaning, words)
    return parts


def _scoring(scoring: Any, refit: Any) -> Any:
    """The scorers; with several, also the name of the one that the study maximizes."""
    if not isinstance(scoring, list | tuple | set | Mapping):
        return [scoring, refit if callable(scoring) and isinstance(refit, str) else None]
    names = list(scoring)
    scorers = scoring if isinstance(scoring, Mapping) else {name: name for name in names}
    return [dict(scorers), refit if refit in names else names[:1]]


def _names(scoring: Any) -> str:
    if isinstance(scoring, list | tuple | set | Mapping):
        return ", ".join(map(str, scoring))
    name: Callable[..., Any] | str = getattr(scoring, "__qualname__", None) or str(scoring)
    return "the estimator's own" if scoring is None else str(name)

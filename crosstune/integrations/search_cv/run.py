"""The loop of a search: ask the study for candidates, have scikit-learn score them, tell."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from optuna.study import Study
from optuna.trial import Trial, TrialState
from sklearn.exceptions import FitFailedWarning

from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import is_feasible, why_no_best
from crosstune.engines.record_names import ERROR, SCORES
from crosstune.errors import described, message_of
from crosstune.integrations.search_cv import scikit
from crosstune.integrations.search_cv.objectives import values_of
from crosstune.integrations.search_cv.request import OpenSearch
from crosstune.integrations.search_cv.scores import FoldScores, read_trial, table
from crosstune.objectives.base import suggest
from crosstune.objectives.measured import is_nan
from crosstune.objectives.questions import noting
from crosstune.samplers.declared import SpaceExhausted
from crosstune.samplers.engine import EngineSampler
from crosstune.space.space import Params
from crosstune.system.interrupts import watched


class SearchRun:
    """One search, from the first candidate to `cv_results_`.

    Args:
        search: the `SearchCV` that is being fitted.
        opened: the search with its study.
        folds: the splitter on which the candidates are scored.
        evaluate: scikit-learn's `evaluate_candidates`.
    """

    def __init__(
        self, search: Any, opened: OpenSearch, folds: scikit.Folds, evaluate: scikit.Evaluate
    ):
        self._search = search
        self._opened = opened
        self._study = opened.study
        self._decode = opened.translation.decode
        self._evaluate_candidates = evaluate
        self._folds = folds
        self._missing = math.nan if search.error_score == "raise" else float(search.error_score)
        self._returned: dict[str, Any] | None = None
        self._rows = 0
        self._failure: ValueError | None = None
        self._several = search.objectives is not None

    def __call__(self) -> None:
        """Search, and pass `cv_results_` to scikit-learn's `fit`.

        Raises:
            ValueError: every fit of every candidate raised, as in `GridSearchCV`; or no candidate
                is feasible.
        """
        end = time.monotonic() + (self._opened.seconds or math.inf)
        evaluated = False
        with watched() as watch, warnings.catch_warnings():
            # The table of all candidates warns once, at the end.
            warnings.filterwarnings("ignore", "One or more of the", category=UserWarning)
            while (wanted := self._opened.wanted) and (not evaluated or time.monotonic() < end):
                trials = self._ask(min(wanted, self._opened.batch))
                if not trials:
                    break
                with self._failing(trials):
                    self._score(trials)
                if watch.asked:  # something has swallowed Ctrl-C
                    raise KeyboardInterrupt
                evaluated = True
            if not evaluated and self._returned is None:
                self._fit_best_again()
        if self._returned is None:
            assert self._failure is not None
            raise self._failure
        self._check_feasible()
        scikit.replace(self._returned, self._table())

    def _ask(self, most: float) -> list[tuple[Trial, Params]]:
        """The next candidates; empty at the end of a grid."""
        candidates: list[tuple[Trial, Params]] = []
        sampler = self._study.sampler
        while len(candidates) < most:
            if isinstance(sampler, EngineSampler) and _is_over(sampler, self._study):
                break
            trial = self._study.ask()
            with self._failing([(trial, {}), *candidates]):
                try:
                    point = suggest(self._opened.translation.space, trial)
                    candidates.append((trial, point))
                except SpaceExhausted:
                    self._study.tell(trial, state=TrialState.PRUNED)
                    break
        return candidates

    def _score(self, candidates: list[tuple[Trial, Params]]) -> None:
        if self._opened.prunes:
            ((trial, point),) = candidates
            with noting(trial):
                so_far, pruned = self._fold_by_fold(trial, point)
            self._tell(trial, point, so_far, pruned)
            return
        rows = self._evaluate([self._decode(point) for _, point in candidates])
        for (trial, point), scores in zip(candidates, rows, strict=True):
            if scores is None:
                empty = [FoldScores()] * self._folds.n
                scores = FoldScores.join(empty, self._named(), self._missing)
            for step, score in enumerate(scores.test.get(self._metric(scores), [])):
                if score is not None and not self._several:
                    trial.report(score, step)
            self._tell(trial, point, scores, pruned=False)

    def _fold_by_fold(self, trial: Trial, point: Params) -> tuple[FoldScores, bool]:
        """The scores of the evaluated folds, and whether the candidate was pruned."""
        parts: list[FoldScores] = []
        candidate = self._decode(point)
        for step in range(self._folds.n):
            parts.append(self._evaluate_fold(candidate, step) or FoldScores())
            so_far = FoldScores.join(parts, self._named(), self._missing)
            score = so_far.test[self._metric(so_far)][step]
            if score is not None:
                trial.report(score, step)
                if step + 1 < self._folds.n and trial.should_prune():
                    return so_far, True
        return so_far, False

    def _evaluate_fold(self, candidate: dict[str, Any], fold: int) -> FoldScores | None:
        self._folds.only = fold
        return self._evaluate([candidate])[0]

    def _evaluate(self, candidates: list[dict[str, Any]]) -> list[FoldScores | None]:
        """The scores of each candidate; all are None if every fit failed."""
        try:
            returned = self._evaluate_candidates(candidates, cv=self._folds)
        except ValueError as error:
            if self._search.error_score == "raise" or not scikit.every_fit_failed(error):
                raise
            self._failure = error
            warnings.warn(message_of(error), FitFailedWarning, stacklevel=2)
            return [None] * len(candidates)
        self._returned = returned
        folds = 1 if self._folds.alone else self._folds.n
        start = self._rows
        self._rows += len(candidates)
        return [FoldScores.read(returned, row, folds) for row in range(start, self._rows)]

    def _tell(self, trial: Trial, point: Params, scores: FoldScores, pruned: bool) -> None:
        trial.set_user_attr(SCORES, scores.plain())
        for name, value in self._opened.translation.derived(point).items():
            trial.set_user_attr(name, value)
        driving = self._metric(scores)
        for metric in scores.test:
            mean = scores.mean(metric)
            if metric != driving and mean == mean:
                trial.set_user_attr(metric, mean)
        outcome: Any = scores.mean(driving)
        if self._several:
            outcome = tuple(values_of(scores, self._search.objectives))
        if pruned:
            self._study.tell(trial, state=TrialState.PRUNED)
        elif is_nan(outcome):
            trial.set_user_attr(ERROR, self._reason())
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, outcome)

    def _reason(self) -> str:
        last = str(self._failure).strip().splitlines() if self._failure else []
        return last[-1] if last else "a fit or a scorer raised, or a score is not a number"

    def _metric(self, scores: FoldScores) -> str:
        """The metric that the study maximizes: that of `refit`, or the first."""
        refit = self._search.refit
        if isinstance(refit, str) and refit in scores.test:
            return refit
        return next(iter(scores.test), "score")

    def _named(self) -> list[str]:
        """The metrics that `scoring` names."""
        scoring = self._search.scoring
        if isinstance(scoring, list | tuple | set | dict):
            return list(scoring)
        return ["score"]

    def _fit_best_again(self) -> None:
        """Evaluate the best candidate again, since scikit-learn's `fit` needs at least one.

        Needed if a resumed study has all its trials already.
        """
        done = [t for t in self._study.get_trials(deepcopy=False) if SCORES in t.user_attrs]
        driving = self._metric(read_trial(done[0])) if done else ""
        done.sort(key=lambda t: (is_feasible(t), _rank(read_trial(t).mean(driving))))
        if not done:
            raise ValueError("there is no candidate: the study has no trial with scores")
        point = ledger.read_point(self._opened.translation.space, done[-1].params)
        self._evaluate([self._decode(point)])

    def _table(self) -> dict[str, Any]:
        translation = self._opened.translation
        trials = [t for t in self._study.get_trials(deepcopy=False) if SCORES in t.user_attrs]
        points = [ledger.read_point(translation.space, trial.params) for trial in trials]
        order = list(range(len(trials)))
        if self._opened.walks and all(translation.place(point) for point in points):
            order.sort(key=lambda i: translation.place(points[i]) or ())
        return table(
            [self._decode(points[i]) for i in order],
            [read_trial(trials[i]) for i in order],
            [trials[i].number for i in order],
            self._folds.n,
            self._missing,
            [is_feasible(trials[i]) for i in order],
        )

    def _check_feasible(self) -> None:
        """Raise ValueError if all candidates violate a constraint."""
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if complete and not any(map(is_feasible, complete)):
            raise ValueError(f"{why_no_best(self._study)}. The attribute study_ has all trials")

    @contextmanager
    def _failing(self, candidates: list[tuple[Trial, Params]]) -> Iterator[None]:
        """Mark the trials as failed after an error or an interrupt."""
        try:
            yield
        except BaseException as error:
            for trial, _ in candidates:
                with suppress(Exception):  # already told
                    trial.set_user_attr(ERROR, described(error))
                    self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise


def _rank(mean: float) -> float:
    return -math.inf if mean != mean else mean


def _is_over(sampler: EngineSampler, study: Study) -> bool:
    """True if the sampler has no point left. A sampler without an end is not asked."""
    return sampler.lasts(study) < math.inf and not sampler.ready(study)

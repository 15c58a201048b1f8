"""The exceptions of crosstune.

    CrosstuneError
    ├── RequestError            a bad request; nothing was evaluated       (exit status 2)
    │   ├── SpecError           an invalid spec, space or point
    │   ├── UnknownName         no such backend, sampler, pruner or option
    │   ├── MissingLibrary      a backend whose library is not installed
    │   ├── Unsupported         an engine cannot do what the spec asks for
    │   └── StudyExists         the study to create exists already
    └── RunError                the run failed; finished trials are kept   (exit status 1)
        └── ObjectiveError      the objective returned an unusable value

A request error is raised before the first trial. A message states the input, the rule, the place
and the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

MAX_NAMES = 40
"""Maximum number of names that a message lists."""
MAX_LENGTH = 80
"""Maximum number of characters of a name or a value in a message."""
MAX_MESSAGE = 10_000
"""Maximum number of characters of an exception's own message."""


class CrosstuneError(Exception):
    """Base of every error that crosstune raises itself.

    Catch it to handle all of them.
    """

    exit_status = 1


class Passing(BaseException):
    """Ends more than its trial when raised below an objective: failed-trial handlers skip it."""


class RequestError(CrosstuneError):
    """A request that cannot be carried out; nothing was evaluated.

    Change what the message names, and start again.
    """

    exit_status = 2


class SpecError(RequestError, ValueError):
    """An invalid spec, space or point.

    The message names the file, the line and the key. Correct the value there; `crosstune schema`
    prints what a spec may have.

    Args:
        message: the fault, without its place.
        path: keys from the root of the spec to the fault, such as ``("space", "lr", "high")``.
        file, line: place of the fault if the spec was read from a file. Lines count from 1.
    """

    def __init__(
        self,
        message: str,
        path: Sequence[str | int] = (),
        *,
        file: str | None = None,
        line: int | None = None,
    ):
        self.message = message
        self.path = tuple(path)
        self.file = file
        self.line = line
        super().__init__(message)

    def under(self, *keys: str | int) -> SpecError:
        """The same fault with `keys` before its path."""
        return SpecError(self.message, (*keys, *self.path), file=self.file, line=self.line)

    def at(self, file: str, line: int | None) -> SpecError:
        """The same fault with its file and line."""
        return SpecError(self.message, self.path, file=file, line=line)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        parts = (place, ".".join(shortened(str(key)) for key in self.path), self.message)
        return ": ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[object, ...]:
        made_again = partial(SpecError, file=self.file, line=self.line)
        return made_again, (self.message, self.path)


class UnknownName(RequestError, ValueError):
    """No such backend, sampler, pruner or option.

    The message lists the valid names, and the nearest one. `crosstune backends` prints them all.
    """


class MissingLibrary(RequestError, ImportError):
    """A backend whose library is not installed.

    Run the `pip install` that the message has. `crosstune doctor` prints what else is missing.
    """


class Unsupported(RequestError, ValueError):
    """An engine cannot do what the spec asks for.

    Choose another engine, or change the parameter that the message names. `crosstune check SPEC`
    prints what each engine can do.
    """


class StudyExists(RequestError):
    """The study to create exists already.

    Continue it with `--resume`, or choose another name or storage.
    """


class RunError(CrosstuneError):
    """The run failed; the trials that were finished are kept.

    Correct the cause that the message has, and continue with `--resume`.
    """


class ObjectiveError(RunError):
    """The objective returned an unusable value.

    Let the objective return a finite number, or a mapping that has the spec's metric.
    """


def message_of(error: BaseException) -> str:
    """The message of an exception, also if its `__str__` raises.

    >>> message_of(ValueError("boom"))
    'boom'
    """
    try:
        text = str.__str__(str(error)) or type(error).__name__
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        text = f"no message: its __str__ raised {type(failure).__name__}"
    text = text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 3]}..."
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def raised_by_user(words: Callable[[str], Exception]) -> Iterator[None]:
    """Turn exceptions of the user's code into another error; Ctrl-C and crosstune's pass through.

    Args:
        words: makes that error from the `described` exception.
    """
    try:
        yield
    except (CrosstuneError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise words(described(error)) from error


def described(error: BaseException) -> str:
    """The class and message of an exception.

    >>> described(ValueError("boom"))
    'ValueError: boom'
    """
    kind = type(error).__name__
    message = message_of(error)
    return kind if message == kind else f"{kind}: {message}"


def shortened(text: str) -> str:
    """The text, cut to `MAX_LENGTH` characters.

    >>> shortened("seed")
    'seed'
    """
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 3]}..."


def no_such(kind: str, name: object, choices: Iterable[str]) -> str:
    """A sentence for a name that does not exist: the valid ones, sorted, and the nearest.

    Args:
        kind: such as "backend".
        name: as the user wrote it.
        choices: the valid names.

    >>> no_such("backend", "optunna", ["optuna", "hyperopt"])
    "no backend 'optunna'. Known: hyperopt, optuna. Did you mean 'optuna'?"
    """
    names = sorted(choices)
    near = difflib.get_close_matches(shortened(str(name)), names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(map(shortened, names[:MAX_NAMES])) or "none"
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f"no {kind} {shortened(repr(name))}. Known: {shown}{more}.{hint}"

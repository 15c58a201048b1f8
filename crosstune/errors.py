"""What crosstune raises.

    CrosstuneError
    ├── RequestError            a bad request; nothing was evaluated       (exit status 2)
    │   ├── SpecError           a spec, a space or a point that cannot be right
    │   ├── UnknownName         no such backend, sampler, pruner or option
    │   ├── MissingLibrary      a backend whose library is not installed
    │   ├── Unsupported         an engine cannot do what the spec asks for
    │   └── StudyExists         a new study was asked for, and there is one already
    └── RunError                the run failed; finished trials are kept   (exit status 1)
        └── ObjectiveError      the objective returned what no study can use

A request error is found before the first trial. Messages say what was given, what holds,
where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

MAX_NAMES = 40
"""How many known names a message lists."""
MAX_LENGTH = 80
"""How many characters of a name or a value a message shows."""
MAX_MESSAGE = 10_000
"""How many characters of an exception's own message are shown and kept."""


class CrosstuneError(Exception):
    """Base of every error that crosstune raises itself."""

    exit_status = 1


class Passing(BaseException):
    """What goes through everything that takes an exception for the failure of a trial.

    It is raised beneath an objective, and is none of its own.
    """


class RequestError(CrosstuneError):
    """A request that cannot be carried out; nothing was evaluated."""

    exit_status = 2


class SpecError(RequestError, ValueError):
    """A spec, a space or a point that cannot be right.

    Attributes:
        path: keys from the root of the spec to the fault, such as ``("space", "lr", "high")``.
        file, line: where the fault stands, when the spec was read from a file. Lines count from 1.
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
        """The same fault, seen from `keys` further up."""
        return SpecError(self.message, (*keys, *self.path), file=self.file, line=self.line)

    def at(self, file: str, line: int | None) -> SpecError:
        """The same fault with the place where it stands."""
        return SpecError(self.message, self.path, file=file, line=line)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        parts = (place, ".".join(shortened(str(key)) for key in self.path), self.message)
        return ": ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore_spec_error, (self.message, self.path, self.file, self.line)


def _restore_spec_error(
    message: str, path: tuple[str | int, ...], file: str | None, line: int | None
) -> SpecError:
    return SpecError(message, path, file=file, line=line)


class UnknownName(RequestError, ValueError):
    """No such backend, sampler, pruner or option."""


class MissingLibrary(RequestError, ImportError):
    """A backend whose library is not installed."""


class Unsupported(RequestError, ValueError):
    """An engine cannot do what the spec asks for."""


class StudyExists(RequestError):
    """A new study was asked for, and there is one already."""


class RunError(CrosstuneError):
    """The run failed; the trials that were finished are kept."""


class ObjectiveError(RunError):
    """The objective returned what no study can use."""


def message_of(error: BaseException) -> str:
    """The message of an exception, whatever its class does when it is asked for one.

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
    """Inside, what the user's code raises becomes another error; Ctrl-C and our own go through.

    Args:
        words: makes that error from what was raised, as `described`.
    """
    try:
        yield
    except (CrosstuneError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise words(described(error)) from error


def described(error: BaseException) -> str:
    """An exception in words: its class and its message.

    >>> described(ValueError("boom"))
    'ValueError: boom'
    """
    kind = type(error).__name__
    message = message_of(error)
    return kind if message == kind else f"{kind}: {message}"


def shortened(text: str) -> str:
    """The text, or its beginning where it is too long for a message.

    >>> shortened("seed")
    'seed'
    """
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 3]}..."


def no_such(kind: str, given: object, known: Iterable[str]) -> str:
    """A sentence for a name that does not exist: the known ones, sorted, and the near miss.

    >>> no_such("backend", "optunna", ["optuna", "hyperopt"])
    "no backend 'optunna'. Known: hyperopt, optuna. Did you mean 'optuna'?"
    """
    names = sorted(known)
    near = difflib.get_close_matches(shortened(str(given)), names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(map(shortened, names[:MAX_NAMES])) or "none"
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return f"no {kind} {shortened(repr(given))}. Known: {shown}{more}.{hint}"

"""Options of `exec` that stand after the script, where they are the script's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crosstune.engines import registry as adapters
from crosstune.errors import RequestError
from crosstune.takeover import schedulers
from crosstune.takeover.engines import names_sampler
from crosstune.terminal.text import say


def _is_integer(value: str) -> bool:
    return value.removeprefix("-").isdecimal()


_OPTIONS: Mapping[str, tuple[str, Callable[[str], bool] | None]] = {
    "--backend": ("-b", lambda value: value.replace("-", "_") in adapters.names()),
    "--sampler": ("-s", names_sampler),
    "--trials": ("-n", _is_integer),
    "--seed": ("", _is_integer),
    "--scheduler": ("", lambda value: value.partition(":")[0] in schedulers.NAMES),
    "--tensorboard": ("", lambda value: bool(value) and not value.startswith("-")),
    "--strict": ("", None),
}
"""Each option with its short form, and a test of its values; None for a flag."""


def misplaced(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of crosstune among a script's arguments, each with its text.

    An option counts only with a value that `exec` would take, so that `-b 32` is the script's.

    >>> list(misplaced(["data.csv", "--backend", "hyperopt", "-n=5", "-b", "32"]))
    [('--backend', '--backend hyperopt')]
    """
    for at, argument in enumerate(arguments):
        if argument == "--":
            return
        following = arguments[at + 1] if at + 1 < len(arguments) else None
        for option, (short, is_ours) in _OPTIONS.items():
            if is_ours is None:
                if argument == option:
                    yield option, argument
            elif argument in (option, short):
                if following is not None and is_ours(following):
                    yield option, f"{argument} {following}"
            elif _joined(argument, option, short, is_ours):
                yield option, argument


def _joined(argument: str, option: str, short: str, is_ours: Callable[[str], bool]) -> bool:
    if argument.startswith(f"{option}="):
        return is_ours(argument.removeprefix(f"{option}="))
    return bool(short) and argument.startswith(short) and is_ours(argument.removeprefix(short))


def check_order(target: str, arguments: Sequence[str], options: Mapping[str, Any]) -> None:
    """Warn of options after the script that look like crosstune's; the script gets them.

    Args:
        target: the script, as it was written.
        arguments: after the script.
        options: the values of crosstune's own options by their name without dashes; None or False
            if the option was not used.

    Raises:
        RequestError: an engine is named after the script and none before it, so that nothing
            would be swapped.
    """
    used = {
        f"--{name}" for name, value in options.items() if value is not None and value is not False
    }
    late = [(option, text) for option, text in misplaced(arguments) if option not in used]
    engines = {"--backend", "--sampler"}
    named = [text for option, text in late if option in engines]
    if named and not used & engines:
        raise RequestError(
            f"{named[0]} follows {target}, so it is an option of the script, and no engine is "
            f"named for exec. Write its options before {target}: "
            f"crosstune exec {' '.join(named)} {target}"
        )
    others = [text for option, text in late if option not in engines]
    if others:
        verb = "follow" if len(others) > 1 else "follows"
        say(
            f"crosstune exec: {', '.join(others)} {verb} {target} and so belongs to the script. "
            f"An option of crosstune stands before {target}"
        )

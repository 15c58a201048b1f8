"""How many epochs a pruner or a scheduler saves, what it loses, and why.

    export CROSSTUNE_YAHPO=FOLDER      # of YAHPO's data; not needed for digits, photo and trees
    python -m crosstune.benchmarks.research.curves.savings run --out runs/savings.jsonl
    python -m crosstune.benchmarks.research.curves.savings table runs/savings.jsonl
    python -m crosstune.benchmarks.research.curves.savings figure runs/savings.jsonl savings.svg
    python -m crosstune.benchmarks.research.curves.savings pack runs/savings.jsonl packed.json.xz

`run` replays studies of 60 configurations on learning curves and prints the table. By default these
are LCBench's 17 sets for development, 8 seeds, Optuna's TPE, every baseline and every scheduler: an
hour of one core. Each finished study is a line of `--out`, and the same command goes on from there.
`table` and `figure` read such files, packed ones too, and need no data.

Every method also runs as `none`, every trial to the end: the losses are relative to it.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from crosstune.benchmarks.research.curves import losses, methods, sets, stored_savings
from crosstune.benchmarks.research.curves.grids import GRIDS
from crosstune.benchmarks.research.curves.stored_savings import Savings, SavingsPlan
from crosstune.errors import CrosstuneError, RequestError, no_such
from crosstune.presentation.numbers import counted

LIBRARIES = ("crosstune", "optuna", "hyperopt", "keras-tuner")
GROUPS = {"development": sets.development, "own": lambda: list(GRIDS)}
ONCE = "These sets are for one run, after every choice is made. It is being made now."


def chosen(names: Sequence[str], frozen: bool) -> list[str]:
    """The sets by the names and groups of the command line.

    Args:
        names: of sets, and keys of `GROUPS`.
        frozen: the frozen ones instead.

    Raises:
        RequestError: a frozen set is named without `frozen`.
    """
    if frozen:
        return sets.frozen()
    listed = [name for group in names for name in GROUPS.get(group, lambda g=group: [g])()]
    for name in listed:
        if sets.is_frozen(name):
            raise RequestError(f"{name} is not for development: it belongs to the run --frozen.")
    return list(dict.fromkeys(listed))


def run(savings: Savings, plans: Sequence[SavingsPlan], jobs: int, out: Path | None) -> None:
    """Carry out the plans that are not among the studies, and add them.

    Args:
        savings: gets the studies.
        plans: all that are wanted.
        jobs: processes; 1 runs in this one.
        out: the file that gets a line per study.
    """
    for name in dict.fromkeys(plan[0] for plan in plans):
        if name not in savings.scales:
            savings.scales[name] = sets.scale(sets.curve_set(name))
            if out is not None:
                stored_savings.append(out, stored_savings.scale_record(name, savings.scales[name]))
    left = [plan for plan in plans if plan not in savings.runs]
    work = partial(_study, trials=savings.trials)
    if jobs == 1:
        _collect(map(work, left), savings, len(left), out)
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            _collect(pool.imap_unordered(work, left), savings, len(left), out)


def _collect(
    finished: Iterable[tuple[SavingsPlan, methods.SavingsResult]],
    savings: Savings,
    count: int,
    out: Path | None,
) -> None:
    for over, (plan, result) in enumerate(finished, 1):
        savings.runs[plan] = result
        if out is not None:
            stored_savings.append(out, stored_savings.run_record(plan, result))
        print(f"\r{over} of {count} studies", end="", file=sys.stderr, flush=True)
    if count:
        print(file=sys.stderr)


def _study(plan: SavingsPlan, trials: int) -> tuple[SavingsPlan, methods.SavingsResult]:
    name, engine, method, seed = plan
    return plan, methods.study(sets.curve_set(name), engine, method, seed, trials)


def tables(
    savings: Savings, engines: Sequence[str], listed: Sequence[str], against: str | None
) -> Iterator[str]:
    """The lines of a table per engine, with what was measured on what.

    Args:
        savings: the studies.
        engines: those with a table.
        listed: the methods; all that there are, if empty.
        against: the method that the others are compared with.
    """
    for engine in engines:
        of = _losses(savings, engine, listed, against)
        yield ""
        yield from losses.table(of)
        yield (
            f"\n{counted(len(of.sets), 'set')}, {counted(len(of.seeds), 'seed')}, "
            f"{savings.trials} configurations, "
            f"95 % intervals; python {platform.python_version()}, {savings.versions}"
            + (f"; the difference is to {against}" if against else "")
        )


def _losses(
    savings: Savings, engine: str, listed: Sequence[str], against: str | None = None
) -> losses.EngineLosses:
    there = dict.fromkeys(method for _, of, method, _ in savings.runs if of == engine)
    return losses.losses(savings.runs, savings.scales, engine, list(listed or there), against)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="savings",
        description=f"{__doc__}\n{methods.__doc__}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    replayed = commands.add_parser("run", help="replay studies and print the tables")
    replayed.add_argument(
        "--sets",
        nargs="+",
        default=["development"],
        metavar="SET",
        help="development (LCBench's 17 sets for it; the default), own (digits, photo, trees), or "
        "names such as lcbench/3945 and lcbench/3945/val_cross_entropy",
    )
    replayed.add_argument(
        "--frozen",
        action="store_true",
        help="LCBench's other 17 sets instead. This is meant to be run once, with --out, after "
        "every constant is chosen: who looks at these sets earlier has nothing left to judge by",
    )
    replayed.add_argument(
        "--ablation",
        choices=methods.ABLATIONS,
        help="methods that differ in what the engine is told of unfinished trials, in the first "
        "rung, in the share or in the number of finalists",
    )
    replayed.add_argument("--seeds", type=int, default=8, help="how many (8)")
    replayed.add_argument("--first-seed", type=int, default=1, help="they count from it (1)")
    replayed.add_argument("--trials", type=int, default=60, help="configurations of a study (60)")
    replayed.add_argument("--jobs", type=int, default=1, help="processes (1)")
    replayed.add_argument("--out", type=Path, help="a file that keeps each study, to go on from")
    tabled = commands.add_parser("table", help="print the tables of stored studies")
    figured = commands.add_parser("figure", help="draw share against loss, .svg or .png")
    packed = commands.add_parser("pack", help="several files as one small one")
    for command in (tabled, figured, packed):
        command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for command in (figured, packed):
        command.add_argument("target", type=Path)
    for command in (replayed, tabled, figured):
        command.add_argument(
            "--engines",
            nargs="+",
            default=[losses.TPE],
            metavar="ENGINE",
            help=f"of {', '.join(methods.ENGINES)} ({losses.TPE})",
        )
        command.add_argument(
            "--methods",
            nargs="+",
            default=[],
            metavar="METHOD",
            help='such as curve, "i-epoch epochs=5" (baselines and schedulers, or what is stored)',
        )
    for command in (replayed, tabled):
        command.add_argument("--against", metavar="METHOD", help="compare the others with it")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    """Run, or show what was run."""
    parser = _arguments()
    options = parser.parse_args(words)
    try:
        _carry_out(options)
    except CrosstuneError as error:
        parser.exit(2, f"error: {error}\n")


def _carry_out(options: argparse.Namespace) -> None:
    for engine in getattr(options, "engines", ()):
        if engine not in methods.ENGINES:
            raise RequestError(no_such("engine", engine, methods.ENGINES))
    if options.command == "run":
        savings = _replay(options)
    else:
        savings = stored_savings.merge(stored_savings.read(file) for file in options.files)
    if options.command == "pack":
        stored_savings.pack(savings, options.target)
    elif options.command == "figure":
        from crosstune.benchmarks.research.curves import figure

        figure.draw(
            [_losses(savings, engine, options.methods) for engine in options.engines],
            options.target,
        )
    else:
        print("\n".join(tables(savings, options.engines, options.methods, options.against)))


def _replay(options: argparse.Namespace) -> Savings:
    if options.seeds < 1 or options.jobs < 1 or options.trials < 5:
        raise RequestError("a study needs 5 trials or more, and a run 1 seed and 1 job")
    if options.frozen and options.out is None:
        raise RequestError("--frozen is meant to be run once: keep what it finds with --out FILE.")
    names = chosen(options.sets, options.frozen)
    if options.frozen:
        print(ONCE, file=sys.stderr)
    listed = [losses.WHOLE, *options.methods, *methods.ABLATIONS.get(options.ablation, ())]
    if len(listed) == 1:
        listed += [*methods.BASELINES, *methods.SCHEDULED]
    listed = list(dict.fromkeys(listed))
    for method in listed:
        methods.parse(method)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    plans = [
        (name, engine, method, seed)
        for seed in seeds
        for name in names
        for engine in options.engines
        for method in listed
    ]
    # One line a study, that its scheduler is not native, would hide the progress.
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    savings = stored_savings.begin(options.out, versions, options.trials)
    run(savings, plans, options.jobs, options.out)
    wanted = set(plans)
    savings.runs = {plan: result for plan, result in savings.runs.items() if plan in wanted}
    return savings


if __name__ == "__main__":
    main()

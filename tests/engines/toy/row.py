"""The engine's row in the registry; it imports nothing of the engine."""

from __future__ import annotations

from crosstune.engines.row import Dialect, EngineRow, Format

ROW = EngineRow(
    name="toy",
    adapter="tests.engines.toy.adapter:ToyAdapter",
    libraries=("tests.engines.toy.library",),
    dialects=(Dialect("toy", "tests.engines.toy.objective:prepare", parameter="point"),),
    formats=(
        Format(
            "toy",
            write="tests.engines.toy.exporting:write_file",
            read="tests.engines.toy.importing:read_file",
        ),
    ),
    space_type="tests.engines.toy.library:Board",
    space_reader="tests.engines.toy.native_space:ToySpace",
    takeover="tests.engines.toy.takeover:take_over",
    by_hand="tests.engines.toy.by_hand:search",
    learners={"random": (), "climb": (), "bayesian": ()},
)

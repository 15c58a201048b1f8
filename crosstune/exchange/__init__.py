"""Write studies for other libraries, and read other libraries' searches into a study."""

from __future__ import annotations

from crosstune.exchange.earlier_paths import to_hyperopt
from crosstune.exchange.formats import export_study, exports, import_study, imports
from crosstune.exchange.study_data import IMPORTED, Contents, read_study, write_study

__all__ = [
    "IMPORTED",
    "Contents",
    "export_study",
    "exports",
    "import_study",
    "imports",
    "read_study",
    "to_hyperopt",
    "write_study",
]

"""A search as scikit-learn writes it, `GridSearchCV` with any engine in it."""

from __future__ import annotations

from crosstune.errors import MissingLibrary

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise MissingLibrary(
        'SearchCV needs scikit-learn, which is not installed: pip install "crosstune[scikit-learn]"'
    ) from error

from crosstune.search_cv.estimator import SearchCV

__all__ = ["SearchCV"]

"""`SearchCV`: scikit-learn's `GridSearchCV` on any engine."""

from __future__ import annotations

from crosstune.system.extras import needing

with needing("SearchCV", "crosstune[scikit-learn]", "sklearn"):
    from crosstune.integrations.search_cv.estimator import SearchCV

__all__ = ["SearchCV"]

"""How Sphinx makes the site from these pages.

python -m sphinx -W -n docs site
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import crosstune

project = "crosstune"
author = "the crosstune authors"
release = version = crosstune.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "generate",
]
exclude_patterns = ["generate"]
html_theme = "pydata_sphinx_theme"
html_title = "crosstune"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "show_prev_next": True,
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": []}

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "attrs_block"]

# Docstrings write code in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
# Signatures stay on one line: on several they would be definition lists without terms, which
# screen readers do not take.
nitpick_ignore_regex = [
    # The types of other libraries, and our own in an annotation that no page describes.
    # `generate.api.report_missing` sees that each public name has an entry.
    ("py:.*", r"(?!crosstune\b).*"),
    ("py:class", r"crosstune\..*"),
]

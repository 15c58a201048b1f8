"""`python -m crosstune`."""

from crosstune.cli import main

main()

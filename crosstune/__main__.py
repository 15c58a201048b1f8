"""`python -m crosstune`."""

from crosstune.cli.main import main

main()

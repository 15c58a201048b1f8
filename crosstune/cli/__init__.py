"""The subcommands whose work is more than a call, one a file."""

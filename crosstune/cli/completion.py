"""`crosstune completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Print the script that completes commands in a SHELL.",
    epilog="""
\b
Once, for new shells:
  crosstune completion bash \\
    > ~/.local/share/bash-completion/completions/crosstune
  crosstune completion zsh > "${fpath[1]}/_crosstune"
  crosstune completion fish > ~/.config/fish/completions/crosstune.fish

\b
For this shell alone:
  eval "$(crosstune completion bash)"
""",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a SHELL completes crosstune's commands and options."""
    kind = get_completion_class(shell)
    assert kind is not None
    group = context.find_root().command
    # click's `source` also runs bash to check its version, which need not be the user's shell.
    made = kind(group, {}, "crosstune", "_CROSSTUNE_COMPLETE")
    click.echo(made.source_template % made.source_vars())

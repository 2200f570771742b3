"""`python -m supervisor`: the command line, and nothing else."""

from supervisor.cli import run

run()

"""`python -m board`: the command line, and nothing else."""

from board.cli import run

run()

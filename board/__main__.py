"""`python -m board`: the command line, and nothing else."""

import sys

from board.cli import main

sys.exit(main())

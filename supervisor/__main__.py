"""`python -m supervisor`: the command line, and nothing else."""

import sys

from supervisor.cli import main

sys.exit(main())

"""Regular expressions, compiled at their first use: a command that writes one line pays only for what it needs."""

import re
from functools import cache
from typing import Final

compiled: Final = cache(re.compile)

"""The templates that are shipped with us: names and texts. Knows nothing of what they mean.

They stand in the package in an installed wheel, beside it in a checkout. `importlib.resources` answers the same
question but costs a hot command 12 ms, so it is asked only where the package is no folder (an import from a zip file).
"""

from __future__ import annotations

import os

from board.errors import BoardError


def template_text(name: str) -> str:
    """The text of a template such as `boards/init.yaml`. Raises BoardError when there is none of that name."""
    folder = _folder()
    try:
        if folder is None:
            from importlib.resources import files

            return files("board").joinpath("templates", *name.split("/")).read_text("utf-8")
        with open(os.path.join(folder, *name.split("/")), encoding="utf-8") as file:
            return file.read()
    except OSError:
        raise BoardError(f'the template "{name}" is missing', "install crewboard again") from None


def template_names(folder: str) -> list[str]:
    """What there is in a folder of templates (`agents`, `boards`), sorted; nothing where there is no such folder."""
    top = _folder()
    try:
        if top is None:
            from importlib.resources import files

            return sorted(entry.name for entry in files("board").joinpath("templates", folder).iterdir())
        return sorted(name for name in os.listdir(os.path.join(top, folder)) if not name.startswith("."))
    except OSError:
        return []


def _folder() -> str | None:
    package = os.path.dirname(os.path.abspath(__file__))
    beside = os.path.join(os.path.dirname(package), "templates")
    return next((path for path in (os.path.join(package, "templates"), beside) if os.path.isdir(path)), None)

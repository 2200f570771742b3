"""The parts of `board.merge`: what stays of a task (`rules`), of the list (`plan`), how it is written (the others)."""

"""What may happen to a task: each command as a pure function from a request to `Change`, or to `Refused` with why."""

from board.moves.ask import Ask, Change, Outcome, Reason, Refused, Told
from board.moves.homing import may_merge, merged
from board.moves.leases import claim, next_run, release, renew, start
from board.moves.words import approve, cancel, done, fail, reopen
from board.moves.work import advance, block, checkpoint, review, unblock

__all__ = [
    "Ask",
    "Change",
    "Outcome",
    "Reason",
    "Refused",
    "Told",
    "advance",
    "approve",
    "block",
    "cancel",
    "checkpoint",
    "claim",
    "done",
    "fail",
    "may_merge",
    "merged",
    "next_run",
    "release",
    "renew",
    "reopen",
    "review",
    "start",
    "unblock",
]

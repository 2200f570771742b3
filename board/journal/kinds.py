"""The closed list of what may happen: one table, from which the docs are made. It says nothing of how it is written."""

from typing import Final, Literal, NamedTuple, TypeAlias

Level: TypeAlias = Literal["info", "warn", "error"]
LEVELS: Final[tuple[Level, ...]] = ("info", "warn", "error")  # the least first


class EventKind(NamedTuple):
    """One kind of event; `fields` are its own, in the order in which a line has them."""

    level: Level
    doc: str
    fields: tuple[str, ...] = ()


# What a decision of the law says besides its rule: what was seen, by what and when; what it comes to; and the case as
# `supervisor.case` writes it, from which it can be decided again. None of the case is for people.
CASE: Final = "case_"
_DECIDED: Final = (
    *("seen", "source", "seen_at", "outcome"),
    *("case_v", "case_now_s", "case_status", "case_is_command", "case_is_resumable", "case_has_gate"),
    *("case_restarts_on_stall", "case_doing", "case_limit_s", "case_ending"),
    *("case_loop_lines_count", "case_loop_times_count", "case_agent_rule", "case_agent_source", "case_ends_in_s"),
    *("case_is_approved", "case_has_done_if", "case_has_checkpoint", "case_settles_on_exit"),
    *("case_claim_token", "case_is_ours", "case_attempt_token"),
    *("case_verdict", "case_pid", "case_lingering_count", "case_exit", "case_dead_for_s"),
    *("case_started_for_s", "case_stale", "case_restarts_for_s", "case_ended_for_s", "case_last_exit"),
    *("case_done_if", "case_drift", "case_progress", "case_limited_in_s", "case_login_refused"),
    *("case_slot_in_s", "case_draw"),
    *("case_grace_s", "case_intensity", "case_period_s", "case_backoff_s", "case_backoff_factor"),
    *("case_backoff_cap_s", "case_stale_allowed"),
)
_PANE: Final = ("pid", "pane")
_TURN: Final = ("source", "ended_at", "asked_at")
_EDITED: Final = ("changed_count", "added_count", "removed_count")
_BOARD: Final[dict[str, EventKind]] = {
    "board_created": EventKind("info", "A board file was made.", ("path",)),
    "task_added": EventKind("info", "A task was put on the board.", ("title", "status", "agent")),
    "task_claimed": EventKind("info", "A holder was granted a lease.", ("ttl_s", "expires_at")),
    "claim_renewed": EventKind("info", "A lease was made longer by its holder.", ("expires_at",)),
    "claim_released": EventKind("info", "A holder gave its claim back.", ("status",)),
    "claim_expired": EventKind("warn", "A lease passed its expiry.", ("holder", "expires_at", "expired_for_s")),
    "task_started": EventKind("info", "Work on a task began."),
    "checkpoint_recorded": EventKind("info", "A point to go on from was recorded.", ("commit", "note")),
    "step_advanced": EventKind("info", "A worker said that its step is over.", ("to_step", "note")),
    "task_blocked": EventKind("warn", "A task waits for something named.", ("on",)),
    "task_unblocked": EventKind("info", "What a task waited for is there.", ("on", "blocked_for_s")),
    "step_approved": EventKind("info", "A person let a gated step start once.", ("note",)),
    "review_requested": EventKind(
        "info", "A worker says done; a person has not agreed yet.", ("note", "commit", "forced")
    ),
    "task_done": EventKind(
        "info", "The definition of done held, or was overruled.", ("commit", "note", "worked_for_s", "forced")
    ),
    "task_merged": EventKind(
        "info", "A task's branch was brought home.", ("commit", "into_branch", "was", "how", "commits_count")
    ),
    "task_failed": EventKind("error", "A task was given up."),
    "task_cancelled": EventKind("info", "A task is not wanted any more."),
    "task_reopened": EventKind("info", "A finished task is to be worked on again.", ("status_was",)),
    "write_refused": EventKind(
        "warn",
        "A writer whose token is stale was refused; what it wanted to say is kept here.",
        ("command", "said", "commit", "held_by", "held_token"),
    ),
    "item_snoozed": EventKind("info", "A person put off what needs somebody.", ("item", "until_at")),
    "item_returned": EventKind("info", "A person brought back what was put off.", ("item",)),
    "board_edited": EventKind(
        "info",
        "The file changed by hand.",
        ("rev", "rev_was", *_EDITED),
    ),
    "board_restored": EventKind("warn", "An older version was brought back.", ("rev", "rev_was", "restored")),
    "board_merged": EventKind(
        "warn",
        "A hand edit met newer records: what came from whom, and each value that did not stay.",
        ("rev", "rev_was", "theirs", "ours", "clashes_count", "clashes", "kept", *_EDITED),
    ),
    "ports_granted": EventKind("info", "A task was given ports of its own.", ("ports",)),
    "port_moved": EventKind(
        "warn",
        "Somebody else has a task's port: the task was given another one.",
        ("port_name", "port", "port_was", "taken_by"),
    ),
    "done_check_passed": EventKind(
        "info", "A check of the definition of done held.", ("check", "exit_status", "took_s")
    ),
    "worktree_parked": EventKind(
        "info", "Uncommitted work of a tree was kept in the repository.", ("path", "branch", "commit", "files_count")
    ),
    "worktree_unparked": EventKind("info", "Parked work came back into a tree.", ("path", "commit", "conflicts_count")),
    "worktree_removed": EventKind(
        "info",
        "A task's tree was removed; nothing of it was lost.",
        ("path", "branch", "commit", "forced", "branch_deleted"),
    ),
    "done_check_failed": EventKind(
        "warn", "The definition of done did not hold.", ("check", "exit_status", "output", "took_s")
    ),
}

_SUPERVISOR: Final[dict[str, EventKind]] = {
    "supervisor_started": EventKind("info", "A supervisor took the board.", ("pid", "version", "dry_run")),
    "supervisor_stopped": EventKind("info", "A supervisor let the board go.", ("pid", "ran_for_s", "workers_count")),
    "supervisor_adopted": EventKind("info", "What ran already was taken over.", ("pid", "workers_count")),
    "supervisor_refused": EventKind("error", "Another supervisor has the board.", ("pid", "held_by_pid")),
    "board_reloaded": EventKind("info", "The board changed and was read again.", ("rev", "tasks_count", "took_s")),
    "board_broken": EventKind(
        "error",
        "The file can't be used; the last good board is kept.",
        ("path", "line", "column", "problem", "problems_count"),
    ),
    "board_recovered": EventKind("info", "A broken file can be used again.", ("rev", "broken_for_s")),
    "worker_started": EventKind(
        "info",
        "A worker's first attempt at a step began.",
        ("pid", "pane", "agent", "commit", "prompt", "conversation", *_DECIDED),
    ),
    "worker_restarted": EventKind(
        "info",
        "A dead worker was started again.",
        ("pid", "pane", "agent", "commit", "waited_s", "prompt", "conversation", *_DECIDED),
    ),
    "worker_adopted": EventKind("info", "A running worker was taken over.", ("pid", "pane", "ran_for_s")),
    "worker_died": EventKind(
        "warn",
        "A worker was proved dead.",
        ("pid", "pane", "exit_status", "signal", "meaning", "ran_for_s", "last_line"),
    ),
    "worker_stalled": EventKind(
        "warn",
        "A living worker showed neither output nor CPU for too long.",
        ("pid", "pane", "source", "sure", "stalled_at", "quiet_for_s", "cpu_s"),
    ),
    "loop_seen": EventKind(
        "warn",
        "A living worker says the same again and again, without progress.",
        ("pid", "pane", "source", "sure", "looped_at", "repeated_for_s", "lines_count", "times_count", "line"),
    ),
    "worker_resumed": EventKind(
        "info",
        "A worker that had stalled, looped or needed a person moves on.",
        ("pid", "pane", "source", "sure"),
    ),
    "agent_asked": EventKind(
        "warn", "A living agent waits for an answer.", ("pid", "pane", "source", "sure", "asked_at", "question")
    ),
    "agent_limited": EventKind(
        "warn",
        "A living agent is at its usage limit, until `until_at` if it named that.",
        ("pid", "pane", "source", "sure", "limited_at", "until_at"),
    ),
    "agent_failed": EventKind(
        "warn",
        "A living agent gave up: its login or its service refused it.",
        ("pid", "pane", "source", "sure", "failed_at", "said"),
    ),
    "agent_signal_seen": EventKind(
        "info",
        "An agent's hook said that it does something else now; what it asks is told by `agent_asked`.",
        ("agent", "state", "state_was", "source", "detail", "part", "session", "background_count"),
    ),
    "agent_nudged": EventKind(
        "info",
        "An agent that stopped its turn was asked, once, to finish, checkpoint or block.",
        (*_PANE, *_TURN),
    ),
    "agent_briefed": EventKind(
        "info",
        "An agent that went on with its conversation was typed its brief, which it can't be given at its start.",
        (*_PANE, *_TURN),
    ),
    "agent_continued": EventKind(
        "info", "A living agent was told that its usage limit is over.", (*_PANE, *_TURN, "until_at")
    ),
    "nudge_undelivered": EventKind(
        "warn",
        "A living agent was to be asked or told something, and it did not come through.",
        (*_PANE, *_TURN, "until_at", "tries_count", "next_at"),
    ),
    "turn_unfinished": EventKind(
        "warn",
        "A living agent stopped again without progress, or can't be asked: it needs a person.",
        (*_PANE, *_TURN, "until_at"),
    ),
    "agent_signal_ignored": EventKind(
        "warn",
        "A hook's signal says nothing about the worker, or can't be read: once for each reason.",
        ("agent", "problem"),
    ),
    "agent_signals_dropped": EventKind(
        "warn", "More signals waited than are kept: those that tell the least are gone.", ("dropped_count",)
    ),
    "worker_stopped": EventKind(
        "info", "A worker was ended on purpose.", ("pid", "pane", "signal", "grace_s", *_DECIDED)
    ),
    "worker_superseded": EventKind(
        "warn", "A worker lost its claim and was ended.", ("pid", "pane", "held_by", "held_token", *_DECIDED)
    ),
    "worker_output_captured": EventKind(
        "info", "A worker's output was kept, redacted.", ("path", "lines_count", "size_bytes", "dropped_bytes")
    ),
    "output_dropped": EventKind(
        "warn", "Output of a worker is not in its log: for `why`, since `first_at`.", ("dropped_bytes", "first_at")
    ),
    "sink_started": EventKind("info", "A reader of the workers' output began.", ("pid",)),
    "sink_died": EventKind(
        "warn",
        "The reader of the workers' output ended or stuck: another one is started, or (`outcome`) none.",
        ("pid", "problem", "outcome"),
    ),
    "step_settled": EventKind("info", "A step is over.", ("exit_status", "ran_for_s", "next_step", *_DECIDED)),
    "step_held": EventKind("warn", "A step waits for a person.", ("item", "exit_status", "signal", "meaning")),
    "decision_made": EventKind("info", "Another rule decides for a task now.", ("rule_was", "next_at", *_DECIDED)),
    "look_failed": EventKind("warn", "A look could not tell.", ("source", "problem", "failures_count")),
    "scope_refused": EventKind(
        "warn", "systemd gave tmux's server no scope of its own: it was started in ours.", ("problem",)
    ),
    "mass_death_seen": EventKind(
        "error", "Most workers died together: one incident.", ("dead_count", "workers_count", "within_s")
    ),
    "orphan_ended": EventKind("warn", "A process without a task was ended.", ("pid", "pane", "signal", *_DECIDED)),
    "reservation_failed": EventKind(
        "warn", "A task's ports can't be reserved for it: only what listens already is kept clear of.", ("problem",)
    ),
    "drift_seen": EventKind(
        "warn", "A task's tree does not agree with the board, or a tree has no task.", ("kind", "detail", "remedy")
    ),
    "drift_ended": EventKind("info", "A drift is over.", ("kind", "drifted_for_s")),
    "worktree_created": EventKind("info", "A task got its own tree.", ("path", "branch", "base", "took_s", "warnings")),
    "setup_started": EventKind("info", "A setup command of a worktree began, in its task's pane.", ("command", *_PANE)),
    "setup_ended": EventKind("info", "A setup command succeeded.", ("command", *_PANE, "exit_status", "took_s")),
    "setup_failed": EventKind(
        "error",
        "A setup command failed; its task waits for `setup`.",
        ("command", *_PANE, "exit_status", "signal", "took_s"),
    ),
    "redaction_weakened": EventKind(
        "warn",
        "A rule of the board's own, or a file of known values, isn't used as it was meant.",
        ("path", "problem"),
    ),
    "internal_error_seen": EventKind("error", "Something that nobody foresaw went wrong.", ("problem", "where")),
    "journal_dropped": EventKind("error", "Records could not be written.", ("dropped_count", "first_at")),
    "journal_trimmed": EventKind(
        "info",
        "Old segments of the journal were deleted.",
        ("limit", "deleted_count", "freed_bytes", "oldest", "newest"),
    ),
    "files_scrubbed": EventKind(
        "info",
        "Old files under `.board` were redacted again, by the rules of then.",
        ("files_count", "masked_count", "kinds", "in_use_count", "failed_count", "took_s"),
    ),
    "request_received": EventKind("info", "A person asked the supervisor for something.", ("request", "said")),
    "answer_given": EventKind(
        "info",
        "A person's answer reached its agent, or (`why`) did not.",
        ("request", "answer", "how", "delivered", "took_s", "text"),
    ),
    "write_failed": EventKind(
        "error",
        "The record can't be written (disk full, read-only): one incident; nothing starts until it can.",
        ("problem",),
    ),
    "write_recovered": EventKind("info", "The record can be written again.", ("problem", "failed_for_s")),
    "notification_sent": EventKind(
        "info", "Somebody was told of what needs a person.", ("way", "items_count", "late_s", "sent_count")
    ),
    "notification_failed": EventKind(
        "warn",
        "A message did not arrive: it is sent again at `next_at`, or (`outcome`) given up.",
        ("way", "items_count", "problem", "outcome", "next_at", "dropped_count"),
    ),
    "status_failed": EventKind("warn", "The status file could not be written.", ("problem",)),
    "would_act": EventKind("info", "A dry run says what it would do.", ("action", "next_at")),
}

EVENTS: Final[dict[str, EventKind]] = {**_BOARD, **_SUPERVISOR}

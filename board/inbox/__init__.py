"""What needs a person: items derived from the board, the supervisor's status and the journal. They are kept nowhere.

`item` says what one is and in which order they stand, `waiting` finds those that the record knows of, `alarms` those
that a supervisor saw, with what `agents` ask of whom (all pure); `scene` reads what they are found in, `snoozes` keeps
which of them somebody put off.
"""

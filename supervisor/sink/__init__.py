"""The reader of all workers' output: from what panes are piped into to `.board/output/<task>.log`, redacted.

    pipe --bytes--> intake --pieces--> rows --lines--> redactor --text--> outlog

One process a board (`reader`), started and found again by the supervisor (`recorder`). It decides nothing.
"""

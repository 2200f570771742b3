"""Telling people of what needs them. The inbox is the truth, messages are a courtesy: losing one loses nothing.

`plan` decides who is told of what and when (pure), `message` words it (pure), `queue` keeps it on disk, `ways` are the
doors out, `sending` is what the separate sender process does, `bell` runs all that beside the supervisor's loop.
"""

"""Agents' own word on what they do: the hook that they call, the files that it leaves, and what the supervisor reads.

It answers nobody: who is asked for a permission, and what is typed, is decided elsewhere.
"""

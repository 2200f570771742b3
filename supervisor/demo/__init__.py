"""`supervisor demo`: six promises, each kept before your eyes by real workers in a scratch repository, then checked."""

from supervisor.demo.show import run

__all__ = ["run"]

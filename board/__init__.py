"""The contract: one hand-edited board file, its lock, its lifecycle and its journal."""

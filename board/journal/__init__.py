"""What happened, redacted: the one journal that both programs write. Imports nothing else of ours."""

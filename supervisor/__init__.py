"""The control plane: makes tmux panes agree with the board, and can always say why."""

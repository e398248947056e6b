"""What takes long, in real time: `python -m tests.soak` (make soak) writes build/soak.json."""

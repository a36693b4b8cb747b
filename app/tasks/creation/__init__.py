"""Creating a task: the use case, its row, and what a repeated create is answered."""

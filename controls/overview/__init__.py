"""Pages over several slices: home, tasks, one process; reads only."""

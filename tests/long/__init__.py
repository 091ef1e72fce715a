"""Full-length runs: commands that print their counts; the suite runs a short form of each."""

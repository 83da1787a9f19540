"""The shared runner: task files, runs, records, statistics and the leaderboard rendered from the records."""

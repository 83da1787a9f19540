"""What several tests share. Plain modules, by topic: no test is in here, and no test imports from another."""

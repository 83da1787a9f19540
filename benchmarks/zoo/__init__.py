"""Small networks trained here: one folder each with config.py, weights, recipe.json and training_log.jsonl."""

"""Training the network of a task's variant on that variant's own data, by a recipe of this project."""

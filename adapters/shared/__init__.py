"""What several families use: checkpoints and their keys, downloads, pictures, files of strangers, class names, intervals."""

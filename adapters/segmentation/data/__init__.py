"""DRIVE, generated retinas, and the masks of the generated scenes."""

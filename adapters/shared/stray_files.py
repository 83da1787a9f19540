"""Files that lie among data without being data: what systems and archivers leave behind, and words about the data."""

from pathlib import PurePosixPath

LEFT_BEHIND = ("thumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r", "$recycle.bin", "system volume information")
WORDS = (
    ".txt",
    ".md",
    ".rst",
    ".pdf",
    ".html",
    ".htm",
    ".doc",
    ".docx",
    ".rtf",
    ".bib",
    ".csv",
    ".tsv",
    ".json",
    ".xml",
    ".yml",
    ".yaml",
    ".md5",
    ".sha1",
    ".sha256",
    ".log",
    ".py",
    ".m",
    ".sh",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".mtl",
)
TITLES = ("readme", "license", "licence", "copying", "changelog", "citation", "checksums", "sha256sums", "md5sums")


def is_left_behind(path):
    """Whether a part of a relative path is hidden (._a.npy, .DS_Store) or a system's own (__MACOSX, Thumbs.db)."""
    return any(part.startswith(".") or part.lower() in LEFT_BEHIND for part in PurePosixPath(path).parts)


def is_stray(path):
    """Whether a relative path was left behind by a system, or is named as a readme is."""
    path = PurePosixPath(path)
    return is_left_behind(path) or path.stem.lower() in TITLES and is_words(path)


def is_words(path):
    """Whether a name's extension is that of text or pictures about data, or it has none."""
    suffix = PurePosixPath(path).suffix.lower()
    return not suffix or suffix in WORDS

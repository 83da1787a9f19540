"""Files that lie among data without being data: what systems and archivers leave behind, and words about the data."""

from pathlib import PurePosixPath

LEFT_BEHIND = ("thumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r")
WORDS = (".txt", ".md", ".rst", ".pdf", ".html", ".htm", ".doc", ".docx", ".rtf", ".bib", ".csv", ".tsv", ".json", ".xml", ".yml",
         ".yaml", ".md5", ".sha1", ".sha256", ".log", ".py", ".m", ".sh", ".png", ".jpg", ".jpeg", ".gif", ".mtl")
TITLES = ("readme", "license", "licence", "copying", "changelog", "citation", "checksums", "sha256sums", "md5sums")


def is_stray(path):
    """Whether a relative path is hidden (._a.npy, .DS_Store), in an archiver's folder (__MACOSX), or named as a readme is."""
    path = PurePosixPath(path)
    left = any(part.startswith(".") or part.lower() in LEFT_BEHIND for part in path.parts)
    return left or path.stem.lower() in TITLES and is_words(path)


def is_words(path):
    """Whether a name's extension is that of text or pictures about data, or it has none."""
    suffix = PurePosixPath(path).suffix.lower()
    return not suffix or suffix in WORDS

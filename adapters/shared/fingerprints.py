"""Hashes of what was scored and of what calibrated, for records: the same for the same samples in any order."""

import hashlib
import json


def of_entries(entries):
    """sha256 of entries such as (id, label, sha256 of the content)."""
    return hashlib.sha256(json.dumps(sorted(entries)).encode()).hexdigest()


def of_files(files, *more):
    """sha256 of file names, or (name, sha256 of its content) pairs, and whatever else identifies them."""
    return hashlib.sha256(json.dumps([sorted(files), more], sort_keys=True).encode()).hexdigest()

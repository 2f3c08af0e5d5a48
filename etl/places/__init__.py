"""Where files lie: on this machine, or at a URL that an fsspec library reads and writes.

The words of the package. A *place* is a path as the whole program knows it: a local `Path`, or a `UrlPath`, which is one too.
Whatever reads a file by a library of its own asks for its `local_copy` first; a local path is its own.
"""

from etl.places.pinned import pinned
from etl.places.scheme import is_url_text
from etl.places.url_path import UrlPath, is_flat, is_url, local_copy, place_of

__all__ = ["UrlPath", "is_flat", "is_url", "is_url_text", "local_copy", "pinned", "place_of"]

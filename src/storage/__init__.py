"""Files wherever they lie: paths of this machine, and URLs that fsspec knows."""

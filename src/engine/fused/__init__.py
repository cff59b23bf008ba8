"""The fast backend: weights transformed once, the same numbers with less work (spec: networks, section 8)."""

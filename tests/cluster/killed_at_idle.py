"""Imported before the tests that shall find a replica just killed."""

from .serving import replicas


def test_one_is_killed(shared):
    """What was made before it died is there for all tests that follow, which find one replica, then two again."""
    replicas()[0].kill()
    assert shared.client.get("/health").status_code == 200

"""The tests of the plain service's API, asked of replicas of Ray Serve, one of which is killed on the way."""

from tests.service import media
from tests.service.running import eventually
from tests.service.test_animate import *  # noqa: F403

from .serving import replicas


def test_one_is_killed_at_work(compact):
    """Its job is done by the other; what was made is still there; another replica takes its place."""
    before = compact.post(source=media.portrait()).json()
    numbers = [compact.job(source=media.portrait(), driving=media.template(60)) for _ in range(2)]
    eventually(lambda: all(compact.client.get(f"/jobs/{one}").json()["frames_done"] > 4 for one in numbers), 60)
    victim, other = replicas()
    victim.kill()
    victim.wait()
    assert compact.client.get(before["video_url"]).status_code == 200
    eventually(lambda: [compact.state(one) for one in numbers] == ["done", "done"], 120)
    for number in numbers:
        told = compact.client.get(f"/jobs/{number}").json()["result"]
        assert told["n_frames"] == 60 and compact.client.get(told["video_url"]).status_code == 200
    eventually(lambda: len(replicas()) == 2, 60)
    assert other.is_running()


def test_a_video_comes_back_afterwards(compact, places):
    test_a_video_comes_back(compact, places)  # noqa: F405

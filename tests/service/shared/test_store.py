"""Two services that share a folder of a store of S3's kind."""

import pytest

from src.config.service_options import ServiceOptions
from tests.s3 import BUCKET, bucket  # noqa: F401
from tests.service.fake import CONTENT
from tests.service.running import eventually, files_in
from tests.service.sharing import sharing

pytest.importorskip("s3fs")


def test_any_of_them_answers_for_all(bucket, fakes, monkeypatch):  # noqa: F811
    monkeypatch.setattr("src.service.shared.site._LOOK_SECONDS_AT_A_STORE", 0.1)
    with sharing(ServiceOptions(keep_minutes=1), fakes, f"s3://{BUCKET}/liveportrait") as (here, there):
        told = here.post().json()
        assert there.client.get(f"/jobs/{told['id']}").json()["result"] == told
        answers = [run.client.get(told["video_url"]) for run in (here, there)]
        assert [answer.content for answer in answers] == [CONTENT, CONTENT]
        assert answers[0].headers["etag"] == answers[1].headers["etag"]
        fakes[0].go.clear()
        fakes[1].go.clear()
        numbers = [here.job(), here.job()]
        eventually(lambda: [there.state(one) for one in numbers] == ["running", "running"])
        here.service.jobs._keeper.stop()
        fakes[1].go.set()
        eventually(lambda: [there.state(one) for one in numbers] == ["done", "done"])
        fakes[0].go.set()
        eventually(lambda: here.service.jobs._worker.current is None)
        assert here.client.delete(f"/jobs/{told['id']}").status_code == 204
        assert there.client.get(told["video_url"]).status_code == 404
        there.service.jobs.expire()
        assert not [name for name in files_in(there.service.workspace.folder) if told["id"] in name]
        left = bucket.keys()
        assert not [key for key in left if told["id"] in key]
        bucket.stop()
        assert there.client.get(f"/jobs/{numbers[0]}").json()["error"]["code"] == "no_folder"

"""The program is stopped while it works."""

import signal
import subprocess
import sys

from playwright.sync_api import expect

from tests.apps.conftest import free_port
from tests.apps.media import D0, MONA_LISA, ROOT, upload


def test_a_run_ends_with_the_program(open_tab, tmp_path):
    port = free_port()
    command = [sys.executable, str(ROOT / "app.py"), "--model", "compact", "--server_port", str(port)]
    command += ["--gradio_temp_dir", str(tmp_path)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        while "the page is at" not in process.stderr.readline():
            assert process.poll() is None
        page = open_tab(f"http://127.0.0.1:{port}")
        upload(page, "#source-image", MONA_LISA)
        upload(page, "#driving-video", D0)
        expect(page.locator("#driving-video video")).to_be_visible()
        page.click("#animate")
        page.get_by_text("Animating -").first.wait_for(timeout=60_000)
    finally:
        for _ in range(2):  # some ask twice
            process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("stopped\n")
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())

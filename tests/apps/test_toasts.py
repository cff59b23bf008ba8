"""What goes wrong, said on the page."""

import inspect
import logging
import threading

import gradio as gr
import pytest

from src.apps.toasts import toasting
from src.errors import Cancelled, InputError, MissingFileError, NoFaceError, TemplateError
from src.motion.template import load_template

LOG = logging.getLogger("src.pipeline.anything")


def raising(error):
    def event(*args):
        raise error

    return toasting(event)


def toast(error):
    """The text of the toast for an error."""
    with pytest.raises(gr.Error) as caught:
        raising(error)()
    assert caught.value.__cause__ is error and not caught.value.print_exception
    return caught.value.message


def handlers():
    return list(logging.getLogger("src").handlers)


def test_what_goes_well_passes():
    @toasting
    def event(a, b=2, *, c):
        """Adds."""
        return a + b + c

    assert event(1, c=4) == 7 and event(1, 1, c=1) == 3
    assert event.__name__ == "event" and event.__doc__ == "Adds."
    assert list(inspect.signature(event).parameters) == ["a", "b", "c"]  # Gradio looks for its request there


@pytest.mark.parametrize("kind", [InputError, MissingFileError, NoFaceError, TemplateError])
def test_errors_that_can_be_mended(kind, caplog):
    assert toast(kind("no face found")) == "No face found"
    assert not caplog.records


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the source '/tmp/gradio/0a1b/my cat.jpg' is a video", "The source 'my cat.jpg' is a video"),
        ("'/a/b.jpg' and 'c/d/e.mp4' differ", "'b.jpg' and 'e.mp4' differ"),
        ("'b.jpg' is empty", "'b.jpg' is empty"),
        ("'/b.jpg' is empty", "'b.jpg' is empty"),
        ("the run's picture '/a/b.jpg' isn't there", "The run's picture 'b.jpg' isn't there"),
        ("use .mp4, or add a '/' if it is a folder", "Use .mp4, or add a '/' if it is a folder"),
        ("/tmp/gradio/0a1b/T.pkl: not a template", "T.pkl: not a template"),
        ("no template at /tmp/gradio/0a1b/t.pkl", "No template at t.pkl"),
        ("(/a/b.pkl)", "(b.pkl)"),
        ("see https://huggingface.co/KwaiVGI/LivePortrait", "See https://huggingface.co/KwaiVGI/LivePortrait"),
        ("give 30000/1001 or 25 frames/second", "Give 30000/1001 or 25 frames/second"),
        ("", ""),
    ],
)
def test_folders_of_this_machine_are_not_shown(message, shown):
    assert toast(InputError(message)) == shown


def test_a_template_that_is_none(tmp_path):
    path = tmp_path / "motion.pkl"
    path.write_bytes(b"nothing")
    with pytest.raises(gr.Error) as caught:
        toasting(load_template)(path)
    assert "otion.pkl" in caught.value.message and str(tmp_path) not in caught.value.message


def test_a_cancelled_run_changes_nothing(capsys):
    assert raising(Cancelled("the run was cancelled"))() == gr.skip()
    assert "Stopped" in capsys.readouterr().out  # Gradio prints what it has no page for


def test_our_own_faults_are_logged_and_not_told(caplog):
    error = ZeroDivisionError("a secret of /home/me")
    message = toast(error)
    assert "failed inside the program" in message and "secret" not in message
    (record,) = caplog.records
    assert record.levelname == "ERROR" and record.exc_info[1] is error


def test_toasts_of_an_event_stay_as_they_are(caplog):
    error = gr.Error("as it is: '/a/b'")
    with pytest.raises(gr.Error) as caught:
        raising(error)()
    assert caught.value is error and not caplog.records


def test_warnings_become_toasts(recwarn):
    @toasting
    def event():
        LOG.warning("'%s' shows %d faces", "/tmp/a/b.jpg", 2)
        LOG.error("that, too")
        LOG.info("not this")
        logging.getLogger("elsewhere").warning("not ours")
        return "done"

    assert event() == "done"
    # Gradio warns about what it has no page for
    assert [str(warning.message) for warning in recwarn] == ["'b.jpg' shows 2 faces", "That, too"]


def test_warnings_of_others_are_their_own(recwarn):
    @toasting
    def event(name, other):
        LOG.warning("%s begins", name)
        if other is not None:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        return name

    event("Anna", lambda: LOG.warning("nobody's"))
    assert [str(warning.message) for warning in recwarn] == ["Anna begins"]
    recwarn.clear()
    event("Clara", lambda: event("Ben", None))  # each one once, though both listen
    assert sorted(str(warning.message) for warning in recwarn) == ["Ben begins", "Clara begins"]


@pytest.mark.parametrize("error", [None, InputError("a"), Cancelled("b"), ValueError("c"), KeyboardInterrupt()])
def test_nobody_listens_afterwards(recwarn, error):
    before, during = handlers(), []

    @toasting
    def event():
        during.extend(handlers())
        if error is not None:
            raise error

    try:
        event()
    except (gr.Error, KeyboardInterrupt) as caught:
        assert error is not None and (caught is error or caught.__cause__ is error)
    assert len(during) == len(before) + 1 and handlers() == before
    LOG.warning("too late")
    assert not recwarn

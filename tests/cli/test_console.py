import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from src.cli import console as module
from src.cli.console import ProgressBars, run_and_report, run_command, start_logging
from src.errors import InputError, WeightsError

ROOT = Path(__file__).parents[2]


def test_the_result_is_the_last_line_on_stdout(capsys):
    assert run_and_report(lambda console: "a/b.mp4") == 0
    assert capsys.readouterr() == ("a/b.mp4\n", "")


def test_no_result(capsys):
    assert run_and_report(lambda console: None) == 0
    assert capsys.readouterr() == ("", "")


def failing(error):
    def action(console):
        raise error

    return action


def test_an_error_is_one_line(capsys):
    message = "a long message " * 20 + "[red]with[/red] brackets"
    assert run_and_report(failing(InputError(message))) == 1
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_names_with_control_characters_leave_an_error_one_line(capsys):
    assert run_and_report(failing(WeightsError("'größe\n2\x1b[2J\udce4.pth' is empty"))) == 1
    assert capsys.readouterr().err == "error: 'größe\\n2\\x1b[2J\\udce4.pth' is empty\n"


def test_ctrl_c(capsys):
    assert run_and_report(failing(KeyboardInterrupt())) == 130
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("stopped") and err.count("\n") == 1


def test_a_command_does_what_its_words_say(capsys):
    assert run_command(lambda words: ", ".join(words), lambda args, console: args.upper(), ["a", "b"]) == 0
    assert capsys.readouterr() == ("A, B\n", "")


def test_an_error_in_the_words_ends_the_command(capsys):
    def refuse(words):
        raise SystemExit(2)

    with pytest.raises(SystemExit):
        run_command(refuse, lambda args, console: "not reached", None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("script", ["benchmark.py", "export_onnx.py", "speed.py", "train.py"])
def test_nobody_has_to_read_all_of_the_help(script):
    command = [sys.executable, ROOT / script, "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()  # before it begins: what `| head` does sooner or later
    assert process.stderr.read() == "" and process.wait(60) == 0
    process.stderr.close()


def test_bugs_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run_and_report(failing(ZeroDivisionError()))


def test_log_lines_are_not_folded_and_not_markup(capsys):
    long = "word " * 60 + "[bold]x[/bold]"

    def action(console):
        logging.getLogger(f"{module.PACKAGE}.weights").info("%s", long)
        logging.getLogger(f"{module.PACKAGE}.weights").warning("take care")
        logging.getLogger("other").info("not shown")
        logging.getLogger("other").warning("shown")

    run_and_report(action)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.rstrip() for line in err.splitlines()] == [long, "warning: take care", "warning: shown"]


def test_logging_again_does_not_double_the_lines(capsys):
    for _ in range(2):
        start_logging(Console(stderr=True))
    logging.getLogger(module.PACKAGE).info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_progress_bars_show_stage_count_and_speed():
    text = io.StringIO()
    with ProgressBars(Console(file=text, width=100)) as progress:
        for done in range(4):
            progress("Reading", done, None)
        progress("Reading", 3, 3)
        for done in range(6):
            progress("Animating", done, 5)
    lines = text.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["Reading", "Animating"]
    assert "3/3" in lines[0] and "5/5" in lines[1] and "frames/s" in lines[1]


def test_without_a_stage_nothing_is_printed():
    text = io.StringIO()
    with ProgressBars(Console(file=text, width=100)):
        pass
    assert text.getvalue() == ""

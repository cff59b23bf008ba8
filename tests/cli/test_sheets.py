from src.cli.sheets import Sheet


def test_names_are_shown_as_they_are(capsys):
    """Square brackets are no markup, and colons no pictures."""
    names = ["[red]one[/red]", "[/two]", ":smile:", "a\\"]
    Sheet("of [bold]all[/bold]", ["method", "[/x]"], [[name, "1"] for name in names], ["[/note]"]).show()
    shown = capsys.readouterr().out
    for text in [*names, "of [bold]all[/bold]", "[/x]", "[/note]"]:
        assert text in shown


def test_bars_and_line_feeds_do_not_break_markdown():
    text = Sheet("t", ["a|b", "c"], [["x|y\nz", "1"]], ["n"]).markdown()
    assert text.splitlines() == ["### t", "", "| a\\|b | c |", "| --- | --- |", "| x\\|y z | 1 |", "", "n  "]

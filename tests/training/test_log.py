import csv

from src.training.log import CsvLog


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_means_of_so_many_steps(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=2)
    for step, value in enumerate([1.0, 3.0, 5.0, 7.0], 1):
        log.add(step, {"l1": value})
    assert [(row["step"], row["l1"]) for row in rows(tmp_path / "log.csv")] == [("2", "2"), ("4", "6")]


def test_a_term_that_begins_late_is_a_mean_of_its_own_steps(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=5)
    for step in range(1, 11):
        log.add(step, {"l1": 1.0} | ({"late": 1.0} if step >= 10 else {}))
    assert [(row["l1"], row["late"]) for row in rows(tmp_path / "log.csv")] == [("1", ""), ("1", "1")]


def test_what_is_left_is_written_at_the_end(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=50)
    log.add(1, {"l1": 1.0})
    log.add(2, {"l1": 2.0})
    log.flush()
    log.flush()
    assert [(row["step"], row["l1"]) for row in rows(tmp_path / "log.csv")] == [("2", "1.5")]


def test_large_steps_are_whole_numbers(tmp_path):
    log = CsvLog(tmp_path / "log.csv", every=1)
    log.add(12_345_678, {"l1": 1.0})
    assert rows(tmp_path / "log.csv")[0]["step"] == "12345678"


def test_a_resumed_run_takes_out_what_was_lost_and_keeps_the_rest(tmp_path):
    path = tmp_path / "log.csv"
    log = CsvLog(path, every=1)
    for step in range(1, 6):
        log.add(step, {"l1": float(step)})
    log = CsvLog(path, every=1, after=3)
    log.add(4, {"l1": 40.0, "late": 1.0})
    assert [(row["step"], row["l1"], row["late"]) for row in rows(path)] == [
        ("1", "1", ""),
        ("2", "2", ""),
        ("3", "3", ""),
        ("4", "40", "1"),
    ]


def test_a_fresh_run_has_a_fresh_log(tmp_path):
    path = tmp_path / "log.csv"
    CsvLog(path, every=1).add(1, {"l1": 1.0})
    CsvLog(path, every=1).add(1, {"l1": 2.0})
    assert [row["l1"] for row in rows(path)] == ["2"]

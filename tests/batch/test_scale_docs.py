"""What docs/scale.md says to copy can be used as it is."""

from __future__ import annotations

import copy
import re
import shlex
from pathlib import Path

import pytest
import yaml

from src.cli.batch import parse

TEXT = (Path(__file__).parents[2] / "docs/scale.md").read_text(encoding="utf-8")
CLUSTERS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


def commands() -> list[list[str]]:
    """The words behind the name of every command that does a batch."""
    shell = "\n".join(re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)).replace("\\\n", " ")
    found = re.findall(r"(?:python batch\.py|liveportrait-batch) ([^\"\n]*)", shell)
    return [shlex.split(words, comments=True) for words in found]


@pytest.mark.parametrize("config", CLUSTERS, ids=lambda config: config["provider"]["type"])
def test_clusters(config, monkeypatch):
    util = pytest.importorskip("ray.autoscaler._private.util")
    pytest.importorskip("jsonschema")
    prepared = util.prepare_config(copy.deepcopy(config))
    util.validate_config(prepared)
    known = set(util._get_default_config(config["provider"])) | {"min_workers"}
    assert set(config) <= known | {"head_node_type", "available_node_types", "max_workers", "provider"}
    setup = " ".join(prepared["head_setup_commands"] + prepared["worker_setup_commands"])
    assert "[gpu,scale]" in setup and "s3fs" in setup


def test_there_are_clusters_and_commands():
    assert [config["provider"]["type"] for config in CLUSTERS] == ["aws", "local"] and len(commands()) >= 2


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[-1])
def test_commands(words):
    command = parse(words)
    command.job.check()
    command.runner.check()
    assert command.runner.runner == "ray" and command.runner.gpus_per_actor == 1


def test_actors_fit_on_the_machines():
    """Otherwise none would ever begin."""
    runner = parse(commands()[-1]).runner
    gpu = CLUSTERS[0]["available_node_types"]["gpu"]
    assert gpu["resources"]["CPU"] >= runner.cpus_per_actor and gpu["resources"]["GPU"] >= runner.gpus_per_actor
    assert gpu["max_workers"] >= runner.actors and CLUSTERS[0]["max_workers"] >= runner.actors

"""The configuration of Ray Serve, without a cluster."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("ray.serve")

from ray.serve.schema import ServeDeploySchema

from src.cluster.deployment import DEPLOYMENT, build, options_of
from src.config.service_options import ServiceOptions
from src.errors import InputError

CONFIG = Path(__file__).parents[2] / "docs/serve.yaml"


def test_the_documented_configuration_is_one():
    config = ServeDeploySchema.model_validate(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))
    (application,) = config.applications
    assert [deployment.name for deployment in application.deployments] == [DEPLOYMENT]
    assert application.import_path == f"{build.__module__}:{build.__name__}"
    options = options_of(application.args)
    assert options.shared_folder and options.max_queue == 32
    build(application.args)


def test_options_are_those_of_serve_py():
    options = options_of({"shared_folder": "s3://b/x", "weights_dir": "/w", "allowed_hosts": ["a"], "max_seconds": 5})
    assert options == ServiceOptions(
        shared_folder="s3://b/x", weights_dir=Path("/w"), allowed_hosts=("a",), max_seconds=5
    )


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({}, "shared_folder is needed"),
        ({"shared_folder": "/x", "max_queu": 3}, "there is no option 'max_queu'; there are server_name, "),
        ({"shared_folder": "/x", "max_queue": "many"}, "max_queue is 'many'"),
        ({"shared_folder": "/x", "max_queue": 0}, "max_queue must be at least 1"),
        ({"shared_folder": "/x", "model": "large"}, "model is 'large'"),
        ({"shared_folder": 3}, "shared_folder is 3"),
        ({"shared_folder": "shared"}, "shared_folder is 'shared': replicas run anywhere"),
        ({"shared_folder": "/x", "weights_dir": "w"}, "weights_dir is 'w': replicas run anywhere"),
        ({"shared_folder": "/x", "folder": "/y"}, "folder cannot be given"),
        ({"shared_folder": "/x", "max_queue": True}, "max_queue is True"),
        ({"shared_folder": "s3://"}, "'s3://' names nothing"),
        ({"shared_folder": "/proc/none"}, "the shared folder '/proc/none' cannot be used: "),
    ],
)
def test_what_makes_no_sense_is_told(args, told):
    with pytest.raises(InputError) as raised:
        build(args)
    assert told in str(raised.value)

"""The service keeps to its own OpenAPI document, whatever it is sent."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from src.config.service_options import ServiceOptions

from . import media
from .fake import FakeAnimator
from .running import running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
EXAMPLES = 100  # an operation and kind of request
OPERATIONS = [
    ("/animate", "POST"),
    ("/templates", "POST"),
    ("/jobs/{id}", "GET"),
    ("/jobs/{id}", "DELETE"),
    ("/results/{name}", "GET"),
    ("/health", "GET"),
    ("/models", "GET"),
]


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    options = ServiceOptions(folder=tmp_path_factory.mktemp("service"), max_queue=50)
    with running(options, FakeAnimator()) as run:
        yield contract_of(run)
        assert run.client.get("/health").json()["status"] == "ok"


def contract_of(run):
    """The document of a running service, whose files are media half of the time."""
    good = [media.portrait(96), media.template(2), media.picture((32, 32)), media.clip(media.blank(2))]
    schemathesis.openapi.format("binary", st.one_of(st.sampled_from(good), st.binary(max_size=200)))
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{run.port}/openapi.json")


def loses_its_fault(values: object) -> bool:
    """Whether queries and forms cannot say what is wrong: a list of none is sent as nothing, of one as its item."""
    return isinstance(values, dict) and any(isinstance(value, list) and len(value) < 2 for value in values.values())


def check_all(operation, **settings_of_it) -> Counter[int]:
    """Send what the document allows, and check all answers; their statuses."""
    seen: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(**settings_of_it))
    def check(case) -> None:
        if loses_its_fault(case.query) or loses_its_fault(case.body):
            return
        response = case.call()
        seen[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    check()
    return seen


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_are_as_documented(contract, path, method):
    seen = check_all(contract[path][method], generation_mode=GenerationMode.POSITIVE)
    if method == "POST":
        assert {200, 202, 415} <= set(seen), seen


@pytest.mark.parametrize("path", ["/animate", "/templates"])
def test_what_is_not_documented_is_refused_as_documented(contract, path):
    seen = check_all(contract[path]["POST"], generation_mode=GenerationMode.NEGATIVE)
    assert set(seen) <= {400, 413, 415, 422}, seen

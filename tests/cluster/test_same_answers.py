"""The tests of the plain service's answers, asked of replicas of Ray Serve, one of which has just been killed."""

# ruff: noqa: F401
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config.service_options import ServiceOptions
from tests.cluster.killed_at_idle import test_one_is_killed
from tests.service.fake import FakeAnimator
from tests.service.running import Running
from tests.service.test_contract import (
    contract_of,
    test_answers_are_as_documented,
    test_what_is_not_documented_is_refused_as_documented,
)
from tests.service.test_docs import test_the_page_needs_nobody_else, test_the_start_leads_there
from tests.service.test_hosts import (
    test_a_foreign_name_reads_nothing,
    test_no_redirect_to_whatever_was_named,
    test_our_own_page_may_ask,
)
from tests.service.test_results import (
    test_a_file_that_somebody_removed,
    test_a_part,
    test_a_part_of_what_has_not_changed,
    test_models,
    test_no_such_part,
    test_only_what_jobs_made_is_served,
    test_pages_of_other_places_may_not_show_it,
    test_what_asks_for_no_part_gets_all,
    test_whole,
    url,
)

from .serving import served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(port: int, tmp_path_factory) -> Iterator[Running]:
    """Replicas with models that only pretend."""
    common: Path = tmp_path_factory.mktemp("common")
    with served(ServiceOptions(max_queue=50), common, port, lambda options: FakeAnimator()) as run:
        yield run


@pytest.fixture(scope="module")
def contract(shared):
    yield contract_of(shared)
    assert shared.client.get("/health").json()["status"] == "ok"

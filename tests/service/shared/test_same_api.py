"""The tests of the plain service's API, asked of two services in turn that share a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config.service_options import ServiceOptions
from tests.service.fake import FakeAnimator
from tests.service.running import Running
from tests.service.sharing import CommonPlaces, as_one, sharing
from tests.service.test_animate import *  # noqa: F403
from tests.service.test_contract import (  # noqa: F401
    contract_of,
    test_answers_are_as_documented,
    test_what_is_not_documented_is_refused_as_documented,
)
from tests.service.test_docs import test_the_page_needs_nobody_else, test_the_start_leads_there  # noqa: F401
from tests.service.test_results import (  # noqa: F401
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


@pytest.fixture(scope="module")
def places() -> CommonPlaces:
    return CommonPlaces()


@pytest.fixture(scope="module")
def compact(tmp_path_factory) -> Iterator[Running]:
    common: Path = tmp_path_factory.mktemp("common")
    options = ServiceOptions(model="compact", max_upload_mib=4, max_pixels=3_000_000, max_seconds=4)
    with sharing(options, [None, None], common) as runs, as_one(runs, common) as run:
        yield run


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Running]:
    common: Path = tmp_path_factory.mktemp("common")
    with sharing(ServiceOptions(), [FakeAnimator(), FakeAnimator()], common) as runs, as_one(runs, common) as run:
        yield run


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    common: Path = tmp_path_factory.mktemp("common")
    animators = [FakeAnimator(), FakeAnimator()]
    with sharing(ServiceOptions(max_queue=50), animators, common) as runs, as_one(runs, common) as run:
        yield contract_of(run)

"""The same as in ``test_openapi``, with many more requests, and with those that cover the document systematically.

They are made up when this file is collected, which takes seconds: see ``conftest``.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case

from tests.http.operations import document
from tests.http.test_openapi import check, each_operation_by_name, few
from tests.support.threaded import GatewayAccess

pytestmark = pytest.mark.slow

EXAMPLES = 100
schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@each_operation_by_name
@settings(few, max_examples=EXAMPLES)
def test_no_generated_request_causes_a_server_error_in_a_long_run(
    case: Case[Any], access: GatewayAccess, upstream: str
) -> None:
    check(case, access)

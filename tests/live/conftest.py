"""Shows the end of the log of each node that a failed test used."""

import pytest

from node import Node


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections.extend((f"log of the node in {node.folder}", node.log_tail()) for node in Node.running)
    return report

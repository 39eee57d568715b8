"""Environments on request, from the first event to the proof that nothing is left."""

from tests.integration.environments.conftest import Agent, Machine


def test_an_environment_is_made_works_and_is_removed_without_a_trace(
    agent: Agent, machine: Machine
) -> None:
    run = agent.request("ana-fix")
    assert agent.finish(run) == "succeeded", agent.reason(run)

    gone = agent.remove("ana-fix")

    assert agent.finish(gone) == "succeeded", agent.reason(gone)
    assert machine.names("qa_ana_fix") == []

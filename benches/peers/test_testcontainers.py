"""The list of scenarios as a user of testcontainers-python would write it. How it waits is set by its own variables."""

import json
import os
import urllib.request

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

with open(os.environ["PEERS_LIST"]) as file:
    LIST = json.load(file)


@pytest.mark.parametrize("scenario", LIST["scenarios"], ids=lambda scenario: scenario["name"])
def test_boots_and_answers(scenario):
    container = (
        DockerContainer(LIST["image"])
        .with_env("STUB_SCRIPT", scenario["script"])
        .with_exposed_ports(LIST["port"])
        .with_kwargs(labels={LIST["label"]: LIST["run"]})
        .waiting_for(HttpWaitStrategy(LIST["port"], "/").for_status_code(200))
    )
    with container:
        address = f"{container.get_container_host_ip()}:{container.get_exposed_port(LIST['port'])}"
        body = json.dumps(scenario["send"]).encode()
        request = urllib.request.Request(f"http://{address}/score", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
            assert json.load(answer) == scenario["send"]
        stdout, _ = container.get_logs()
        assert scenario["log"] in stdout.decode().splitlines()

"""The list of scenarios as a user of the Docker SDK for Python would write it, with a poll every 100 ms."""

import json
import os
import time
import urllib.error
import urllib.request

import docker
import pytest

with open(os.environ["PEERS_LIST"]) as file:
    LIST = json.load(file)
POLL = 0.1
DEADLINE = 60


@pytest.fixture(scope="session")
def client():
    client = docker.from_env()
    yield client
    client.close()


def wait_ready(url):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(POLL)
    pytest.fail(f"{url} was not ready within {DEADLINE} s")


@pytest.mark.parametrize("scenario", LIST["scenarios"], ids=lambda scenario: scenario["name"])
def test_boots_and_answers(client, scenario):
    port = f"{LIST['port']}/tcp"
    container = client.containers.run(
        LIST["image"],
        detach=True,
        environment={"STUB_SCRIPT": scenario["script"]},
        ports={port: None},
        labels={LIST["label"]: LIST["run"]},
    )
    try:
        container.reload()
        url = f"http://localhost:{container.ports[port][0]['HostPort']}"
        wait_ready(f"{url}/")
        body = json.dumps(scenario["send"]).encode()
        request = urllib.request.Request(f"{url}/score", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
            assert json.load(answer) == scenario["send"]
        assert scenario["log"] in container.logs(stdout=True, stderr=False).decode().splitlines()
    finally:
        container.remove(force=True, v=True)

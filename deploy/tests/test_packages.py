"""Installing packages starts no server, and leaves the machine's own rules as they were."""

import pytest

from chassis import servers
from deploy.local import packages, words


@pytest.fixture
def policy(tmp_path, monkeypatch):
    file = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", file)
    return file


def test_while_packages_are_installed_no_server_may_start(policy):
    with packages.no_server_starts():
        assert policy.read_text() == "#!/bin/sh\nexit 101\n"
        assert policy.stat().st_mode & 0o111

    assert not policy.exists()


def test_the_machines_own_policy_comes_back_even_after_a_failure(policy):
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o750)

    with pytest.raises(RuntimeError), packages.no_server_starts():
        raise RuntimeError("the archive is away")

    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.stat().st_mode & 0o777 == 0o750


def test_no_cluster_is_made_on_the_standard_port(tmp_path, monkeypatch):
    rule = tmp_path / "createcluster.d" / "linli.conf"
    monkeypatch.setattr(packages, "NO_MAIN_CLUSTER", rule)

    with packages.no_main_cluster():
        assert rule.read_text() == "create_main_cluster = false\n"

    assert not rule.exists()


def test_a_package_is_missing_when_its_program_is(monkeypatch):
    def no_broker():
        raise servers.MissingPackages("rabbitmq-server")

    monkeypatch.setattr(servers, "rabbitmq_server", no_broker)

    assert "rabbitmq-server" in packages.missing()


@pytest.mark.parametrize("chinese", [True, False])
def test_without_root_the_packages_are_named_and_docker_is_offered(tmp_path, monkeypatch, chinese):
    monkeypatch.setattr(words, "CHINESE", chinese)
    monkeypatch.setattr(packages, "missing", lambda _more: ["postgresql", "nginx"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(words.Failed) as failure:
        packages.ensure(tmp_path / "apt.log")

    assert "apt-get install -y postgresql nginx" in str(failure.value)
    assert "docker compose" in str(failure.value)

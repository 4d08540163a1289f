"""Settings as an operator meets them: mistakes are named, and `config show` says where each value comes from."""

import json

import pytest
import requests

from faults import complaints
from service import DEADLINE, assert_clear_error


@pytest.mark.parametrize("address", ["*:8080", ":8080", "0:8080"])
def test_an_address_that_does_not_say_which(own_service, address):
    for command in (["serve", "--listen", address], ["config", "check", "--listen", address]):
        result = own_service.writ(*command, status=1)
        assert "0.0.0.0:8080 or [::]:8080" in result.stderr


def test_a_misspelt_variable_is_warned_about(own_service):
    environment = {"WRIT_ACCESS_TOKEN_LIFTIME": "5m", "WRIT_PORT": "tcp://10.0.0.1:80"}
    result = own_service.writ("config", "check", environment=environment)
    assert "warning: WRIT_ACCESS_TOKEN_LIFTIME: " in result.stderr
    assert "did you mean WRIT_ACCESS_TOKEN_LIFETIME?" in result.stderr
    assert "WRIT_PORT" not in result.stderr
    own_service.start(**environment)
    assert any("WRIT_ACCESS_TOKEN_LIFETIME" in text for text in complaints(own_service))


def test_the_check_takes_the_options_of_serve(own_service):
    assert_clear_error(own_service.writ("config", "check", "--issuer", "https://a.example", status=1), "tls is not set")
    own_service.writ("config", "check", "--log-level", "debug", "--management", "off")
    assert "log_level" in own_service.writ("config", "check", "--log-level", "loud", status=1).stderr


def test_where_settings_come_from(own_service):
    environment = {"WRIT_ACCESS_TOKEN_LIFETIME": "5m"}
    show = ("config", "show", "--log-level", "debug")
    shown = json.loads(own_service.writ(*show, "--json", environment=environment).stdout)
    assert shown["issuer"] == {"value": own_service.issuer, "from": "writ.yaml:2"}
    assert shown["access_token.lifetime"] == {"value": "5m", "from": "WRIT_ACCESS_TOKEN_LIFETIME"}
    assert shown["log_level"] == {"value": "debug", "from": "--log-level"}
    assert shown["throttle.window"] == {"value": "1m", "from": "default"}
    assert shown["tls.certificate"] == {"value": None, "from": "default"}
    lines = own_service.writ(*show, environment=environment).stdout.splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "FROM"]
    assert ["access_token.lifetime", "5m", "WRIT_ACCESS_TOKEN_LIFETIME"] in [line.split() for line in lines]


def test_no_file_is_needed_if_variables_say_everything(own_service):
    """But one that is named must be there."""
    service = own_service
    (service.folder / "writ.yaml").unlink()
    listen, management = (text.partition("://")[2] for text in (service.issuer, service.management))
    environment = {"WRIT_ISSUER": service.issuer, "WRIT_LISTEN": listen, "WRIT_MANAGEMENT": management}
    assert "there is no such file" in service.writ("serve", status=1).stderr
    for named in ({"WRIT_CONFIG": "writ.yaml"}, {"WRIT_CONFIG": ""}):
        service.writ("serve", environment={**environment, **named}, status=1)
    service.writ("serve", "--config", "writ.yaml", environment=environment, status=1)
    service.start(**environment)
    assert service.request_token().status_code == 200
    assert requests.get(f"{service.management}/healthz", timeout=DEADLINE).status_code == 200
    service.writ("clients", "list")

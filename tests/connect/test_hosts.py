"""Which addresses are a connection's own."""

from __future__ import annotations

import pytest

from okrsync import Problem, Reason
from okrsync.connect.transport.hosts import Site


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/deals", "https://api.acme.test/v1/deals"),
        ("deals?q=http://x", "https://api.acme.test/v1/deals?q=http://x"),
        ("", "https://api.acme.test/v1"),
        ("https://API.acme.test:443/v2/deals", "https://API.acme.test:443/v2/deals"),
    ],
)
def test_a_path_is_appended_and_an_address_of_the_host_taken_as_it_is(path, url):
    assert Site.of("https://api.acme.test/v1/").url(path) == url


@pytest.mark.parametrize(
    ("base", "shown"),
    [
        ("https://api.acme.test/v1", "api.acme.test"),
        ("https://api.acme.test:8443", "api.acme.test:8443"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_messages_name_host_and_unusual_port(base, shown):
    assert Site.of(base).shown == shown


@pytest.mark.parametrize(
    ("base", "address", "admitted"),
    [
        ("https://api.acme.test", "93.184.216.34", True),
        ("https://api.acme.test", "10.0.0.1", False),
        ("https://api.acme.test", "::ffff:10.0.0.1", False),
        ("https://api.acme.test", "64:ff9b::a00:1", False),
        ("https://api.acme.test", "100.64.0.1", False),
        ("https://api.acme.test", "fd12::1", False),
        ("https://crm.internal", "10.0.0.1", True),
        ("http://localhost:8000", "::1", True),
        ("http://crm", "172.16.0.5", True),
        ("http://10.0.0.1", "10.0.0.1", True),
        ("http://metadata.google.internal", "169.254.169.254", False),
        ("http://crm", "100.100.100.200", False),
        ("http://crm", "fe80::1%eth0", False),
        ("http://crm", "224.0.0.1", False),
    ],
)
def test_private_addresses_are_reached_only_by_names_that_say_so(base, address, admitted):
    site = Site.of(base)

    if admitted:
        site.admit(address)
    else:
        with pytest.raises(Problem) as caught:
            site.admit(address)
        assert caught.value.reason is Reason.CONFIG


def test_a_host_that_moved_to_tls_is_the_same_host():
    old, new = "http://api.acme.test/kpi", "https://api.acme.test/kpi"

    assert Site.of(old).redirected(old, new) == new
    with pytest.raises(Problem, match=r"redirected to http://api\.acme\.test,"):
        Site.of(new).redirected(new, "http://api.acme.test:80/kpi")

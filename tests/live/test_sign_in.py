"""Signing in through a provider (OpenID Connect): a node with a real provider (npm's oidc-provider), over the whole way that a browser goes; and with one whose tokens lie in
one respect each."""

import json
import time
from urllib.parse import urlsplit

import pytest
import requests

from node import ROLES, Node, until
from provider import SECRET, Browser, Keys, LyingProvider, RealProvider

PASSWORD = "correct horse battery"
# Values of the claim, and what they give.
GIVES = {f"cordon {role}": [role] for role in ROLES} | {"cordon north": ["analyst"]}


def settings(folder, provider, claim, *more):
    (folder / "secret").write_text(SECRET + "\n")
    north = '{value="cordon north", roles=["analyst"], sites=["north"]}'
    roles = ", ".join(f'{{value="{value}", roles={json.dumps(roles)}}}' for value, roles in GIVES.items() if value != "cordon north")
    return [
        f"oidc.issuer={provider.issuer}", "oidc.client_id=cordon", f"oidc.client_secret_file={folder}/secret", "oidc.label=Lakeside ID", f"oidc.roles_claim={claim}",
        "oidc.administrator_amr=otp,hwk", "oidc.administrator_acr=gold", f'oidc_roles=[{roles}, {north}, {{value="analysts", roles=["analyst"]}}]', "log.level=debug", *more,
    ]


def users(node):
    return {user["name"]: user for user in node.ask("GET", "/api/v1/users", "administrator").json()["items"]}


def failures(node):
    """Why sign-ins failed, as the audit log has it, the newest first."""
    rows = node.ask("GET", "/api/v1/audit?action=sign_in_failed&limit=200", "auditor").json()["items"]
    return [row["detail"] for row in rows]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sign-in")
    provider = RealProvider(folder)
    provider.person("nobody")
    # the provider is not there yet: the node starts without it
    with Node(*settings(folder, provider, "realm_access.roles"), listeners=["http"]) as node:
        yield node, provider
        provider.stop()


def test_a_node_starts_and_lets_people_in_by_password_while_the_provider_is_down(real):
    node, provider = real
    body = {"token": node.first_link, "name": "root", "password": PASSWORD}
    assert requests.post(node.api + "/api/v1/first-administrator", json=body, timeout=60).status_code == 200
    browser = Browser(node)
    assert browser.get(node.api + "/api/v1/sign-in/ways", timeout=60).json() == {"provider": {"label": "Lakeside ID", "begin": "/api/v1/sign-in/provider"}}
    assert urlsplit(browser.begin()).fragment == "sign-in=unavailable"
    assert requests.post(node.api + "/api/v1/sign-in", json={"name": "root", "password": PASSWORD}, timeout=60).status_code == 200
    assert "the provider cannot be reached" in node.log()
    provider.start(node)
    until("the provider is asked again", lambda: browser.begin().startswith(provider.issuer))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_comes_from_its_group(real, role):
    node, provider = real
    provider.person(f"of.{role}", f"cordon {role}", "another group", amr=["pwd", "otp"])
    browser = Browser(node)
    assert browser.sign_in(f"of.{role}") == "/"
    me = browser.me()
    assert (me["name"], me["roles"], me["sites"], me["must_enrol_totp"]) == (f"of.{role}", [role], None, False)
    assert all(cookie.has_nonstandard_attr("HttpOnly") for cookie in browser.cookies if cookie.name.startswith("cordon-"))
    known = users(node)[f"of.{role}"]
    assert (known["is_from_provider"], known["has_password"], known["is_locked"]) == (True, False, False)
    again = Browser(node)
    assert again.sign_in(f"of.{role}") == "/" and again.me() == me and browser.me() == me
    assert users(node)[f"of.{role}"] == known


def test_sites_come_with_the_group_and_a_group_that_is_taken_away_ends_sessions(real):
    node, provider = real
    provider.person("kim", "cordon north", "cordon auditor")
    first, second = Browser(node), Browser(node)
    assert first.sign_in("kim") == "/"
    assert (first.me()["roles"], first.me()["sites"]) == (["analyst", "auditor"], ["north"])
    provider.person("kim", "cordon auditor")
    assert second.sign_in("kim") == "/" and (second.me()["roles"], second.me()["sites"]) == (["auditor"], None)
    assert first.me() == 401
    provider.person("kim")
    assert Browser(node).sign_in("kim") == "/#sign-in=no-role" and second.me() == 401
    assert users(node)["kim"]["roles"] == []


def test_without_a_group_nobody_comes_in_and_no_user_is_made(real):
    node, provider = real
    provider.person("visitor", "cordon", "Cordon Analyst", "analyst")
    browser = Browser(node, "127.0.0.3")
    assert browser.sign_in("visitor") == "/#sign-in=no-role"
    assert browser.me() == 401 and "visitor" not in users(node)
    failed = failures(node)[0]
    assert failed == {"reason": "no-role", "detail": "no group of the person gives a role here", "provider": {"issuer": provider.issuer, "subject": "visitor"}}


def test_an_administrator_needs_the_second_factor_that_the_settings_name(real):
    node, provider = real
    provider.person("chief", "cordon administrator", amr=["pwd"], acr="gold plated")
    assert Browser(node, "127.0.0.4").sign_in("chief") == "/#sign-in=no-second-factor" and "chief" not in users(node)
    provider.person("chief", "cordon administrator", amr=["pwd"], acr="gold")
    browser = Browser(node)
    assert browser.sign_in("chief") == "/" and browser.get(node.api + "/api/v1/users", timeout=60).status_code == 200
    csrf = {"X-Cordon-CSRF": "1"}
    assert browser.post(node.api + "/api/v1/me/totp", headers=csrf, timeout=60).status_code == 409
    assert browser.post(node.api + "/api/v1/sign-out", headers=csrf, timeout=60).status_code == 204 and browser.me() == 401


def test_a_name_of_this_node_is_not_taken_over_and_a_locked_user_stays_out(real):
    node, provider = real
    provider.person("root", "cordon analyst")
    browser = Browser(node, "127.0.0.5")
    assert browser.sign_in("root") == "/" and (browser.me()["name"], browser.me()["roles"]) == ("root.2", ["analyst"])
    assert users(node)["root"]["roles"] == ["analyst", "administrator"] and not users(node)["root"]["is_from_provider"]
    path = f"/api/v1/users/{users(node)['root.2']['id']}"
    assert node.ask("POST", path + "/invitation", "administrator", None).status_code == 422
    assert node.ask("PATCH", path, "administrator", None, json={"roles": ["administrator"]}).status_code == 422
    node.ask("PATCH", path, "administrator", json={"is_locked": True})
    assert browser.me() == 401 and browser.sign_in("root") == "/#sign-in=locked"
    provider.person("root", "cordon auditor")
    assert browser.sign_in("root") == "/#sign-in=locked" and users(node)["root.2"]["roles"] == ["analyst"]


def test_an_answer_counts_once_in_its_browser_and_with_its_state(real):
    node, provider = real
    provider.person("lee", "cordon analyst")
    browser, other, third = (Browser(node, f"127.0.0.{number}") for number in (6, 7, 8))
    again = "/#sign-in=begin-again"
    answer = browser.through("lee")
    assert other.ends(answer) == again, "another browser began nothing"
    assert third.ends(third.through("lee").split("state=")[0] + "state=" + "x" * 43) == again
    stolen = other.through("lee")
    third.begin()
    assert third.ends(stolen) == again, "the answer for another browser"
    assert browser.ends(answer) == "/" and browser.me()["name"] == "lee"
    assert browser.ends(answer) == again, "it was answered, and the cookie is gone"
    # the same code under a fresh sign-in of the same browser: the provider does not take it again
    code = answer.split("code=")[1].split("&")[0]
    fresh = third.through("lee")
    assert third.ends(fresh.replace(fresh.split("code=")[1].split("&")[0], code)) == again and third.me() == 401
    assert third.ends(third.through("lee").replace("&iss=http", "&iss=https")) == "/#sign-in=untrusted"
    refused = third.begin()
    state = refused.split("state=")[1].split("&")[0]
    assert third.ends(f"{node.api}/api/v1/sign-in/provider/callback?error=access_denied&state={state}") == "/#sign-in=declined"
    reasons = [failed["detail"] for failed in failures(node)][:7]
    assert reasons == [
        "the provider says access_denied",
        "the browser came back from another provider (iss)",
        "the provider does not take the code: used, too old or not ours",
        "this browser began no sign-in here within ten minutes",
        "the answer belongs to another sign-in than this browser's (state)",
        "the answer belongs to another sign-in than this browser's (state)",
        "this browser began no sign-in here within ten minutes",
    ]
    log = node.log()
    assert code not in log and SECRET not in log and stolen.split("code=")[1].split("&")[0] not in log


def test_no_request_says_where_the_browser_is_sent(real):
    node, provider = real
    browser = Browser(node, "127.0.0.9")
    for query in ("?next=https://evil.example", "?redirect_uri=https://evil.example", "?url=//evil.example"):
        assert browser.go(node.api + "/api/v1/sign-in/provider" + query).startswith(provider.issuer + "/auth?")
        assert browser.ends(node.api + "/api/v1/sign-in/provider/callback" + query) == "/#sign-in=begin-again"


def test_a_provider_that_goes_down_says_so_and_comes_back(real):
    node, provider = real
    provider.person("nightshift", "cordon analyst")
    browser = Browser(node, "127.0.0.10")
    answer = browser.through("nightshift")
    provider.stop()
    assert browser.ends(answer) == "/#sign-in=unavailable"
    assert requests.post(node.api + "/api/v1/sign-in", json={"name": "root", "password": PASSWORD}, timeout=60).status_code == 200
    provider.start(node)
    assert browser.sign_in("nightshift") == "/"


@pytest.fixture(scope="module")
def lying(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lies")
    provider = LyingProvider(folder)
    with Node(*settings(folder, provider, "groups", f"oidc.ca_file={provider.ca_file}"), listeners=[]) as node:
        yield node, provider, (f"127.0.1.{number}" for number in range(1, 255))
    provider.stop()


def put(**claims):
    """A lie about claims; None leaves one out."""

    def lie(token):
        token["claims"] |= claims
        token["claims"] = {name: value for name, value in token["claims"].items() if value is not None}

    return lie


def head(alg="RS256", **header):
    return lambda token: token.update(alg=alg, header=header)


def soon(seconds):
    return int(time.time()) + seconds


TRUTHS = {alg: head(alg) for alg in ("RS256", "PS256", "ES256", "EdDSA")}
TRUTHS |= {"no kid": head(kid=None), "azp": put(azp="cordon"), "clock": lambda token: put(iat=soon(45), exp=soon(-45))(token)}
LIES = {
    "alg none": (head("none"), "not at all (alg)"),
    "HS256 with the public key": (head("HS256"), "does not name"),
    "HS256 in the header alone": (lambda token: token.update(header={"alg": "HS256"}), "does not name"),
    "another algorithm of the key": (lambda token: token.update(header={"alg": "PS256"}), "not signed by a key"),
    "key of another kind": (lambda token: token.update(header={"kid": "ec"}), "not signed by a key"),
    "crit": (head(crit=["exp"]), "(crit)"),
    "key of somebody else": (lambda token: token.update(keys=Keys()), "not signed by a key"),
    "key in the header": (lambda token: token.update(keys=(keys := Keys()), header={"jwk": keys.set()[0]}), "not signed by a key"),
    "issuer": (put(iss="https://127.0.0.1"), "(iss)"),
    "audience": (put(aud="another"), "(aud)"),
    "audience beside ours": (put(aud=["cordon", "another"], azp="cordon"), "(aud)"),
    "no audience": (put(aud=None), "(aud)"),
    "azp": (put(azp="another"), "(azp)"),
    "expired": (lambda token: put(exp=soon(-120), iat=soon(-300))(token), "(exp)"),
    "expiry as text": (put(exp="9999999999"), "(exp)"),
    "no expiry": (put(exp=None), "(exp)"),
    "from the future": (lambda token: put(iat=soon(600))(token), "(iat, nbf)"),
    "not yet": (lambda token: put(nbf=soon(600))(token), "(iat, nbf)"),
    "issued long ago": (lambda token: put(iat=soon(-7_200))(token), "too long ago (iat)"),
    "nonce": (put(nonce="x" * 43), "(nonce)"),
    "no nonce": (put(nonce=None), "(nonce)"),
    "no subject": (put(sub=None), "(sub)"),
    "subject of another on request": (put(groups=None), "about somebody else (sub)"),
    "claims changed after signing": ("tampered", "not signed by a key"),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_a_token_that_is_right_lets_in(lying, name):
    node, provider, addresses = lying
    provider.lie = TRUTHS[name]
    browser = Browser(node, next(addresses))
    assert provider.sign_in(browser) == "/", failures(node)[:1]
    assert browser.me()["name"] == "mallory"


@pytest.mark.parametrize("name", LIES)
def test_a_token_that_lies_lets_nobody_in(lying, name, monkeypatch):
    node, provider, addresses = lying
    lie, reason = LIES[name]
    provider.more = {"sub": "2", "groups": ["analysts"]}
    provider.lie = lie if callable(lie) else lambda token: None
    if lie == "tampered":
        honest = provider.answered

        def answered(given, authorization):
            answer = honest(given, authorization)
            header, claims, signature = answer["id_token"].split(".")
            other = provider.keys.token({"iss": provider.issuer, "aud": "cordon", "sub": "2", "nonce": provider.begun["nonce"], "iat": soon(0), "exp": soon(300)}).split(".")[1]
            return answer | {"id_token": f"{header}.{other}.{signature}"}

        monkeypatch.setattr(provider, "answered", answered)
    browser = Browser(node, next(addresses))
    assert provider.sign_in(browser) == "/#sign-in=untrusted"
    assert browser.me() == 401
    assert reason in failures(node)[0]["detail"], failures(node)[0]
    assert set(users(node)) <= {"mallory"}


def test_claims_on_request_count_when_they_are_about_the_same_person(lying):
    node, provider, addresses = lying
    provider.lie, provider.more = put(groups=None), {"sub": "1", "groups": ["analysts", "cordon auditor"]}
    browser = Browser(node, next(addresses))
    assert provider.sign_in(browser) == "/" and browser.me()["roles"] == ["analyst", "auditor"]


def test_new_keys_are_asked_for_once_a_minute_and_no_more(lying):
    node, provider, addresses = lying
    provider.lie, provider.keys = (lambda token: None), Keys(" of tomorrow")
    asked = lambda: provider.asked.count("/keys")
    before = asked()
    assert provider.sign_in(Browser(node, next(addresses))) == "/" and asked() == before + 1
    provider.known, provider.keys = provider.keys, Keys(" of nobody")
    for _ in range(3):
        assert provider.sign_in(Browser(node, next(addresses))) == "/#sign-in=untrusted"
        assert "(kid)" in failures(node)[0]["detail"]
    # the minute may have gone by on a machine under load: then they were asked for once more
    assert asked() <= before + 2


def test_an_answer_that_is_too_long_is_given_up(lying):
    node, provider, addresses = lying
    provider.lie = put(filler="x" * (2 << 20))
    assert provider.sign_in(Browser(node, next(addresses))) == "/#sign-in=unavailable"
    assert "more than 1048576 bytes" in failures(node)[0]["detail"]

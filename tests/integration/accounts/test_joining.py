"""The ways in, and the way back in: links that are signed, expire and are good once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import BrokerAccount, DeviceSession, Invitation, Role, User
from apps.accounts.services import (
    invitation_accept,
    invitation_get,
    invitation_make,
    invitation_withdraw,
    registration_begin,
)
from apps.accounts.services.invitations import invitation_token
from apps.audit.models import AuditEntry
from apps.domain.errors import BadInput, NotFound, RuleBroken, TooOften
from tests import builders

pytestmark = pytest.mark.django_db
GOOD = "a-long-enough-word"


@pytest.fixture(autouse=True)
def open_house(settings):
    settings.REGISTRATION = "open"


@pytest.fixture
def boss():
    return builders.admin(username="boss", password="secret-word")


@pytest.fixture
def link(followed):
    """The path that somebody who registers is mailed."""
    return lambda email="new@example.com": followed(
        lambda: registration_begin(email=email, origin="https://velox.test")
    )


def join(client, path, username="newcomer", password=GOOD, **more):
    return client.post(path, {"username": username, "password": password, **more})


# --- registering


def test_a_page_asks_for_an_address_mails_a_link_and_the_link_lets_in_a_trader(client, followed, mailoutbox):
    path = followed(lambda: client.post("/register/", {"email": "new@example.com"}))
    assert mailoutbox[0].to == ["new@example.com"] and not User.objects.exists()
    assert "new@example.com" in client.get(path).content.decode()
    assert join(client, path, time_zone="Asia/Kolkata").url == "/"
    made = User.objects.get()
    assert (made.username, made.email, made.role) == ("newcomer", "new@example.com", Role.TRADER)
    assert (made.time_zone, made.is_staff, made.is_superuser) == ("Asia/Kolkata", False, False)
    assert client.session["_auth_user_id"] == str(made.pk)
    assert BrokerAccount.objects.get(owner=made).mode == "dry_run"


def test_a_link_is_good_once(client, link):
    path = link()
    join(client, path)
    client.logout()
    assert client.get(path).status_code == 404
    assert join(client, path, "another").status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("ended", ["expired", "withdrawn", "forged", "closed house"])
def test_a_link_that_has_ended_opens_nothing(client, link, settings, ended):
    path = link()
    if ended == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    if ended == "withdrawn":
        invitation_withdraw(actor=builders.admin(), invitation=Invitation.objects.get())
    if ended == "forged":
        path = path.replace("/join/1", "/join/2").replace("/join/", "/join/9")
    if ended == "closed house":
        settings.REGISTRATION = "closed"
    assert client.get(path).status_code == 404
    assert join(client, path).status_code == 404
    assert not User.objects.filter(username="newcomer").exists()


def test_an_address_that_has_an_account_gets_the_same_answer_and_another_mail(client, mailoutbox, followed):
    builders.trader(username="maya", email="maya@example.com")
    fresh = client.post("/register/", {"email": "new@example.com"}).content
    followed(lambda: None) if mailoutbox else None
    path = followed(lambda: client.post("/register/", {"email": "Maya@Example.com"}))
    known = client.post("/register/", {"email": "maya@example.com"}).content
    assert known.replace(b"maya@", b"new@") == fresh
    assert "has an account already" in mailoutbox[-1].body and path == "/password/reset/"
    assert not Invitation.objects.filter(email__iexact="maya@example.com").exists()


def test_where_registration_is_closed_nobody_registers(client, settings):
    settings.REGISTRATION = "closed"
    assert (
        client.get("/register/").status_code == client.post("/register/", {"email": "a@b.example"}).status_code == 403
    )
    with pytest.raises(RuleBroken, match="invitation only"):
        registration_begin(email="a@b.example", origin="")
    assert "Register" not in client.get("/login/").content.decode()


def test_an_address_is_mailed_three_times_an_hour(client):
    answers = [client.post("/register/", {"email": "victim@example.com"}).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    with pytest.raises(TooOften):
        registration_begin(email="VICTIM@example.com", origin="")


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@", "a b@c.example", "a@b.example\nBcc: x@y.example", "x" * 300 + "@b.c"]
)
def test_what_is_no_address_is_refused(client, email):
    assert client.post("/register/", {"email": email}).status_code == 200
    with pytest.raises(BadInput):
        registration_begin(email=email, origin="")


@pytest.mark.parametrize(
    "wrong, reason",
    [
        ({"password": "short"}, "too short"),
        ({"password": "1234567890123"}, "entirely numeric"),
        ({"password": "password123"}, "too common"),
        ({"password": "newcomer-2026"}, "too similar"),
        ({"username": "maya"}, "is taken"),
        ({"username": "MAYA"}, "is taken"),
        ({"username": "two words"}, "valid username"),
        ({"time_zone": "Mars/Olympus"}, "is not a time zone"),
    ],
)
def test_a_name_or_password_that_will_not_do_is_said_and_the_link_stays_good(client, link, wrong, reason):
    builders.trader(username="maya")
    path = link()
    said = {"username": "newcomer", "password": GOOD} | wrong
    page = client.post(path, said)
    if "time_zone" not in wrong:  # a field nobody sees
        assert reason in page.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()
    assert join(client, path).status_code == 302


def test_an_address_taken_in_the_meantime_is_not_taken_twice(link):
    path = link()
    builders.trader(email="NEW@example.com")
    with pytest.raises(BadInput, match="is taken"):
        invitation_accept(token=path.split("/")[2], username="newcomer", password=GOOD)


# --- inviting


def test_an_admin_invites_whoever_and_as_whatever(boss, followed, client, settings):
    settings.REGISTRATION = "closed"
    path = followed(
        lambda: invitation_make(actor=boss, email="iris@example.com", role=Role.INVESTOR, origin="http://x")
    )
    page = client.get(path).content.decode()
    assert "boss invites you as investor" in page
    join(client, path, "iris")
    assert User.objects.get(username="iris").role == Role.INVESTOR
    told = AuditEntry.objects.get(action="user.registered")
    assert ("invited_by", None, "boss") in told.changes


def test_an_invited_admin_enters_the_back_office(boss, followed, client):
    path = followed(lambda: invitation_make(actor=boss, email="two@example.com", role=Role.ADMIN, origin="http://x"))
    join(client, path, "second")
    assert client.get("/admin/").status_code == 200


def test_only_admins_invite_and_only_who_is_not_here_yet(boss):
    with pytest.raises(RuleBroken):
        invitation_make(actor=builders.trader(), email="x@example.com", role=Role.ADMIN)
    with pytest.raises(BadInput, match="has an account already"):
        invitation_make(actor=boss, email=boss.email.upper(), role=Role.TRADER)


def test_inviting_again_ends_the_earlier_link_and_a_strangers_wish_does_not(boss):
    first = invitation_make(actor=boss, email="iris@example.com", role=Role.INVESTOR)
    invitation_make(actor=None, email="iris@example.com", role=Role.TRADER)
    assert invitation_get(invitation_token(first)) == first
    invitation_make(actor=boss, email="iris@example.com", role=Role.TRADER)
    with pytest.raises(NotFound):
        invitation_get(invitation_token(first))


def test_an_invitation_lasts_a_week_and_a_registration_a_day(boss):
    invited = invitation_make(actor=boss, email="a@example.com", role=Role.TRADER)
    asked = invitation_make(actor=None, email="b@example.com", role=Role.TRADER)
    for made, days in ((invited, 7), (asked, 1)):
        assert abs(made.expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


def test_guessing_links_is_stopped(client):
    answers = {client.get(f"/join/{n}:guess/").status_code for n in range(31)}
    assert answers == {404, 429}


# --- a lost password


@pytest.fixture
def maya():
    return builders.trader(username="maya", email="maya@example.com", password="secret-word")


@pytest.fixture
def reset_link(client, followed, maya):
    return followed(lambda: client.post("/password/reset/", {"email": "maya@example.com"}))


@pytest.fixture
def browser():
    """Somebody who follows a link out of a mail, signed in nowhere."""
    return Client()


def test_a_link_sets_a_new_password_once_and_ends_all_sessions(client, browser, maya, followed):
    client.force_login(maya)
    reset_link = followed(lambda: browser.post("/password/reset/", {"email": "maya@example.com"}))
    form = browser.get(reset_link).url
    assert "set-password" in form  # the token is out of the address before anything else is loaded
    assert browser.post(form, {"password": GOOD}).url == "/login/"
    maya.refresh_from_db()
    assert maya.check_password(GOOD) and not DeviceSession.objects.filter(user=maya).exists()
    assert "has ended" in browser.get(reset_link, follow=True).content.decode()
    assert AuditEntry.objects.filter(action="password.reset").count() == 1


def test_a_poor_new_password_is_said_and_changes_nothing(client, reset_link, maya):
    page = client.post(client.get(reset_link).url, {"password": "maya@example"})
    assert "too similar" in page.content.decode()
    maya.refresh_from_db()
    assert maya.check_password("secret-word")


def test_the_answer_is_the_same_for_an_address_nobody_has_and_no_mail_goes_out(client, reset_link, mailoutbox):
    sent = len(mailoutbox)
    known = client.post("/password/reset/", {"email": "maya@example.com"}).content
    unknown = client.post("/password/reset/", {"email": "nobody@example.com"}).content
    assert known.replace(b"maya@", b"nobody@") == unknown
    assert all(mail.to == ["maya@example.com"] for mail in mailoutbox[:sent])


def test_who_is_switched_off_gets_no_link(client, maya, mailoutbox, django_capture_on_commit_callbacks):
    maya.is_active = False
    maya.save()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/password/reset/", {"email": "maya@example.com"})
    assert not mailoutbox


def test_links_begin_as_the_operator_says(client, followed, maya, settings, mailoutbox):
    settings.SITE_URL = "https://velox.example/"
    followed(lambda: client.post("/password/reset/", {"email": "maya@example.com"}))
    assert "https://velox.example/password/reset/" in mailoutbox[-1].body


def test_a_queue_that_is_down_changes_no_answer(client, maya, monkeypatch, django_capture_on_commit_callbacks):
    from celery_app import app

    def down(*args, **named):
        raise ConnectionError("no broker")

    monkeypatch.setattr(app.tasks["accounts.mail_reset"], "delay", down)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/password/reset/", {"email": "maya@example.com"})
    assert answer.status_code == 200

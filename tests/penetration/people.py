"""Accounts, as an attacker gets them: by the links that the service mails."""

from service import link_token

PASSWORD = "correct horse battery staple"


def account(service, email, name):
    """An account with a password, and nothing more."""
    service.made("/api/v1/people", {"email": email, "name": name})
    service.made("/api/v1/passwords", {"token": link_token(service.mail(email)), "password": PASSWORD})


def member(service, side, email, name, role="admin"):
    """The tokens of a new person who acts for an organisation, and the person's id."""
    people = f"/api/v1/organisations/{side['organisation']}/roles"
    service.made(people, {"email": email, "name": name, "role": role}, side["key"])
    service.made("/api/v1/passwords", {"token": link_token(service.mail(email)), "password": PASSWORD})
    opened = signed_in(service, email)
    accept = f"/api/v1/people/me/roles/{side['organisation']}/accept"
    service.call("POST", accept, {}, opened["access_token"])
    carried = {"refresh_token": opened["refresh_token"], "organisation": side["organisation"]}
    status, _, answer = service.call("POST", "/api/v1/sessions/refresh", carried)
    return (answer if status == 200 else opened) | {"person_id": opened["person"]["id"]}


def signed_in(service, email):
    return service.made("/api/v1/sessions", {"email": email, "password": PASSWORD})

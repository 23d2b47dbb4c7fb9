"""Client of the API in tests."""

from datetime import timedelta
from typing import Any

from support.desk import Desk

from monitor.domain.readers import Role, Scope


class Client:
    """Client of the API with a token."""

    def __init__(self, desk: Desk, *scopes: Scope, role: Role = Role.ADMIN) -> None:
        self.desk = desk
        self.account = desk.log_in(f"{role}", role).account
        scopes = scopes or (Scope.READ,)
        now = desk.clock()
        self.token, self.text = desk.database.readers.create_token(
            self.account.id, "test", scopes, now, timedelta(days=1)
        )

    def call(self, method: str, path: str, **headers: str) -> Any:
        return self.desk.client.request(
            method, f"/api/v1{path}", headers={"Authorization": f"Bearer {self.text}"} | headers
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        return self.desk.client.request(
            method, f"/api/v1{path}", headers={"Authorization": f"Bearer {self.text}"} | headers, json=body
        )

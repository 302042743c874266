"""The requests of the Azure CLI beside those for keys, as it was seen to make them."""

from __future__ import annotations

import json


def use_facades(http, base: str, pool) -> None:
    """What the Azure CLI asks beside the keys, with tokens for nothing else."""
    client_id, secret = pool.credentials()

    def bearer(service: str) -> dict[str, str]:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
                "scope": f"{base}/{service}/.default", "client_info": "1"}
        answer = http.post(f"{base}/adfs/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    cloud = http.get(f"{base}/metadata/endpoints?api-version=2022-09-01").json()
    assert cloud["resourceManager"] == base and http.get(f"{base}/metadata/endpoints/list").json() == [cloud]
    manager = bearer("arm")
    assert http.get(f"{base}/keys?api-version=7.5", headers=manager).status_code == 401
    (tenant,) = http.get(f"{base}/tenants", headers=manager).json()["value"]
    (subscription,) = http.get(f"{base}/subscriptions", headers=manager).json()["value"]
    assert subscription["tenantId"] == tenant["tenantId"]
    place = f"{base}{subscription['id']}"
    assert http.get(place, headers=manager).json() == subscription
    hsms = "providers/Microsoft.KeyVault/managedHSMs"
    (found,) = http.get(f"{place}/{hsms}", headers=manager).json()["value"]
    assert found["properties"]["hsmUri"] == base
    for path in ("resources", f"resourceGroups/quickstart/{hsms}"):
        assert http.get(f"{place}/{path}", headers=manager).json()["value"] == [found]
    assert http.get(f"{base}{found['id']}", headers=manager).json() == found
    graph, own = bearer("graph"), json.loads((pool.folder / "administrator.json").read_text())["objectId"]
    looked_up = http.post(f"{base}/graph/v1.0/directoryObjects/getByIds", headers=graph, json={"ids": [own]})
    assert [one["appId"] for one in looked_up.json()["value"]] == [client_id]
    for kind in ("servicePrincipals", "users", "groups"):
        path = f"{base}/graph/v1.0/{kind}?$filter=displayName%20eq%20'Administrator'"
        assert len(http.get(path, headers=graph).json()["value"]) == (kind == "servicePrincipals")

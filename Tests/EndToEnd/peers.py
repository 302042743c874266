"""How nodes are opened: the routes that a pool in use answers too; what they are for is done in test_peer_unseal.py,
test_auto_unseal.py, test_membership.py and test_new_pool.py."""


def use_peers(http, base: str, headers: dict[str, str], own: int) -> None:
    """`http` compares each answer with its description."""
    assert http.get(f"{base}/quorate/v1/auto-unseal", headers=headers).json()["enrolled"] == []
    peers = http.get(f"{base}/quorate/v1/peer-unseal").json()
    assert peers == {"mode": "automatic", "maxAbsenceSeconds": 3600}
    assert http.post(f"{base}/quorate/v1/peer-unseal", headers=headers, json={"mode": "automatic"}).json() == peers
    assert http.post(f"{base}/quorate/v1/peer-unseal", headers=headers, json={"mode": "never"}).status_code == 400
    vote = {"officer": 1, "signature": "AA"}
    assert http.post(f"{base}/quorate/v1/peer-unseal/approvals", json=vote).status_code == 404
    for code, status in (("12345678", 409), ("1234", 400)):
        approved = http.post(f"{base}/quorate/v1/nodes/{own}/approve-unseal", headers=headers, json={"code": code})
        assert approved.status_code == status, approved.text
    assert http.get(f"{base}/quorate/v1/recovery").status_code == 409
    assert http.post(f"{base}/quorate/v1/recovery/shares", json={"envelope": "AA"}).status_code == 409
    assert http.get(f"{base}/quorate/v1/restoration").status_code == 409
    assert http.post(f"{base}/quorate/v1/restoration", headers=headers, json={}).status_code == 409
    assert http.post(f"{base}/quorate/v1/restoration/shares", json={"envelope": "AA"}).status_code == 409

"""Door 2: the directory hears itself, as every service does."""


def test_a_token_from_before_is_refused_once_the_revocation_is_heard(place, directory):
    owner = place.owner()
    place.account(owner.id)
    assert place.client(owner).post("/me/sign-out").status_code == 204
    [revoked] = directory.said("directory.account.revoked.v1")

    directory.deliver(revoked)
    directory.__dict__.pop("app")  # forget what was remembered for two seconds

    assert place.client(owner).get("/me").status_code == 401


def test_an_older_revocation_that_comes_late_opens_nothing(place, directory):
    owner = place.owner()
    place.account(owner.id)
    for _ in range(2):
        place.client(owner).post("/me/sign-out")
    first, second = directory.said("directory.account.revoked.v1")

    directory.deliver(second, first)

    with directory.runtime.transaction(system=True) as session:
        assert session.connection().exec_driver_sql("SELECT epoch FROM revocation").scalar() == 2

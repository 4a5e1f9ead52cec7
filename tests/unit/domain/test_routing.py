"""Routing: where a call at the door goes, from the phone it came from and the number dialled."""

import pytest

from edge.domain.ids import AccountId, EndpointName, UserId
from edge.domain.routing import Directory, StarCode, ToPick, ToQueue, ToStarCode, Unassigned
from edge.domain.settings import Account, PhoneNumber, Queue, User, World

SUPPORT = Queue(id="qu_support", name="Support", extension="500")
SALES = Queue(id="qu_sales", name="Sales", extension="500")
ONE = Account(
    id="acct_one",
    name="One",
    language="de",
    users=(User(id="user_ann", name="Ann", extension="201", sip="one-201"),),
    queues=(SUPPORT,),
    phone_numbers=(PhoneNumber(number="+12025550100", queue_id="qu_support"),),
)
TWO = Account(
    id="acct_two",
    name="Two",
    users=(User(id="user_bob", name="Bob", extension="201", sip="two-201"),),
    queues=(SALES,),
)
DIRECTORY = Directory(World(accounts=(ONE, TWO)))
ANNS, BOBS, CARRIER = (EndpointName(name) for name in ("one-201", "two-201", "carrier"))
ACCT_ONE, ACCT_TWO = AccountId("acct_one"), AccountId("acct_two")
TO_SUPPORT = ToQueue(ACCT_ONE, SUPPORT)


@pytest.mark.parametrize(
    ("phone", "dialled", "inside", "route"),
    [
        (ANNS, "500", True, TO_SUPPORT),
        (BOBS, "500", True, ToQueue(ACCT_TWO, SALES)),
        (ANNS, "*45", True, ToStarCode(ACCT_ONE, "de", UserId("user_ann"), StarCode.TOGGLE_LOGIN)),
        (BOBS, "*46", True, ToStarCode(ACCT_TWO, "en", UserId("user_bob"), StarCode.TOGGLE_PAUSE)),
        (ANNS, "501", True, Unassigned()),
        (EndpointName("stranger"), "500", True, Unassigned()),
        (CARRIER, "12025550100", False, TO_SUPPORT),
        (CARRIER, "+12025550100", False, TO_SUPPORT),
        (CARRIER, "500", False, Unassigned()),
        (CARRIER, "*45", False, Unassigned()),
    ],
)
def test_a_call_goes_where_phone_and_number_say(
    phone: EndpointName, dialled: str, inside: bool, route: object
) -> None:
    assert DIRECTORY.route(phone, dialled, inside) == route


def test_the_directory_knows_accounts_phones_users_and_queues() -> None:
    assert DIRECTORY.accounts == (ACCT_ONE, ACCT_TWO)
    assert DIRECTORY.phones == (ANNS, BOBS)
    assert DIRECTORY.account(ACCT_ONE) is ONE
    assert DIRECTORY.user(ACCT_TWO, UserId("user_bob")) is TWO.users[0]
    assert DIRECTORY.queue(ACCT_ONE, "qu_support") is SUPPORT
    assert DIRECTORY.user_of(ANNS) == (ACCT_ONE, UserId("user_ann"))
    assert DIRECTORY.user_of(CARRIER) is None


@pytest.mark.parametrize(
    ("dialled", "position"), [("*47", 1), ("*471", 1), ("*4712", 12), ("*47999", 999)]
)
def test_47_and_a_position_picks_a_caller(dialled: str, position: int) -> None:
    found = DIRECTORY.route(ANNS, dialled, inside=True)
    assert isinstance(found, ToPick)
    assert found.position == position


@pytest.mark.parametrize("dialled", ["*470", "*4700", "*471000", "*47*", "*48", "*4"])
def test_what_is_no_position_is_no_number(dialled: str) -> None:
    assert DIRECTORY.route(ANNS, dialled, inside=True) == Unassigned()


def test_nobody_picks_from_outside() -> None:
    route = DIRECTORY.route(CARRIER, "*47", inside=False)
    assert route == Unassigned()


def test_callers_hear_the_language_of_the_queue_and_else_the_accounts() -> None:
    spanish = Queue(id="qu_es", name="Soporte", extension="501", language="es-MX")
    account = Account(id="acct_one", name="One", language="de", queues=(SUPPORT, spanish))
    directory = Directory(World(accounts=(account,)))
    assert directory.language(ACCT_ONE, "qu_es") == "es-MX"
    assert directory.language(ACCT_ONE, "qu_support") == "de"
    assert directory.language(ACCT_ONE) == "de"

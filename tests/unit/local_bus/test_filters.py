"""Which messages a rule matches."""

import uuid

import pytest

from infra.local.bus.entities.message import Properties
from infra.local.bus.filters import CorrelationRule, SqlRule
from infra.local.bus.sql import FilterError

from .conftest import Text

MESSAGE = Text(
    "body",
    Properties(message_id="m-1", subject="restore-backup", correlation_id="run-1"),
    {
        "attempt": 3,
        "colour": "red",
        "flag": True,
        "nothing": None,
        "price": 2.5,
        "Mixed Case": "yes",
        "identity": uuid.UUID(int=7),
    },
)

TRUE = [
    "1=1",
    "sys.Label = 'restore-backup'",
    "sys.label = 'restore-backup' AND sys.MessageId = 'm-1'",
    "SYS.CorrelationId = 'run-1'",
    "attempt = 3",
    "user.attempt = 3",
    "ATTEMPT = 3",
    "attempt <> 4 and attempt != 5",
    "attempt > 2 and attempt >= 3 and attempt < 4 and attempt <= 3",
    "attempt = 3.0",
    "price > 2",
    "price * 2 = 5",
    "attempt + 1 = 4",
    "2 + 3 * 2 = 8",
    "(2 + 3) * 2 = 10",
    "-attempt = -3",
    "7 / 2 = 3",
    "-7 / 2 = -3",
    "-7 % 3 = -1",
    "7.0 / 2 = 3.5",
    "0x10 = 16",
    "1e2 = 100",
    "colour + 'dish' = 'reddish'",
    "colour = 'red'",
    "colour in ('blue', 'red')",
    "colour not in ('blue', 'green')",
    "colour like 'r%'",
    "colour like 'r_d'",
    "colour not like 'b%'",
    "'50%' like '50!%' escape '!'",
    "'it''s' = 'it''s'",
    "[Mixed Case] = 'yes'",
    "\"Mixed Case\" = 'yes'",
    "property('Mixed Case') = 'yes'",
    "exists(colour)",
    "exists(nothing)",
    "not exists(missing)",
    "exists(sys.Label)",
    "missing is null",
    "nothing is null",
    "colour is not null",
    "sys.To is null",
    "flag",
    "flag = true",
    "not (flag = false)",
    "colour = 'blue' or colour = 'red'",
    "colour = 'red' or missing = 1",
    "true or false and false",
    "identity = '00000000-0000-0000-0000-000000000007'",
]

FALSE = [
    "1=0",
    "colour = 'blue'",
    "colour = 'RED'",
    "not flag",
    "colour in ('blue')",
    "colour = 'red' and attempt = 4",
    "missing = 1 and 1 = 0",
]

UNKNOWN = [
    "missing = 1",
    "not (missing = 1)",
    "missing <> 1",
    "missing in (1, 2)",
    "missing not in (1, 2)",
    "missing like '%'",
    "missing + 1 > 0",
    "missing = 1 or 1 = 0",
    "missing = 1 and 1 = 1",
    "nothing = nothing",
    "colour = 3",
    "colour > 3",
    "attempt = '3'",
    "attempt / 0 = 1",
    "colour * 2 = 4",
    "flag = 1",
    "colour",
    "not colour",
]

INVALID = [
    "",
    "colour =",
    "= 3",
    "colour red",
    "colour = 'open",
    "(colour = 'red'",
    "colour in ()",
    "colour is 3",
    "colour not 3",
    "sys.Colour = 'red'",
    "other.colour = 'red'",
    "colour = 'red' ;",
    "property(colour) = 1",
    "and",
]


@pytest.mark.parametrize("expression", TRUE)
def test_a_true_condition_matches(expression):
    assert SqlRule(expression).matches(MESSAGE)


@pytest.mark.parametrize("expression", FALSE)
def test_a_false_condition_does_not_match_and_its_negation_does(expression):
    assert not SqlRule(expression).matches(MESSAGE)
    assert SqlRule(f"not ({expression})").matches(MESSAGE)


@pytest.mark.parametrize("expression", UNKNOWN)
def test_an_unknown_condition_matches_neither_way(expression):
    assert not SqlRule(expression).matches(MESSAGE)
    assert not SqlRule(f"not ({expression})").matches(MESSAGE)


@pytest.mark.parametrize("expression", INVALID)
def test_an_invalid_filter_says_where(expression):
    with pytest.raises(FilterError, match=r"position|system property|scope"):
        SqlRule(expression)


def test_newid_is_new_every_time():
    assert SqlRule("newid() <> newid()").matches(MESSAGE)


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (CorrelationRule(), True),
        (CorrelationRule(Properties(subject="restore-backup")), True),
        (CorrelationRule(Properties(subject="restore-backup", correlation_id="run-2")), False),
        (CorrelationRule(application={"colour": "red", "attempt": 3}), True),
        (CorrelationRule(application={"colour": "Red"}), False),
        (CorrelationRule(application={"attempt": "3"}), False),
        (CorrelationRule(application={"flag": 1}), False),
        (CorrelationRule(application={"missing": "x"}), False),
    ],
)
def test_a_correlation_rule_wants_every_property_exactly(rule, matches):
    assert rule.matches(MESSAGE) is matches

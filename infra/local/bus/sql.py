"""The SQL dialect of Service Bus filters: from text to a function of a message.

The function returns true, false or, for unknown, None. Unknown is the value of a property that is
missing or null, whatever is computed from one, and a comparison of types that do not go together.
Grammar: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
"""

import math
import operator
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from infra.local.bus.entities.message import Content

Expression = Callable[[Content], object]
Predicate = Callable[[Content], bool | None]
Number = int | float | Decimal


class FilterError(ValueError):
    """The filter is not in the language; the message says where."""


_SYSTEM = {
    "messageid": "message_id",
    "to": "to",
    "label": "subject",
    "subject": "subject",
    "replyto": "reply_to",
    "correlationid": "correlation_id",
    "contenttype": "content_type",
    "sessionid": "session_id",
    "replytosessionid": "reply_to_session_id",
}

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>[nN]?'(?:[^']|'')*')
      | (?P<quoted>\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+")
      | (?P<word>[^\W\d][\w$\#@]*)
      | (?P<sign><>|!=|>=|<=|[=<>+\-*/%(),.])
    )""",
    re.VERBOSE,
)

_KEYWORDS = frozenset(
    ("and", "or", "not", "in", "like", "is", "null", "exists", "escape", "true", "false")
)

_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": cast(Callable[[object, object], bool], operator.lt),
    "<=": cast(Callable[[object, object], bool], operator.le),
    ">": cast(Callable[[object, object], bool], operator.gt),
    ">=": cast(Callable[[object, object], bool], operator.ge),
}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The keyword in lower case; of anything that is quoted, nothing."""
        return self.text.lower() if self.kind in ("word", "sign") else ""


def compile_filter(text: str) -> Predicate:
    """Return the condition as a function. Raises FilterError."""
    parser = _Parser(text)
    predicate = parser.disjunction()
    parser.expect_end()
    return _truth(predicate)


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise FilterError(f"Unexpected {text[at:].strip()[:1]!r} at position {at} of {text!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token("end", "", end)]


class _Parser:
    """Recursive descent, one method per level of precedence, loosest first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._error("the end of the filter")

    def disjunction(self) -> Expression:
        left = self._conjunction()
        while self._accept("or"):
            left = _or(_truth(left), _truth(self._conjunction()))
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._accept("and"):
            left = _and(_truth(left), _truth(self._negation()))
        return left

    def _negation(self) -> Expression:
        if self._accept("not"):
            return _not(_truth(self._negation()))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if self._next.word in _COMPARISONS:
            return _compare(_COMPARISONS[self._advance().word], left, self._sum())
        if self._accept("is"):
            return self._null_test(left)
        negated = self._accept("not")
        test: Expression
        if self._accept("in"):
            test = _contains(left, self._arguments())
        elif self._accept("like"):
            test = self._like(left)
        elif negated:
            raise self._error("IN or LIKE")
        else:
            return left
        return _not(_truth(test)) if negated else test

    def _null_test(self, value: Expression) -> Expression:
        negated = self._accept("not")
        self._expect("null")
        if negated:
            return lambda content: value(content) is not None
        return lambda content: value(content) is None

    def _like(self, value: Expression) -> Expression:
        pattern = self._sum()
        escape = self._sum() if self._accept("escape") else None
        return _like(value, pattern, escape)

    def _arguments(self) -> list[Expression]:
        self._expect("(")
        found = [self._sum()]
        while self._accept(","):
            found.append(self._sum())
        self._expect(")")
        return found

    def _sum(self) -> Expression:
        left = self._product()
        while self._next.word in ("+", "-"):
            left = _calculate(self._advance().word, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._factor()
        while self._next.word in ("*", "/", "%"):
            left = _calculate(self._advance().word, left, self._factor())
        return left

    def _factor(self) -> Expression:
        if self._accept("-"):
            return _calculate("-", lambda _: 0, self._factor())
        if self._accept("+"):
            return _calculate("+", lambda _: 0, self._factor())
        if self._accept("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        if self._accept("exists"):
            return self._exists()
        return self._operand()

    def _operand(self) -> Expression:
        token = self._next
        if token.kind == "number":
            return _constant(_number(self._advance().text))
        if token.kind == "text":
            return _constant(_unquoted(self._advance().text))
        if token.word in ("true", "false"):
            return _constant(self._advance().word == "true")
        if token.word == "newid" and self._peek(1).word == "(":
            return self._newid()
        if token.word in ("property", "p") and self._peek(1).word == "(":
            return self._property_call()
        return _value(*self._property())

    def _exists(self) -> Expression:
        self._expect("(")
        scope, name = self._property()
        self._expect(")")
        return _exists(scope, name)

    def _newid(self) -> Expression:
        self._advance()
        self._expect("(")
        self._expect(")")
        return lambda _: uuid.uuid4()

    def _property_call(self) -> Expression:
        self._advance()
        self._expect("(")
        if self._next.kind != "text":
            raise self._error("the name of a property in quotes")
        name = _unquoted(self._advance().text)
        self._expect(")")
        return _value("user", name)

    def _property(self) -> tuple[str, str]:
        """Scope and name; raises for a system property that does not exist."""
        first = self._name()
        if not self._accept("."):
            return "user", first
        scope = first.lower()
        if scope not in ("sys", "user"):
            raise FilterError(f"Unknown scope {first!r} in {self._text!r}: use sys or user")
        name = self._name()
        if scope == "sys" and name.lower() not in _SYSTEM:
            raise FilterError(f"Unknown system property {name!r} in {self._text!r}")
        return scope, name

    def _name(self) -> str:
        token = self._next
        if token.kind == "quoted":
            return _undelimited(self._advance().text)
        if token.kind == "word" and token.word not in _KEYWORDS:
            return self._advance().text
        raise self._error("a property or a value")

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _peek(self, distance: int) -> Token:
        return self._tokens[min(self._at + distance, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _accept(self, word: str) -> bool:
        if self._next.word != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._error(repr(word))

    def _error(self, wanted: str) -> FilterError:
        found = self._next.text or "the end"
        where = f"at position {self._next.at} of {self._text!r}"
        return FilterError(f"Expected {wanted}, found {found} {where}")


def _number(text: str) -> Number:
    if text[:2].lower() == "0x":
        return int(text, 16)
    if "e" in text.lower():
        return float(text)
    return Decimal(text) if "." in text else int(text)


def _unquoted(text: str) -> str:
    return text[text.index("'") + 1 : -1].replace("''", "'")


def _undelimited(text: str) -> str:
    closing = text[-1]
    return text[1:-1].replace(closing * 2, closing)


def _constant(value: object) -> Expression:
    return lambda _: value


def _value(scope: str, name: str) -> Expression:
    if scope == "sys":
        attribute = _SYSTEM[name.lower()]
        return lambda content: getattr(content.properties, attribute)
    return lambda content: _application_property(content, name)[1]


def _exists(scope: str, name: str) -> Expression:
    if scope == "sys":
        value = _value(scope, name)
        return lambda content: value(content) is not None
    return lambda content: _application_property(content, name)[0]


def _application_property(content: Content, name: str) -> tuple[bool, object]:
    """Whether the property is there, and its value; names match in any case."""
    found = content.application_properties
    if name in found:
        return True, found[name]
    folded = name.lower()
    for key, value in found.items():
        if isinstance(key, str) and key.lower() == folded:
            return True, value
    return False, None


def _truth(value: Expression) -> Predicate:
    """Read a value as a condition; whatever is not a truth value is unknown."""

    def predicate(content: Content) -> bool | None:
        found = value(content)
        return found if isinstance(found, bool) else None

    return predicate


def _not(inner: Predicate) -> Predicate:
    def predicate(content: Content) -> bool | None:
        found = inner(content)
        return None if found is None else not found

    return predicate


def _and(left: Predicate, right: Predicate) -> Predicate:
    def predicate(content: Content) -> bool | None:
        found = left(content), right(content)
        if False in found:
            return False
        return None if None in found else True

    return predicate


def _or(left: Predicate, right: Predicate) -> Predicate:
    def predicate(content: Content) -> bool | None:
        found = left(content), right(content)
        if True in found:
            return True
        return None if None in found else False

    return predicate


def _compare(
    compare: Callable[[object, object], bool], left: Expression, right: Expression
) -> Predicate:
    def predicate(content: Content) -> bool | None:
        return _compared(compare, left(content), right(content))

    return predicate


def _compared(
    compare: Callable[[object, object], bool], left: object, right: object
) -> bool | None:
    left, right = _aligned(left, right)
    if left is None or right is None or not _comparable(left, right):
        return None
    try:
        return compare(left, right)
    except TypeError:
        return None


def _aligned(left: object, right: object) -> tuple[object, object]:
    """A GUID compares with its text."""
    if isinstance(left, uuid.UUID) and isinstance(right, str):
        return str(left), right.lower()
    if isinstance(left, str) and isinstance(right, uuid.UUID):
        return left.lower(), str(right)
    return left, right


def _comparable(left: object, right: object) -> bool:
    if _is_number(left) and _is_number(right):
        return True
    return type(left) is type(right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _contains(value: Expression, options: list[Expression]) -> Predicate:
    def predicate(content: Content) -> bool | None:
        sought = value(content)
        found = [_compared(operator.eq, sought, option(content)) for option in options]
        if True in found:
            return True
        return None if sought is None else False

    return predicate


def _like(value: Expression, pattern: Expression, escape: Expression | None) -> Predicate:
    def predicate(content: Content) -> bool | None:
        found, like = value(content), pattern(content)
        sign = escape(content) if escape else ""
        if not (isinstance(found, str) and isinstance(like, str) and isinstance(sign, str)):
            return None
        return re.fullmatch(_like_pattern(like, sign), found, re.DOTALL) is not None

    return predicate


def _like_pattern(like: str, escape: str) -> str:
    parts, escaped = [], False
    for character in like:
        if escaped or character not in ("%", "_", escape):
            parts.append(re.escape(character))
            escaped = False
        elif character == escape:
            escaped = True
        else:
            parts.append(".*" if character == "%" else ".")
    return "".join(parts)


def _calculate(sign: str, left: Expression, right: Expression) -> Expression:
    def expression(content: Content) -> object:
        return _calculated(sign, left(content), right(content))

    return expression


def _calculated(sign: str, left: object, right: object) -> object:
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if not (_is_number(left) and _is_number(right)):
        return None
    try:
        return _arithmetic(sign, cast(Number, left), cast(Number, right))
    except (ArithmeticError, ValueError):
        return None


def _arithmetic(sign: str, left: Number, right: Number) -> Number:
    """As C# does: whole numbers stay whole, and division and remainder cut towards zero."""
    if isinstance(left, float) or isinstance(right, float):
        return _operate(sign, float(left), float(right))
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return _operate(sign, Decimal(left), Decimal(right))
    if sign == "/":
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if sign == "%":
        return abs(left) % abs(right) * (-1 if left < 0 else 1)
    return _operate(sign, left, right)


def _operate(sign: str, left: Any, right: Any) -> Number:
    if sign == "%":
        remainder: Number = math.fmod(left, right) if isinstance(left, float) else left % right
        return remainder
    result: Number = _OPERATIONS[sign](left, right)
    return result


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}

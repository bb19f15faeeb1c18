"""Expressions as trees: how tightly signs bind is C's (C17, 6.5), and what is none says where."""

from __future__ import annotations

import pytest

from bpftui.core.debug.syntax import (
    Binary,
    Braces,
    Cast,
    Choice,
    ExpressionError,
    Index,
    Member,
    Name,
    Node,
    Number,
    SizeOf,
    TypeName,
    Unary,
    parse,
)

TYPES = {"int", "u16", "iphdr", "char", "long"}


def shown(node: Node | TypeName) -> str:
    """Return a tree with a pair of parentheses around each of its parts."""
    match node:
        case Number(value=value):
            return str(value)
        case Name(name=name):
            return name
        case TypeName(name=name, pointers=pointers):
            return name + "*" * pointers
        case Unary(sign=sign, operand=operand):
            return f"({sign} {shown(operand)})"
        case Binary(sign=sign, left=left, right=right):
            return f"({shown(left)} {sign} {shown(right)})"
        case Choice(condition=condition, yes=yes, no=no):
            return f"({shown(condition)} ? {shown(yes)} : {shown(no)})"
        case Member(base=base, name=name, arrow=arrow):
            return f"({shown(base)}{'->' if arrow else '.'}{name})"
        case Index(base=base, subscript=subscript):
            return f"({shown(base)}[{shown(subscript)}])"
        case Cast(type=named, operand=operand):
            return f"([{shown(named)}] {shown(operand)})"
        case Braces(items=items):
            return f"{{{', '.join(map(shown, items))}}}"
        case SizeOf(operand=operand):
            return f"(sizeof {shown(operand)})"


def tree(text: str) -> str:
    return shown(parse(text, TYPES.__contains__))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # from the loosest to the tightest, one pair of neighbours each
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a || b ? c : d", "((a || b) ? c : d)"),
        ("a || b && c", "(a || (b && c))"),
        ("a && b || c", "((a && b) || c)"),
        ("a && b | c", "(a && (b | c))"),
        ("a | b ^ c", "(a | (b ^ c))"),
        ("a ^ b & c", "(a ^ (b & c))"),
        ("a & b == c", "(a & (b == c))"),
        ("a == b < c", "(a == (b < c))"),
        ("a != b <= c", "(a != (b <= c))"),
        ("a < b << c", "(a < (b << c))"),
        ("a > b >> c", "(a > (b >> c))"),
        ("a >= b + c", "(a >= (b + c))"),
        ("a << b + c", "(a << (b + c))"),
        ("a >> b - c", "(a >> (b - c))"),
        ("a + b * c", "(a + (b * c))"),
        ("a - b / c", "(a - (b / c))"),
        ("a * b + c", "((a * b) + c)"),
        # from left to right
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c % d", "(((a / b) * c) % d)"),
        ("a == b != c", "((a == b) != c)"),
        ("a < b > c", "((a < b) > c)"),
        # signs before and behind
        ("-a * !b", "((- a) * (! b))"),
        ("~a & *b", "((~ a) & (* b))"),
        ("- - +a", "(- (- (+ a)))"),
        ("&a.b[1]->c", "(& (((a.b)[1])->c))"),
        ("*a++b", "((* a) + (+ b))"),  # there is no `++`: nothing here is changed
        ("(a + b) * c", "((a + b) * c)"),
        ("a[b ? 1 : 2]", "(a[(b ? 1 : 2)])"),
        # types
        ("(u16)a + b", "(([u16] a) + b)"),
        ("(struct iphdr *)a", "([iphdr*] a)"),
        ("*(const struct iphdr **)(a + 1)", "(* ([iphdr**] (a + 1)))"),
        ("(a)", "a"),
        ("(unsigned char)a", "([unsigned char] a)"),
        ("sizeof(int) + 1", "((sizeof int) + 1)"),
        ("sizeof a.b", "(sizeof (a.b))"),
        ("sizeof(a)", "(sizeof a)"),
        ("sizeof(struct iphdr *)", "(sizeof iphdr*)"),
        # what this has besides
        ("{a, b + 1}", "{a, (b + 1)}"),
        ("bpf_htons(a) == htonl(b)", "((htons a) == (htonl b))"),
        ("htons + 1", "(htons + 1)"),
        ("Enum::Variant | $r", "(Enum::Variant | $r)"),
    ],
)
def test_trees(text: str, expected: str) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("10", 10),
        ("010", 8),
        ("0x1F", 31),
        ("0Xff", 255),
        ("0b101", 5),
        ("7ull", 7),
        ("7UL", 7),
        ("0xffffffffffffffff", (1 << 64) - 1),
        ("'a'", 97),
        (r"'\n'", 10),
        (r"'\0'", 0),
        (r"'\x41'", 0x41),
        (r"'\xff'", -1),
        (r"'\377'", -1),
        (r"'\e'", 27),
        (r"'\a'", 7),
        (r"'\b'", 8),
        (r"'\f'", 12),
        (r"'\r'", 13),
        (r"'\t'", 9),
        (r"'\v'", 11),
        (r"'\''", 39),
        ("'\\\\'", 92),
    ],
)
def test_numbers_and_characters(text: str, value: int) -> None:
    assert parse(text, TYPES.__contains__) == Number(0, value)


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("", 0, "there should be a value"),
        ("a +", 3, "there should be a value"),
        ("a b", 2, "the expression ends before that"),
        ("a ? b", 5, "there should be :"),
        ("a[1", 3, "there should be ]"),
        ("(a", 2, "there should be )"),
        ("{a, b", 5, "there should be }"),
        ("htons(a", 7, "there should be )"),
        ("a.1", 2, "there should be the name of a member"),
        ("(struct *)a", 8, "there should be the name of a type"),
        ("089", 0, "a number that begins with 0 is octal in C"),
        ("1 + 0x10000000000000000", 4, "integers have at most 64 bits"),
        ("a # b", 2, "nothing of C begins like that"),
        (r"'\q'", 0, r"C has no character \q"),
        (r"'\777'", 0, r"the character \777 has more than 8 bits"),
    ],
)
def test_what_is_no_expression(text: str, at: int, reason: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        tree(text)
    assert (raised.value.at, raised.value.reason) == (at, reason)


def test_an_error_shows_where_it_is() -> None:
    near = ExpressionError("a + # and much more behind it", 4, "no")
    assert near.message == "'a + # and much more behind it' at '# and much more behi' (character 5): no"
    assert ExpressionError("a +", 3, "no").message == "'a +' at its end: no"


def test_what_is_too_long_or_too_deep() -> None:
    assert tree("a" * 4096) == "a" * 4096
    with pytest.raises(ExpressionError, match="an expression has at most 4,096 characters"):
        tree("a" * 4097)
    assert tree("-" * 60 + "a").count("-") == 60
    for text in ("-" * 70 + "a", "(" * 70 + "a" + ")" * 70, "a" + " + a" * 70, "a" + ".b" * 70):
        with pytest.raises(ExpressionError, match="it is nested more than 64 deep"):
            tree(text)

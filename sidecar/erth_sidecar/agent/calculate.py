"""Arithmetic for models: bounded in time and size, and nothing but numbers."""

import ast
import math
import operator
from collections.abc import Callable
from fractions import Fraction

MOST_TEXT = 300
_MOST_DIGITS = 60
_MOST_POWER = 200

Number = int | float | Fraction

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "ln": math.log,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "floor": math.floor,
    "ceil": math.ceil,
}
_NAMES: dict[str, Number] = {"pi": math.pi, "e": math.e}
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "^": "**", "\u00a0": " "})


def calculate(expression: str) -> str:
    """The value of an expression such as `(3 + 4.5) * 2^10 / sqrt(2)`, exact where it can be.

    Raises ValueError with the reason.
    """
    text = expression.translate(_SIGNS).strip()
    if not text or len(text) > MOST_TEXT:
        raise ValueError(f"An expression takes 1 to {MOST_TEXT} characters: {len(text)} given")
    try:
        value = _value(ast.parse(text, mode="eval").body)
        return _written(value)
    except ZeroDivisionError:
        raise ValueError("Cannot divide by zero") from None
    except OverflowError:
        raise ValueError("The result is too large") from None
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"Cannot read '{text[:80]}' as arithmetic") from None


def _value(node: ast.expr) -> Number:  # noqa: PLR0911 - one for each kind
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() as number):
            return _bounded(number)
        case ast.Constant(value=float() as number):
            return _bounded(Fraction(repr(number)) if math.isfinite(number) else number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _divided(_value(left), _value(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _bounded(_BINARY[type(op)](_value(left), _value(right)))
        case ast.Name(id=name) if name.lower() in _NAMES:
            return _NAMES[name.lower()]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _called(name.lower(), [_value(arg) for arg in args])
    raise ValueError("Only numbers, + - * / // % ** ( ) and functions such as sqrt can be used")


def _called(name: str, args: list[Number]) -> Number:
    if name in ("min", "max") and args:
        ordered = sorted(args, key=float)
        return ordered[0] if name == "min" else ordered[-1]
    if name == "round" and len(args) in (1, 2):
        digits = args[1] if len(args) > 1 else 0
        if isinstance(digits, int) and abs(digits) <= _MOST_DIGITS:
            return _bounded(round(Fraction(args[0]), digits))
    if name == "abs" and len(args) == 1:
        return _bounded(abs(Fraction(args[0])))
    if name in _FUNCTIONS and len(args) == 1:
        try:
            return _bounded(_FUNCTIONS[name](float(args[0])))
        except ValueError:
            raise ValueError(f"{name} isn't defined for {_written(args[0])}") from None
    raise ValueError(f"Cannot calculate '{name[:20]}' of {len(args)} numbers")


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = int(exponent)
    if isinstance(exponent, int) and not isinstance(base, float):
        if abs(exponent) <= _MOST_POWER:
            return _bounded(Fraction(base) ** exponent)
        if base in (0, 1):
            return base
        raise OverflowError
    value = float(base) ** float(exponent)
    if isinstance(value, complex):
        raise ValueError("The result isn't a real number")
    return _bounded(value)


def _divided(left: Number, right: Number) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        return _bounded(float(left) / float(right))
    return _bounded(Fraction(left) / Fraction(right))


def _bounded(value: Number) -> Number:
    """The value, if it is one to go on with: what is too long to write isn't."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise OverflowError
        return value
    exact = Fraction(value)
    if max(abs(exact.numerator), exact.denominator) >= 10 ** (_MOST_DIGITS * 6):
        raise OverflowError
    return exact if exact.denominator > 1 else int(exact)


def _written(value: Number) -> str:
    if isinstance(value, Fraction) and value.denominator == 1:
        value = int(value)
    if isinstance(value, int):
        text = str(value)
        return text if len(text) <= _MOST_DIGITS else f"{float(value):.12e}"
    # Twelve digits hide what binary fractions add.
    return f"{float(value):.12g}"

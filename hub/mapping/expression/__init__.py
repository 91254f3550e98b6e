"""The one expression language: field maps, routes' ``when``, conditions and segments.

It is JMESPath (https://jmespath.org/specification.html; decision 0019), with Hub's functions and checked against the
fields there are. ``compile_expression`` reads one, ``hub.mapping.expression.when`` those that are conditions.
docs/expressions.md is its page for operators, made from the functions themselves.
"""

from hub.mapping.expression.compiled import Expression, compile_expression, roots_of
from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.schema import ORDER, PROFILE, Schema, Value, plain

__all__ = [
    "ORDER", "PROFILE", "Expression", "ExpressionError", "Schema", "Value", "compile_expression", "plain", "roots_of",
]  # fmt: skip

"""Writes docs/expressions.md from the functions themselves: ``python -m tests.architecture.expressions_page``."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.mapping.expression.compiled import compile_expression
from hub.mapping.expression.functions import FUNCTIONS, LONGEST_TEXT, MOST_ITEMS, Function
from hub.mapping.expression.syntax import DEEPEST, LONGEST

PAGE = Path("docs/expressions.md")
GROUPS = {
    "choice": "Choice",
    "text": "Text",
    "list": "Lists and objects",
    "number": "Numbers",
    "money": "Money",
    "time": "Times",
    "contact": "Contact data",
}

HEAD = f"""\
# Expressions

Routes (`when`), mapping files (`config/mappings/<connection>.yaml`), `profile_fields` and `deal_fields` are written in
one language: [JMESPath](https://jmespath.org/tutorial.html) with Hub's functions. `hub check` reads every expression
and names a wrong field or function with its place and the nearest right one.
This page is generated: `python -m tests.architecture.expressions_page`.

| to say | write |
|---|---|
| a field; the first of a list; all of a list | `name.first`; `emails[0]`; `addresses[*].city` |
| a field with an odd name | `custom."P.O. number"` |
| a text; a number; a list | `'DE'`; `` `5` ``; `['DE', 'AT']` |
| true; false; nothing | `` `true` ``; `` `false` ``; `` `null` `` |
| compare; and; or; not | `==` `!=` `<` `<=` `>` `>=`; `&&`; `\\|\\|`; `!company`, `!(a == b)` |
| one of several; in a list or text | `one_of(country, 'DE', 'AT')`; `contains(tags, 'vip')` |
| the first that is told | `default(company, name.full, 'unknown')` |
| those of a list that fit | `addresses[?country == 'DE'].city` |
| money in one currency | `orders.totals.EUR` (0 without any; amounts of several are never added up) |
| marketing consent by channel | `consent.email == 'opted_in'` (opted_in, opted_out, pending, unknown) |
| the country; where the person is known from | `country`; `contains(connections, 'shop-de')` |
| a time; how long ago (routes only) | `orders.last_at >= '2026-01'`; `orders.last_at >= ago('90 days')` |

Other fields are those of `GET /api/v1/profiles/ID`, for orders those of an order. Write expressions in YAML between
double quotes: `` when: "orders.count > `0`" ``.

- **Nothing in, nothing out.** A function that is given null gives null, and lists are worked on without their nulls. A
  comparison with what is absent is false, but for `==` and `!=`.
- **Numbers are exact**, and a text that is a number counts as one in `add` and its kin: custom fields are texts. A
  number alone counts as true, 0 too (JMESPath): compare it.
- **Times** are ISO 8601 in UTC, in whole seconds. Beside the beginning of a time (`'2026-01'`) they are cut to its
  length.
- **`!` reaches up to the next dot, bracket or comparison**: write `!(name.first)`.
- **Bounds:** {LONGEST} characters, {DEEPEST} levels, texts of {LONGEST_TEXT:,} characters, {MOST_ITEMS:,} items.
  Regular expressions are RE2's. An expression always ends, calls nothing outside, and reads no clock.
- What cannot be worked out for one record makes a condition false for it, and leaves a field out.

## Mapping files

`config/mappings/crm.yaml` changes what the connection `crm` is written. Per field of the destination:

| key | |
|---|---|
| `value` | a path or expression (`field: name.first` says the same in short) |
| `constant` | the same for everybody |
| `combine`, `separator` | several expressions, put together without empty ones |
| `mapped` | the value the connector would write to another field: a new name for it |
| `leave_out: true` | nothing is written to it |
| `lookup` | a table under `tables` in which the value is a key |
| `default` | what is written where there is no value |
| `when` | where it does not hold, nothing is written |
| `write` | `always`, `only_if_empty` there, or `never_after_edit` (no more once a person changed it there) |

```yaml
tables:
  stages: {{loyal: VIP, at_risk: Call}}
fields:
  salutation: custom.anrede
  full_name: {{combine: [name.first, name.last]}}
  stage: {{value: custom.stage, lookup: stages, default: Customer}}
  vip_since: {{value: "date(orders.first_at)", when: "orders.totals.EUR >= `500`"}}
  mobile: {{mapped: phone}}
  phone: {{leave_out: true}}
order_fields:
  deal_source: {{constant: Shop}}
```

A commented example is `config/mappings/crm.yaml.example`.

`write` is kept by HubSpot, Salesforce, Pipedrive, Odoo, EspoCRM and declared CRMs, for people and orders (of a declared
CRM those with `order.read`); `hub check` refuses it elsewhere. A record is read before an update only where one of its
fields has such a rule; a new record is written whole. What is left alone does not count as written: the next change of
the profile or order asks again, and a value that is put back to what Hub wrote follows again. A value that nobody
supports any more is cleared only where it is still Hub's own.

A field that the CRM does not have stops the start, and `hub check`, with the nearest real name. What the CRM has is
asked at the start (at most once a day, and again where a field seems to be missing) and kept by name in
`<data folder>/fields`; while the CRM is away that is used, and without it Hub starts with a warning. `hub check` uses
what is kept, `hub check --live` asks. A value the CRM refuses, such as an option that a list does not have, is left
out, and the record goes without it (`hub outbox list` names it).

| to see | command |
|---|---|
| what goes where, and what is left unmapped | `hub connector show crm` |
| one person before and after, and the requests | `hub outbox preview --profile ID`; `--live`: what is there now |
| who told what stands in a field of the CRM | `hub profile explain ID crm.salutation` |

What records are found by, and consents, stay Hub's. After a change `hub outbox resend crm --all` writes it for
everybody.

## Functions
"""


def page() -> str:
    """The text of docs/expressions.md."""
    parts = [HEAD.rstrip()]
    for group, title in GROUPS.items():
        parts += [f"\n### {title}\n", "| function | gives | example |", "|---|---|---|"]
        parts += [_row(one) for one in sorted(FUNCTIONS.values(), key=_name) if one.group == group]
    return "\n".join(parts) + "\n"


def _name(one: Function) -> str:
    return one.name


def _row(one: Function) -> str:
    example = f"{_code(one.example)} → {_code(_shown(one.result))}" if one.result is not None else _code(one.example)
    return f"| `{one.name}` | {one.about} | {example} |"


def _code(text: str) -> str:
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=lambda each: float(each) if isinstance(each, Decimal) else str(each))
    return text if len(text) <= 40 else f"{text[:20]}…"


if __name__ == "__main__":
    compile_expression("@")  # the functions are declared with it
    PAGE.write_text(page(), encoding="utf-8")

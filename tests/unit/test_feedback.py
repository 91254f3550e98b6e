"""Feedback of different scales can be compared, and none lies beyond its own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from hub.model.feedback import Feedback


@pytest.mark.parametrize(
    ("rating", "worst", "best", "share"),
    [("4", "1", "5", "0.75"), ("9", "0", "10", "0.9"), ("0", "0", "1", "0"), (None, "1", "5", None)],
)
def test_ratings_of_different_scales_are_comparable(
    rating: str | None, worst: str, best: str, share: str | None
) -> None:
    given = Decimal(rating) if rating else None
    told = Feedback(
        external_id="f", kind="survey", channel="web", rating=given, worst=Decimal(worst), best=Decimal(best)
    )
    assert told.share == (Decimal(share) if share else None)


@pytest.mark.parametrize(("rating", "worst", "best"), [("6", "1", "5"), ("0", "1", "5"), ("1", "1", "1")])
def test_a_rating_beyond_its_scale_is_none(rating: str, worst: str, best: str) -> None:
    with pytest.raises(ValidationError, match="its scale" if best != worst else "not above"):
        Feedback(
            external_id="f",
            kind="rating",
            channel="web",
            rating=Decimal(rating),
            worst=Decimal(worst),
            best=Decimal(best),
        )
